"""A program that kills itself at every step of storing and promoting a version, one step later each time.

Usage: ``python -m tests.unit.models.version_crashes FOLDER``. For step 0, 1, 2, ... it makes versions ``v1`` (promoted)
and ``v2`` in FOLDER/STEP, then, in a process of its own that is killed before that step, stores and promotes ``v3``,
goes back, and removes ``v3``. It prints ``STEP killed`` or, once there are fewer steps, ``STEP done`` and ends. A step
is a call that opens, makes, renames or removes a file or folder.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from facerec_app.models.version_record import VersionData, VersionRecord
from facerec_app.models.version_store import VersionStore

_FILE_STEPS = frozenset({"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree"})
_MOST_STEPS = 400


def small_record(version_id: str) -> VersionRecord:
    """Return a record of nobody."""
    return VersionRecord(
        version_id, datetime(2026, 11, 1, tzinfo=UTC), "extractor", "scorer", "similarity", None, {}, 1,
        VersionData({}, "face", {}, 0, 0), {},
    )  # fmt: skip


def change_and_crash(folder: Path, step: int) -> None:
    """Do everything that changes versions and be killed before the given step; leave with 0 if there are fewer."""
    store, left = VersionStore(folder), step

    def count(event: str, _arguments: object) -> None:
        nonlocal left
        if event in _FILE_STEPS:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(count)
    store.add(small_record("v3"), b"three", b"{}")
    store.promote("v3")
    store.rollback()
    store.remove("v3")
    os._exit(0)


def main(folder: Path) -> None:
    """Crash one step later each time."""
    for step in range(_MOST_STEPS):
        store = VersionStore(folder / str(step))
        store.add(small_record("v1"), b"one", b"{}")
        store.add(small_record("v2"), b"two", b"{}")
        store.promote("v1")
        child = os.fork()
        if child == 0:
            change_and_crash(store.folder, step)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            print(step, "done" if os.WEXITSTATUS(status) == 0 else "failed", flush=True)
            return
        print(step, "killed", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
