"""Pages name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def test_every_link_of_the_pages_leads_to_a_file(repository_dir: Path) -> None:
    pages = [repository_dir / "README.md", *(repository_dir / "docs").rglob("*.md")]
    links = [(page, link) for page in pages for link in _LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(links) > 50
    broken = [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert not broken
