"""The student in PyTorch: its equality with what ships, its loss, its interruptions. Skipped without PyTorch."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.face_bank import BANK_PX, Shard
from facerec_app.training.extractor.face_dataset import PictureEntry, align_entries, centre_crops
from facerec_app.training.extractor.recipe import Recipe, Stage
from facerec_app.training.extractor.training_material import TrainingMaterial
from tests.unit.training.extractor.extractor_doubles import drawn_shard, random_weights

torch = pytest.importorskip("torch", reason="PyTorch is only needed to train the extractor")

ASSETS = Path(__file__).parents[4] / "assets"
RECIPE = Recipe((Stage(10_000, 32),), decay_from_pictures=9_000, warmup_pictures=64, batch=16, hint_weight=0.0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def demonstration_shard() -> Shard:
    """Return the demonstration's people as a bank's shard; what the teachers say of them is drawn."""
    entries = [PictureEntry(path, path.parent.name) for path in sorted((ASSETS / "demo" / "people").rglob("*.jpg"))]
    faces, _ = align_entries(entries, MtcnnDetector(ModelStore()))
    drawn = drawn_shard(len(faces))
    return Shard(centre_crops(faces.pixels_rgb, BANK_PX), drawn.sface, drawn.dlib)


def new_trainer(folder: Path, recipe: Recipe = RECIPE, shards: Sequence[Shard] = ()):  # type: ignore[no-untyped-def]
    from facerec_app.training.extractor.torch_trainer import ExtractorTrainer

    shards = shards or [drawn_shard(12, 0), drawn_shard(12, 1)]
    material = TrainingMaterial(shards, recipe.real_share, recipe.seed)
    return ExtractorTrainer(recipe, material, None, folder)


def losses(trainer, count: int) -> list[float]:  # type: ignore[no-untyped-def]
    return [float(trainer.step().total) for _ in range(count)]


def test_shipped_weights_give_the_same_values_in_torch_and_in_the_graph(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from facerec_app.inference.openvino_session import OpenvinoSession
    from facerec_app.training.extractor.student_graph import build_student_graph
    from facerec_app.training.extractor.student_weights import load_student, save_student
    from facerec_app.training.extractor.torch_augmentation import plain
    from facerec_app.training.extractor.torch_export import student_from
    from facerec_app.training.extractor.torch_weights import weights_of

    path = tmp_path / "w.safetensors"
    save_student(random_weights(), path)
    student, seen = student_from(path)
    assert seen == 960
    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    with torch.no_grad():
        expected = [values.numpy() for values in student.eval()(plain(crops, 112))]
    weights = load_student(path)
    graph = build_student_graph(weights, "float32").SerializeToString()
    values = OpenvinoSession(graph, name="student", threads=1).run(crops)
    for found, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-3)
    for name, array in weights_of(student, {}).arrays.items():
        np.testing.assert_array_equal(array, weights.arrays[name])


def test_small_maps_as_matrix_products_change_nothing() -> None:
    from facerec_app.training.extractor.torch_resnet50 import _convolution, _convolve

    for inputs, outputs, kernel, stride, side in (
        (8, 16, 1, 1, 2),
        (8, 16, 1, 2, 4),
        (8, 8, 3, 1, 2),
        (16, 8, 1, 1, 9),
    ):
        layer = _convolution(inputs, outputs, kernel, stride, kernel // 2).double()
        maps = torch.randn(3, inputs, side, side, dtype=torch.float64)
        torch.testing.assert_close(_convolve(layer, maps), layer(maps))


def test_a_resumed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    through = new_trainer(tmp_path / "a")
    expected = losses(through, 7)
    through.close()
    first = new_trainer(tmp_path / "b")
    found = losses(first, 4)
    first.save()
    first.close()
    second = new_trainer(tmp_path / "b")
    assert second.resume()
    assert second.progress.seen == 4 * RECIPE.batch
    found += losses(second, 3)
    second.close()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_learning_lowers_the_loss_and_moves_the_average(tmp_path: Path) -> None:
    trainer = new_trainer(tmp_path)
    before = {name: value.clone() for name, value in trainer.average.state_dict().items()}
    course = losses(trainer, 30)
    trainer.close()
    assert np.mean(course[-5:]) < np.mean(course[:5]) - 0.02
    assert not torch.equal(before["projection.weight"], trainer.average.state_dict()["projection.weight"])


def test_a_signal_stops_with_a_checkpoint(tmp_path: Path) -> None:
    trainer = new_trainer(tmp_path)
    real_step = trainer.step

    def step_then_signal():  # type: ignore[no-untyped-def]
        loss = real_step()
        if trainer.progress.steps == 2:
            signal.raise_signal(signal.SIGTERM)
        return loss

    trainer.step = step_then_signal
    trainer.run()
    trainer.close()
    again = new_trainer(tmp_path)
    assert again.resume()
    again.close()
    assert again.progress.steps == 2


def test_shipped_weights_start_a_run_with_a_warm_up(tmp_path: Path) -> None:
    from facerec_app.training.extractor.student_weights import save_student

    save_student(random_weights(), tmp_path / "w.safetensors")
    trainer = new_trainer(tmp_path / "run")
    assert not trainer.resume()
    trainer.start_from(tmp_path / "w.safetensors")
    assert trainer.progress.seen == trainer.progress.resumed_at == 960
    assert np.isfinite(losses(trainer, 2)).all()
    assert trainer.optimiser.param_groups[0]["lr"] < RECIPE.peak_rate
    trainer.close()


def test_only_the_last_checkpoints_are_kept(tmp_path: Path) -> None:
    trainer = new_trainer(tmp_path)
    for _ in range(5):
        trainer.progress.seen += RECIPE.batch
        trainer.save()
    trainer.close()
    assert len(list(tmp_path.glob("checkpoint-*"))) == 3
    assert (tmp_path / "latest").read_text() == f"checkpoint-{5 * RECIPE.batch:09d}"


def test_the_loss_is_least_where_the_student_says_what_the_teachers_say() -> None:
    from facerec_app.training.extractor.torch_loss import student_loss

    targets = torch.randn(8, 256)
    perfect = student_loss(targets, 3 * targets, targets, 0.35, 0.3)
    other = student_loss(torch.randn(8, 256), torch.randn(8, 256), targets, 0.35, 0.3)
    assert float(perfect.sface_cosine) == pytest.approx(1, abs=1e-5)
    assert float(perfect.total) < 0.1 < float(other.total)


def test_the_graph_shrinks_as_training_did() -> None:
    from facerec_app.training.extractor.crop_shrinking import shrunk
    from facerec_app.training.extractor.torch_augmentation import plain

    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    expected = plain(crops, 64).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(shrunk(crops.astype(np.float32) / 127.5 - 1, 64), expected, atol=1e-4)


@pytest.mark.parametrize("side_px", [48, 112])
def test_changed_pictures_stay_pictures(side_px: int) -> None:
    from facerec_app.training.extractor.torch_augmentation import augment, plain

    stored = drawn_shard(24).pixels_rgb
    changed = augment(stored.copy(), side_px, np.random.default_rng(0))
    again = augment(stored.copy(), side_px, np.random.default_rng(0))
    torch.testing.assert_close(changed, again, rtol=0, atol=0)
    assert changed.shape == plain(stored, side_px).shape == (24, 3, side_px, side_px)
    assert changed.isfinite().all()
    assert changed.abs().max() <= 1
    assert (changed - plain(stored, side_px)).abs().mean(dim=(1, 2, 3)).min() > 0.005


HINTED = Recipe((Stage(10_000, 112),), decay_from_pictures=9_000, warmup_pictures=400, batch=16, hint_weight=2.0)


def test_a_hinted_run_learns_the_teachers_inner_maps_and_resumes(tmp_path: Path) -> None:
    through = new_trainer(tmp_path / "a", HINTED)
    course = [through.step() for _ in range(6)]
    the_first_pictures_again = through.replicas.accumulate_gradients(0, 112)
    through.close()
    assert float(the_first_pictures_again.missed) < float(course[0].missed) - 0.02
    first = new_trainer(tmp_path / "b", HINTED)
    found = losses(first, 3)
    first.save()
    first.close()
    second = new_trainer(tmp_path / "b", HINTED)
    assert second.resume()
    found += losses(second, 3)
    second.close()
    np.testing.assert_allclose(found, [float(loss.total) for loss in course], rtol=1e-4)


def test_a_student_whose_maps_are_the_teachers_reads_the_teachers_values() -> None:
    from facerec_app.models.model_store import ModelStore
    from facerec_app.training.extractor.teachers import unit_rows
    from facerec_app.training.extractor.torch_hints import HINTS, HintReaders, hint_teacher

    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    maps, values = hint_teacher().judge(crops)
    readers = HintReaders(ModelStore())
    readers.settle(maps)
    with torch.no_grad():
        inner = {}
        for hint in HINTS:  # maps for which an identity as reader gives the standardised maps of the teacher
            mean, spread = readers.get_buffer(f"{hint.teacher}_mean"), readers.get_buffer(f"{hint.teacher}_spread")
            inner[hint.student] = (torch.from_numpy(maps[hint.teacher]) - mean) / spread
            readers.readers[hint.teacher].weight.copy_(torch.eye(hint.outputs)[:, : hint.inputs, None, None])
        missed, read = readers.loss(inner, maps)
    assert float(missed) < 1e-6
    assert (unit_rows(read.numpy()) * unit_rows(values)).sum(axis=1).min() > 0.995


def test_a_run_from_shipped_weights_begins_with_readers_that_explain_most_of_the_teachers_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facerec_app.training.extractor.torch_reader_fit.BATCHES", 8)
    recipe = replace(HINTED, stages=(Stage(10_000_000, 112),), batch=64)
    fresh, trainer = (new_trainer(tmp_path / name, recipe, [demonstration_shard()]) for name in ("a", "b"))
    trainer.start_from(ASSETS / "models" / "resnet50-face.safetensors")
    fresh.learner.student.load_state_dict(trainer.learner.student.state_dict())
    fresh.replicas.share_weights()
    missed = [float(each.step().missed) for each in (fresh, trainer)]
    for each in (fresh, trainer):
        each.close()
    assert missed[0] > 0.9  # two maps that have nothing to do with each other
    assert missed[1] < 0.6


def test_only_pictures_that_the_teacher_sees_too_are_turned_and_darkened() -> None:
    from facerec_app.training.extractor.torch_augmentation import as_bytes, augment

    faces = np.full((400, 128, 128, 3), 160, np.uint8)
    faces[:, ::8] = 60  # lines across, which turning leaves and darkening does not
    brightness = {}
    for judged in (False, True):
        pictures = augment(faces.copy(), 112, np.random.default_rng(1), judged_as_shown=judged)
        brightness[judged] = as_bytes(pictures).mean(axis=(1, 2, 3))
    assert (brightness[False] < 60).mean() < 0.02
    assert 0.08 < (brightness[True] < 60).mean() < 0.25


def test_only_pictures_that_the_teacher_sees_too_are_placed_carelessly() -> None:
    from facerec_app.training.extractor.torch_augmentation import augment

    faces = np.full((400, 128, 128, 3), 20, np.uint8)
    faces[:, 60:68] = 200  # a band across the middle, which turning a head leaves at its height
    far = {}
    for judged in (False, True):
        light = augment(faces.copy(), 112, np.random.default_rng(1), judged_as_shown=judged).add(1).mean(dim=(1, 3))
        above_dark = (light - light.median(dim=1, keepdim=True).values).clamp(min=0) ** 2
        height = (above_dark * torch.arange(112)).sum(dim=1) / above_dark.sum(dim=1)
        far[judged] = float(((height - 55.5).abs() > 6).float().mean())
    assert far[False] < 0.05
    assert 0.08 < far[True] < 0.3
