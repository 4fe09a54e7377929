"""Computing one batch on several cores without letting them wait for each other inside a layer.

PyTorch splits every layer over its threads and waits at its end; on cores that other programs use too, most of the time
goes into that waiting (measured on two busy cores: 18 pictures per second of processor time with two threads a layer,
87 with one). So each core works through its own part of the batch with its own copy of the network, and they meet once
a step. Batch normalisation sees a part at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import torch
from torch import Tensor
from torch.nn import functional

from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.face_dataset import CROP_PX
from facerec_app.training.extractor.recipe import Recipe
from facerec_app.training.extractor.sface_maps import SfaceMaps
from facerec_app.training.extractor.teachers import TEACHER_VALUES, unit_rows
from facerec_app.training.extractor.torch_augmentation import as_bytes, augment
from facerec_app.training.extractor.torch_hints import HintedStudent, hint_teacher
from facerec_app.training.extractor.torch_loss import StudentLoss, student_loss, with_hints
from facerec_app.training.extractor.torch_precision import fast_arithmetic
from facerec_app.training.extractor.training_material import TrainingMaterial

PARTS = 2


class StudentReplicas:
    """The student and a copy of it, each computing half of every batch.

    Args:
        learner: what learns; its gradients are filled.
        material: what to learn from.
        recipe: batch size and weights of the loss.
    """

    def __init__(self, learner: HintedStudent, material: TrainingMaterial, recipe: Recipe) -> None:
        self._replicas = [learner, *(copy.deepcopy(learner) for _ in range(PARTS - 1))]
        self._hint_teachers = [hint_teacher() if recipe.hint_weight else None for _ in range(PARTS)]
        self._material = material
        self._recipe = recipe
        self._pool = ThreadPoolExecutor(PARTS, "replica", initializer=torch.set_num_threads, initargs=(1,))

    def accumulate_gradients(self, step: int, side_px: int) -> StudentLoss:
        """Fill the student's gradients with the mean over a batch, and return the batch's loss, detached.

        Args:
            step: number of the step, which decides the pictures.
            side_px: side of the pictures.
        """
        jobs = [self._pool.submit(self._compute_part, step, part, side_px) for part in range(PARTS)]
        losses = [job.result() for job in jobs]
        mine = _gradients(self._replicas[0])
        for replica in self._replicas[1:]:
            torch._foreach_add_(mine, _gradients(replica))
        torch._foreach_div_(mine, float(PARTS))
        return _mean_loss(losses)

    @torch.no_grad()
    def share_weights(self) -> None:
        """Give every copy the student's weights and all of them the mean of the running statistics; clear gradients."""
        first, *others = self._replicas
        statistics = [_statistics(replica) for replica in self._replicas]
        for other, theirs in zip(others, statistics[1:], strict=True):
            torch._foreach_copy_(list(other.parameters()), list(first.parameters()))
            torch._foreach_add_(statistics[0], theirs)
        torch._foreach_div_(statistics[0], float(PARTS))
        for theirs in statistics[1:]:
            torch._foreach_copy_(theirs, statistics[0])
        for replica in self._replicas:
            replica.zero_grad(set_to_none=True)

    def close(self) -> None:
        """End the working threads."""
        self._pool.shutdown()

    def _compute_part(self, step: int, part: int, side_px: int) -> StudentLoss:
        """Compute one part's gradients in its own copy."""
        recipe, replica = self._recipe, self._replicas[part]
        generator = self._material.generator(step, part)
        teacher = self._hint_teachers[part] if side_px == CROP_PX else None
        stored, targets = self._material.batch(recipe.batch // PARTS, generator, weighted=teacher is not None)
        pictures = augment(stored, side_px, generator, judged_as_shown=teacher is not None)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        replica.train()
        if teacher is None:
            with fast_arithmetic():
                features, projected = replica.student(pictures)
            loss = student_loss(features, projected, torch.from_numpy(targets), *_weights(recipe))
        else:
            loss = hinted_loss(replica, teacher, pictures, targets, self._material.sface_mean, recipe)
        loss.total.backward()
        return loss


def hinted_loss(
    learner: HintedStudent,
    teacher: SfaceMaps,
    pictures: Tensor,
    targets: Float32Array,
    sface_mean: Float32Array,
    recipe: Recipe,
) -> StudentLoss:
    """Return the loss of one batch of 112 pixels whose SFace target is its judgement of the very pictures.

    Args:
        learner: the student and its hint readers.
        teacher: SFace.
        pictures: ``(N, 3, 112, 112)`` as the student sees them.
        targets: ``(N, 256)`` both teachers' values of the unchanged pictures, of which dlib's half is used.
        sface_mean: ``(128,)`` taken from SFace's values.
        recipe: weights of the loss.
    """
    maps, values = teacher.judge(as_bytes(pictures))
    sface = torch.from_numpy(unit_rows(values) - sface_mean)
    goal = torch.cat([sface, torch.from_numpy(targets[:, TEACHER_VALUES:])], dim=1)
    with fast_arithmetic():
        (features, projected), missed, read = learner(pictures, maps)
    read = functional.normalize(read.float(), dim=1) - torch.from_numpy(sface_mean)
    loss = student_loss(features, projected, goal, *_weights(recipe))
    return with_hints(loss, missed, read, sface, recipe.hint_weight)


def _weights(recipe: Recipe) -> tuple[float, float]:
    return recipe.dlib_weight, recipe.relation_weight


def _gradients(learner: HintedStudent) -> list[Tensor]:
    return [parameter.grad for parameter in learner.parameters() if parameter.grad is not None]


def _statistics(learner: HintedStudent) -> list[Tensor]:
    """Return the running means and variances of the batch normalisations."""
    return [buffer for buffer in learner.student.buffers() if buffer.is_floating_point()]


def _mean_loss(losses: Sequence[StudentLoss]) -> StudentLoss:
    """Return the mean of the parts' losses, without their graphs."""
    names = [field.name for field in fields(StudentLoss)]
    return StudentLoss(*(torch.stack([getattr(loss, name).detach() for loss in losses]).mean() for name in names))
