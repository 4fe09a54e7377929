"""Faces filed under the wrong person: each is compared with its own and with everybody else's, itself left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.training.pair_sampling import PairScoring

_RIVALS = 4
"""People whose nearest face is nearest to a face; only these are looked at closely."""
_MOST_COMPARED = 3


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """Bars in log odds that two faces are one person, chosen on training people of LFW (docs/datasets.md).

    Attributes:
        other: a face belongs to somebody else if it is at least this much like them,
        lead: by at least so much more than like its own person's faces,
        own_at_most: and is no more than this like those.
        alone: the same as ``other`` for a face without another one of its person.
        unlike: a face that is at most this much like its own person's others is not theirs, whosever it is.
        people: up to so many people the bars hold as they are; with more, the chance that one of them looks like a
            face by accident grows in proportion, and ``other`` and ``alone`` by the logarithm of that.
    """

    other: float = 4.0
    lead: float = 6.0
    own_at_most: float = 3.0
    alone: float = 6.0
    unlike: float = -4.5
    people: int = 200


@dataclass(frozen=True, slots=True)
class MisfiledFace:
    """A face that does not belong where it is.

    Attributes:
        row: of what was looked at.
        suggested: who it looks like; None for nobody here.
        own_log_odds: how much it is like the rest of its folder; None if there is no other face.
        other_log_odds: how much it is like the suggested (or nearest) person.
    """

    row: int
    suggested: str | None
    own_log_odds: float | None
    other_log_odds: float


@dataclass(frozen=True, slots=True)
class LabelReview:
    """The result.

    Attributes:
        misfiled: the clearest first.
        disagreeing: pairs of rows, the only two faces of a folder, which show two people.
    """

    misfiled: tuple[MisfiledFace, ...]
    disagreeing: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """Faces sorted by person, copies of one picture known."""

    vectors: Float32Array
    person: Int64Array
    starts: Int64Array
    copies: Int64Array
    score: PairScoring


def review_labels(
    vectors: Float32Array,
    people: Sequence[str],
    copies: Int64Array,
    score: PairScoring,
    limits: LabelLimits | None = None,
) -> LabelReview:
    """Return the faces that are filed under the wrong person.

    A face is flagged, clearest first, if another person's faces are much more like it than its own person's; then it
    is no longer counted for that folder. What is left and is unlike all the rest of its folder is flagged without a
    suggestion. A folder that holds two people in equal parts is not noticed unless they are one face each.

    Args:
        vectors: ``(N, D)`` float32, unit length.
        people: whose folder each lies in.
        copies: ``(N,)`` int64, equal for faces of one picture: they are no evidence for each other.
        score: two ``(P, D)`` arrays to ``(P,)`` calibrated log odds.
        limits: the bars.
    """
    if not len(vectors):
        return LabelReview((), ())
    limits = limits if limits is not None else LabelLimits()
    order = np.argsort(np.asarray(people, dtype=np.str_), kind="stable")
    names, person = np.unique(np.asarray(people, dtype=np.str_)[order], return_inverse=True)
    starts = np.searchsorted(person, np.arange(len(names)))
    faces = _Faces(vectors[order], person.astype(np.int64), starts.astype(np.int64), copies[order], score)
    raised = math.log(max(len(names) / limits.people, 1.0))
    active = np.ones(len(vectors), np.bool_)
    other, rival = _others(faces, np.arange(len(vectors)), active)
    own = np.array([_own(faces, row, active) for row in range(len(vectors))])
    misfiled: list[MisfiledFace] = []
    while len(flagged := _belonging_elsewhere(faces, own, other, active, limits, raised)):
        active[flagged] = False
        misfiled += [_finding(order, row, str(names[rival[row]]), own[row], other[row]) for row in flagged.tolist()]
        _update(faces, own, active, flagged)
    alone = np.nonzero(active & ~np.isfinite(own))[0]
    # Of what has been flagged, nothing speaks for its folder: it may be this very person's other face.
    other[alone], rival[alone] = _others(faces, alone, active)
    for row in alone[other[alone] >= limits.alone + raised].tolist():
        misfiled.append(_finding(order, row, str(names[rival[row]]), own[row], other[row]))
    while len(flagged := _outliers(faces, own, active, limits)):
        active[flagged] = False
        misfiled += [_finding(order, row, None, own[row], other[row]) for row in flagged.tolist()]
        _update(faces, own, active, flagged)
    misfiled.sort(key=lambda face: (face.suggested is None, (face.own_log_odds or 0.0) - face.other_log_odds))
    return LabelReview(tuple(misfiled), _disagreeing(faces, own, active, limits, order))


def _finding(order: Int64Array, row: int, suggested: str | None, own: float, other: float) -> MisfiledFace:
    return MisfiledFace(int(order[row]), suggested, float(own) if np.isfinite(own) else None, float(other))


def _update(faces: _Faces, own: Float32Array, active: BoolArray, flagged: Int64Array) -> None:
    for row in np.nonzero(np.isin(faces.person, faces.person[flagged]) & active)[0].tolist():
        own[row] = _own(faces, row, active)


def _own(faces: _Faces, row: int, active: BoolArray) -> float:
    """Return how much a face is like the others of its folder, NaN without any."""
    mates = np.nonzero((faces.person == faces.person[row]) & active & (faces.copies != faces.copies[row]))[0]
    return _pooled(faces, row, mates) if len(mates) else math.nan


def _pooled(faces: _Faces, row: int, mates: Int64Array) -> float:
    """Return the mean log odds with the most alike half of some faces, three at most: one lucky pair decides nothing,
    and neither does a folder's spread of ages and poses."""
    compared = min((len(mates) + 1) // 2, _MOST_COMPARED)
    cosines = faces.vectors[mates] @ faces.vectors[row]
    nearest = mates[np.argsort(-cosines, kind="stable")[:compared]]
    left = np.repeat(faces.vectors[row : row + 1], len(nearest), axis=0)
    return float(np.mean(faces.score(left, faces.vectors[nearest])))


def _others(faces: _Faces, rows: Int64Array, active: BoolArray) -> tuple[Float32Array, Int64Array]:
    """Return for each of some faces how much it is like the most alike other person, and who that is."""
    best, who = np.full(len(rows), -np.inf, np.float32), np.zeros(len(rows), np.int64)
    people = len(faces.starts)
    ends = np.append(faces.starts[1:], len(faces.person))
    for place, row in enumerate(rows.tolist() if people > 1 else []):
        cosines = np.where(active, faces.vectors @ faces.vectors[row], -np.inf)
        nearest = np.maximum.reduceat(cosines, faces.starts)
        nearest[faces.person[row]] = -np.inf
        for rival in np.argsort(-nearest, kind="stable")[: min(_RIVALS, people - 1)].tolist():
            if not np.isfinite(nearest[rival]):
                continue
            members = np.arange(faces.starts[rival], ends[rival])
            value = _pooled(faces, row, members[active[members]])
            if value > best[place]:
                best[place], who[place] = value, rival
    return best, who


def _belonging_elsewhere(
    faces: _Faces, own: Float32Array, other: Float32Array, active: BoolArray, limits: LabelLimits, raised: float
) -> Int64Array:
    """Return the clearest face of each folder that belongs to somebody else."""
    lead = other - own
    chosen = np.nonzero(
        active & (own <= limits.own_at_most) & (other >= limits.other + raised) & (lead >= limits.lead)
    )[0]
    chosen = chosen[np.argsort(-lead[chosen], kind="stable")]
    _, first = np.unique(faces.person[chosen], return_index=True)
    return np.asarray(chosen[np.sort(first)], np.int64)


def _outliers(faces: _Faces, own: Float32Array, active: BoolArray, limits: LabelLimits) -> Int64Array:
    """Return the face of each folder that is least like the rest, where the rest agree among themselves."""
    flagged = []
    for person in np.unique(faces.person[active]).tolist():
        rows = np.nonzero((faces.person == person) & active)[0]
        if len(np.unique(faces.copies[rows])) < 3:
            continue
        worst = int(rows[np.argmin(own[rows])])
        rest = rows[faces.copies[rows] != faces.copies[worst]]
        without = active.copy()
        without[faces.copies == faces.copies[worst]] = False
        agreed = float(np.median([_own(faces, int(row), without) for row in rest]))
        if own[worst] <= limits.unlike and agreed > 0.0:
            flagged.append(worst)
    return np.array(flagged, np.int64)


def _disagreeing(
    faces: _Faces, own: Float32Array, active: BoolArray, limits: LabelLimits, order: Int64Array
) -> tuple[tuple[int, int], ...]:
    pairs = []
    for person in np.unique(faces.person[active]).tolist():
        rows = np.nonzero((faces.person == person) & active)[0]
        _, firsts = np.unique(faces.copies[rows], return_index=True)
        if len(firsts) == 2 and own[rows[firsts[0]]] <= limits.unlike:
            first, second = sorted(int(order[row]) for row in rows[firsts].tolist())
            pairs.append((first, second))
    return tuple(pairs)
