"""The path of pictures that are looked at one after another: one look at each is final."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import Embeddings, FaceDetections, Frame, FrameResult, Int64Array
from facerec_app.pipeline.embedding_schedule import crop_quality
from facerec_app.pipeline.picture_pipeline import PicturePipeline
from facerec_app.pipeline.stage_clock import StageClock
from facerec_app.pipeline.track_album import TrackAlbum
from facerec_app.pipeline.track_looks import TrackLooks


class StillPipeline:
    """Judges each picture by itself and gives every face in it a track of its own.

    Takes the place of ``RecognitionPipeline`` for folders of pictures, which have nothing to do with each other: there
    is nothing to wait for, and votes over two of them would mix two people. One thread owns it; ``album`` and ``looks``
    may be read from others.
    """

    def __init__(self, pictures: PicturePipeline) -> None:
        self._pictures = pictures
        self.album = TrackAlbum()
        self.looks = TrackLooks()
        self._next_track_id = 1
        self._seen: tuple[Frame, FaceDetections, Embeddings, Int64Array] | None = None

    def process(self, frame: Frame) -> FrameResult:
        """Return who is in this picture; the same picture again keeps its faces' tracks.

        Raises:
            InferenceError: if a network fails.
        """
        clock = StageClock()
        if self._seen is None or self._seen[0] is not frame:
            self._seen = self._look_at(frame, clock)
        return self._judge(*self._seen, clock)

    def judge_again(self) -> FrameResult | None:
        """Return what is now to be said of the latest picture, without looking at it again; None without one."""
        return self._judge(*self._seen, StageClock()) if self._seen is not None else None

    def use_gallery(self, index: GalleryIndex) -> None:
        """Take a new state of the gallery."""
        self._pictures.index = index

    def reset(self) -> None:
        """Forget the latest picture."""
        self._seen = None
        self.album.clear()
        self.looks.clear()

    def _look_at(self, frame: Frame, clock: StageClock) -> tuple[Frame, FaceDetections, Embeddings, Int64Array]:
        self.reset()
        with clock.stage("detect"):
            detections = self._pictures.detector.detect(frame.pixels_rgb)
        with clock.stage("align"):
            crops = self._pictures.aligner.align(frame.pixels_rgb, detections)
            qualities = crop_quality(crops)
        with clock.stage("embed"):
            embeddings = self._pictures.extractor.embed(crops)
        track_ids = np.arange(len(detections), dtype=np.int64) + self._next_track_id
        self._next_track_id += len(track_ids)
        self.looks.add(track_ids, embeddings, qualities, frame.timestamp_s)
        self.album.add(frame, detections, track_ids, qualities)
        return frame, detections, embeddings, track_ids

    def _judge(
        self, frame: Frame, detections: FaceDetections, embeddings: Embeddings, track_ids: Int64Array, clock: StageClock
    ) -> FrameResult:
        index = self._pictures.index
        with clock.stage("match"):
            scores = self._pictures.ranker.rank(embeddings, index)
        with clock.stage("decide"):
            decided = self._pictures.decider.decide(scores)
        decisions = tuple(
            replace(decision, track_id=int(track_id)) for decision, track_id in zip(decided, track_ids, strict=True)
        )
        snapshot = index.snapshot
        return FrameResult(frame, detections, track_ids, decisions, clock.stage_ms, snapshot.revision, snapshot.names)
