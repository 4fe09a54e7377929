"""How well the faces of a person come first when all faces are ranked by likeness to one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.verification_metrics import PersonBootstrap

Float64Array = npt.NDArray[np.float64]
_CHUNK = 512


@dataclass(frozen=True, slots=True, eq=False)
class RankedProbes:
    """Average precision of each face that has another one of its person among the ranked.

    Attributes:
        average_precisions: ``(P,)`` float64, 0..1.
        person_index: ``(P,)`` int64, whose face each probe is.
        people: number of people in the data.
    """

    average_precisions: Float64Array
    person_index: Int64Array
    people: int

    @property
    def mean_average_precision(self) -> float:
        """Mean over the probes (the usual mAP)."""
        return float(self.average_precisions.mean())

    @property
    def mean_by_person(self) -> float:
        """Mean over people of the mean over their probes: everybody counts the same."""
        counts = np.bincount(self.person_index, minlength=self.people)
        sums = np.bincount(self.person_index, self.average_precisions, minlength=self.people)
        return float((sums[counts > 0] / counts[counts > 0]).mean())


def ranked_probes(features: LabelledFeatures, compared: Float32Array | None = None) -> RankedProbes:
    """Rank all other faces by likeness to each face that has a second one of its person.

    The average precision is the mean, over the faces of the person, of the precision of the list down to that face
    (Buckley and Voorhees, "Evaluating evaluation measure stability", SIGIR 2000): true mAP, over the whole ranked list,
    faces of people with one picture included as distractors.

    Args:
        features: faces with their people.
        compared: ``(N, D')`` unit-length vectors to rank by, in the order of the features; by default their own.

    Raises:
        NotEnoughDataError: if nobody has two faces.
    """
    vectors = features.vectors if compared is None else compared
    counts = np.bincount(features.person_index, minlength=len(features.people))
    probes = np.nonzero(counts[features.person_index] > 1)[0]
    if not len(probes):
        raise NotEnoughDataError("Ranking needs people with two faces or more; add pictures.")
    values = [
        _average_precisions(features, vectors, probes[begin : begin + _CHUNK])
        for begin in range(0, len(probes), _CHUNK)
    ]
    return RankedProbes(np.concatenate(values), features.person_index[probes], len(features.people))


def _average_precisions(features: LabelledFeatures, vectors: Float32Array, probes: Int64Array) -> Float64Array:
    likeness = vectors[probes] @ vectors.T
    likeness[np.arange(len(probes)), probes] = -np.inf  # a face does not find itself
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :-1]
    relevant = features.person_index[order] == features.person_index[probes][:, None]
    precision = np.cumsum(relevant, axis=1) / np.arange(1, relevant.shape[1] + 1)
    return np.asarray((precision * relevant).sum(axis=1) / relevant.sum(axis=1), np.float64)


@dataclass(frozen=True, slots=True)
class MapDifference:
    """Mean average precision of one ranking minus another's, on the same probes.

    Attributes:
        difference: over all probes.
        interval: 2.5 and 97.5 % points over resampled people.
        probability_better: share of the resamples in which the first is ahead.
    """

    difference: float
    interval: tuple[float, float]
    probability_better: float


def map_difference(
    first: RankedProbes, second: RankedProbes, bootstrap: PersonBootstrap | None = None
) -> MapDifference:
    """Return the paired difference, with people drawn anew: probes of one person are not independent."""
    gained = first.average_precisions - second.average_precisions
    sums = np.bincount(first.person_index, gained, minlength=first.people)
    sizes = np.bincount(first.person_index, minlength=first.people)
    probed = np.nonzero(sizes)[0]
    counts = (bootstrap or PersonBootstrap(2000)).counts(len(probed))
    draws = (counts @ sums[probed]) / (counts @ sizes[probed])
    low, high = np.percentile(draws, [2.5, 97.5])
    return MapDifference(float(gained.mean()), (float(low), float(high)), float((draws > 0).mean()))
