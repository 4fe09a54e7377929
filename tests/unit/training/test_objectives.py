"""Options of objectives, the projections they start from and the triplets they see; nothing here needs Keras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, ModelVersionMismatchError, NotEnoughDataError, TrainingError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.pair_features import squared_distances
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.objectives import OBJECTIVES, Objective, default_options, options_for, train_objective
from facerec_app.training.projection_options import ProjectionOptions
from facerec_app.training.projection_start import identity, pca_whitening, within_whitening
from facerec_app.training.retrieval_metrics import map_difference, ranked_probes
from facerec_app.training.similarity_options import SimilarityOptions
from facerec_app.training.triplet_sampling import Triplets, confirmed_triplets, hard_triplets
from tests.unit.training.training_material import made_features


@pytest.fixture(scope="module")
def faces() -> LabelledFeatures:
    return made_features(30, 5, singles=20, dimension=16, spread=0.5, seed=3)


def test_every_objective_has_options_that_need_no_changing() -> None:
    assert isinstance(default_options("similarity"), SimilarityOptions)
    made = [default_options(objective) for objective in OBJECTIVES[1:]]
    assert [(o.objective, o.margin) for o in made if isinstance(o, ProjectionOptions)] == [
        ("triplet", 0.1),
        ("ranking", 0.1),
    ]
    ranking = default_options("ranking")
    assert isinstance(ranking, ProjectionOptions)
    assert ranking.start == "identity"


def test_given_options_take_the_place_of_defaults_and_foreign_ones_are_named() -> None:
    made = options_for("triplet", {"epochs": 3, "margin": 0.2, "batch": None})
    assert isinstance(made, ProjectionOptions)
    assert (made.epochs, made.margin, made.batch) == (3, 0.2, ProjectionOptions().batch)
    with pytest.raises(ConfigError, match="hidden sizes"):
        options_for("ranking", {"hidden_sizes": (8,)})
    with pytest.raises(ConfigError, match="margin"):
        options_for("similarity", {"margin": 0.1})


@pytest.mark.parametrize(
    "wrong",
    [{"margin": 0.0}, {"shrinkage": -1.0}, {"hard_share": 1.5}, {"kept_share": 0.0}, {"dimension": 0}, {"pool": 0},
     {"learning_rate": float("nan")}],
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        options_for("triplet", wrong)


def test_options_of_another_objective_are_refused(faces: LabelledFeatures) -> None:
    with pytest.raises(ConfigError, match="options_for"):
        train_objective("ranking", ProjectionOptions(), faces, faces)


def test_whitened_features_have_the_same_variance_in_every_direction(faces: LabelledFeatures) -> None:
    whitened = faces.vectors @ pca_whitening(faces.vectors, 0.0)
    covariance = np.cov(whitened, rowvar=False, bias=True)
    np.testing.assert_allclose(covariance, np.eye(16) * covariance[0, 0], atol=1e-3 * covariance[0, 0])
    np.testing.assert_allclose((whitened**2).sum(axis=1).mean(), (faces.vectors**2).sum(axis=1).mean(), rtol=1e-4)


def test_full_shrinkage_of_a_whitening_is_a_rotation(faces: LabelledFeatures) -> None:
    kernel = pca_whitening(faces.vectors, 1e9)
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(16), atol=1e-4)


def test_a_smaller_whitening_keeps_the_axes_of_largest_variance(faces: LabelledFeatures) -> None:
    stretched = replace(faces, vectors=faces.vectors * np.linspace(5, 1, 16, dtype=np.float32))
    whole, small = (pca_whitening(stretched.vectors, 0.5, dimension) for dimension in (None, 4))
    assert small.shape == (16, 4)
    directions = [kernel / np.linalg.norm(kernel, axis=0) for kernel in (whole[:, :4], small)]
    np.testing.assert_allclose(np.abs((directions[0] * directions[1]).sum(axis=0)), 1, atol=1e-5)
    with pytest.raises(ConfigError, match="17"):
        pca_whitening(faces.vectors, 0.5, 17)
    with pytest.raises(ConfigError, match="17"):
        identity(16, 17)


def test_within_whitening_evens_out_how_pictures_of_a_person_differ(faces: LabelledFeatures) -> None:
    projected = faces.vectors @ within_whitening(faces, faces.vectors, 0.0)
    deviations = np.concatenate(
        [projected[rows] - projected[rows].mean(axis=0) for rows in faces.rows_by_person() if len(rows) > 1]
    )
    covariance = np.cov(deviations, rowvar=False)
    np.testing.assert_allclose(covariance, np.eye(16) * covariance[0, 0], atol=1e-3 * covariance[0, 0])
    with pytest.raises(NotEnoughDataError, match="two faces"):
        within_whitening(made_features(0, singles=5), made_features(0, singles=5).vectors, 1.0)


@pytest.mark.parametrize("hard_share", [0.0, 0.5, 1.0])
def test_triplets_are_two_of_one_person_and_one_of_another(faces: LabelledFeatures, hard_share: float) -> None:
    chosen = replace(ProjectionOptions(), hard_share=hard_share)
    triplets = hard_triplets(faces, faces.vectors, chosen, np.random.default_rng(1))
    person = faces.person_index[triplets.rows]
    assert len(triplets) == 30 * 5 * 4
    assert (person[:, 0] == person[:, 1]).all()
    assert (person[:, 0] != person[:, 2]).all()
    assert (triplets.rows[:, 0] != triplets.rows[:, 1]).all()


def test_hard_negatives_are_nearer_and_semi_hard_ones_beyond_the_positive(faces: LabelledFeatures) -> None:
    def nearer(hard_share: float) -> Float32Array:
        chosen = replace(ProjectionOptions(), hard_share=hard_share)
        rows = hard_triplets(faces, faces.vectors, chosen, np.random.default_rng(1)).rows
        anchor, positive, negative = (faces.vectors[rows[:, column]] for column in range(3))
        return squared_distances(anchor, positive) - squared_distances(anchor, negative)

    hard, semi_hard = nearer(1.0), nearer(0.0)
    assert (hard > 0).mean() > 0.02
    assert (semi_hard < 0).mean() > 0.99
    within = semi_hard > -ProjectionOptions().margin
    assert 0.05 < within.mean() < 1.0  # where nobody lies within the margin, the nearest beyond it is taken


def test_the_hardest_share_is_kept(faces: LabelledFeatures) -> None:
    chosen = replace(ProjectionOptions(), hard_share=1.0)
    everything = hard_triplets(faces, faces.vectors, chosen, np.random.default_rng(1))
    kept = hard_triplets(faces, faces.vectors, replace(chosen, kept_share=0.25), np.random.default_rng(1))
    np.testing.assert_array_equal(kept.rows, everything.rows[: len(everything) // 4])


def test_confirmed_pairs_become_triplets_of_their_weight(faces: LabelledFeatures) -> None:
    rows = faces.rows_by_person()
    first, second = int(rows[0][0]), int(rows[1][0])
    pairs = ConfirmedPairs(np.array([[first, second], [first, int(rows[0][1])]]), np.array([False, True]), 6.0)
    triplets = confirmed_triplets(faces, pairs, np.random.default_rng(0))
    assert triplets.weights.sum() == pytest.approx(12.0)
    apart = triplets.rows[np.isin(triplets.rows[:, 2], [first, second])]
    assert {tuple(row) for row in faces.person_index[apart][:, [0, 2]].tolist()} == {
        (faces.person_index[first], faces.person_index[second]),
        (faces.person_index[second], faces.person_index[first]),
    }


def test_triplets_that_cannot_be_meant_are_refused() -> None:
    for rows in ([[0, 1, 0]], [[0, 1, -2]], [[0, 1]]):
        with pytest.raises(TrainingError):
            Triplets.more_alike(np.array(rows))
    with pytest.raises(TrainingError):
        Triplets.more_alike(np.array([[0, 1, 2]]), weight=0.0)


def test_impostors_keep_the_rows_of_the_people_to_learn(faces: LabelledFeatures) -> None:
    others = made_features(0, singles=7, dimension=16, seed=8)
    renamed = LabelledFeatures.of(others.vectors, [f"a-{row}" for row in range(7)], others.extractor_version)
    together = faces.joined(renamed)
    np.testing.assert_array_equal(together.vectors[: len(faces)], faces.vectors)
    assert [together.people[i] for i in together.person_index[:5]] == [faces.people[i] for i in faces.person_index[:5]]
    with pytest.raises(TrainingError, match="among"):
        faces.joined(faces)
    with pytest.raises(ModelVersionMismatchError):
        faces.joined(replace(renamed, extractor_version="another"))


def test_average_precision_is_that_of_the_ranked_list() -> None:
    angles = np.array([0.0, 10.0, 30.0, 5.0, 90.0])
    vectors = np.column_stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))]).astype(np.float32)
    features = LabelledFeatures.of(vectors, ["a", "a", "a", "b", "c"], "v")
    probes = ranked_probes(features)
    # From 0 degrees: b (5), a (10), a (30); from 10: b (5), a (0), a (30); from 30: a (10), b (5), a (0).
    first, second, third = (1 / 2 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2, (1 + 2 / 3) / 2
    np.testing.assert_allclose(probes.average_precisions, [first, second, third])
    assert probes.mean_average_precision == pytest.approx(probes.mean_by_person)


def test_a_better_ranking_is_ahead_beyond_chance(faces: LabelledFeatures) -> None:
    clean = made_features(30, 5, singles=20, dimension=16, spread=0.2, seed=3)
    better, worse = ranked_probes(clean), ranked_probes(faces)
    found = map_difference(better, worse)
    assert found.interval[0] > 0
    assert found.probability_better == 1.0
    assert map_difference(worse, worse).interval == (0.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_learns_what_is_said_of_likeness(objective: Objective) -> None:
    """Of eight faces somebody says that the less alike of two others is the more alike one."""
    pytest.importorskip("keras")
    training, validation = (made_features(people, 5, dimension=16, spread=0.4, seed=people) for people in (30, 20))
    small = {"epochs": 6, "patience": 6, "batch": 64, "learning_rate": 1e-2}
    options = options_for(objective, small if objective != "similarity" else {**small, "hidden_sizes": (16,),
                                                                               "dropout": (0.0,)})  # fmt: skip
    generator = np.random.default_rng(3)
    anchors = generator.choice(len(training), 8, replace=False)
    others = np.stack([generator.permutation(np.setdiff1d(np.arange(len(training)), [a]))[:2] for a in anchors])
    cosines = np.einsum("nd,nkd->nk", training.vectors[anchors], training.vectors[others])
    nearer, farther = np.take_along_axis(others, np.argsort(cosines, axis=1), axis=1).T
    said = Triplets.more_alike(np.column_stack([anchors, nearer, farther]).astype(np.int64), weight=100.0)
    start = train_objective("similarity", options_for("similarity", {"form": "distance"}), training, validation).weights
    told = train_objective(objective, options, training, validation, start=start, more_alike=said)
    untold = train_objective(objective, options, training, validation, start=start)

    def lead(weights: SimilarityWeights) -> float:
        network, faces = SimilarityNetwork(weights), training.vectors
        ahead = network.log_odds(faces[anchors], faces[nearer]) - network.log_odds(faces[anchors], faces[farther])
        return float(ahead.mean() / weights.distance_scale)

    assert told.best_epoch > 0
    assert lead(told.weights) > lead(untold.weights) + 0.02
