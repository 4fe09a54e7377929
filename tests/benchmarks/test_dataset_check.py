"""Finds of ``facerec dataset check`` on copies of LFW people with mistakes made on purpose.

``FACEREC_TEST_DATA=DATA pytest -s -m benchmark tests/benchmarks/test_dataset_check.py``; two minutes on two cores

200 of the test people are copied; 20 faces of people with several pictures are moved into the folder of somebody drawn
at random, 20 others are duplicated in their own folder: 10 byte for byte, 5 with the same pixels (as PNG), 5 saved
again at four fifths of the size and JPEG quality 80. Two draws: people with two or more pictures, as far as there are
(198 of the 200), and any people (most have one picture). The bars of the check were chosen on training people with
other seeds; seeds 1 to 3 were run while it was written, so that 4 to 6 are those that count.

LFW has mistakes of its own. They count as false alarms here unless they were looked at and are named below: a picture
that truly shows somebody else, and two files that truly are one photograph.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.errors import ConfigError
from facerec_app.services.dataset_check import DatasetReport

TRULY_WRONG = frozenset(
    {
        "Debra_Messing/Debra_Messing_0002.jpg",
        "Michael_Schumacher/Michael_Schumacher_0008.jpg",
        "John_Barnett/John_Barnett_0001.jpg",
        "John_Burnett/John_Burnett_0001.jpg",
    }
)
"""Looked at: in LFW itself these truly show another woman, Rubens Barrichello, and one man under two spellings."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The mistakes that were made: moved pictures by their new name, copies by theirs."""

    moved: frozenset[str]
    copied: frozenset[str]


def spoiled_copy(source: Path, people: list[str], target: Path, generator: np.random.Generator) -> Planted:
    """Copy people's folders and make the mistakes."""
    files = [file for person in people for file in sorted((source / person).iterdir())]
    for file in files:
        (target / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target / file.parent.name / file.name)
    several = [file for file in files if len(list((source / file.parent.name).iterdir())) > 1]
    chosen = [several[index] for index in generator.permutation(len(several))[:40].tolist()]
    moved = set()
    for file in chosen[:20]:
        others = [person for person in people if person != file.parent.name]
        name = f"{others[int(generator.integers(len(others)))]}/moved-{file.name}"
        (target / file.parent.name / file.name).rename(target / name)
        moved.add(name)
    copied = set()
    for number, file in enumerate(chosen[20:]):
        name = f"{file.parent.name}/zz-copy-{file.stem}"  # sorted last, so that it is the copy and not the original
        picture = cv2.imread(str(file))
        assert picture is not None
        if number < 10:
            name += ".jpg"
            shutil.copy(file, target / name)
        elif number < 15:
            name += ".png"
            cv2.imwrite(str(target / name), picture)
        else:
            name += ".jpg"
            smaller = cv2.resize(picture, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(target / name), smaller, [cv2.IMWRITE_JPEG_QUALITY, 80])
        copied.add(name)
    return Planted(frozenset(moved), frozenset(copied))


def judged(report: DatasetReport, planted: Planted) -> tuple[int, int, list[str]]:
    """Return moved faces found, copies found, and the names of everything else that was reported as wrong."""
    name = report.inspected.pictures
    wrong = {name[face.row] for face in report.labels.misfiled}
    pairs = [frozenset((name[left], name[right])) for left, right in report.labels.disagreeing]
    copies = {name[copy.copy_row] for copy in report.copies}
    alarms = [face for face in wrong if face not in planted.moved]
    alarms += [" and ".join(sorted(pair)) for pair in pairs if not pair & planted.moved]
    alarms += [copy for copy in copies if copy not in planted.copied]
    found = len(wrong & planted.moved) + sum(bool(pair & planted.moved) for pair in pairs)
    return found, len(copies & planted.copied), [alarm for alarm in alarms if alarm not in TRULY_WRONG]


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("several", [True, False], ids=["people with several pictures", "any people"])
@pytest.mark.parametrize("seed", [4, 5, 6])
def test_planted_mistakes_are_found(test_data_dir: Path, tmp_path: Path, several: bool, seed: int) -> None:
    names = (test_data_dir / "splits" / "test_people.txt").read_text(encoding="utf-8").split()
    counts = {name: len(list((test_data_dir / "lfw" / name).iterdir())) for name in names}
    generator = np.random.default_rng(seed)
    order = [names[index] for index in generator.permutation(len(names)).tolist()]
    people = sorted(order, key=lambda name: several and counts[name] < 2)[:200]
    folder = tmp_path / "people"
    planted = spoiled_copy(test_data_dir / "lfw", people, folder, generator)
    app = ComposedApplication(Settings(database_dir=tmp_path / "gallery"))
    try:
        report = app.library().dataset_check().check(folder)
    except ConfigError as exc:
        pytest.fail(str(exc))
    finally:
        app.close()
    found, copies, alarms = judged(report, planted)
    figures = {"several": several, "seed": seed, "pictures": len(report.inspected.pictures), "moved found": found,
               "copies found": copies, "false alarms": alarms, "no face": len(report.faceless)}  # fmt: skip
    print(json.dumps(figures))
    assert found >= 18
    assert copies == 20
    assert len(alarms) <= 5
