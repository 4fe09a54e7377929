"""cluster, on the demonstration's free photographs: three of one man and one each of three other people."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from facerec_app.capture.images import read_image
from facerec_app.composition import ComposedApplication
from facerec_app.core.types import Frame
from facerec_app.services.unknown_collection import UnknownCollectionService
from tests.contract.fake_camera import FakeCamera
from tests.e2e.conftest import Facerec

ABROAD = ("obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png")


@pytest.fixture
def pictures(demo_dir: Path, tmp_path: Path) -> Path:
    """Return a folder with a folder in it."""
    folder = tmp_path / "holidays"
    (folder / "day two").mkdir(parents=True)
    for name in ABROAD:
        shutil.copy(demo_dir / "sources" / name, folder)
    for file in (demo_dir / "people").rglob("*.jpg"):
        shutil.copy(file, folder / "day two")
    return folder


def test_folder_is_grouped_and_the_group_named_in_one_go(facerec: Facerec, pictures: Path, tmp_path: Path) -> None:
    assert "facerec cluster add FOLDER" in facerec("cluster").stdout
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8no picture")
    added = facerec("cluster", "add", pictures)
    assert added.code == 8
    assert "6 pictures searched: 6 faces" in added.stdout
    assert added.stderr.count("left out:") == 1
    assert "broken.jpg" in added.stderr

    sheet = tmp_path / "groups.png"
    shown = facerec("cluster", "--json", "--sheet", sheet).json
    (group,) = shown["groups"]
    assert sorted(Path(face["source"]).name for face in group["faces"]) == ["obama.jpg", "obama2.jpg", "obama3.jpg"]
    assert group["perhaps"] is None
    assert len(shown["alone"]) == 3
    assert sheet.stat().st_size > 10_000

    named = facerec("cluster", "name", group["group"], "Barack Obama")
    assert "3 faces enrolled" in named.stdout
    assert [(one["name"], one["faces"]) for one in facerec("people", "list", "--json").json] == [("Barack Obama", 3)]
    assert len(facerec("cluster", "--json").json["alone"]) == 3


def test_pictures_are_searched_once_and_people_with_a_name_are_left_out(
    facerec: Facerec, pictures: Path, demo_dir: Path
) -> None:
    facerec("import", demo_dir / "people")
    first = facerec("cluster", "add", pictures, "--json").json
    assert (first["added"], first["known"]) == (2, 4)
    (pictures / "biden.jpg").rename(pictures / "another name.jpg")
    again = facerec("cluster", "add", pictures, "--json").json
    assert (again["pictures"], again["added"], again["searched_before"]) == (0, 0, 6)
    anew = facerec("cluster", "add", pictures, "--again", "--json").json
    assert (anew["pictures"], anew["added"]) == (6, 0)


def test_faces_are_moved_ignored_asked_about_and_removed(facerec: Facerec, pictures: Path) -> None:
    facerec("cluster", "add", pictures)
    before = facerec("cluster", "--json").json
    group, stranger = before["groups"][0], before["alone"][0]["face_id"]
    moved = facerec("cluster", "move", stranger[:8], "--to", group["group"])
    assert "4 faces now" in moved.stdout
    (kept,) = facerec("cluster", "--json").json["groups"]
    assert kept["made_by_hand"] is True
    assert stranger in [face["face_id"] for face in kept["faces"]]

    facerec("cluster", "ignore", stranger)
    assert [face["face_id"] for face in facerec("cluster", "--json").json["ignored"]] == [stranger]
    assert facerec("cluster", "add", pictures, "--again", "--json").json["unwanted"] == 1
    facerec("cluster", "ask", stranger)
    assert facerec("cluster", "ask", "--all").stdout.strip() == "No faces are ignored."
    facerec("cluster", "ignore", kept["group"])
    assert facerec("cluster", "ask", "--all").stdout.strip() == "4 faces will be asked about."
    assert facerec("cluster", "remove", stranger, "--yes").code == 0
    assert facerec("cluster", "remove", "--all", "--yes").stdout.strip() == "5 faces deleted."
    assert facerec("cluster", "--json").json == {"groups": [], "alone": [], "ignored": []}


def test_what_is_wrong_is_said_in_one_line(facerec: Facerec, pictures: Path) -> None:
    facerec("cluster", "add", pictures / "obama2.jpg")
    for arguments in (
        ("cluster", "name", "gffffffff", "Ada"),
        ("cluster", "ignore", "zzzz"),
        ("cluster", "--sheet", pictures / "sheet.txt"),
        ("cluster", "remove", "--yes"),
        ("cluster", "ask"),
        ("cluster", "keep", "perhaps"),
    ):
        refused = facerec(*arguments)
        assert refused.code != 0
        assert refused.stderr.startswith("error:")
        assert len(refused.stderr.strip().splitlines()) == 1


class Visited(FakeCamera):
    """A stranger comes and goes; the camera ends when he has been kept."""

    kept = Event()

    def read(self) -> Frame | None:
        frame = super().read()
        return None if self.kept.is_set() else frame


@pytest.fixture
def camera(demo_dir: Path, monkeypatch: pytest.MonkeyPatch) -> type[Visited]:
    """Return the camera that every source is."""
    face = read_image(demo_dir / "sources" / "obama2.jpg")
    seconds = [face] * 40 + [np.full_like(face, 127)] * 60
    add_finished = UnknownCollectionService.add_finished

    def add_and_note(service: UnknownCollectionService) -> int:
        added = add_finished(service)
        if added:
            Visited.kept.set()
        return added

    monkeypatch.setattr(Visited, "kept", Event())
    monkeypatch.setattr(UnknownCollectionService, "add_finished", add_and_note)
    monkeypatch.setattr(
        ComposedApplication, "open_source", lambda _, spec, on_status=None: Visited(seconds, frame_rate=20.0)
    )
    return Visited


def test_stranger_of_a_camera_is_kept_after_that_was_switched_on(facerec: Facerec, camera: type[Visited]) -> None:
    assert "not kept" in facerec("cluster", "keep").stdout
    assert "are kept" in facerec("cluster", "keep", "on").stdout
    facerec("run", "0")
    kept = facerec("cluster", "--json").json
    faces = [face for group in kept["groups"] for face in group["faces"]] + kept["alone"]
    assert 1 <= len(faces) <= 3
    assert {face["origin"] for face in faces} == {"live"}
