"""match, features extract and identify --db, on the demonstration's free photographs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.services.one_shot_naming import person_of
from tests.e2e.conftest import Facerec
from tests.unit.matching.matching_material import small_picture


def test_match_tells_one_person_from_two_and_draws_a_sheet(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    for name in ("obama2.jpg", "obama3.jpg", "biden.jpg"):  # small ones, which keeps this short
        write_jpeg(tmp_path / name, small_picture(demo_dir / "sources" / name, 360))
    same = facerec("match", tmp_path / "obama2.jpg", tmp_path / "obama3.jpg", "--json", "--sheet", sheet).json
    assert same["faces"][0]["verdict"] == "same"
    assert same["faces"][0]["probability"] > 0.95
    assert read_image(sheet).shape[1] > 400
    other = facerec("match", tmp_path / "biden.jpg", tmp_path / "obama3.jpg")
    assert other.code == 0
    assert other.stdout.startswith("Very likely two people")
    assert "Outside the faces" in other.stdout


def test_match_finds_somebody_who_is_not_the_largest_face_of_a_picture(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    nearer = small_picture(demo_dir / "sources" / "biden.jpg", 420)
    farther = small_picture(demo_dir / "sources" / "obama3.jpg", 300)
    party = np.zeros((max(len(nearer), len(farther)), nearer.shape[1] + farther.shape[1], 3), np.uint8)
    party[: len(nearer), : nearer.shape[1]] = nearer
    party[: len(farther), nearer.shape[1] :] = farther
    write_jpeg(tmp_path / "party.jpg", party)
    write_jpeg(tmp_path / "one.jpg", small_picture(demo_dir / "sources" / "obama2.jpg", 360))
    said = facerec("match", tmp_path / "one.jpg", tmp_path / "party.jpg").stdout.splitlines()[0]
    assert said.startswith("Very likely the same person")
    assert said.endswith("the most alike of 2 pairs")
    every = facerec("match", tmp_path / "one.jpg", tmp_path / "party.jpg", "--all-faces", "--json").json
    assert sorted(face["verdict"] for face in every["faces"]) == ["different", "same"]


def test_match_says_in_one_line_what_is_wrong(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    ran = facerec("match", bad, demo_dir / "sources" / "biden.jpg")
    assert ran.code == 6
    assert ran.stderr.count("\n") == 1
    assert "bad.jpg is no picture" in ran.stderr
    assert facerec("match", bad, bad, "--map", "conv7").code != 0
    own = facerec("match", demo_dir / "sources" / "biden.jpg", bad, "--sheet", bad)
    assert own.code == 2
    assert "is the source itself" in own.stderr
    assert bad.read_bytes() == b"nothing"


def test_extract_writes_a_file_a_picture_and_skips_those_done(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    write_jpeg(tmp_path / "small.jpg", read_image(demo_dir / "sources" / "biden.jpg")[::6, ::6])
    listing, out = tmp_path / "list.txt", tmp_path / "features"
    listing.write_text("small.jpg\nmissing.jpg\n", encoding="utf-8")
    first = facerec("features", "extract", listing, "--out", out)
    assert first.code == 8
    assert "missing.jpg" in first.stderr
    assert len(list(out.iterdir())) == 1
    second = facerec("features", "extract", listing, "--out", out, "--json").json
    assert (second["written"], second["skipped"]) == (0, 1)
    mistaken = facerec("features", "extract", tmp_path / "small.jpg", "--out", tmp_path / "none")
    assert mistaken.code == 2
    assert "is a picture, not a list" in mistaken.stderr
    assert not (tmp_path / "none").exists()


def test_identify_by_a_folder_of_one_file_a_person_enrols_nobody(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    people, asked = tmp_path / "people", tmp_path / "asked"
    for folder in (people, asked):
        folder.mkdir()
    shutil.copy(demo_dir / "people" / "Barack_Obama" / "obama.jpg", people / "Barack_Obama.jpg")
    shutil.copy(demo_dir / "people" / "Grace_Hopper" / "grace_hopper.jpg", people / "Grace Hopper_0001.jpg")
    (people / "Nobody.png").write_bytes(b"nothing")
    shutil.copy(demo_dir / "sources" / "obama3.jpg", asked / "Barack_Obama_0002.jpg")
    shutil.copy(demo_dir / "sources" / "astronaut.png", asked / "Eileen_Collins.png")
    ran = facerec("identify", "--db", people, asked, "--accuracy")
    assert ran.code == 0
    assert "Barack_Obama_0002.jpg: Barack Obama (0.9" in ran.stdout
    assert "Eileen_Collins.png: Unknown" in ran.stdout
    assert "Accuracy by file names 1.000" in ran.stdout
    assert "Nobody.png" in ran.stderr
    assert facerec("people", "list", "--json").json == []


def test_accuracy_needs_a_folder_to_compare_with(facerec: Facerec, demo_dir: Path) -> None:
    ran = facerec("identify", demo_dir / "sources" / "biden.jpg", "--accuracy")
    assert ran.code == 2
    assert "--db" in ran.stderr


@pytest.mark.parametrize(
    ("file", "name"),
    [("Ada_Lovelace_0002.jpg", "Ada Lovelace"), ("Ada Lovelace-3.png", "Ada Lovelace"), ("7.jpg", "7")],
)
def test_name_is_taken_from_the_file(file: str, name: str) -> None:
    assert person_of(Path(file)) == name
