"""A session on the demonstration's video, with the real pipeline."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.core.errors import FacerecError, InferenceError, WeightsMissingError
from facerec_app.core.types import Frame, FrameResult
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline
from facerec_app.services.live_session import LiveSession
from tests.unit.services.demo_application import VIDEO, application_with_people

PATIENCE_S = 30.0


class Listener:
    """Keeps what it hears and lets a test wait for it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.results: list[FrameResult] = []
        self.errors: list[FacerecError] = []
        self.ends = 0
        self._changed = threading.Condition()

    def on_frame(self, frame: Frame) -> None:
        with self._changed:
            self.frames.append(frame)
            self._changed.notify_all()

    def on_result(self, result: FrameResult) -> None:
        with self._changed:
            self.results.append(result)
            self._changed.notify_all()

    def on_end(self) -> None:
        with self._changed:
            self.ends += 1
            self._changed.notify_all()

    def on_error(self, error: FacerecError) -> None:
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], object]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S), f"nothing came; errors: {self.errors}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposedApplication]:
    app = application_with_people(tmp_path_factory.mktemp("gallery"))
    yield app
    app.close()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def session(app: ComposedApplication, listener: Listener) -> Iterator[LiveSession]:
    session = LiveSession(app.open_source(str(VIDEO)), app.make_pipeline, listener)
    yield session
    assert session.stop(PATIENCE_S)


def names(result: FrameResult) -> set[str | None]:
    return {result.name_of(decision) for decision in result.decisions}


def test_frames_and_names_arrive_and_stop_ends_both_threads(session: LiveSession, listener: Listener) -> None:
    before = set(threading.enumerate())
    session.start()
    listener.wait_for(lambda: any("Barack Obama" in names(result) for result in listener.results))
    figures = session.figures()
    assert figures.frames_per_s > 0
    assert figures.recognitions_per_s > 0
    assert figures.delay_ms > 0
    known = next(result for result in listener.results if "Barack Obama" in names(result))
    assert session.track_pictures(int(known.track_ids[0]))
    assert session.stop(PATIENCE_S)
    assert {thread for thread in threading.enumerate() if thread not in before} == set()
    assert listener.errors == []
    count = len(listener.frames)
    assert session.stop(1.0), "a second stop is harmless"
    assert len(listener.frames) == count


def test_paused_it_shows_one_frame_a_step_and_jumps_where_it_is_told(session: LiveSession, listener: Listener) -> None:
    session.start()
    listener.wait_for(lambda: len(listener.frames) >= 3)
    session.pause()
    assert session.is_paused
    session.seek(100)
    listener.wait_for(lambda: listener.frames[-1].index == 100)
    session.step()
    listener.wait_for(lambda: listener.frames[-1].index == 101)
    listener.wait_for(lambda: listener.results and listener.results[-1].frame.index == 101)
    assert session.is_paused
    session.resume()
    listener.wait_for(lambda: listener.frames[-1].index >= 104)
    assert not session.is_paused


def test_with_an_interval_few_frames_are_recognised_until_it_ends(session: LiveSession, listener: Listener) -> None:
    session.set_recognition_interval(0.25)
    session.start()
    listener.wait_for(lambda: len(listener.results) >= 4)
    moments = [result.frame.timestamp_s for result in listener.results]
    # The video plays at its own pace: what lies between two recognitions is the interval, or more on a busy machine.
    assert min(after - before for before, after in itertools.pairwise(moments[1:])) >= 0.2
    session.set_recognition_interval(60.0)
    session.set_recognition_interval(0.0)
    count = len(listener.results)
    listener.wait_for(lambda: len(listener.results) >= count + 5)


def test_a_change_of_the_gallery_is_seen_while_the_picture_is_held(
    app: ComposedApplication, session: LiveSession, listener: Listener
) -> None:
    session.start()
    listener.wait_for(lambda: any("Barack Obama" in names(result) for result in listener.results))
    session.pause()
    session.seek(120)
    listener.wait_for(lambda: listener.results[-1].frame.index == 120 and "Barack Obama" in names(listener.results[-1]))
    app.people().rename("Barack Obama", "The President")
    try:
        session.use_gallery(app.gallery().index())
        listener.wait_for(lambda: "The President" in names(listener.results[-1]))
        assert listener.results[-1].frame.index == 120
    finally:
        app.people().rename("The President", "Barack Obama")


def test_the_end_of_a_file_is_no_error_and_can_be_jumped_back_from(session: LiveSession, listener: Listener) -> None:
    frames = session.source.frame_count
    assert frames is not None
    session.start()
    session.seek(frames - 3)
    listener.wait_for(lambda: listener.ends == 1)
    session.seek(10)
    listener.wait_for(lambda: listener.frames[-1].index >= 12 and listener.frames[-1].index < 200)
    assert listener.errors == []


def test_a_pipeline_that_cannot_be_made_is_told_to_the_listener(app: ComposedApplication, listener: Listener) -> None:
    def missing() -> RecognitionPipeline:
        raise WeightsMissingError("The model file is missing.")

    session = LiveSession(app.open_source(str(VIDEO)), missing, listener)
    session.start()
    listener.wait_for(lambda: listener.errors)
    assert isinstance(listener.errors[0], WeightsMissingError)
    assert session.stop(PATIENCE_S)


def test_an_unforeseen_failure_of_the_pipeline_is_told_in_words(
    app: ComposedApplication, listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_pipeline: RecognitionPipeline, _frame: Frame) -> FrameResult:
        raise RuntimeError("a fault nobody foresaw")

    monkeypatch.setattr(RecognitionPipeline, "process", fail)
    session = LiveSession(app.open_source(str(VIDEO)), app.make_pipeline, listener)
    session.start()
    listener.wait_for(lambda: listener.errors)
    listener.wait_for(lambda: not session._capture.is_alive)  # a camera could be opened again
    assert session.stop(PATIENCE_S)
    (error,) = listener.errors
    assert isinstance(error, InferenceError)
    assert "facerec doctor" in str(error)
    assert "a fault nobody foresaw" in caplog.text
