"""facerec people and the checks of facerec enrol, on real photographs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Facerec


@pytest.fixture
def known(test_data_dir: Path) -> Path:
    return test_data_dir / "photos" / "known"


def faces_of(facerec: Facerec, name: str) -> list[str]:
    return [face["face_id"] for face in facerec("people", "show", name, "--json").json["faces"]]


def counts(facerec: Facerec) -> dict[str, int]:
    return {person["name"]: person["faces"] for person in facerec("people", "list", "--json").json}


def test_faces_go_from_person_to_person(facerec: Facerec, known: Path) -> None:
    assert facerec("import", known).code == 0
    obama = faces_of(facerec, "Barack Obama")
    assert facerec("people", "move", "Joe Biden", obama[1][:8]).code == 0
    assert counts(facerec)["Joe Biden"] == 3
    assert facerec("people", "split", "Somebody", obama[1][:8]).code == 0
    assert facerec("people", "merge", "Somebody", "Barack Obama", "--yes").code == 0
    assert counts(facerec)["Barack Obama"] == 2
    assert facerec("people", "portrait", obama[1][:8]).code == 0
    assert facerec("people", "exclude", obama[0][:8]).code == 0
    shown = facerec("people", "show", "Barack Obama").stdout
    assert "portrait" in shown
    assert "not used" in shown
    assert facerec("people", "include", obama[0][:8]).code == 0
    assert facerec("people", "remove-faces", obama[1][:8], "--yes").code == 0
    last = facerec("people", "remove-faces", obama[0][:8], "--yes")
    assert last.code == 5
    assert "delete the person instead" in last.stderr
    assert counts(facerec)["Barack Obama"] == 1


def test_consent_is_changed_and_cleared(facerec: Facerec, demo_dir: Path) -> None:
    facerec("enrol", "Joe", demo_dir / "sources" / "biden.jpg")
    assert facerec("people", "consent", "Joe", "--purpose", "door", "--agreed-by", "Joe").code == 0
    assert facerec("people", "show", "Joe", "--json").json["consent"]["purpose"] == "door"
    assert facerec("people", "consent", "Joe").code == 2
    assert facerec("people", "consent", "Joe", "--clear").code == 0
    assert facerec("people", "show", "Joe", "--json").json["consent"] is None


def test_last_seen_is_kept_only_when_asked_for(facerec: Facerec) -> None:
    assert "is not kept" in facerec("people", "last-seen").stdout
    assert "is kept" in facerec("people", "last-seen", "on").stdout
    assert "is kept" in facerec("people", "last-seen").stdout
    assert "is not kept" in facerec("people", "last-seen", "off").stdout
    assert facerec("people", "last-seen", "perhaps").code == 2


def test_a_face_known_as_somebody_else_is_refused_until_one_insists(facerec: Facerec, demo_dir: Path) -> None:
    assert facerec("import", demo_dir / "people").code == 0
    other = demo_dir / "sources" / "obama2.jpg"
    refused = facerec("enrol", "Somebody New", other)
    assert refused.code == 6
    assert "already enrolled as Barack Obama" in refused.stderr
    assert "--anyway" in refused.stderr
    assert "Somebody New" not in counts(facerec)
    assert facerec("enrol", "Somebody New", other, "--anyway").code == 0
    assert counts(facerec)["Somebody New"] == 1


def test_of_a_video_the_person_seen_most_is_taken_and_others_are_mentioned(
    facerec: Facerec, test_data_dir: Path
) -> None:
    ran = facerec("enrol", "Most Seen", test_data_dir / "video" / "hamilton_640x360.mp4")
    assert ran.code == 0
    assert "in hamilton_640x360.mp4" in ran.stderr
    assert 1 <= counts(facerec)["Most Seen"] <= 8
