"""The training loop: resumable, logged, stoppable."""

from __future__ import annotations

import csv
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facerec_app.core.types import Float32Array
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.face_dataset import CROP_PX
from facerec_app.training.extractor.pair_measures import measure_pairs, pair_cosines, person_pairs
from facerec_app.training.extractor.projection_balance import DLIB_SHARE
from facerec_app.training.extractor.recipe import Recipe
from facerec_app.training.extractor.torch_augmentation import as_bytes, plain
from facerec_app.training.extractor.torch_checkpoint import Progress, load_checkpoint, save_checkpoint
from facerec_app.training.extractor.torch_export import student_from
from facerec_app.training.extractor.torch_hints import HintedStudent, HintReaders, hint_teacher
from facerec_app.training.extractor.torch_loss import StudentLoss
from facerec_app.training.extractor.torch_precision import fast_arithmetic
from facerec_app.training.extractor.torch_reader_fit import fit_readers
from facerec_app.training.extractor.torch_replicas import StudentReplicas
from facerec_app.training.extractor.torch_resnet50 import FaceStudent
from facerec_app.training.extractor.training_material import TrainingMaterial
from facerec_app.training.extractor.watched_people import WatchedPeople

AVERAGE_EVERY = 4
LOG_EVERY = 25
CHECKPOINT_SECONDS = 300.0
SETTLING_FACES = 192


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the log; losses are means since the line before."""

    seen: int
    seconds: float
    side_px: int
    rate: float
    loss: float
    sface_cosine: float
    dlib_cosine: float
    relation: float
    missed: float
    hint_cosine: float
    watched_cosine: float | None = None
    watched_accuracy_features: float | None = None
    watched_accuracy_projection: float | None = None
    watched_tar_1e2_features: float | None = None
    watched_tar_1e2_projection: float | None = None


@dataclass
class _Sums:
    """Running sums between two log lines."""

    values: list[list[float]] = field(default_factory=list)

    def add(self, loss: StudentLoss) -> None:
        parts = [getattr(loss, field.name) for field in fields(loss)]
        self.values.append([float(part) for part in parts])

    def take(self) -> list[float]:
        means = np.mean(self.values, axis=0).tolist()
        self.values.clear()
        return [round(value, 5) for value in means]


class ExtractorTrainer:
    """Trains a student from checkpoint to checkpoint.

    Args:
        recipe: the plan.
        material: what to learn from.
        watched: held-out people to measure on, or None.
        folder: where checkpoints and the log go.
        measure_every: pictures between two measurements.
    """

    def __init__(
        self,
        recipe: Recipe,
        material: TrainingMaterial,
        watched: WatchedPeople | None,
        folder: Path,
        measure_every: int = 20_000,
    ) -> None:
        self.recipe = recipe
        self.material = material
        self.watched = watched
        self.folder = folder
        self.measure_every = measure_every
        self.progress = Progress()
        torch.manual_seed(recipe.seed)
        torch.set_num_threads(1)  # each half of a batch has its own thread (torch_replicas)
        self.student = FaceStudent().to(memory_format=torch.channels_last)
        self.average = FaceStudent().to(memory_format=torch.channels_last).eval()
        self.average.load_state_dict(self.student.state_dict())
        self.learner = HintedStudent(self.student, settled_readers(material) if recipe.hint_weight else None)
        self.optimiser = torch.optim.AdamW(_parameter_groups(self.learner, recipe.weight_decay), fused=True)
        self.replicas = StudentReplicas(self.learner, material, recipe)
        self._stop = False

    def resume(self) -> bool:
        """Go on from the folder's checkpoint, if there is one; return whether there was."""
        found = load_checkpoint(self.folder, self._networks(), self.optimiser, self.progress)
        self.replicas.share_weights()
        return found

    def start_from(self, weights: Path) -> None:
        """Go on from shipped weights with a fresh optimiser, whose rate warms up again; readers of hints are fitted."""
        student, seen = student_from(weights)
        for network in (self.student, self.average):
            network.load_state_dict(student.state_dict())
        self.progress = Progress(seen=seen, steps=seen // self.recipe.batch, resumed_at=seen)
        if self.recipe.side_px(seen) == CROP_PX:
            fit_readers(self.learner, self.material, self.progress.steps)
        self.replicas.share_weights()

    def close(self) -> None:
        """End the working threads."""
        self.replicas.close()

    def run(self, until_pictures: int | None = None) -> None:
        """Train until the plan or the given count is fulfilled, or until asked to stop; then write a checkpoint."""
        end = min(self.recipe.total_pictures, until_pictures or self.recipe.total_pictures)
        self.folder.mkdir(parents=True, exist_ok=True)
        sums = _Sums()
        started, saved = time.monotonic(), time.monotonic()
        spent_before = self.progress.seconds
        with _stopping(self._ask_to_stop):
            while self.progress.seen < end and not self._stop:
                sums.add(self.step())
                self.progress.seconds = spent_before + time.monotonic() - started
                if self.progress.steps % LOG_EVERY == 0:
                    self._log(sums)
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self.save()
                    saved = time.monotonic()
        self.save()

    def step(self) -> StudentLoss:
        """Learn from one batch and return its loss."""
        progress, recipe = self.progress, self.recipe
        loss = self.replicas.accumulate_gradients(progress.steps, recipe.side_px(progress.seen))
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate(progress.seen, progress.resumed_at)
        torch.nn.utils.clip_grad_norm_(self.learner.parameters(), recipe.gradient_limit, foreach=True)
        self.optimiser.step()
        self.replicas.share_weights()
        progress.seen += recipe.batch
        progress.steps += 1
        if progress.steps % AVERAGE_EVERY == 0:
            self._update_average()
        return loss

    def save(self) -> None:
        """Write the checkpoint."""
        save_checkpoint(self.folder, self._networks(), self.optimiser, self.progress)

    def _networks(self) -> dict[str, nn.Module]:
        """Return what a checkpoint holds of networks, by name."""
        networks: dict[str, nn.Module] = {"student": self.student, "average": self.average}
        return networks if self.learner.readers is None else {**networks, "readers": self.learner.readers}

    @torch.no_grad()
    def _update_average(self) -> None:
        """Move the average towards the student (Polyak averaging; buffers are averaged too)."""
        in_stage = self.recipe.steps_in_stage(self.progress.seen)
        kept = self.recipe.averaging(in_stage) ** AVERAGE_EVERY
        mine, theirs = self.average.state_dict(), self.student.state_dict()
        names = [name for name, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_([mine[name] for name in names], [theirs[name] for name in names], 1 - kept)

    def _log(self, sums: _Sums) -> None:
        """Append a line, with a measurement when one is due."""
        progress = self.progress
        side = self.recipe.side_px(progress.seen - self.recipe.batch)
        rate = self.recipe.learning_rate(progress.seen, progress.resumed_at)
        row = LogRow(progress.seen, round(progress.seconds, 1), side, round(rate, 7), *sums.take())
        values = asdict(row)
        span = LOG_EVERY * self.recipe.batch
        if self.watched is not None and progress.seen % self.measure_every < span:
            values.update(measure_watched(self.average, self.watched, side))
        path = self.folder / "log.csv"
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(values))
            if is_new:
                writer.writeheader()
            writer.writerow(values)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True


def settled_readers(material: TrainingMaterial) -> HintReaders:
    """Return fresh readers that know how far the teacher's channels spread over real faces."""
    readers = HintReaders(ModelStore())
    readers.settle(hint_teacher().judge(as_bytes(plain(material.real_faces(SETTLING_FACES), CROP_PX)))[0])
    return readers


def embed_plain(student: FaceStudent, stored_rgb: Float32Array | np.ndarray, side_px: int) -> tuple[Tensor, Tensor]:
    """Return unit-length features ``(N, 2048)`` and unit-length projections ``(N, 256)`` of stored faces.

    The halves of the projection are weighted as in the form that ships.
    """
    student.eval()
    features, projections = [], []
    with torch.no_grad(), fast_arithmetic():
        for start in range(0, stored_rgb.shape[0], 64):
            pictures = plain(np.array(stored_rgb[start : start + 64]), side_px)
            pooled, projected = student(pictures.contiguous(memory_format=torch.channels_last))
            features.append(functional.normalize(pooled, dim=1))
            sface, dlib = (functional.normalize(half, dim=1) for half in projected.chunk(2, dim=1))
            projections.append(functional.normalize(torch.cat([sface, DLIB_SHARE * dlib], dim=1), dim=1))
    return torch.cat(features), torch.cat(projections)


def measure_watched(student: FaceStudent, watched: WatchedPeople, side_px: int) -> dict[str, float]:
    """Return cosine to SFace, accuracy and TAR on held-out people, for features and projection."""
    features, projections = embed_plain(student, watched.pixels_rgb, side_px)
    half = functional.normalize(projections[:, : watched.sface.shape[1]], dim=1)
    cosine = float((half * torch.from_numpy(watched.sface)).sum(dim=1).mean())
    values = {"watched_cosine": round(cosine, 4)}
    pairs, genuine = person_pairs(watched.people)
    for name, vectors in (("features", features), ("projection", projections)):
        measured = measure_pairs(pair_cosines(vectors.numpy(), pairs), genuine)
        values[f"watched_accuracy_{name}"] = round(measured.accuracy, 5)
        values[f"watched_tar_1e2_{name}"] = round(measured.tar_at_far_1e2, 5)
    return values


def _parameter_groups(learner: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Return the optimiser's groups: kernels decay, biases and normalisations do not."""
    kernels = [parameter for parameter in learner.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in learner.parameters() if parameter.ndim <= 1]
    return [{"params": kernels, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


@contextmanager
def _stopping(handler: object) -> Iterator[None]:
    """Let SIGTERM and SIGINT call the handler within the block."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, handler) for number in numbers]  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)
