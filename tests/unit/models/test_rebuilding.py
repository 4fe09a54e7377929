"""The script that rebuilds the shipped networks."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from facerec_app.models.model_store import ModelStore

pytest.importorskip("onnx", reason="rebuilding networks needs the extra 'models'")


@pytest.fixture(scope="module")
def rebuild(repository_dir: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("rebuild", repository_dir / "assets" / "models" / "rebuild.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("network", ["pnet", "rnet", "onet"])
def test_mtcnn_is_rebuilt_from_the_package_to_the_byte(rebuild: ModuleType, network: str) -> None:
    model = getattr(rebuild, f"build_{network}")(rebuild.mtcnn_weights(f"{network}.lz4"))
    content = model.SerializeToString(deterministic=True)
    assert hashlib.sha256(content).hexdigest() == ModelStore().entry(f"mtcnn_{network}").sha256


def test_a_changed_weight_file_is_never_opened(rebuild: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setitem(rebuild.SOURCE_SHA256, "pnet.lz4", "0" * 64)
    monkeypatch.setattr("joblib.load", refuse)
    with pytest.raises(SystemExit, match="expected 0000"):
        rebuild.mtcnn_weights("pnet.lz4")
