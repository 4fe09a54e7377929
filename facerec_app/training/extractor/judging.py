"""Judging exported weights on people never trained on, along the path that the program takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.protocols import InferenceSession
from facerec_app.core.types import BoolArray, Float32Array, Int64Array, UInt8Array
from facerec_app.training.extractor.face_dataset import centre_crops, load_faces
from facerec_app.training.extractor.pair_measures import accuracy_at, measure_pairs, pair_cosines, person_pairs
from facerec_app.training.extractor.teachers import unit_rows
from facerec_app.training.lfw_pairs import PairList

BATCH = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one space of values does.

    Attributes:
        listed_accuracy: share of right answers on the list's pairs, at the threshold of the held-out people.
        held_out_accuracy: the same on the held-out people themselves, where the threshold was chosen.
        tar_at_far_1e2: over all cross-person pairs of the judged people.
        tar_at_far_1e3: the same.
        threshold: the cosine used.
    """

    listed_accuracy: float
    held_out_accuracy: float
    tar_at_far_1e2: float
    tar_at_far_1e3: float
    threshold: float


def raw_values(session: InferenceSession, stored_rgb: UInt8Array, mirror: bool = False) -> tuple[Float32Array, ...]:
    """Return the graph's values of stored faces: features ``(N, 2048)`` and projection ``(N, P)``, of any length.

    Args:
        session: the exported graph.
        stored_rgb: ``(N, S, S, 3)`` uint8 with the 112x112 crop in the middle.
        mirror: whether to add the values of the mirror image.
    """
    crops = centre_crops(stored_rgb)
    parts: list[tuple[Float32Array, ...]] = []
    for start in range(0, crops.shape[0], BATCH):
        batch = np.ascontiguousarray(crops[start : start + BATCH])
        values = session.run(batch)
        if mirror:
            flipped = session.run(np.ascontiguousarray(batch[:, :, ::-1]))
            values = tuple(left + right for left, right in zip(values, flipped, strict=True))
        parts.append(values)
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def served_values(session: InferenceSession, stored_rgb: UInt8Array, mirror: bool) -> dict[str, Float32Array]:
    """Return the same as unit-length rows by name: ``features`` and ``projection``."""
    features, projected = raw_values(session, stored_rgb, mirror)
    return {"features": unit_rows(features), "projection": unit_rows(projected)}


def judge(
    session: InferenceSession, held_out: Path, judged: Path, listed: PairList, mirror: bool = False
) -> dict[str, Judgement]:
    """Return a judgement for each space of values.

    Args:
        session: the exported graph.
        held_out: folder of aligned faces of the people whose pairs decide the threshold.
        judged: folder of aligned faces of the people to judge on.
        listed: pairs among the judged people; ones with a picture in which no face was found count as wrong.
        mirror: whether to add the values of the mirror image.
    """
    known, unknown = load_faces(held_out), load_faces(judged)
    known_values = served_values(session, known.pixels_rgb, mirror)
    unknown_values = served_values(session, unknown.pixels_rgb, mirror)
    rows, same, missing = listed_rows(judged, listed)
    known_pairs, known_same = person_pairs(known.people)
    all_pairs, all_same = person_pairs(unknown.people)
    judgements = {}
    for name, values in unknown_values.items():
        chosen = measure_pairs(pair_cosines(known_values[name], known_pairs), known_same)
        overall = measure_pairs(pair_cosines(values, all_pairs), all_same)
        right = accuracy_at(pair_cosines(values, rows), same, chosen.threshold) * len(rows) / (len(rows) + missing)
        judgements[name] = Judgement(
            right, chosen.accuracy, overall.tar_at_far_1e2, overall.tar_at_far_1e3, chosen.threshold
        )
    return judgements


def listed_rows(folder: Path, listed: PairList) -> tuple[Int64Array, BoolArray, int]:
    """Return the rows ``(P, 2)`` of listed pairs, whether each is genuine, and how many pairs lack a face."""
    entries = json.loads((folder / "entries.json").read_text(encoding="utf-8"))
    numbers = {"/".join(Path(entry["picture"]).parts[-2:]): row for row, entry in enumerate(entries)}
    kept = [pair for pair in listed.pairs if pair.left in numbers and pair.right in numbers]
    if not kept:
        msg = f"none of the {len(listed.pairs)} listed pairs is among the faces in {folder}"
        raise NotEnoughDataError(msg)
    rows = np.array([[numbers[pair.left], numbers[pair.right]] for pair in kept], np.int64)
    return rows, np.array([pair.same for pair in kept], np.bool_), len(listed.pairs) - len(kept)
