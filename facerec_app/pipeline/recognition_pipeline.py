"""The path of a frame: detector, aligner, tracker, extractor, gallery, similarity network, decision."""

from __future__ import annotations

from dataclasses import dataclass, field

from facerec_app.core.protocols import (
    FaceAligner,
    FaceFinder,
    FaceTracker,
    FeatureExtractor,
    GalleryIndex,
    PersonRanker,
    TrackVoter,
)
from facerec_app.core.types import FaceCrops, FaceDetections, Float32Array, Frame, FrameResult, Int64Array
from facerec_app.decision.name_vetoes import NameVetoes
from facerec_app.pipeline.embedding_schedule import EmbeddingSchedule, crop_quality
from facerec_app.pipeline.finished_tracks import FinishedTracks
from facerec_app.pipeline.stage_clock import StageClock
from facerec_app.pipeline.track_album import TrackAlbum
from facerec_app.pipeline.track_judgement import TrackJudgement
from facerec_app.pipeline.track_looks import TrackLooks


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts a pipeline is put together from."""

    finder: FaceFinder
    aligner: FaceAligner
    tracker: FaceTracker
    extractor: FeatureExtractor
    ranker: PersonRanker
    votes: TrackVoter
    vetoes: NameVetoes
    schedule: EmbeddingSchedule
    album: TrackAlbum
    looks: TrackLooks = field(default_factory=TrackLooks)
    finished: FinishedTracks = field(default_factory=FinishedTracks)


@dataclass(frozen=True, slots=True, eq=False)
class FoundFaces:
    """A frame half way: its faces are found, nothing is said of them yet.

    Attributes:
        frame: as it came.
        detections: its faces.
        clock: what it took so far.
        is_resting: nothing has moved for a while; what was said of the frame before holds.
    """

    frame: Frame
    detections: FaceDetections
    clock: StageClock
    is_resting: bool = False


class RecognitionPipeline:
    """Takes the frames of one source in order and says who is in them.

    One thread owns it, or one ``find`` and another the rest. Only ``album`` and ``looks`` may be read from others.
    """

    def __init__(self, stages: Stages, index: GalleryIndex) -> None:
        self.stages = stages
        self.index = index
        self._judgement = TrackJudgement(stages.ranker, stages.votes, stages.vetoes, stages.looks)
        self._seen: tuple[Frame, FaceDetections, Int64Array] | None = None
        self._aligned: tuple[FaceDetections, FaceCrops, Float32Array] | None = None

    @property
    def album(self) -> TrackAlbum:
        """The best pictures of the faces in view."""
        return self.stages.album

    @property
    def looks(self) -> TrackLooks:
        """The features of the faces in view."""
        return self.stages.looks

    def process(self, frame: Frame) -> FrameResult:
        """Return what is to be said of this frame.

        Raises:
            InferenceError: if a network fails.
        """
        return self.judge(self.find(frame))

    def find(self, frame: Frame) -> FoundFaces:
        """Return the faces of this frame; the first half of ``process``.

        One thread may find the faces of the next frame while another judges those of this one: the two halves share
        nothing.

        Raises:
            InferenceError: if a network fails.
        """
        clock = StageClock()
        with clock.stage("detect"):
            detections = self.stages.finder.find(frame)
        return FoundFaces(frame, detections, clock, self.stages.finder.is_resting)

    def judge(self, found: FoundFaces) -> FrameResult:
        """Return what is to be said of a frame whose faces were found; the second half of ``process``.

        Raises:
            InferenceError: if a network fails.
        """
        stages, clock = self.stages, found.clock
        frame, detections = found.frame, found.detections
        if found.is_resting and self._seen is not None and self._seen[1] is detections:
            self._seen = (frame, detections, self._seen[2])
            return self._result(*self._seen, clock)
        same_crops = self._aligned is not None and self._aligned[0] is detections
        with clock.stage("align"):
            crops, qualities = self._align(frame, detections)
        with clock.stage("track"):
            track_ids = stages.tracker.update(frame, detections)
            urgent = stages.tracker.jumped(track_ids)
            due = stages.schedule.due(track_ids, qualities, frame.timestamp_s, urgent, same_crops=same_crops)
        with clock.stage("embed"):
            embeddings = stages.extractor.embed(crops.select(due))
            track_ids[due] = stages.tracker.check_appearance(track_ids[due], embeddings)
            stages.looks.add(track_ids[due], embeddings, qualities[due], frame.timestamp_s)
        with clock.stage("match"):
            ranked = self._judgement.rank_newest(track_ids[due], embeddings, self.index)
        with clock.stage("decide"):
            went_over = self._judgement.vote(track_ids[due], ranked, qualities[due], frame.timestamp_s, self.index)
            stages.album.drop(went_over)
            stages.album.add(frame, detections, track_ids, qualities)
            self._forget_ended_tracks()
            self._seen = (frame, detections, track_ids)
            return self._result(frame, detections, track_ids, clock)

    def judge_again(self) -> FrameResult | None:
        """Return what is now to be said of the latest frame, without looking at it again; None if there is none."""
        return self._result(*self._seen, StageClock()) if self._seen is not None else None

    def use_gallery(self, index: GalleryIndex) -> None:
        """Take a new state of the gallery: every face in view is judged again by what was seen of it."""
        self.index = index
        self._judgement.judge_again(index)

    def reset(self) -> None:
        """Forget every track: the source changed or jumped."""
        self.stages.finder.reset()
        self.stages.tracker.reset()
        self.stages.album.clear()
        self.stages.finished.forget_tracks()
        self.stages.schedule.reset()
        self._judgement.clear()
        self._seen = self._aligned = None

    def _align(self, frame: Frame, detections: FaceDetections) -> tuple[FaceCrops, Float32Array]:
        """Return the faces' crops and qualities; those of the frame before where the finder says nothing moved."""
        if self._aligned is None or self._aligned[0] is not detections:
            crops = self.stages.aligner.align(frame.pixels_rgb, detections)
            self._aligned = (detections, crops, crop_quality(crops))
        return self._aligned[1:]

    def _result(
        self, frame: Frame, detections: FaceDetections, track_ids: Int64Array, clock: StageClock
    ) -> FrameResult:
        snapshot = self.index.snapshot
        decisions = self._judgement.decide(track_ids, snapshot.names)
        self.stages.finished.note(track_ids, decisions)
        return FrameResult(frame, detections, track_ids, decisions, clock.stage_ms, snapshot.revision, snapshot.names)

    def _forget_ended_tracks(self) -> None:
        live = self.stages.tracker.live_track_ids
        self._judgement.forget(live)
        self.stages.schedule.forget(live)
        self.stages.finished.take_ended(self.stages.album, live)
        self.stages.album.forget(live)
