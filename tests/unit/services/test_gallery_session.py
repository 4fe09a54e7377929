"""The gallery as recognition sees it."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import Embeddings, FaceCrops
from facerec_app.gallery.compressed_index import CompressedIndex
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.progress import Progress
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, picture_files


class MeanColourExtractor:
    """Embeds a crop as the direction of its colours: small, and the same for the same picture."""

    dimension = 12

    def __init__(self, version: str = VERSION) -> None:
        self.version = version
        self.embedded = 0

    def embed(self, crops: FaceCrops) -> Embeddings:
        self.embedded += len(crops)
        thirds = [part.mean(axis=(1, 2)) for part in np.array_split(crops.pixels_rgb, 4, axis=1)]
        vectors = np.concatenate(thirds, axis=1).astype(np.float32)
        return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), self.version)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    store = open_store(tmp_path / "gallery")
    yield store
    store.close()


def session_of(store: GalleryStore, extractor: MeanColourExtractor) -> GallerySession:
    return GallerySession(store, extractor, FivePointAligner(next(iter(TEMPLATES.values())), 112))


def test_the_index_stays_the_same_until_something_changes(store: GalleryStore) -> None:
    session = session_of(store, MeanColourExtractor())
    empty = session.index()
    assert session.index() is empty
    person = store.add_person("Ann")
    store.add_face(person.person_id, new_face(1))
    full = session.index()
    assert (len(empty.snapshot), len(full.snapshot)) == (0, 1)
    assert full.snapshot.revision > empty.snapshot.revision


def test_observers_get_the_new_index_until_they_are_forgotten(store: GalleryStore) -> None:
    session = session_of(store, MeanColourExtractor())
    heard: list[GalleryIndex] = []
    observer = heard.append
    session.observe(observer)
    store.add_face(store.add_person("Ann").person_id, new_face(1))
    session.announce()
    session.forget(observer)
    session.announce()
    assert [len(index.snapshot) for index in heard] == [1]


def test_faces_are_embedded_once_for_each_extractor_version(store: GalleryStore) -> None:
    person = store.add_person("Ann")
    for seed in range(20):
        store.add_face(person.person_id, new_face(seed))
    new = MeanColourExtractor("another-extractor-1")
    session = session_of(store, new)
    assert len(session.index().snapshot) == 0
    heard: list[Progress] = []
    assert session.embed_missing(progress=heard.append) == 20
    assert (heard[0].done, heard[-1].done, heard[-1].total) == (0, 20, 20)
    assert session.embed_missing() == 0
    assert new.embedded == 20
    assert session.index().snapshot.extractor_version == "another-extractor-1"
    assert len(session.index().snapshot) == 20
    assert len(session_of(store, MeanColourExtractor()).index().snapshot) == 20, "the earlier version's are kept"


def test_what_was_embedded_before_a_cancellation_is_kept(store: GalleryStore) -> None:
    person = store.add_person("Ann")
    for seed in range(40):
        store.add_face(person.person_id, new_face(seed, embedded=False))
    session = session_of(store, MeanColourExtractor())
    asked: list[bool] = []

    def second_time() -> bool:
        asked.append(True)
        return len(asked) > 1

    session.embed_missing(cancelled=second_time)
    kept = len(session.index().snapshot)
    assert 0 < kept < 40
    session.embed_missing()
    assert len(session.index().snapshot) == 40


def test_a_damaged_picture_is_named_once_and_keeps_nobody_else_from_being_embedded(
    store: GalleryStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    person = store.add_person("Ann")
    for seed in range(3):
        store.add_face(person.person_id, new_face(seed, embedded=False))
    damaged = picture_files(tmp_path / "gallery")[0]
    damaged.write_bytes(b"no picture any more")
    session = session_of(store, MeanColourExtractor())
    assert session.embed_missing() == 2
    assert session.embed_missing() == 0
    assert len(session.index().snapshot) == 2
    (line,) = caplog.messages
    assert damaged.name in line


def test_a_very_large_gallery_is_compressed_behind_the_scenes_and_observers_hear_of_it(store: GalleryStore) -> None:
    pytest.importorskip("faiss")
    session = session_of(store, MeanColourExtractor())
    session.compressed_from = 3
    heard: queue.Queue[GalleryIndex] = queue.Queue()
    session.observe(heard.put)
    person = store.add_person("Ann")
    for seed in range(3):
        store.add_face(person.person_id, new_face(seed))
    first = session.index()
    assert isinstance(first, ExactIndex)
    compressed = heard.get(timeout=20.0)
    assert isinstance(compressed, CompressedIndex)
    assert compressed.snapshot is first.snapshot
    assert session.index() is compressed
    store.add_face(person.person_id, new_face(9))
    assert len(session.index().snapshot) == 4
    assert len(heard.get(timeout=20.0).snapshot) == 4
