"""The parent's end of one stream process."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import numpy as np

from facerec_app.core.types import UInt8Array

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_LOST: dict[str, Any] = {"event": "lost"}


class StreamConnection:
    """One attempt to read an address: a child process that delivers frames until it is lost or ended.

    ``end`` may be called from any thread and makes a waiting ``next_frame`` return at once.
    """

    def __init__(self, address: str, *, open_timeout_s: float, read_timeout_s: float) -> None:
        self._read_timeout_s = read_timeout_s
        self._folder = Path(tempfile.mkdtemp(prefix="facerec-stream-", dir=_memory_folder()))
        self._events: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._mapped_file = ""
        self._mapping: mmap.mmap | None = None
        self._mapping_lock = Lock()
        self._end_lock = Lock()
        self._ended = False
        self._process = self._start()
        self._listener = Thread(target=self._listen, name="stream-events", daemon=True)
        self._listener.start()
        self._send(
            json.dumps(
                {
                    "address": address,
                    "folder": str(self._folder),
                    "open_timeout_s": open_timeout_s,
                    "read_timeout_s": read_timeout_s,
                }
            )
        )

    def wait_until_open(self, timeout_s: float) -> dict[str, Any] | None:
        """Return what the stream says of itself (``frame_rate``, ``frame_count``), or None if it does not open."""
        event = self._next_event(timeout_s)
        return event if event["event"] == "open" else None

    def next_frame(self) -> tuple[str, UInt8Array | None, int]:
        """Return (``"frame"``, pixels, index), or (``"lost"`` or ``"end"``, None, -1)."""
        self._send("next")
        event = self._next_event(self._read_timeout_s)
        if event["event"] != "frame":
            return ("end" if event["event"] == "end" else "lost"), None, -1
        with self._mapping_lock:
            if self._ended:
                return "lost", None, -1
            pixels = self._copy_pixels(str(event["file"]), int(event["height"]), int(event["width"]))
        return "frame", pixels, int(event["index"])

    def end(self) -> None:
        """End the child process and remove its frames; calling it again does nothing."""
        with self._end_lock:
            if self._ended:
                return
            self._ended = True
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=5.0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                self._close_pipe(pipe)
        self._events.put(_LOST)
        with self._mapping_lock:  # Windows does not remove a file that is mapped
            self._unmap()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _unmap(self) -> None:
        if self._mapping is not None:
            self._mapping.close()
            self._mapping = None

    def _start(self) -> subprocess.Popen[str]:
        paths = [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
        # -P: a numpy.py in the working directory must not be imported.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "facerec_app.capture.stream_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            encoding="utf-8",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def _send(self, line: str) -> None:
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()
        except (OSError, ValueError):  # the child has ended; the listener's last event says so
            self._events.put(_LOST)

    def _listen(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._events.put(json.loads(line))
        self._events.put(_LOST)

    def _next_event(self, timeout_s: float) -> dict[str, Any]:
        try:
            return self._events.get(timeout=timeout_s)
        except Empty:
            return _LOST

    def _copy_pixels(self, file: str, height: int, width: int) -> UInt8Array:
        if self._mapping is None or file != self._mapped_file:
            self._unmap()
            with Path(file).open("rb") as stream:
                self._mapping = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            self._mapped_file = file
        return np.frombuffer(self._mapping, np.uint8).reshape(height, width, 3).copy()

    @staticmethod
    def _close_pipe(pipe: Any) -> None:
        try:
            pipe.close()
        except OSError:  # unsent bytes for a process that is gone
            return


def _memory_folder() -> str | None:
    """Return a folder that lives in memory if the system has one with room, else None for the usual place."""
    folder = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder of unguessable name in it
    if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 2**28:
        return str(folder)
    return None
