"""Storing a setting leaves everything else in the user's file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from facerec_app.config.settings import load_settings
from facerec_app.config.settings_file import save_stranger_rate
from facerec_app.core.errors import ConfigError


def test_other_lines_and_remarks_stay(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('# mine\ndetector = "yunet"  # fast\nstranger_rate = 0.01 # loose\nthreads = 2\n')
    assert save_stranger_rate(0.0001, file) == file
    assert file.read_text() == '# mine\ndetector = "yunet"  # fast\nstranger_rate = 0.0001 # loose\nthreads = 2\n'
    assert load_settings(file).stranger_rate == 0.0001


def test_a_setting_that_was_not_there_is_added(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("threads = 2")
    save_stranger_rate(0.05, file)
    assert (load_settings(file).threads, load_settings(file).stranger_rate) == (2, 0.05)


def test_file_and_folder_are_made(tmp_path: Path) -> None:
    file = save_stranger_rate(0.001, tmp_path / "new" / "settings.toml")
    assert load_settings(file).stranger_rate == 0.001


@pytest.mark.parametrize(("text", "rate"), [("threads = 2\n", 0.9), ("threads = = 2\n", 0.01), ("colour = 1\n", 0.01)])
def test_what_cannot_be_stored_changes_nothing(tmp_path: Path, text: str, rate: float) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        save_stranger_rate(rate, file)
    assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]
