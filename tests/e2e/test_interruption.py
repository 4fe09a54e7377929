"""Ctrl-C and the request to end: the program stops soon, keeps what was done, and a second run goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
from PIL import Image

from facerec_app.config.paths import DatabasePaths
from facerec_app.gallery.gallery_store import GalleryStore
from tests.e2e.conftest import Facerec, Ran

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals and no SIGTERM")

STOP_S = 2.0
PICTURES = 60


@dataclass(slots=True)
class RunningCommand:
    """A command whose progress bar is read from a terminal of its own."""

    process: subprocess.Popen[str]
    terminal: int
    shown: str = ""

    def wait_until_done(self, units: int) -> None:
        """Read the terminal until the progress bar has come so far."""
        while not any(int(done) >= units for done in re.findall(r"(\d+)/\d+", self.shown)):
            try:
                self.shown += os.read(self.terminal, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                pytest.fail(f"the command ended before {units} units were done: {self.shown[-500:]}")

    def interrupt(self, number: int, times: int = 1) -> Ran:
        """Send a signal; check that the command ends in time and return what it left."""
        began_s = time.monotonic()
        for _ in range(times):
            self.process.send_signal(number)
        stdout, _ = self.process.communicate(timeout=30)
        took_s = time.monotonic() - began_s
        assert took_s < STOP_S, f"it took {took_s:.1f} s to stop"
        return Ran(self.process.returncode, stdout, self.shown)


@contextmanager
def running(*arguments: object) -> Iterator[RunningCommand]:
    import pty

    terminal, far_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "facerec_app", *map(str, arguments)],
        env={**os.environ, "COLUMNS": "200", "TERM": "xterm"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=far_end, text=True,
    )  # fmt: skip
    os.close(far_end)
    try:
        yield RunningCommand(process, terminal)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        os.close(terminal)


@pytest.fixture(scope="module")
def many_people(tmp_path_factory: pytest.TempPathFactory, demo_dir: Path) -> Path:
    """Return a folder of many people with one picture each, as far as anybody knows."""
    root = tmp_path_factory.mktemp("people")
    picture = Image.open(demo_dir / "sources" / "astronaut.png").convert("RGB").resize((256, 256))
    for number in range(PICTURES):
        folder = root / f"Person_{number:02d}"
        folder.mkdir()
        picture.save(folder / "1.jpg")
    return root


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_interrupted_keeps_who_was_enrolled_and_goes_on(
    facerec: Facerec, many_people: Path, tmp_path: Path, number: int
) -> None:
    with running("import", many_people) as command:
        command.wait_until_done(3)
        ran = command.interrupt(number)
    assert ran.code == 130
    people = facerec("people", "list", "--json").json
    assert 3 <= len(people) < PICTURES
    assert all(person["faces"] == 1 for person in people)
    assert f"{len(people)} faces of {len(people)} people enrolled" in ran.stdout
    store = GalleryStore(DatabasePaths(tmp_path / "gallery"))
    assert store.check() == ()
    store.close()
    again = facerec("import", many_people, "--json")
    assert again.code == 0
    assert (again.json["enrolled"], again.json["imported_before"]) == (PICTURES - len(people), len(people))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_leaves_a_video_that_plays_and_whole_events(
    facerec: Facerec, demo_dir: Path, tmp_path: Path, number: int
) -> None:
    facerec("import", demo_dir / "people")
    video, events = tmp_path / "named.mp4", tmp_path / "events.jsonl"
    with running("run", demo_dir / "demo.mp4", "--out", video, "--events", events) as command:
        command.wait_until_done(90)
        ran = command.interrupt(number)
    assert ran.code == 130
    assert "frames in" in ran.stdout
    capture = cv2.VideoCapture(str(video))
    promised, played = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0
    while capture.read()[0]:
        played += 1
    capture.release()
    assert 90 <= played == promised
    text = events.read_text(encoding="utf-8")
    frames = [json.loads(line)["frame"] for line in text.splitlines()]
    assert text.endswith("\n")
    assert frames == sorted(frames)
    assert frames[-1] < played
    assert {file.name for file in tmp_path.iterdir()} == {"gallery", "named.mp4", "events.jsonl"}


def test_identify_that_is_interrupted_prints_what_was_found(
    facerec: Facerec, demo_dir: Path, many_people: Path, tmp_path: Path
) -> None:
    facerec("import", demo_dir / "people")
    pictures = sorted(many_people.glob("*/*.jpg"))
    with running("identify", *pictures, "--annotate", tmp_path / "named") as command:
        command.wait_until_done(3)
        ran = command.interrupt(signal.SIGINT)
    assert ran.code == 130
    listed = ran.stdout.count("1.jpg")
    assert 3 <= listed < PICTURES
    annotated = list((tmp_path / "named").iterdir())
    assert len(annotated) == listed
    assert all(cv2.imread(str(file)) is not None for file in annotated)


def test_a_second_interrupt_ends_at_once_and_leaves_the_gallery_sound(
    facerec: Facerec, many_people: Path, tmp_path: Path
) -> None:
    with running("import", many_people) as command:
        command.wait_until_done(2)
        ran = command.interrupt(signal.SIGINT, times=2)
    assert ran.code in {130, -signal.SIGINT}
    assert "Traceback" not in ran.stderr
    store = GalleryStore(DatabasePaths(tmp_path / "gallery"))
    assert store.check() == ()
    store.close()
    assert 2 <= len(facerec("people", "list", "--json").json) < PICTURES
