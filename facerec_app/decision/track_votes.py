"""Many looks at one face add up to one verdict."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from facerec_app.core.types import IdentityDecision, Int64Array, PersonScores, Verdict
from facerec_app.decision.identity_calibration import SATURATION_ROOM, IdentityCalibration
from facerec_app.decision.look_weights import LEAST_QUALITY, effective_looks, look_weights, sureness
from facerec_app.decision.name_assignment import assign_unique
from facerec_app.decision.threshold_decider import NOBODY, Leader, leader_of, refusal_reason
from facerec_app.similarity.log_odds import MAX_LOG_ODDS

CONTRADICTING_LOOKS = 2
"""Good looks in a row that must speak against a name for the track to begin anew with them; more, if they are poor."""
_GOOD_LOOK = 0.25
"""Quality from which a look counts as a whole one against a name."""
_NOT_LISTED = -2.0
"""Log odds at most of somebody who is not among the nearest."""
_NO_EVIDENCE = PersonScores(np.zeros((1, 0), np.str_), np.zeros((1, 0), np.float32), 0)


@dataclass(frozen=True, slots=True)
class VotingRules:
    """How looks are added up.

    Attributes:
        max_looks: remembered for each track.
        half_life_s: after this time a look counts half.
        prior_weight: looks' worth of "no evidence" mixed into a score above zero, so that few or bad looks cannot name
            anybody.
        min_looks: looks that must agree on a person, each nearly good enough alone, before the name is shown; one that
            the network is less sure of than of another counts as part of a look.
        min_agreement: share of the looks' weight that must agree.
        patience_looks: looks after which a face nobody resembles is called unknown.
        allowance: log odds by which a name that stands may fall short before it is taken back.
        newest_alone: the newest look is judged by the mean feature of all of them, so it speaks for all.
        caution: log odds asked for beyond a single picture's threshold, as far as scores reach.
    """

    max_looks: int = 24
    half_life_s: float = 2.0
    prior_weight: float = 0.2
    min_looks: float = 1.5
    min_agreement: float = 0.6
    patience_looks: int = 3
    allowance: float = 2.0
    newest_alone: bool = False
    caution: float = 0.0


AVERAGED_LOOKS = VotingRules(newest_alone=True, prior_weight=0.0, min_agreement=0.0, caution=1.2)
"""For looks that are judged by their mean feature. Strangers' mean features come nearer to somebody than their single
ones do: on 300 people whom the network never saw, by 0.01 to 0.04 in cosine where pictures of one person stand for
looks, by 0.013 at most where looks are made as a film has them (docs/profiles.md). The caution, 0.03 in cosine, is
asked for instead of mixing in "no evidence": bad looks weigh little in the mean already.
"""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    scores: PersonScores
    alone: PersonScores
    quality: float
    timestamp_s: float
    norm: float

    @property
    def leader_id(self) -> str:
        """The person this look has first, or empty text."""
        ids = self.scores.person_ids
        return str(ids[0, 0]) if ids.shape[1] else ""

    def log_odds_for(self, person_id: str) -> float:
        """Return the person's log odds by what the look is judged by."""
        return _log_odds_for(self.scores, person_id)

    def log_odds_alone_for(self, person_id: str) -> float:
        """Return the person's log odds by what was seen in this look and no other."""
        return _log_odds_for(self.alone, person_id)


@dataclass(slots=True)
class _Track:
    looks: deque[_Look]
    standing_id: str | None = None
    decision: IdentityDecision | None = None
    leader: Leader = field(default=NOBODY)


