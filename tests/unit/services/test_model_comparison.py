"""Profiles side by side, on real pictures of people that no profile learnt from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.services.model_comparison import ModelComparison


@pytest.fixture
def comparison() -> ModelComparison:
    store = ModelStore()
    return ModelComparison(store, lambda: YunetDetector(store), threads=1)


def folder_of_two(test_data_dir: Path, folder: Path) -> Path:
    names = (test_data_dir / "splits" / "test_people.txt").read_text(encoding="utf-8").split()
    several = [name for name in names if len(list((test_data_dir / "lfw" / name).glob("*.jpg"))) >= 2][:2]
    for name in several:
        (folder / name).mkdir(parents=True)
        for picture in sorted((test_data_dir / "lfw" / name).glob("*.jpg"))[:2]:
            shutil.copy(picture, folder / name)
    return folder


def test_every_profile_is_measured_on_the_folder(
    comparison: ModelComparison, test_data_dir: Path, tmp_path: Path
) -> None:
    rows = comparison.compare(folder_of_two(test_data_dir, tmp_path / "people"))
    assert [row.name for row in rows if row.is_default] == [ModelStore().manifest.default_profile]
    assert len({row.extractor_version for row in rows}) == len(rows) == len(ModelStore().manifest.profiles)
    for row in rows:
        assert row.size_mb > 1
        assert row.one_face_ms > 0
        assert row.measured is not None
        assert (row.measured.people, row.measured.faces, row.measured.missed) == (2, 4, 0)
    (plain,) = [row for row in rows if row.name == "sface"]
    assert plain.measured is not None
    assert plain.measured.accuracy >= 0.75


def test_a_folder_without_people_is_refused(comparison: ModelComparison, tmp_path: Path) -> None:
    with pytest.raises(NotEnoughDataError, match="two or more people"):
        comparison.compare(tmp_path)
