"""Programs that the gallery's tests start as processes of their own.

Usage: ``python -m tests.unit.gallery.gallery_programs NAME FOLDER [LARGEST FILE IN BYTES]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from facerec_app.core.errors import GalleryError
from facerec_app.gallery.gallery_store import GalleryStore
from tests.unit.gallery.gallery_material import new_face, open_store


def add_faces_for_ever(store: GalleryStore) -> None:
    """Add one face after another, single and in batches, and print each identifier once it is acknowledged."""
    person_id = store.people()[0].person_id
    seed = 0
    while True:
        acknowledge(store.add_face(person_id, new_face(seed)))
        with store.batch():
            added = [store.add_face(person_id, new_face(seed + step)) for step in range(1, 4)]
        for face_id in added:
            acknowledge(face_id)
        seed += 4


def add_forty_faces(store: GalleryStore) -> None:
    """Add faces beside another program that does the same."""
    person_id = store.people()[0].person_id
    print("ready", flush=True)
    sys.stdin.readline()
    for seed in range(20):
        acknowledge(store.add_face(person_id, new_face(seed)))
    with store.batch():
        added = [store.add_face(person_id, new_face(seed)) for seed in range(20, 40)]
    for face_id in added:
        acknowledge(face_id)


def fill_the_disk(store: GalleryStore) -> None:
    """Add faces until there is no room; print what was acknowledged, then the error."""
    person_id = store.people()[0].person_id
    try:
        for seed in range(10_000):
            acknowledge(store.add_face(person_id, new_face(seed)))
    except GalleryError as error:
        print(f"{type(error).__name__}: {error}", flush=True)


def acknowledge(face_id: str) -> None:
    """Tell the test that this face is safe."""
    print(face_id, flush=True)


def limit_file_size(size: int) -> None:
    """Make every file of this process end at a size, as a full disk would."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


PROGRAMS: dict[str, Callable[[GalleryStore], None]] = {
    program.__name__: program for program in (add_faces_for_ever, add_forty_faces, fill_the_disk)
}

if __name__ == "__main__":
    if len(sys.argv) > 3:
        limit_file_size(int(sys.argv[3]))
    with open_store(Path(sys.argv[2])) as opened:
        PROGRAMS[sys.argv[1]](opened)
