"""What a stranger rate costs on the user's own gallery: strangers named against enrolled people missed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.config.settings_file import save_stranger_rate
from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import BoolArray, Float32Array, GallerySnapshot
from facerec_app.decision.gallery_thresholds import GalleryThresholds
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.decision.leave_one_out import LeftOutScores, leave_one_out
from facerec_app.decision.person_ranker import TemplatePersonRanker

STRANGER_RATES = (0.1, 0.01, 0.001, 0.0001)
_FEWEST_PROBES = 20
_CONFIDENCE_Z = 1.96


@dataclass(frozen=True, slots=True)
class Trade:
    """What one setting means.

    Attributes:
        stranger_rate: the setting.
        threshold: log odds that a name needs at the present number of people.
        strangers_named: of 10,000, as measured on the people that the calibration was fitted on.
        beyond_data: whether so rare a rate lies outside what was measured, so that the threshold is extrapolated.
        missed: enrolled faces that would not be named by the other faces of their person.
        wrong: of them, faces that would be given somebody else's name.
        probes: enrolled faces that could be asked about.
        missed_share: missed by probes; None without probes.
        missed_interval: 95 % interval of that share; None without probes.
    """

    stranger_rate: float
    threshold: float
    strangers_named: float
    beyond_data: bool
    missed: int
    wrong: int
    probes: int
    missed_share: float | None
    missed_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class RaisedBar:
    """A person whose bar lies above the common one.

    Attributes:
        person_id: whose.
        name: display name.
        raised: by so many log odds.
        lookalike: display name of the person whose face is the most like.
    """

    person_id: str
    name: str
    raised: float
    lookalike: str


@dataclass(frozen=True, slots=True)
class CalibrationOverview:
    """Everything a slider needs.

    Attributes:
        people: enrolled.
        faces: of theirs.
        present_rate: stranger rate in use.
        present: what it means.
        trades: what the standard settings mean.
        raised_bars: people with a bar of their own, the highest first.
        min_lead: log odds by which a name must lead over the runner-up.
        limits: in plain words, what the data cannot say.
    """

    people: int
    faces: int
    present_rate: float
    present: Trade
    trades: tuple[Trade, ...]
    raised_bars: tuple[RaisedBar, ...]
    min_lead: float
    limits: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


class CalibrationService:
    """Shows and stores the choice of how many strangers may be named.

    Args:
        snapshot: gives the present gallery.
        network: gives the similarity network in use and its calibration.
        stranger_rate: in use.
    """

    def __init__(
        self,
        snapshot: Callable[[], GallerySnapshot],
        network: Callable[[], tuple[SimilarityScorer, IdentityCalibration]],
        stranger_rate: float,
    ) -> None:
        self._snapshot = snapshot
        self._network = network
        self._stranger_rate = stranger_rate

    def overview(self, stranger_rate: float | None = None) -> CalibrationOverview:
        """Return what the settings mean for the present gallery.

        Args:
            stranger_rate: to be shown as the present one; by default the one in use.

        Raises:
            GalleryError: if the gallery cannot be read.
            InferenceError: if a feature is not finite.
        """
        snapshot = self._snapshot()
        scorer, calibration = self._network()
        bars = TemplatePersonRanker(scorer).thresholds(snapshot) if len(snapshot) else None
        left_out = leave_one_out(snapshot, scorer, bars) if bars is not None else None
        people = snapshot.person_count if len(snapshot) else 0
        rate = stranger_rate if stranger_rate is not None else self._stranger_rate
        present, *trades = (_trade(each, calibration, people, left_out) for each in (rate, *STRANGER_RATES))
        return CalibrationOverview(
            people,
            len(snapshot),
            rate,
            present,
            tuple(trades),
            _raised(bars, snapshot) if bars is not None else (),
            calibration.min_margin,
            tuple(_limits(present, tuple(trades), people)),
        )

    def save(self, stranger_rate: float, settings_file: Path | None = None) -> Path:
        """Store the stranger rate for every later start, and return the file it went to.

        Args:
            stranger_rate: as in ``Settings``.
            settings_file: where; by default the user's own.

        Raises:
            ConfigError: if the rate is out of range or the file cannot be written.
        """
        return save_stranger_rate(stranger_rate, settings_file)


def _trade(rate: float, calibration: IdentityCalibration, people: int, left_out: LeftOutScores | None) -> Trade:
    threshold = calibration.threshold(people, rate)
    comparison_rate = math.log10(-math.expm1(math.log1p(-rate) / max(people, 1)))
    beyond = comparison_rate < calibration.tail.log10_rates[-1]
    if left_out is None or not len(left_out.own):
        return Trade(rate, threshold, 1e4 * rate, beyond, 0, 0, 0, None, None)
    named_right = _clear(left_out.own, left_out.other, threshold, calibration.min_margin)
    named_wrong = _clear(left_out.other, left_out.own, threshold, calibration.min_margin)
    missed, probes = int((~named_right).sum()), len(named_right)
    interval = wilson_interval(missed, probes)
    return Trade(rate, threshold, 1e4 * rate, beyond, missed, int(named_wrong.sum()), probes, missed / probes, interval)


def _clear(leader: Float32Array, rival: Float32Array, threshold: float, lead: float) -> BoolArray:
    return np.asarray((leader >= threshold) & (leader - rival >= lead), np.bool_)


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, Journal of the American Statistical Association 22, 1927)."""
    z2 = _CONFIDENCE_Z**2
    centre = (count + z2 / 2) / (total + z2)
    half = _CONFIDENCE_Z / (total + z2) * math.sqrt(count * (total - count) / total + z2 / 4)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _raised(bars: GalleryThresholds, snapshot: GallerySnapshot) -> tuple[RaisedBar, ...]:
    rows = [row for row in np.argsort(-bars.raises, kind="stable").tolist() if bars.raises[row] > 0]
    return tuple(
        RaisedBar(
            str(bars.person_ids[row]),
            snapshot.names.get(str(bars.person_ids[row]), str(bars.person_ids[row])),
            float(bars.raises[row]),
            snapshot.names.get(str(bars.lookalike_ids[row]), str(bars.lookalike_ids[row])),
        )
        for row in rows
    )


def _limits(present: Trade, trades: tuple[Trade, ...], people: int) -> list[str]:
    """Return what the figures do not rest on enough data for."""
    limits = []
    if people == 0:
        limits.append("Nobody is enrolled, so nobody can be missed; the thresholds are for one person.")
    elif present.probes == 0:
        limits.append("Nobody has two faces enrolled, so how many would be missed cannot be measured; add a face each.")
    elif present.probes < _FEWEST_PROBES:
        limits.append(f"Only {present.probes} faces could be asked about: the share missed is a rough guess.")
    extrapolated = sorted({trade.stranger_rate for trade in (present, *trades) if trade.beyond_data}, reverse=True)
    if extrapolated:
        rates = ", ".join(f"1 in {round(1 / rate):,}" for rate in extrapolated)
        limits.append(
            f"With {people:,} people, the threshold for {rates} lies beyond what was measured (extrapolated)."
        )
    return limits
