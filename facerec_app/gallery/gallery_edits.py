"""Changes of people and faces that can be taken back: each is one transaction and returns what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType

from facerec_app.core.errors import GalleryWriteError
from facerec_app.gallery.change_rows import restore_part, select_content, select_part
from facerec_app.gallery.gallery_change import GalleryChange, GalleryPart
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import Consent, EnrolledFace, FaceState, Person


class GalleryEdits:
    """Makes changes through the store and records the rows they touched, before and after.

    Every method can raise what the store's methods raise; then nothing was changed.
    """

    def __init__(self, store: GalleryStore) -> None:
        self._store = store

    def rename(self, person_id: str, name: str) -> GalleryChange:
        """Give a person another name.

        Raises:
            ConfigError, DuplicatePersonError, PersonNotFoundError: as the message says.
        """
        old = self._store.get_person(person_id).name
        return self._change(
            f"rename {old} to {' '.join(name.split())}",
            [person_id],
            [],
            lambda: self._store.rename_person(person_id, name),
        )

    def set_consent(self, person_id: str, consent: Consent | None) -> GalleryChange:
        """Record what a person agreed to.

        Raises:
            PersonNotFoundError: there is no such person.
        """
        name = self._store.get_person(person_id).name
        return self._change(
            f"change the consent of {name}", [person_id], [], lambda: self._store.set_consent(person_id, consent)
        )

    def set_portrait(self, person_id: str, face_id: str | None) -> GalleryChange:
        """Choose the face that stands for a person in lists.

        Raises:
            PersonNotFoundError: there is no such person.
            GalleryReadError: the face does not exist or is another person's.
        """
        name = self._store.get_person(person_id).name
        return self._change(
            f"change the portrait of {name}", [person_id], [], lambda: self._store.set_portrait(person_id, face_id)
        )

    def merge(self, from_id: str, into_id: str) -> GalleryChange:
        """Give all faces of one person to another and remove the first.

        Raises:
            PersonNotFoundError: one of them does not exist.
            GalleryWriteError: both are the same.
        """
        source, target = self._store.get_person(from_id), self._store.get_person(into_id)
        faces = [face.face_id for face in self._store.faces_of(from_id)]
        return self._change(
            f"merge {source.name} into {target.name}",
            [from_id, into_id],
            faces,
            lambda: self._store.merge_people(from_id, into_id),
        )

    def split(self, face_ids: Sequence[str], name: str) -> GalleryChange:
        """Make some faces of one person a new person, with the consent recorded for the first.

        Raises:
            ConfigError, DuplicatePersonError: the name cannot be used.
            GalleryWriteError: the faces are none, of several people, or all of the person's.
        """
        owner = self._owner(face_ids)
        if len(set(face_ids)) == owner.face_count:
            raise GalleryWriteError(f"These are all pictures of {owner.name}; rename the person instead.")
        made: list[str] = []

        def work() -> None:
            person = self._store.add_person(name, consent=owner.consent)
            made.append(person.person_id)
            for face_id in face_ids:
                self._store.move_face(face_id, person.person_id)

        new_name = " ".join(name.split())
        return self._change(
            f"make {_pictures(len(face_ids))} of {owner.name} the person {new_name}",
            [owner.person_id],
            face_ids,
            work,
            made,
        )

    def move_faces(self, face_ids: Sequence[str], person_id: str) -> GalleryChange:
        """Give faces to another person.

        Raises:
            PersonNotFoundError: there is no such person.
            GalleryReadError: there is no such face.
            GalleryWriteError: no faces were given, or a person would be left without any.
        """
        target = self._store.get_person(person_id)
        owners = self._owners(face_ids, leaving=person_id)

        def work() -> None:
            for face_id in face_ids:
                self._store.move_face(face_id, person_id)

        people = list(dict.fromkeys([*(owner.person_id for owner in owners), person_id]))
        return self._change(f"move {_pictures(len(face_ids))} to {target.name}", people, face_ids, work)

    def set_state(self, face_ids: Sequence[str], state: FaceState) -> GalleryChange:
        """Let faces take part in recognition or not.

        Raises:
            GalleryReadError: there is no such face.
            GalleryWriteError: no faces were given.
        """
        self._owners(face_ids)

        def work() -> None:
            for face_id in face_ids:
                self._store.set_face_state(face_id, state)

        words = "use {0} again" if state is FaceState.ACTIVE else "stop using {0}"
        return self._change(words.format(_pictures(len(face_ids))), [], face_ids, work)

    def remove_faces(self, face_ids: Sequence[str]) -> GalleryChange:
        """Remove faces with pictures, embeddings and judgements; the change returned holds what is needed to bring
        them back, the disk nothing.

        Raises:
            GalleryReadError: there is no such face, or its picture is damaged.
            GalleryWriteError: no faces were given, or a person would be left without any.
        """
        owners = self._owners(face_ids, leaving="")
        names = " and ".join(owner.name for owner in owners)

        def work() -> None:
            for face_id in face_ids:
                self._store.remove_face(face_id)

        return self._change(
            f"remove {_pictures(len(face_ids))} of {names}",
            [owner.person_id for owner in owners],
            face_ids,
            work,
            removes=True,
        )

    def take_back(self, change: GalleryChange) -> None:
        """Undo a change.

        Raises:
            GalleryChangedError: what it touched was changed since; nothing was done.
        """
        self._restore(change, change.after, change.before)

    def repeat(self, change: GalleryChange) -> None:
        """Do a change again that was taken back.

        Raises:
            GalleryChangedError: what it touched was changed since; nothing was done.
        """
        self._restore(change, change.before, change.after)

    def _restore(self, change: GalleryChange, present: GalleryPart, wanted: GalleryPart) -> None:
        database = self._store.database
        with database.write() as connection:
            restore_part(connection, database.pictures, present, wanted, change.contents)

    def _change(
        self,
        description: str,
        person_ids: Iterable[str],
        face_ids: Iterable[str],
        work: Callable[[], object],
        made: Sequence[str] = (),
        *,
        removes: bool = False,
    ) -> GalleryChange:
        """Do some work in one transaction and record what it did; ``made`` names people who exist after it only."""
        people, faces, database = list(person_ids), list(dict.fromkeys(face_ids)), self._store.database
        with self._store.transaction(), database.read() as connection:
            before = select_part(connection, people, faces)
            contents = {i: select_content(connection, database.pictures, i) for i in faces} if removes else {}
            work()
            after = select_part(connection, [*people, *made], faces)
        earlier = replace(before, people=MappingProxyType({**dict.fromkeys(made), **before.people}))
        return GalleryChange(description, earlier, after, MappingProxyType(contents))

    def _owner(self, face_ids: Sequence[str]) -> Person:
        owners = self._owners(face_ids)
        if len(owners) > 1:
            raise GalleryWriteError(f"The pictures are of {owners[0].name} and {owners[1].name}; choose one person's.")
        return owners[0]

    def _owners(self, face_ids: Sequence[str], *, leaving: str | None = None) -> list[Person]:
        """Return whose the faces are; with ``leaving``, refuse to take somebody's last face (to that person)."""
        if not face_ids:
            raise GalleryWriteError("No pictures were chosen; choose at least one.")
        faces: list[EnrolledFace] = [self._store.get_face(face_id) for face_id in dict.fromkeys(face_ids)]
        owners = [self._store.get_person(person_id) for person_id in dict.fromkeys(face.person_id for face in faces)]
        for owner in owners:
            going = sum(face.person_id == owner.person_id for face in faces)
            if leaving is not None and owner.person_id != leaving and going == owner.face_count:
                advice = "merge the person instead" if leaving else "delete the person instead"
                raise GalleryWriteError(f"{owner.name} would be left without pictures; {advice}.")
        return owners


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
