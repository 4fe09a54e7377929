"""``python -m tests.benchmarks.speed.compare old.json new.json``: the new run's figures as multiples of the old one's.

Absolute times wander on shared machines, and so do ratios between two days: make both runs one after the other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path


def numbers_of(report: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a report with its place in it; what describes the machine is left out."""
    if isinstance(report, Mapping):
        for key, value in report.items():
            if not (path == "" and key == "machine"):
                yield from numbers_of(value, f"{path}{' / ' if path else ''}{key}")
    elif isinstance(report, (int, float)) and not isinstance(report, bool):
        yield path, float(report)


def ratios(old: object, new: object) -> dict[str, tuple[float, float, float]]:
    """Return old figure, new figure and new over old for every figure that both runs have."""
    before = dict(numbers_of(old))
    return {
        place: (before[place], value, value / before[place])
        for place, value in numbers_of(new)
        if place in before and before[place] != 0
    }


def machine_differences(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Return what the two runs were not made alike on: no ratio is to be trusted over these."""
    return [
        f"{key}: {old.get(key)} / {new.get(key)}" for key in new if key != "load_1_min" and old.get(key) != new[key]
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    arguments = parser.parse_args()
    old, new = (json.loads(file.read_text(encoding="utf-8")) for file in (arguments.old, arguments.new))
    for difference in machine_differences(old["machine"], new["machine"]):
        print(f"NOT ALIKE  {difference}")
    for place, (before, after, ratio) in ratios(old, new).items():
        print(f"{ratio:8.2f}  {before:12.3f} -> {after:12.3f}  {place}")


if __name__ == "__main__":
    main()
