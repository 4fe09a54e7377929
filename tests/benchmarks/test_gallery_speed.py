"""How long the gallery takes: ``pytest -s -m benchmark tests/benchmarks/test_gallery_speed.py``."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.types import Embeddings, GallerySnapshot
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.records import NewFace
from tests.unit.gallery.gallery_material import new_face, open_store, portrait, unit_vectors

pytestmark = pytest.mark.benchmark
FACES = 5000
VERSION = "benchmark"


def small_face(seed: int, dimension: int) -> NewFace:
    face = new_face(seed)
    cut = np.ascontiguousarray(portrait()[90:300, 180:340])
    return NewFace(
        cut,
        np.array([0, 0, 160, 210], np.float32),
        face.landmarks_xy - 90,
        0.9,
        "benchmark",
        160.0,
        0.5,
        0.0,
        0.5,
        unit_vectors(seed, 1, dimension, VERSION),
    )


@pytest.mark.parametrize("dimension", [128, 2048])
def test_gallery_of_five_thousand_faces(tmp_path: Path, dimension: int) -> None:
    faces = [small_face(seed, dimension) for seed in range(100)]
    with open_store(tmp_path) as store:
        person_ids = [store.add_person(f"Person {number}").person_id for number in range(FACES // 5)]
        began_s = time.perf_counter()
        for number in range(50):
            store.add_face(person_ids[number], faces[number])
        single_ms = (time.perf_counter() - began_s) / 50 * 1000
        began_s = time.perf_counter()
        with store.batch():
            for number in range(50, FACES):
                store.add_face(person_ids[number % len(person_ids)], faces[number % 100])
        batch_ms = (time.perf_counter() - began_s) / (FACES - 50) * 1000
    began_s = time.perf_counter()
    store = open_store(tmp_path)
    open_ms = (time.perf_counter() - began_s) * 1000
    began_s = time.perf_counter()
    snapshot = store.snapshot(VERSION)
    snapshot_ms = (time.perf_counter() - began_s) * 1000
    began_s = time.perf_counter()
    assert store.check() == ()
    check_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    store.remove_person(person_ids[0])
    remove_ms = (time.perf_counter() - began_s) * 1000
    store.close()
    assert len(snapshot) == FACES
    print(
        f"\n{FACES} faces, {dimension} values: add {single_ms:.1f} ms, in a batch {batch_ms:.1f} ms a face; "
        f"open {open_ms:.0f} ms, snapshot {snapshot_ms:.0f} ms, check {check_s:.1f} s, "
        f"remove a person {remove_ms:.0f} ms; "
        f"database {(tmp_path / 'gallery.sqlite3').stat().st_size / 1e6:.1f} MB"
    )


@pytest.mark.parametrize(("count", "dimension"), [(1000, 128), (10_000, 128), (10_000, 2048), (100_000, 128)])
def test_nearest(count: int, dimension: int) -> None:
    gallery = unit_vectors(1, count, dimension, VERSION)
    names = np.array(["x"] * count, dtype=np.str_)
    index = ExactIndex(GallerySnapshot(gallery.vectors, names, names, VERSION, 1))
    print()
    for probes in (1, 8):
        some = Embeddings(gallery.vectors[:probes], VERSION)
        times = []
        for _ in range(9):
            began_s = time.perf_counter()
            index.nearest(some, 10)
            times.append(time.perf_counter() - began_s)
        print(f"{count} faces, {dimension} values, {probes} probes: {1000 * min(times):.2f} ms")
