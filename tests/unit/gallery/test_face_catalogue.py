"""Lists of faces: filters, orders, pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from facerec_app.gallery.face_catalogue import FaceCatalogue
from facerec_app.gallery.face_faults import faults_of
from facerec_app.gallery.face_filter import FaceFilter, FaceOrder, FaceQuality
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import FaceState, NewFace
from tests.unit.gallery.gallery_material import new_face, open_store


def face(seed: int, **measured: float | str) -> NewFace:
    return replace(new_face(seed, embedded=False), **measured)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    """Return a gallery of two people with five faces."""
    with open_store(tmp_path) as opened:
        zoe, ada = opened.add_person("Zoe Ångström"), opened.add_person("ada 100%")
        opened.add_faces(
            zoe.person_id,
            [
                face(0, source="party_1.jpg", size_px=50.0),
                face(1, source="party 2.jpg", sharpness=0.1, size_px=40.0),
                face(2, source="beach.jpg"),
            ],
        )
        opened.add_faces(ada.person_id, [face(3, source="Beach.png", yaw_deg=-50.0), face(4, brightness=0.9)])
        yield opened


def sources(store: GalleryStore, wanted: FaceFilter, order: FaceOrder = FaceOrder.OLDEST) -> list[str]:
    catalogue = FaceCatalogue(store.database)
    return [listed.face.source for listed in catalogue.read(catalogue.find(wanted, order).sequences)]


ALL = ["party_1.jpg", "party 2.jpg", "beach.jpg", "Beach.png", "test 4"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (FaceFilter(), ALL),
        (FaceFilter(person_text="ÅNGSTRÖM"), ALL[:3]),
        (FaceFilter(person_text="0%"), ALL[3:]),
        (FaceFilter(person_text="%"), ALL[3:]),
        (FaceFilter(source_text="party_"), ALL[:1]),
        (FaceFilter(source_text="beach"), ALL[2:4]),
        (FaceFilter(quality=FaceQuality.GOOD), ["beach.jpg"]),
        (FaceFilter(quality=FaceQuality.FAULTY), [ALL[0], ALL[1], ALL[3], ALL[4]]),
        (FaceFilter(quality=FaceQuality.SMALL), ALL[:2]),
        (FaceFilter(quality=FaceQuality.BLURRED), ALL[1:2]),
        (FaceFilter(quality=FaceQuality.TURNED), ALL[3:4]),
        (FaceFilter(quality=FaceQuality.BRIGHT), ALL[4:]),
        (FaceFilter(quality=FaceQuality.DARK), []),
        (FaceFilter(person_text="zoe", quality=FaceQuality.SMALL, source_text="2"), ALL[1:2]),
    ],
)
def test_filter_selects_what_fits_all_conditions(store: GalleryStore, wanted: FaceFilter, found: list[str]) -> None:
    assert sources(store, wanted) == found


def test_quality_in_the_database_is_that_of_the_words_on_the_cards(store: GalleryStore) -> None:
    catalogue = FaceCatalogue(store.database)
    everything = catalogue.read(catalogue.find(FaceFilter(), FaceOrder.OLDEST).sequences)
    for quality in FaceQuality:
        if quality not in {FaceQuality.ANY, FaceQuality.GOOD, FaceQuality.FAULTY}:
            by_words = [
                one.face.source for one in everything if quality.value in {fault.value for fault in faults_of(one.face)}
            ]
            assert sources(store, FaceFilter(quality=quality)) == by_words


def test_orders(store: GalleryStore) -> None:
    assert sources(store, FaceFilter(), FaceOrder.NEWEST) == ALL[::-1]
    assert sources(store, FaceFilter(), FaceOrder.NAME) == [*ALL[3:], *ALL[:3]]
    best = sources(store, FaceFilter(), FaceOrder.BEST)
    assert best[0] == "beach.jpg"
    assert best[-1] == "party 2.jpg"
    assert sources(store, FaceFilter(), FaceOrder.WORST)[0] == "party 2.jpg"


def test_day_and_use_are_conditions_too(store: GalleryStore) -> None:
    now = datetime.now(UTC)
    assert sources(store, FaceFilter(added_from=now - timedelta(hours=1))) == ALL
    assert sources(store, FaceFilter(added_before=now - timedelta(hours=1))) == []
    east = now.astimezone(datetime.now().astimezone().tzinfo)
    assert sources(store, FaceFilter(added_from=east + timedelta(minutes=1))) == []
    zoe = store.find_person("zoe ångström")
    store.set_face_state(store.faces_of(zoe.person_id)[0].face_id, FaceState.EXCLUDED)
    assert sources(store, FaceFilter(state=FaceState.EXCLUDED)) == ALL[:1]
    assert sources(store, FaceFilter(state=FaceState.ACTIVE, person_id=zoe.person_id)) == ALL[1:3]


def test_faces_that_went_meanwhile_are_missing_from_a_list_that_was_read_before(store: GalleryStore) -> None:
    catalogue = FaceCatalogue(store.database)
    listing = catalogue.find(FaceFilter(), FaceOrder.NEWEST)
    gone = catalogue.face_ids(listing.sequences)[1]
    store.remove_face(gone)
    assert [one.face.source for one in catalogue.read(listing.sequences)] == [ALL[4], *ALL[2::-1]]
    assert gone not in catalogue.face_ids(listing.sequences)
    assert len(catalogue.face_ids(listing.sequences)) == 4
    assert catalogue.read(listing.sequences)[0].name == "ada 100%"


def test_long_lists_are_read_in_parts(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("Many")
        with store.batch():
            store.add_faces(person.person_id, [face(0)] * 3)
        catalogue = FaceCatalogue(store.database)
        (a, b, c) = catalogue.find(FaceFilter(), FaceOrder.OLDEST).sequences
        many = np.array([c, a, b] * 400, np.int64)
        assert len(catalogue.face_ids(many)) == 1200
        assert [one.face.face_id for one in catalogue.read(many)][:3] == list(catalogue.face_ids(many[:3]))
