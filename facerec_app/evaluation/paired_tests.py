"""Whether one of two scorers is better beyond chance, when both judged the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from facerec_app.core.types import BoolArray, Int64Array
from facerec_app.training.verification_metrics import Float64Array, ScoredPairs, interval


@dataclass(frozen=True, slots=True)
class McNemarResult:
    """Exact test of McNemar (Psychometrika 12, 1947) on pairs that share hardly anybody (``independent_pairs``).

    Attributes:
        trials: pairs judged by both.
        only_first, only_second: pairs that one alone judged rightly.
        p_value: two-sided; the chance of so uneven a split if both were equally good.
    """

    trials: int
    only_first: int
    only_second: int
    p_value: float


def mcnemar(first: BoolArray, second: BoolArray) -> McNemarResult:
    """Return the exact binomial form of the test for two ``(P,)`` records of right and wrong."""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(discordant, k) for k in range(fewer + 1)) / 2**discordant if discordant else 1.0
    return McNemarResult(len(first), only_first, only_second, min(2 * tail, 1.0))


def independent_pairs(pairs: ScoredPairs, seed: int = 9) -> Int64Array:
    """Return rows of pairs in which each person takes part once at most in each kind, drawn at random.

    McNemar's test wants independent trials, and pairs that share a person are none. A person of a genuine pair may
    still be in one impostor pair: such pairs say different things, and without them too few would be left.
    """
    generator = np.random.default_rng(seed)
    people = int(pairs.people.max()) + 1
    chosen: list[int] = []
    for same in (True, False):
        used = np.zeros(people, np.bool_)
        rows = np.nonzero(pairs.same == same)[0]
        # Far more impostor pairs than people: a part of them is enough to use nearly everybody.
        order = generator.permutation(rows)[: 400 * people]
        for row in order.tolist():
            left, right = pairs.people[row]
            if not used[left] and not used[right]:
                used[left] = used[right] = True
                chosen.append(row)
    return np.array(sorted(chosen), np.int64)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A figure of the first minus the same of the second.

    Attributes:
        name: of the figure.
        first, second: the figures.
        interval: 95 % of the difference by person, both measured on the same resamples.
    """

    name: str
    first: float
    second: float
    interval: tuple[float, float]

    @property
    def difference(self) -> float:
        return self.first - self.second

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.interval[0] > 0 or self.interval[1] < 0


def paired_difference(
    name: str, first: float, second: float, first_draws: Float64Array, second_draws: Float64Array
) -> PairedDifference:
    """Return the difference of two figures whose bootstraps drew the same people."""
    return PairedDifference(name, first, second, interval(first_draws - second_draws))


def verdict_sentence(first_name: str, second_name: str, differences: tuple[PairedDifference, ...]) -> str:
    """Return in one sentence which is better by the first figure, and whether that is beyond chance.

    One figure decides, chosen before looking: of six, one is beyond chance by chance far more often than one in 20.
    """
    deciding = differences[0]
    low, high = (100 * bound for bound in deciding.interval)
    others = [row for row in differences[1:] if row.beyond_chance]
    aside = ""
    if others:
        listed = ", ".join(f"{row.name} {100 * row.difference:+.2f}" for row in others)
        aside = f" Taken alone, these differ beyond chance too (points): {listed}."
    if not deciding.beyond_chance:
        return (
            f"No difference beyond chance between {first_name} and {second_name}: {deciding.name} differs by "
            f"{100 * deciding.difference:+.2f} points (95 % interval {low:+.2f} to {high:+.2f}).{aside}"
        )
    better, worse = (first_name, second_name) if deciding.difference > 0 else (second_name, first_name)
    near, far = sorted((abs(low), abs(high)))
    return (
        f"{better} is better than {worse} beyond chance: {deciding.name} is {100 * abs(deciding.difference):.2f} "
        f"points higher (95 % interval {near:.2f} to {far:.2f}).{aside}"
    )
