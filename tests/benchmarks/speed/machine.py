"""What a measurement was made on and with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from facerec_app import __version__
from facerec_app.inference.processor_threads import usable_cores
from facerec_app.models.model_store import ModelStore

_PACKAGES = ("numpy", "opencv-python-headless", "openvino", "faiss-cpu", "PySide6-Essentials")


def machine_facts() -> dict[str, object]:
    """Return processor, system, versions, model hashes and how busy the machine is."""
    store = ModelStore()
    versions = {"facerec": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "system": platform.platform(),
        "load_1_min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": versions,
        "model_sha256": {name: store.entry(name).sha256 for name in sorted(store.manifest.files)},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
