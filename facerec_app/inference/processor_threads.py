"""How the processor's cores are shared out."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def live_threads(setting: int) -> int:
    """Return the threads of each network while frames stream: what is set, or for 0 half the cores, but two at least.

    Faces are found and judged at the same time, beside decoding and drawing, so a network that takes every one of many
    cores waits for the others. Of two cores each network takes both: most of the time the others do not need theirs
    (measured in docs/speed.md).
    """
    cores = usable_cores()
    return setting if setting > 0 else min(cores, max(2, cores // 2))


def set_opencv_threads(threads: int) -> None:
    """Give OpenCV so many threads in this process; its picture operations run beside the networks."""
    import cv2

    cv2.setNumThreads(threads)
