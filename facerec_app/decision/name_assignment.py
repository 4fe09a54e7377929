"""One name at most once in a picture: nobody is in two places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from facerec_app.core.types import IdentityDecision, Verdict


def assign_unique(
    decisions: Sequence[IdentityDecision], support: Sequence[float], loser_verdict: Verdict
) -> tuple[IdentityDecision, ...]:
    """Return the decisions with each name left to the face that is best supported.

    Args:
        decisions: of the N faces of one picture.
        support: N values, higher is better; of equal ones the first wins.
        loser_verdict: what the others become, UNKNOWN or UNDECIDED.
    """
    winners: dict[str, int] = {}
    for row, decision in enumerate(decisions):
        person = decision.person_id
        if person is not None and (person not in winners or support[row] > support[winners[person]]):
            winners[person] = row
    return tuple(
        decision
        if decision.person_id is None or winners[decision.person_id] == row
        else replace(
            decision,
            verdict=loser_verdict,
            person_id=None,
            reason="another face in this picture is more like the same person",
        )
        for row, decision in enumerate(decisions)
    )
