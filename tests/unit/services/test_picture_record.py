"""What workers answer is checked before anything of it is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facerec_app.core.errors import FacerecError, NoFaceError, WorkersError
from facerec_app.core.types import Embeddings
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.services.picture_reading import PictureRead
from facerec_app.services.picture_record import picture_read_of, picture_reads_of, record_of
from tests.unit.gallery.gallery_material import new_face

VERSION = "extractor"


@pytest.fixture
def read() -> PictureRead:
    vector = np.zeros((1, 8), np.float32)
    vector[0, 3] = 1.0
    face = replace(new_face(3), source="ann/1.jpg", embedding=Embeddings(vector, VERSION))
    return PictureRead("ann/1.jpg", PreparedFace.of(face).without_whole_picture(), None)


def test_a_face_comes_back_as_it_went(read: PictureRead) -> None:
    back = picture_read_of(record_of(read), "ann/1.jpg", VERSION)
    assert read.face is not None
    assert back.face is not None
    assert (back.face.jpeg, back.face.sha256) == (read.face.jpeg, read.face.sha256)
    np.testing.assert_array_equal(back.face.box_xyxy, read.face.box_xyxy)
    np.testing.assert_array_equal(back.face.landmarks_xy, read.face.landmarks_xy)
    assert back.face.face.embedding is not None
    assert read.face.face.embedding is not None
    np.testing.assert_array_equal(back.face.face.embedding.vectors, read.face.face.embedding.vectors)
    assert (back.face.face.score, back.face.face.source) == (read.face.face.score, "ann/1.jpg")
    assert back.face.face_id != read.face.face_id


def test_a_record_holds_plain_values_only(read: PictureRead) -> None:
    assert {type(value) for value in record_of(read).values()} == {str, bytes, float}


def test_an_error_comes_back_as_it_went() -> None:
    back = picture_read_of(record_of(PictureRead("a", None, NoFaceError("no face in a"))), "a", VERSION)
    assert isinstance(back.error, NoFaceError)
    assert str(back.error) == "no face in a"


@pytest.mark.parametrize("name", ["FacerecError.__init__", "annotations", "Exception", "nonsense"])
def test_an_error_of_no_known_kind_is_the_plainest(name: str) -> None:
    back = picture_read_of({"source": "a", "error": name, "message": "m"}, "a", VERSION)
    assert type(back.error) is FacerecError


@pytest.mark.parametrize(
    "wrong",
    [
        {"jpeg": b"MZ no picture"},
        {"sha256": "0" * 64},
        {"sha256": "../../etc"},
        {"box": b"\0" * 12},
        {"box": np.array([0, 0, np.inf, 1], "<f4").tobytes()},
        {"landmarks": b""},
        {"vector": np.full(8, 3.0, "<f4").tobytes()},
        {"vector": np.full(8, np.nan, "<f4").tobytes()},
        {"score": float("nan")},
        {"score": None},
        {"source": "bob/1.jpg"},
    ],
)
def test_an_answer_that_is_wrong_is_not_taken(read: PictureRead, wrong: dict[str, Any]) -> None:
    with pytest.raises(WorkersError, match=r"answer about ann/1\.jpg is none"):
        picture_read_of({**record_of(read), **wrong}, "ann/1.jpg", VERSION)


@pytest.mark.parametrize("answers", [None, [], [1], "ab", [{}]])
def test_answers_that_do_not_fit_the_question_are_not_taken(answers: Any) -> None:
    with pytest.raises(WorkersError):
        picture_reads_of(answers, ["ann/1.jpg"], VERSION)


def test_a_worker_of_another_version_is_named(read: PictureRead) -> None:
    with pytest.raises(WorkersError, match="install the same version of FaceRec on both"):
        picture_read_of(record_of(read), "ann/1.jpg", "another")
