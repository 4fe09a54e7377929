"""Threads that give way to the one that draws."""

from __future__ import annotations

import os
import sys
import threading


def lower_thread_priority(steps: int) -> None:
    """Let the calling thread, and those it starts, wait for others that want the processor.

    Linux schedules threads one by one and takes a thread's number where a process's is asked for (setpriority(2),
    "C library/kernel differences"); elsewhere the niceness belongs to the whole process, and nothing is changed.

    Args:
        steps: niceness to add, 1 to 19. An ordinary user cannot take it back.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + steps))
