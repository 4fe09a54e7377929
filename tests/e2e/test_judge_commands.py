"""judge, on the demonstration's free photographs: asked, answered, contradicted, taken back, learnt from."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Facerec


def test_questions_answers_log_undo_and_contradictions(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    facerec("import", demo_dir / "people")
    facerec("enrol", "Barack Obama", demo_dir / "sources" / "obama2.jpg", demo_dir / "sources" / "obama3.jpg")
    sheet = tmp_path / "question.png"
    question = facerec("judge", "next", "--json", "--sheet", sheet).json
    assert sheet.stat().st_size > 10_000
    assert len(question["neighbours"]) == 3
    assert {face["answer"] for face in question["neighbours"]} == {None}
    obamas = {face["face_id"] for face in (question, *question["neighbours"]) if face["name"] == "Barack Obama"}
    (hopper,) = {face["face_id"] for face in (question, *question["neighbours"])} - obamas
    one, two, three = sorted(obamas)

    printed = facerec("judge", "same", one[:8], two[:8], "--by", "Ann").stdout
    assert "are one person" in printed
    assert "1 answer to learn from" in printed
    facerec("judge", "same", two, three, "--by", "Ben")
    facerec("judge", "different", one, three, "--by", "Ann")
    facerec("judge", "more-alike", one, two, hopper)
    assert "4 answers to learn from. Now: facerec train (3 left out" in facerec("judge", "log").stdout

    (found,) = facerec("judge", "contradictions", "--json").json
    assert found["kind"] == "chain"
    assert [answer["answer"] for answer in found["answers"]] == ["same", "same", "different"]
    shown = facerec("judge", "contradictions").stdout
    assert "Said to be one person all along, and yet two" in shown
    assert "facerec judge undo NUMBER" in shown
    wrong = found["answers"][2]["number"]
    assert "Taken back" in facerec("judge", "undo", str(wrong)).stdout
    assert facerec("judge", "contradictions").stdout.strip() == "No answers contradict each other."
    lines = facerec("judge", "log", "--json").json
    assert [(line["takes_back"], line["is_taken_back"]) for line in lines] == [
        (wrong, False), (None, False), (None, True), (None, False), (None, False),
    ]  # fmt: skip
    assert facerec("judge", "undo").stdout.startswith("Taken back: Barack Obama")


def test_judging_says_in_one_line_what_is_wrong(facerec: Facerec, demo_dir: Path) -> None:
    assert "enrol people first" in facerec("judge", "next").stderr
    assert "Nothing has been said of faces yet" in facerec("judge", "log").stdout
    assert "nothing to take back" in facerec("judge", "undo").stdout
    assert facerec("judge", "next", "--seed", "-1").code == 2
    assert "no answer 7" in facerec("judge", "undo", "7").stderr
    facerec("import", demo_dir / "people")
    face = facerec("judge", "next", "--json").json["face_id"]
    assert "compared with itself" in facerec("judge", "same", face, face).stderr
