"""A program that kills itself at every step of a change to the gallery, one step after another.

Usage: ``python -m tests.unit.gallery.gallery_crashes CHANGE TEMPLATE FOLDER``. For step 0, 1, 2, ... it copies gallery
TEMPLATE into FOLDER/STEP, makes the change there in a process of its own that is killed before that step, and prints
``STEP killed`` or, once the change has fewer steps than that, ``STEP done`` and ends. A step is a statement of SQL or a
call that opens, makes or removes a file or folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import cv2

from facerec_app.gallery.gallery_edits import GalleryEdits
from facerec_app.gallery.gallery_store import GalleryStore
from tests.unit.gallery.gallery_material import new_face, open_store

_FILE_STEPS = frozenset({"open", "os.mkdir", "os.remove", "os.rename"})
_MOST_STEPS = 200


def add_two_faces(store: GalleryStore) -> None:
    """Enrol two faces at once."""
    store.add_faces(store.people()[0].person_id, [new_face(100), new_face(101)])


def add_a_person_in_a_batch(store: GalleryStore) -> None:
    """Enrol a person with a face, sharing one commit."""
    with store.batch(), store.transaction():
        person = store.add_person("New")
        store.add_face(person.person_id, new_face(100))


def remove_a_person(store: GalleryStore) -> None:
    """Remove somebody with two faces."""
    store.remove_person(store.people()[0].person_id)


def merge_two_people(store: GalleryStore) -> None:
    """Make one of two people."""
    one, two = store.people()
    store.merge_people(one.person_id, two.person_id)


def remove_a_face_take_it_back_and_repeat(store: GalleryStore) -> None:
    """Remove a face three times over."""
    edits = GalleryEdits(store)
    change = edits.remove_faces([store.faces_of(store.people()[0].person_id)[0].face_id])
    edits.take_back(change)
    edits.repeat(change)


def split_a_person(store: GalleryStore) -> None:
    """Make one face of somebody a new person."""
    GalleryEdits(store).split([store.faces_of(store.people()[0].person_id)[0].face_id], "New")


CHANGES: dict[str, Callable[[GalleryStore], None]] = {
    change.__name__: change
    for change in (
        add_two_faces,
        add_a_person_in_a_batch,
        remove_a_person,
        merge_two_people,
        remove_a_face_take_it_back_and_repeat,
        split_a_person,
    )
}


def change_and_crash(change: Callable[[GalleryStore], None], folder: Path, step: int) -> None:
    """Make the change and be killed before the given step of it; leave with exit code 0 if it has fewer."""
    store = open_store(folder)
    steps_left = step

    def count(*_what: object) -> None:
        nonlocal steps_left
        if steps_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps_left -= 1

    store._database._connection.set_trace_callback(count)
    sys.addaudithook(lambda event, _arguments: count() if event in _FILE_STEPS else None)
    change(store)
    os._exit(0)


def crash_at_every_step(change: Callable[[GalleryStore], None], template: Path, folder: Path) -> None:
    """Run the change again and again, killed one step later each time."""
    cv2.setNumThreads(1)  # no threads may run when the process is divided
    for step in range(_MOST_STEPS):
        copy = folder / str(step)
        shutil.copytree(template, copy)
        child = os.fork()
        if child == 0:
            change_and_crash(change, copy, step)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        print(step, "killed" if killed else "done", flush=True)
        if not killed:
            return


if __name__ == "__main__":
    crash_at_every_step(CHANGES[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]))
