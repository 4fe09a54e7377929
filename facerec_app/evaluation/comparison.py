"""Two scorers side by side on the same pictures, with paired tests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from facerec_app.evaluation.error_rates import (
    balanced_accuracy,
    balanced_accuracy_draws,
    error_curves,
    person_mean_draws,
)
from facerec_app.evaluation.evaluation_report import (
    Curve,
    EvaluationReport,
    ReportPlot,
    ReportTable,
    percent,
)
from facerec_app.evaluation.paired_tests import (
    McNemarResult,
    PairedDifference,
    independent_pairs,
    mcnemar,
    paired_difference,
    verdict_sentence,
)
from facerec_app.evaluation.retrieval import RankedPictures, ranked_pictures, retrieval_figures
from facerec_app.evaluation.threshold_choice import cross_fitted_correct
from facerec_app.evaluation.verification_run import FALSE_ACCEPT_RATES, NO_FACE_SCORE, VerificationRun
from facerec_app.training.pair_sampling import PairScoring
from facerec_app.training.verification_metrics import Float64Array, PersonBootstrap, ScoredPairs, tar_at_far

_FIRST_TOLD = ("TAR at FAR 1e-3", "TAR at FAR 1e-2", "TAR at FAR 1e-4", "TAR at FAR 1e-1")


@dataclass(frozen=True, slots=True, eq=False)
class ComparedScorer:
    """One side of a comparison.

    Attributes:
        name: as the user asked for it.
        pairs: all pairs, scored.
        correct: whether each is judged rightly by a threshold chosen on other people (cross-fitted).
        threshold: mean of those thresholds.
        figures: by name.
        draws: by name, the same figures in each resample of the people.
    """

    name: str
    pairs: ScoredPairs
    correct: np.ndarray
    threshold: float
    figures: dict[str, float]
    draws: dict[str, Float64Array]


def compared_scorer(name: str, run: VerificationRun, score: PairScoring, bootstrap: PersonBootstrap) -> ComparedScorer:
    """Return everything that is compared of one scorer.

    Raises:
        NotEnoughDataError: if there are too few people to choose thresholds on others, or nobody has two pictures.
    """
    pairs = run.score_all(score)
    correct, threshold = cross_fitted_correct(pairs)
    correct &= pairs.scores > NO_FACE_SCORE
    tars = tar_at_far(pairs, tuple(FALSE_ACCEPT_RATES.values()))
    keys = {rate: f"TAR at FAR {key}" for key, rate in FALSE_ACCEPT_RATES.items()}
    figures = {keys[rate]: value for rate, value in tars.items()}
    tar_draws = bootstrap.tars(pairs, tuple(tars)) if tars else np.zeros((bootstrap.draws, 0))
    draws = {keys[rate]: tar_draws[:, column] for column, rate in enumerate(tars)}
    figures["accuracy"] = balanced_accuracy(pairs, correct)
    draws["accuracy"] = balanced_accuracy_draws(pairs, correct, bootstrap)
    ranked: RankedPictures = ranked_pictures(run.faces, score)
    retrieved = retrieval_figures(run.faces, ranked, bootstrap)
    _, person = np.unique(run.faces.labelled.person_index[ranked.queries], return_inverse=True)
    figures["mean average precision"] = retrieved.mean_average_precision
    draws["mean average precision"] = person_mean_draws(retrieved.average_precisions, person, bootstrap)
    return ComparedScorer(name, pairs, correct, threshold, figures, draws)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Both sides, the difference of every figure, and the test of McNemar on independent pairs."""

    first: ComparedScorer
    second: ComparedScorer
    differences: tuple[PairedDifference, ...]
    test: McNemarResult

    @property
    def sentence(self) -> str:
        """Which is better, and whether that is beyond chance."""
        return verdict_sentence(self.first.name, self.second.name, self.differences)


def compared(first: ComparedScorer, second: ComparedScorer) -> Comparison:
    """Return the comparison of two scorers that judged the same pairs; the figure that tells most comes first."""
    names = [*(name for name in _FIRST_TOLD if name in first.figures), "accuracy", "mean average precision"]
    differences = tuple(
        paired_difference(name, first.figures[name], second.figures[name], first.draws[name], second.draws[name])
        for name in names
    )
    rows = independent_pairs(first.pairs)
    return Comparison(first, second, differences, mcnemar(first.correct[rows], second.correct[rows]))


def comparison_report(
    comparison: Comparison, run: VerificationRun, hashes: dict[str, str], remarks: tuple[str, ...]
) -> EvaluationReport:
    """Return the whole report."""
    first, second, test = comparison.first, comparison.second, comparison.test
    rows = tuple(
        (row.name, percent(row.first), percent(row.second), f"{100 * row.difference:+.2f}",
         f"{100 * row.interval[0]:+.2f} to {100 * row.interval[1]:+.2f}",
         "beyond chance" if row.beyond_chance else "chance")
        for row in comparison.differences
    )  # fmt: skip
    tables = (
        ReportTable(
            f"{first.name} minus {second.name}",
            ("", first.name, second.name, "points", "95 %", ""),
            rows,
            "The first figure decides; six looks make one by chance likelier. The same people are resampled for both. "
            "Thresholds for the accuracy are chosen for each on other people "
            "than those judged.",
        ),
        ReportTable(
            "McNemar's test on pairs with each person once in either kind",
            ("pairs", f"only {first.name} right", f"only {second.name} right", "p"),
            ((str(test.trials), str(test.only_first), str(test.only_second), f"{test.p_value:.3f}"),),
            "p is the chance of so uneven a split if both were equally good.",
        ),
    )
    curves = tuple(
        Curve(side.name, curve.fmr, 1 - curve.fnmr) for side in (first, second) for curve in (error_curves(side.pairs),)
    )
    plots = (
        ReportPlot("Receiver operating characteristic", "false accept rate", "true accept rate", curves, x_scale="log"),
    )
    significance = (
        f"On {test.trials} pairs with each person once in either kind, {test.only_first} are right by {first.name} "
        f"alone and {test.only_second} by {second.name} alone (McNemar p = {test.p_value:.3f})."
    )
    return EvaluationReport(
        "compare", f"{first.name} or {second.name}?", (comparison.sentence, significance), tables, plots, (),
        _values(comparison, run), hashes, remarks,
    )  # fmt: skip


def _values(comparison: Comparison, run: VerificationRun) -> dict[str, Any]:
    return {
        "first": comparison.first.name,
        "second": comparison.second.name,
        "sentence": comparison.sentence,
        "differences": [
            {**asdict(row), "difference": row.difference, "beyond_chance": row.beyond_chance}
            for row in comparison.differences
        ],
        "mcnemar": asdict(comparison.test),
        "thresholds": {"first": comparison.first.threshold, "second": comparison.second.threshold},
        "pictures": len(run.faces),
        "people": len(run.everyone.people),
        "all_pairs": len(run.all_rows),
        "not_detected": len(run.faces.missing),
    }
