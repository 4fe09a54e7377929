"""Model files are handed out whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from facerec_app.core.errors import ConfigError, WeightsMissingError, WeightsRejectedError
from facerec_app.models.model_store import ModelStore

CONTENT = b"not really a network"


def manifest(**changes: Any) -> dict[str, Any]:
    entry = {
        "file": "net.onnx",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
        "source": "made here",
        "licence": "MIT",
        "input": "pixels",
        "output": "values",
        "layer": None,
        "version": "1",
        "measured": {"accuracy": 0.5},
    } | changes
    profile = {
        "detector": "mtcnn",
        "alignment_template": "arcface_112",
        "crop_size_px": 112,
        "extractor": "sface",
        "extractor_file": "net",
        "similarity_file": None,
        "calibration_file": None,
        "statistics_file": None,
    }
    return {"schema": 1, "default_profile": "plain", "files": {"net": entry}, "profiles": {"plain": profile}}


def folder_with(tmp_path: Path, content: dict[str, Any]) -> ModelStore:
    (tmp_path / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "net.onnx").write_bytes(CONTENT)
    return ModelStore(tmp_path)


def test_a_whole_file_is_read_and_located(tmp_path: Path) -> None:
    store = folder_with(tmp_path, manifest())
    assert store.read("net") == CONTENT
    assert store.path("net") == tmp_path / "net.onnx"
    assert store.check() == {"net": None}
    assert store.entry("net").measured["accuracy"] == 0.5


def test_every_shipped_file_is_whole() -> None:
    faults = {name: str(fault) for name, fault in ModelStore().check().items() if fault is not None}
    assert faults == {}


def test_every_shipped_profile_names_shipped_files() -> None:
    store = ModelStore()
    assert store.profile() is store.profile(store.manifest.default_profile)
    for profile in store.manifest.profiles.values():
        assert store.entry(profile.extractor_file).layer


@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT + b"x", b"N" + CONTENT[1:], b""])
def test_a_changed_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    store = folder_with(tmp_path, manifest())
    (tmp_path / "net.onnx").write_bytes(damage)
    with pytest.raises(WeightsRejectedError, match=r"net\.onnx is damaged"):
        store.read("net")
    with pytest.raises(WeightsRejectedError):
        store.path("net")
    assert isinstance(store.check()["net"], WeightsRejectedError)


def test_a_missing_file_says_which_and_what_to_do(tmp_path: Path) -> None:
    store = folder_with(tmp_path, manifest())
    (tmp_path / "net.onnx").unlink()
    with pytest.raises(WeightsMissingError, match=r"net\.onnx is missing; install"):
        store.read("net")
    assert isinstance(store.check()["net"], WeightsMissingError)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    store = folder_with(tmp_path, manifest())
    (tmp_path / "net.onnx").unlink()
    (tmp_path / "net.onnx").mkdir()
    with pytest.raises(WeightsRejectedError, match="cannot be read"):
        store.read("net")


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="it has: net"):
        folder_with(tmp_path, manifest()).read("other")


def test_an_unknown_profile_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose one of: plain"):
        folder_with(tmp_path, manifest()).profile("fancy")


def test_no_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="manifest"):
        _ = ModelStore(tmp_path).manifest


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 2}', '{"schema": 1}', "\x00"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsRejectedError, match="manifest"):
        _ = ModelStore(tmp_path).manifest


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../net.onnx"},
        {"file": "/etc/passwd"},
        {"file": "a\\net.onnx"},
        {"sha256": "abc"},
        {"sha256": "z" * 64},
        {"bytes": "many"},
        {"surprise": 1},
    ],
)
def test_an_entry_that_cannot_be_trusted_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(WeightsRejectedError, match="damaged"):
        folder_with(tmp_path, manifest(**changes)).read("net")


def test_a_fusion_says_what_each_part_gives(tmp_path: Path) -> None:
    content = manifest()
    parts = [{"profile": "plain", "share": 0.8}, {"profile": "plain", "share": 0.2, "values": [2, 4], "mirror": False}]
    content["profiles"]["both"] = content["profiles"]["plain"] | {"extractor": "fusion", "fused": parts}
    read = folder_with(tmp_path, content).manifest
    first, second = read.profiles["both"].fused
    assert (first.share, first.values, first.mirror) == (0.8, None, None)
    assert (second.profile, second.values, second.mirror) == ("plain", (2, 4), False)
    assert read.extractor_files(read.profiles["both"]) == ("net", "net")


@pytest.mark.parametrize(
    "part", [{"profile": "gone", "share": 1}, {"profile": "both", "share": 1}, {"share": 1}, "plain"]
)
def test_a_fusion_of_what_cannot_be_fused_is_refused(tmp_path: Path, part: object) -> None:
    content = manifest()
    content["profiles"]["both"] = content["profiles"]["plain"] | {"extractor": "fusion", "fused": [part]}
    with pytest.raises(WeightsRejectedError, match="damaged"):
        _ = folder_with(tmp_path, content).manifest


def test_a_profile_that_names_no_entry_is_refused(tmp_path: Path) -> None:
    content = manifest()
    content["profiles"]["plain"]["calibration_file"] = "gone"
    with pytest.raises(WeightsRejectedError, match="gone"):
        _ = folder_with(tmp_path, content).manifest