class TrackVotes:
    """Adds up the looks at each track, weighted by ``look_weights``, and names each person at most once in a frame.

    A person's score for a track is the weighted mean of their log odds over the recent looks, drawn down towards zero
    by ``prior_weight`` (never up to it: where few people are enrolled a bar may lie below zero). It is a mean, no sum:
    looks at one face in one video are far from independent, and a stranger who resembles somebody does so in every
    frame. The mean goes through the same thresholds as a single picture, which keeps the stated stranger rate on the
    safe side; a single bad frame cannot carry it.

    A name that stands is kept until the mean falls short by ``allowance`` (hysteresis), somebody else leads, or the
    latest looks, two good ones or more poor ones, all speak against it, each by itself (the tracker went over to
    another face), which also wipes older looks.

    Args:
        calibration: measured for the extractor and similarity network in use.
        stranger_rate: accepted share of strangers who are given a name.
        rules: how looks are added up.
    """

    def __init__(
        self, calibration: IdentityCalibration, *, stranger_rate: float = 0.001, rules: VotingRules | None = None
    ) -> None:
        self.calibration = calibration
        self.stranger_rate = stranger_rate
        self.rules = rules if rules is not None else VotingRules()
        self._tracks: dict[int, _Track] = {}

    def add(
        self,
        track_id: int,
        person_scores: PersonScores,
        quality: float,
        timestamp_s: float,
        alone: PersonScores | None = None,
        norm: float = 1.0,
    ) -> int:
        """Count one look at a track.

        Args:
            track_id: of the face.
            person_scores: one row.
            quality: 0 (tells nothing) to 1 (large, sharp, frontal).
            timestamp_s: of the frame, never falling.
            alone: one row, what this look says by itself; by default ``person_scores``.
            norm: how long its feature was before its length was made one; above zero.

        Returns:
            How many of the latest looks speak against the name that stood, if it falls by that; those before them are
            forgotten then. Else 0.
        """
        track = self._tracks.setdefault(track_id, _Track(deque(maxlen=self.rules.max_looks)))
        own = alone if alone is not None else person_scores
        track.looks.append(_Look(person_scores, own, float(np.clip(quality, LEAST_QUALITY, 1.0)), timestamp_s, norm))
        track.decision = None
        against = 0 if track.standing_id is None else self._contradicting(track, track.standing_id)
        if against:
            latest = list(track.looks)[-against:]
            track.looks.clear()
            track.looks.extend(latest)
            track.standing_id = None
        return against

    def decide(self, track_ids: Int64Array) -> tuple[IdentityDecision, ...]:
        """Return one decision per track of the present frame, no name twice."""
        decisions, support = [], []
        for track_id in track_ids.tolist():
            track = self._tracks.get(track_id)
            if track is None:
                decisions.append(_undecided(track_id))
                support.append(-np.inf)
                continue
            if track.decision is None:
                track.decision = self._judge(track_id, track)
            decisions.append(track.decision)
            support.append(track.leader.log_odds)
        return assign_unique(decisions, support, Verdict.UNDECIDED)

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop the looks of every track but these."""
        for track_id in [known for known in self._tracks if known not in keep_track_ids]:
            del self._tracks[track_id]

    def _contradicting(self, track: _Track, person_id: str) -> int:
        """Return how many of the latest looks speak against a name if they are enough to take it back, else 0."""
        count, together = 0, 0.0
        for look in reversed(track.looks):
            bar = min(0.0, self._nearly_enough(look.scores.gallery_people))
            if look.log_odds_alone_for(person_id) >= bar:
                return 0
            count, together = count + 1, together + min(look.quality / _GOOD_LOOK, 1.0)
            if together >= CONTRADICTING_LOOKS:
                return count
        return 0

    def _nearly_enough(self, people: int) -> float:
        """Return the log odds down to which a name that stands is kept."""
        return self.calibration.threshold(people, self.stranger_rate) - self.rules.allowance

    def _caution(self, people: int) -> float:
        """Return what is asked for beyond the threshold; scores end at ``MAX_LOG_ODDS``, and so must the bar."""
        room = MAX_LOG_ODDS - SATURATION_ROOM - self.calibration.threshold(people, self.stranger_rate)
        return min(self.rules.caution, max(room, 0.0))

    def _judge(self, track_id: int, track: _Track) -> IdentityDecision:
        pooled, agreeing, agreement = self._pooled(track)
        leader = leader_of(pooled, 0, self.calibration)
        track.leader = leader
        people, looks = pooled.gallery_people, len(track.looks)
        stands = leader.person_id is not None and leader.person_id == track.standing_id
        allowance = (self.rules.allowance if stands else 0.0) - self._caution(people)
        refusal = refusal_reason(leader, self.calibration, people, self.stranger_rate, allowance=allowance)
        if refusal is None and not stands and (agreeing < self.rules.min_looks or agreement < self.rules.min_agreement):
            refusal = "too few looks agree so far"
        track.standing_id = leader.person_id if refusal is None else None
        patient = looks < self.rules.patience_looks or refusal == "too few looks agree so far"
        waiting = leader.person_id is not None and patient
        verdict = Verdict.KNOWN if refusal is None else Verdict.UNDECIDED if waiting else Verdict.UNKNOWN
        counted = f"{looks} look{'s' if looks != 1 else ''}"
        facts = f"{leader.standing(people)}, {counted}"
        return IdentityDecision(
            track_id=track_id,
            verdict=verdict,
            person_id=track.standing_id,
            probability=leader.probability,
            margin=leader.margin,
            reason=facts if refusal is None else refusal if leader.person_id is None else f"{refusal}; {facts}",
            best_person_id=leader.person_id,
            runner_up_id=leader.runner_up_id,
        )

    def _pooled(self, track: _Track) -> tuple[PersonScores, float, float]:
        """Return the track's scores as one row, the looks that agree with its leader, and their share of weight.

        Agreeing looks are counted as ``effective_looks``: one that the network was sure of and some that it was not
        are hardly more than one.
        """
        looks = list(track.looks)
        newest = looks[-1]
        ages = np.array([newest.timestamp_s - look.timestamp_s for look in looks])
        qualities = np.array([look.quality for look in looks], np.float32)
        norms = np.array([look.norm for look in looks], np.float32)
        weights = look_weights(qualities, norms) * 0.5 ** (ages / self.rules.half_life_s)
        named = {str(person) for look in looks for person in look.scores.person_ids[0] if person}
        if not named:
            return _NO_EVIDENCE, 0, 0.0
        people = sorted(named)
        table = np.array([[look.log_odds_for(person) for person in people] for look in looks])
        shares = weights if not self.rules.newest_alone else weights.sum() * (np.arange(len(looks)) == len(looks) - 1)
        sums = shares @ table
        means = np.minimum(sums / weights.sum(), sums / (weights.sum() + self.rules.prior_weight))
        order = np.argsort(-means, kind="stable")
        best = people[int(order[0])]
        # A look agrees if it has the person first with a score that could nearly carry the name alone; a face like
        # nobody also has somebody first. Where it speaks for earlier ones too, it must not by itself speak against.
        floor = self._nearly_enough(newest.scores.gallery_people)
        agreeing = np.array(
            [
                look.leader_id == best
                and look.log_odds_for(best) >= floor
                and look.log_odds_alone_for(best) >= min(0.0, floor)
                for look in looks
            ]
        )
        scores = PersonScores(
            np.array([[people[int(row)] for row in order]]),
            means[order].astype(np.float32)[None, :],
            newest.scores.gallery_people,
        )
        return scores, effective_looks(sureness(norms)[agreeing]), float(weights[agreeing].sum() / weights.sum())


def _log_odds_for(scores: PersonScores, person_id: str) -> float:
    """Return a person's log odds in one row; one who is not listed is no more likely than the last who is.

    Where all the nearest faces are one person's, that person alone is listed, and says nothing for anybody else.
    """
    ids, logits = scores.person_ids[0], scores.logits[0]
    listed = np.nonzero(ids == person_id)[0]
    if listed.size:
        return float(np.clip(logits[listed[0]], -MAX_LOG_ODDS, MAX_LOG_ODDS))
    finite = logits[np.isfinite(logits)]
    return float(np.clip(finite[-1], -MAX_LOG_ODDS, _NOT_LISTED)) if finite.size else -MAX_LOG_ODDS


def _undecided(track_id: int) -> IdentityDecision:
    return IdentityDecision(track_id, Verdict.UNDECIDED, None, 0.0, 0.0, "not looked at yet")
