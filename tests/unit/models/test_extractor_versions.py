"""Fine-tuned heads beside the gallery: kept, used, taken back, and harmless when damaged."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from facerec_app.core.errors import ConfigError, WeightsMissingError, WeightsRejectedError
from facerec_app.models.extractor_versions import INDEX_NAME, ExtractorVersions
from facerec_app.models.tuned_versions import TunedVersion

_SHIPPED = "ab" * 32
_HEAD: dict[str, npt.NDArray[Any]] = {
    "kernel_i8": np.asfortranarray(np.arange(6, dtype=np.int8).reshape(2, 3)),
    "bias": np.ones(2, np.float32),
}


def version(name: str, start: str = _SHIPPED) -> TunedVersion:
    return TunedVersion(name, "2027-01-05T10:00:00+00:00", start, 60, 30, {"own_tar": 0.99}, {"layers": "block"})


@pytest.fixture
def versions(tmp_path: Path) -> ExtractorVersions:
    """Return two versions, the second in use."""
    kept = ExtractorVersions(tmp_path / "extractors", _SHIPPED)
    kept.add(version("20270105-a"), _HEAD, promote=True)
    kept.add(version("20270106-b"), _HEAD, promote=True)
    return kept


def test_a_version_comes_back_as_it_was_stored(versions: ExtractorVersions) -> None:
    present = versions.present()
    assert present is not None
    assert replace(present, sha256="") == version("20270106-b")
    arrays = versions.weights(present)
    assert arrays["kernel_i8"].dtype == np.int8
    for name, array in _HEAD.items():
        np.testing.assert_array_equal(arrays[name], array)
    file = versions.file_in_use()
    assert file is not None
    assert file.sha256 == present.sha256


def test_each_step_back_leads_to_the_version_before_and_at_last_to_the_shipped_one(versions: ExtractorVersions) -> None:
    assert versions.rollback() == "20270105-a"
    assert versions.rollback() is None
    assert versions.file_in_use() is None
    with pytest.raises(ConfigError, match="shipped extractor is in use already"):
        versions.rollback()
    versions.promote("20270106-b")
    assert versions.present() == versions.find("20270106")


@pytest.mark.parametrize("damage", ["cut", "gone", "index"])
def test_damage_leaves_the_shipped_extractor_serving_with_a_notice(
    versions: ExtractorVersions, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = versions.file_in_use()
    assert file is not None
    if damage == "cut":
        file.path.write_bytes(file.path.read_bytes()[:-1])
    elif damage == "gone":
        file.path.unlink()
    else:
        (versions.folder / INDEX_NAME).write_text("{", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert versions.file_in_use() is None
    assert "The shipped extractor serves." in caplog.text
    assert versions.rollback() == (None if damage == "index" else "20270105-a")


def test_a_head_made_for_another_network_is_never_used(versions: ExtractorVersions) -> None:
    with pytest.raises(WeightsRejectedError, match="another version of FaceRec"):
        ExtractorVersions(versions.folder, "cd" * 32).promote("20270105-a")
    assert ExtractorVersions(versions.folder, "cd" * 32).file_in_use() is None


def test_a_damaged_version_is_not_brought_into_use(versions: ExtractorVersions) -> None:
    (versions.folder / "20270105-a.safetensors").unlink()
    with pytest.raises(WeightsMissingError, match="facerec extractors rollback"):
        versions.promote("20270105-a")
    present = versions.present()
    assert present is not None
    assert present.version_id == "20270106-b"


def test_only_versions_out_of_use_are_removed(versions: ExtractorVersions) -> None:
    with pytest.raises(ConfigError, match="is in use"):
        versions.remove("20270106-b")
    versions.remove("20270105-a")
    assert [one.version_id for one in versions.all()] == ["20270106-b"]
    assert not (versions.folder / "20270105-a.safetensors").exists()
    with pytest.raises(ConfigError, match="There is no tuned extractor '20270105'"):
        versions.find("20270105")
