"""The small convolutional twin network: what NumPy computes, what training learns, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, TrainingCancelledError, WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import UInt8Array
from facerec_app.training.labelled_crops import LabelledCrops
from facerec_app.training.siamese_conv_network import (
    DescribedFaces,
    SiameseConvNetwork,
    SiameseConvWeights,
    grey_inputs,
)
from facerec_app.training.siamese_conv_options import KERNELS_PX, SiameseConvOptions
from facerec_app.training.train_siamese_conv import several_pictures

SMALL = SiameseConvOptions(
    input_px=65, filters=(4, 4, 4, 8), dense=16, pairs=64, epochs=2, batch=32, learning_rate=3e-3, seed=3
)


def drawn_faces(people: int, each: int, seed: int) -> LabelledCrops:
    """Return crops in which every person is a pattern of bright squares, under changing light and noise."""
    generator = np.random.default_rng(seed)
    pictures, labels = [], []
    for person in range(people):
        pattern = np.kron(generator.integers(0, 2, (4, 4)), np.ones((20, 20))) * 120
        for _ in range(each):
            picture = 60 + pattern * generator.uniform(0.6, 1.0) + generator.normal(0, 10, (80, 80))
            pictures.append(np.repeat(np.clip(picture, 0, 255)[..., None], 3, axis=2).astype(np.uint8))
            labels.append(f"person{person:02d}")
    return LabelledCrops(np.stack(pictures), tuple(labels))


def weights(seed: int = 0) -> SiameseConvWeights:
    generator = np.random.default_rng(seed)
    arrays, channels = {}, 1
    for number, (side, filters) in enumerate(zip(KERNELS_PX, SMALL.filters, strict=True)):
        deviation = 1 / (side * np.sqrt(channels))
        arrays[f"convolution_{number}_kernel"] = generator.normal(0, deviation, (side, side, channels, filters))
        arrays[f"convolution_{number}_bias"] = generator.normal(0, 0.1, filters)
        channels = filters
    arrays |= {"dense_kernel": generator.normal(size=(8, 16)), "dense_bias": np.zeros(16)}
    arrays |= {"output_kernel": generator.normal(size=(16, 1)), "output_bias": np.ones(1)}
    return SiameseConvWeights(65, {name: array.astype(np.float32) for name, array in arrays.items()})


def random_crops(count: int, seed: int = 1) -> UInt8Array:
    return np.random.default_rng(seed).integers(0, 256, (count, 112, 112, 3), dtype=np.uint8)


def test_inputs_are_grey_of_mean_zero_and_deviation_one() -> None:
    inputs = grey_inputs(random_crops(3), 73)
    assert inputs.shape == (3, 73, 73)
    np.testing.assert_allclose(inputs.mean(axis=(1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(inputs.std(axis=(1, 2)), 1, atol=1e-3)
    assert np.isfinite(grey_inputs(np.full((1, 112, 112, 3), 9, np.uint8), 73)).all()


def test_light_and_contrast_change_nothing_and_order_does_not_matter() -> None:
    network = SiameseConvNetwork(weights())
    crops = (drawn_faces(2, 2, 5).pixels_rgb // 3).astype(np.uint8)
    np.testing.assert_allclose(network.describe(crops), network.describe(crops * 2 + 40), atol=2e-2)
    left, right = crops[:2], crops[2:]
    np.testing.assert_array_equal(network.score_crops(left, right), network.score_crops(right, left))


def test_a_face_described_once_gets_the_scores_of_its_pairs() -> None:
    network, crops = SiameseConvNetwork(weights()), random_crops(5)
    candidates = np.array([4, 1, 2])
    described = DescribedFaces(network, crops).score_candidates(0, candidates)
    expected = network.score_crops(np.repeat(crops[:1], 3, axis=0), crops[candidates])
    np.testing.assert_allclose(described, expected, rtol=1e-5, atol=1e-5)
    assert network.describe(crops[:0]).shape == (0, 16)


def test_weights_are_read_back_and_every_change_changes_the_version(tmp_path: Path) -> None:
    original = weights()
    (tmp_path / "twins.safetensors").write_bytes(original.to_bytes())
    assert SiameseConvWeights.from_file(tmp_path / "twins.safetensors").version == original.version
    assert weights(seed=1).version != original.version


def test_files_that_are_no_twin_network_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "twins.safetensors"
    with pytest.raises(WeightsMissingError, match="train_siamese_conv"):
        SiameseConvWeights.from_file(file)
    file.write_bytes(weights().to_bytes()[:-10])
    with pytest.raises(WeightsRejectedError, match="damaged"):
        SiameseConvWeights.from_file(file)
    original = weights()
    with pytest.raises(WeightsRejectedError, match="dense_kernel"):
        replace(original, arrays=original.arrays | {"dense_kernel": np.zeros((9, 16), np.float32)})
    with pytest.raises(WeightsRejectedError, match="convolution_2_bias"):
        replace(original, arrays={k: v for k, v in original.arrays.items() if k != "convolution_2_bias"})


@pytest.mark.parametrize("wrong", [{"input_px": 64}, {"dense": 0}, {"pairs": 0}, {"shift_px": -1}])
def test_options_that_cannot_be_meant_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        replace(SMALL, **wrong)  # type: ignore[arg-type]


def test_only_people_with_several_pictures_are_kept_up_to_a_cap() -> None:
    pictures = ["a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "c/1.jpg", "c/2.jpg"]
    assert several_pictures(pictures, 2) == ["a/1.jpg", "a/2.jpg", "c/1.jpg", "c/2.jpg"]
    assert several_pictures(pictures, None) == ["a/1.jpg", "a/2.jpg", "a/3.jpg", "c/1.jpg", "c/2.jpg"]


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from facerec_app.training.train_siamese_conv import main

    out = ["--out", str(tmp_path / "twins.safetensors")]
    assert main(["--root", str(tmp_path / "gone"), *out]) == 1
    assert "no folder" in capsys.readouterr().err
    (tmp_path / "people" / "somebody").mkdir(parents=True)
    assert main(["--root", str(tmp_path / "people"), *out]) == 1
    assert "two pictures" in capsys.readouterr().err
    assert not (tmp_path / "twins.safetensors").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
class TestTraining:
    def test_numpy_computes_what_keras_computes(self) -> None:
        from facerec_app.training.keras_siamese_conv_trainer import _Twins

        twins = _Twins(replace(SMALL, filters=(6, 5, 4, 8)))
        crops = random_crops(6)
        inputs = grey_inputs(crops, 65)
        from_keras = twins.log_odds(inputs[:3], inputs[3:])
        from_numpy = SiameseConvNetwork(twins.weights()).score_crops(crops[:3], crops[3:])
        np.testing.assert_allclose(from_numpy, from_keras, rtol=1e-4, atol=1e-4)

    def test_patterns_of_people_never_seen_are_told_apart(self) -> None:
        from facerec_app.training.keras_siamese_conv_trainer import KerasSiameseConvTrainer

        options = replace(SMALL, epochs=6, pairs=256)
        trained = KerasSiameseConvTrainer(options).train(drawn_faces(40, 4, 1), drawn_faces(15, 4, 2))
        network, unseen = SiameseConvNetwork(trained.weights), drawn_faces(12, 2, 3)
        described = network.describe(unseen.pixels_rgb)
        first, second = described[::2], described[1::2]
        own = network.log_odds(first, second)
        other = network.log_odds(first, np.roll(second, 1, axis=0))
        assert trained.best_epoch > 0
        assert (own > other).mean() > 0.8

    def test_the_same_seed_and_data_give_the_same_network_and_cancelling_ends(self) -> None:
        from facerec_app.training.keras_siamese_conv_trainer import KerasSiameseConvTrainer

        people, others = drawn_faces(8, 3, 1), drawn_faces(6, 3, 2)
        trainer = KerasSiameseConvTrainer(replace(SMALL, epochs=1, pairs=32))
        first, second = (trainer.train(people, others).weights.version for _ in range(2))
        assert first == second
        with pytest.raises(TrainingCancelledError, match="nothing was kept"):
            trainer.train(people, others, cancelled=lambda: True)
