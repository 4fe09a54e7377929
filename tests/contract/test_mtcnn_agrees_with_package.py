"""Our cascade finds what the package ``mtcnn`` finds; the benchmark of the same name asks more pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facerec_app.core.geometry import pairwise_iou
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.models.model_store import ModelStore
from tests.contract.mtcnn_agreement import agreement, faces_of_package, read_picture, within


def test_the_same_faces_are_found_at_the_packages_size(test_data_dir: Path, tmp_path: Path) -> None:
    pictures = sorted((test_data_dir / "lfw").glob("*/*.jpg"))[100::390]
    package = faces_of_package(pictures, 20, tmp_path)
    ours = MtcnnDetector(ModelStore(), min_face_size_px=20)
    pairs = []
    for path in pictures:
        picture = read_picture(path)
        pairs.append((package[path], within(ours.detect(picture), picture)))
    result = agreement(pairs)
    assert result.pictures - result.same <= 1
    assert result.median_landmark_px < 0.1


def test_large_faces_are_found_where_the_package_reports_nothing(test_data_dir: Path, tmp_path: Path) -> None:
    pictures = sorted((test_data_dir / "lfw").glob("*/*.jpg"))[50::900]
    package = faces_of_package(pictures, 40, tmp_path)
    assert sum(len(found) for found in package.values()) == 0, "the package was repaired; compare with it"
    store = ModelStore()
    fine = MtcnnDetector(store, min_face_size_px=20)
    for min_face_size in (40, 80):
        coarse = MtcnnDetector(store, min_face_size_px=min_face_size)
        for path in pictures:
            picture = read_picture(path)
            found, expected = coarse.detect(picture), fine.detect(picture)
            sides = (expected.boxes_xyxy[:, 2:] - expected.boxes_xyxy[:, :2]).max(axis=1)
            expected = expected.select((sides > 1.2 * min_face_size) & (expected.scores > 0.95))
            overlaps = pairwise_iou(expected.boxes_xyxy, found.boxes_xyxy)
            assert (np.max(overlaps, axis=1, initial=0) > 0.5).all(), path.name
