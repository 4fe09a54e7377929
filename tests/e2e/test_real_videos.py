"""Names on real films: the right ones, soon, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.core.types import FrameResult, Verdict
from facerec_app.services.application import Application

TRUTH = Path(__file__).parent / "truth"
DETECTORS = ("mtcnn", "yunet")


@pytest.fixture(scope="module")
def enrolled_dir(test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery with the five public figures of ``photos/known``."""
    folder = tmp_path_factory.mktemp("known") / "gallery"
    app = compose(Settings(database_dir=folder))
    report = app.enrolment().import_folder(test_data_dir / "photos" / "known")
    app.close()
    assert len(report.people) == 5
    assert not report.refused
    return folder


@pytest.fixture(scope="module", params=DETECTORS)
def app(request: pytest.FixtureRequest, enrolled_dir: Path) -> Iterator[Application]:
    made = compose(replace(Settings(database_dir=enrolled_dir), detector=request.param))
    yield made
    made.close()


def results_of(app: Application, video: Path) -> list[FrameResult]:
    results: list[FrameResult] = []
    app.recognition().run(app.open_source(str(video)), on_result=results.append)
    return results


def named_faces(result: FrameResult) -> list[tuple[str, float]]:
    """Return (name, x of the face's centre) of every named face."""
    boxes = result.detections.boxes_xyxy
    return [
        (name, float(boxes[row, 0] + boxes[row, 2]) / 2)
        for row, decision in enumerate(result.decisions)
        if (name := result.name_of(decision)) is not None
    ]


def scene_of(truth: dict[str, Any], frame: int) -> dict[str, Any]:
    (scene,) = [s for s in truth["scenes"] if s["first_frame"] <= frame <= s["last_frame"]]
    return dict(scene)


def test_a_concert_film_carries_the_right_names_and_no_wrong_one(app: Application, test_data_dir: Path) -> None:
    truth = json.loads((TRUTH / "hamilton_640x360.json").read_text(encoding="utf-8"))
    results = results_of(app, test_data_dir / truth["video"])
    assert len(results) == truth["frames"]

    wrong: list[str] = []
    for result in results:
        people = scene_of(truth, result.frame.index)["people"]
        for name, x in named_faces(result):
            if not any(p["person"] == name and p["x_range_px"][0] <= x <= p["x_range_px"][1] for p in people):
                wrong.append(f"frame {result.frame.index}: {name} at x={x:.0f}")
    assert not wrong

    (facing,) = [s for s in truth["scenes"] if any(p.get("must_be_named") for p in s["people"])]
    scene = [r for r in results if facing["first_frame"] <= r.frame.index <= facing["last_frame"]]
    person = facing["people"][0]["person"]
    detected = [r for r in scene if len(r.detections)]
    named = [r for r in detected if person in [name for name, _ in named_faces(r)]]
    assert len(detected) >= 0.95 * len(scene)
    assert len(named) >= 0.95 * len(detected)
    assert named[0].frame.timestamp_s - scene[0].frame.timestamp_s <= 1.0


def test_in_a_street_of_strangers_nobody_is_named(app: Application, test_data_dir: Path) -> None:
    results = results_of(app, test_data_dir / "video" / "opera_1920x1080.mp4")
    assert len(results) == 105
    assert sum(len(result.detections) for result in results) > 200
    assert [named_faces(result) for result in results if named_faces(result)] == []
    assert any(d.verdict is Verdict.UNKNOWN for result in results for d in result.decisions)


# Who is in each picture, by its file name; anybody else in it is not enrolled.
SCENES: dict[str, set[str]] = {
    "32bit.png": {"Barack Obama"},
    "alex_lacamoire1.jpg": {"Alex Lacamoire"},
    "johnsnow_test1.jpg": set(),
    "kit_with_rose.jpg": {"Rose Leslie"},
    "multiface.jpg": set(),
    "obama1.jpg": {"Barack Obama"},
    "obama3.jpg": {"Barack Obama"},
    "obama_and_biden.jpg": {"Barack Obama", "Joe Biden"},
    "obama_partial_face.jpg": {"Barack Obama"},
    "obama_partial_face2.jpg": {"Barack Obama"},
    "two_people.jpg": {"Barack Obama", "Joe Biden"},
}


def test_in_photographs_every_enrolled_face_is_named_and_no_stranger(app: Application, test_data_dir: Path) -> None:
    folder = test_data_dir / "photos" / "scenes"
    outcomes = app.recognition().identify(sorted(folder.iterdir()))
    named = {
        outcome.path.name: {name for name, _ in named_faces(outcome.result)}
        for outcome in outcomes
        if outcome.result is not None
    }
    assert named == SCENES
