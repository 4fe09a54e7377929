"""Retraining on a user's own gallery as an experiment: train, calibrate, compare with the network in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.aimed_units import aimed_start
from facerec_app.training.confirmed_pairs import ConfirmedPairs, answer_weight
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.feature_statistics import FeatureStatistics
from facerec_app.training.gallery_material import GalleryMaterial
from facerec_app.training.gallery_split import GallerySplit, split_gallery
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.network_calibration import calibrate_network
from facerec_app.training.network_comparison import NetworkComparison, compare_networks
from facerec_app.training.objectives import Objective, ObjectiveOptions, options_for, train_objective
from facerec_app.training.pair_sampling import genuine_pair_count
from facerec_app.training.projection_options import ProjectionOptions
from facerec_app.training.similarity_options import SimilarityOptions
from facerec_app.training.trained_similarity import TrainedSimilarity
from facerec_app.training.triplet_sampling import Triplets

CalibratedNetwork = tuple[SimilarityWeights, IdentityCalibration]
SAMPLED_PEOPLE = 300
_SAMPLED_FACES = 3
GALLERY_DEFAULTS: Mapping[Objective, Mapping[str, Any]] = {
    # Small, since the sampled people and a few of one's own do not fill more; docs/retraining.md has the measurement.
    "similarity": {
        "hidden_sizes": (64,), "dropout": (0.0,), "epochs": 16, "patience": 8, "batch": 128, "learning_rate": 1e-3,
    },
    "triplet": {"epochs": 12, "patience": 4},
    "ranking": {"epochs": 12, "patience": 4},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GalleryTrainingRequest:
    """What a user wants trained.

    Attributes:
        objective: what for.
        options: of the objective.
        from_scratch: begin with a new network instead of the shipped one.
        correction_weight: ordinary pairs that one correction counts for; less where there are hundreds.
        sampled_people: people drawn from the statistics of features, beside the user's own.
    """

    objective: Objective
    options: ObjectiveOptions
    from_scratch: bool = False
    correction_weight: float = 20.0
    sampled_people: int = SAMPLED_PEOPLE

    @staticmethod
    def of(
        objective: Objective = "similarity", given: Mapping[str, Any] | None = None, *, from_scratch: bool = False
    ) -> GalleryTrainingRequest:
        """Return the defaults for a gallery with what was given (None means not given) in their place.

        Raises:
            ConfigError: if an option is none of this objective's or has a value that it cannot have.
        """
        meant = {name: value for name, value in (given or {}).items() if value is not None}
        if objective == "similarity" and "hidden_sizes" in meant and "dropout" not in meant:
            meant["dropout"] = (0.0,) * len(meant["hidden_sizes"])
        options = options_for(objective, {**GALLERY_DEFAULTS[objective], **meant})
        return GalleryTrainingRequest(objective, options, from_scratch)


@dataclass(frozen=True, slots=True, eq=False)
class GalleryExperiment:
    """What came of a training.

    Attributes:
        weights: of the candidate, log odds on the scale of the shipped network.
        calibration: of the candidate.
        trained: the run itself.
        split: rows of the material.
        comparison: candidate beside the network in use.
        is_new: whether the candidate is any other network than the one it started from.
        answer_weight: ordinary examples that each answer counted for.
    """

    weights: SimilarityWeights
    calibration: IdentityCalibration
    trained: TrainedSimilarity
    split: GallerySplit
    comparison: NetworkComparison
    is_new: bool
    answer_weight: float = 20.0


def train_on_gallery(
    material: GalleryMaterial,
    request: GalleryTrainingRequest,
    *,
    shipped: CalibratedNetwork,
    present: CalibratedNetwork,
    statistics: FeatureStatistics,
    stranger_rate: float,
    on_stage: Callable[[str], None] = lambda stage: None,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> GalleryExperiment:
    """Train a candidate on a gallery and compare it with the network in use. Imports TensorFlow.

    Same seed and data, same network.

    Args:
        material: of the gallery.
        request: what to train.
        shipped: the network that training starts from, and whose calibration was measured on real people.
        present: the network in use.
        statistics: impostors are drawn from them.
        stranger_rate: that verdicts are judged at.
        on_stage: told what is being done.
        on_epoch: told after each epoch.
        cancelled: asked before each batch.

    Raises:
        ModelVersionMismatchError: if features, statistics and network are not of one extractor version.
        NotEnoughDataError, TrainingError, TrainingCancelledError: as the message says.
    """
    _require_one_version(material, shipped, statistics)
    seed = request.options.seed
    split = split_gallery(material, seed)
    draw = np.random.default_rng(seed)
    strangers, choosing, judging = (
        _sampled(statistics, request.sampled_people, name, draw) for name in ("trains", "chooses", "judges")
    )
    weight = _answer_weight(request, material, split, strangers)
    training, confirmed, more_alike = _training_part(material, split, weight)
    on_stage("training")
    start = _start(request, shipped[0], training.joined(strangers), confirmed)
    trained = train_objective(
        request.objective, request.options, training, _validation_part(material, split, choosing),
        start=start, confirmed=confirmed, more_alike=more_alike, impostors=strangers,
        on_epoch=on_epoch, cancelled=cancelled,
    )  # fmt: skip
    on_stage("calibrating")
    weights, calibration, _ = calibrate_network(
        trained.weights, reference=shipped, features=material.enrolled, statistics=statistics, seed=seed
    )
    on_stage("comparing")
    comparison = compare_networks(
        material, split, judging, present, (weights, calibration), stranger_rate=stranger_rate, seed=seed
    )
    is_new = trained.best_epoch > 0 or start is not shipped[0] or _whitens(request, shipped[0])
    return GalleryExperiment(weights, calibration, trained, split, comparison, is_new, weight)


def _require_one_version(material: GalleryMaterial, shipped: CalibratedNetwork, statistics: FeatureStatistics) -> None:
    version = material.features.extractor_version
    for what, other in (("network", shipped[0].extractor_version), ("statistics", statistics.extractor_version)):
        if other != version:
            raise ModelVersionMismatchError(
                f"The gallery's features are of '{version}', the shipped {what} of '{other}'; choose the profile that "
                "fits with --profile."
            )


def _start(
    request: GalleryTrainingRequest,
    shipped: SimilarityWeights,
    training: LabelledFeatures,
    confirmed: ConfirmedPairs | None,
) -> SimilarityWeights | None:
    """Return what training starts from: nothing, the shipped network, or that with units aimed at corrections."""
    if request.from_scratch:
        return None
    options = request.options
    if confirmed is None or not isinstance(options, SimilarityOptions) or shipped.layers:
        return shipped
    simple = options.form == "distance+dense" and options.hidden_activation == "relu" and len(options.hidden_sizes) == 1
    return aimed_start(shipped, training, confirmed, options.hidden_sizes[0], options.seed) if simple else shipped


def _whitens(request: GalleryTrainingRequest, shipped: SimilarityWeights) -> bool:
    """Return whether the projection is another one than the shipped network's before the first epoch."""
    options = request.options
    return isinstance(options, ProjectionOptions) and options.start != "identity" and shipped.projection is None


