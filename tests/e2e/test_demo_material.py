"""The demonstration's pictures are the recorded ones, and its video shows what its ground truth says."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore


@pytest.fixture(scope="module")
def manifest(demo_dir: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((demo_dir / "manifest.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def expected(demo_dir: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((demo_dir / "expected.json").read_text(encoding="utf-8"))
    return read


def test_every_picture_is_recorded_with_its_hash_source_licence_and_credit(
    demo_dir: Path, manifest: dict[str, Any]
) -> None:
    recorded = {entry["file"]: entry for entry in [*manifest["pictures"], *manifest["made"]]}
    shipped = {
        path.relative_to(demo_dir).as_posix()
        for path in demo_dir.rglob("*")
        if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".mp4"}
    }
    assert set(recorded) == shipped
    for name, entry in recorded.items():
        assert hashlib.sha256((demo_dir / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert entry["licence"], name
    credits = (demo_dir / "CREDITS.md").read_text(encoding="utf-8")
    for entry in manifest["pictures"]:
        assert f"`{entry['file']}`" in credits
        assert entry["credit"].partition(",")[0] in credits
        assert f"{entry['package']} {entry['version']}" in credits


def test_nobody_is_shown_in_the_photograph_that_enrolled_them(
    demo_dir: Path, manifest: dict[str, Any], expected: dict[str, Any]
) -> None:
    enrolled = {entry["sha256"]: entry["person"] for entry in manifest["pictures"] if entry["role"] == "enrolment"}
    shown = {entry["file"]: entry for entry in manifest["pictures"] if entry["role"].startswith("video")}
    assert {row["photograph"] for row in expected["appearances"]} == {Path(name).name for name in shown}
    assert not enrolled.keys() & {entry["sha256"] for entry in shown.values()}
    assert sorted(enrolled.values()) == expected["enrolled"], "one photograph each"
    folders = {path.name.replace("_", " ") for path in (demo_dir / "people").iterdir()}
    assert folders == set(expected["enrolled"])


def test_the_ground_truth_has_what_the_demonstration_promises(expected: dict[str, Any]) -> None:
    rows = expected["appearances"]
    assert {row["person"] for row in rows if row["enrolled"]} <= set(expected["enrolled"])
    assert not {row["person"] for row in rows if not row["enrolled"]} & set(expected["enrolled"])
    assert any(not row["enrolled"] for row in rows), "a stranger"
    assert any(
        one["first_frame"] <= two["last_frame"] and two["first_frame"] <= one["last_frame"]
        for one, two in itertools.combinations(rows, 2)
    ), "two faces at once"
    returns = [row["first_frame"] for row in rows if row["photograph"] == "obama2.jpg"]
    assert len(returns) == 2, "a face leaves and comes back"


def test_the_video_opens_and_has_the_frames_that_the_ground_truth_counts(
    demo_dir: Path, expected: dict[str, Any]
) -> None:
    assert (demo_dir / "demo.mp4").stat().st_size < 3_000_000
    capture = cv2.VideoCapture(str(demo_dir / "demo.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == expected["fps"]
    frames = 0
    while True:
        ok, pixels = capture.read()
        if not ok:
            break
        frames += 1
        assert pixels.shape == (expected["height_px"], expected["width_px"], 3)
    capture.release()
    assert frames == expected["frames"]


def test_a_face_is_where_the_ground_truth_says(demo_dir: Path, expected: dict[str, Any]) -> None:
    detector = YunetDetector(ModelStore())
    wanted = {row["face"][len(row["face"]) // 2][0]: row for row in expected["appearances"]}
    capture = cv2.VideoCapture(str(demo_dir / "demo.mp4"))
    for index in range(max(wanted) + 1):
        _, pixels_bgr = capture.read()
        if index not in wanted:
            continue
        boxes = detector.detect(np.ascontiguousarray(pixels_bgr[:, :, ::-1])).boxes_xyxy
        _, x, y, width, _ = next(row for row in wanted[index]["face"] if row[0] == index)
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        distances = np.linalg.norm(centres - np.array((x, y)), axis=1)
        assert distances.size, f"no face in frame {index}"
        assert distances.min() < 0.35 * width, f"{wanted[index]['person']} in frame {index}"
    capture.release()
