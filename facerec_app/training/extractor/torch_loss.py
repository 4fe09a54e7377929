"""What the student is asked to do: say what the teachers say, and keep their distances in its own features."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from facerec_app.training.extractor.teachers import TEACHER_VALUES


@dataclass(frozen=True, slots=True)
class StudentLoss:
    """The parts of one batch's loss, each a scalar tensor.

    Attributes:
        total: what is minimised.
        sface_cosine: mean cosine between the projection's first half and SFace's values less their mean.
        dlib_cosine: mean cosine between its second half and dlib's values less their mean.
        relation: 1 - correlation between the features' cosines and the teachers' over all pairs in the batch.
        missed: share of the teacher's inner maps that the student's do not explain; 0 without hints.
        hint_cosine: mean cosine between what SFace reads from the student's maps and from its own; 0 without hints.
    """

    total: Tensor
    sface_cosine: Tensor
    dlib_cosine: Tensor
    relation: Tensor
    missed: Tensor
    hint_cosine: Tensor


def student_loss(
    features: Tensor, projected: Tensor, targets: Tensor, dlib_weight: float, relation_weight: float
) -> StudentLoss:
    """Return the loss of one batch.

    The similarity network sees unit-length features value by value, so it cannot turn them as the projection does; the
    relational part (Park et al. 2019, "Relational Knowledge Distillation", arXiv:1904.05068) shapes them directly.

    Args:
        features: ``(N, 2048)`` pooled values of the served layer.
        projected: ``(N, 256)`` their projection.
        targets: ``(N, 256)`` SFace's values, then dlib's, each less their mean.
        dlib_weight: share of dlib in the cosine part and in the relations.
        relation_weight: weight of the relational part.
    """
    sface_target, dlib_target = targets[:, :TEACHER_VALUES], targets[:, TEACHER_VALUES:]
    sface_cosine = functional.cosine_similarity(projected[:, :TEACHER_VALUES], sface_target).mean()
    dlib_cosine = functional.cosine_similarity(projected[:, TEACHER_VALUES:], dlib_target).mean()
    teacher = (1 - dlib_weight) * _cosines(sface_target) + dlib_weight * _cosines(dlib_target)
    relation = 1 - _correlation(_cosines(features), teacher)
    cosine_part = (1 - dlib_weight) * (1 - sface_cosine) + dlib_weight * (1 - dlib_cosine)
    none = torch.zeros(())
    return StudentLoss(cosine_part + relation_weight * relation, sface_cosine, dlib_cosine, relation, none, none)


def with_hints(loss: StudentLoss, missed: Tensor, read: Tensor, sface_target: Tensor, weight: float) -> StudentLoss:
    """Return the loss with the hints' part added.

    Args:
        loss: of the values.
        missed: unexplained share of the teacher's maps, a scalar.
        read: ``(N, 128)`` what SFace reads from the student's maps, less the same mean as the target.
        sface_target: ``(N, 128)`` SFace's values of the same pictures, less their mean.
        weight: of the hints.
    """
    cosine = functional.cosine_similarity(read, sface_target).mean()
    total = loss.total + weight * (missed + 0.25 * (1 - cosine))
    return replace(loss, total=total, missed=missed, hint_cosine=cosine)


def _cosines(vectors: Tensor) -> Tensor:
    """Return the ``N (N - 1)`` cosines between different rows."""
    unit = functional.normalize(vectors, dim=1)
    return (unit @ unit.T)[~torch.eye(len(unit), dtype=torch.bool)]


def _correlation(left: Tensor, right: Tensor) -> Tensor:
    """Return Pearson's correlation of two vectors."""
    return functional.cosine_similarity(left - left.mean(), right - right.mean(), dim=0)
