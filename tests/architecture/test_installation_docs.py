"""The list of system packages is written once for programs and twice for readers; they say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_the_apt_line_names_the_packages_that_the_checks_install(repository_dir: Path, page: str) -> None:
    listed = (repository_dir / "requirements" / "debian.txt").read_text(encoding="utf-8").splitlines()
    packages = [line for line in listed if line and not line.startswith("#")]
    text = (repository_dir / page).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(r"apt-get install (.+)", text)
    assert len(lines) == 1, f"{page} should state one apt-get line"
    assert [word for word in lines[0].split() if not word.startswith("-")] == packages


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_both_pages_give_the_same_two_commands(repository_dir: Path, page: str) -> None:
    text = (repository_dir / page).read_text(encoding="utf-8")
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/facerec demo" in text
    assert "\n.venv/bin/python -m pytest\n" in text
