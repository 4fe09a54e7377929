"""The verdict on single pictures, and the parts of it that votes over a track share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import IdentityDecision, Int64Array, PersonScores, Verdict
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.decision.name_assignment import assign_unique


@dataclass(frozen=True, slots=True)
class Leader:
    """The best person for one face and the lead they have.

    Attributes:
        person_id: the best person, None in an empty gallery.
        runner_up_id: the next best, if there is one.
        log_odds: of the best person; minus infinity if nobody.
        lead: over the runner-up in log odds, infinite if there is none.
        probability: that the best person is the right one.
        runner_up_probability: that the runner-up is.
    """

    person_id: str | None
    runner_up_id: str | None
    log_odds: float
    lead: float
    probability: float
    runner_up_probability: float

    @property
    def margin(self) -> float:
        """Lead in probability, 0 to 1."""
        return max(self.probability - self.runner_up_probability, 0.0)

    def standing(self, people: int) -> str:
        """Return the figures in plain words."""
        if people <= 1 or self.runner_up_id is None:
            return f"{self.probability:.2f} for the only person enrolled" if people == 1 else f"{self.probability:.2f}"
        return f"best of {people} people, {self.probability:.2f}, runner-up {self.runner_up_probability:.2f}"


NOBODY = Leader(None, None, -np.inf, np.inf, 0.0, 0.0)


def leader_of(scores: PersonScores, row: int, calibration: IdentityCalibration) -> Leader:
    """Return who leads for one probe."""
    logits = scores.logits[row]
    if not logits.size or not np.isfinite(logits[0]):
        return NOBODY
    best = np.float32(logits[0])
    has_second = logits.size > 1 and bool(np.isfinite(logits[1]))
    second = np.float32(logits[1]) if has_second else np.float32(-np.inf)
    probability = float(calibration.probabilities(np.asarray(best), np.asarray(second), scores.gallery_people))
    # The two are as likely as their odds say, and both together not more than certain.
    second_probability = min(probability * float(np.exp(second - best)), 1.0 - probability) if has_second else 0.0
    return Leader(
        str(scores.person_ids[row, 0]),
        str(scores.person_ids[row, 1]) if has_second else None,
        float(best),
        float(best - second) if has_second else float("inf"),
        probability,
        second_probability,
    )


class ThresholdDecider:
    """KNOWN or UNKNOWN for the faces of one picture, without votes.

    Args:
        calibration: measured for the extractor and similarity network in use.
        stranger_rate: accepted share of strangers who are given a name, at the present gallery size.
    """

    def __init__(self, calibration: IdentityCalibration, *, stranger_rate: float = 0.001) -> None:
        self.calibration = calibration
        self.stranger_rate = stranger_rate

    def decide(self, scores: PersonScores, track_ids: Int64Array | None = None) -> tuple[IdentityDecision, ...]:
        """Return one decision per probe, no name twice; ``track_ids`` default to -1, a still picture."""
        ids = track_ids if track_ids is not None else np.full(len(scores), -1, np.int64)
        leaders = [leader_of(scores, row, self.calibration) for row in range(len(scores))]
        decisions = [
            self._decision(leader, scores.gallery_people, track)
            for leader, track in zip(leaders, ids.tolist(), strict=True)
        ]
        return assign_unique(decisions, [leader.log_odds for leader in leaders], Verdict.UNKNOWN)

    def _decision(self, leader: Leader, people: int, track_id: int) -> IdentityDecision:
        refusal = refusal_reason(leader, self.calibration, people, self.stranger_rate)
        known = refusal is None
        standing = leader.standing(people)
        return IdentityDecision(
            track_id=track_id,
            verdict=Verdict.KNOWN if known else Verdict.UNKNOWN,
            person_id=leader.person_id if known else None,
            probability=leader.probability,
            margin=leader.margin,
            reason=standing if known else f"{refusal}" if leader.person_id is None else f"{refusal}; {standing}",
            best_person_id=leader.person_id,
            runner_up_id=leader.runner_up_id,
        )


def refusal_reason(
    leader: Leader, calibration: IdentityCalibration, people: int, stranger_rate: float, *, allowance: float = 0.0
) -> str | None:
    """Return why the leader's name must not be shown, or None if it may.

    Args:
        leader: the best person for a face.
        calibration: gives threshold and margin.
        people: number of people enrolled.
        stranger_rate: accepted share of strangers named.
        allowance: log odds by which both bars are lowered (for a name that already stands).
    """
    if leader.person_id is None:
        return "nobody is enrolled"
    if leader.log_odds < calibration.threshold(people, stranger_rate) - allowance:
        return "not like anybody enrolled" if leader.probability < 0.5 else "not sure enough"
    if leader.lead < calibration.min_margin - allowance:
        return "two enrolled people are nearly as likely"
    return None
