"""How sure a name is, and how high the bar for showing one must be in a gallery of the present size.

Both are measured on simulated open-set galleries of the training people (``training/gallery_simulation.py``,
docs/adr/0002) and stored as one small JSON file beside the similarity network.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.log_odds import MAX_LOG_ODDS, probabilities_of

_FORMAT = "facerec-identity-calibration-2"
SATURATION_ROOM = 0.5
"""Scores end at ``MAX_LOG_ODDS``: a bar higher than this much below it could not be reached by anybody."""


@dataclass(frozen=True, slots=True)
class ImpostorTail:
    """How often a stranger reaches a person score: false match rate per enrolled person against log odds.

    Attributes:
        log10_rates: falling, such as -1 ... -6.
        log_odds: the score that this share of (stranger, person) comparisons reaches; rising, same length.
    """

    log10_rates: tuple[float, ...]
    log_odds: tuple[float, ...]

    def score_at(self, log10_rate: float) -> float:
        """Return the log odds that strangers reach at this rate; beyond the measured rates in a straight line."""
        rates, scores = self.log10_rates, self.log_odds
        if log10_rate < rates[-1]:
            slope = (scores[-1] - scores[-3]) / (rates[-1] - rates[-3])
            return scores[-1] + slope * (log10_rate - rates[-1])
        return float(np.interp(-log10_rate, [-rate for rate in rates], scores))


@dataclass(frozen=True, slots=True)
class DecisionLogistic:
    """Log odds that the best person of a gallery is the right one.

    ``intercept + score * best + margin * min(best - runner_up, margin_cap) - people * ln(N)``

    Attributes:
        intercept: of the logistic regression.
        score: weight of the best person's log odds.
        margin: weight of the lead over the runner-up.
        people: weight of the logarithm of the number of people enrolled.
        margin_cap: a lead beyond this says nothing more; also the lead where there is no runner-up.
    """

    intercept: float
    score: float
    margin: float
    people: float
    margin_cap: float


@dataclass(frozen=True, slots=True)
class PairCalibration:
    """Probability that two faces are one person, where one pair in two is: the similarity network's log odds, scaled.

    Of the calibrations that were compared this one measured best (docs/calibration.md); it rises everywhere.

    Attributes:
        slope: what the log odds are multiplied with (an inverse temperature), above zero.
    """

    slope: float = 1.0

    def log_odds(self, log_odds: Float32Array) -> Float32Array:
        """Return the calibrated log odds, float32: log-likelihood ratios, to which a prior's log odds may be added."""
        return np.asarray(self.slope * log_odds, np.float32)

    def probabilities(self, log_odds: Float32Array) -> Float32Array:
        """Return the probabilities, float32, of the similarity network's log odds of any shape."""
        return probabilities_of(self.log_odds(log_odds))


@dataclass(frozen=True, slots=True)
class IdentityCalibration:
    """What was measured for one pair of extractor and similarity network.

    Attributes:
        extractor_version: of the features.
        scorer_version: of the similarity network.
        tail: chance that a stranger reaches a score.
        logistic: probability that the best person is right.
        min_margin: lead over the runner-up, in log odds, that a name needs.
        pair_threshold: log odds from which a pair counts as one person in verification.
        cosine_threshold: the same for plain cosine, the baseline.
        prior_enrolled: share of probes that were enrolled in the simulation.
        pairs: probability of a pair of faces.
    """

    extractor_version: str
    scorer_version: str
    tail: ImpostorTail
    logistic: DecisionLogistic
    min_margin: float
    pair_threshold: float
    cosine_threshold: float
    prior_enrolled: float
    pairs: PairCalibration = PairCalibration()

    def threshold(self, people: int, stranger_rate: float) -> float:
        """Return the log odds that a person's score must reach before their name may be shown.

        With N people enrolled a stranger is compared N times, so for a rate q of strangers named each comparison may
        go wrong at ``1 - (1 - q)^(1/N)`` only (FPIR and FMR as in ISO/IEC 19795-1).
        """
        rate = -math.expm1(math.log1p(-stranger_rate) / max(people, 1))
        return min(self.tail.score_at(math.log10(rate)), MAX_LOG_ODDS - SATURATION_ROOM)

    def probabilities(
        self, best: Float32Array | np.float32, runner_up: Float32Array | np.float32, people: int
    ) -> Float32Array:
        """Return the probability that the best person is the right one, float32 of any shape.

        Args:
            best: log odds of the best person; minus infinity where there is none.
            runner_up: log odds of the next best person, minus infinity where there is none.
            people: number of people enrolled.
        """
        fit = self.logistic
        score = np.maximum(best, -MAX_LOG_ODDS)
        lead = np.minimum(score - np.maximum(runner_up, -1e6), fit.margin_cap)
        log_odds = fit.intercept + fit.score * score + fit.margin * lead - fit.people * math.log(max(people, 1))
        return np.where(np.isfinite(best), probabilities_of(log_odds), np.float32(0.0))


def identity_calibration_to_bytes(calibration: IdentityCalibration) -> bytes:
    """Return the calibration as the content of a JSON file; the same values give the same bytes."""
    return (json.dumps({"format": _FORMAT, **asdict(calibration)}, indent=1, sort_keys=True) + "\n").encode()


def identity_calibration_from_bytes(content: bytes, file_name: str) -> IdentityCalibration:
    """Read what ``identity_calibration_to_bytes`` wrote; the caller has checked its hash (the model store does).

    Args:
        content: of the file.
        file_name: for messages.

    Raises:
        WeightsRejectedError: if it is damaged or holds values that cannot be used.
    """
    try:
        return _parsed(json.loads(content))
    except (KeyError, TypeError, ValueError) as exc:
        raise WeightsRejectedError(f"The calibration '{file_name}' is damaged ({exc}); install FaceRec again.") from exc


def _parsed(values: dict[str, Any]) -> IdentityCalibration:
    if values["format"] != _FORMAT:
        raise ValueError(f"unknown format {values['format']!r}")
    tail = ImpostorTail(
        tuple(float(v) for v in values["tail"]["log10_rates"]), tuple(float(v) for v in values["tail"]["log_odds"])
    )
    names = ("intercept", "score", "margin", "people", "margin_cap")
    logistic = DecisionLogistic(*(float(values["logistic"][name]) for name in names))
    pairs = PairCalibration(float(values["pairs"]["slope"]))
    numbers = [float(values[name]) for name in ("min_margin", "pair_threshold", "cosine_threshold", "prior_enrolled")]
    curves = [*asdict(logistic).values(), *asdict(pairs).values()]
    finite = np.isfinite([*tail.log10_rates, *tail.log_odds, *curves, *numbers]).all()
    rises = all(np.diff(tail.log_odds) >= 0) and all(np.diff(tail.log10_rates) < 0) and pairs.slope > 0
    fits = len(tail.log_odds) == len(tail.log10_rates) >= 3
    if not (finite and rises and fits):
        raise ValueError("values out of range")
    min_margin, pair_threshold, cosine_threshold, prior_enrolled = numbers
    return IdentityCalibration(
        str(values["extractor_version"]),
        str(values["scorer_version"]),
        tail,
        logistic,
        min_margin,
        pair_threshold,
        cosine_threshold,
        prior_enrolled,
        pairs,
    )
