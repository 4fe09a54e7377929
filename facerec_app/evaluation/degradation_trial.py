"""How recognition bears pictures made worse on purpose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Int64Array
from facerec_app.evaluation.error_rates import person_mean_draws, rate_interval
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.training.pair_sampling import PairScoring
from facerec_app.training.verification_metrics import PersonBootstrap


@dataclass(frozen=True, slots=True)
class DegradedResult:
    """One changed picture of each person against an unchanged one.

    Attributes:
        name: of the change.
        people: number of people.
        median_size_px: of the faces found, in pixels of the world before the picture was brought back to its size.
        found: share of changed pictures in which a face was found.
        accepted: share of people whose changed picture is accepted as theirs; a face not found is not.
        accepted_interval: 95 % by person.
        false_accepted: share of the changed pictures' pairs with other people that are accepted.
    """

    name: str
    people: int
    median_size_px: float
    found: float
    accepted: float
    accepted_interval: tuple[float, float]
    false_accepted: float


def probe_and_reference_rows(faces: PictureFaces) -> tuple[Int64Array, Int64Array]:
    """Return one picture to change and another one to compare with, for everybody with two faces found."""
    probes, references = [], []
    for rows in faces.labelled.rows_by_person():
        usable = rows[faces.rows.found[rows]]
        if len(usable) > 1:
            probes.append(int(usable[1]))
            references.append(int(usable[0]))
    return np.array(probes, np.int64), np.array(references, np.int64)


def degraded_result(
    name: str, changed: PictureFaces, references: PictureFaces, score: PairScoring, threshold: float, scale: float = 1.0
) -> DegradedResult:
    """Return the figures of one change.

    Args:
        name: of the change.
        changed: N changed pictures, one a person.
        references: N unchanged pictures of the same people in the same order.
        score: judges pairs.
        threshold: fixed beforehand.
        scale: by which the picture was made smaller before it was brought back to its size.
    """
    count = len(changed)
    rows = np.repeat(np.arange(count), count)
    columns = np.tile(np.arange(count), count)
    scores = score(changed.rows.vectors[rows], references.rows.vectors[columns]).reshape(count, count)
    found = changed.rows.found
    accepted = (scores >= threshold) & found[:, None]
    own = np.diag(accepted).astype(np.float64)
    others = accepted[~np.eye(count, dtype=bool)]
    sizes = changed.rows.size_px[found]
    draws = person_mean_draws(own, np.arange(count), PersonBootstrap())
    return DegradedResult(
        name, count, scale * float(np.median(sizes)) if len(sizes) else 0.0, float(found.mean()), float(own.mean()),
        rate_interval(own, np.arange(count), draws), float(others.mean()) if len(others) else 0.0,
    )  # fmt: skip
