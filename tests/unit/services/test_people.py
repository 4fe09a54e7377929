"""The people of the gallery by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, DuplicatePersonError, OutputWriteError, PersonNotFoundError
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.services.people import PeopleService
from tests.unit.gallery.gallery_material import new_face, open_store, portrait


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    store = open_store(tmp_path / "gallery")
    for name in ("Bo", "Ann"):
        store.add_face(store.add_person(name).person_id, new_face(len(name)))
    yield store
    store.close()


def test_people_are_listed_by_name_and_found_by_name_or_identifier(store: GalleryStore) -> None:
    people = PeopleService(store)
    assert [person.name for person in people.everybody()] == ["Ann", "Bo"]
    ann = people.find("ANN")
    assert people.find(ann.person_id) == ann
    with pytest.raises(PersonNotFoundError, match="Ann"):
        people.find("Anna")
    assert len(people.faces("bo")) == 1


def test_a_name_can_be_changed_but_not_to_one_that_is_taken_or_none(store: GalleryStore) -> None:
    people = PeopleService(store)
    assert people.rename("Ann", "Ann Lee").name == "Ann Lee"
    with pytest.raises(DuplicatePersonError):
        people.rename("Ann Lee", "bo")
    with pytest.raises(ConfigError):
        people.rename("Ann Lee", "../x")
    assert [person.name for person in people.everybody()] == ["Ann Lee", "Bo"]
    assert people.rename("Bo", "BO").name == "BO", "another spelling of one's own name is free"


def test_a_removed_person_is_gone_with_their_pictures(store: GalleryStore, tmp_path: Path) -> None:
    people = PeopleService(store)
    picture = people.faces("Ann")[0].picture_file
    people.remove("Ann")
    assert not picture.exists()
    assert [person.name for person in people.everybody()] == ["Bo"]


def test_an_export_goes_into_a_new_folder_only(store: GalleryStore, tmp_path: Path) -> None:
    people = PeopleService(store)
    files = people.export("Ann", tmp_path / "out")
    assert {file.suffix for file in files} == {".jpg", ".json"}
    with pytest.raises(OutputWriteError, match="not empty"):
        people.export("Bo", tmp_path / "out")


def test_the_portrait_is_a_picture_of_the_person_or_nothing(store: GalleryStore) -> None:
    people = PeopleService(store)
    picture = people.portrait(people.find("Ann").person_id)
    assert picture is not None
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert picture.shape[0] <= portrait().shape[0]
    nobody = store.add_person("Nobody yet")
    assert people.portrait(nobody.person_id) is None
