"""Calibrates a similarity network that was trained on a user's own gallery, without a stored face of any stranger.

The shipped calibration was measured on thousands of real people; a user's machine has only their own people and a
statistical model of everybody else. A sample of that model is not quite like real faces, above all in the tails that
decide over strangers. But it can tell how a new network *differs* from the shipped one: both judge the same sampled
people, and what differs between their scores is carried over to the shipped calibration.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.decision.identity_calibration import IdentityCalibration, ImpostorTail
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.distance_calibration import stretched
from facerec_app.training.feature_statistics import FeatureStatistics
from facerec_app.training.gallery_simulation import rank_rows
from facerec_app.training.identity_calibration_fit import CalibrationReport, report_calibration
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import Float64Array, fit_logistic
from facerec_app.training.similarity_comparison import drawn_pairs

_SAMPLED_PEOPLE = 800
_FACES_EACH = 3
_SMALL_GALLERY = 40
_SMALL_GALLERIES = 4
_LARGE_GALLERIES = 4
_MATCHED_PEOPLE = 300
_STRANGERS_TO_SMALL = 300
_FACES_AS_STRANGERS = 2
_RARE_LOG10_RATE = -2.5  # from here on the large galleries count: of a stranger only the nearest few people are ranked
_FEWEST_BEYOND = 30
_MOST_OWN_FACES = 5
_REPORTED_SIZES = (10, 100)
_REPORTED_PROBES = 300


def calibrate_network(
    weights: SimilarityWeights,
    *,
    reference: tuple[SimilarityWeights, IdentityCalibration],
    features: LabelledFeatures,
    statistics: FeatureStatistics,
    seed: int,
) -> tuple[SimilarityWeights, IdentityCalibration, CalibrationReport]:
    """Return the network with its log odds brought to the reference's scale, its calibration, and how that holds.

    Args:
        weights: of the new network.
        reference: a network and its calibration, measured on real people (the shipped ones).
        features: the user's enrolled faces, which the new network may have been trained on.
        statistics: of everybody else's features.
        seed: of the sampled people.

    Raises:
        NotEnoughDataError: if the new network tells nobody apart.
    """
    reference_weights, measured = reference
    generator = np.random.default_rng(seed)
    sampled = statistics.sample(_SAMPLED_PEOPLE, _FACES_EACH, generator)
    matched, stretch, shift = _matched_to(reference_weights, weights, sampled, seed)
    network, shipped = SimilarityNetwork(matched), SimilarityNetwork(reference_weights)
    among_sampled = _tail_differences(network, shipped, measured.tail, _galleries(sampled, generator))
    towards_own = _tail_differences(network, shipped, measured.tail, [_own_gallery(features, sampled, generator)])
    tail = _moved(measured.tail, among_sampled, towards_own)
    calibration = replace(measured, scorer_version=network.version, tail=tail)
    judged = statistics.sample(_SAMPLED_PEOPLE // 2, _FACES_EACH, generator)
    report = report_calibration(
        calibration, judged, network, seed=seed, sizes=_REPORTED_SIZES, probes_per_size=_REPORTED_PROBES
    )
    return matched, calibration, replace(report, stretch=stretch, shift=shift)


def _matched_to(
    reference: SimilarityWeights, weights: SimilarityWeights, sampled: LabelledFeatures, seed: int
) -> tuple[SimilarityWeights, float, float]:
    """Return the weights with log odds such that both networks' best logistic fit on the sample is the same."""
    ours, theirs = (_logistic_on(each, sampled, seed) for each in (weights, reference))
    stretch = max(float(ours[1] / theirs[1]), 1e-6)
    shift = float((ours[0] - theirs[0]) / theirs[1])
    return stretched(weights, stretch, shift), stretch, shift


def _logistic_on(weights: SimilarityWeights, sampled: LabelledFeatures, seed: int) -> Float64Array:
    some = sampled.of_people(sampled.people[:_MATCHED_PEOPLE])
    pairs = drawn_pairs(some, SimilarityNetwork(weights).log_odds, seed)
    balance = np.where(pairs.same, 0.5 / pairs.same.sum(), 0.5 / (~pairs.same).sum())
    return fit_logistic(pairs.scores.astype(np.float64)[:, None], pairs.same, balance)


