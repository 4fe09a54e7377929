"""search, on the demonstration's free photographs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tests.e2e.conftest import Facerec


def _read(path: Path) -> npt.NDArray[np.integer | np.floating]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture


def test_search_ranks_the_person_first_in_table_csv_json_and_sheet(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    facerec("import", demo_dir / "people")
    picture = demo_dir / "sources" / "obama3.jpg"
    (face,) = facerec("search", picture, "--json", "--top", "2").json
    assert [hit["name"] for hit in face["hits"]] == ["Barack Obama", "Grace Hopper"]
    assert face["hits"][0]["probability"] > 0.95
    assert face["hits"][1]["probability"] < 0.05

    sheet = tmp_path / "found.png"
    printed = facerec("search", picture, "--sheet", sheet)
    assert "Barack Obama" in printed.stdout
    assert _read(sheet).shape[1] > 300

    rows = list(csv.DictReader(io.StringIO(facerec("search", picture, "--csv").stdout)))
    assert [row["name"] for row in rows] == ["Barack Obama", "Grace Hopper"]


def test_every_face_of_a_picture_is_searched_for_from_left_to_right(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    facerec("import", demo_dir / "people")
    left, right = (_read(demo_dir / "sources" / name) for name in ("biden.jpg", "obama2.jpg"))
    height = min(left.shape[0], right.shape[0])
    cv2.imwrite(str(tmp_path / "both.png"), cv2.hconcat([left[:height], right[:height]]))
    faces = facerec("search", tmp_path / "both.png", "--json").json
    assert [face["box_xyxy"][0] for face in faces] == sorted(face["box_xyxy"][0] for face in faces)
    best = [(face["hits"][0]["name"], face["hits"][0]["probability"] > 0.9) for face in faces]
    assert best[-1] == ("Barack Obama", True)
    assert best[0][1] is False  # he is not enrolled


def test_search_says_in_one_line_what_is_wrong(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    picture = demo_dir / "sources" / "obama3.jpg"
    assert "Nobody is enrolled" in facerec("search", picture).stdout
    facerec("import", demo_dir / "people")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8no picture")
    (tmp_path / "own.jpg").write_bytes(picture.read_bytes())
    for arguments in (
        ("search", tmp_path / "broken.jpg"),
        ("search", picture, "--top", "0"),
        ("search", picture, "--sheet", tmp_path / "sheet.txt"),
        ("search", tmp_path / "own.jpg", "--sheet", tmp_path / "own.jpg"),
    ):
        refused = facerec(*arguments)
        assert refused.code not in (0, None)
        assert refused.stderr.startswith("error:")
        assert len(refused.stderr.strip().splitlines()) == 1
    assert (tmp_path / "own.jpg").read_bytes() == picture.read_bytes()
