"""From pictures to training material: alignment, made faces, drawing of batches."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.training.extractor.face_dataset import (
    CROP_PX,
    STORED_PX,
    TEMPLATE_XY,
    PictureEntry,
    align_entries,
    centre_crops,
    hold_out_people,
    joined,
    list_people,
    load_faces,
    load_people,
    save_faces,
)
from facerec_app.training.extractor.face_weights import hardness_weights, person_weights
from facerec_app.training.extractor.synthetic_faces import make_faces
from facerec_app.training.extractor.training_material import TrainingMaterial
from tests.unit.training.extractor.extractor_doubles import MarkedFaceDetector, drawn_faces, drawn_shard


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Write one person's picture with a white dot on each landmark, one black and one broken picture."""
    turned = 1.4 * (TEMPLATE_XY - 56) @ np.array([[0.96, 0.28], [-0.28, 0.96]]).T + 125
    picture = np.full((250, 250, 3), 40, np.uint8)
    for x, y in turned:
        cv2.circle(picture, (round(float(x)), round(float(y))), 4, (255, 255, 255), -1)
    folder = tmp_path / "Some_One"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), picture)
    cv2.imwrite(str(folder / "2.png"), np.zeros((250, 250, 3), np.uint8))
    (folder / "3.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture either")
    return tmp_path, turned


def test_the_middle_face_lands_on_the_template(pictures: tuple[Path, np.ndarray]) -> None:
    root, turned = pictures
    entries = list_people(root, ["Some_One", "Nobody"])
    assert [entry.path.name for entry in entries] == ["1.png", "2.png", "3.jpg"]
    faces, kept = align_entries(entries, MarkedFaceDetector(turned))
    assert [entry.path.name for entry in kept] == ["1.png"]
    assert faces.pixels_rgb.shape == (1, STORED_PX, STORED_PX, 3)
    np.testing.assert_allclose(faces.landmarks_xy[0] - (STORED_PX - CROP_PX) / 2, TEMPLATE_XY, atol=0.01)
    crop = centre_crops(faces.pixels_rgb)[0]
    for x, y in TEMPLATE_XY.round().astype(int):
        assert crop[y, x].min() > 200
    assert crop[5, 5].max() < 60


def test_faces_survive_the_disk(pictures: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    root, turned = pictures
    faces, kept = align_entries(list_people(root, ["Some_One"]), MarkedFaceDetector(turned))
    save_faces(faces, tmp_path / "out", kept, root)
    again = load_faces(tmp_path / "out")
    np.testing.assert_array_equal(again.pixels_rgb, faces.pixels_rgb)
    np.testing.assert_array_equal(again.people, faces.people)
    assert len(joined([faces, again])) == 2


def test_no_face_at_all_is_an_error(pictures: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    root, turned = pictures
    with pytest.raises(NotEnoughDataError, match="no face was found"):
        align_entries([PictureEntry(root / "Some_One" / "2.png", "x")], MarkedFaceDetector(turned))
    with pytest.raises(NotEnoughDataError, match="run 'prepare' first"):
        load_faces(tmp_path / "nowhere")


def test_held_out_people_are_the_same_every_time() -> None:
    people = [f"person {number}" for number in range(50)]
    trained, held = hold_out_people(people, 10, seed=3)
    assert (trained, held) == hold_out_people(people, 10, seed=3)
    assert len(held) == 10
    assert sorted(trained + held) == sorted(people)
    with pytest.raises(NotEnoughDataError):
        hold_out_people(people, 50, seed=3)


def test_made_faces_are_new_and_repeatable() -> None:
    faces = drawn_faces(6)
    made = make_faces(faces, 12, seed=1)
    assert made.shape == (12, STORED_PX, STORED_PX, 3)
    np.testing.assert_array_equal(made, make_faces(faces, 12, seed=1))
    assert not np.array_equal(made, make_faces(faces, 12, seed=2))
    for picture in made:
        differences = np.abs(faces.pixels_rgb.astype(int) - picture).mean(axis=(1, 2, 3))
        assert differences.min() > 1.0
        assert picture.std() > 10


def test_a_batch_is_a_function_of_the_step() -> None:
    material = TrainingMaterial([drawn_shard(8, 0), drawn_shard(20, 1)], real_share=0.5, seed=7)
    first, labels = material.batch(16, material.generator(5))
    again, same_labels = material.batch(16, material.generator(5))
    other, _ = material.batch(16, material.generator(6))
    part, _ = material.batch(16, material.generator(5, part=1))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(labels, same_labels)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, part)
    assert labels.shape == (16, 256)


def test_the_share_of_real_faces_is_kept() -> None:
    real, made = drawn_shard(4, 0), drawn_shard(40, 1)
    real.pixels_rgb[...] = 0
    made.pixels_rgb[...] = 255
    material = TrainingMaterial([real, made], real_share=0.25, seed=0)
    pictures, _ = material.batch(2000, material.generator(0))
    assert np.mean(pictures[:, 0, 0, 0] == 0) == pytest.approx(0.25, abs=0.04)
    alone = TrainingMaterial([real], real_share=0.25, seed=0)
    assert not alone.batch(50, alone.generator(0))[0].any()


def test_weighted_batches_show_faces_by_their_weights() -> None:
    shard = drawn_shard(3, 0)
    for row, picture in enumerate(shard.pixels_rgb):
        picture[...] = row
    material = TrainingMaterial([shard], real_share=1.0, seed=0, weights=np.array([6, 3, 1], np.float32))
    weighted = material.batch(4000, material.generator(0), weighted=True)[0][:, 0, 0, 0]
    plain = material.batch(4000, material.generator(0))[0][:, 0, 0, 0]
    assert np.bincount(weighted) / 4000 == pytest.approx([0.6, 0.3, 0.1], abs=0.03)
    assert np.bincount(plain) / 4000 == pytest.approx([1 / 3] * 3, abs=0.03)


def test_somebody_of_nine_pictures_is_drawn_three_times_as_often_as_somebody_of_one() -> None:
    weights = person_weights(np.array([4, *[7] * 9], np.int64))
    assert weights[1:].sum() == pytest.approx(3 * weights[0])


def test_face_missed_twice_as_much_is_drawn_four_times_as_often() -> None:
    weights = hardness_weights(np.array([0.9, 0.8, 0.9], np.float32))
    assert weights.mean() == pytest.approx(1.0)
    assert weights[1] / weights[0] == pytest.approx(4.0, rel=1e-4)
    assert hardness_weights(np.ones(3, np.float32)).tolist() == [1, 1, 1]


def test_people_are_the_same_in_both_alignments(tmp_path: Path) -> None:
    faces = drawn_faces(3)
    entries = [PictureEntry(tmp_path / "a" / name, person) for name, person in (("1", "a"), ("2", "b"), ("1", "a"))]
    save_faces(faces, tmp_path / "train", entries, tmp_path)
    assert load_people(tmp_path / "train").tolist() == [0, 1, 0]
    with pytest.raises(NotEnoughDataError, match="prepare"):
        load_people(tmp_path / "nothing")


@pytest.mark.parametrize("weights", [[1.0, 1.0], [1.0, float("nan"), 1.0], [0.0, 0.0, 0.0]])
def test_weights_that_do_not_fit_the_faces_are_refused(weights: list[float]) -> None:
    with pytest.raises(NotEnoughDataError, match="weigh"):
        TrainingMaterial([drawn_shard(3, 0)], real_share=1.0, seed=0, weights=np.array(weights, np.float32))
