"""One way to train, whatever the objective: what ``facerec train --objective`` calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from facerec_app.core.errors import ConfigError
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.projection_options import ProjectionOptions
from facerec_app.training.similarity_options import SimilarityOptions
from facerec_app.training.trained_similarity import TrainedSimilarity
from facerec_app.training.triplet_sampling import Triplets

Objective = Literal["similarity", "triplet", "ranking"]
OBJECTIVES: tuple[Objective, ...] = ("similarity", "triplet", "ranking")
ObjectiveOptions = SimilarityOptions | ProjectionOptions


def default_options(objective: Objective) -> ObjectiveOptions:
    """Return the options of an objective that need no changing."""
    return SimilarityOptions() if objective == "similarity" else ProjectionOptions.of_objective(objective)


def options_for(objective: Objective, given: Mapping[str, Any]) -> ObjectiveOptions:
    """Return the defaults of an objective with what was given (None means not given) in their place.

    Raises:
        ConfigError: if an option is none of this objective's or has a value that it cannot have.
    """
    defaults = default_options(objective)
    known = {field.name for field in fields(defaults)} - {"objective"}
    meant = {name: value for name, value in given.items() if value is not None}
    foreign = sorted(set(meant) - known)
    if foreign:
        names = ", ".join(name.replace("_", " ") for name in foreign)
        raise ConfigError(f"The objective '{objective}' has no option: {names}. It has: {', '.join(sorted(known))}.")
    return replace(defaults, **meant)


def train_objective(
    objective: Objective,
    options: ObjectiveOptions | None,
    training: LabelledFeatures,
    validation: LabelledFeatures,
    *,
    start: SimilarityWeights | None = None,
    confirmed: ConfirmedPairs | None = None,
    more_alike: Triplets | None = None,
    impostors: LabelledFeatures | None = None,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TrainedSimilarity:
    """Train one objective on cached features and return the network of its best epoch.

    Same seed and data, same network. Imports TensorFlow.

    Args:
        objective: ``similarity`` (pairs into a dense network), ``triplet`` or ``ranking`` (a projection).
        options: of the objective; None for its defaults.
        training: faces to learn from.
        validation: faces of other people (or other faces), which choose the epoch; epoch 0, the start, competes.
        start: weights to go on from.
        confirmed: pairs of the training faces answered by hand, rows of ``training``.
        more_alike: triplets of the training faces given by hand, rows of ``training``; every objective takes them.
        impostors: further faces of people who are nobody of ``training``, where there are too few to learn from.
        on_epoch: told after each epoch.
        cancelled: asked before each batch.

    Raises:
        ConfigError: if the options are not this objective's.
        NotEnoughDataError: if there are too few people or faces.
        TrainingCancelledError: if ``cancelled`` said so.
        TrainingError: if the loss stops being a number, or something given names a face that is not there.
    """
    chosen = default_options(objective) if options is None else options
    faces = training if impostors is None else training.joined(impostors)
    if objective == "similarity" and isinstance(chosen, SimilarityOptions):
        from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

        return KerasSimilarityTrainer(chosen).train(
            faces, validation, start=start, confirmed=confirmed, more_alike=more_alike, on_epoch=on_epoch,
            cancelled=cancelled,
        )  # fmt: skip
    if isinstance(chosen, ProjectionOptions) and chosen.objective == objective:
        from facerec_app.training.keras_projection_trainer import KerasProjectionTrainer

        return KerasProjectionTrainer(chosen).train(
            faces, validation, start=start, confirmed=confirmed, more_alike=more_alike, on_epoch=on_epoch,
            cancelled=cancelled,
        )  # fmt: skip
    raise ConfigError(f"These options are not of the objective '{objective}'; make them with options_for.")
