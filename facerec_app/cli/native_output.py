"""Keeps what native libraries write straight to standard error off a terminal that shows progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from facerec_app.cli.console import err

_STDERR = 2


@contextmanager
def quiet_native_output() -> Iterator[None]:
    """Send the process's standard error to nowhere, and what this program itself writes there to the terminal still.

    TensorFlow logs several lines while it is imported, whatever it is told. Where standard error is no terminal (a
    file, a pipe), nothing is changed: there a log is wanted whole.
    """
    if not err.is_terminal:
        yield
        return
    before, shown = sys.stderr, os.fdopen(os.dup(_STDERR), "w", buffering=1, encoding="utf-8", errors="replace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(nowhere, _STDERR)
        sys.stderr = shown
        yield
    finally:
        sys.stderr = before
        shown.flush()
        os.dup2(shown.fileno(), _STDERR)
        shown.close()
        os.close(nowhere)
