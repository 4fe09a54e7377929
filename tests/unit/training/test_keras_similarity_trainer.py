"""Training of the similarity network on made-up features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, NotEnoughDataError, TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.similarity_options import SimilarityOptions
from tests.unit.training.training_material import made_features

pytest.importorskip("keras")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SMALL = SimilarityOptions(hidden_sizes=(16, 8), dropout=(0.2, 0.0), epochs=6, batch=256, learning_rate=1e-2, seed=5)


def uneven_features(people: int, seed: int) -> LabelledFeatures:
    """Return features of which half the values say nothing about the person, which a distance cannot know."""
    features = made_features(people, 6, dimension=12, spread=0.35, seed=seed)
    noise = np.random.default_rng(seed).normal(size=(len(features), 12)).astype(np.float32) * 0.45
    vectors = np.concatenate([features.vectors, noise], axis=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return replace(features, vectors=vectors)


@pytest.fixture(scope="module")
def training() -> LabelledFeatures:
    return uneven_features(40, 1)


@pytest.fixture(scope="module")
def validation() -> LabelledFeatures:
    return uneven_features(25, 2)


def test_the_correction_starts_as_the_calibrated_distance(training: LabelledFeatures) -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    start = KerasSimilarityTrainer(SMALL).starting_weights(training)
    alone = KerasSimilarityTrainer(replace(SMALL, form="distance")).starting_weights(training)
    left, right = training.vectors[:50], training.vectors[50:100]
    np.testing.assert_allclose(
        SimilarityNetwork(start).log_odds(left, right), SimilarityNetwork(alone).log_odds(left, right), rtol=1e-5
    )
    assert len(start.layers) == 3
    assert not alone.layers


def test_the_correction_learns_what_the_distance_cannot_know(
    training: LabelledFeatures, validation: LabelledFeatures
) -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    reports: list[float] = []
    trained = KerasSimilarityTrainer(replace(SMALL, epochs=20)).train(
        training, validation, on_epoch=lambda report: reports.append(report.validation_loss)
    )
    assert trained.best_epoch > 0
    assert min(trained.validation_losses) < 0.9 * trained.validation_losses[0]
    assert tuple(reports) == trained.validation_losses[1:]


def test_the_same_seed_and_data_give_the_same_network(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    options = replace(SMALL, form="dense", epochs=2)
    first, second = (KerasSimilarityTrainer(options).train(training, validation).weights for _ in range(2))
    assert first.version == second.version
    other = KerasSimilarityTrainer(replace(options, seed=6)).train(training, validation).weights
    assert other.version != first.version


@pytest.mark.parametrize("activation", ["none", "relu"])
def test_numpy_computes_what_keras_computes(training: LabelledFeatures, activation: str) -> None:
    import keras

    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer, _KerasCounterpart

    options = replace(SMALL, form="dense", hidden_activation="relu" if activation == "relu" else "none")
    weights = KerasSimilarityTrainer(options).starting_weights(training)
    model = _KerasCounterpart(weights, options)
    normalise = weights.normalisation.apply
    left, right = training.vectors[:60], training.vectors[60:120]
    inputs = [np.abs(normalise(left) - normalise(right)), np.zeros((60, 1), np.float32)]
    from_keras: Float32Array = keras.ops.convert_to_numpy(model.log_odds_of(inputs))[:, 0]
    np.testing.assert_allclose(SimilarityNetwork(weights).log_odds(left, right), from_keras, rtol=1e-3, atol=1e-4)


def test_confirmed_pairs_are_learnt_by_a_shipped_start(
    training: LabelledFeatures, validation: LabelledFeatures
) -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    shipped = KerasSimilarityTrainer(replace(SMALL, form="distance")).starting_weights(training)
    left, right = np.triu_indices(len(training), k=1)
    log_odds = SimilarityNetwork(shipped).log_odds(training.vectors[left], training.vectors[right])
    impostor = training.person_index[left] != training.person_index[right]
    worst = np.argsort(np.where(impostor, -log_odds, np.inf))[:2]
    rows = np.column_stack([left, right])[worst].astype(np.int64)
    confirmed = ConfirmedPairs(rows, np.zeros(2, bool), weight=30.0)
    trainer = KerasSimilarityTrainer(SMALL)
    told = trainer.train(training, validation, start=shipped, confirmed=confirmed)
    untold = trainer.train(training, validation, start=shipped)
    after, without = (
        SimilarityNetwork(trained.weights).log_odds(training.vectors[rows[:, 0]], training.vectors[rows[:, 1]])
        for trained in (told, untold)
    )
    assert told.best_epoch > 0
    assert (after < without).all()
    assert (after < log_odds[worst] - 1.0).all()
    assert (log_odds[worst] > 0).all()


def test_confirmed_pairs_of_another_gallery_are_refused(
    training: LabelledFeatures, validation: LabelledFeatures
) -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    foreign = ConfirmedPairs(np.array([[0, len(training)]]), np.array([True]))
    with pytest.raises(TrainingError, match="another gallery"):
        KerasSimilarityTrainer(SMALL).train(training, validation, confirmed=foreign)


def test_cancelling_ends_within_a_batch(training: LabelledFeatures, validation: LabelledFeatures) -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) == 3

    with pytest.raises(TrainingCancelledError, match="stays in use"):
        KerasSimilarityTrainer(SMALL).train(training, validation, cancelled=cancelled)
    assert len(asked) == 3


def test_people_with_one_face_each_are_too_little() -> None:
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    with pytest.raises(NotEnoughDataError):
        KerasSimilarityTrainer(SMALL).train(made_features(0, singles=9), made_features(0, singles=9))


@pytest.mark.parametrize(
    "wrong",
    [
        {"dropout": (0.5,)},
        {"hidden_sizes": (0, 8)},
        {"epochs": 0},
        {"learning_rate": -1.0},
        {"hard_share": 1.5},
        {"negative_ratio": 0.0},
    ],
)
def test_options_that_cannot_be_meant_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        replace(SMALL, **wrong)  # type: ignore[arg-type]
