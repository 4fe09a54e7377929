"""What a user sees of bad arguments, files, folders, disks and model files: one line, the right code, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facerec_app.models.model_store import ModelStore
from tests.e2e.conftest import Facerec, Ran


@pytest.fixture(autouse=True)
def logs_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")


def the_line(ran: Ran, code: int, *words: str) -> None:
    """Check that a command ended with this code and said so in one line that holds these words."""
    lines = ran.stderr.strip().splitlines()
    assert ran.code == code, ran
    assert len(lines) == 1, ran.stderr
    assert all(word in lines[0] for word in words), lines[0]
    assert "Traceback" not in ran.stderr
    assert ran.stdout.strip() == ""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["'nonsense'", "facerec --help"]),
        (["people", "lst"], ["'list'"]),
        (["run"], ["source", "facerec run --help"]),
        (["run", "a", "b"], ["(b)"]),
        (["run", "0", "--max-fps", "many"], ["--max-fps", "number"]),
        (["run", "0", "--max-fps", "0"], ["--max-fps", "0.1"]),
        (["run", "0", "--max-fp", "3"], ["--max-fps"]),
        (["run", "0", "--detector", "eyes"], ["eyes", "mtcnn"]),
        (["identify", "--min-face-px", "3", "x.jpg"], ["3 px"]),
        (["enrol", "Ann"], ["files"]),
        (["enrol", "Ann", "x.jpg", "--purpose", "a", "--agreed-by", "Ann", "--until", "soon"], ["soon", "2030-01-31"]),
        (["--threads", "-1", "people", "list"], ["-1"]),
        (["--stranger-rate", "2", "people", "list"], ["2"]),
        (["--settings", "missing.toml", "people", "list"], ["missing.toml", "--settings"]),
        (["evaluate", "verification"], ["--root"]),
        (["evaluate", "verification", "--root", "missing", "--pairs", "missing.txt"], ["missing"]),
    ],
)  # fmt: skip
def test_a_mistake_in_the_arguments_is_explained_in_one_line(
    facerec: Facerec, arguments: list[str], words: list[str]
) -> None:
    the_line(facerec(*arguments), 2, *words)


def test_a_group_without_a_command_shows_its_help(facerec: Facerec) -> None:
    for group in ("people", "models", "evaluate"):
        ran = facerec(group)
        assert ran.code == 2
        assert "Commands" in ran.stdout
        assert max(len(line) for line in ran.stdout.splitlines()) <= 80


def test_an_unknown_profile_names_those_there_are(facerec: Facerec, demo_dir: Path) -> None:
    for command in (["run", demo_dir / "demo.mp4"], ["identify", demo_dir / "sources" / "biden.jpg"]):
        the_line(facerec(*command, "--profile", "dreams"), 2, "'dreams'", "sface")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"threads = ", "mend"),
        (b"\xff\xfe\x00\x01", "mend"),
        (b"thread = 2", "'thread'"),
        (b'threads = "two"', "'threads'"),
        (b'detector = "eyes"', "eyes"),
    ],
)
def test_a_damaged_settings_file_is_named(facerec: Facerec, tmp_path: Path, text: bytes, word: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(text)
    the_line(facerec("--settings", file, "people", "list"), 2, word)
    assert file.read_bytes() == text


@pytest.fixture
def bad_files(tmp_path: Path, demo_dir: Path) -> Path:
    """Return a folder of files that are no good pictures or videos."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "text.jpg").write_text("no picture", encoding="utf-8")
    (folder / "truncated.jpg").write_bytes((demo_dir / "sources" / "biden.jpg").read_bytes()[:30_000])
    Image.new("1", (30_000, 30_000)).save(folder / "huge.png")
    Image.new("RGB", (320, 240), (90, 120, 90)).save(folder / "nobody.png")
    left = Image.open(demo_dir / "sources" / "biden.jpg").convert("RGB").resize((500, 600))
    both = Image.new("RGB", (1000, 600))
    both.paste(left, (0, 0))
    both.paste(Image.open(demo_dir / "sources" / "astronaut.png").convert("RGB").resize((500, 600)), (500, 0))
    both.save(folder / "two.png")
    return folder


