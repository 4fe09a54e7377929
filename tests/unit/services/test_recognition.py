"""Names for sources and pictures without a window."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.core.errors import ConfigError, SourceLostError, UnreadableImageError
from facerec_app.core.types import Frame, FrameResult
from facerec_app.services.progress import Progress
from facerec_app.services.recognition import RunOutputs
from tests.contract.fake_camera import FakeCamera
from tests.unit.services.demo_application import DEMO, VIDEO, EmptyFrames, application_with_people, frames_and_rate


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposedApplication]:
    app = application_with_people(tmp_path_factory.mktemp("gallery"))
    yield app
    app.close()


def test_every_frame_of_a_file_is_recognised(app: ComposedApplication) -> None:
    source = EmptyFrames(25)
    heard: list[Progress] = []
    report = app.recognition().run(source, progress=heard.append)
    assert (report.frames, report.dropped, report.faces, report.sightings) == (25, 0, 0, ())
    assert not report.stopped
    assert source.is_closed
    assert (heard[-1].done, heard[-1].total) == (25, 25)
    assert report.frames_per_s > 0


@pytest.mark.parametrize(("max_fps", "frames"), [(2.0, 5), (5.0, 13), (10.0, 25), (50.0, 25)])
def test_max_fps_counts_in_the_time_of_the_source(app: ComposedApplication, max_fps: float, frames: int) -> None:
    results: list[FrameResult] = []
    report = app.recognition().run(EmptyFrames(25), max_fps=max_fps, on_result=results.append)
    assert report.frames == len(results) == frames


@pytest.mark.parametrize(("max_fps", "frames", "rate"), [(None, 25, 10.0), (50.0, 25, 10.0), (5.0, 13, 5.0)])
def test_the_annotated_video_of_a_file_is_as_fast_as_the_file(
    app: ComposedApplication, tmp_path: Path, max_fps: float | None, frames: int, rate: float
) -> None:
    video = tmp_path / "named.mp4"
    app.recognition().run(EmptyFrames(25), outputs=RunOutputs(video), max_fps=max_fps)
    assert frames_and_rate(video) == (frames, rate)


def test_the_annotated_video_of_a_camera_lasts_as_long_as_was_watched(app: ComposedApplication, tmp_path: Path) -> None:
    class DimCamera(FakeCamera):
        """Gives a third of the frames a second that it says, as cameras do in the dark."""

        @property
        def frame_rate(self) -> float:
            return 120.0

    results: list[FrameResult] = []
    video = tmp_path / "named.mp4"
    app.recognition().run(
        DimCamera([np.zeros((120, 160, 3), np.uint8)], frame_rate=40.0),
        outputs=RunOutputs(video),
        on_result=results.append,
        cancelled=lambda: bool(results) and results[-1].frame.timestamp_s >= 1.0,
    )
    frames, rate = frames_and_rate(video)
    watched_s = results[-1].frame.timestamp_s - results[0].frame.timestamp_s
    assert frames / rate == pytest.approx(watched_s, abs=0.03)


def test_a_live_source_that_is_too_fast_loses_frames_and_says_how_many(app: ComposedApplication) -> None:
    report = app.recognition().run(EmptyFrames(3_000, is_live=True))
    assert report.dropped > 0
    assert report.frames + report.dropped <= 3_000
    assert report.frames >= 1


def test_a_stop_is_obeyed_between_frames_and_said(app: ComposedApplication) -> None:
    results: list[FrameResult] = []
    report = app.recognition().run(EmptyFrames(500), on_result=results.append, cancelled=lambda: len(results) >= 7)
    assert report.stopped
    assert report.frames == 7


def test_what_was_written_before_the_source_was_lost_is_kept(app: ComposedApplication, tmp_path: Path) -> None:
    class LostSource(EmptyFrames):
        def read(self) -> Frame | None:
            frame = super().read()
            if frame is not None and frame.index == 12:
                raise SourceLostError("The camera was unplugged.")
            return frame

    outputs = RunOutputs(tmp_path / "named.mp4", tmp_path / "events.jsonl")
    with pytest.raises(SourceLostError, match="unplugged"):
        app.recognition().run(LostSource(40), outputs=outputs)
    assert (tmp_path / "named.mp4").stat().st_size > 0
    assert (tmp_path / "events.jsonl").read_text(encoding="utf-8") == ""


def test_an_output_that_is_the_source_is_refused_and_the_source_closed(
    app: ComposedApplication, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    shutil.copy(VIDEO, film)
    for outputs in (RunOutputs(video=film), RunOutputs(events=tmp_path / "." / "film.mp4")):
        with pytest.raises(ConfigError, match=r"film\.mp4"):
            app.recognition().run(app.open_source(str(film)), outputs=outputs)
    assert film.read_bytes() == VIDEO.read_bytes()


def test_the_pictures_of_a_folder_are_judged_one_by_one(app: ComposedApplication, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("obama2.jpg", "biden.jpg", "obama3.jpg"):
        shutil.copy(DEMO / "sources" / name, folder / name)
    events = tmp_path / "events.jsonl"
    report = app.recognition().run(app.open_source(str(folder)), outputs=RunOutputs(events=events))
    assert [s.name for s in report.sightings] == ["Unknown", "Barack Obama", "Barack Obama"]
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert [(line["frame"], line["person"]) for line in lines] == [(0, None), (1, "Barack Obama"), (2, "Barack Obama")]
    assert len({line["track_id"] for line in lines}) == 3, "no two pictures share a track"


def test_identify_goes_on_after_a_bad_picture_and_stops_when_asked(app: ComposedApplication, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff")
    pictures = [bad, DEMO / "sources" / "obama2.jpg", DEMO / "sources" / "biden.jpg"]
    first, second, third = app.recognition().identify(pictures)
    assert first.result is None
    assert isinstance(first.error, UnreadableImageError)
    assert second.result is not None
    assert third.result is not None
    assert [second.result.name_of(d) for d in second.result.decisions] == ["Barack Obama"]
    assert [third.result.name_of(d) for d in third.result.decisions] == [None]
    assert list(app.recognition().identify(pictures, cancelled=lambda: True)) == []
