"""Which faces are kept without a name: those of nobody known, once, until enough are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image
from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.core.types import Frame
from facerec_app.pipeline.finished_tracks import FinishedTrack
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services import unknown_collection
from facerec_app.services.application import Application
from facerec_app.services.progress import Progress
from facerec_app.services.unknown_collection import UnknownCollectionService


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    composed = compose(Settings(database_dir=tmp_path / "database"))
    yield composed
    composed.close()


@pytest.fixture
def collection(application: Application) -> UnknownCollectionService:
    return application.library().unknown_collection()


def kept(application: Application) -> int:
    grouped = application.library().unknown_faces().grouped()
    return sum(len(group.faces) for group in grouped.everything)


def track(application: Application, *files: Path) -> FinishedTrack:
    """Return a stranger's track whose pictures are the best faces of some files."""
    pictures = []
    for number, file in enumerate(files):
        pixels = read_image(file)
        found = application.enrolment()._reader.faces(pixels)
        frame = Frame(pixels, number, float(number), "camera 0")
        pictures.append(cut_out(frame, found.select(np.array([0])), 0.9))
    return FinishedTrack(1, tuple(pictures))


def test_interrupted_search_goes_on_where_it_stopped(
    application: Application, collection: UnknownCollectionService, demo_dir: Path
) -> None:
    stopped: list[str] = []

    def note(progress: Progress) -> None:
        stopped.append(progress.what)

    first = collection.add_pictures([demo_dir / "sources"], progress=note, cancelled=lambda: len(stopped) >= 2)
    assert first.cancelled
    assert (first.pictures, first.added) == (2, 2)
    second = collection.add_pictures([demo_dir / "sources"])
    assert not second.cancelled
    assert (second.pictures, second.searched_before) == (2, 2)
    assert kept(application) == 4


def test_tracks_are_kept_only_on_request_and_never_of_somebody_known_or_unwanted(
    application: Application, collection: UnknownCollectionService, demo_dir: Path
) -> None:
    sources = demo_dir / "sources"
    obama = track(application, sources / "obama2.jpg", sources / "obama3.jpg")
    biden = track(application, sources / "biden.jpg")
    assert collection.add_tracks([obama]) == 0
    collection.keep_live(True)
    assert collection.add_tracks([obama]) == 2
    assert collection.add_tracks([obama]) == 0, "the same pictures are kept once"

    unknown = application.library().unknown_faces()
    (group,) = unknown.grouped().groups
    unknown.ignore(group.face_ids)
    again = track(application, demo_dir / "people" / "Barack_Obama" / "obama.jpg")
    assert collection.add_tracks([again]) == 0, "faces like one never asked about are not kept"
    unknown.remove(group.face_ids)

    application.enrolment().enrol_files("Barack Obama", [demo_dir / "people" / "Barack_Obama"])
    mixed = FinishedTrack(2, (*biden.pictures, *obama.pictures[:1]))
    assert collection.add_tracks([mixed]) == 0, "one recognised picture makes the whole track somebody's"
    assert collection.add_tracks([biden]) == 1
    collection.keep_live(False)
    assert collection.add_tracks([obama]) == 0


def test_no_more_than_enough_of_one_stranger_are_kept(
    application: Application,
    collection: UnknownCollectionService,
    demo_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unknown_collection, "MOST_ALIKE", 2)
    sources = demo_dir / "sources"
    collection.keep_live(True)
    assert collection.add_tracks([track(application, sources / "obama2.jpg", sources / "obama3.jpg")]) == 2
    more = track(application, demo_dir / "people" / "Barack_Obama" / "obama.jpg")
    assert collection.add_tracks([more]) == 0
    assert collection.add_tracks([track(application, sources / "biden.jpg")]) == 1


def test_groups_stay_as_they_are_until_faces_come_that_were_not_there(
    application: Application, collection: UnknownCollectionService, demo_dir: Path
) -> None:
    collection.add_pictures([demo_dir / "sources"])
    unknown = application.library().unknown_faces()
    assert [len(group.faces) for group in unknown.grouped().everything] == [2, 1, 1]
    collection.add_pictures([demo_dir / "people"])
    (group,) = unknown.grouped().groups
    assert len(group.faces) == 3
    unknown.move([group.faces[0].face_id], unknown.grouped().alone[0].group_id)
    kept_ids = sorted(str(one.kept_id) for one in unknown.grouped().groups)
    unknown.group_again()
    assert sorted(str(one.kept_id) for one in unknown.grouped().groups) == kept_ids, "what was moved stays moved"