def test_each_picture_that_cannot_be_used_is_explained(facerec: Facerec, bad_files: Path) -> None:
    reasons = {
        "text.jpg": "no picture",
        "truncated.jpg": "cut off",
        "huge.png": "million pixels",
        "nobody.png": "No face",
        "two.png": "2 faces",
        "missing.jpg": "does not exist",
    }
    for name, reason in reasons.items():
        the_line(facerec("enrol", "Ann", bad_files / name), 6, name, reason)
    for name in ("huge.png", "missing.jpg"):
        the_line(facerec("identify", bad_files / name), 6, name, reasons[name])
    assert facerec("people", "list", "--json").json == []


def test_a_picture_without_a_face_is_no_error_of_identify(facerec: Facerec, bad_files: Path) -> None:
    ran = facerec("identify", bad_files / "nobody.png")
    assert (ran.code, ran.stderr) == (0, "")
    assert "no face found" in ran.stdout


def test_one_bad_picture_among_good_ones_is_a_partial_success(facerec: Facerec, bad_files: Path) -> None:
    ran = facerec("identify", bad_files, "--json")
    assert ran.code == 8
    assert {Path(row["file"]).name for row in ran.json if "error" in row} == {"text.jpg", "truncated.jpg", "huge.png"}
    assert [len(row["faces"]) for row in ran.json if Path(row["file"]).name == "two.png"] == [2]


def test_videos_and_sources_that_are_none_are_explained(facerec: Facerec, tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(100_000))
    (tmp_path / "empty.mp4").touch()
    no_frames = tmp_path / "no_frames.avi"
    writer = cv2.VideoWriter(str(no_frames), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 64))
    writer.release()
    (tmp_path / "folder").mkdir()
    for name in ("noise.mp4", "empty.mp4", "no_frames.avi", "missing.mp4"):
        the_line(facerec("run", tmp_path / name), 3, name)
        the_line(facerec("enrol", "Ann", tmp_path / name), 3, name)
    the_line(facerec("run", tmp_path / "folder"), 3, "no pictures")
    the_line(facerec("run", "97"), 3, "97", "camera")
    the_line(facerec("run", "ftp://127.0.0.1/x"), 3, "rtsp://")
    the_line(facerec("run", ""), 3, "camera number")
    the_line(facerec("identify", tmp_path / "folder"), 2, "no pictures")
    the_line(facerec("enrol", "Ann", tmp_path / "folder"), 2, "Ann")


@pytest.mark.parametrize("address", ["rtsp://127.0.0.1:9/x", "http://127.0.0.1:9/x.mjpg"])
def test_an_address_where_nobody_answers_is_given_up_soon(facerec: Facerec, address: str) -> None:
    began_s = time.monotonic()
    the_line(facerec("run", address), 3, address)
    assert time.monotonic() - began_s < 30


def test_names_that_people_have_or_cannot_have(facerec: Facerec, demo_dir: Path) -> None:
    facerec("import", demo_dir / "people")
    before = facerec("people", "list", "--json").json
    for name in ("", "  ", "x" * 300, "../x", "a\\b", "bell\a"):
        the_line(facerec("people", "rename", "Grace Hopper", name), 2, "name")
    the_line(facerec("people", "rename", "Grace Hopper", "BARACK OBAMA"), 5, "Barack Obama")
    the_line(facerec("people", "rename", "Grace Hoper", "Ann"), 5, "Grace Hopper")
    assert facerec("people", "list", "--json").json == before


