"""``facerec train`` and ``facerec versions`` on a gallery of people who do not exist, in this process."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from facerec_app.config.paths import DatabasePaths
from facerec_app.core.file_lock import FileLock
from facerec_app.core.types import Embeddings
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.models.version_store import WEIGHTS_NAME, VersionStore
from facerec_app.services.gallery_training import TRAINING_LOCK
from tests.e2e.conftest import Facerec
from tests.retraining_material import enrol_features, sampled_people, with_lookalikes

FAST = ("--epochs", "1", "--seed", "3")


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Return the folder of a gallery of 12 people, two of whom look alike and were corrected."""
    folder = tmp_path / "gallery"
    enrol_features(folder, with_lookalikes(sampled_people(12, 3)), different=[(0, 3)])
    return folder


def no_space(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_correction_is_followed_after_training_and_taken_back_with_the_version(
    facerec: Facerec, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = facerec("train", *FAST, "--json-progress")
    assert ran.code == 0, ran.stderr
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    result = events[-1]
    assert result["event"] == "result"
    assert result["outcome"] == "promoted"
    assert result["corrections_right"] == [0, 1]
    assert [{change["left"], change["right"]} for change in result["changed_corrections"]] == [
        {"sampled-000000", "sampled-000001"}
    ]
    stages = list(dict.fromkeys(event["stage"] for event in events[:-1]))
    assert stages == ["reading", "starting", "training", "calibrating", "comparing", "storing"]
    epoch = next(event for event in events if event.get("epoch"))
    assert 0.9 < epoch["validation_accuracy"] <= 1.0
    assert epoch["loss"] > 0
    assert epoch["seconds_left"] >= 0

    listed = facerec("versions", "list", "--json").json["versions"]
    assert [(version["version"], version["present"]) for version in listed] == [(result["version_id"], True)]
    assert {len(faces) for faces in listed[0]["people"].values()} == {3}
    assert "In use now: the shipped network" in facerec("versions", "rollback").stdout
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_space)
        failed = facerec("versions", "promote", result["version_id"])
    assert failed.code == 5
    assert "No space left on device" in failed.stderr
    assert not any(version["present"] for version in facerec("versions", "list", "--json").json["versions"])
    assert "In use now" in facerec("versions", "promote", result["version_id"][:10]).stdout
    refused = facerec("versions", "remove", result["version_id"], "--yes")
    assert refused.code == 2
    assert "is in use" in refused.stderr

    # The same data and seed again: the same weights.
    store = VersionStore(DatabasePaths(gallery).versions_dir)
    store.rollback()
    again = facerec("train", *FAST, "--json").json
    assert store.ids() == (result["version_id"], again["version_id"])
    assert len({store.read(name).weights for name in store.ids()}) == 1

    # Whoever goes takes along what was learnt from them, and is told so.
    removed = facerec("people", "remove", "sampled-000005", "--yes")
    assert removed.code == 0
    assert "2 versions of the network were trained on sampled-000005's faces" in removed.stderr
    assert not store.ids()
    assert not list(store.folder.rglob(WEIGHTS_NAME))


def test_training_is_refused_in_one_line(facerec: Facerec, gallery: Path, tmp_path: Path) -> None:
    def refused(*arguments: object, code: int, said: str) -> None:
        ran = facerec(*arguments)
        assert ran.code == code, ran.stderr
        lines = [line for line in ran.stderr.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, ran.stderr
        assert said in lines[0]
        assert not VersionStore(DatabasePaths(gallery).versions_dir).ids()

    refused("--database", tmp_path / "empty", "train", code=7, said="Nobody is enrolled")
    refused("train", "--objective", "siamese", code=2, said="choose one of similarity, triplet, ranking")
    refused("train", "--hidden", "a,b", code=2, said="give numbers with commas")
    refused("train", "--objective", "triplet", "--hidden", "8", code=2, said="has no option: hidden sizes.")
    refused("train", "--epochs", "0", code=2, said="epochs")
    refused("train", "--profile", "no-such", code=2, said="There is no recognition profile")

    lock = FileLock(DatabasePaths(gallery).versions_dir / TRAINING_LOCK)
    DatabasePaths(gallery).versions_dir.mkdir(exist_ok=True)
    assert lock.acquire()
    refused("train", code=7, said="is being retrained already")
    lock.release()


def test_features_of_another_extractor_are_no_obstacle_and_nan_is_named(facerec: Facerec, gallery: Path) -> None:
    with GalleryStore(DatabasePaths(gallery)) as store:
        face_id = store.faces_of(store.people()[0].person_id)[0].face_id
        vector = np.full((1, 128), np.nan, "<f4")
        version = sampled_people(1, 1).extractor_version
        from facerec_app.gallery import embedding_rows

        with store.database.write() as connection:
            embedding_rows.upsert_embeddings(connection, [face_id], vector, version)
        store.put_embeddings([face_id], Embeddings(np.ones((1, 7), np.float32), "another extractor"))
    ran = facerec("train", *FAST)
    assert ran.code == 7
    assert f"The features of face {face_id}" in ran.stderr
    assert "sampled-000000" in ran.stderr


def test_people_and_faces_are_said_to_be_different_or_the_same(facerec: Facerec, gallery: Path) -> None:
    ran = facerec("people", "different", "sampled-000002", "sampled-000003", "--by", "Ada")
    assert ran.code == 0, ran.stderr
    assert "3 pairs of faces to learn from" in ran.stdout
    with GalleryStore(DatabasePaths(gallery)) as store:
        said = store.judgements()[1:]
        assert {judgement.decided_by for judgement in said} == {"Ada"}
        owners = {store.get_face(face).person_id for judgement in said for face in (
            judgement.left_face_id, judgement.right_face_id)}  # fmt: skip
        assert {store.get_person(person).name for person in owners} == {"sampled-000002", "sampled-000003"}
        first, second = (face.face_id for face in store.faces_of(store.people()[4].person_id)[:2])
    assert facerec("people", "same", first[:12], second[:12]).code == 0
    assert facerec("people", "different", first[:12], second[:12]).code == 0
    refused = facerec("people", "different", "sampled-000002", "sampled-000002")
    assert "name two" in refused.stderr
    with GalleryStore(DatabasePaths(gallery)) as store:
        assert [judgement.same_person for judgement in store.judgements()] == [False] * 5


def test_statistics_of_features_are_printed(facerec: Facerec, gallery: Path) -> None:
    ran = facerec("features", "stats")
    assert "36 faces of 12 people, 128 values each" in ran.stdout
    assert "spread between people" in ran.stdout
