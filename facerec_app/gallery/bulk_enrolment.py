"""Enrolling very many faces of very many people: few transactions, and no question asked once for each picture."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from facerec_app.gallery import embedding_rows, face_rows, people_rows
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import Consent


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody who is enrolled, as an import needs to know.

    Attributes:
        person_id: UUID.
        name: display name.
        sources: where their faces came from.
    """

    person_id: str
    name: str
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class AddedFace:
    """What became of a face.

    Attributes:
        person_id: UUID of whom it was given to.
        name: their display name.
        face_id: None if a face of the same source was enrolled meanwhile.
    """

    person_id: str
    name: str
    face_id: str | None


class BulkEnrolment:
    """The gallery as a bulk import sees it: who is there, and many faces at once."""

    def __init__(self, store: GalleryStore) -> None:
        self._database = store.database

    def known_people(self) -> dict[str, KnownPerson]:
        """Return everybody by the form of the name under which names are the same.

        Raises:
            GalleryReadError: the database is damaged.
        """
        sources: dict[str, set[str]] = {}
        with self._database.read() as connection:
            people = connection.execute("SELECT id, name, name_key FROM people").fetchall()
            for person_id, source in connection.execute("SELECT person_id, source FROM faces"):
                sources.setdefault(str(person_id), set()).add(str(source))
        return {
            str(key): KnownPerson(str(person_id), str(name), frozenset(sources.get(str(person_id), ())))
            for person_id, name, key in people
        }

    def add(
        self, faces: Sequence[tuple[str, PreparedFace]], *, consent: Consent | None = None
    ) -> tuple[AddedFace, ...]:
        """Enrol faces of people by name, all or none, in one transaction; who is new is enrolled with them.

        When it returns, every face and its picture are safe on disk.

        Args:
            faces: names as ``clean_person_name`` returns them, and faces; of one source, a person gets one face only.
            consent: recorded with new people.

        Raises:
            ConfigError: a name is none.
            GalleryWriteError: the disk is full or another program holds the database; nothing was kept.
        """
        with self._database.write() as connection:
            return tuple(self._add(connection, name, face, consent) for name, face in faces)

    def _add(self, connection: sqlite3.Connection, name: str, face: PreparedFace, consent: Consent | None) -> AddedFace:
        row = connection.execute(
            "SELECT id, name FROM people WHERE name_key = ?", (people_rows.name_key(name),)
        ).fetchone()
        if row is None:
            person_id = people_rows.insert_person(connection, name, consent)
        else:
            person_id, name = str(row[0]), str(row[1])
            known = "SELECT 1 FROM faces WHERE person_id = ? AND source = ?"
            if connection.execute(known, (person_id, face.face.source)).fetchone() is not None:
                return AddedFace(person_id, name, None)
        self._database.pictures.write(face.face_id, face.jpeg)
        face_rows.insert_face(
            connection,
            face.face_id,
            person_id,
            face.face,
            picture_sha256=face.sha256,
            box_xyxy=face.box_xyxy,
            landmarks_xy=face.landmarks_xy,
        )
        embedding = face.face.embedding
        if embedding is not None:
            embedding_rows.upsert_embeddings(connection, [face.face_id], embedding.vectors, embedding.extractor_version)
        return AddedFace(person_id, name, face.face_id)
