"""Names for the faces of pictures, videos, cameras and streams, without a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facerec_app.capture.capture_thread import CaptureThread
from facerec_app.capture.image_folder_source import ImageFolderSource
from facerec_app.capture.images import read_image
from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import ConfigError, FacerecError, UnreadableImageError
from facerec_app.core.protocols import FrameSource
from facerec_app.core.source_guard import is_same_file, refuse_source
from facerec_app.core.types import Frame, FrameResult
from facerec_app.pipeline.contact_sheet import ContactSheet
from facerec_app.pipeline.picture_pipeline import PicturePipeline
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline
from facerec_app.pipeline.timeline import Sighting, Timeline
from facerec_app.services.frame_path import FindAhead, FrameFeed, InOrder
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.result_writer import ResultWriter

ResultCallback = Callable[[FrameResult], None]


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """What a run leaves behind; None leaves it out.

    Attributes:
        video: annotated MP4.
        events: JSON lines, one a face and frame.
    """

    video: Path | None = None
    events: Path | None = None

    def refuse_mistakes(self, source_id: str) -> None:
        """Raise ``ConfigError`` where writing would destroy the source or one output the other."""
        if self.video is not None and self.video.suffix.lower() != ".mp4":
            raise ConfigError(f"The annotated video {self.video} is to be an MP4; give it a name that ends in .mp4.")
        if self.video is not None and self.events is not None and is_same_file(self.video, self.events):
            raise ConfigError(f"{self.video} was given for the video and for the events; name two files.")
        for output in (self.video, self.events):
            refuse_source(output, Path(source_id))


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run went.

    Attributes:
        frames: frames that were recognised.
        dropped: frames of a live source that nobody had time for.
        faces: detections, all frames together.
        seconds: wall time from the first frame to the last.
        sightings: who was seen when.
        stage_ms: mean milliseconds a frame, by stage.
        stopped: whether the user ended it before the source did.
    """

    frames: int
    dropped: int
    faces: int
    seconds: float
    sightings: tuple[Sighting, ...]
    stage_ms: dict[str, float]
    stopped: bool

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PictureOutcome:
    """What came of one picture: a result, or the error that says why there is none."""

    path: Path
    result: FrameResult | None
    error: FacerecError | None


