"""The path of a single picture: the same stages, without tracks and votes."""

from __future__ import annotations

import numpy as np

from facerec_app.core.protocols import (
    FaceAligner,
    FaceDetector,
    FeatureExtractor,
    GalleryIndex,
    PersonRanker,
    PictureDecider,
)
from facerec_app.core.types import Frame, FrameResult
from facerec_app.pipeline.stage_clock import StageClock


class PicturePipeline:
    """Says who is in a picture."""

    def __init__(
        self,
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        ranker: PersonRanker,
        decider: PictureDecider,
        index: GalleryIndex,
    ) -> None:
        self.detector = detector
        self.aligner = aligner
        self.extractor = extractor
        self.ranker = ranker
        self.decider = decider
        self.index = index

    def process(self, frame: Frame) -> FrameResult:
        """Return the faces of the picture with one decision each.

        Raises:
            InferenceError: if a network fails.
        """
        clock = StageClock()
        with clock.stage("detect"):
            detections = self.detector.detect(frame.pixels_rgb)
        with clock.stage("align"):
            crops = self.aligner.align(frame.pixels_rgb, detections)
        with clock.stage("embed"):
            embeddings = self.extractor.embed(crops)
        with clock.stage("match"):
            person_scores = self.ranker.rank(embeddings, self.index)
        with clock.stage("decide"):
            decisions = self.decider.decide(person_scores)
        snapshot = self.index.snapshot
        track_ids = np.full(len(detections), -1, np.int64)
        return FrameResult(frame, detections, track_ids, decisions, clock.stage_ms, snapshot.revision, snapshot.names)
