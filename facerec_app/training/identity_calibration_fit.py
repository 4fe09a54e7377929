"""Fits the identity calibration to simulated galleries and says how well it holds on other people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Float32Array
from facerec_app.decision.identity_calibration import (
    DecisionLogistic,
    IdentityCalibration,
    ImpostorTail,
    PairCalibration,
)
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.similarity.log_odds import MAX_LOG_ODDS, log_odds_of
from facerec_app.training.calibration_quality import MiddleError, binned_error, cllr_of, least_cllr, middle_error
from facerec_app.training.gallery_simulation import GALLERY_SIZES, GalleryTrials, rank_rows, simulate_galleries
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import fit_logistic, fit_temperature
from facerec_app.training.pair_sampling import genuine_pairs, random_impostor_pairs, score_rows
from facerec_app.training.similarity_comparison import drawn_pairs
from facerec_app.training.verification_metrics import PersonBootstrap, ScoredPairs, bagged_threshold

Float64Array = npt.NDArray[np.float64]
MARGIN_CAP = 8.0
_TAIL_RATES = tuple(np.arange(-1.0, -5.76, -0.25).tolist())
_WRONG_NAME_RATE = 5e-4
_SMALLEST_MARGIN = 1.0
_BINS = 15
_PAIRS_PER_PERSON = 30
_IMPOSTORS_PER_GENUINE = 100
_FEWEST_IMPOSTORS = 50_000


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """How the calibration does on people that it was not fitted on.

    Attributes:
        calibration_error: expected calibration error over the probabilities shown, 15 equal-mass bins.
        names: the same over probabilities of names within 0.05 to 0.95 only.
        pairs: the same over probabilities of pairs, one in two genuine.
        cllr: cost of the pairs' log-likelihood ratios in bits.
        least_cllr: what the best recalibration of these pairs would leave of it.
        stranger_rate: share of strangers named at a bar set for 1 in 1,000, by gallery size.
        missed_rate: share of enrolled probes not named (or named wrongly), by gallery size.
        wrong_rate: share of enrolled probes given somebody else's name, by gallery size.
        stretch: what the network's log odds were multiplied with before, to lie on the scale of another network.
        shift: what was added after that.
    """

    calibration_error: float
    names: MiddleError
    pairs: MiddleError
    cllr: float
    least_cllr: float
    stranger_rate: dict[str, float]
    missed_rate: dict[str, float]
    wrong_rate: dict[str, float]
    stretch: float = 1.0
    shift: float = 0.0


def fit_identity_calibration(
    features: LabelledFeatures, scorer: SimilarityScorer, *, seed: int, strangers: LabelledFeatures | None = None
) -> IdentityCalibration:
    """Return the calibration measured on these people (none of whom the scorer was trained on, unless it has no
    dense part: two numbers do not memorise anybody).

    Args:
        features: of people unknown to extractor and scorer.
        scorer: the similarity network.
        seed: of all draws.
        strangers: more people, for the rare likenesses of strangers alone, which few people do not show; the extractor
            may know them if they look no less alike to it than others do. None takes ``features``.

    Raises:
        NotEnoughDataError: if the people are too few to fill galleries.
    """
    trials = simulate_galleries(features, scorer, seed=seed)
    own = drawn_pairs(features, lambda left, right: log_odds_of(scorer.score_pairs(left, right)), seed)
    plain = drawn_pairs(features, CosineScorer(middle=0.0, slope=1.0).log_odds, seed)
    return IdentityCalibration(
        extractor_version=features.extractor_version,
        scorer_version=scorer.version,
        tail=impostor_tail(strangers or features, scorer, seed),
        logistic=fit_decision_logistic(trials),
        min_margin=smallest_safe_margin(trials),
        pair_threshold=bagged_threshold(own, PersonBootstrap(100)),
        cosine_threshold=bagged_threshold(plain, PersonBootstrap(100)),
        prior_enrolled=0.5,
        pairs=fit_pair_calibration(features, scorer, seed),
    )


def fit_decision_logistic(trials: GalleryTrials) -> DecisionLogistic:
    """Return the logistic regression of "the best person is right" on score, lead and gallery size."""
    fit = fit_logistic(decision_columns(trials), trials.right, trials.weights.astype(np.float64))
    intercept, score, margin, people = (float(value) for value in fit)
    # More likeness and a longer lead never speak against a name, whatever a small sample says.
    return DecisionLogistic(intercept, max(score, 1e-3), max(margin, 0.0), -people, MARGIN_CAP)


def decision_columns(trials: GalleryTrials) -> Float64Array:
    """Return ``(M, 3)``: the best person's log odds, the capped lead, the logarithm of the number of people."""
    lead = np.minimum(trials.best - np.maximum(trials.runner_up, -1e6), MARGIN_CAP)
    columns = np.column_stack([np.maximum(trials.best, -MAX_LOG_ODDS), lead, np.log(trials.people)])
    return np.asarray(columns, np.float64)


