"""``facerec demo`` names the right people at the right times, judged from its events and not from its own report."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

SETTLING_FRAMES = 25


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Run the command once; return what it printed as JSON and its folder."""
    out = tmp_path_factory.mktemp("demo")
    ran = subprocess.run(
        [sys.executable, "-m", "facerec_app", "demo", "--no-window", "--json", "--out", str(out)],
        cwd=out, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout), out


@pytest.fixture(scope="module")
def events(demonstration: tuple[dict[str, Any], Path]) -> list[dict[str, Any]]:
    lines = (demonstration[1] / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def appearances(demo_dir: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((demo_dir / "expected.json").read_text(encoding="utf-8"))["appearances"]
    return rows


def events_of(appearance: dict[str, Any], events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events whose box is on the face of an appearance, after it has been in view for a second."""
    table = np.array(appearance["face"], np.float64)
    for event in events:
        if appearance["first_frame"] + SETTLING_FRAMES <= event["frame"] <= appearance["last_frame"]:
            x, y = (np.interp(event["frame"], table[:, 0], table[:, column]) for column in (1, 2))
            x0, y0, x1, y1 = event["box_xyxy"]
            if x0 <= x <= x1 and y0 <= y <= y1:
                yield event


def due(appearance: dict[str, Any]) -> int:
    return max(0, int(appearance["last_frame"] - appearance["first_frame"] - SETTLING_FRAMES + 1))


def share_of(
    said: str, key: str, person: str, appearances: list[dict[str, Any]], events: list[dict[str, Any]]
) -> float:
    """Return in how many of the frames that show a person something was said of them, as a share."""
    rows = [row for row in appearances if row["person"] == person]
    found = sum(event[key] == said for row in rows for event in events_of(row, events))
    return float(found / sum(due(row) for row in rows))


@pytest.mark.slow
def test_the_enrolled_person_is_named_in_the_other_photographs(
    events: list[dict[str, Any]], appearances: list[dict[str, Any]]
) -> None:
    people = {row["person"] for row in appearances if row["enrolled"]}
    assert people == {"Barack Obama"}
    assert share_of("Barack Obama", "person", "Barack Obama", appearances, events) >= 0.95
    for row in (row for row in appearances if row["enrolled"]):
        assert any(event["person"] == row["person"] for event in events_of(row, events)), row["photograph"]


@pytest.mark.slow
def test_strangers_are_found_and_stay_unknown(events: list[dict[str, Any]], appearances: list[dict[str, Any]]) -> None:
    strangers = {row["person"] for row in appearances if not row["enrolled"]}
    assert len(strangers) == 2
    for stranger in strangers:
        assert share_of("unknown", "verdict", stranger, appearances, events) >= 0.9, stranger


@pytest.mark.slow
def test_no_frame_carries_a_wrong_name(events: list[dict[str, Any]], appearances: list[dict[str, Any]]) -> None:
    in_view = {
        (frame, row["person"])
        for row in appearances
        for frame in range(row["partly_from_frame"], row["partly_to_frame"] + 1)
    }
    named = [(event["frame"], event["person"]) for event in events if event["person"] is not None]
    assert named, "nobody was named"
    assert [pair for pair in named if pair not in in_view] == []
    assert len(named) == len(set(named)), "one name twice in a frame"


@pytest.mark.slow
def test_it_leaves_a_video_a_contact_sheet_and_a_report(
    demonstration: tuple[dict[str, Any], Path], demo_dir: Path
) -> None:
    report, out = demonstration
    assert report["succeeded"] is True
    assert report["wrong_names"] == 0
    assert Path(report["video"]).parent == out
    frames = json.loads((demo_dir / "expected.json").read_text(encoding="utf-8"))["frames"]
    assert report["frames"] == frames
    capture = cv2.VideoCapture(report["video"])
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == frames
    capture.release()
    assert cv2.imread(report["contact_sheet"]) is not None
