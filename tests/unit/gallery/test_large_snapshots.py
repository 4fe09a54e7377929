"""A large gallery is brought up to date by what has changed, and is then what reading it whole gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.types import GallerySnapshot
from facerec_app.decision.gallery_thresholds import GalleryThresholds
from facerec_app.decision.neighbour_bars import NeighbourBars
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.gallery.compressed_index import CompressedIndex
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.gallery_edits import GalleryEdits
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import FaceState
from facerec_app.gallery.unnamed_face import FaceOrigin
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.gallery.updated_index import UpdatedIndex, carried_over
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.feature_statistics import feature_statistics_from_bytes
from tests.unit.gallery.gallery_material import new_face, open_store, portrait, unit_vectors

VERSION = "test-extractor"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    """Return a gallery that thinks itself large, of four people with three faces each."""
    with open_store(tmp_path) as opened:
        opened._snapshots.updated_from = 1
        for name in ("Ada", "Grace", "Hedy", "Mary"):
            person = opened.add_person(name)
            for _ in range(3):
                add_face(opened, person.person_id)
        opened.snapshot(VERSION)
        yield opened


def add_face(store: GalleryStore, person_id: str) -> str:
    seed = store.revision
    face_id = store.add_face(person_id, new_face(seed))
    store.put_embeddings([face_id], unit_vectors(seed, 1, 16, VERSION))
    return face_id


def rows_of(snapshot: GallerySnapshot) -> dict[str, tuple[str, tuple[float, ...]]]:
    rows = zip(snapshot.face_ids.tolist(), snapshot.person_ids.tolist(), snapshot.vectors.tolist(), strict=True)
    return {face_id: (person_id, tuple(vector)) for face_id, person_id, vector in rows}


def check_carried(store: GalleryStore, before: GallerySnapshot, *, carried: bool = True) -> GallerySnapshot:
    """Check the present snapshot against one read whole, and what is carried over from the one before."""
    present = store.snapshot(VERSION)
    with open_store(store.paths.root) as other:
        whole = other.snapshot(VERSION)
    assert rows_of(present) == rows_of(whole)
    assert (present.revision, dict(present.names)) == (whole.revision, dict(whole.names))
    assert (present.change is not None) == carried
    if carried:
        check_templates(before, present)
        check_index(before, present)
    return present


def check_templates(before: GallerySnapshot, present: GallerySnapshot) -> None:
    found = PersonTemplates.of(before).carried_to(present)
    assert found is not None
    templates, fresh = found[0], PersonTemplates.of(present)
    order = np.argsort(templates.person_ids)
    assert templates.person_ids[order].tolist() == fresh.person_ids.tolist()
    np.testing.assert_allclose(templates.vectors[order], fresh.vectors, atol=1e-6)
    assert templates.face_counts[order].tolist() == fresh.face_counts.tolist()
    assert templates.person_ids[templates.person_of_face].tolist() == present.person_ids.tolist()


def check_index(before: GallerySnapshot, present: GallerySnapshot) -> None:
    pytest.importorskip("faiss")
    index = carried_over(CompressedIndex(before), present)
    assert isinstance(index, UpdatedIndex)
    probes = unit_vectors(99, 5, 16, VERSION)
    found, exact = index.nearest(probes, 6), ExactIndex(present).nearest(probes, 6)
    assert found.gallery_rows.tolist() == exact.gallery_rows.tolist()
    np.testing.assert_allclose(found.cosines, exact.cosines, atol=1e-6)


def test_faces_that_are_added_changed_and_removed(store: GalleryStore) -> None:
    before = store.snapshot(VERSION)
    ada, grace, hedy, mary = (person.person_id for person in store.people())
    new = add_face(store, ada)
    before = check_carried(store, before)
    store.move_face(new, grace)
    before = check_carried(store, before)
    store.remove_face(store.faces_of(hedy)[0].face_id)
    before = check_carried(store, before)
    store.set_face_state(store.faces_of(hedy)[0].face_id, FaceState.EXCLUDED)
    before = check_carried(store, before)
    store.set_face_state(store.faces_of(hedy)[0].face_id, FaceState.ACTIVE)
    before = check_carried(store, before)
    store.remove_person(mary)
    before = check_carried(store, before)
    store.merge_people(hedy, ada)
    before = check_carried(store, before)
    person = store.add_person("Rosalind")
    add_face(store, person.person_id)
    store.rename_person(ada, "Augusta")
    check_carried(store, before)


def test_a_change_that_is_undone_changes_nothing(store: GalleryStore) -> None:
    before = store.snapshot(VERSION)
    ada = store.people()[0].person_id
    with pytest.raises(ValueError, match="stop"), store.transaction():
        add_face(store, ada)
        raise ValueError("stop")
    assert store.snapshot(VERSION) is before
    add_face(store, ada)
    check_carried(store, before)


def test_a_face_that_was_removed_and_came_back_meanwhile_is_there_once(store: GalleryStore) -> None:
    before = store.snapshot(VERSION)
    edits = GalleryEdits(store)
    edits.take_back(edits.remove_faces([store.faces_of(store.people()[0].person_id)[0].face_id]))
    before = check_carried(store, before)
    unnamed = UnnamedFaces(store.database)
    face = new_face(90, embedded=False, pixels=255 - portrait())
    (face_id,) = unnamed.add([PreparedFace.of(face)], FaceOrigin.PICTURE)
    unnamed.put_embeddings([face_id], unit_vectors(90, 1, 16, VERSION))
    change = unnamed.name([face_id], "Katherine")
    before = check_carried(store, before)
    unnamed.take_back(change)
    unnamed.name([face_id], "Rosalind")
    present = check_carried(store, before)
    assert present.face_ids.tolist().count(face_id) == 1


def test_a_face_that_came_went_and_came_back_meanwhile_is_there_once(store: GalleryStore) -> None:
    before = store.snapshot(VERSION)
    edits, new = GalleryEdits(store), add_face(store, store.people()[0].person_id)
    edits.take_back(edits.remove_faces([new]))
    assert check_carried(store, before).face_ids.tolist().count(new) == 1


def test_what_another_program_changed_is_read_whole(store: GalleryStore) -> None:
    before = store.snapshot(VERSION)
    with open_store(store.paths.root) as other:
        add_face(other, other.people()[0].person_id)
    before = check_carried(store, before, carried=False)
    add_face(store, store.people()[1].person_id)
    check_carried(store, before)


def test_an_index_is_carried_over_many_changes(store: GalleryStore) -> None:
    pytest.importorskip("faiss")
    index: object = CompressedIndex(store.snapshot(VERSION))
    for _ in range(3):
        person = store.people()[0].person_id
        add_face(store, person)
        index = carried_over(index, store.snapshot(VERSION))
        store.remove_face(store.faces_of(person)[0].face_id)
        index = carried_over(index, store.snapshot(VERSION))
    assert isinstance(index, UpdatedIndex)
    probes = unit_vectors(7, 4, 16, VERSION)
    exact = ExactIndex(store.snapshot(VERSION)).nearest(probes, 12)
    assert index.nearest(probes, 12).gallery_rows.tolist() == exact.gallery_rows.tolist()


def test_bars_by_neighbours_are_those_by_everybody() -> None:
    models = ModelStore()
    statistics = feature_statistics_from_bytes(models.read("feature-statistics-sface"), "statistics")
    vectors = statistics.sample(500, 3, np.random.default_rng(5)).vectors
    people = np.repeat([f"person-{number:03d}" for number in range(500)], 3)
    network = SimilarityNetwork.from_bytes(models.read("similarity-sface"), "similarity")
    snapshot = GallerySnapshot(vectors, people, people, network.weights.extractor_version, 1)
    templates, index = PersonTemplates.of(snapshot), ExactIndex(snapshot)
    everybody = GalleryThresholds.of(snapshot, templates, network)
    bars = NeighbourBars(index, templates, network, weight=0.3)
    rows = np.arange(500).reshape(100, 5)
    assert everybody.raises.max() > 0.1
    np.testing.assert_allclose(bars.raises_of(rows, templates, index), everybody.raises[rows], atol=1e-4)
    bars.forget(templates.person_ids[:1])
    np.testing.assert_allclose(bars.raises_of(rows, templates, index), everybody.raises[rows], atol=1e-4)


def test_nobody_is_held_to_a_higher_bar_where_there_are_no_others() -> None:
    network = SimilarityNetwork.from_bytes(ModelStore().read("similarity-sface"), "similarity")
    vectors = np.eye(128, dtype=np.float32)[:3]
    people = np.full(3, "only", "<U8")
    snapshot = GallerySnapshot(vectors, people, people, network.weights.extractor_version, 1)
    templates, index = PersonTemplates.of(snapshot), ExactIndex(snapshot)
    bars = NeighbourBars(index, templates, network, weight=0.3)
    assert bars.raises_of(np.zeros((1, 2), np.int64), templates, index).tolist() == [[0.0, 0.0]]
