"""Which calibration measures best on people it was not fitted on: temperature, Platt, isotonic, bounded logistic.

``python -m facerec_app.training.compare_calibrations --features F.npz --people train_people.txt
--weights similarity-sface.safetensors``

Prints one table for pairs of faces and one for names. The people are cut in half several times; each half judges what
was fitted on the other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import FacerecError
from facerec_app.core.types import BoolArray, Int64Array
from facerec_app.similarity.log_odds import MAX_LOG_ODDS
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.bounded_logistic import fit_bounded_logistic
from facerec_app.training.calibration_quality import cllr_of, least_cllr, middle_error
from facerec_app.training.gallery_simulation import GalleryTrials, simulate_galleries
from facerec_app.training.identity_calibration_fit import calibration_pairs, decision_columns
from facerec_app.training.isotonic_regression import fit_isotonic
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import Float64Array, fit_logistic, fit_temperature, log_loss
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, read_people

_SIZES = (1, 10, 50, 200, 500)
_PROBES = 1500


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What a calibration is fitted to or judged by.

    Attributes:
        columns: ``(N, F)`` float64; what a method of one score uses is the first.
        came_true: ``(N,)`` bool.
        weights: ``(N,)`` float64.
        people: ``(N,)`` int64, whose probe each is.
    """

    columns: Float64Array
    came_true: BoolArray
    weights: Float64Array
    people: Int64Array


Calibrated = Callable[[Float64Array], Float64Array]
"""Columns to probabilities."""
Method = Callable[[Outcomes], Calibrated]


def _sigmoid(log_odds: Float64Array) -> Float64Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS))), np.float64)


def temperature(given: Outcomes) -> Calibrated:
    """Return the score times one number (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017)."""
    slope = fit_temperature(given.columns[:, 0], given.came_true, given.weights)
    return lambda columns: _sigmoid(slope * columns[:, 0])


def platt(given: Outcomes) -> Calibrated:
    """Return the logistic regression on the score alone (Platt 1999)."""
    fit = fit_logistic(given.columns[:, :1], given.came_true, given.weights)
    return lambda columns: _sigmoid(fit[0] + fit[1] * columns[:, 0])


def isotonic(given: Outcomes) -> Calibrated:
    """Return the isotonic regression on the score alone (Zadrozny and Elkan, KDD 2002)."""
    fit = fit_isotonic(given.columns[:, 0], given.came_true, given.weights)
    return lambda columns: fit.at(columns[:, 0])


def bounded(given: Outcomes) -> Calibrated:
    """Return the bounded logistic on the score alone."""
    fit = fit_bounded_logistic(given.columns[:, :1], given.came_true, given.weights)
    return lambda columns: fit.probabilities(columns[:, :1])


def logistic(given: Outcomes) -> Calibrated:
    """Return the logistic regression on every column but the first."""
    fit = fit_logistic(given.columns[:, 1:], given.came_true, given.weights)
    return lambda columns: _sigmoid(fit[0] + columns[:, 1:] @ fit[1:])


def isotonic_logistic(given: Outcomes) -> Calibrated:
    """Return the isotonic regression of what the logistic of all columns says."""
    inner = logistic(given)
    fit = fit_isotonic(inner(given.columns), given.came_true, given.weights)
    return lambda columns: fit.at(inner(columns))


def bounded_logistic(given: Outcomes) -> Calibrated:
    """Return the bounded logistic on every column but the first."""
    fit = fit_bounded_logistic(given.columns[:, 1:], given.came_true, given.weights)
    return lambda columns: fit.probabilities(columns[:, 1:])


PAIR_METHODS: Mapping[str, Method] = {
    "temperature": temperature, "Platt": platt, "isotonic": isotonic, "bounded logistic": bounded,
}  # fmt: skip
NAME_METHODS: Mapping[str, Method] = {
    **PAIR_METHODS,
    "logistic of score, lead, ln N": logistic,
    "isotonic of that": isotonic_logistic,
    "bounded logistic of the three": bounded_logistic,
}


def pair_outcomes(features: LabelledFeatures, network: SimilarityNetwork, seed: int) -> Outcomes:
    """Return pairs of these people, one in two genuine by weight."""
    pairs, weights = calibration_pairs(features, network, seed)
    return Outcomes(pairs.scores.astype(np.float64)[:, None], pairs.same, weights, pairs.people[:, 0])


def name_outcomes(features: LabelledFeatures, network: SimilarityNetwork, seed: int) -> Outcomes:
    """Return probes of simulated galleries.

    The first column is what the best person's log odds come to if pairs were independent: each of N people as likely as
    the others, a stranger as likely as all of them together.
    """
    trials: GalleryTrials = simulate_galleries(features, network, sizes=_SIZES, probes_per_size=_PROBES, seed=seed)
    best = np.maximum(trials.best, -MAX_LOG_ODDS).astype(np.float64)
    others = trials.people + np.exp(np.maximum(trials.runner_up, -40.0).astype(np.float64))
    columns = np.column_stack([best - np.log(others), decision_columns(trials)])
    return Outcomes(columns, trials.right, trials.weights.astype(np.float64), trials.probe_people)


def compare(
    methods: Mapping[str, Method], halves: Sequence[tuple[Outcomes, Outcomes]]
) -> dict[str, tuple[float, float, float, float, float]]:
    """Return by method: log loss, error within 0.05-0.95 (mean, largest of the halves), Cllr, Cllr less its least."""
    figures: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in methods}
    for fitting, judging in halves:
        for name, method in methods.items():
            p = np.clip(method(fitting)(judging.columns), 1e-7, 1.0 - 1e-7)
            odds = np.log(p) - np.log1p(-p)
            loss = log_loss(odds, judging.came_true, judging.weights)
            error = middle_error(p, judging.came_true, judging.weights, judging.people).error
            cost = cllr_of(odds, judging.came_true)
            figures[name].append((loss, error, cost, cost - least_cllr(odds, judging.came_true)))
    summary = {}
    for name, rows in figures.items():
        loss, error, cost, excess = np.mean(rows, axis=0).tolist()
        summary[name] = (loss, error, max(row[1] for row in rows), cost, excess)
    return summary


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="written by compute_features")
    parser.add_argument("--people", type=Path, required=True, help="names that may be used, one a line")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--weights", type=Path, required=True, help="the similarity network")
    parser.add_argument("--splits", type=int, default=5)
    given = parser.parse_args(arguments)
    try:
        network = SimilarityNetwork.from_file(given.weights)
        people = set(read_people(given.people)) - set(read_people(given.leave_out))
        features = PictureFeatures.load(given.features).labelled().of_people(people)
        for title, make, methods in (
            ("pairs", pair_outcomes, PAIR_METHODS), ("names", name_outcomes, NAME_METHODS),
        ):  # fmt: skip
            halves = []
            for seed in range(given.splits):
                one, other = (make(half, network, seed) for half in features.split_people((0.5, 0.5), seed))
                halves += [(one, other), (other, one)]
            _print(title, compare(methods, halves), with_cllr=title == "pairs")
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def _print(title: str, rows: Mapping[str, tuple[float, ...]], *, with_cllr: bool) -> None:
    heads = [title, "log loss", "error within 0.05-0.95: mean", "largest"]
    heads += ["Cllr", "Cllr - least"] if with_cllr else []
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, (loss, error, largest, cost, excess) in rows.items():
        cells = [name, f"{loss:.4f}", f"{error:.3f}", f"{largest:.3f}"]
        cells += [f"{cost:.4f}", f"{excess:.4f}"] if with_cllr else []
        print(f"| {' | '.join(cells)} |")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
