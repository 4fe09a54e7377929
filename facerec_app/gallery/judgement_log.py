"""Everything users have said of faces, in the order in which they said it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from facerec_app.core.errors import GalleryReadError
from facerec_app.gallery import judgement_rows
from facerec_app.gallery.gallery_database import GalleryDatabase
from facerec_app.gallery.judgement_entry import Answer, FaceOwner, JudgementEntry, MoreAlike
from facerec_app.gallery.records import Judgement


class JudgementLog:
    """The log of a gallery; every change is one transaction of it.

    Nothing is erased but what names a face that was removed. Writing does not count as a change of the gallery:
    recognition uses no answer before a training has.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def add(self, answers: Sequence[Answer], *, decided_by: str) -> tuple[int, ...]:
        """Note answers, all or none, and return the numbers of their lines.

        Of two answers about the same faces the newer is in force.

        Raises:
            GalleryReadError: a face does not exist.
        """
        with self._database.write(counts=False) as connection:
            for face_id in {face_id for said in answers for face_id in said.face_ids}:
                _require_face(connection, face_id)
            return tuple(judgement_rows.append(connection, said, decided_by) for said in answers)

    def undo(self, *, decided_by: str) -> JudgementEntry | None:
        """Take the newest answer back, and bring the one before it about the same faces into force; None without one.

        Raises:
            GalleryWriteError: it could not be stored.
        """
        with self._database.write(counts=False) as connection:
            newest = judgement_rows.select_newest(connection)
            if newest is not None:
                judgement_rows.append(connection, newest.said, decided_by, newest.number)
            return newest

    def take_back(self, number: int, *, decided_by: str) -> JudgementEntry:
        """Take one answer back and return it.

        Raises:
            GalleryReadError: there is no such answer, or it has been taken back already.
        """
        with self._database.write(counts=False) as connection:
            found = judgement_rows.select_entries(connection, "sequence = ? AND takes_back IS NULL", (number,))
            if not found or found[0].is_taken_back:
                raise GalleryReadError(
                    f"There is no answer {number} that could be taken back; 'facerec judge log' lists them."
                )
            judgement_rows.append(connection, found[0].said, decided_by, number)
            return found[0]

    def withdraw(self, said: Answer, *, decided_by: str) -> int:
        """Take back whatever was said about the faces of an answer; return how many lines that were.

        Raises:
            GalleryReadError: nothing is in force about them.
        """
        with self._database.write(counts=False) as connection:
            standing = judgement_rows.select_standing(connection, said)
            if not standing:
                raise GalleryReadError("This answer has been taken back already; nothing was changed.")
            for entry in standing:
                judgement_rows.append(connection, entry.said, decided_by, entry.number)
            return len(standing)

    def entries(self, *, most: int = -1) -> tuple[JudgementEntry, ...]:
        """Return lines of the log, newest first; ``most`` below zero is all."""
        with self._database.read() as connection:
            return judgement_rows.select_entries(connection, "1", (), most)

    def judgements(self) -> tuple[Judgement, ...]:
        """Return the answer in force for each pair of faces, oldest first."""
        with self._database.read() as connection:
            return judgement_rows.select_judgements(connection)

    def more_alike(self) -> tuple[MoreAlike, ...]:
        """Return the answers in force about likeness, oldest first."""
        with self._database.read() as connection:
            return judgement_rows.select_more_alike(connection)

    def owners(self) -> dict[str, FaceOwner]:
        """Return whose every face is that the log names, by face id."""
        with self._database.read() as connection:
            return judgement_rows.select_owners(connection)


def _require_face(connection: sqlite3.Connection, face_id: str) -> None:
    if connection.execute("SELECT 1 FROM faces WHERE id = ?", (face_id,)).fetchone() is None:
        raise GalleryReadError(f"There is no face {face_id} in the gallery; it may have been removed meanwhile.")
