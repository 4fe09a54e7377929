"""Lists by likeness, doubtful faces, pages and thumbnails; and searching from what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.errors import ConfigError, GalleryReadError
from facerec_app.core.types import Embeddings, Float32Array
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.face_filter import FaceFilter, FaceOrder
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import FaceState, NewFace
from facerec_app.gallery.unnamed_face import FaceOrigin, UnnamedState
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.models.model_store import ModelStore
from facerec_app.services.face_search import FaceSearchService
from facerec_app.services.gallery_browser import FACES_A_PAGE, FaceQuery, FaceSuspicion, GalleryBrowser
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.progress import Progress
from facerec_app.training.feature_statistics import feature_statistics_from_bytes
from tests.unit.gallery.gallery_material import new_face, open_store, portrait

STATISTICS = feature_statistics_from_bytes(ModelStore().read("feature-statistics-sface"), "statistics")
VERSION = STATISTICS.extractor_version
PEOPLE, FACES = 6, 4


@dataclass
class SilentExtractor:
    """Says which version it is and is never asked for features."""

    version: str = VERSION
    dimension: int = 128

    def embed(self, crops: object) -> Embeddings:
        raise AssertionError


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> NetworkInUse:
    """Return the shipped similarity network of SFace's features."""
    return ComposedApplication(Settings(database_dir=tmp_path_factory.mktemp("none")))._shipped_network()


@pytest.fixture(scope="module")
def vectors() -> Float32Array:
    """Return features of six people with four faces each, drawn from SFace's statistics."""
    return STATISTICS.sample(PEOPLE, FACES, np.random.default_rng(2)).vectors


def face_with(vector: Float32Array, number: int) -> NewFace:
    pixels = np.roll(portrait(), 3 * number, axis=1)
    face = new_face(number, embedded=False, pixels=np.ascontiguousarray(pixels[60:330, 150:370]))
    return NewFace(
        face.pixels_rgb, np.array([30, 30, 190, 240], np.float32), face.landmarks_xy - np.array([150, 60], np.float32),
        0.9, f"test {number}", 160.0, 0.6, 0.0, 0.5, Embeddings(vector[None], VERSION),
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, vectors: Float32Array) -> Iterator[GalleryStore]:
    """Return a gallery in which the second person has a face of the first."""
    with open_store(tmp_path) as opened:
        people = [opened.add_person(f"Person {number}").person_id for number in range(PEOPLE)]
        owners = np.repeat(np.arange(PEOPLE), FACES)
        owners[0] = 1
        with opened.batch():
            for row, owner in enumerate(owners):
                opened.add_face(people[owner], face_with(vectors[row], row))
        yield opened


@pytest.fixture
def browser(store: GalleryStore, network: NetworkInUse) -> GalleryBrowser:
    return GalleryBrowser(store, lambda: store.snapshot(VERSION), lambda: network)


@pytest.fixture
def search(store: GalleryStore, network: NetworkInUse) -> FaceSearchService:
    """Return a search that starts from what is kept, so that neither detector nor aligner is needed."""
    nothing = object()
    return FaceSearchService(
        store, nothing, nothing, SilentExtractor(), lambda: network,  # type: ignore[arg-type]
        lambda: ExactIndex(store.snapshot(VERSION)), UnnamedFaces(store.database),
    )  # fmt: skip


