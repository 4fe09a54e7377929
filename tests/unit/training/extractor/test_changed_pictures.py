"""Dark, small, shifted and turned pictures are harder, for the teacher and the shipped student, and not by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.changed_pictures import CHANGES, judge_changed
from facerec_app.training.extractor.face_dataset import PictureEntry, align_entries, joined, save_faces
from facerec_app.training.extractor.looks_of_a_film import LOOKS, SEEDS, WEIGHTINGS, judge_looks, make_films

PEOPLE = Path(__file__).parents[4] / "assets" / "demo" / "people"


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of the demonstration's people, each twice with the same picture."""
    entries = [PictureEntry(path, path.parent.name) for path in sorted(PEOPLE.rglob("*.jpg"))]
    faces, kept = align_entries(entries, MtcnnDetector(ModelStore()))
    folder = tmp_path_factory.mktemp("heldout")
    save_faces(joined([faces, faces]), folder, [*kept, *kept], PEOPLE)
    return folder


def test_changed_pictures_are_harder_for_both_networks(held_out: Path) -> None:
    store = ModelStore()
    student, sface = (OpenvinoSession(store.read(name), name=name, threads=1) for name in ("resnet50-face", "sface"))
    rows = judge_changed(student, sface, held_out)
    assert [(row.network, row.change) for row in rows] == [(n, c) for n in ("sface", "student") for c in CHANGES]
    for network in ("sface", "student"):
        cosines = {row.change: row.genuine_cosine for row in rows if row.network == network}
        assert cosines.pop("clean") == pytest.approx(1, abs=1e-3)
        assert max(cosines.values()) < 0.98
        for one in ("dark", "small", "from the side"):
            assert cosines["dark, small, from the side"] < cosines[one]
        for one in ("badly placed", "from the side"):
            assert cosines["badly placed, from the side"] < cosines[one]
    assert rows == judge_changed(student, sface, held_out)


def test_dark_pictures_are_dark_and_small_ones_lose_their_details() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (144, 144, 3)).astype(np.uint8)
    generator = np.random.default_rng(1)
    assert CHANGES["dark"](picture, generator).mean() < 0.45 * picture.mean()
    small = CHANGES["small"](picture, generator)
    assert small.std() < 0.5 * picture.std()
    assert small.mean() == pytest.approx(picture.mean(), abs=2)


def test_looks_of_a_film_are_weighed_and_a_mean_finds_no_fewer_people_than_one_look(held_out: Path) -> None:
    student, sface = (
        OpenvinoSession(ModelStore().read(name), name=name, threads=1) for name in ("resnet50-face", "sface")
    )
    judged = judge_looks(student, sface, held_out)
    assert judged == judge_looks(student, sface, held_out)
    for network in ("student", "sface"):
        rows = {row.name: row for row in judged if row.network == network}
        assert set(rows) == set(WEIGHTINGS)
        assert rows["quality"].films == len(SEEDS) * len(list(PEOPLE.rglob("*.jpg")))
        assert rows["quality"].found[0] >= rows["one look"].found[0]
        assert rows["quality, length^12"].cosine > rows["quality"].cosine > rows["alike"].cosine


def test_films_have_six_looks_of_known_quality_at_each_picture() -> None:
    stored = np.full((2, 144, 144, 3), 128, np.uint8)
    films = make_films(stored, np.array([0, 1]), np.random.default_rng(0))
    assert films.stored_rgb.shape == (2 * LOOKS, 144, 144, 3)
    assert films.source.tolist() == [0, 1]
    assert ((films.quality > 0) & (films.quality <= 1)).all()
    norms = np.ones_like(films.quality)
    assert (WEIGHTINGS["alike"](films.quality, norms) == 1).all()
    assert (WEIGHTINGS["one look"](films.quality, norms).sum(axis=1) == 1).all()
