"""enrol, import and people, on the demonstration's free photographs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Facerec


def test_import_enrols_a_folder_a_person_and_goes_on_where_it_stopped(facerec: Facerec, demo_dir: Path) -> None:
    first = facerec("import", demo_dir / "people", "--json")
    again = facerec("import", demo_dir / "people", "--json")
    assert first.code == again.code == 0
    assert first.json["enrolled"] == 2
    assert (again.json["enrolled"], again.json["imported_before"]) == (0, 2)
    names = [person["name"] for person in facerec("people", "list", "--json").json]
    assert names == ["Barack Obama", "Grace Hopper"]


def test_enrol_adds_to_a_person_who_is_enrolled_and_refuses_the_same_picture_twice(
    facerec: Facerec, demo_dir: Path
) -> None:
    assert facerec("enrol", "Barack Obama", demo_dir / "sources" / "obama2.jpg").code == 0
    assert facerec("enrol", "barack obama", demo_dir / "sources" / "obama3.jpg").code == 0
    twice = facerec("enrol", "Barack Obama", demo_dir / "sources" / "obama3.jpg")
    assert twice.code == 6
    assert "same picture" in twice.stderr
    (person,) = facerec("people", "list", "--json").json
    assert person["faces"] == 2


def test_consent_is_kept_with_the_person(facerec: Facerec, demo_dir: Path) -> None:
    picture = demo_dir / "sources" / "biden.jpg"
    facerec("enrol", "Joe", picture, "--purpose", "door", "--agreed-by", "Joe", "--until", "2030-01-31")
    shown = facerec("people", "show", "joe", "--json").json
    assert shown["consent"] == {"purpose": "door", "agreed_by": "Joe", "until": "2030-01-31"}
    half = facerec("enrol", "Ann", picture, "--purpose", "door")
    assert half.code == 2
    assert "--agreed-by" in half.stderr


def test_a_video_of_a_person_alone_enrols_several_different_faces(facerec: Facerec, demo_dir: Path) -> None:
    ran = facerec("enrol", "Somebody", demo_dir / "demo.mp4", "--json")
    assert ran.code == 0
    assert 1 <= ran.json["enrolled"] <= 8


@pytest.fixture
def odd_names(tmp_path: Path, demo_dir: Path) -> Path:
    """Return a folder of a person with two pictures, one by a name of an old archive, and a link to itself."""
    folder = tmp_path / "people" / "Somebody"
    folder.mkdir(parents=True)
    shutil.copy(demo_dir / "sources" / "biden.jpg", folder / "new.jpg")
    try:
        old = os.fsdecode(os.fsencode(folder) + b"/M\xfcller.jpg")
        shutil.copy(demo_dir / "sources" / "astronaut.png", old)
        (folder / "loop.jpg").symlink_to("loop.jpg")
    except (OSError, UnicodeError) as exc:
        pytest.skip(f"this file system takes no such names: {exc}")
    return folder


def test_names_of_old_archives_and_links_to_themselves_are_no_hindrance(facerec: Facerec, odd_names: Path) -> None:
    imported = facerec("import", odd_names.parent, "--json")
    assert (imported.code, imported.json["enrolled"]) == (0, 2)
    assert facerec("import", odd_names.parent, "--json").json["imported_before"] == 2
    shown = facerec("people", "show", "Somebody", "--json").json
    assert {face["source"] for face in shown["faces"]} == {r"Somebody/M\xfcller.jpg", "Somebody/new.jpg"}
    searched = facerec("cluster", "add", odd_names, "--json")
    assert (searched.code, searched.json["pictures"]) == (0, 2)
    seen = facerec("identify", odd_names, "--json")
    assert (seen.code, len(seen.json)) == (0, 2)
    assert facerec("people", "remove", "Somebody", "--yes").code == 0
    assert facerec("enrol", "Two", odd_names, "--json").json["enrolled"] == 2


def test_a_name_longer_than_any_file_has_is_one_refused_picture_of_several(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    good, long = demo_dir / "sources" / "biden.jpg", tmp_path / ("x" * 300 + ".jpg")
    film = long.with_suffix(".mp4")
    for command in (["identify"], ["cluster", "add"], ["enrol", "Joe"]):
        ran = facerec(*command, long, good)
        assert ran.code == 8, command
        assert "xxx.jpg" in ran.stderr.replace("\n", "")
    assert [(one["name"], one["faces"]) for one in facerec("people", "list", "--json").json] == [("Joe", 1)]
    for command, place, code in (["import"], long, 2), (["run"], long, 3), (["enrol", "Ann"], film, 3):
        ran = facerec(*command, place)
        assert ran.code == code, command
        assert place.name[-7:] in ran.stderr


def test_rename_export_and_remove(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    facerec("import", demo_dir / "people")
    assert facerec("people", "rename", "Grace Hopper", "Admiral Hopper").code == 0
    assert facerec("people", "rename", "Admiral Hopper", "Barack Obama").code == 5
    assert facerec("people", "export", "Admiral Hopper", tmp_path / "out").code == 0
    assert json.loads((tmp_path / "out" / "person.json").read_text(encoding="utf-8"))["name"] == "Admiral Hopper"
    assert facerec("people", "remove", "Admiral Hopper", "--yes").code == 0
    assert [p["name"] for p in facerec("people", "list", "--json").json] == ["Barack Obama"]
    assert facerec("people", "show", "Admiral Hopper").code == 5


def test_names_that_are_none_are_refused_in_one_line(facerec: Facerec, demo_dir: Path) -> None:
    picture = demo_dir / "sources" / "biden.jpg"
    for name in ("", "   ", "x" * 300, "../x", "a/b", "bell\a"):
        ran = facerec("enrol", name, picture)
        assert ran.code == 2, name
        assert len(ran.stderr.strip().splitlines()) == 1
    assert facerec("people", "list", "--json").json == []


def test_pictures_that_cannot_be_enrolled_are_listed_and_nothing_is_left_behind(
    facerec: Facerec, tmp_path: Path, demo_dir: Path
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "text.jpg").write_text("no picture", encoding="utf-8")
    whole = (demo_dir / "sources" / "biden.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (320, 240), (90, 120, 90)).save(folder / "nobody.png")
    Image.new("1", (30_000, 30_000)).save(folder / "huge.png")
    ran = facerec("enrol", "Ann", folder, folder / "missing.jpg", "--json")
    assert ran.code == 6
    errors = {Path(row["file"]).name: row["error"] for row in ran.json["pictures"]}
    assert set(errors) == {"text.jpg", "truncated.jpg", "nobody.png", "huge.png", "missing.jpg"}
    assert all(errors.values())
    assert "No face" in errors["nobody.png"]
    assert facerec("people", "list", "--json").json == []


def test_one_bad_picture_does_not_stop_the_others(facerec: Facerec, tmp_path: Path, demo_dir: Path) -> None:
    person = tmp_path / "people" / "Жанна_Дарк"
    person.mkdir(parents=True)
    shutil.copy(demo_dir / "sources" / "biden.jpg", person / "портрет.jpg")
    (person / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    ran = facerec("import", tmp_path / "people", "--json")
    assert ran.code == 8
    assert (ran.json["enrolled"], ran.json["refused"]) == (1, 1)
    assert facerec("people", "list", "--json").json[0]["name"] == "Жанна Дарк"


def test_a_folder_without_people_says_how_it_should_look(facerec: Facerec, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        ran = facerec("import", folder)
        assert ran.code == 2
        assert "folder" in ran.stderr
