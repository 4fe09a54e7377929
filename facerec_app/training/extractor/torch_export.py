"""From a checkpoint to the files that ship."""

from __future__ import annotations

from pathlib import Path

import torch

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.training.extractor.student_weights import StudentWeights, load_student
from facerec_app.training.extractor.torch_checkpoint import Progress, load_checkpoint
from facerec_app.training.extractor.torch_resnet50 import FaceStudent
from facerec_app.training.extractor.torch_weights import fill_student, weights_of


def averaged_weights(run_folder: Path, input_px: int) -> StudentWeights:
    """Return the running average of the newest checkpoint, noting the size of pictures it was trained on.

    Raises:
        NotEnoughDataError: if the run has no checkpoint yet.
    """
    average, progress = FaceStudent(), Progress()
    if not load_checkpoint(run_folder, {"average": average}, None, progress):
        msg = f"{run_folder} holds no checkpoint yet; run 'train' first"
        raise NotEnoughDataError(msg)
    facts = {"pictures_seen": str(progress.seen), "steps": str(progress.steps), "input_px": str(input_px)}
    return weights_of(average, facts)


def student_from(path: Path) -> tuple[FaceStudent, int]:
    """Return a student with shipped weights, and the pictures it has seen; the optimiser's moments are not shipped."""
    weights = load_student(path)
    student = FaceStudent(weights.cut_layer).to(memory_format=torch.channels_last)
    fill_student(student, weights)
    return student, int(weights.facts.get("pictures_seen", "0"))
