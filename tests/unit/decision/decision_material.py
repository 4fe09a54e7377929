"""A calibration with round numbers and scores made by hand."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import PersonScores
from facerec_app.decision.identity_calibration import DecisionLogistic, IdentityCalibration, ImpostorTail


def calibration() -> IdentityCalibration:
    """Return one whose threshold is 3.0 for one person at one stranger in 1,000, one more for ten times the people."""
    rates = tuple(float(rate) for rate in np.arange(-1.0, -7.0, -1.0))
    return IdentityCalibration(
        extractor_version="sface-test",
        scorer_version="similarity-test",
        tail=ImpostorTail(rates, tuple(-rate for rate in rates)),
        logistic=DecisionLogistic(-1.0, 1.0, 0.2, 0.5, 8.0),
        min_margin=1.0,
        pair_threshold=0.0,
        cosine_threshold=0.35,
        prior_enrolled=0.5,
    )


def look(gallery_people: int = 5, **log_odds: float) -> PersonScores:
    """Return one probe's scores, such as ``look(ann=6.0, bob=-2.0)``."""
    ordered = sorted(log_odds.items(), key=lambda item: -item[1])
    return PersonScores(
        np.array([[name for name, _ in ordered]], dtype=np.str_),
        np.array([[value for _, value in ordered]], np.float32),
        gallery_people,
    )


def looks(*rows: PersonScores) -> PersonScores:
    """Return several probes' scores together."""
    return PersonScores(
        np.concatenate([row.person_ids for row in rows]),
        np.concatenate([row.logits for row in rows]),
        rows[0].gallery_people,
    )
