"""Nearest neighbours: agreement with the plain definition."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import Embeddings, GallerySnapshot
from facerec_app.gallery import exact_index
from facerec_app.gallery.compressed_index import CompressedIndex
from facerec_app.gallery.exact_index import ExactIndex
from tests.unit.gallery.gallery_material import unit_vectors

MakeIndex = Callable[[GallerySnapshot], GalleryIndex]


@pytest.fixture(params=[ExactIndex, CompressedIndex])
def make_index(request: pytest.FixtureRequest) -> MakeIndex:
    chosen: MakeIndex = request.param
    if chosen is CompressedIndex:
        pytest.importorskip("faiss")
    return chosen


def snapshot_of(embeddings: Embeddings) -> GallerySnapshot:
    people = np.array([f"person {row // 3}" for row in range(len(embeddings))], dtype=np.str_)
    faces = np.array([f"face {row}" for row in range(len(embeddings))], dtype=np.str_)
    return GallerySnapshot(embeddings.vectors, people, faces, embeddings.extractor_version, 1)


@pytest.mark.parametrize("block_values", [4_000_000, 1, 700])
def test_it_agrees_with_sorting_all_cosines(
    make_index: MakeIndex, block_values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_index, "_BLOCK_VALUES", block_values)
    gallery, probes = unit_vectors(1, 501), unit_vectors(2, 7)
    index = make_index(snapshot_of(gallery))
    found = index.nearest(probes, 10)
    cosines = probes.vectors.astype(np.float64) @ gallery.vectors.T.astype(np.float64)
    assert found.gallery_rows.dtype == np.int64
    assert found.cosines.dtype == np.float32
    assert np.array_equal(found.gallery_rows, np.argsort(-cosines, axis=1)[:, :10])
    assert np.allclose(found.cosines, -np.sort(-cosines, axis=1)[:, :10], atol=1e-6)


def test_a_face_is_nearest_to_itself_and_cosines_never_exceed_one(make_index: MakeIndex) -> None:
    gallery = unit_vectors(3, 200)
    found = make_index(snapshot_of(gallery)).nearest(gallery, 1)
    assert np.array_equal(found.gallery_rows[:, 0], np.arange(200))
    assert found.cosines.max() <= 1.0


@pytest.mark.parametrize("count", [0, 1, 4, 5, 50])
def test_no_more_candidates_than_the_gallery_has(make_index: MakeIndex, count: int) -> None:
    found = make_index(snapshot_of(unit_vectors(1, 5))).nearest(unit_vectors(2, 3), count)
    assert found.gallery_rows.shape == found.cosines.shape == (3, min(count, 5))
    assert all(len(set(rows)) == len(rows) for rows in found.gallery_rows.tolist())


def test_an_empty_gallery_and_no_probes_give_empty_answers(make_index: MakeIndex) -> None:
    empty = Embeddings(np.zeros((0, 128), np.float32), unit_vectors(1).extractor_version)
    assert make_index(snapshot_of(empty)).nearest(unit_vectors(1, 3), 5).cosines.shape == (3, 0)
    nothing = Embeddings(np.zeros((0, 0), np.float32), empty.extractor_version)
    assert make_index(snapshot_of(nothing)).nearest(unit_vectors(1, 3), 5).cosines.shape == (3, 0)
    assert len(make_index(snapshot_of(unit_vectors(1, 5))).nearest(empty, 5)) == 0


def test_equal_cosines_come_in_the_order_of_the_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    vector = unit_vectors(1).vectors
    gallery = Embeddings(np.repeat(vector, 9, axis=0), unit_vectors(1).extractor_version)
    for block_values in (1, 100):
        monkeypatch.setattr(exact_index, "_BLOCK_VALUES", block_values)
        found = ExactIndex(snapshot_of(gallery)).nearest(unit_vectors(1), 9)
        assert found.gallery_rows.tolist() == [list(range(9))]


def test_vectors_of_another_extractor_are_refused(make_index: MakeIndex) -> None:
    with pytest.raises(ModelVersionMismatchError, match="other-extractor"):
        make_index(snapshot_of(unit_vectors(1, 5))).nearest(unit_vectors(1, 1, version="other-extractor"), 1)


def test_a_search_among_ten_thousand_faces_costs_little_more_than_the_bare_product() -> None:
    gallery, probes = unit_vectors(1, 10_000, 512), unit_vectors(2, 8, 512)
    index = ExactIndex(snapshot_of(gallery))

    def fastest(call: object, runs: int = 5) -> float:
        times = []
        for _ in range(runs):
            began_s = time.perf_counter()
            assert callable(call)
            call()
            times.append(time.perf_counter() - began_s)
        return min(times)

    bare_s = fastest(lambda: probes.vectors @ gallery.vectors.T)
    search_s = fastest(lambda: index.nearest(probes, 5))
    assert search_s < 20 * bare_s + 0.005


def test_among_many_faces_the_compressed_index_finds_what_the_exact_one_finds() -> None:
    pytest.importorskip("faiss")
    people = unit_vectors(5, 2000)
    generator = np.random.default_rng(6)
    faces = people.vectors.repeat(10, axis=0) + 0.04 * generator.normal(size=(20_000, 128)).astype(np.float32)
    gallery = Embeddings(faces / np.linalg.norm(faces, axis=1, keepdims=True), people.extractor_version)
    probes = Embeddings(gallery.vectors[::200], people.extractor_version)
    exact = ExactIndex(snapshot_of(gallery)).nearest(probes, 10)
    index = CompressedIndex(snapshot_of(gallery))
    found = index.nearest(probes, 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.gallery_rows, found.gallery_rows, strict=True)])
    assert recall >= 0.99
    assert np.allclose(found.cosines[:, 0], exact.cosines[:, 0], atol=1e-6)
    assert index.code_bytes == 128 * 20_000
