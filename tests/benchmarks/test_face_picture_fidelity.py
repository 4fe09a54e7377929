"""How near an embedding made from the stored face picture is to the one made from the original.

``pytest -s -m benchmark tests/benchmarks/test_face_picture_fidelity.py``
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image
from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.gallery.face_pictures import cut_face_picture, decode_face_picture, encode_face_picture

pytestmark = pytest.mark.benchmark


def test_cosine_of_stored_and_original(test_data_dir: Path, tmp_path: Path) -> None:
    application = ComposedApplication(Settings(database_dir=tmp_path))
    detector, aligner, extractor = application._picture_detector, application._aligner, application._extractor
    again, detected_again, sizes = [], [], []
    people = (test_data_dir / "splits" / "train_people.txt").read_text().split()[:150]
    files = [next(iter(sorted((test_data_dir / "lfw" / person).glob("*.jpg")))) for person in people]
    for file in [*files, *sorted((test_data_dir / "photos").glob("known*/*/*"))]:
        pixels = read_image(file)
        faces = detector.detect(pixels)
        if len(faces) == 0:
            continue
        first = faces.select(np.array([0]))
        original = extractor.embed(aligner.align(pixels, first)).vectors[0]
        cut, box, landmarks = cut_face_picture(pixels, first.boxes_xyxy[0], first.landmarks_xy[0])
        data = encode_face_picture(cut)
        stored = decode_face_picture(data, file)
        kept = type(first)(box[None], landmarks[None], first.scores)
        again.append(float(original @ extractor.embed(aligner.align(stored, kept)).vectors[0]))
        found = detector.detect(stored)
        if len(found):
            one = found.select(np.array([0]))
            detected_again.append(float(original @ extractor.embed(aligner.align(stored, one)).vectors[0]))
        sizes.append(len(data))
    application.close()
    print(
        f"\n{len(again)} faces: cosine with the stored picture's embedding median {np.median(again):.4f}, "
        f"lowest {min(again):.4f}; detected anew in {len(detected_again)}: median {np.median(detected_again):.4f}; "
        f"{np.mean(sizes) / 1024:.0f} KB a face"
    )
    assert np.median(again) > 0.98
