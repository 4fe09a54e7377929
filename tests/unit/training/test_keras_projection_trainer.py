"""Training of projections by triplets and ranking on made-up features with directions that mislead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.objectives import options_for, train_objective
from facerec_app.training.projection_options import ProjectionObjective, ProjectionOptions
from facerec_app.training.retrieval_metrics import ranked_probes
from facerec_app.training.triplet_sampling import Triplets
from tests.unit.training.training_material import made_features

pytest.importorskip("keras")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
OBJECTIVES: tuple[ProjectionObjective, ...] = ("triplet", "ranking")


def misleading_features(people: int, seed: int) -> LabelledFeatures:
    """Return features of which half the values say nothing about the person."""
    features = made_features(people, 6, dimension=12, spread=0.35, seed=seed)
    noise = np.random.default_rng(seed).normal(size=(len(features), 12)).astype(np.float32) * 0.45
    vectors = np.concatenate([features.vectors, noise], axis=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return replace(features, vectors=vectors)


@pytest.fixture(scope="module")
def training() -> LabelledFeatures:
    return misleading_features(40, 1)


@pytest.fixture(scope="module")
def validation() -> LabelledFeatures:
    return misleading_features(25, 2)


def options(objective: ProjectionObjective, **changes: object) -> ProjectionOptions:
    quick = {"epochs": 8, "patience": 8, "learning_rate": 3e-2, "optimiser": "adam", "margin": 0.3, "seed": 5}
    made = options_for(objective, {**quick, **changes})
    assert isinstance(made, ProjectionOptions)
    return made


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_trained_projection_ranks_people_it_has_not_seen_better(
    training: LabelledFeatures, validation: LabelledFeatures, objective: ProjectionObjective
) -> None:
    reports: list[float] = []
    trained = train_objective(
        objective,
        options(objective),
        training,
        validation,
        on_epoch=lambda report: reports.append(report.validation_loss),
    )
    unseen = misleading_features(30, 3)
    untrained = ranked_probes(unseen).mean_average_precision
    learnt = ranked_probes(unseen, trained.weights.compared(unseen.vectors)).mean_average_precision
    assert trained.best_epoch > 0
    assert learnt > untrained + 0.05
    assert tuple(reports) == trained.validation_losses[1:]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_same_seed_and_data_give_the_same_projection(
    training: LabelledFeatures, validation: LabelledFeatures, objective: ProjectionObjective
) -> None:
    quick = options(objective, epochs=2)
    first, second = (train_objective(objective, quick, training, validation).weights.version for _ in range(2))
    other = train_objective(objective, replace(quick, seed=6), training, validation).weights.version
    assert first == second != other


def test_its_log_odds_are_calibrated_on_the_validation_people(
    training: LabelledFeatures, validation: LabelledFeatures
) -> None:
    trained = train_objective("triplet", options("triplet"), training, validation).weights
    left, right = np.triu_indices(len(validation), k=1)
    log_odds = SimilarityNetwork(trained).log_odds(validation.vectors[left], validation.vectors[right])
    same = validation.person_index[left] == validation.person_index[right]
    assert trained.distance_scale > 0
    assert np.median(log_odds[same]) > 0 > np.median(log_odds[~same])


def test_an_epoch_that_does_not_help_leaves_the_start(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    wild = options("ranking", learning_rate=50.0, epochs=2)
    trained = train_objective("ranking", wild, training, validation)
    assert trained.best_epoch == 0
    np.testing.assert_array_equal(trained.weights.projection, np.eye(24, dtype=np.float32))


def test_training_goes_on_from_a_trained_projection(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    first = train_objective("triplet", options("triplet", epochs=3), training, validation)
    second = train_objective("triplet", options("triplet", epochs=1), training, validation, start=first.weights)
    assert second.validation_losses[0] == pytest.approx(min(first.validation_losses), rel=0.05)
    assert second.weights.normalisation is first.weights.normalisation


def test_said_triplets_are_learnt(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    projected = training.vectors
    anchor = 0
    distances = ((projected - projected[anchor]) ** 2).sum(axis=1)
    strangers = np.argsort(distances)[np.isin(np.argsort(distances), np.arange(60, 240))]
    near, far = int(strangers[0]), int(strangers[30])
    said = Triplets.more_alike(np.array([[anchor, far, near]]), weight=200.0)
    told, untold = (
        train_objective("ranking", options("ranking"), training, validation, more_alike=triplets).weights
        for triplets in (said, None)
    )

    def preference(compared: Float32Array) -> float:
        return float(compared[anchor] @ compared[far] - compared[anchor] @ compared[near])

    assert preference(told.compared(training.vectors)) > preference(untold.compared(training.vectors)) + 0.1


def test_a_confirmed_confusion_is_pushed_apart(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    untold = train_objective("triplet", options("triplet"), training, validation).weights.compared(training.vectors)
    left, right = np.triu_indices(len(training), k=1)
    cosines = np.einsum("pd,pd->p", untold[left], untold[right])
    different = training.person_index[left] != training.person_index[right]
    worst = int(np.argmax(np.where(different, cosines, -1)))
    first, second = int(left[worst]), int(right[worst])
    confirmed = ConfirmedPairs(np.array([[first, second]]), np.array([False]), weight=200.0)
    trained = train_objective("triplet", options("triplet"), training, validation, confirmed=confirmed)
    told = trained.weights.compared(training.vectors)
    assert float(told[first] @ told[second]) < cosines[worst] - 0.1


def test_one_person_trains_beside_given_impostors(validation: LabelledFeatures) -> None:
    one = made_features(1, 6, dimension=24, spread=0.3, seed=9)
    with pytest.raises(NotEnoughDataError, match="somebody else"):
        train_objective("triplet", options("triplet", epochs=1), one, validation)
    impostors = misleading_features(30, 4)
    named = LabelledFeatures.of(
        impostors.vectors, [f"impostor-{row}" for row in range(len(impostors))], one.extractor_version
    )
    trained = train_objective("triplet", options("triplet", epochs=1), one, validation, impostors=named)
    assert len(trained.validation_losses) == 2


def test_cancelling_ends_within_a_batch(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) == 3

    with pytest.raises(TrainingCancelledError, match="stays in use"):
        train_objective("ranking", options("ranking"), training, validation, cancelled=cancelled)
    assert len(asked) == 3


def test_things_said_of_another_gallery_are_refused(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    pairs = ConfirmedPairs(np.array([[0, len(training)]]), np.array([True]))
    with pytest.raises(TrainingError, match="another gallery"):
        train_objective("triplet", options("triplet"), training, validation, confirmed=pairs)
    triplets = Triplets.more_alike(np.array([[0, 1, len(training)]]))
    with pytest.raises(TrainingError, match="another gallery"):
        train_objective("ranking", options("ranking"), training, validation, more_alike=triplets)
