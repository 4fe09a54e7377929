"""Following faces between searches says what a search of every frame says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.types import Frame, FrameResult
from facerec_app.tracking.following_face_finder import FollowingFaceFinder

FIRST, LAST = 190, 250  # with the cut at frame 211 and a face that turns to the camera after it
LATE_FRAMES = 3


@pytest.mark.parametrize("detector", ["mtcnn", "yunet"])
def test_names_are_the_same_and_no_more_than_three_frames_late(
    detector: str, test_data_dir: Path, tmp_path: Path
) -> None:
    app = ComposedApplication(replace(Settings(database_dir=tmp_path / "gallery"), detector=detector))
    app.enrolment().import_folder(test_data_dir / "photos" / "known")
    film = app.open_source(str(test_data_dir / "video" / "hamilton_640x360.mp4"))
    frames = [frame for frame in iter(film.read, None) if FIRST <= frame.index < LAST]
    film.close()
    followed, searched = (names_by_frame(app, frames, every) for every in (None, 1))
    app.close()
    appeared = first_frames(searched)
    assert appeared
    late = {name: first_frames(followed)[name] - index for name, index in appeared.items()}
    assert set(first_frames(followed)) == set(appeared)
    assert max(late.values()) <= LATE_FRAMES
    differing = [index for index in searched if searched[index] != followed[index]]
    assert len(differing) <= LATE_FRAMES * len(appeared)


def names_by_frame(app: ComposedApplication, frames: list[Frame], every: int | None) -> dict[int, set[str]]:
    pipeline = app.make_pipeline()
    finder = pipeline.stages.finder
    assert isinstance(finder, FollowingFaceFinder)
    finder.every_frames = every or finder.every_frames
    return {frame.index: names_in(pipeline.process(frame)) for frame in frames}


def names_in(result: FrameResult) -> set[str]:
    return {name for decision in result.decisions if (name := result.name_of(decision))}


def first_frames(names: dict[int, set[str]]) -> dict[str, int]:
    everybody = sorted(set().union(*names.values()))
    return {name: min(index for index, seen in names.items() if name in seen) for name in everybody}
