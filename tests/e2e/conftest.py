"""Running the command line as a user does, in this process (fast) or in one of its own (whole)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from facerec_app.__main__ import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: exit code and both streams."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


Facerec = Callable[..., Ran]


@pytest.fixture
def facerec(
    default_extractor: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Facerec:
    """Run ``facerec ARGS`` in this process on a gallery of the test's own."""
    monkeypatch.setenv("FACEREC_DATABASE", str(tmp_path / "gallery"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["facerec", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as exc:
            code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def facerec_process(tmp_path: Path) -> Facerec:
    """Run ``facerec ARGS`` in a process of its own on a gallery of the test's own."""
    environment = {**os.environ, "FACEREC_DATABASE": str(tmp_path / "gallery")}

    def run(*arguments: object) -> Ran:
        command = [sys.executable, "-m", "facerec_app", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
