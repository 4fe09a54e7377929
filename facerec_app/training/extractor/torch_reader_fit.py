"""Readers of hints for a student that has learnt already: found at once, by least squares.

Readers are thrown away at the end of a run. With fresh ones, a student that goes on from shipped weights would first be
pulled about by what they do not know yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from facerec_app.training.extractor.face_dataset import CROP_PX
from facerec_app.training.extractor.torch_augmentation import as_bytes, augment
from facerec_app.training.extractor.torch_hints import HINTS, Hint, HintedStudent, HintReaders, hint_teacher
from facerec_app.training.extractor.torch_precision import fast_arithmetic
from facerec_app.training.extractor.training_material import TrainingMaterial

BATCHES = 24
_BATCH = 48
"""As many as a thread works on in training."""
_FIRST_PART = 1000
"""Parts of a step's chance that training itself does not use."""
_RIDGE = 1e-3


@dataclass(slots=True)
class _Moments:
    """Sums of products over all places of all maps seen: of the student's channels and 1, and with the teacher's."""

    inputs: Tensor
    with_targets: Tensor

    def add(self, student: Tensor, teacher: Tensor) -> None:
        rows = torch.cat([student, torch.ones(len(student), 1)], dim=1)
        self.inputs += rows.T @ rows
        self.with_targets += rows.T @ teacher

    def solution(self) -> Tensor:
        """Return ``(inputs + 1, outputs)``, the last row being the bias."""
        ridge = _RIDGE * self.inputs.diagonal()[:-1].mean() * torch.eye(len(self.inputs))
        ridge[-1, -1] = 0
        return torch.linalg.solve(self.inputs + ridge, self.with_targets)


@torch.no_grad()
def fit_readers(learner: HintedStudent, material: TrainingMaterial, step: int) -> None:
    """Give the readers the weights that explain most of the teacher's maps by the student's as they are.

    Args:
        learner: the student, and its readers after ``settle``; without readers nothing is done.
        material: the pictures, changed as in training.
        step: decides which of them.
    """
    readers = learner.readers
    if readers is None:
        return
    teacher, backbone = hint_teacher(), learner.student.backbone
    moments = {hint: _empty(hint) for hint in HINTS}
    learner.student.train()  # normalised by the batch, as the readers will see it in training
    statistics = {name: value.clone() for name, value in learner.student.named_buffers()}
    for number in range(BATCHES):
        generator = material.generator(step, _FIRST_PART + number)
        stored, _ = material.batch(_BATCH, generator, weighted=True)
        pictures = augment(stored, CROP_PX, generator, judged_as_shown=True)
        wanted, _ = teacher.judge(as_bytes(pictures))
        with fast_arithmetic():
            maps = backbone.maps(
                pictures.contiguous(memory_format=torch.channels_last), {hint.student for hint in HINTS}
            )
        for hint, sums in moments.items():
            goal = (torch.from_numpy(wanted[hint.teacher]) - _buffer(readers, hint, "mean")) / _buffer(
                readers, hint, "spread"
            )
            sums.add(_rows(maps[hint.student].float(), hint), _rows(goal, hint))
    for name, value in learner.student.named_buffers():
        value.copy_(statistics[name])
    for hint, sums in moments.items():
        found = sums.solution()
        reader = readers.readers[hint.teacher]
        reader.weight.copy_(found[:-1].T[:, :, None, None])
        reader.bias.copy_(found[-1])


def _empty(hint: Hint) -> _Moments:
    return _Moments(torch.zeros(hint.inputs + 1, hint.inputs + 1), torch.zeros(hint.inputs + 1, hint.outputs))


def _buffer(readers: HintReaders, hint: Hint, name: str) -> Tensor:
    return readers.get_buffer(f"{hint.teacher}_{name}")


def _rows(maps: Tensor, hint: Hint) -> Tensor:
    """Return ``(N * places, C)``."""
    thinned = maps[:, :, :: hint.stride, :: hint.stride]
    return thinned.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
