"""How often each real face is drawn: people alike rather than pictures, and more of what the student finds hard."""

from __future__ import annotations

import numpy as np

from facerec_app.core.protocols import InferenceSession
from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.training.extractor.face_dataset import centre_crops
from facerec_app.training.extractor.teachers import TEACHER_VALUES, unit_rows

_FACES_AT_ONCE = 64
_HARDNESS_POWER = 2


def person_weights(people: Int64Array) -> Float32Array:
    """Return ``(N,)`` weights with which a person is drawn by the square root of the pictures there are.

    LFW has 236 pictures of Colin Powell and one each of most others; whoever is shown 236 times as often becomes what
    unlike faces are taken for.
    """
    _, person, counts = np.unique(people, return_inverse=True, return_counts=True)
    return (1 / np.sqrt(counts[person])).astype(np.float32)


def hardness_weights(cosines: Float32Array) -> Float32Array:
    """Return ``(N,)`` weights, 1 on average, that grow with the square of what the student misses.

    Args:
        cosines: ``(N,)`` of the student's to the teacher's values.
    """
    missed = np.maximum(1 - cosines, 0) ** _HARDNESS_POWER
    mean = float(missed.mean())
    return (missed / mean).astype(np.float32) if mean > 0 else np.ones_like(cosines)


def student_cosines(graph: InferenceSession, stored_rgb: UInt8Array, sface: Float32Array) -> Float32Array:
    """Return ``(N,)`` cosines of an exported student's values to SFace's, each of picture and mirror image together.

    Args:
        graph: the student, with outputs ``pooled`` and ``projection``.
        stored_rgb: ``(N, S, S, 3)`` faces with the 112x112 template in the middle.
        sface: ``(N, 128)`` what SFace says of them; its mean is taken away here.
    """
    answers: list[Float32Array] = []
    for start in range(0, len(stored_rgb), _FACES_AT_ONCE):
        faces = np.ascontiguousarray(centre_crops(stored_rgb[start : start + _FACES_AT_ONCE]))
        looks = (faces, np.ascontiguousarray(faces[:, :, ::-1]))
        answers.append(np.sum([unit_rows(graph.run(look)[1][:, :TEACHER_VALUES]) for look in looks], axis=0))
    student = unit_rows(np.concatenate(answers))
    return np.asarray((student * unit_rows(sface - sface.mean(axis=0))).sum(axis=1), np.float32)
