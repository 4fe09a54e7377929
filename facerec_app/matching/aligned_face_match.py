"""Which parts of two faces agree: local features of both faces, laid over each other by their landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.alignment.templates import ARCFACE_112, scaled_template
from facerec_app.core.geometry import similarity_transforms
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.matching.local_feature_extractor import LocalFeatureExtractor
from facerec_app.matching.local_features import LocalFeatures
from facerec_app.matching.picture_match import PictureMatch, match_pictures

_FACE_PX, _MARGIN_PX = 160, 48
_SIDE_PX = _FACE_PX + 2 * _MARGIN_PX
_MOST_SHIFT_PX = 32.0
"""A fifth of the face: an eye agrees with an eye, not with a button."""
_TEMPLATE = scaled_template(ARCFACE_112, 112, _FACE_PX) + np.float32(_MARGIN_PX)
_NEAR = 0.5  # of the distance between the eyes
CHANCE_FACE_INLIERS = 12
"""The most that the faces of two people reached (docs/matching.md)."""
PARTS = ("eyes", "nose", "mouth", "forehead and hair", "chin and neck", "cheeks and ears")


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFaceMatch:
    """What two faces have in common.

    Attributes:
        match: in the coordinates of the two pictures that the faces are in.
        parts: number of agreeing matches in each part of the face where there are any, most first.
    """

    match: PictureMatch
    parts: Mapping[str, int]

    @property
    def is_more_than_chance(self) -> bool:
        """Whether more agrees than in the faces of two people."""
        return self.match.inliers > CHANCE_FACE_INLIERS


def match_faces(
    extractor: LocalFeatureExtractor,
    left_rgb: UInt8Array,
    left_landmarks_xy: Float32Array,
    right_rgb: UInt8Array,
    right_landmarks_xy: Float32Array,
) -> AlignedFaceMatch:
    """Return the local features that two faces share.

    Args:
        extractor: of local features.
        left_rgb, right_rgb: ``(H, W, 3)`` uint8, the two pictures.
        left_landmarks_xy, right_landmarks_xy: ``(5, 2)`` float32 px, the landmarks of one face in each.

    Raises:
        InferenceError: if the network fails.
    """
    left, left_back = _aligned_features(extractor, left_rgb, left_landmarks_xy)
    right, right_back = _aligned_features(extractor, right_rgb, right_landmarks_xy)
    found = match_pictures(left, right, extractor.feature_map.rule, most_shift_px=_MOST_SHIFT_PX)
    parts = _parts_of(found.inlier_positions[0])
    left_size, right_size = ((pixels.shape[1], pixels.shape[0]) for pixels in (left_rgb, right_rgb))
    moved = PictureMatch(
        left.moved_to(_moved(left_back, left.positions_xy), left_size),
        right.moved_to(_moved(right_back, right.positions_xy), right_size),
        found.left_rows,
        found.right_rows,
        found.distances,
        found.fit,
    )
    return AlignedFaceMatch(moved, parts)


def _aligned_features(
    extractor: LocalFeatureExtractor, pixels_rgb: UInt8Array, landmarks_xy: Float32Array
) -> tuple[LocalFeatures, Float32Array]:
    """Return the features of one face and the map ``(2, 3)`` from its crop to the picture."""
    transform = similarity_transforms(landmarks_xy[None], _TEMPLATE)[0]
    crop = cv2.warpAffine(pixels_rgb, transform, (_SIDE_PX, _SIDE_PX), flags=cv2.INTER_LINEAR)
    back = np.asarray(cv2.invertAffineTransform(transform), np.float32)
    features = extractor.extract(np.asarray(crop, np.uint8))
    # A face at the picture's edge: what lies beyond is black and has nothing to say.
    places, size = _moved(back, features.positions_xy), np.array(pixels_rgb.shape[1::-1])
    return features.select(np.asarray(((places >= 0) & (places <= size - 1)).all(axis=1), np.bool_)), back


def _moved(transform: Float32Array, points_xy: Float32Array) -> Float32Array:
    return np.asarray(points_xy @ transform[:, :2].T + transform[:, 2], np.float32)


def _parts_of(positions_xy: Float32Array) -> Mapping[str, int]:
    eyes, nose, mouth = _TEMPLATE[:2], _TEMPLATE[2], _TEMPLATE[3:].mean(axis=0)
    near = _NEAR * float(np.linalg.norm(eyes[1] - eyes[0]))
    counts = dict.fromkeys(PARTS, 0)
    for point in positions_xy:
        to_parts = {
            "eyes": float(np.linalg.norm(eyes - point, axis=1).min()),
            "nose": float(np.linalg.norm(nose - point)),
            "mouth": float(np.linalg.norm(mouth - point)),
        }
        part = min(to_parts, key=lambda name: to_parts[name])
        if to_parts[part] > near:
            above, below = point[1] < eyes[:, 1].mean(), point[1] > mouth[1]
            part = "forehead and hair" if above else "chin and neck" if below else "cheeks and ears"
        counts[part] += 1
    return {part: count for part, count in sorted(counts.items(), key=lambda item: -item[1]) if count}
