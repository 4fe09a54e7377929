"""The faces without a name that a gallery keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np

from facerec_app.core.errors import GalleryReadError, GalleryWriteError, PersonNotFoundError
from facerec_app.core.types import Embeddings, Float32Array, UInt8Array
from facerec_app.core.validation import clean_person_name
from facerec_app.gallery import people_rows, unnamed_face_rows
from facerec_app.gallery.face_pictures import decode_face_picture, read_picture_bytes
from facerec_app.gallery.gallery_change import PersonRow
from facerec_app.gallery.gallery_database import GalleryDatabase
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import Consent
from facerec_app.gallery.unnamed_change import UnnamedChange, UnnamedContent
from facerec_app.gallery.unnamed_change_rows import restore_places, select_content, select_person_row, select_places
from facerec_app.gallery.unnamed_face import FaceOrigin, UnnamedFace, UnnamedState

_KEEPS_LIVE = "keep_live_unnamed"


class UnnamedFaces:
    """Faces that nobody has named, by the same rules as enrolled ones: every change is one transaction.

    What is done to them returns a change that can be taken back (``take_back``). Only naming counts as a change of the
    gallery: nothing else here touches recognition.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def all(self) -> tuple[UnnamedFace, ...]:
        """Return every unnamed face, oldest first.

        Raises:
            GalleryReadError: the database is damaged.
        """
        with self._database.read() as connection:
            return unnamed_face_rows.select_unnamed(connection, self._database.pictures.path)

    def get(self, face_id: str) -> UnnamedFace:
        """Return one face.

        Raises:
            GalleryReadError: there is no such face without a name.
        """
        with self._database.read() as connection:
            found = unnamed_face_rows.select_unnamed(
                connection, self._database.pictures.path, "WHERE id = ?", (face_id,)
            )
        if not found:
            raise GalleryReadError(f"There is no unnamed face {face_id}; it may have been named or removed meanwhile.")
        return found[0]

    def read_picture(self, face: UnnamedFace) -> UInt8Array:
        """Return the stored picture of a face, ``(h, w, 3)`` uint8 RGB.

        Raises:
            GalleryReadError: the picture is missing or not what was stored.
        """
        return decode_face_picture(read_picture_bytes(face.picture_file, face.picture_sha256), face.picture_file)

    def add(self, faces: Sequence[PreparedFace], origin: FaceOrigin) -> tuple[str, ...]:
        """Keep faces, all or none, and return the identifiers of those that are new.

        A face whose picture is kept already, byte for byte, with a name or without, is passed over.

        Raises:
            GalleryWriteError: they could not be stored.
        """
        added = []
        with self._database.write(counts=False) as connection:
            for prepared in faces:
                if unnamed_face_rows.insert_unnamed(connection, prepared, origin):
                    self._database.pictures.write(prepared.face_id, prepared.jpeg)
                    added.append(prepared.face_id)
        return tuple(added)

    def add_of_picture(self, sha256: str, faces: Sequence[PreparedFace]) -> tuple[str, ...]:
        """Keep the faces of a picture file and that it was searched, in one transaction, as ``add`` does."""
        with self._database.write(counts=False) as connection:
            added = self.add(faces, FaceOrigin.PICTURE)
            at = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute("INSERT OR REPLACE INTO searched_pictures VALUES (?, ?)", (sha256, at))
        return added

    def was_searched(self, sha256: str) -> bool:
        """Return whether the faces of a picture file were taken before."""
        with self._database.read() as connection:
            row = connection.execute("SELECT 1 FROM searched_pictures WHERE sha256 = ?", (sha256,)).fetchone()
        return row is not None

    @property
    def keeps_live(self) -> bool:
        """Whether faces of live sources are kept; they are not until the user asks for it."""
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEEPS_LIVE,)).fetchone()
        return row is not None and bool(row[0])

    def keep_live(self, wanted: bool) -> None:
        """Keep faces of live sources from now on, or no longer; those that are kept stay until they are removed."""
        with self._database.write(counts=False) as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEEPS_LIVE, int(wanted)))

    def remove_oldest_live(self, keep: int) -> int:
        """Remove the oldest open faces of live sources that no user put into a group, beyond this many.

        Returns:
            How many were removed.
        """
        with self._database.write(counts=False) as connection:
            rows = connection.execute(
                "SELECT id FROM unnamed_faces WHERE origin = 'live' AND state = 'open' AND group_id IS NULL"
                " ORDER BY sequence DESC LIMIT -1 OFFSET ?",
                (keep,),
            ).fetchall()
            self._delete(connection.execute, [str(row[0]) for row in rows])
        return len(rows)

    # Embeddings

    def vectors(self, extractor_version: str) -> dict[str, Float32Array]:
        """Return the features of one extractor version, ``(D,)`` float32 by face id; damaged ones are left out."""
        with self._database.read() as connection:
            return unnamed_face_rows.select_vectors(connection, extractor_version)

    def put_embeddings(self, face_ids: Sequence[str], embeddings: Embeddings) -> None:
        """Store one embedding a face; faces that have gone meanwhile are passed over.

        Raises:
            GalleryWriteError: the numbers of faces and embeddings differ, or a value is not finite.
        """
        if len(face_ids) != len(embeddings) or not np.isfinite(embeddings.vectors).all():
            raise GalleryWriteError(f"{len(embeddings)} embeddings do not fit {len(face_ids)} faces; nothing was kept.")
        with self._database.write(counts=False) as connection:
            unnamed_face_rows.upsert_vectors(connection, face_ids, embeddings.vectors, embeddings.extractor_version)

    # Changes

    def name(self, face_ids: Sequence[str], name: str, *, consent: Consent | None = None) -> UnnamedChange:
        """Enrol faces as a person's, somebody new or the one who has that name, all or none.

        Args:
            face_ids: without a name so far.
            name: of the person, without regard to case.
            consent: recorded with a new person.

        Raises:
            ConfigError: the name is none.
            GalleryReadError: there is no such unnamed face.
            GalleryWriteError: no faces were given, or it could not be stored.
        """
        cleaned = clean_person_name(name)
        made: PersonRow | None = None
        with self._database.write() as connection:
            wanted = self._require(face_ids)
            before = select_places(connection, wanted)
            try:
                person_id = people_rows.find_person(connection, cleaned).person_id
            except PersonNotFoundError:
                person_id = people_rows.insert_person(connection, cleaned, consent)
                made = select_person_row(connection, person_id)
            unnamed_face_rows.move_to_person(connection, wanted, person_id)
            after = select_places(connection, wanted)
        return UnnamedChange(f"name {count_of_faces(wanted)} {cleaned}", before, after, made)

    def put_into_groups(self, groups: Iterable[tuple[Sequence[str], str]], description: str) -> UnnamedChange:
        """Put faces into groups that the user made: each has the faces that it is given, whatever they look like.

        Args:
            groups: face ids with the UUID of their group.
            description: of the change, see ``UnnamedChange``.

        Raises:
            GalleryReadError: there is no such unnamed face.
            GalleryWriteError: no faces were given, or it could not be stored.
        """
        places = [(group_id, face_id) for face_ids, group_id in groups for face_id in face_ids]
        with self._database.write(counts=False) as connection:
            wanted = self._require([face_id for _, face_id in places])
            before = select_places(connection, wanted)
            connection.executemany("UPDATE unnamed_faces SET group_id = ? WHERE id = ?", places)
            after = select_places(connection, wanted)
        return UnnamedChange(description, before, after)

    def set_state(self, face_ids: Sequence[str], state: UnnamedState) -> UnnamedChange:
        """Ask about faces, or never again.

        Raises:
            GalleryReadError: there is no such unnamed face.
            GalleryWriteError: no faces were given, or it could not be stored.
        """
        with self._database.write(counts=False) as connection:
            wanted = self._require(face_ids)
            before = select_places(connection, wanted)
            connection.executemany(
                "UPDATE unnamed_faces SET state = ? WHERE id = ?", [(state.value, face_id) for face_id in wanted]
            )
            after = select_places(connection, wanted)
        words = "ask about {0} again" if state is UnnamedState.OPEN else "never ask about {0} again"
        return UnnamedChange(words.format(count_of_faces(wanted)), before, after)

    def remove(self, face_ids: Sequence[str]) -> UnnamedChange:
        """Remove faces with pictures and features; the change holds what brings them back, the disk nothing.

        Raises:
            GalleryReadError: there is no such unnamed face, or its picture is damaged.
            GalleryWriteError: no faces were given, or it could not be done.
        """
        contents: dict[str, UnnamedContent] = {}
        with self._database.write(counts=False) as connection:
            wanted = self._require(face_ids)
            before = select_places(connection, wanted)
            for face_id in wanted:
                contents[face_id] = select_content(connection, self._database.pictures, face_id)
            self._delete(connection.execute, wanted)
            after = select_places(connection, wanted)
        return UnnamedChange(f"remove {count_of_faces(wanted)}", before, after, contents=MappingProxyType(contents))

    def take_back(self, change: UnnamedChange) -> None:
        """Undo a change.

        Raises:
            GalleryChangedError: what it touched was changed since; nothing was done.
        """
        with self._database.write() as connection:
            restore_places(connection, self._database.pictures, change, change.after, change.before)

    def repeat(self, change: UnnamedChange) -> None:
        """Do a change again that was taken back.

        Raises:
            GalleryChangedError: what it touched was changed since; nothing was done.
        """
        with self._database.write() as connection:
            restore_places(connection, self._database.pictures, change, change.before, change.after)

    def _delete(self, execute: Callable[[str, tuple[str]], object], face_ids: Sequence[str]) -> None:
        for face_id in face_ids:
            execute("DELETE FROM unnamed_faces WHERE id = ?", (face_id,))
        self._database.pictures.remove_after_commit(face_ids)

    def _require(self, face_ids: Sequence[str]) -> list[str]:
        """Return the faces once each, all of which are there."""
        if not face_ids:
            raise GalleryWriteError("No faces were chosen; choose at least one.")
        wanted = list(dict.fromkeys(face_ids))
        for face_id in wanted:
            self.get(face_id)
        return wanted


def count_of_faces(face_ids: Sequence[object]) -> str:
    """Return "1 face" or "5 faces"."""
    return "1 face" if len(face_ids) == 1 else f"{len(face_ids)} faces"
