"""The people of the gallery: who they are, and what can be done with them."""

from __future__ import annotations

from pathlib import Path

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace, Person


class PeopleService:
    """Looks up and changes people by name or identifier; every change is one transaction of the gallery."""

    def __init__(self, store: GalleryStore) -> None:
        self._store = store

    def everybody(self) -> tuple[Person, ...]:
        """Return all people, by name."""
        return self._store.people()

    def find(self, name_or_id: str) -> Person:
        """Return one person.

        Raises:
            PersonNotFoundError: if there is nobody; the message names similar ones.
        """
        return self._store.find_person(name_or_id)

    def faces(self, name_or_id: str) -> tuple[EnrolledFace, ...]:
        """Return a person's faces in the order of their enrolment.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
        """
        return self._store.faces_of(self.find(name_or_id).person_id)

    def rename(self, name_or_id: str, new_name: str) -> Person:
        """Give a person another name.

        Raises:
            PersonNotFoundError, DuplicatePersonError, ConfigError: as the message says.
        """
        return self._store.rename_person(self.find(name_or_id).person_id, new_name)

    def remove(self, name_or_id: str) -> Person:
        """Delete a person with every picture and feature of theirs; return who it was.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
            GalleryWriteError: if it could not be done; then nothing was.
        """
        return self._store.remove_person(self.find(name_or_id).person_id)

    def export(self, name_or_id: str, folder: Path) -> tuple[Path, ...]:
        """Write a person's pictures and record into a new or empty folder; return the files.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
            OutputWriteError: if the folder holds something or cannot be written.
        """
        return self._store.export_person(self.find(name_or_id).person_id, folder)

    def portrait(self, person_id: str) -> UInt8Array | None:
        """Return the picture that stands for a person, ``(H, W, 3)`` uint8, or None if they have no face.

        Raises:
            PersonNotFoundError: if there is no such person.
            GalleryReadError: if the picture is missing or damaged.
        """
        face = self.portrait_face(person_id)
        return self._store.read_picture(face.face_id) if face is not None else None

    def portrait_face(self, person_id: str) -> EnrolledFace | None:
        """Return the face that stands for a person: the one chosen, else the largest and sharpest; None without faces.

        Raises:
            PersonNotFoundError: if there is no such person.
        """
        person = self._store.get_person(person_id)
        faces = self._store.faces_of(person_id)
        chosen = next((face for face in faces if face.face_id == person.portrait_face_id), None)
        return chosen or max(faces, key=lambda face: face.size_px * face.sharpness, default=None)
