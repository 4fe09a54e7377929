"""A lock between programs that a crash cannot leave behind: the system holds it and frees it when the holder ends."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

_RETRY_S = 0.02


class FileLock:
    """An exclusive lock on a small file, which stays where it is; what counts is who holds it, not that it exists.

    Args:
        file: of the lock; its folder must exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stream: BinaryIO | None = None

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Take the lock and return whether it could be had within the time.

        Raises:
            OSError: the file cannot be made or opened.
        """
        stream = self._file.open("a+b")
        deadline_s = time.monotonic() + timeout_s
        while not _try_lock(stream):
            if time.monotonic() >= deadline_s:
                stream.close()
                return False
            time.sleep(_RETRY_S)
        self._stream = stream
        return True

    def release(self) -> None:
        """Give the lock back; without it this does nothing."""
        if self._stream is not None:
            self._stream.close()  # which also unlocks
            self._stream = None


def _try_lock(stream: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if isinstance(exc, BlockingIOError | PermissionError) or (os.name == "nt" and exc.errno == 36):
            return False
        raise
    return True
