"""The gallery of enrolled people on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np

from facerec_app.config.paths import DatabasePaths
from facerec_app.core.errors import GalleryReadError, GalleryWriteError
from facerec_app.core.types import Embeddings, GallerySnapshot, UInt8Array
from facerec_app.gallery import box_rows, embedding_rows, face_rows, people_rows, schema, unnamed_face_rows
from facerec_app.gallery.face_pictures import decode_face_picture, read_picture_bytes
from facerec_app.gallery.gallery_database import GalleryDatabase
from facerec_app.gallery.gallery_export import export_person
from facerec_app.gallery.judgement_entry import Answer, AnswerKind
from facerec_app.gallery.judgement_log import JudgementLog
from facerec_app.gallery.last_seen_table import LastSeenTable
from facerec_app.gallery.name_rejections import NameRejections
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import Consent, EnrolledFace, FaceState, Judgement, NewFace, Person
from facerec_app.gallery.snapshot_reader import SnapshotReader


class GalleryStore:
    """People, their faces and the embeddings of those, in one folder.

    SQLite holds the truth, pictures lie beside it, embeddings are a cache. Every method that changes something is one
    transaction: when it returns, the change survives a kill; when it raises, nothing of it was kept. Several threads
    may share a store and several programs a folder.

    Every method can raise ``GalleryReadError`` if the database is damaged, and every change ``GalleryWriteError`` if
    the disk is full or another program holds the database for longer than the busy timeout.
    """

    def __init__(self, paths: DatabasePaths, *, busy_timeout_s: float = 30.0) -> None:
        """Open the gallery, creating an empty one if there is none.

        Raises:
            GalleryReadError: the database is damaged, lost or made by a newer program; it is left as it is.
            GalleryWriteError: it cannot be created.
        """
        self._paths = paths
        self._database = GalleryDatabase(paths, busy_timeout_s=busy_timeout_s)
        self._snapshots = SnapshotReader(self._database)
        self.rejections = NameRejections(self._database)
        self.judgement_log = JudgementLog(self._database)

    @property
    def paths(self) -> DatabasePaths:
        return self._paths

    @property
    def database(self) -> GalleryDatabase:
        """The connection, for the gallery's own modules."""
        return self._database

    def close(self) -> None:
        """Close the database, with a copy of a very large gallery's features for the next start.

        Calling it again does nothing.
        """
        try:
            if not self._database.is_closed:
                self._snapshots.keep_copy()
        finally:
            self._database.close()

    def __enter__(self) -> GalleryStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def batch(self) -> AbstractContextManager[None]:
        """Let the changes inside a ``with`` block share their commits: for bulk work, many times faster.

        Each change stays whole by itself; all are safe on disk when the block is left, also by an error. Other
        programs wait meanwhile: compute first.
        """
        return self._database.batch()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the changes inside a ``with`` block one: all are kept when it is left, none if by an error."""
        with self._database.write():
            yield

    @property
    def revision(self) -> int:
        """Number that grows with every change, whoever makes it."""
        with self._database.read() as connection:
            return schema.revision(connection)

    def add_person(self, name: str, *, consent: Consent | None = None) -> Person:
        """Enrol a person without faces.

        Raises:
            ConfigError: the name is none (``clean_person_name`` says why).
            DuplicatePersonError: somebody of that name, without regard to case, is enrolled.
        """
        with self._database.write() as connection:
            person_id = people_rows.insert_person(connection, name, consent)
            return people_rows.select_person(connection, person_id)

    def people(self) -> tuple[Person, ...]:
        """Return everybody, by name."""
        with self._database.read() as connection:
            return people_rows.select_people(connection)

    def get_person(self, person_id: str) -> Person:
        """Return one person.

        Raises:
            PersonNotFoundError: there is no such person.
        """
        with self._database.read() as connection:
            return people_rows.select_person(connection, person_id)

    def find_person(self, name_or_id: str) -> Person:
        """Return the person of that name, without regard to case, or identifier.

        Raises:
            PersonNotFoundError: there is nobody; the message names similar ones.
        """
        with self._database.read() as connection:
            return people_rows.find_person(connection, name_or_id)

    def rename_person(self, person_id: str, name: str) -> Person:
        """Give a person another name.

        Raises:
            ConfigError: the name is none.
            DuplicatePersonError: another person has it.
            PersonNotFoundError: there is no such person.
        """
        with self._database.write() as connection:
            people_rows.update_name(connection, person_id, name)
            return people_rows.select_person(connection, person_id)

    def set_consent(self, person_id: str, consent: Consent | None) -> Person:
        """Record what a person agreed to.

        Raises:
            PersonNotFoundError: there is no such person.
        """
        with self._database.write() as connection:
            people_rows.select_person(connection, person_id)
            people_rows.update_consent(connection, person_id, consent)
            return people_rows.select_person(connection, person_id)

    def remove_person(self, person_id: str) -> Person:
        """Remove a person with all faces, pictures, embeddings and judgements; return who it was.

        Raises:
            PersonNotFoundError: there is no such person.
        """
        with self._database.write() as connection:
            person = people_rows.select_person(connection, person_id)
            box_rows.forget_name(connection, person.name)
            self._database.pictures.remove_after_commit(people_rows.delete_person(connection, person_id))
            return person

    def merge_people(self, from_id: str, into_id: str) -> Person:
        """Give all faces of one person to another and remove the first; return the second.

        Raises:
            PersonNotFoundError: one of them does not exist.
            GalleryWriteError: both are the same.
        """
        with self._database.write() as connection:
            source = people_rows.select_person(connection, from_id)
            people_rows.select_person(connection, into_id)
            if from_id == into_id:
                raise GalleryWriteError(f"{source.name} was given twice; choose two people to merge.")
            for table in ("faces", "rejections", "picture_boxes"):
                connection.execute(f"UPDATE {table} SET person_id = ? WHERE person_id = ?", (into_id, from_id))  # noqa: S608
            people_rows.delete_person(connection, from_id)
            return people_rows.select_person(connection, into_id)

    def set_portrait(self, person_id: str, face_id: str | None) -> Person:
        """Choose the face that stands for a person in lists.

        Raises:
            PersonNotFoundError: there is no such person.
            GalleryReadError: the face does not exist or is another person's.
        """
        with self._database.write() as connection:
            person = people_rows.select_person(connection, person_id)
            if face_id is not None:
                face = self._face(connection, face_id)
                if face.person_id != person_id:
                    raise GalleryReadError(f"The face {face_id} is not one of {person.name}'s; choose another.")
            connection.execute("UPDATE people SET portrait_face_id = ? WHERE id = ?", (face_id, person_id))
            return people_rows.select_person(connection, person_id)

    def export_person(self, person_id: str, folder: Path) -> tuple[Path, ...]:
        """Write a person's pictures and ``person.json`` into a new or empty folder; return the files.

        Raises:
            PersonNotFoundError: there is no such person.
            GalleryReadError: a picture is missing or damaged.
            OutputWriteError: the folder holds something or cannot be written.
        """
        corrections = [one for one in self.rejections.all() if one.person_id == person_id]
        seen_at = LastSeenTable(self._database).times().get(person_id)
        return export_person(self.get_person(person_id), self.faces_of(person_id), folder, corrections, seen_at)

    # Faces

    def add_face(self, person_id: str, face: NewFace) -> str:
        """Enrol one face as ``add_faces`` does and return its identifier."""
        return self.add_faces(person_id, [face])[0]

    def add_faces(self, person_id: str, faces: Sequence[NewFace]) -> tuple[str, ...]:
        """Enrol faces of one person, all or none, and return their identifiers.

        Raises:
            PersonNotFoundError: there is no such person.
            GalleryWriteError: a face has no box; or as for every change.
        """
        prepared = [PreparedFace.of(face) for face in faces]  # the slow part, before other programs must wait
        with self._database.write() as connection:
            people_rows.select_person(connection, person_id)
            for item in prepared:
                self._database.pictures.write(item.face_id, item.jpeg)
                face_rows.insert_face(
                    connection,
                    item.face_id,
                    person_id,
                    item.face,
                    picture_sha256=item.sha256,
                    box_xyxy=item.box_xyxy,
                    landmarks_xy=item.landmarks_xy,
                )
                embedding = item.face.embedding
                if embedding is not None:
                    embedding_rows.upsert_embeddings(
                        connection, [item.face_id], embedding.vectors, embedding.extractor_version
                    )
        return tuple(item.face_id for item in prepared)

    def faces_of(self, person_id: str) -> tuple[EnrolledFace, ...]:
        """Return a person's faces in the order in which they were enrolled; none if there is no such person."""
        with self._database.read() as connection:
            return face_rows.select_faces(
                connection, self._database.pictures.path, "WHERE faces.person_id = ?", (person_id,)
            )

    def get_face(self, face_id: str) -> EnrolledFace:
        """Return one face.

        Raises:
            GalleryReadError: there is no such face.
        """
        with self._database.read() as connection:
            return self._face(connection, face_id)

    def read_picture(self, face_id: str) -> UInt8Array:
        """Return the stored picture of a face, ``(h, w, 3)`` uint8 RGB.

        Raises:
            GalleryReadError: there is no such face, or its picture is missing or not what was stored.
        """
        face = self.get_face(face_id)
        return decode_face_picture(read_picture_bytes(face.picture_file, face.picture_sha256), face.picture_file)

    def remove_face(self, face_id: str) -> None:
        """Remove a face with its picture, embeddings and judgements.

        Raises:
            GalleryReadError: there is no such face.
        """
        with self._database.write() as connection:
            self._face(connection, face_id)
            connection.execute("DELETE FROM faces WHERE id = ?", (face_id,))
            self._database.pictures.remove_after_commit([face_id])

    def move_face(self, face_id: str, person_id: str) -> None:
        """Give a face to another person; it is nobody's portrait afterwards.

        Raises:
            GalleryReadError: there is no such face.
            PersonNotFoundError: there is no such person.
        """
        with self._database.write() as connection:
            face = self._face(connection, face_id)
            people_rows.select_person(connection, person_id)
            if face.person_id != person_id:
                connection.execute("UPDATE people SET portrait_face_id = NULL WHERE portrait_face_id = ?", (face_id,))
                connection.execute("UPDATE faces SET person_id = ? WHERE id = ?", (person_id, face_id))

    def set_face_state(self, face_id: str, state: FaceState) -> None:
        """Let a face take part in recognition or not.

        Raises:
            GalleryReadError: there is no such face.
        """
        with self._database.write() as connection:
            self._face(connection, face_id)
            connection.execute("UPDATE faces SET state = ? WHERE id = ?", (state.value, face_id))

    def add_judgement(self, left_face_id: str, right_face_id: str, *, same_person: bool, decided_by: str) -> None:
        """Record what a user said of two faces, replacing what was said before.

        Raises:
            GalleryReadError: one of the faces does not exist.
            GalleryWriteError: both are the same face.
        """
        answer: AnswerKind = "same" if same_person else "different"
        self.judgement_log.add([Answer(answer, left_face_id, right_face_id)], decided_by=decided_by)

    def judgements(self) -> tuple[Judgement, ...]:
        """Return what users said of pairs of faces, oldest first."""
        return self.judgement_log.judgements()

    # Embeddings

    def snapshot(self, extractor_version: str) -> GallerySnapshot:
        """Return the active faces that have an embedding of this version, as they are at this moment.

        Damaged embeddings are left out and forgotten; ``missing_embeddings`` then lists their faces.
        """
        return self._snapshots.snapshot(extractor_version)

    def missing_embeddings(self, extractor_version: str) -> tuple[EnrolledFace, ...]:
        """Return the active faces without an embedding of this version."""
        with self._database.read() as connection:
            return face_rows.select_faces(
                connection,
                self._database.pictures.path,
                "WHERE state = 'active' AND NOT EXISTS (SELECT 1 FROM embeddings"
                " WHERE face_id = faces.id AND extractor_version = ?)",
                (extractor_version,),
            )

    def put_embeddings(self, face_ids: Sequence[str], embeddings: Embeddings) -> None:
        """Store one embedding a face; faces that were removed meanwhile are passed over.

        Raises:
            GalleryWriteError: as for every change, or the numbers of faces and embeddings differ.
        """
        if len(face_ids) != len(embeddings) or not np.isfinite(embeddings.vectors).all():
            raise GalleryWriteError(f"{len(embeddings)} embeddings do not fit {len(face_ids)} faces; nothing was kept.")
        with self._database.write() as connection:
            embedding_rows.upsert_embeddings(connection, face_ids, embeddings.vectors, embeddings.extractor_version)

    def check(self, *, pictures: bool = True) -> tuple[str, ...]:
        """Return what is wrong with the gallery, one line each; empty if it is sound. Changes nothing.

        Args:
            pictures: also read every picture and compare it with its checksum.
        """
        problems = list(self._database.integrity_problems())
        if pictures and not problems:
            with self._database.read() as connection:
                path_of = self._database.pictures.path
                enrolled = face_rows.select_faces(connection, path_of, "", ())
                unnamed = unnamed_face_rows.select_unnamed(connection, path_of)
            files = [(face.picture_file, face.picture_sha256) for face in enrolled]
            for file, sha256 in files + [(face.picture_file, face.picture_sha256) for face in unnamed]:
                try:
                    read_picture_bytes(file, sha256)
                except GalleryReadError as exc:
                    problems.append(str(exc))
        return tuple(problems)

    def _face(self, connection: sqlite3.Connection, face_id: str) -> EnrolledFace:
        return face_rows.select_face(connection, self._database.pictures.path, face_id)
