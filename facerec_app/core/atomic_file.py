"""Files that are either there whole or not there at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a kill or a full disk at any moment leaves the old file or the new one, never half of one.

    The bytes go to a hidden name in the same folder, are synced to disk and then take the final name.

    Raises:
        OSError: the folder is missing, not writable or full; a file that stood there is untouched.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(folder: Path) -> None:
    """Make the names in a folder survive a power cut; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
