"""Looks at tracks become votes, and become them again when the gallery changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from facerec_app.core.protocols import GalleryIndex, PersonRanker, TrackVoter
from facerec_app.core.types import Embeddings, Float32Array, IdentityDecision, Int64Array, PersonScores
from facerec_app.decision.name_vetoes import NameVetoes, without_people
from facerec_app.pipeline.track_looks import TrackLooks

_VETO_QUALITY = 0.25
"""A look of at least this quality that a user's correction applies to speaks for its whole track: it is one face."""


class TrackJudgement:
    """Votes on tracks by the present gallery; looks are kept, so that another gallery needs no other looks.

    Args:
        ranker: from features to people, without regard to corrections.
        votes: adds up looks.
        vetoes: the corrections.
        looks: are kept here.
    """

    def __init__(self, ranker: PersonRanker, votes: TrackVoter, vetoes: NameVetoes, looks: TrackLooks) -> None:
        self._ranker = ranker
        self._vetoes = vetoes
        self._votes = votes
        self._looks = looks
        self._refused: dict[int, frozenset[str]] = {}

    def rank(self, embeddings: Embeddings, index: GalleryIndex) -> tuple[PersonScores, tuple[frozenset[str], ...]]:
        """Return who each face is like, and whom a user has said that such a face is not."""
        return self._ranker.rank(embeddings, index), self._vetoes.of(embeddings, index.snapshot)

    def vote(
        self,
        track_ids: Int64Array,
        ranked: tuple[PersonScores, tuple[frozenset[str], ...]],
        qualities: Float32Array,
        timestamp_s: float,
        index: GalleryIndex,
    ) -> None:
        """Count one look at each of M tracks; the looks themselves have been kept."""
        scores, vetoes = ranked
        for row, track_id in enumerate(track_ids.tolist()):
            before = self._refused.get(track_id, frozenset())
            lasting = before | vetoes[row] if qualities[row] >= _VETO_QUALITY else before
            if lasting != before:
                self._refused[track_id] = lasting
                self._judge_again(track_id, index)
                continue
            look = without_people(_row(scores, row), [lasting | vetoes[row]])
            self._votes.add(track_id, look, float(qualities[row]), timestamp_s)

    def judge_again(self, index: GalleryIndex) -> None:
        """Take back every vote and judge what was kept by a new state of the gallery."""
        self._votes.forget(frozenset())
        self._refused.clear()
        for track_id in self._looks.track_ids:
            self._judge_again(track_id, index)

    def decide(self, track_ids: Int64Array, names: Mapping[str, str]) -> tuple[IdentityDecision, ...]:
        """Return one decision per track, no name twice."""
        return tuple(self._explained(decision, names) for decision in self._votes.decide(track_ids))

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop what is known of tracks that ended."""
        self._votes.forget(keep_track_ids)
        self._looks.forget(keep_track_ids)
        for track_id in [known for known in self._refused if known not in keep_track_ids]:
            del self._refused[track_id]

    def clear(self) -> None:
        """Forget every track."""
        self._looks.clear()
        self.forget(frozenset())

    def _judge_again(self, track_id: int, index: GalleryIndex) -> None:
        looks = self._looks.of(track_id)
        if not looks:
            return
        scores, vetoes = self.rank(self._looks.evidence(track_id), index)
        lasting = self._refused.get(track_id, frozenset()).union(
            *(vetoed for vetoed, look in zip(vetoes, looks, strict=True) if look.quality >= _VETO_QUALITY)
        )
        if lasting:
            self._refused[track_id] = lasting
        self._votes.forget(frozenset(self._looks.track_ids) - {track_id})
        only = np.array([track_id], np.int64)
        for row, look in enumerate(looks):
            refused: AbstractSet[str] = lasting | vetoes[row]
            self._votes.add(track_id, without_people(_row(scores, row), [refused]), look.quality, look.timestamp_s)
            self._votes.decide(only)  # a name that stood after a look makes the next look count as it did then

    def _explained(self, decision: IdentityDecision, names: Mapping[str, str]) -> IdentityDecision:
        refused = _names_of(self._refused.get(decision.track_id, ()), names)
        if not refused:
            return decision
        return replace(decision, reason=f"you said that this is not {' or '.join(refused)}; {decision.reason}")


def _row(scores: PersonScores, row: int) -> PersonScores:
    return PersonScores(scores.person_ids[row : row + 1], scores.logits[row : row + 1], scores.gallery_people)


def _names_of(person_ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return sorted(names[person_id] for person_id in person_ids if person_id in names)
