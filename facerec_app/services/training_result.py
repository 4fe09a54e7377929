"""What a retraining tells while it runs and when it is done; values that also travel as JSON between programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from facerec_app.training.gallery_material import GalleryMaterial
from facerec_app.training.gallery_training import GalleryExperiment
from facerec_app.training.held_out_pairs import PairFigures

TrainingOutcome = Literal["promoted", "kept", "unchanged"]


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a retraining has come.

    Attributes:
        stage: ``reading``, ``starting``, ``training``, ``calibrating``, ``comparing`` or ``storing``.
        epoch: finished, 0 before the first.
        epochs: at most.
        loss: on the epoch's training examples, None before the first epoch.
        validation_accuracy: share of the validation pairs told rightly, None before the first epoch.
        seconds_left: estimate of the epochs that may follow, None before the first epoch.
    """

    stage: str
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    validation_accuracy: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class ChangedFace:
    """An enrolled face that the new network judges differently; names as the user knows them.

    Attributes:
        face_id: of the face.
        person_id: whose it is.
        person: their name.
        before, after: ``right``, ``unknown`` or ``wrong``.
        named_before, named_after: who is named, None for nobody.
        is_better: whether the new verdict is the better one.
    """

    face_id: str
    person_id: str
    person: str
    before: str
    after: str
    named_before: str | None
    named_after: str | None
    is_better: bool


@dataclass(frozen=True, slots=True)
class ChangedCorrection:
    """A correction that the new network follows or no longer follows.

    Attributes:
        left, right: whose the two faces are; "somebody" for a face that is not enrolled.
        same: whether the user said that they are one person.
        is_better: whether the new network follows it.
    """

    left: str
    right: str
    same: bool
    is_better: bool


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of a retraining.

    Attributes:
        outcome: ``promoted`` (in use now), ``kept`` (worse, stored but not in use) or ``unchanged`` (nothing better
            than the start was found, nothing stored).
        version_id: of the new network, None if nothing was stored.
        parent_id: the version it was compared with, None for the shipped network.
        objections: why it is worse, one line each.
        split: ``person`` or ``face``.
        people, faces, corrections: that took part.
        best_epoch: 0 is the start.
        figures: by ``own`` (held-out faces of the gallery) and ``others`` (everybody else, sampled), figure by figure
            before and after.
        pairs: number of genuine and impostor pairs by the same names.
        changed_faces: whose verdict changes.
        changed_corrections: which are followed now or no longer.
        faces_right: enrolled faces judged rightly before and after.
        corrections_right: corrections followed before and after.
        seconds: that it took.
        more_alike: answers about likeness that took part.
        disputed: answers left out because they contradict each other or whose the faces are, until that is settled.
    """

    outcome: TrainingOutcome
    version_id: str | None
    parent_id: str | None
    objections: tuple[str, ...]
    split: str
    people: int
    faces: int
    corrections: int
    best_epoch: int
    figures: Mapping[str, Mapping[str, tuple[float, float]]]
    pairs: Mapping[str, tuple[int, int]]
    changed_faces: tuple[ChangedFace, ...]
    changed_corrections: tuple[ChangedCorrection, ...]
    faces_right: tuple[int, int]
    corrections_right: tuple[int, int]
    seconds: float
    more_alike: int = 0
    disputed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the same as values that JSON knows."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> TrainingResult:
        """Return what ``to_json`` gave, after it went through JSON.

        Raises:
            KeyError, TypeError, ValueError: if the values are others.
        """
        plain = dict(values)
        for name in ("objections", "faces_right", "corrections_right"):
            plain[name] = tuple(plain[name])
        plain["figures"] = {
            whom: {figure: tuple(both) for figure, both in figures.items()}
            for whom, figures in plain["figures"].items()
        }
        plain["pairs"] = {whom: tuple(counts) for whom, counts in plain["pairs"].items()}
        plain["changed_faces"] = tuple(ChangedFace(**face) for face in plain["changed_faces"])
        plain["changed_corrections"] = tuple(ChangedCorrection(**said) for said in plain["changed_corrections"])
        return TrainingResult(**plain)


def result_of(
    experiment: GalleryExperiment,
    material: GalleryMaterial,
    names: Mapping[str, str],
    *,
    outcome: TrainingOutcome,
    version_id: str | None,
    parent_id: str | None,
    objections: tuple[str, ...],
    seconds: float,
) -> TrainingResult:
    """Return an experiment as its user reads it."""
    comparison, changes = experiment.comparison, experiment.comparison.changes
    figures, pairs = {}, {}
    for whom, both in (("own", comparison.own), ("others", comparison.others)):
        if both is not None:
            figures[whom] = _side_by_side(*both)
            pairs[whom] = (both[0].genuine, both[0].impostor)
    faces = tuple(
        ChangedFace(
            change.face_id, change.person_id, names.get(change.person_id, "somebody"), change.before, change.after,
            _name(change.named_before, names), _name(change.named_after, names), change.is_better,
        )
        for change in changes.faces
    )  # fmt: skip
    people = material.features.people
    corrections = []
    for said in changes.corrections:
        left, right = material.features.person_index[material.confirmed_rows[said.row]].tolist()
        one, other = (names.get(people[index], "somebody") for index in (left, right))
        corrections.append(ChangedCorrection(one, other, said.same, said.is_better))
    return TrainingResult(
        outcome, version_id, parent_id, objections, experiment.split.by, len(set(material.person_ids)),
        len(material.face_ids), len(material.confirmed_rows), experiment.trained.best_epoch, figures, pairs, faces,
        tuple(corrections), changes.faces_right, changes.corrections_right, round(seconds, 2),
        len(material.more_alike_rows), material.disputed,
    )  # fmt: skip


def _side_by_side(before: PairFigures, after: PairFigures) -> dict[str, tuple[float, float]]:
    names = ("accuracy", "tar_at_far_1e3", "calibration_error")
    return {name: (getattr(before, name), getattr(after, name)) for name in names}


def _name(person_id: str | None, names: Mapping[str, str]) -> str | None:
    return names.get(person_id, "somebody") if person_id is not None else None
