"""Makes a process end when whoever started it ends or closes its input, on every system."""

from __future__ import annotations

import os
import sys
import threading

INTERRUPTED = 130


class EndWithInput:
    """Watches standard input and ends the process at its end, until ``hold`` was called.

    A killed parent's pipes are closed by the system, so nothing is left running. Ending is immediate: a library that
    takes seconds to import does not delay it, and what the process stores is safe against a kill at any moment.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watcher = threading.Thread(target=self._watch, name="end-with-input", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._watcher.start()

    def hold(self) -> None:
        """Let the process end by itself from now on: it is storing its result and will be done in a moment."""
        self._lock.acquire()

    def _watch(self) -> None:
        while sys.stdin.buffer.read(1):
            continue
        with self._lock:
            os._exit(INTERRUPTED)


def become_background() -> None:
    """Give way to everything else that wants the processor; on Windows the parent arranges it."""
    if hasattr(os, "nice"):
        os.nice(5)
