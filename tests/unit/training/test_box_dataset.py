"""Detection data sets: written, read back by others and by us, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.dom import minidom

import cv2
import numpy as np
import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.core.face_annotations import FaceAnnotations, fitted
from facerec_app.training.box_dataset import AnnotatedPicture, BoxDataset, read_box_dataset
from facerec_app.training.coco_boxes import ANNOTATIONS_NAME, coco_document
from facerec_app.training.voc_boxes import ANNOTATIONS_FOLDER, voc_document

NAME = 'Zoë <O\'Neil> & "Søn"'
POINTS = np.array([[[30, 40], [60, 40], [45, 55], [32, 70], [58, 70]]], np.float32)
FACES = FaceAnnotations.of(
    np.array([[20.25, 30.5, 70, 90], [0, 0, 15, 18]], np.float32),
    np.concatenate([POINTS, np.full((1, 5, 2), np.nan, np.float32)]),
    [NAME, ""],
    [False, True],
)


def picture(folder: Path, images: str) -> AnnotatedPicture:
    file = folder / images / "a.png"
    file.parent.mkdir(parents=True)
    cv2.imwrite(str(file), np.zeros((100, 120, 3), np.uint8))
    return AnnotatedPicture(file, 120, 100, FACES)


def coco(folder: Path) -> Path:
    document = coco_document([picture(folder, "images")], "test")
    (folder / ANNOTATIONS_NAME).write_text(json.dumps(document), encoding="utf-8")
    return folder


def voc(folder: Path) -> Path:
    one = picture(folder, "JPEGImages")
    (folder / ANNOTATIONS_FOLDER).mkdir()
    (folder / ANNOTATIONS_FOLDER / "a.xml").write_bytes(voc_document(one))
    return folder


@pytest.mark.parametrize("make", [coco, voc])
def test_what_is_written_is_read_back(make: Callable[[Path], Path], tmp_path: Path) -> None:
    dataset = read_box_dataset(make(tmp_path / "set"))
    assert dataset.faults == ()
    (one,) = dataset.pictures
    assert (one.width_px, one.height_px) == (120, 100)
    assert one.faces.names == FACES.names
    assert one.faces.boxes_xyxy == pytest.approx(FACES.boxes_xyxy, abs=0.005)
    assert one.faces.landmarks_xy == pytest.approx(FACES.landmarks_xy, abs=0.005, nan_ok=True)
    assert one.faces.difficult.tolist() == [False, True]


def test_cocos_own_reader_reads_the_coco_file(tmp_path: Path) -> None:
    module = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    reader = module.COCO(str(coco(tmp_path / "set") / ANNOTATIONS_NAME))
    assert [category["name"] for category in reader.loadCats(reader.getCatIds())] == ["face"]
    first, second = reader.loadAnns(reader.getAnnIds(imgIds=[1]))
    assert first["bbox"] == pytest.approx([20.25, 30.5, 49.75, 59.5])
    assert first["num_keypoints"] == 5
    assert second["iscrowd"] == 1
    assert reader.getAnnIds(imgIds=[1], iscrowd=False) == [first["id"]]


def test_xml_reader_of_another_kind_reads_the_voc_file(tmp_path: Path) -> None:
    document = minidom.parse(str(voc(tmp_path / "set") / ANNOTATIONS_FOLDER / "a.xml"))  # noqa: S318 - our own file

    def text(name: str) -> str:
        return str(document.getElementsByTagName(name)[0].firstChild.data)  # type: ignore[union-attr]

    assert text("person") == NAME
    assert [text(edge) for edge in ("xmin", "ymin", "xmax", "ymax")] == ["21.25", "31.5", "70", "90"]  # from 1 on
    assert len(document.getElementsByTagName("part")) == 5


def test_box_at_the_edge_is_cut_and_one_outside_is_refused() -> None:
    cut = fitted(FaceAnnotations.of(np.array([[-10, 20, 40, 120]], np.float32)), 100, 100, "a.png")
    assert cut.boxes_xyxy.tolist() == [[0, 20, 40, 100]]
    for box in ([120, 10, 160, 60], [-50, 10, 5, 60], [10, 10, 12, 60], [60, 10, 20, 50], [np.nan, 0, 9, 9]):
        with pytest.raises(ConfigError, match=r"Box 1 of a\.png"):
            fitted(FaceAnnotations.of(np.array([box], np.float32)), 100, 100, "a.png")


def test_bad_entries_cost_one_line_each_and_not_the_others(tmp_path: Path) -> None:
    good = picture(tmp_path, "images")
    outside = AnnotatedPicture(good.file, 120, 100, FaceAnnotations.of(np.array([[500, 500, 600, 600]], np.float32)))
    missing = AnnotatedPicture(tmp_path / "gone.png", 120, 100, FACES)
    dataset = BoxDataset.checked([good, outside, missing])
    assert len(dataset.pictures) == 1
    assert len(dataset.faults) == 2
    assert all("\n" not in fault for fault in dataset.faults)


def spoilt(change: Callable[[dict[str, Any]], object], folder: Path) -> Path:
    file = coco(folder) / ANNOTATIONS_NAME
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    return file


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("images"),
        lambda d: d["categories"].clear(),
        lambda d: d["images"][0].update(file_name="../../secret.png"),
        lambda d: d["images"][0].update(file_name="/etc/passwd"),
        lambda d: d["annotations"][0].update(bbox=["a", 1, 2, 3]),
        lambda d: d["images"][0].update(width=None),
    ],
)
def test_damaged_coco_file_is_one_clear_line(change: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_box_dataset(spoilt(change, tmp_path / "set"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"<annotation>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>',
        "<annotation/>".encode("utf-16"),
        b"<annotation><filename>../../../x.png</filename></annotation>",
        b"<annotation><filename>a.png</filename><size><width>x</width></size></annotation>",
    ],
)
def test_damaged_voc_file_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    folder = voc(tmp_path / "set")
    (folder / ANNOTATIONS_FOLDER / "b.xml").write_bytes(content)
    dataset = read_box_dataset(folder)
    assert len(dataset.pictures) == 1
    assert len(dataset.faults) == 1
    assert "b.xml" in dataset.faults[0]


def test_folder_that_is_no_data_set_says_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"annotations\.json or Annotations"):
        read_box_dataset(tmp_path)


@pytest.mark.parametrize("value", [float("inf"), 10**400], ids=["infinite", "400 digits"])
def test_numbers_beyond_all_bounds_are_refused_in_one_line(value: float, tmp_path: Path) -> None:
    file = coco(tmp_path / "set") / ANNOTATIONS_NAME
    content = json.loads(file.read_bytes())
    content["images"][0]["width"] = content["annotations"][0]["bbox"][2] = value
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match="no COCO file"):
        read_box_dataset(file)


def test_nesting_without_end_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / ANNOTATIONS_NAME
    file.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(ConfigError, match="no COCO file"):
        read_box_dataset(file)


@pytest.mark.parametrize(
    ("good", "bad"), [(b"encoding='utf-8'", b"encoding='klingon'"), (b">a.png<", b">" + b"a" * 5000 + b".png<")]
)
def test_one_bad_annotation_is_a_line_and_the_others_are_read(good: bytes, bad: bytes, tmp_path: Path) -> None:
    folder = voc(tmp_path / "set") / ANNOTATIONS_FOLDER
    whole = (folder / "a.xml").read_bytes()
    assert good in whole
    (folder / "b.xml").write_bytes(whole.replace(good, bad))
    dataset = read_box_dataset(folder.parent)
    assert (len(dataset.pictures), len(dataset.faults)) == (1, 1)
    assert "\n" not in dataset.faults[0]


@pytest.mark.parametrize("name", ["Ada\x01 \nLovelace", "Ada\ud800 Lovelace", "Ada\uffff  Lovelace"])
def test_what_no_file_can_hold_is_left_out_of_names(name: str, tmp_path: Path) -> None:
    odd = replace(FACES, names=(name, ""))
    assert fitted(odd, 120, 100, "a.png").names == ("Ada Lovelace", "")
    one = replace(picture(tmp_path / "set", "JPEGImages"), faces=odd)
    (tmp_path / "set" / ANNOTATIONS_FOLDER).mkdir()
    (tmp_path / "set" / ANNOTATIONS_FOLDER / "a.xml").write_bytes(voc_document(one))
    (read,) = read_box_dataset(tmp_path / "set").pictures
    assert read.faces.names == ("Ada Lovelace", "")
