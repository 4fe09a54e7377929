"""The people of the gallery: who they are, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facerec_app.core.errors import GalleryReadError
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.gallery_edits import GalleryEdits
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.person_contents import PersonContents, contents_of
from facerec_app.gallery.records import Consent, EnrolledFace, FaceState, Person
from facerec_app.services.gallery_history import GalleryHistory
from facerec_app.services.last_seen import LastSeen
from facerec_app.services.versions import VersionService


class PeopleService:
    """Looks up and changes people by name or identifier; every change is one transaction of the gallery.

    All changes but the deletion of a person can be taken back until the program ends (``history``).

    Args:
        store: the gallery.
        versions: networks trained on it, which a removed person must not live on in; None if there are none.
    """

    def __init__(self, store: GalleryStore, versions: VersionService | None = None) -> None:
        self._store = store
        self._versions = versions
        self._edits = GalleryEdits(store)
        self.history = GalleryHistory(self._edits)
        self.last_seen = LastSeen(store)

    def take_over(self, other: PeopleService) -> None:
        """Go on with what another service for the same gallery remembers: what can be taken back, who was seen when."""
        self.history.take_over(other.history)
        self.last_seen.take_over(other.last_seen)

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
        person_id = self.find(name_or_id).person_id
        self.history.record(self._edits.rename(person_id, new_name))
        return self._store.get_person(person_id)

    def set_consent(self, name_or_id: str, consent: Consent | None) -> Person:
        """Record what a person agreed to, or that nothing is recorded.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
        """
        person_id = self.find(name_or_id).person_id
        self.history.record(self._edits.set_consent(person_id, consent))
        return self._store.get_person(person_id)

    def merge(self, from_name_or_id: str, into_name_or_id: str) -> Person:
        """Give all faces of one person to another, remove the first and return the second.

        Raises:
            PersonNotFoundError: if one of them does not exist.
            GalleryWriteError: if both are the same.
        """
        source, target = self.find(from_name_or_id), self.find(into_name_or_id)
        self.history.record(self._edits.merge(source.person_id, target.person_id))
        return self._store.get_person(target.person_id)

    def split(self, face_ids: Sequence[str], new_name: str) -> Person:
        """Make some faces of one person a new person and return that one.

        Raises:
            ConfigError, DuplicatePersonError, GalleryWriteError, GalleryReadError: as the message says.
        """
        change = self._edits.split(face_ids, new_name)
        self.history.record(change)
        return self._store.find_person(new_name)

    def move_faces(self, face_ids: Sequence[str], name_or_id: str) -> Person:
        """Give faces to another person and return that one.

        Raises:
            PersonNotFoundError, GalleryReadError, GalleryWriteError: as the message says.
        """
        person_id = self.find(name_or_id).person_id
        self.history.record(self._edits.move_faces(face_ids, person_id))
        return self._store.get_person(person_id)

    def remove_faces(self, face_ids: Sequence[str]) -> None:
        """Remove faces with pictures and features; all but a person's last, for which there is ``remove``.

        Raises:
            GalleryReadError, GalleryWriteError: as the message says.
        """
        self.history.record(self._edits.remove_faces(face_ids))

    def set_portrait(self, face_id: str) -> Person:
        """Let a face stand for its person in lists.

        Raises:
            GalleryReadError: if there is no such face.
        """
        person_id = self._store.get_face(face_id).person_id
        self.history.record(self._edits.set_portrait(person_id, face_id))
        return self._store.get_person(person_id)

    def set_face_state(self, face_ids: Sequence[str], state: FaceState) -> None:
        """Let faces take part in recognition or not.

        Raises:
            GalleryReadError, GalleryWriteError: as the message says.
        """
        self.history.record(self._edits.set_state(face_ids, state))

    def undo(self) -> str | None:
        """Take back the last change and return what it was, None if there is none.

        Raises:
            GalleryChangedError: if what it touched was changed meanwhile; nothing was done.
        """
        change = self.history.undo()
        return change.description if change is not None else None

    def redo(self) -> str | None:
        """Do again what was taken back last and return what it was, None if there is nothing.

        Raises:
            GalleryChangedError: if what it touched was changed meanwhile; nothing was done.
        """
        change = self.history.redo()
        return change.description if change is not None else None

    def find_face(self, identifier: str) -> EnrolledFace:
        """Return the face whose identifier begins with this.

        Raises:
            GalleryReadError: if there is none or more than one.
        """
        wanted = identifier.strip().lower()
        everybody = self._store.people()
        found = [f for p in everybody for f in self._store.faces_of(p.person_id) if f.face_id.startswith(wanted)]
        if len(found) != 1 or len(wanted) < 4:
            what = "no face" if not found else f"{len(found)} faces"
            raise GalleryReadError(
                f"There is {what} whose identifier begins with '{identifier:.40}'; see 'facerec people show NAME'."
            )
        return found[0]

    def contents(self, name_or_id: str) -> PersonContents:
        """Return everything that is kept of a person, which ``remove`` would delete.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
        """
        return contents_of(self._store, self.find(name_or_id).person_id)

    def trained_versions(self, name_or_id: str) -> tuple[str, ...]:
        """Return the versions of the similarity network that a person's faces took part in, which ``remove`` deletes.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
        """
        person_id = self.find(name_or_id).person_id
        if self._versions is None:
            return ()
        trained = (self._versions.trained_on(one) for one in sorted(self._trained_as(person_id)))
        return tuple(sorted({record.version_id for records in trained for record in records}))

    def remove(self, name_or_id: str, *, keep_versions: bool = False) -> Person:
        """Delete a person with every picture and feature of theirs; return who it was.

        Networks that were trained on their faces go too, unless they are kept: then only the person's identifiers go
        from their records.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
            GalleryWriteError: if it could not be done; then the person is as they were, or, if the message says that
                of versions, gone but for these.
        """
        person_id = self.find(name_or_id).person_id
        trained_as = self._trained_as(person_id)
        person = self._store.remove_person(person_id)
        self.history.forget_person(person_id, person.name)
        self.last_seen.forget(person_id)
        if self._versions is not None and keep_versions:
            for gone in sorted(trained_as - {one.person_id for one in self._store.people()}):
                self._versions.keep_without(gone)
        elif self._versions is not None:
            for owner in sorted(trained_as):
                self._versions.forget_person(owner)
        return person

    def export(self, name_or_id: str, folder: Path) -> tuple[Path, ...]:
        """Write a person's pictures and record into a new or empty folder; return the files.

        Raises:
            PersonNotFoundError: if there is nobody of that name.
            OutputWriteError: if the folder holds something or cannot be written.
        """
        return self._store.export_person(self.find(name_or_id).person_id, folder)

    def picture(self, face_id: str) -> UInt8Array:
        """Return the picture of a face, ``(H, W, 3)`` uint8.

        Raises:
            GalleryReadError: if there is no such face, or its picture is missing or damaged.
        """
        return self._store.read_picture(face_id)

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

    def _trained_as(self, person_id: str) -> frozenset[str]:
        """Return under which identifiers a person's faces took part in training: pictures that came by a merge or were
        moved did so as somebody else's."""
        faces = [face.face_id for face in self._store.faces_of(person_id)]
        owners = self._versions.owners_of(faces) if self._versions is not None else frozenset()
        return owners | {person_id}