def sources(browser: GalleryBrowser, query: FaceQuery) -> list[str]:
    listing = browser.find(query)
    pages = range(-(-len(listing) // FACES_A_PAGE))
    return [listed.face.source for number in pages for listed in browser.page(listing, number)]


def test_faces_most_like_a_chosen_one_come_first_and_unused_ones_last(
    store: GalleryStore, browser: GalleryBrowser
) -> None:
    everything = browser.find(FaceQuery(order=FaceOrder.OLDEST))
    ids = browser.face_ids(everything)
    by_likeness = sources(browser, FaceQuery(like_face_id=ids[8]))
    assert by_likeness[0] == "test 8"
    assert set(by_likeness[:4]) == {"test 8", "test 9", "test 10", "test 11"}
    assert len(by_likeness) == PEOPLE * FACES
    store.set_face_state(ids[9], FaceState.EXCLUDED)
    assert sources(browser, FaceQuery(like_face_id=ids[8]))[-1] == "test 9"
    likeness = browser.likeness(ids, ids[8])
    assert ids[9] not in likeness
    assert likeness[ids[10]] > 0.9
    assert likeness[ids[20]] < 0.1
    some = FaceFilter(source_text="test 1")
    assert set(sources(browser, FaceQuery(some, like_face_id=ids[8]))[:2]) == {"test 10", "test 11"}
    with pytest.raises(ConfigError, match="takes no part"):
        browser.find(FaceQuery(like_face_id=ids[9]))


def test_face_that_lies_with_the_wrong_person_is_found_and_no_longer_when_it_was_moved(
    store: GalleryStore, browser: GalleryBrowser
) -> None:
    wrong = FaceQuery(suspicion=FaceSuspicion.WRONG_PERSON)
    told: list[Progress] = []
    assert [one.face.source for one in browser.page(browser.find(wrong, progress=told.append), 0)] == ["test 0"]
    assert told[-1].done == PEOPLE * FACES
    (listed,) = browser.page(browser.find(wrong), 0)
    assert listed.name == "Person 1"
    assert browser.resembled([listed.face.face_id]) == {listed.face.face_id: "Person 0"}
    store.move_face(listed.face.face_id, store.find_person("Person 0").person_id)
    assert len(browser.find(wrong)) == 0


def test_thumbnails_of_lost_pictures_and_removed_faces_are_left_out(
    store: GalleryStore, browser: GalleryBrowser, vectors: Float32Array
) -> None:
    listing = browser.find(FaceQuery(order=FaceOrder.OLDEST))
    first, second, third = (listed.face for listed in browser.page(listing, 0)[:3])
    first.picture_file.unlink()
    assert set(browser.thumbnails([first, second])) == {second.face_id}
    (unnamed,) = UnnamedFaces(store.database).add([PreparedFace.of(face_with(vectors[5], 77))], FaceOrigin.PICTURE)
    store.remove_face(third.face_id)
    found = browser.thumbnails_of([third.face_id, unnamed, second.face_id])
    assert list(found) == [unnamed, second.face_id]


def test_search_finds_faces_without_a_name_and_goes_on_from_them_but_not_those_never_to_be_asked_about(
    store: GalleryStore, search: FaceSearchService, vectors: Float32Array
) -> None:
    unnamed = UnnamedFaces(store.database)
    kept = unnamed.add([PreparedFace.of(face_with(vectors[row], 100 + row)) for row in (4, 20)], FaceOrigin.LIVE)
    mine = store.faces_of(store.find_person("Person 1").person_id)[1]
    assert mine.source == "test 4"
    hits = search.search_face(mine.face_id, top=3).hits
    assert (hits[0].face_id, hits[0].person_id, hits[0].name) == (kept[0], "", "")
    assert {hit.name for hit in hits[1:]} == {"Person 1"}
    onwards = search.search_face(kept[0], top=4)
    assert onwards.hits[0].face_id == mine.face_id
    assert kept[0] not in {hit.face_id for hit in onwards.hits}
    assert search.search_features(onwards.features, top=1)[0][0].probability > 0.99
    unnamed.set_state([kept[0]], UnnamedState.IGNORED)
    assert kept[0] not in {hit.face_id for hit in search.search_face(mine.face_id, top=30).hits}
    with open_store(store.paths.root) as other_program:
        UnnamedFaces(other_program.database).set_state([kept[0]], UnnamedState.OPEN)
    assert search.search_face(mine.face_id, top=1).hits[0].face_id == kept[0]


def test_search_from_a_face_that_cannot_be_searched_from_says_why(
    store: GalleryStore, search: FaceSearchService
) -> None:
    face = store.faces_of(store.people()[0].person_id)[0]
    store.set_face_state(face.face_id, FaceState.EXCLUDED)
    with pytest.raises(ConfigError, match="include it again"):
        search.search_face(face.face_id)
    with pytest.raises(GalleryReadError, match="no face"):
        search.search_face("00000000-0000-0000-0000-000000000000")
