"""Alignment by a least-squares similarity transform on five landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.alignment.face_quality import brightness_of, sharpness_of, yaw_deg_of
from facerec_app.core.geometry import apply_transforms, similarity_transforms
from facerec_app.core.types import FaceCrops, FaceDetections, Float32Array, UInt8Array

FACE_WIDTH_SHARE = 0.69
"""Width of a detector's face box as a share of the width that an ArcFace-template crop covers in the frame: the median
over LFW of MTCNN's box width times the transform's scale, divided by 112 (docs/detection.md)."""


class FivePointAligner:
    """Turns, scales and shifts faces onto a template of five landmarks."""

    def __init__(self, template: Float32Array, crop_size_px: int) -> None:
        """Store the parameters.

        Args:
            template: ``(5, 2)`` float32 px, where the landmarks shall lie in a crop.
            crop_size_px: side of the square crops.
        """
        self._template = template
        self._crop_size_px = crop_size_px

    @property
    def crop_size_px(self) -> int:
        """Side of the square crops, px."""
        return self._crop_size_px

    def align(self, pixels_rgb: UInt8Array, detections: FaceDetections) -> FaceCrops:
        """Return one crop per detection, in order, with its quality.

        Args:
            pixels_rgb: ``(H, W, 3)`` uint8.
            detections: N faces of that picture.

        Returns:
            N crops; what lies beyond the picture's edge is black.
        """
        size = self._crop_size_px
        transforms = similarity_transforms(detections.landmarks_xy, self._template)
        crops = np.empty((len(detections), size, size, 3), np.uint8)
        for row, transform in enumerate(transforms):
            cv2.warpAffine(pixels_rgb, transform, (size, size), dst=crops[row], flags=cv2.INTER_LINEAR)
        scales = np.hypot(transforms[:, 0, 0], transforms[:, 1, 0])
        return FaceCrops(
            pixels_rgb=crops,
            frame_to_crop=transforms,
            size_px=np.asarray(FACE_WIDTH_SHARE * size / np.maximum(scales, 1e-6), np.float32),
            sharpness=sharpness_of(crops),
            yaw_deg=yaw_deg_of(apply_transforms(transforms, detections.landmarks_xy)),
            brightness=brightness_of(crops),
        )
