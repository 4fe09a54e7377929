"""Settings that the window changes in a file that people edit too."""

from __future__ import annotations

from pathlib import Path

import pytest

from facerec_app.config.settings import load_settings
from facerec_app.config.settings_changes import change_settings
from facerec_app.core.errors import ConfigError


def test_other_lines_and_remarks_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('# mine\nthreads = 1 # quiet\nprofile = "sface"\n')
    after = change_settings({"threads": 2, "stranger_rate": 0.01, "detector": "yunet"}, file)
    assert (after.threads, after.stranger_rate, after.detector) == (2, 0.01, "yunet")
    assert file.read_text() == (
        '# mine\nthreads = 2 # quiet\nprofile = "sface"\nstranger_rate = 0.01\ndetector = "yunet"\n'
    )
    assert change_settings({"detector": None}, file).detector is None
    assert "detector" not in file.read_text()


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "new" / "settings.toml"
    change_settings({"profile": "sface"}, file)
    assert load_settings(file).profile == "sface"


@pytest.mark.parametrize("changes", [{"threads": -1}, {"stranger_rate": 0.9}, {"detector": "eyes"}])
def test_a_value_out_of_range_changes_nothing(tmp_path: Path, changes: dict[str, int | float | str]) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("threads = 1\n")
    with pytest.raises(ConfigError, match="choose"):
        change_settings(changes, file)
    assert file.read_text() == "threads = 1\n"


def test_a_damaged_file_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("threads = = 1\n")
    with pytest.raises(ConfigError, match="mend or remove"):
        change_settings({"threads": 2}, file)
    assert file.read_text() == "threads = = 1\n"
