"""What Linux says of processes, read from /proc: a bare system has no ``ps``."""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")


def children_of(pid: int) -> set[int]:
    """Return the processes that a process has started and that have not been waited for."""
    return {child for child in _processes() if _state_and_parent(child)[1] == pid}


def is_running(pid: int) -> bool:
    """Return whether a process exists and is no zombie."""
    return _state_and_parent(pid)[0] not in {"", "Z", "X"}


def arguments_of(pid: int) -> str:
    """Return a process's command line, separated by spaces."""
    return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def _processes() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _state_and_parent(pid: int) -> tuple[str, int]:
    """Return the letter of a process's state and its parent, or nothing and 0 if it has ended."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    state, parent = stat.rpartition(")")[2].split()[:2]  # the name before it may hold spaces and brackets
    return state, int(parent)
