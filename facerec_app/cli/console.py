"""Output for people (tables, progress with time left) and for scripts (JSON); errors as one line on stderr."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from facerec_app.services.progress import Progress as WorkProgress
from facerec_app.services.progress import ProgressCallback

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value as indented JSON on standard output, and nothing else."""
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_error(message: str) -> None:
    """Print one error line on standard error."""
    err.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)


def print_warning(message: str) -> None:
    """Print one warning line on standard error."""
    err.print(f"[bold yellow]note:[/] {escape(message)}", soft_wrap=True)


@contextmanager
def progress_bar(title: str, *, shown: bool = True) -> Iterator[ProgressCallback]:
    """Show progress with time left while the ``with`` block runs; yields the callback to feed.

    It goes to standard error, and only if that is a terminal.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[what]}[/]"),
    )
    with Progress(*columns, console=err, transient=True, disable=not (shown and err.is_terminal)) as bar:
        task = bar.add_task(title, total=None, what="")

        def report(progress: WorkProgress) -> None:
            bar.update(task, completed=progress.done, total=progress.total, what=escape(progress.what[-40:]))

        yield report


class StopRequest:
    """Ctrl-C asks the work to end cleanly; a second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        return self._event.is_set()

    def ask(self) -> None:
        self._event.set()


@contextmanager
def stop_on_interrupt() -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a request to stop while the ``with`` block runs."""
    request = StopRequest()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if request():
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        request.ask()

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