def _sampled(statistics: FeatureStatistics, people: int, name: str, generator: np.random.Generator) -> LabelledFeatures:
    drawn = statistics.sample(people, _SAMPLED_FACES, generator)
    return replace(drawn, people=tuple(f"{person}-{name}" for person in drawn.people))


def _rows(features: LabelledFeatures, rows: np.ndarray[Any, Any]) -> LabelledFeatures:
    labels = [features.people[index] for index in features.person_index[rows].tolist()]
    return LabelledFeatures.of(features.vectors[rows], labels, features.extractor_version)


def _answer_weight(
    request: GalleryTrainingRequest, material: GalleryMaterial, split: GallerySplit, strangers: LabelledFeatures
) -> float:
    options = request.options
    genuine = sum(
        genuine_pair_count(faces, options.pairs_per_person)
        for faces in (_rows(material.features, split.training), strangers)
    )
    beside = 1.0 + options.negative_ratio if isinstance(options, SimilarityOptions) else 2.0
    answers = len(material.confirmed_rows) + len(material.more_alike_rows)
    return answer_weight(request.correction_weight, answers, genuine * beside)


def _training_part(
    material: GalleryMaterial, split: GallerySplit, weight: float
) -> tuple[LabelledFeatures, ConfirmedPairs | None, Triplets | None]:
    training = _rows(material.features, split.training)
    place = np.full(len(material.features), -1, np.int64)
    place[split.training] = np.arange(len(split.training))
    confirmed = more_alike = None
    if len(material.confirmed_rows):
        confirmed = ConfirmedPairs(place[material.confirmed_rows], material.confirmed_same, weight)
    if len(material.more_alike_rows):
        more_alike = Triplets.more_alike(place[material.more_alike_rows], weight)
    return training, confirmed, more_alike


def _validation_part(material: GalleryMaterial, split: GallerySplit, sampled: LabelledFeatures) -> LabelledFeatures:
    """Return the faces that choose the epoch with sampled people.

    Where faces were split, each has a training face of its person beside it: the pair of both is new, and the only
    kind of genuine pair that there is.
    """
    rows = split.validation
    if split.by == "face" and len(rows):
        person = material.features.person_index
        first = {int(person[row]): int(row) for row in split.training[::-1].tolist()}
        beside = sorted({first[int(person[row])] for row in rows.tolist()})
        rows = np.concatenate([rows, np.array(beside, np.int64)])
    return _rows(material.features, rows).joined(sampled) if len(rows) else sampled
