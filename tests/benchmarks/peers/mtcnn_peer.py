"""The package ``mtcnn`` as it comes: it finds faces and names nobody."""

from __future__ import annotations

from typing import Any

import numpy as np
import peer_loop
from mtcnn import MTCNN


def make(people: dict[str, list[Any]]) -> Any:
    detector = MTCNN()

    def recognise(frame: Any) -> peer_loop.Faces:
        result: peer_loop.Faces = []
        for face in detector.detect_faces(np.ascontiguousarray(frame[:, :, ::-1])) or []:
            x, y, width, height = (float(v) for v in face["box"])
            result.append(([x, y, x + width, y + height], None))
        return result

    return recognise


peer_loop.run_peer(make)
