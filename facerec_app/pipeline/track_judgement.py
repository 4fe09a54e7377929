"""Looks at tracks become votes, and become them again when the gallery changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np

from facerec_app.core.protocols import GalleryIndex, PersonRanker, TrackVoter
from facerec_app.core.types import Embeddings, Float32Array, IdentityDecision, Int64Array, PersonScores
from facerec_app.decision.name_vetoes import NameVetoes, without_people
from facerec_app.pipeline.track_looks import TrackLooks

_VETO_QUALITY = 0.25
"""A look of at least this quality that a user's correction applies to speaks for its whole track: it is one face."""


@dataclass(frozen=True, slots=True, eq=False)
class RankedLooks:
    """Whom M looks are like.

    Attributes:
        scores: by what each look is judged by, M rows.
        alone: by what was seen in that look and no other, M rows; the same where looks are not averaged.
        norms: ``(M,)`` float32, how long the looks' features were before their length was made one.
        vetoes: M sets of people whom a user has said that such a face is not.
    """

    scores: PersonScores
    alone: PersonScores
    norms: Float32Array
    vetoes: tuple[frozenset[str], ...]


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

    def rank_newest(self, track_ids: Int64Array, embeddings: Embeddings, index: GalleryIndex) -> RankedLooks:
        """Return whom the newest look at each of M tracks is like; the looks have been kept.

        Args:
            track_ids: ``(M,)`` of the faces looked at.
            embeddings: M rows, what was seen of them now.
            index: of the gallery.
        """
        averages = self._looks.averages and len(embeddings) > 0
        evidence = self._looks.newest_evidence(track_ids) if averages else embeddings
        return self._ranked(evidence, embeddings, index)

    def vote(
        self,
        track_ids: Int64Array,
        ranked: RankedLooks,
        qualities: Float32Array,
        timestamp_s: float,
        index: GalleryIndex,
    ) -> frozenset[int]:
        """Count one look at each of M tracks; the looks themselves have been kept.

        Returns:
            The tracks that are found to have gone over to another face: what was seen before belongs to somebody else.
        """
        went_over: set[int] = set()
        for row, track_id in enumerate(track_ids.tolist()):
            before = self._refused.get(track_id, frozenset())
            lasting = before | ranked.vetoes[row] if qualities[row] >= _VETO_QUALITY else before
            if lasting != before:
                self._refused[track_id] = lasting
                self._judge_again(track_id, index)
                continue
            looks_after = self._add(track_id, ranked, row, lasting, float(qualities[row]), timestamp_s)
            if looks_after:
                went_over.add(track_id)
                self._forget_face_before(track_id, looks_after, index)
        return frozenset(went_over)

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

    def _ranked(self, evidence: Embeddings, own: Embeddings, index: GalleryIndex) -> RankedLooks:
        vetoes = self._vetoes.of(evidence, index.snapshot)
        norms = own.norms if own.norms is not None else np.ones(len(own), np.float32)
        if not self._looks.averages or not len(own):
            scores = self._ranker.rank(evidence, index)
            return RankedLooks(scores, scores, norms, vetoes)
        both = Embeddings(np.concatenate([evidence.vectors, own.vectors]), own.extractor_version)
        scores = self._ranker.rank(both, index)
        return RankedLooks(_rows(scores, 0, len(own)), _rows(scores, len(own), len(both)), norms, vetoes)

    def _add(
        self,
        track_id: int,
        ranked: RankedLooks,
        row: int,
        refused: AbstractSet[str],
        quality: float,
        timestamp_s: float,
    ) -> int:
        """Count one look; return how many of the latest were at another face than those before, or 0."""
        without = [refused | ranked.vetoes[row]]
        scores, alone = (without_people(_rows(part, row, row + 1), without) for part in (ranked.scores, ranked.alone))
        return self._votes.add(track_id, scores, quality, timestamp_s, alone, float(ranked.norms[row]))

    def _judge_again(self, track_id: int, index: GalleryIndex) -> None:
        looks = self._looks.of(track_id)
        if not looks:
            return
        ranked = self._ranked(self._looks.evidence(track_id), self._looks.own(track_id), index)
        lasting = self._refused.get(track_id, frozenset()).union(
            *(vetoed for vetoed, look in zip(ranked.vetoes, looks, strict=True) if look.quality >= _VETO_QUALITY)
        )
        if lasting:
            self._refused[track_id] = lasting
        self._votes.forget(frozenset(self._looks.track_ids) - {track_id})
        only = np.array([track_id], np.int64)
        for row, look in enumerate(looks):
            looks_after = self._add(track_id, ranked, row, lasting, look.quality, look.timestamp_s)
            if looks_after:
                self._forget_face_before(track_id, len(looks) - row - 1 + looks_after, index)
                return
            self._votes.decide(only)  # a name that stood after a look makes the next look count as it did then

    def _forget_face_before(self, track_id: int, looks: int, index: GalleryIndex) -> None:
        """Judge a track by its latest looks alone: those before, and what was said of them, were another face's."""
        self._looks.keep_latest(track_id, looks)
        self._refused.pop(track_id, None)
        self._judge_again(track_id, index)

    def _explained(self, decision: IdentityDecision, names: Mapping[str, str]) -> IdentityDecision:
        refused = _names_of(self._refused.get(decision.track_id, ()), names)
        if not refused:
            return decision
        return replace(decision, reason=f"you said that this is not {' or '.join(refused)}; {decision.reason}")


def _rows(scores: PersonScores, start: int, end: int) -> PersonScores:
    return PersonScores(scores.person_ids[start:end], scores.logits[start:end], scores.gallery_people)


def _names_of(person_ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return sorted(names[person_id] for person_id in person_ids if person_id in names)
