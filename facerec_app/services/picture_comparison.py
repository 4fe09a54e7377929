"""Two pictures side by side: are two faces one person's, and which parts of the pictures agree?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.core.errors import NoFaceError
from facerec_app.core.geometry import box_areas
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import BoolArray, Embeddings, FaceDetections, Float32Array, UInt8Array
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.matching.aligned_face_match import AlignedFaceMatch, match_faces
from facerec_app.matching.local_features import LocalFeatures
from facerec_app.matching.picture_match import CHANCE_INLIERS, SCENE_INLIERS, PictureMatch, match_pictures
from facerec_app.services.local_extractors import LocalExtractors, LocalFeatureChoice
from facerec_app.services.present_network import NetworkInUse

_FACE_MARGIN = 0.35  # of the box's sides, all around: hair and chin belong to the face


class PairVerdict(Enum):
    """What a probability means in words."""

    SAME = "very likely the same person"
    PROBABLY_SAME = "probably the same person"
    OPEN = "cannot be told"
    PROBABLY_DIFFERENT = "probably two people"
    DIFFERENT = "very likely two people"

    @staticmethod
    def of(probability: float) -> PairVerdict:
        """Return the words for a calibrated probability that two faces are one person's."""
        steps = ((0.95, PairVerdict.SAME), (0.75, PairVerdict.PROBABLY_SAME), (0.25, PairVerdict.OPEN))
        found = next((verdict for least, verdict in steps if probability >= least), None)
        if found is not None:
            return found
        return PairVerdict.PROBABLY_DIFFERENT if probability >= 0.05 else PairVerdict.DIFFERENT


class SceneVerdict(Enum):
    """What agrees outside the faces, in words."""

    SAME = "one scene"
    OPEN = "like things, perhaps one scene"
    NOTHING = "no more than two different scenes reach by chance"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPicture:
    """A picture with its faces.

    Attributes:
        title: what to call it.
        pixels_rgb: ``(H, W, 3)`` uint8.
        detections: its faces, from left to right.
        embeddings: of them.
    """

    title: str
    pixels_rgb: UInt8Array
    detections: FaceDetections
    embeddings: Embeddings

    @property
    def largest(self) -> int:
        """Row of the largest face; -1 without any."""
        areas = box_areas(self.detections.boxes_xyxy)
        return int(np.argmax(areas)) if len(areas) else -1


@dataclass(frozen=True, slots=True)
class FaceComparison:
    """Two faces judged.

    Attributes:
        left_face, right_face: rows of the faces in their pictures.
        probability: that both are one person, calibrated, where one pair in two is.
        cosine: of the two features.
    """

    left_face: int
    right_face: int
    probability: float
    cosine: float

    @property
    def verdict(self) -> PairVerdict:
        """The same in words."""
        return PairVerdict.of(self.probability)


@dataclass(frozen=True, slots=True, eq=False)
class PictureAgreement:
    """Which parts agree.

    Attributes:
        faces: of the two faces that were compared; None where a picture has none.
        elsewhere: of everything but the faces.
    """

    faces: AlignedFaceMatch | None
    elsewhere: PictureMatch

    @property
    def meant(self) -> PictureMatch | None:
        """What agrees outside the faces; None where that is no more than chance and drawing it would mislead."""
        return None if self.scene is SceneVerdict.NOTHING else self.elsewhere

    @property
    def scene(self) -> SceneVerdict:
        """What the matches outside the faces mean."""
        if self.elsewhere.inliers >= SCENE_INLIERS:
            return SceneVerdict.SAME
        return SceneVerdict.OPEN if self.elsewhere.inliers >= CHANCE_INLIERS else SceneVerdict.NOTHING


