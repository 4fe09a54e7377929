"""train-extractor --finetune and extractors, as typed."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Facerec


def test_what_is_missing_is_said_in_one_line(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    ran = facerec("train-extractor", "--finetune", demo_dir / "people")
    assert ran.code == 7
    assert ran.stderr.count("\n") == 1
    assert "2 people or more with 3 pictures each" in ran.stderr
    ran = facerec("train-extractor", "--finetune", tmp_path / "nowhere")
    assert ran.code == 2
    assert "There is no folder" in ran.stderr
    ran = facerec("train-extractor")
    assert ran.code == 2
    assert "--finetune PEOPLE" in ran.stderr
    ran = facerec("train-extractor", tmp_path / "work", "--finetune", demo_dir / "people")
    assert ran.code == 2
    assert "not both" in ran.stderr


def test_without_a_fine_tuned_extractor_the_shipped_one_is_listed(facerec: Facerec) -> None:
    assert facerec("extractors", "list", "--json").json == []
    assert "*  shipped" in " ".join(facerec("extractors", "list").stdout.splitlines())
    ran = facerec("extractors", "rollback")
    assert ran.code == 2
    assert "The shipped extractor is in use already" in ran.stderr
    ran = facerec("extractors", "promote", "2027")
    assert ran.code == 2
    assert "There is no tuned extractor '2027'" in ran.stderr
