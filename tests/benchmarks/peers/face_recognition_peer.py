"""The webcam recipe of the package ``face_recognition`` at full resolution: HOG detector, nearest at most 0.6 away."""

from __future__ import annotations

from typing import Any

import face_recognition
import numpy as np
import peer_loop


def make(people: dict[str, list[Any]]) -> Any:
    names: list[str] = []
    encodings: list[Any] = []
    for name, pictures in people.items():
        for picture in pictures:
            for encoding in face_recognition.face_encodings(np.ascontiguousarray(picture[:, :, ::-1]))[:1]:
                names.append(name)
                encodings.append(encoding)

    def recognise(frame: Any) -> peer_loop.Faces:
        pixels_rgb = np.ascontiguousarray(frame[:, :, ::-1])
        places = face_recognition.face_locations(pixels_rgb)
        result: peer_loop.Faces = []
        for place, encoding in zip(places, face_recognition.face_encodings(pixels_rgb, places), strict=True):
            distances = face_recognition.face_distance(encodings, encoding)
            best = int(np.argmin(distances))
            top, right, bottom, left = place
            name = names[best] if distances[best] <= 0.6 else None
            result.append(([float(left), float(top), float(right), float(bottom)], name))
        return result

    return recognise


peer_loop.run_peer(make)