class PictureComparisonService:
    """Compares faces by the similarity network and pictures by local features.

    Args:
        store: where enrolled faces are.
        detector, aligner, extractor: of the profile in use; pictures are looked at as for enrolment.
        network: returns what judges each pair at present.
        local: makes extractors of local features.
    """

    def __init__(
        self,
        store: Callable[[], GalleryStore],
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        network: Callable[[], NetworkInUse],
        local: LocalExtractors,
    ) -> None:
        self._store = store
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._network = network
        self._local = local

    def read_file(self, path: Path) -> ComparedPicture:
        """Return a picture from disk with its faces.

        Raises:
            UnreadableImageError: if the file is no picture.
            InferenceError: if a network fails.
        """
        return self.read_picture(read_image(path), str(path))

    def read_picture(self, pixels_rgb: UInt8Array, title: str) -> ComparedPicture:
        """Return an ``(H, W, 3)`` uint8 picture with its faces; none is no error.

        Raises:
            InferenceError: if a network fails.
        """
        found = self._detector.detect(pixels_rgb)
        found = found.select(np.argsort(found.boxes_xyxy[:, 0], kind="stable"))
        return self._with_features(pixels_rgb, title, found)

    def read_enrolled(self, face_id: str, title: str) -> ComparedPicture:
        """Return an enrolled face with its picture.

        Raises:
            GalleryReadError: if there is no such face or its picture is damaged.
        """
        store = self._store()
        return self._with_features(store.read_picture(face_id), title, store.get_face(face_id).detections())

    def compare_faces(
        self, left: ComparedPicture, right: ComparedPicture, left_face: int | None = None, right_face: int | None = None
    ) -> FaceComparison:
        """Judge two faces, the largest of each picture unless others are named.

        Raises:
            NoFaceError: if a picture shows none.
            InferenceError: if a feature is not finite.
        """
        rows = (
            _chosen(left, left.largest if left_face is None else left_face),
            _chosen(right, right.largest if right_face is None else right_face),
        )
        one, other = left.embeddings.vectors[rows[0]][None], right.embeddings.vectors[rows[1]][None]
        network = self._network()
        probability = float(network.calibration.pairs.probabilities(network.scorer.log_odds(one, other))[0])
        return FaceComparison(rows[0], rows[1], probability, float(one[0] @ other[0]))

    def agreement(
        self,
        left: ComparedPicture,
        right: ComparedPicture,
        faces: FaceComparison | None,
        choice: LocalFeatureChoice | None = None,
    ) -> PictureAgreement:
        """Return which parts of two faces, and of the pictures around all faces, agree.

        Faces are left out of the second: to a network that was trained on faces, those of two people are alike
        wherever they are, and two scenes would agree by them.

        Raises:
            ModelError: if the local features cannot be had.
        """
        extractor = self._local.get(choice if choice is not None else LocalFeatureChoice())
        around = [outside_faces(extractor.extract(picture.pixels_rgb), picture.detections) for picture in (left, right)]
        elsewhere = match_pictures(around[0], around[1], extractor.feature_map.rule)
        if faces is None:
            return PictureAgreement(None, elsewhere)
        of_faces = match_faces(
            extractor,
            left.pixels_rgb,
            left.detections.landmarks_xy[faces.left_face],
            right.pixels_rgb,
            right.detections.landmarks_xy[faces.right_face],
        )
        return PictureAgreement(of_faces, elsewhere)

    def _with_features(self, pixels_rgb: UInt8Array, title: str, found: FaceDetections) -> ComparedPicture:
        embeddings = self._extractor.embed(self._aligner.align(pixels_rgb, found))
        return ComparedPicture(title, pixels_rgb, found, embeddings)


def outside_faces(features: LocalFeatures, detections: FaceDetections) -> LocalFeatures:
    """Return the features that lie in no face, a margin for hair and chin included."""
    inside: BoolArray = np.zeros(len(features), np.bool_)
    for box in detections.boxes_xyxy:
        inside |= _is_inside(features.positions_xy, box)
    return features.select(~inside)


def _is_inside(points_xy: Float32Array, box_xyxy: Float32Array) -> BoolArray:
    margin = _FACE_MARGIN * (box_xyxy[2:] - box_xyxy[:2])
    above = points_xy >= box_xyxy[:2] - margin
    return np.asarray((above & (points_xy <= box_xyxy[2:] + margin)).all(axis=1), np.bool_)


def _chosen(picture: ComparedPicture, row: int) -> int:
    if not 0 <= row < len(picture.detections):
        raise NoFaceError(f"No face was found in {picture.title}; choose a picture that shows one from the front.")
    return row