_Gallery = tuple[LabelledFeatures, Int64Array, Int64Array]
"""Faces, rows of those enrolled, rows of strangers to them."""


def _galleries(sampled: LabelledFeatures, generator: np.random.Generator) -> list[_Gallery]:
    """Return small galleries for the frequent rates and large ones for the rare."""
    rows = np.stack(sampled.rows_by_person())
    result: list[_Gallery] = []
    for size in [_SMALL_GALLERY] * _SMALL_GALLERIES + [len(rows) // 2] * _LARGE_GALLERIES:
        order = generator.permutation(len(rows))
        most = _STRANGERS_TO_SMALL if size == _SMALL_GALLERY else len(rows) // 2
        strangers = order[size : size + most]
        result.append((sampled, rows[order[:size]].ravel(), rows[strangers, 0]))
    return result


def _own_gallery(features: LabelledFeatures, sampled: LabelledFeatures, generator: np.random.Generator) -> _Gallery:
    """Return the user's people as the gallery and the sampled people, two faces each, as strangers."""
    own = np.concatenate([generator.permutation(rows)[:_MOST_OWN_FACES] for rows in features.rows_by_person()])
    people = (*(f"own-{person}" for person in features.people), *sampled.people)
    both = LabelledFeatures(
        np.concatenate([features.vectors[own], sampled.vectors]),
        np.concatenate([features.person_index[own], sampled.person_index + len(features.people)]),
        people,
        features.extractor_version,
    )
    strangers = np.concatenate([rows[:_FACES_AS_STRANGERS] for rows in sampled.rows_by_person()]) + len(own)
    return both, np.arange(len(own), dtype=np.int64), strangers


def _tail_differences(
    network: SimilarityNetwork, shipped: SimilarityNetwork, tail: ImpostorTail, galleries: list[_Gallery]
) -> Float64Array:
    """Return how much higher strangers score with the new network at each rate of the tail; NaN where too few do."""
    differences = np.full(len(tail.log10_rates), np.nan)
    ranked = [
        (_stranger_scores(network, gallery), _stranger_scores(shipped, gallery), _people_in(gallery), len(gallery[2]))
        for gallery in galleries
    ]
    largest = max(people for _, _, people, _ in ranked)
    for position, rate in enumerate(tail.log10_rates):
        # A gallery tells the score at a rate only if the people kept of each stranger reach that far down.
        enough = [part for part in ranked if (part[2] == largest) == (rate < _RARE_LOG10_RATE) or len(ranked) == 1]
        beyond = round(sum(people * strangers for _, _, people, strangers in enough) * 10.0**rate)
        ours, theirs = (np.sort(np.concatenate([part[side] for part in enough]))[::-1] for side in (0, 1))
        if _FEWEST_BEYOND <= beyond < len(ours) // 2:
            differences[position] = float(ours[beyond] - theirs[beyond])
    return differences


def _stranger_scores(network: SimilarityNetwork, gallery: _Gallery) -> Float32Array:
    ranked = rank_rows(gallery[0], network, gallery[1], gallery[2])
    return np.asarray(ranked.logits[np.isfinite(ranked.logits)], np.float32)


def _people_in(gallery: _Gallery) -> int:
    return int(np.unique(gallery[0].person_index[gallery[1]]).size)


def _moved(tail: ImpostorTail, among_sampled: Float64Array, towards_own: Float64Array) -> ImpostorTail:
    """Return the tail moved by the larger of the two differences (never to the strangers' advantage).

    Rates too rare for the sample move as much as the rarest that was measured.
    """
    positions = np.arange(len(among_sampled))
    moves = np.fmax(_filled(positions, among_sampled), _filled(positions, towards_own))
    moved = np.maximum.accumulate(np.array(tail.log_odds) + np.nan_to_num(moves))
    return ImpostorTail(tail.log10_rates, tuple(float(value) for value in moved))


def _filled(positions: Int64Array, values: Float64Array) -> Float64Array:
    known = np.isfinite(values)
    if not known.any():
        return values
    return np.interp(positions, positions[known], values[known])
