"""The path of a frame: detector, aligner, tracker, extractor, gallery, similarity network, decision."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.core.protocols import (
    FaceAligner,
    FaceDetector,
    FaceTracker,
    FeatureExtractor,
    GalleryIndex,
    PersonRanker,
    TrackVoter,
)
from facerec_app.core.types import (
    Float32Array,
    Frame,
    FrameResult,
    Int64Array,
    PersonScores,
)
from facerec_app.pipeline.embedding_schedule import EmbeddingSchedule, crop_quality
from facerec_app.pipeline.stage_clock import StageClock
from facerec_app.pipeline.track_album import TrackAlbum


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts a pipeline is put together from."""

    detector: FaceDetector
    aligner: FaceAligner
    tracker: FaceTracker
    extractor: FeatureExtractor
    ranker: PersonRanker
    votes: TrackVoter
    schedule: EmbeddingSchedule
    album: TrackAlbum


class RecognitionPipeline:
    """Takes the frames of one source in order and says who is in them.

    One thread owns it. Only ``album`` may be read from others.
    """

    def __init__(self, stages: Stages, index: GalleryIndex) -> None:
        self.stages = stages
        self.index = index

    @property
    def album(self) -> TrackAlbum:
        """The best pictures of the faces in view."""
        return self.stages.album

    def process(self, frame: Frame) -> FrameResult:
        """Return what is to be said of this frame.

        Raises:
            InferenceError: if a network fails.
        """
        stages, clock = self.stages, StageClock()
        with clock.stage("detect"):
            detections = stages.detector.detect(frame.pixels_rgb)
        with clock.stage("align"):
            crops = stages.aligner.align(frame.pixels_rgb, detections)
            qualities = crop_quality(crops)
        with clock.stage("track"):
            track_ids = stages.tracker.update(frame, detections)
            urgent = stages.tracker.jumped(track_ids)
            due = stages.schedule.due(track_ids, qualities, frame.timestamp_s, urgent)
        with clock.stage("embed"):
            embeddings = stages.extractor.embed(crops.select(due))
            track_ids[due] = stages.tracker.check_appearance(track_ids[due], embeddings)
        with clock.stage("match"):
            person_scores = stages.ranker.rank(embeddings, self.index)
        with clock.stage("decide"):
            self._vote(track_ids[due], person_scores, qualities[due], frame.timestamp_s)
            decisions = stages.votes.decide(track_ids)
            stages.album.add(frame, detections, track_ids, qualities)
            self._forget_ended_tracks()
        snapshot = self.index.snapshot
        return FrameResult(frame, detections, track_ids, decisions, clock.stage_ms, snapshot.revision, snapshot.names)

    def use_gallery(self, index: GalleryIndex) -> None:
        """Take a new state of the gallery: every face in view is looked at and judged again."""
        self.index = index
        self.stages.schedule.reset()
        self.stages.votes.forget(frozenset())

    def reset(self) -> None:
        """Forget every track: the source changed or jumped."""
        self.stages.tracker.reset()
        self.stages.album.clear()
        self.use_gallery(self.index)

    def _vote(self, track_ids: Int64Array, scores: PersonScores, qualities: Float32Array, timestamp_s: float) -> None:
        for row, track_id in enumerate(track_ids.tolist()):
            look = PersonScores(scores.person_ids[row : row + 1], scores.logits[row : row + 1], scores.gallery_people)
            self.stages.votes.add(track_id, look, float(qualities[row]), timestamp_s)

    def _forget_ended_tracks(self) -> None:
        live = self.stages.tracker.live_track_ids
        self.stages.votes.forget(live)
        self.stages.schedule.forget(live)
        self.stages.album.forget(live)
