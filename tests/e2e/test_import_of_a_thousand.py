"""A folder of 1,000 files of which 50 are bad: 950 are enrolled and the 50 listed with reasons."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.models.model_store import ModelStore
from tests.e2e.conftest import Facerec

GOOD = 950
REASONS = {
    "text": "no picture",
    "empty": "empty file",
    "truncated": "cut off",
    "huge": "million pixels",
    "nobody": "No face",
    "black": "No face",
    "two": "faces are in",
    "same": "same picture",
    "gif": "no picture",
    "noise": "no picture",
}


def good_pictures(test_data: Path) -> Iterator[Path]:
    """Yield pictures of people of the training split, one each, that show exactly one face, not turned far away."""
    models = ModelStore()
    detector = MtcnnDetector(models, min_face_size_px=20.0)
    aligner = FivePointAligner(TEMPLATES[models.profile("sface").alignment_template], 112)
    for line in (test_data / "splits" / "train_people.txt").read_text(encoding="utf-8").splitlines():
        for picture in sorted((test_data / "lfw" / line.split()[0]).glob("*.jpg"))[:1]:
            pixels_rgb = read_image(picture)
            found = detector.detect(pixels_rgb)
            if len(found) == 1 and abs(float(aligner.align(pixels_rgb, found).yaw_deg[0])) < 50:
                yield picture


def break_picture(kind: str, picture: Path, target: Path) -> None:
    """Write a bad file made from a good picture."""
    whole = Image.open(picture).convert("RGB")
    if kind == "text":
        target.write_text("this is no picture", encoding="utf-8")
    elif kind == "empty":
        target.touch()
    elif kind == "truncated":
        target.write_bytes(picture.read_bytes()[:4_000])
    elif kind == "huge":
        Image.new("1", (30_000, 30_000)).save(target, format="PNG")
    elif kind == "nobody":
        Image.linear_gradient("L").save(target, format="PNG")
    elif kind == "black":
        Image.new("RGB", (300, 300)).save(target, format="PNG")
    elif kind == "two":
        both = Image.new("RGB", (600, 250), (128, 128, 128))
        both.paste(whole, (0, 0))
        both.paste(whole, (350, 0))
        both.save(target, format="PNG")
    elif kind == "same":
        whole.save(target, format="PNG")
    elif kind == "gif":
        whole.save(target, format="GIF")
    else:
        target.write_bytes(np.random.default_rng(7).bytes(20_000))


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_950_are_enrolled_and_50_listed_with_reasons(facerec: Facerec, test_data_dir: Path, tmp_path: Path) -> None:
    people = tmp_path / "people"
    chosen = [picture for picture, _ in zip(good_pictures(test_data_dir), range(GOOD), strict=False)]
    assert len(chosen) == GOOD
    for picture in chosen:
        (people / picture.parent.name).mkdir(parents=True)
        shutil.copy(picture, people / picture.parent.name / "1.jpg")
    expected = {}
    for number, picture in enumerate(chosen[:: GOOD // 50][:50]):
        kind = list(REASONS)[number % len(REASONS)]
        target = people / picture.parent.name / f"{kind}.png"
        break_picture(kind, picture, target)
        expected[f"{picture.parent.name}/{target.name}"] = REASONS[kind]
    assert sum(1 for file in people.rglob("*") if file.is_file()) == 1000

    began_s = time.monotonic()
    ran = facerec("import", people, "--json")
    took_s = time.monotonic() - began_s

    assert ran.code == 8
    refused = {row["file"]: row["error"] for person in ran.json["people"] for row in person["pictures"] if row["error"]}
    assert {name: reason for name, reason in expected.items() if reason not in refused.get(name, "")} == {}
    assert set(refused) == set(expected)
    assert (ran.json["enrolled"], ran.json["refused"], ran.json["imported_before"]) == (GOOD, 50, 0)
    assert sum(person["faces"] for person in facerec("people", "list", "--json").json) == GOOD
    print(f"import of 1,000 files: {took_s:.1f} s")
