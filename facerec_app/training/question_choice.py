"""Which faces a person should be asked about: those whose answers would teach the network most.

A question is a face (the reference) with its nearest ones. How much it could teach is measured on the present network;
which of the promising ones are asked is decided one after another, so that they are not all about the same people
(uncertainty and diversity, in the manner of Settles, "Active Learning Literature Survey", 2009, sections 3.1 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array, Int64Array

QuestionRule = Literal["boundary", "surprise", "random"]
QUESTION_RULES: tuple[QuestionRule, ...] = ("boundary", "surprise", "random")
_PERSON_ASKED = 0.25
"""What another question about a person already asked about is worth."""


@dataclass(frozen=True, slots=True, eq=False)
class AskedFaces:
    """Faces that could be asked about, each with its nearest ones.

    Attributes:
        rows: ``(N,)`` int64, rows of the gallery: the references.
        people: ``(N,)`` int64, whose each reference is filed as.
        vectors: ``(N, D)`` float32, unit length, of the references.
        log_odds: ``(N, K)`` float32 that reference and neighbour are one person, zero at the decision boundary.
        filed_same: ``(N, K)`` bool, whether both are filed under one person.
    """

    rows: Int64Array
    people: Int64Array
    vectors: Float32Array
    log_odds: Float32Array
    filed_same: BoolArray


def worth(asked: AskedFaces, open_pairs: BoolArray, rule: QuestionRule, seed: int) -> Float32Array:
    """Return ``(N,)`` how much each question could teach, at least 0.

    ``boundary``: the entropy of the network's opinion of each open pair, summed: greatest at the decision boundary.
    ``surprise``: how far the network is from what the faces are filed as, summed: what it would be told is wrong.
    ``random``: by lot.

    Args:
        asked: the questions.
        open_pairs: ``(N, K)`` bool, whether nobody has answered that pair.
        rule: as above.
        seed: of the lots.
    """
    if rule == "random":
        lots = np.random.default_rng(seed).random(len(asked.rows))
        return np.asarray(np.where(open_pairs.any(axis=1), lots, 0.0), np.float32)
    probability = 1.0 / (1.0 + np.exp(-np.clip(asked.log_odds.astype(np.float64), -40.0, 40.0)))
    if rule == "surprise":
        each = np.where(asked.filed_same, 1.0 - probability, probability)
    else:
        clipped = np.clip(probability, 1e-12, 1.0 - 1e-12)
        each = -(clipped * np.log2(clipped) + (1.0 - clipped) * np.log2(1.0 - clipped))
    return np.asarray((each * open_pairs).sum(axis=1), np.float32)


class QuestionChoice:
    """Gives one question after another, best first, spread over people.

    Of two questions worth the same, the one less like those already given comes first, and a person already asked
    about counts for a quarter.

    Args:
        asked: what can be asked.
    """

    def __init__(self, asked: AskedFaces) -> None:
        self._asked = asked
        self._likeness = np.zeros(len(asked.rows))
        self._factor = np.ones(len(asked.rows))
        self._given = np.zeros(len(asked.rows), bool)

    def next(self, values: Float32Array) -> int | None:
        """Return the place of the next question among ``asked``, None when nothing is left to ask.

        Args:
            values: ``(N,)`` what each question is worth at present.
        """
        gains = np.where(self._given, 0.0, values * self._factor * (1.0 - self._likeness))
        if not len(gains) or gains.max() <= 0.0:
            return None
        chosen = int(gains.argmax())
        self._given[chosen] = True
        self.note(self._asked.vectors[chosen], int(self._asked.people[chosen]))
        return chosen

    def leave_out(self, given: BoolArray) -> None:
        """Do not give these questions: ``(N,)`` bool."""
        self._given |= given

    def note(self, vector: Float32Array, person: int) -> None:
        """Take into account that a face ``(D,)`` of a person was asked about."""
        self._likeness = np.maximum(self._likeness, np.clip(self._asked.vectors @ vector, 0.0, 0.999))
        self._factor[self._asked.people == person] *= _PERSON_ASKED