def test_removal_without_an_answer_removes_nobody(facerec: Facerec, facerec_process: Facerec, demo_dir: Path) -> None:
    facerec("import", demo_dir / "people")
    command = [sys.executable, "-m", "facerec_app", "people", "remove", "Grace Hopper"]
    for answer in ("", "n\n"):
        done = subprocess.run(command, input=answer, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 130
        assert "Traceback" not in done.stderr
    assert len(facerec_process("people", "list", "--json").json) == 2


@pytest.mark.parametrize("damage", ["random", "truncated", "other database"])
def test_a_damaged_database_is_named_and_left_alone(
    facerec: Facerec, demo_dir: Path, tmp_path: Path, damage: str
) -> None:
    facerec("import", demo_dir / "people")
    gallery = tmp_path / "gallery"
    file = gallery / "gallery.sqlite3"
    if damage == "random":
        file.write_bytes(np.random.default_rng(1).bytes(50_000))
    elif damage == "truncated":
        file.write_bytes(file.read_bytes()[:9_000])
    else:
        file.unlink()
        connection = sqlite3.connect(file)
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
        connection.close()
    before = contents(gallery)
    picture = demo_dir / "sources" / "biden.jpg"
    for command in (
        ["people", "list"],
        ["enrol", "Ann", picture],
        ["identify", picture],
        ["import", demo_dir / "people"],
    ):
        the_line(facerec(*command), 5, "gallery.sqlite3")
    assert contents(gallery) == before


def test_damaged_embeddings_are_made_again_by_themselves(facerec: Facerec, demo_dir: Path, tmp_path: Path) -> None:
    facerec("import", demo_dir / "people")
    connection = sqlite3.connect(tmp_path / "gallery" / "gallery.sqlite3")
    connection.execute("UPDATE embeddings SET vector = zeroblob(7)")
    connection.commit()
    connection.close()
    ran = facerec("identify", demo_dir / "sources" / "obama2.jpg", "--json")
    assert ran.code == 0
    assert [face["person"] for face in ran.json[0]["faces"]] == ["Barack Obama"]


def with_models(facerec: Facerec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the program work on a copy of its model files; return the folder."""
    folder = tmp_path / "models"
    shutil.copytree(ModelStore().folder, folder)
    monkeypatch.setattr("facerec_app.composition.ModelStore", partial(ModelStore, folder))
    return folder


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_or_missing_model_file_is_named(
    facerec: Facerec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demo_dir: Path, damage: str
) -> None:
    folder = with_models(facerec, monkeypatch, tmp_path)
    events = tmp_path / "events.jsonl"
    events.write_text("from an earlier run\n", encoding="utf-8")
    similarity = ModelStore().profile().similarity_file
    for model in ("sface.onnx", "mtcnn_pnet.onnx", f"{similarity}.safetensors"):
        whole = (folder / model).read_bytes()
        if damage == "changed":
            (folder / model).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        else:
            (folder / model).unlink()
        the_line(facerec("identify", demo_dir / "sources" / "biden.jpg", "--json"), 4, model, "install")
        the_line(facerec("run", demo_dir / "demo.mp4", "--events", events), 4, model)
        checked = facerec("models", "check")
        assert checked.code == 4
        assert model in checked.stderr
        assert facerec("doctor", "--json").code == 1
        (folder / model).write_bytes(whole)
    assert events.read_text(encoding="utf-8") == "from an earlier run\n"


@pytest.mark.parametrize("text", [None, "{", "[]", '{"files": 3}'])
def test_a_damaged_or_missing_manifest_is_named(
    facerec: Facerec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demo_dir: Path, text: str | None
) -> None:
    manifest = with_models(facerec, monkeypatch, tmp_path) / "manifest.json"
    if text is None:
        manifest.unlink()
    else:
        manifest.write_text(text, encoding="utf-8")
    for command in (["models", "list"], ["models", "check"], ["identify", demo_dir / "sources" / "biden.jpg"]):
        the_line(facerec(*command), 4, "manifest.json")


def test_outputs_without_a_place_and_mistaken_outputs_lose_nothing(
    facerec: Facerec, tmp_path: Path, demo_dir: Path
) -> None:
    source = tmp_path / "source.mp4"
    shutil.copy(demo_dir / "demo.mp4", source)
    (tmp_path / "folder.mp4").mkdir()
    the_line(facerec("run", source, "--out", source), 2, "source.mp4", "lost")
    the_line(facerec("run", source, "--events", source), 2, "source.mp4", "lost")
    the_line(facerec("run", source, "--out", "x.avi"), 2, ".mp4")
    the_line(facerec("run", source, "--out", tmp_path / "folder.mp4"), 9, "folder")
    the_line(facerec("run", source, "--events", source / "events.jsonl"), 9, "events.jsonl")
    the_line(facerec("demo", "--no-window", "--out", source, "--json"), 9, "source.mp4")
    ran = facerec("identify", demo_dir / "sources" / "biden.jpg", "--annotate", source)
    assert ran.code == 9
    assert "source.mp4" in ran.stderr
    assert source.read_bytes() == (demo_dir / "demo.mp4").read_bytes()


def test_a_missing_folder_for_outputs_is_made(facerec: Facerec, tmp_path: Path, demo_dir: Path) -> None:
    events, named = tmp_path / "a" / "b" / "events.jsonl", tmp_path / "c" / "d"
    assert facerec("run", demo_dir / "people" / "Grace_Hopper", "--events", events).code == 0
    assert len(events.read_text(encoding="utf-8").splitlines()) == 1
    assert facerec("identify", demo_dir / "sources" / "biden.jpg", "--annotate", named).code == 0
    assert [file.name for file in named.iterdir()] == ["biden.jpg"]


@contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[Path]:
    """Mount a disk of that size, or skip the test where that is not allowed."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount the small disk that this test fills")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not let the test mount the small disk that it fills")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, leave_kb: int) -> None:
    (disk / "filler").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - leave_kb * 1024)))


