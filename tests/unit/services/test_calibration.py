"""What the settings mean for a gallery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.config.settings import load_settings
from facerec_app.core.types import GallerySnapshot
from facerec_app.services.calibration import STRANGER_RATES, CalibrationService, wilson_interval
from facerec_app.similarity.cosine_scorer import CosineScorer
from tests.unit.decision.decision_material import calibration


def gallery(people: int, faces: int, *, spread: float = 0.4, twins: bool = False) -> GallerySnapshot:
    generator = np.random.default_rng(8)
    centres = generator.normal(size=(people, 32))
    if twins:
        centres[1] = centres[0]
    vectors = np.repeat(centres, faces, axis=0) + spread * generator.normal(size=(people * faces, 32))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    ids = np.repeat([f"id{number:03d}" for number in range(people)], faces)
    names = {f"id{number:03d}": f"Person {number}" for number in range(people)}
    return GallerySnapshot(vectors.astype(np.float32), ids, ids, "v", 1, names)


def service(snapshot: GallerySnapshot, rate: float = 0.001) -> CalibrationService:
    return CalibrationService(lambda: snapshot, lambda: (CosineScorer(), calibration()), rate)


def test_naming_fewer_strangers_misses_more_people() -> None:
    overview = service(gallery(40, 4, spread=1.0)).overview()
    assert [trade.stranger_rate for trade in overview.trades] == list(STRANGER_RATES)
    missed = [trade.missed for trade in overview.trades]
    assert missed == sorted(missed)
    assert missed[0] < missed[-1]
    thresholds = [trade.threshold for trade in overview.trades]
    assert thresholds == sorted(thresholds)


def test_a_clear_gallery_misses_nobody_and_the_interval_says_how_sure_that_is() -> None:
    present = service(gallery(10, 4, spread=0.1)).overview().present
    assert (present.missed, present.wrong, present.probes) == (0, 0, 40)
    assert present.missed_interval is not None
    assert present.missed_interval[1] == pytest.approx(0.088, abs=0.002)


def test_two_people_who_look_the_same_are_missed_not_mixed_up() -> None:
    overview = service(gallery(20, 4, spread=0.1, twins=True)).overview()
    assert 8 >= overview.present.missed >= 6
    assert {bar.name for bar in overview.raised_bars[:2]} == {"Person 0", "Person 1"}
    assert {bar.lookalike for bar in overview.raised_bars[:2]} == {"Person 0", "Person 1"}


@pytest.mark.parametrize(
    ("people", "faces", "said"), [(0, 1, "Nobody is enrolled"), (5, 1, "two faces"), (3, 2, "Only 6")]
)
def test_what_the_gallery_cannot_tell_is_said(people: int, faces: int, said: str) -> None:
    overview = service(gallery(people, faces)).overview()
    assert any(said in limit for limit in overview.limits)


def test_a_rate_beyond_the_measured_ones_is_marked() -> None:
    overview = service(gallery(30, 3)).overview(1e-6)
    assert overview.present.beyond_data
    assert not overview.trades[0].beyond_data
    assert any("beyond what was measured" in limit for limit in overview.limits)


def test_what_is_saved_is_what_the_next_start_uses(tmp_path: Path) -> None:
    file = service(gallery(3, 2)).save(0.02, tmp_path / "settings.toml")
    assert load_settings(file).stranger_rate == 0.02


def test_interval_of_a_share() -> None:
    assert wilson_interval(5, 100) == pytest.approx((0.0215, 0.1118), abs=1e-3)
    assert wilson_interval(0, 10)[0] == 0.0
