"""Features of folders of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ModelVersionMismatchError, TrainingCancelledError, TrainingError
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.models.model_store import ModelStore
from facerec_app.training.compute_features import sface_path
from facerec_app.training.picture_features import (
    PictureFeatures,
    embed_pictures,
    find_central_face,
    pictures_of_people,
)


def detections(*boxes: tuple[float, float, float, float]) -> FaceDetections:
    count = len(boxes)
    return FaceDetections(
        np.array(boxes, np.float32).reshape(count, 4),
        np.zeros((count, 5, 2), np.float32),
        np.linspace(1.0, 0.5, count).astype(np.float32),
    )


class ScriptedDetector:
    """Finds what it is told to, at each look."""

    name = "scripted"

    def __init__(self, *answers: FaceDetections) -> None:
        self.answers = list(answers)
        self.sizes: list[tuple[int, ...]] = []

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        self.sizes.append(pixels_rgb.shape[:2])
        return self.answers.pop(0)


PICTURE = np.zeros((100, 100, 3), np.uint8)


def test_the_box_nearest_to_the_centre_is_meant_not_the_largest() -> None:
    detector = ScriptedDetector(detections((10, 10, 100, 100), (32, 30, 72, 72)))
    np.testing.assert_array_equal(find_central_face(detector, PICTURE).boxes_xyxy, [[32, 30, 72, 72]])
    assert detector.sizes == [(100, 100)]


def test_a_face_missed_at_the_centre_is_looked_for_again_at_another_scale() -> None:
    detector = ScriptedDetector(detections((0, 0, 20, 20)), detections((21, 21, 63, 63)))
    found = find_central_face(detector, PICTURE)
    np.testing.assert_allclose(found.boxes_xyxy, [[25, 25, 75, 75]], atol=1e-4)
    assert detector.sizes == [(100, 100), (84, 84)]


def test_a_face_beside_the_centre_is_taken_if_there_is_no_other() -> None:
    detector = ScriptedDetector(detections((0, 0, 20, 20)), FaceDetections.empty())
    np.testing.assert_array_equal(find_central_face(detector, PICTURE).boxes_xyxy, [[0, 0, 20, 20]])


def test_no_face_stays_no_face() -> None:
    detector = ScriptedDetector(FaceDetections.empty(), FaceDetections.empty())
    assert len(find_central_face(detector, PICTURE)) == 0


@pytest.fixture(scope="module")
def embedded(test_data_dir: Path) -> tuple[Path, list[str], PictureFeatures]:
    root = test_data_dir / "lfw"
    pictures = pictures_of_people(root, ["Angelina_Jolie", "Tony_Blair"])[:10]
    return root, pictures, embed_pictures(root, pictures, sface_path("yunet", ModelStore()))


def test_pictures_of_one_person_are_nearer_than_of_two(embedded: tuple[Path, list[str], PictureFeatures]) -> None:
    _, pictures, features = embedded
    assert features.found.all()
    labelled = features.labelled()
    cosines = labelled.vectors @ labelled.vectors.T
    same = labelled.person_index[:, None] == labelled.person_index[None, :]
    others = cosines[same & ~np.eye(len(pictures), dtype=bool)]
    assert others.mean() > cosines[~same].mean() + 0.3 if (~same).any() else others.mean() > 0.4


def test_what_is_written_is_read_back(embedded: tuple[Path, list[str], PictureFeatures], tmp_path: Path) -> None:
    _, _, features = embedded
    features.save(tmp_path / "features.npz")
    back = PictureFeatures.load(tmp_path / "features.npz")
    np.testing.assert_array_equal(back.vectors, features.vectors)
    assert (back.pictures, back.data_sha256) == (features.pictures, features.data_sha256)
    back.require_version(features.extractor_version)
    with pytest.raises(ModelVersionMismatchError, match="compute them again"):
        back.require_version("other")


def test_cancelling_keeps_nothing(embedded: tuple[Path, list[str], PictureFeatures]) -> None:
    root, pictures, _ = embedded
    with pytest.raises(TrainingCancelledError):
        embed_pictures(root, pictures, sface_path("yunet", ModelStore()), cancelled=lambda: True)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04"])
def test_a_damaged_file_of_features_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "features.npz"
    file.write_bytes(content)
    with pytest.raises(TrainingError, match="compute them again"):
        PictureFeatures.load(file)


def test_a_pickle_inside_is_never_opened(tmp_path: Path) -> None:
    file = tmp_path / "features.npz"
    objects = np.empty(3, object)
    np.savez(file, facts=objects, pictures=objects, found=objects, vectors=objects)
    with pytest.raises(TrainingError, match="compute them again"):
        PictureFeatures.load(file)
