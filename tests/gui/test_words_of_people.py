"""What the panel of people says in words: times, quality, ended consents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from facerec_app.gallery.person_contents import PersonContents
from facerec_app.gallery.records import Consent, EnrolledFace, FaceState, Person
from facerec_app.gui.deletion_dialog import deletion_words
from facerec_app.gui.faces_model import FacesModel
from facerec_app.gui.people_model import consent_has_ended
from facerec_app.gui.relative_time import ago
from tests.unit.gallery.gallery_material import new_face, open_store

NOW = datetime(2026, 5, 4, 15, 30).astimezone()
PERSON = Person("1", "Ann", datetime(2026, 1, 2, tzinfo=UTC), None, None, 2)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5, seconds=40), "5 min ago"),
        (timedelta(hours=3), "today 12:30"),
        (timedelta(hours=20), "yesterday 19:30"),
        (timedelta(days=30), "4 Apr 2026"),
    ],
)
def test_times_are_said_as_people_say_them(before: timedelta, words: str, qapp: QApplication) -> None:
    QLocale.setDefault(QLocale(QLocale.Language.English))
    try:
        assert ago(NOW - before, NOW) == words
    finally:
        QLocale.setDefault(QLocale.system())


def test_a_consent_ends_after_its_last_day() -> None:
    agreed = replace(PERSON, consent=Consent("door", "Ann", date(2026, 5, 4)))
    assert not consent_has_ended(PERSON)
    assert not consent_has_ended(agreed, date(2026, 5, 4))
    assert consent_has_ended(agreed, date(2026, 5, 5))
    assert not consent_has_ended(replace(PERSON, consent=Consent("door", "Ann", None)), date(2099, 1, 1))


@pytest.fixture
def face(tmp_path: Path) -> EnrolledFace:
    with open_store(tmp_path) as store:
        person = store.add_person("Ann")
        return store.get_face(store.add_face(person.person_id, new_face(1)))


def test_quality_is_said_in_words(face: EnrolledFace, qapp: QApplication) -> None:
    model = FacesModel()
    assert model.quality_words(face) == "Good"
    poor = replace(face, size_px=40.0, sharpness=0.17, yaw_deg=-44.0, brightness=0.15)
    assert model.quality_words(poor) == "Small, blurred, turned, dark"
    assert model.quality_words(replace(face, brightness=0.9)) == "Too bright"
    assert model.quality_words(replace(poor, state=FaceState.EXCLUDED)) == "Not used"


def test_a_deletion_names_everything_that_goes(qapp: QApplication) -> None:
    small = PersonContents(PERSON, 1, 900, 1, 0, 0)
    assert "the name, 1 picture (1 KB) and 1 feature vector from the disk" in deletion_words(small)
    agreed = replace(PERSON, consent=Consent("door", "Ann", None))
    large = PersonContents(agreed, 12, 3 * 2**20, 24, 1, 1)
    assert deletion_words(large, ["v0003", "v0004"]) == (
        "This deletes the name, 12 pictures (3.0 MB), 24 feature vectors, 2 corrections, the recorded consent and "
        "the 2 networks trained on them (v0003, v0004) from the disk. It cannot be undone."
    )
