"""How the processor's cores are shared out."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def live_threads(setting: int) -> int:
    """Return the threads of each network while frames stream: what is set, or half the cores for 0.

    Faces are found and judged at the same time, beside decoding and drawing. Networks that each take every core spend
    a third of the processor's time on waiting for one another (measured in docs/speed.md).
    """
    return setting if setting > 0 else max(1, usable_cores() // 2)


def set_opencv_threads(threads: int) -> None:
    """Give OpenCV so many threads in this process; its picture operations run beside the networks."""
    import cv2

    cv2.setNumThreads(threads)
