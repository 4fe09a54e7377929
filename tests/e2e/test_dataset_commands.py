"""dataset make and dataset check, as a user gives them, on people of the real data."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.detection.window_sampling import WindowSettings
from facerec_app.services.dataset_making import DatasetTask
from facerec_app.services.progress import Progress
from tests.e2e.conftest import Facerec

_PEOPLE = 6


@pytest.fixture
def people(test_data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of six training people with two or three pictures each."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = (test_data_dir / "splits" / "train_people.txt").read_text(encoding="utf-8").split()
    folders = [test_data_dir / "lfw" / name for name in names[:200]]
    chosen = [folder for folder in folders if 2 <= len(list(folder.iterdir())) <= 3][:_PEOPLE]
    for folder in chosen:
        shutil.copytree(folder, tmp_path / "people" / folder.name)
    return tmp_path / "people"


def contents(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_set_of_faces_is_split_by_person_recorded_and_the_same_again(
    facerec: Facerec, people: Path, tmp_path: Path
) -> None:
    (people / sorted(entry.name for entry in people.iterdir())[0] / "broken.jpg").write_bytes(b"no picture")
    options = ("--shares", "0.5,0.25,0.25", "--detector", "yunet")
    made = facerec("dataset", "make", people, "--out", tmp_path / "one", *options)
    assert made.code == 8, made.stderr
    assert "broken.jpg is no picture" in made.stderr
    record = json.loads((tmp_path / "one" / "dataset.json").read_text(encoding="utf-8"))
    files = contents(tmp_path / "one")
    assert record["complete"] is True
    assert record["settings"]["seed"] == 20
    assert record["files"] == {name: sha256 for name, sha256 in files.items() if name != "dataset.json"}

    parts = ("training", "validation", "test")
    owners = {part: {file.parent.name for file in (tmp_path / "one" / part).rglob("*.png")} for part in parts}
    assert sum(len(names) for names in owners.values()) == len(set().union(*owners.values())) == _PEOPLE
    assert any(name.endswith("-mirrored.png") for name in files if name.startswith("training/"))
    assert not any("-" in Path(name).stem for name in files if name.startswith("test/") and name.endswith(".png"))
    for part in parts:
        for row in rows_of(tmp_path / "one" / part / "pairs.csv"):
            assert (row["left"].split("/")[0] == row["right"].split("/")[0]) == (row["same"] == "1")
            assert (tmp_path / "one" / part / row["left"]).is_file()
    triplets = rows_of(tmp_path / "one" / "training" / "triplets.csv")
    assert triplets
    assert all(row["anchor"].split("/")[0] == row["positive"].split("/")[0] for row in triplets)
    assert all(row["anchor"].split("/")[0] != row["negative"].split("/")[0] for row in triplets)

    # Killed in the middle: a line cut off, files gone. The same command comes to the same bytes.
    journal = tmp_path / "one" / "pictures.jsonl"
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])
    shutil.rmtree(tmp_path / "one" / "test")
    (tmp_path / "one" / "training" / "pairs.csv").unlink()
    facerec("dataset", "make", people, "--out", tmp_path / "one", *options)
    assert contents(tmp_path / "one") == files
    facerec("dataset", "make", people, "--out", tmp_path / "two", *options)
    assert contents(tmp_path / "two") == files

    other = facerec("dataset", "make", people, "--out", tmp_path / "one", "--seed", "3", *options)
    assert other.code == 2
    assert "settings differ" in other.stderr
    foreign = facerec("dataset", "make", people, "--out", tmp_path, *options)
    assert foreign.code == 2
    assert "new or empty" in foreign.stderr


def test_the_gallery_gives_a_set_without_names(facerec: Facerec, people: Path, tmp_path: Path) -> None:
    assert facerec("import", people).code in {0, 8}
    made = facerec(
        "dataset",
        "make",
        "--gallery",
        "--out",
        tmp_path / "set",
        "--shares",
        "0.5,0.25,0.25",
        "--json",
        "--detector",
        "yunet",
    )
    assert made.code == 0, made.stderr
    counts = made.json["counts"]
    assert sum(counts[part]["people"] for part in counts) == _PEOPLE
    names = [entry.name for entry in people.iterdir()]
    text = (tmp_path / "set" / "dataset.json").read_text(encoding="utf-8")
    assert not [name for name in names if name in text or name.replace("_", " ") in text]


def test_windows_on_faces_and_beside_them_and_the_way_to_the_box(
    facerec: Facerec, people: Path, tmp_path: Path
) -> None:
    crops = facerec(
        "dataset", "make", people, "--task", "crops", "--out", tmp_path / "crops", "--json", "--detector", "yunet"
    )
    assert crops.code == 0, crops.stderr
    rows = rows_of(tmp_path / "crops" / "crops.csv")
    pictures = {row["picture"] for row in rows}
    targets = [row for row in rows if row["kind"] == "target"]
    assert len(targets) == 5 * len(pictures)
    assert all(float(row["covered"]) > 0.5 for row in targets)
    beside = [row for row in rows if row["kind"] == "background"]
    assert beside
    assert all(float(row["covered"]) <= 0.5 for row in beside)
    held_out = {row["picture"].split("/")[0] for row in rows if row["part"] == "test"}
    assert len(held_out) == 1
    assert not held_out & {row["picture"].split("/")[0] for row in rows if row["part"] == "training"}

    boxes = facerec(
        "dataset", "make", people, "--task", "boxes", "--out", tmp_path / "boxes", "--size", "48", "--detector", "yunet"
    )
    assert boxes.code == 0, boxes.stderr
    for row in rows_of(tmp_path / "boxes" / "boxes.csv"):
        side = float(row["window_x2"]) - float(row["window_x1"])
        for edge in ("x1", "y1", "x2", "y2"):
            way = float(row[f"window_{edge}"]) + float(row[f"offset_{edge}"]) * side
            assert way == pytest.approx(float(row[f"face_{edge}"]), abs=0.05)
    listed = json.loads((tmp_path / "boxes" / "boxes.json").read_text(encoding="utf-8"))
    assert {row["kind"] for row in listed} == {"target"}


def test_a_check_finds_what_is_wrong_and_changes_nothing(
    facerec: Facerec, people: Path, demo_dir: Path, tmp_path: Path
) -> None:
    first, second = sorted(entry.name for entry in people.iterdir())[:2]
    victim = sorted((people / first).iterdir())[0]
    victim.rename(people / second / "wrong.jpg")
    original = sorted((people / first).iterdir())[0]
    shutil.copy(original, people / first / "zz-again.jpg")
    (people / second / "broken.jpg").write_bytes(b"\xff\xd8no picture")
    (people / second / "empty.png").write_bytes(b"")
    shutil.copy(demo_dir / "sources" / "obama2.jpg", people / "nobody.jpg")
    before = contents(people)

    among = facerec("dataset", "check", people, "--sheet", people / "nobody.jpg")
    assert among.code == 2
    assert "among the pictures" in among.stderr
    assert contents(people) == before
    report = facerec("dataset", "check", people, "--json", "--sheet", tmp_path / "sheet.png")
    assert report.code == 0, report.stderr
    found = report.json
    assert f"{second}/wrong.jpg" in [face["picture"] for face in found["wrong_person"]]
    assert next(face for face in found["wrong_person"] if face["picture"].endswith("wrong.jpg"))["looks_like"] == first
    copy = {"picture": f"{first}/zz-again.jpg", "of": f"{first}/{original.name}", "kind": "bytes", "cosine": 1.0}
    assert found["copies"] == [copy]
    assert {row["picture"] for row in found["unreadable"]} == {f"{second}/broken.jpg", f"{second}/empty.png"}
    assert found["no_person"] == ["nobody.jpg"]
    assert contents(people) == before
    assert (tmp_path / "sheet.png").stat().st_size > 10_000

    printed = facerec("dataset", "check", people)  # everything comes from the cache now
    assert "wrong person" in printed.stdout
    assert "2 unreadable" in printed.stdout


def test_what_cannot_be_meant_is_said_in_one_line(facerec: Facerec, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments in (
        ("dataset", "check", tmp_path / "nowhere"),
        ("dataset", "check", tmp_path / "empty"),
        ("dataset", "make", "--out", tmp_path / "set"),
        ("dataset", "make", "--gallery", "--out", tmp_path / "set"),
        ("dataset", "make", tmp_path / "empty", "--out", tmp_path / "set", "--shares", "1,2"),
    ):
        refused = facerec(*arguments)
        assert refused.code not in {0, 1}
        assert refused.stderr.startswith("error:")
        assert len(refused.stderr.strip().splitlines()) == 1


def test_a_set_that_is_ended_goes_on_to_the_same_bytes(people: Path, tmp_path: Path) -> None:
    app = ComposedApplication(Settings(database_dir=tmp_path / "gallery", detector="yunet"))
    service = app.library().dataset_making()

    def task() -> DatasetTask:
        return service.window_set("crops", WindowSettings(samples=1))

    seen: list[Progress] = []
    ended = service.make(people, tmp_path / "one", task, progress=seen.append, cancelled=lambda: len(seen) >= 5)
    assert ended.record is None
    assert json.loads((tmp_path / "one" / "dataset.json").read_text(encoding="utf-8"))["complete"] is False
    service.make(people, tmp_path / "one", task)
    service.make(people, tmp_path / "two", task)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    app.close()
