"""boxes, evaluate detection and detectors, on the demonstration's free photographs."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.training.coco_boxes import ANNOTATIONS_NAME
from tests.e2e.conftest import Facerec


@pytest.fixture
def pictures(demo_dir: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("obama2.jpg", "biden.jpg"):
        whole = read_image(demo_dir / "sources" / name)
        write_jpeg(folder / name, np.asarray(cv2.resize(whole, None, fx=0.5, fy=0.5), np.uint8))
    return folder


def test_boxes_are_set_exported_and_taken_over_by_another_gallery(
    facerec: Facerec, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = facerec("boxes", "show", pictures / "biden.jpg", "--json").json
    assert proposed["source"] == "proposed"
    (face,) = proposed["faces"]
    left, top, right, bottom = face["box_xyxy"]
    drawn = f"{left - 6},{top - 9},{right + 6},{bottom + 3}:Joe <Biden>"
    assert "1 face saved" in facerec("boxes", "set", pictures / "biden.jpg", "--box", drawn).stdout
    assert facerec("boxes", "set", pictures / "obama2.jpg", "--box", "3,4,40,60", "--difficult", "1").code == 0
    saved = {Path(row["file"]).name: row["faces"] for row in facerec("boxes", "list", "--json").json}
    assert saved["biden.jpg"][0]["landmarks_xy"] is not None  # looked for in the new box
    assert saved["obama2.jpg"][0]["landmarks_xy"] is None  # there is no face
    assert saved["obama2.jpg"][0]["difficult"] is True

    for kind in ("coco", "voc"):
        assert facerec("boxes", "export", "--format", kind, "--out", tmp_path / kind).code == 0
        monkeypatch.setenv("FACEREC_DATABASE", str(tmp_path / f"gallery-{kind}"))
        taken = facerec("boxes", "import", tmp_path / kind, "--json").json
        assert (taken["imported"], taken["left_out"]) == (2, [])
        again = facerec("boxes", "import", tmp_path / kind, "--json").json
        assert (again["imported"], again["unchanged"]) == (0, 2)
        rows = {row["sha256"]: row["faces"] for row in facerec("boxes", "list", "--json").json}
        monkeypatch.setenv("FACEREC_DATABASE", str(tmp_path / "gallery"))
        for row in facerec("boxes", "list", "--json").json:
            (ours,), (theirs,) = row["faces"], rows[row["sha256"]]
            assert theirs["box_xyxy"] == pytest.approx(ours["box_xyxy"], abs=0.01)
            assert (theirs["name"], theirs["difficult"]) == (ours["name"], ours["difficult"])

    refused = facerec("boxes", "export", "--format", "coco", "--out", tmp_path / "coco")
    assert refused.code == 9
    assert "holds something already" in refused.stderr
    assert facerec("boxes", "remove", "biden.jpg").code == 0
    assert len(facerec("boxes", "list", "--json").json) == 1


def test_corrected_data_set_moves_an_enrolled_face(facerec: Facerec, pictures: Path, tmp_path: Path) -> None:
    facerec("enrol", "Joe Biden", pictures / "biden.jpg")
    stored = next((tmp_path / "gallery" / "pictures").rglob("*.jpg"))
    before = facerec("boxes", "show", stored, "--json").json["faces"][0]
    assert before["name"] == "Joe Biden"
    left, top, right, bottom = before["box_xyxy"]
    box = f"{left},{top - 12},{right},{bottom - 12}:Joe Biden"
    said = facerec("boxes", "set", stored, "--box", box)
    assert "features were computed again" in said.stdout
    gone = facerec("boxes", "set", stored)
    assert gone.code == 2
    assert "person's page" in gone.stderr
    outside = facerec("boxes", "set", stored, "--box", "90000,90000,90100,90100")
    assert outside.code == 2
    assert "outside the picture" in outside.stderr


def test_detection_is_measured_with_a_sheet_of_mistakes(facerec: Facerec, pictures: Path, tmp_path: Path) -> None:
    for name in ("biden.jpg", "obama2.jpg"):
        (face,) = facerec("boxes", "show", pictures / name, "--json").json["faces"]
        boxes = [face["box_xyxy"], [2, 2, 62, 82]] if name == "biden.jpg" else [face["box_xyxy"]]
        options = [part for box in boxes for part in ("--box", ",".join(str(value) for value in box))]
        assert facerec("boxes", "set", pictures / name, *options).code == 0
    sheet = tmp_path / "misses.png"
    measured = facerec("evaluate", "detection", "--detector", "mtcnn", "--sheet", sheet, "--json").json
    assert (measured["found"], measured["missed"], measured["faces"]) == (2, 1, 3)
    assert measured["recall"] == pytest.approx(2 / 3)
    assert measured["average_precision"] == pytest.approx(2 / 3, abs=0.01)
    assert measured["worst"][0]["picture"] == "biden.jpg"
    drawn = cv2.imread(str(sheet))
    assert drawn is not None
    assert np.asarray(drawn).std() > 10
    assert facerec("evaluate", "detection", "--detector", "yunet").code == 0
    few = facerec("train-detector")
    assert few.code == 7
    assert "too few" in few.stderr


def test_bad_data_sets_are_one_clear_line(facerec: Facerec, pictures: Path, tmp_path: Path) -> None:
    facerec("boxes", "set", pictures / "biden.jpg", "--box", "10,10,90,120")
    facerec("boxes", "export", "--out", tmp_path / "set")
    file = tmp_path / "set" / ANNOTATIONS_NAME
    document = json.loads(file.read_text())
    document["annotations"][0]["bbox"] = [99_999, 5, 20, 20]
    file.write_text(json.dumps(document))
    for command in (("boxes", "import"), ("evaluate", "detection", "--boxes"), ("train-detector", "--boxes")):
        ran = facerec(*command, tmp_path / "set")
        assert ran.code == 2
        assert ran.stderr.count("\n") == 1
        assert "outside the picture" in ran.stderr
    assert facerec("boxes", "set", pictures / "biden.jpg", "--box", "1,2,3").code == 2
    assert facerec("detectors", "rollback").code == 2
    assert facerec("detectors", "list", "--json").json == []


def test_boxes_are_forgotten_by_the_relative_path_they_were_given_by(
    facerec: Facerec, demo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo_dir)
    assert facerec("boxes", "set", "sources/biden.jpg").code == 0
    assert facerec("boxes", "remove", "sources/biden.jpg").code == 0
    assert facerec("boxes", "list", "--json").json == []