def test_a_full_disk_keeps_the_gallery_as_it_was(facerec: Facerec, tmp_path: Path, demo_dir: Path) -> None:
    with small_disk(tmp_path / "disk", 2_000) as disk:
        database = disk / "gallery"
        assert facerec("--database", database, "import", demo_dir / "people").code == 0
        before = facerec("--database", database, "people", "list", "--json").json
        fill(disk, leave_kb=20)
        the_line(facerec("--database", database, "enrol", "Joe", demo_dir / "sources" / "biden.jpg"), 5, "disk is full")
        (tmp_path / "more").mkdir()
        shutil.copytree(demo_dir / "sources", tmp_path / "more" / "Somebody")
        the_line(facerec("--database", database, "import", tmp_path / "more"), 5, "disk is full")
        assert facerec("--database", database, "people", "list", "--json").json == before
        (disk / "filler").unlink()
        assert facerec("--database", database, "enrol", "Joe", demo_dir / "sources" / "biden.jpg").code == 0


def test_a_full_disk_for_outputs_is_said_and_old_outputs_stay(facerec: Facerec, tmp_path: Path, demo_dir: Path) -> None:
    with small_disk(tmp_path / "disk", 3_000) as disk:
        video, events = disk / "named.mp4", disk / "events.jsonl"
        video.write_bytes(b"an earlier video")
        events.write_text("an earlier run\n", encoding="utf-8")
        fill(disk, leave_kb=40)
        the_line(facerec("run", demo_dir / "demo.mp4", "--out", video), 9, "disk is full", "named.mp4")
        the_line(facerec("run", demo_dir / "demo.mp4", "--events", events), 9, "disk is full", "events.jsonl")
        the_line(facerec("demo", "--no-window", "--json", "--out", disk), 9, "disk is full")
        ran = facerec("identify", demo_dir / "sources" / "biden.jpg", "--annotate", disk / "named", "--json")
        assert ran.code == 9
        assert "space" in ran.stderr
        assert video.read_bytes() == b"an earlier video"
        assert events.read_text(encoding="utf-8") == "an earlier run\n"
        assert {file.name for file in disk.rglob("*") if file.is_file()} == {"named.mp4", "events.jsonl", "filler"}


def test_standard_output_on_a_full_disk_is_said(facerec_process: Facerec, tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    command = [sys.executable, "-m", "facerec_app", "models", "list", "--json"]
    with full.open("w", encoding="utf-8") as stdout:
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 9
    assert done.stderr.strip().splitlines() == ["error: The disk is full; free some space and try again."]


def test_what_nobody_foresaw_is_one_line_with_the_details_in_a_file(
    facerec: Facerec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_self: object) -> None:
        raise RuntimeError("a fault\nin two lines")

    monkeypatch.setattr("facerec_app.services.people.PeopleService.everybody", fail)
    ran = facerec("people", "list")
    the_line(ran, 1, "a fault in two lines", "errors.log")
    (log,) = tmp_path.rglob("errors.log")
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_two_imports_at_once_enrol_everybody_once(facerec: Facerec, tmp_path: Path, demo_dir: Path) -> None:
    people = tmp_path / "people"
    shutil.copytree(demo_dir / "people", people)
    shutil.copytree(demo_dir / "sources", people / "Somebody")
    command = [sys.executable, "-m", "facerec_app", "import", str(people), "--json"]
    environment = {**os.environ, "FACEREC_DATABASE": str(tmp_path / "gallery")}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    reports = []
    for process in both:
        stdout, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        reports.append(json.loads(stdout))
    assert sum(report["enrolled"] for report in reports) == 6
    enrolled = {person["name"]: person["faces"] for person in facerec("people", "list", "--json").json}
    assert enrolled == {"Barack Obama": 1, "Grace Hopper": 1, "Somebody": 4}
