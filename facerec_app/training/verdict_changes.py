"""Whose verdict another network would change: every enrolled face and every correction, judged by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Int64Array
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.similarity.log_odds import log_odds_of
from facerec_app.training.gallery_material import GalleryMaterial
from facerec_app.training.gallery_simulation import rank_rows
from facerec_app.training.labelled_features import LabelledFeatures

Judged = tuple[SimilarityScorer, IdentityCalibration]
FaceVerdict = Literal["right", "unknown", "wrong"]
_WORTH = {"wrong": 0, "unknown": 1, "right": 2}


@dataclass(frozen=True, slots=True)
class FaceChange:
    """An enrolled face that the two networks judge differently.

    Attributes:
        face_id: of the face.
        person_id: whose it is.
        before, after: ``right`` (its person is named, or nobody where the person has no other face), ``unknown``
            (nobody is named) or ``wrong`` (somebody else is).
        named_before, named_after: who is named, None for nobody.
    """

    face_id: str
    person_id: str
    before: FaceVerdict
    after: FaceVerdict
    named_before: str | None
    named_after: str | None

    @property
    def is_better(self) -> bool:
        """Whether the new verdict is the better one."""
        return _WORTH[self.after] > _WORTH[self.before]


@dataclass(frozen=True, slots=True)
class CorrectionChange:
    """A confirmed pair that the two networks judge differently.

    Attributes:
        row: of the pair among the material's.
        same: what the user said.
        is_better: whether the new network agrees with the user (the old one then did not).
    """

    row: int
    same: bool
    is_better: bool


@dataclass(frozen=True, slots=True)
class VerdictChanges:
    """What changes, and how many are right before and after.

    Attributes:
        faces: enrolled faces whose verdict changes.
        corrections: confirmed pairs whose verdict changes.
        faces_right: before and after, of ``faces_judged``.
        faces_wrong: named wrongly before and after.
        faces_judged: enrolled faces.
        corrections_right: before and after, of ``corrections_judged``.
        corrections_judged: confirmed pairs.
    """

    faces: tuple[FaceChange, ...]
    corrections: tuple[CorrectionChange, ...]
    faces_right: tuple[int, int]
    faces_wrong: tuple[int, int]
    faces_judged: int
    corrections_right: tuple[int, int]
    corrections_judged: int


def verdict_changes(
    material: GalleryMaterial, present: Judged, candidate: Judged, *, stranger_rate: float
) -> VerdictChanges:
    """Judge every enrolled face by the gallery without it, and every confirmed pair, with both networks.

    The faces are dealt into two halves and each half is judged by a gallery of the other, so that no face meets itself;
    a person's single face meets a gallery without its person, where nobody should be named.

    Args:
        material: faces and corrections.
        present: the network in use and its calibration.
        candidate: the other one.
        stranger_rate: that the thresholds are for.
    """
    enrolled = material.enrolled
    before, after = (_names(enrolled, *network, stranger_rate) for network in (present, candidate))
    people = material.person_ids
    known = _is_known_elsewhere(enrolled)
    verdicts = [
        tuple(_verdict(name, person, elsewhere) for name in names)
        for names, person, elsewhere in zip(zip(before, after, strict=True), people, known, strict=True)
    ]
    faces = tuple(
        FaceChange(face_id, person, old, new, named[0] or None, named[1] or None)
        for face_id, person, (old, new), named in zip(
            material.face_ids, people, verdicts, zip(before, after, strict=True), strict=True
        )
        if old != new
    )
    agree = [_agrees(material, *network) for network in (present, candidate)]
    corrections = tuple(
        CorrectionChange(row, bool(material.confirmed_same[row]), bool(agree[1][row]))
        for row in np.nonzero(agree[0] != agree[1])[0].tolist()
    )
    return VerdictChanges(
        faces,
        corrections,
        _counts(verdicts, "right"),
        _counts(verdicts, "wrong"),
        len(verdicts),
        (int(agree[0].sum()), int(agree[1].sum())),
        len(material.confirmed_rows),
    )


def _counts(verdicts: Sequence[tuple[FaceVerdict, ...]], wanted: FaceVerdict) -> tuple[int, int]:
    return sum(old == wanted for old, _ in verdicts), sum(new == wanted for _, new in verdicts)


def _verdict(named: str, person: str, elsewhere: bool) -> FaceVerdict:
    if named == (person if elsewhere else ""):
        return "right"
    return "wrong" if named else "unknown"


def _halves(features: LabelledFeatures) -> Int64Array:
    """Return ``(N,)`` 0 or 1: a person's faces in turn, people with one face in turn."""
    halves = np.zeros(len(features), np.int64)
    for number, rows in enumerate(features.rows_by_person()):
        halves[rows] = (np.arange(len(rows)) + number) % 2
    return halves


def _is_known_elsewhere(features: LabelledFeatures) -> list[bool]:
    counts = np.bincount(features.person_index, minlength=len(features.people))
    return [bool(count > 1) for count in counts[features.person_index]]


def _names(
    features: LabelledFeatures, scorer: SimilarityScorer, calibration: IdentityCalibration, stranger_rate: float
) -> list[str]:
    """Return the person named for each face, empty for nobody."""
    halves, names = _halves(features), [""] * len(features)
    for half in (0, 1):
        probes, gallery = np.nonzero(halves == half)[0], np.nonzero(halves != half)[0]
        if not len(probes) or not len(gallery):
            continue
        ranked = rank_rows(features, scorer, gallery, probes)
        threshold = calibration.threshold(ranked.gallery_people, stranger_rate)
        for place, row in enumerate(probes.tolist()):
            logits = ranked.logits[place]
            lead = logits[0] - (logits[1] if len(logits) > 1 else -np.inf)
            if logits[0] >= threshold and lead >= calibration.min_margin:
                names[row] = str(ranked.person_ids[place, 0])
    return names


def _agrees(
    material: GalleryMaterial, scorer: SimilarityScorer, calibration: IdentityCalibration
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return ``(P,)`` bool: whether the network says of each confirmed pair what the user said."""
    vectors, rows = material.features.vectors, material.confirmed_rows
    if not len(rows):
        return np.zeros(0, bool)
    log_odds = log_odds_of(scorer.score_pairs(vectors[rows[:, 0]], vectors[rows[:, 1]]))
    return np.asarray((log_odds > calibration.pair_threshold) == material.confirmed_same)
