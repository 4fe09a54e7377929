"""calibrate, on the demonstration's free photographs."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Facerec


def test_calibrate_shows_every_setting_and_keeps_the_one_that_is_saved(
    facerec: Facerec, demo_dir: Path, tmp_path: Path
) -> None:
    facerec("import", demo_dir / "people")
    facerec("enrol", "Barack Obama", demo_dir / "sources" / "obama3.jpg")
    before = facerec("calibrate", "--json").json
    rates = [trade["stranger_rate"] for trade in before["trades"]]
    bars = [trade["threshold"] for trade in before["trades"]]
    assert (before["people"], before["present_rate"], rates[0]) == (2, 0.001, 0.1)
    assert rates == sorted(rates, reverse=True)
    assert bars == sorted(bars)  # the fewer strangers, the closer a match has to be
    assert before["present"]["probes"] == 2  # of his two pictures, each by the other

    facerec("calibrate", "--stranger-rate", "0.01", "--save")
    settings = next((tmp_path / "config").rglob("*.toml")).read_text(encoding="utf-8")
    assert "stranger_rate = 0.01" in settings
    assert facerec("calibrate", "--json").json["present_rate"] == 0.01
    assert "in 100" in facerec("calibrate").stdout