def impostor_tail(features: LabelledFeatures, scorer: SimilarityScorer, seed: int) -> ImpostorTail:
    """Return how often strangers reach a score with one person, from many (stranger, enrolled person) comparisons.

    People are dealt into galleries of 40 (for frequent scores) and into one half against the other (for rare ones);
    every comparison above a score is among the best few people of its stranger, which is what the ranking keeps.
    """
    generator = np.random.default_rng(seed + 1)
    small = [_stranger_scores(features, scorer, 40, 400, generator) for _ in range(40)]
    large = [_stranger_scores(features, scorer, len(features.people) // 2, 10**9, generator) for _ in range(6)]
    frequent, comparisons = np.concatenate([scores for scores, _ in small]), sum(count for _, count in small)
    rare, many = np.concatenate([scores for scores, _ in large]), sum(count for _, count in large)
    points = []
    for rate in _TAIL_RATES:
        if rate >= -2.5:
            points.append(_upper_quantile(frequent, comparisons, rate))
        else:
            points.append(_upper_quantile(rare, many, rate))
    rising = np.maximum.accumulate(np.array(points))
    return ImpostorTail(tuple(float(rate) for rate in _TAIL_RATES), tuple(float(point) for point in rising))


def _upper_quantile(scores: Float32Array, comparisons: int, log10_rate: float) -> float:
    beyond = min(round(comparisons * 10.0**log10_rate), len(scores) - 1)
    return float(np.sort(scores)[::-1][beyond])


def _stranger_scores(
    features: LabelledFeatures, scorer: SimilarityScorer, size: int, most: int, generator: np.random.Generator
) -> tuple[Float32Array, int]:
    """Return the best scores of strangers with the people of one gallery, and the number of comparisons made."""
    rows_of = features.rows_by_person()
    order = generator.permutation(len(rows_of))
    members, outside = order[:size], order[size : size + most]
    gallery = np.concatenate([generator.permutation(rows_of[person])[:3] for person in members.tolist()])
    strangers = np.array([generator.choice(rows_of[person]) for person in outside.tolist()], np.int64)
    ranked = rank_rows(features, scorer, gallery, strangers)
    scores = ranked.logits[np.isfinite(ranked.logits)]
    return np.asarray(scores, np.float32), size * len(strangers)


def smallest_safe_margin(trials: GalleryTrials) -> float:
    """Return the lead over the runner-up with which one enrolled face in 2,000 at most gets somebody else's name."""
    wrong = trials.enrolled & ~trials.right & np.isfinite(trials.runner_up)
    # Only names that would be shown count: those scored above even odds in the smallest gallery.
    wrong &= trials.best > 0
    leads = np.sort((trials.best - trials.runner_up)[wrong])[::-1]
    allowed = int(_WRONG_NAME_RATE * int(trials.enrolled.sum()))
    return max(float(leads[allowed]) if len(leads) > allowed else 0.0, _SMALLEST_MARGIN)


def report_calibration(
    calibration: IdentityCalibration,
    features: LabelledFeatures,
    scorer: SimilarityScorer,
    *,
    seed: int,
    sizes: Sequence[int] = GALLERY_SIZES,
    probes_per_size: int = 3000,
) -> CalibrationReport:
    """Return how the calibration does on people that it was not fitted on, in galleries of these sizes."""
    trials = simulate_galleries(features, scorer, sizes=sizes, probes_per_size=probes_per_size, seed=seed)
    probabilities = np.zeros(len(trials))
    strangers, missed, wrong = {}, {}, {}
    for size in np.unique(trials.people).tolist():
        rows = trials.people == size
        part = trials.of_size(size)
        probabilities[rows] = calibration.probabilities(part.best, part.runner_up, size)
        lead = part.best - np.maximum(part.runner_up, -1e6)
        named = (part.best >= calibration.threshold(size, 1e-3)) & (lead >= calibration.min_margin)
        strangers[str(size)] = float(named[~part.enrolled].mean())
        missed[str(size)] = float((~(named & part.right))[part.enrolled].mean())
        wrong[str(size)] = float((named & ~part.right)[part.enrolled].mean())
    weights = trials.weights.astype(np.float64)
    everywhere = binned_error(probabilities, trials.right.astype(np.float64), weights, _BINS)
    names = middle_error(probabilities, trials.right, weights, trials.probe_people)
    pairs, cost, least = report_pairs(calibration.pairs, features, scorer, seed=seed)
    return CalibrationReport(everywhere, names, pairs, cost, least, strangers, missed, wrong)


def report_pairs(
    calibration: PairCalibration, features: LabelledFeatures, scorer: SimilarityScorer, *, seed: int
) -> tuple[MiddleError, float, float]:
    """Return calibration error, Cllr and the least Cllr of pairs of these people, one in two genuine."""
    pairs, weights = calibration_pairs(features, scorer, seed)
    probabilities = calibration.probabilities(pairs.scores).astype(np.float64)
    # An impostor pair counts for one of its people: they are many, and the genuine pairs decide over the error.
    error = middle_error(probabilities, pairs.same, weights, pairs.people[:, 0])
    log_odds = calibration.log_odds(pairs.scores).astype(np.float64)
    return error, cllr_of(log_odds, pairs.same), least_cllr(log_odds, pairs.same)


def calibration_pairs(
    features: LabelledFeatures, scorer: SimilarityScorer, seed: int
) -> tuple[ScoredPairs, Float64Array]:
    """Return pairs of these people with the scorer's log odds, and weights under which one in two is genuine.

    Genuine pairs are capped at 30 a person; there are 100 times as many impostor pairs, at least 50,000.
    """
    generator = np.random.default_rng(seed)
    genuine = genuine_pairs(features, _PAIRS_PER_PERSON, generator)
    count = max(_IMPOSTORS_PER_GENUINE * len(genuine), _FEWEST_IMPOSTORS)
    rows = np.concatenate([genuine, random_impostor_pairs(features, count, generator)])
    scores = score_rows(features, rows, lambda left, right: log_odds_of(scorer.score_pairs(left, right)))
    same = np.arange(len(rows)) < len(genuine)
    weights = np.where(same, 0.5 / max(len(genuine), 1), 0.5 / count)
    return ScoredPairs(scores, same, features.person_index[rows]), weights


def fit_pair_calibration(features: LabelledFeatures, scorer: SimilarityScorer, seed: int) -> PairCalibration:
    """Return the temperature that fits the scorer's log odds of pairs best.

    Raises:
        NotEnoughDataError: without a person of two faces.
    """
    pairs, weights = calibration_pairs(features, scorer, seed)
    if not pairs.same.any():
        raise NotEnoughDataError("Calibrating pairs needs a person with two faces; add faces.")
    return PairCalibration(fit_temperature(pairs.scores.astype(np.float64), pairs.same, weights))