class RecognitionService:
    """Runs pipelines over sources and pictures.

    Args:
        make_pipeline: gives a new video pipeline on the present gallery.
        make_picture_pipeline: gives one for single pictures.
    """

    def __init__(
        self,
        make_pipeline: Callable[[], RecognitionPipeline],
        make_picture_pipeline: Callable[[], PicturePipeline],
    ) -> None:
        self._make_pipeline = make_pipeline
        self._make_picture_pipeline = make_picture_pipeline

    def identify(
        self,
        paths: Sequence[Path],
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> Iterator[PictureOutcome]:
        """Yield one outcome per picture, in order; a picture that cannot be read does not stop the others.

        An outcome holds its picture: who keeps many outcomes keeps many pictures in memory.

        Raises:
            ModelError, GalleryError: if no picture at all can be judged.
        """
        pipeline = self._make_picture_pipeline()
        for number, path in enumerate(paths):
            if cancelled():
                return
            progress(Progress(number, len(paths), path.name))
            try:
                frame = Frame(read_image(path), 0, 0.0, str(path))
                yield PictureOutcome(path, pipeline.process(frame), None)
            except UnreadableImageError as exc:
                yield PictureOutcome(path, None, exc)
        progress(Progress(len(paths), len(paths)))

    def run(
        self,
        source: FrameSource,
        *,
        outputs: RunOutputs | None = None,
        max_fps: float | None = None,
        on_result: ResultCallback | None = None,
        sheet: ContactSheet | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> RunReport:
        """Recognise a source to its end, every frame of a file, the newest frame of a live source.

        Takes the source over and closes it. What was written up to a stop or an error of the source is kept. The
        pictures of a folder have nothing to do with each other: each is judged by itself, at one a second.

        Raises:
            ConfigError: if an output would overwrite the source.
            CaptureError: if the source fails.
            ModelError, GalleryError: if there is nothing to recognise with; outputs of before are untouched.
            InferenceError: if a network fails.
            OutputWriteError: if an output cannot be written.
        """
        wanted = outputs or RunOutputs()
        stills = isinstance(source, ImageFolderSource)
        slot, errors = NewestFrameSlot(), list[FacerecError]()
        try:
            wanted.refuse_mistakes(source.source_id)
            path = self._make_path(source, FrameFeed(slot, max_fps))
            writer = _open_writer(wanted, _pace(source, max_fps), holds=source.is_live)
        except FacerecError:
            source.close()
            raise
        capture = CaptureThread(source, slot, on_error=errors.append)
        tally = _Tally(source.frame_count, progress, Timeline(max_gap_s=0.0, min_unknown_frames=1) if stills else None)
        consumers: list[ResultCallback] = [tally.add]
        consumers += [consumer for consumer in (writer and writer.add, on_result, sheet and sheet.add) if consumer]
        try:
            stopped = self._pump(capture, path, consumers, cancelled)
            if errors:
                raise errors[0]
        finally:
            if writer is not None:
                writer.close()
        return tally.report(slot.dropped, stopped)

    def _make_path(self, source: FrameSource, frames: FrameFeed) -> FindAhead | InOrder:
        if isinstance(source, ImageFolderSource):
            return InOrder(frames, _StillPictures(self._make_picture_pipeline()).process)
        return FindAhead(frames, self._make_pipeline())

    def _pump(
        self,
        capture: CaptureThread,
        path: FindAhead | InOrder,
        consumers: Sequence[ResultCallback],
        cancelled: CancelCheck,
    ) -> bool:
        """Move frames from the source through the pipeline to the consumers; return whether it was stopped."""
        stopped = False
        try:
            capture.start()
            path.start()
            while not (stopped := cancelled()) and not path.finished:
                result = path.next_result(0.2)
                if result is not None:
                    for consume in consumers:
                        consume(result)
        finally:
            capture.stop()
            path.stop()
        return stopped


def _pace(source: FrameSource, max_fps: float | None) -> float | None:
    """Return how many frames a second an annotated video has; None if nobody knows."""
    if isinstance(source, ImageFolderSource):
        return max_fps or 1.0
    return min((rate for rate in (source.frame_rate, max_fps) if rate), default=None)


def _open_writer(outputs: RunOutputs, frame_rate: float | None, *, holds: bool) -> ResultWriter | None:
    if outputs.video is None and outputs.events is None:
        return None
    return ResultWriter(video=outputs.video, events=outputs.events, frame_rate=frame_rate, holds=holds)


class _StillPictures:
    """Judges pictures one by one and gives every face in them a track of its own."""

    def __init__(self, pipeline: PicturePipeline) -> None:
        self._pipeline = pipeline
        self._next_track_id = 1

    def process(self, frame: Frame) -> FrameResult:
        result = self._pipeline.process(frame)
        track_ids = np.arange(len(result.detections), dtype=np.int64) + self._next_track_id
        self._next_track_id += len(track_ids)
        decisions = tuple(
            replace(decision, track_id=int(track_id))
            for decision, track_id in zip(result.decisions, track_ids, strict=True)
        )
        return replace(result, track_ids=track_ids, decisions=decisions)


class _Tally:
    """Counts what a run produces."""

    def __init__(self, total: int | None, progress: ProgressCallback, timeline: Timeline | None) -> None:
        self._total = total
        self._progress = progress
        self._timeline = timeline if timeline is not None else Timeline()
        self._frames = self._faces = 0
        self._started_s: float | None = None
        self._stage_ms: dict[str, float] = {}

    def add(self, result: FrameResult) -> None:
        if self._started_s is None:
            self._started_s = time.perf_counter() - sum(result.stage_ms.values()) / 1e3
        self._frames += 1
        self._faces += len(result.detections)
        self._timeline.add(result)
        for stage, spent_ms in result.stage_ms.items():
            self._stage_ms[stage] = self._stage_ms.get(stage, 0.0) + spent_ms
        in_view = sorted({name for d in result.decisions if (name := result.name_of(d))})
        self._progress(Progress(result.frame.index + 1, self._total, ", ".join(in_view)))

    def report(self, dropped: int, stopped: bool) -> RunReport:
        seconds = time.perf_counter() - self._started_s if self._started_s is not None else 0.0
        mean_ms = {stage: total / max(self._frames, 1) for stage, total in self._stage_ms.items()}
        sightings = tuple(self._timeline.sightings())
        return RunReport(self._frames, dropped, self._faces, seconds, sightings, mean_ms, stopped)
