"""When people were last seen: in memory always, on disk only when asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.services.last_seen import LastSeen
from facerec_app.services.people import PeopleService
from tests.unit.gallery.gallery_material import new_face, open_store

NOON = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    store = open_store(tmp_path / "gallery")
    store.add_face(store.add_person("Ann").person_id, new_face(1))
    yield store
    store.close()


def test_nothing_is_written_unless_it_is_asked_for(store: GalleryStore) -> None:
    ann = store.people()[0].person_id
    seen = LastSeen(store)
    assert not seen.is_kept
    assert seen.note([ann], NOON)
    seen.store()
    assert seen.times() == {ann: NOON}, "this session knows"
    assert LastSeen(store).times() == {}, "the next does not"


def test_one_time_a_person_is_kept_to_the_minute_and_at_most_once_a_minute(store: GalleryStore) -> None:
    ann = store.people()[0].person_id
    seen = LastSeen(store)
    seen.keep(True)
    assert seen.note([ann], NOON)
    seen.store()
    assert not seen.note([ann], NOON + timedelta(seconds=59))
    assert seen.note([ann], NOON + timedelta(seconds=61))
    seen.store()
    assert LastSeen(store).times() == {ann: NOON.replace(minute=1, second=0)}


def test_everybody_is_kept_with_their_own_time(store: GalleryStore) -> None:
    ann, bo = store.people()[0].person_id, store.add_person("Bo").person_id
    seen = LastSeen(store)
    seen.note([ann], NOON - timedelta(hours=3))
    seen.keep(True)
    seen.note([bo], NOON)
    seen.store()
    assert LastSeen(store).times() == {
        ann: (NOON - timedelta(hours=3)).replace(second=0),
        bo: NOON.replace(second=0),
    }


def test_a_clock_that_was_put_back_is_followed(store: GalleryStore) -> None:
    ann = store.people()[0].person_id
    seen = LastSeen(store)
    seen.keep(True)
    seen.note([ann], NOON)
    seen.store()
    assert not seen.note([ann], NOON - timedelta(seconds=30)), "still at most once a minute"
    assert seen.note([ann], NOON - timedelta(hours=2))
    seen.store()
    assert not seen.note([ann], NOON - timedelta(hours=2, seconds=-30))
    assert seen.note([ann], NOON - timedelta(hours=2, minutes=-1))
    assert LastSeen(store).times() == {ann: NOON.replace(hour=10, second=0)}


def test_it_is_no_change_that_faces_in_view_are_judged_anew_for(store: GalleryStore) -> None:
    seen = LastSeen(store)
    revision = store.revision
    seen.keep(True)
    seen.note([store.people()[0].person_id], NOON)
    seen.store()
    assert store.revision == revision


def test_switching_it_off_erases_and_removing_a_person_forgets(store: GalleryStore) -> None:
    ann = store.people()[0].person_id
    people = PeopleService(store)
    people.last_seen.keep(True)
    people.last_seen.note([ann], NOON)
    people.last_seen.store()
    people.last_seen.keep(False)
    assert LastSeen(store).times() == {}
    people.last_seen.keep(True)
    people.last_seen.note([ann], NOON + timedelta(minutes=5))
    people.last_seen.store()
    people.remove("Ann")
    assert people.last_seen.times() == LastSeen(store).times() == {}
    people.last_seen.note(["somebody removed"], NOON)
    people.last_seen.store()
    assert LastSeen(store).times() == {}


def test_what_is_kept_is_part_of_a_persons_export(store: GalleryStore, tmp_path: Path) -> None:
    people = PeopleService(store)
    people.last_seen.keep(True)
    people.last_seen.note([store.people()[0].person_id], NOON)
    people.last_seen.store()
    people.export("Ann", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "person.json").read_text(encoding="utf-8"))
    assert record["last_seen"] == "2026-05-04T12:00:00+00:00"
