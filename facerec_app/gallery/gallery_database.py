"""The connection to the gallery's database: transactions, batches, and the pictures in step with them."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import BinaryIO

from facerec_app.config.paths import DatabasePaths
from facerec_app.core.errors import GalleryReadError
from facerec_app.gallery.face_pictures import FacePictures
from facerec_app.gallery.own_changes import forget_own_changes, watch_own_changes
from facerec_app.gallery.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    TABLES,
    migrate,
    revision,
    schema_version,
    set_snapshot_token,
    snapshot_token,
)
from facerec_app.gallery.snapshot_file import SnapshotFile
from facerec_app.gallery.sqlite_errors import damaged, explained

_LOGGER = logging.getLogger(__name__)
_BATCH_CHANGES = 256
_BATCH_S = 1.0


class GalleryDatabase:
    """One connection; safe to share between threads, which take turns.

    The rollback journal with ``synchronous=FULL`` makes a committed change survive a kill and a power cut (the
    write-ahead log of SQLite before 3.51.3 can lose one); ``secure_delete`` overwrites what is deleted with zeros.
    """

    def __init__(self, paths: DatabasePaths, *, busy_timeout_s: float) -> None:
        """Open the database, creating or upgrading it as needed, and remove pictures that a kill left without a row.

        Raises:
            GalleryReadError: the database is damaged, missing beside its pictures, newer than this program, or no
                gallery; it is left as it is.
            GalleryWriteError: the folder or the database cannot be created.
        """
        self.file = paths.database_file
        self.pictures = FacePictures(paths.pictures_dir, paths.thumbnails_dir)
        self.snapshot_file = SnapshotFile(paths.snapshot_file)
        self._busy_timeout_s = busy_timeout_s
        self._lock = RLock()
        self._nesting = 0
        self._batch_depth = 0
        self._batch_changes = 0
        self._batch_began_s = 0.0
        self._snapshot_outdated = False
        self.is_closed = False
        with explained(self.file, writing=True):
            for folder in (paths.root, paths.pictures_dir):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._refuse_lost_database()
            self._connection = sqlite3.connect(
                self.file, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
            )
        try:
            with explained(self.file, writing=False):
                self._configure()
                self._remove_leftovers()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connection; calling it again does nothing."""
        with self._lock:
            self._connection.close()
            self.is_closed = True

    @property
    def change_mark(self) -> tuple[int, int]:
        """What differs after any change of any table, by whichever program; for caches of what ``revision`` leaves out.

        Raises:
            GalleryReadError: the database is damaged.
        """
        with self.read() as connection:
            others = int(connection.execute("PRAGMA data_version").fetchone()[0])
            return others, connection.total_changes

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Read several things as they are at one moment.

        Raises:
            GalleryReadError: the database is damaged.
        """
        with self._lock, explained(self.file, writing=False):
            inside_batch = self._connection.in_transaction
            if not inside_batch:
                self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if not inside_batch and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def write(self, *, counts: bool = True) -> Iterator[sqlite3.Connection]:
        """Make one change that is kept whole or not at all; inside ``batch`` or another change it commits later.

        Args:
            counts: the revision grows with it; not so for what recognition does not depend on.

        Raises:
            GalleryReadError: the database is damaged.
            GalleryWriteError: it cannot be written; nothing of the change was kept.
        """
        with self._lock, explained(self.file, writing=True):
            outermost = self._nesting == 0
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
                self._batch_changes, self._batch_began_s = 0, time.monotonic()
            self._connection.execute("SAVEPOINT change")
            mark = self.pictures.mark()
            self._nesting += 1
            try:
                yield self._connection
                if counts:
                    self._snapshot_outdated = True
                    self._connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'")
                self._connection.execute("RELEASE change")
            except BaseException:
                self._undo_change(mark, outermost=outermost)
                raise
            finally:
                self._nesting -= 1
            if not outermost:
                return
            self._batch_changes += 1
            in_time = time.monotonic() - self._batch_began_s < _BATCH_S
            if self._batch_depth == 0 or self._batch_changes >= _BATCH_CHANGES or not in_time:
                self._commit()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Let many changes share their commits: every 256 changes or every second, and at the end.

        Each change is still whole by itself, and those that were made are kept even if the block is left by an
        error. Other programs wait while a batch holds the database: compute first, then write.

        Raises:
            GalleryWriteError: a commit failed; the changes since the last one were not kept.
        """
        with self._lock:
            self._batch_depth += 1
            try:
                yield
            finally:
                self._batch_depth -= 1
                if self._batch_depth == 0 and self._connection.in_transaction:
                    with explained(self.file, writing=True):
                        self._commit()

    def begin_copy(self, expected_revision: int, token: int) -> BinaryIO | None:
        """Return a file for a copy of the features at a revision, None if that is past or another program is writing.

        The copy's number is noted with it. Whoever changes the gallery from now on takes the file's name away.

        Raises:
            GalleryWriteError: the folder or the database cannot be written.
        """
        with self._lock, explained(self.file, writing=True):
            if self._connection.in_transaction or not self._begin_unless_busy():
                return None
            try:
                if revision(self._connection) != expected_revision:
                    return None
                set_snapshot_token(self._connection, token)
                return self._commit_with_copy()
            finally:
                self._roll_back()

    def _commit_with_copy(self) -> BinaryIO:
        stream = self.snapshot_file.begin()
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            self.snapshot_file.abandon(stream)
            raise
        return stream

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def forget_own_changes(self, mark: int) -> None:
        """Drop what was noted of this connection's changes up to a mark (``own_changes.py``)."""
        with self._lock:
            if not self._connection.in_transaction:
                forget_own_changes(self._connection, mark)

    def integrity_problems(self) -> tuple[str, ...]:
        """Return what SQLite's own check of the whole file finds; empty if it is sound.

        Raises:
            GalleryReadError: the file is damaged beyond being checked.
        """
        with self._lock, explained(self.file, writing=False):
            rows = self._connection.execute("PRAGMA integrity_check(20)").fetchall()
            found = [str(row[0]) for row in rows if row[0] != "ok"]
            strays = self._connection.execute("PRAGMA foreign_key_check").fetchall()
            found += [f"a row of {row[0]} refers to a missing row of {row[2]}" for row in strays[:20]]
            return tuple(found)

    def _commit(self) -> None:
        try:
            self.pictures.sync()
            if self._snapshot_outdated:
                self.snapshot_file.remove()
            self._connection.execute("COMMIT")
        except BaseException as exc:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
                self.pictures.discard()
            elif isinstance(exc, sqlite3.Error):  # SQLite has undone it by itself
                self.pictures.discard()
            else:  # Ctrl-C is raised when COMMIT has returned: the rows are there and need their pictures
                _removed_or_said(self.pictures.finish)
            raise
        finally:
            self._snapshot_outdated = False
        _removed_or_said(self.pictures.finish)

    def _undo_change(self, mark: tuple[int, int], *, outermost: bool) -> None:
        """Undo one change; a full disk may already have made SQLite undo the whole transaction."""
        if self._connection.in_transaction and not (outermost and self._batch_depth == 0):
            self._connection.execute("ROLLBACK TO change")
            self._connection.execute("RELEASE change")
            self.pictures.discard(mark)
            return
        self._roll_back()  # whole: when Ctrl-C is raised the change may have been released already
        self.pictures.discard()
        self._snapshot_outdated = False

    def _refuse_lost_database(self) -> None:
        """Refuse to begin an empty database beside pictures: they would be taken for leftovers and removed."""
        has_pictures = next(self.pictures.all_ids(), None) is not None
        if has_pictures and not (self.file.is_file() and self.file.stat().st_size > 0):
            raise GalleryReadError(
                f"The gallery's database {self.file} is missing or empty although its pictures are there; nothing was "
                f"changed. Put a backup copy of it in its place, or move {self.file.parent} away to begin anew."
            )

    def _configure(self) -> None:
        for pragma in (
            f"busy_timeout = {int(self._busy_timeout_s * 1000)}",
            "journal_mode = DELETE",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
            "temp_store = MEMORY",  # names must not reach temporary files
            "trusted_schema = OFF",
            "cell_size_check = ON",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.read() as connection:  # of one moment: another program may be making the gallery
            version = schema_version(connection)
            application = int(connection.execute("PRAGMA application_id").fetchone()[0])
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if (tables or version) and application != APPLICATION_ID:
            raise damaged(self.file, "it is no gallery of this program")
        if version > len(MIGRATIONS):
            raise GalleryReadError(
                f"The gallery {self.file} was made by a newer version of the program; update the program to open it."
            )
        with explained(self.file, writing=True):
            migrate(self._connection)
        tables = {row[0] for row in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= TABLES:
            raise damaged(self.file, "tables are missing")
        watch_own_changes(self._connection)

    def _begin_unless_busy(self) -> bool:
        """Begin a change and return True, or False if another program is making one or nothing can be written."""
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as exc:
            _LOGGER.debug("The gallery cannot be written at this moment: %s", exc)
            return False
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout_s * 1000)}")
        return True

    def _remove_leftovers(self) -> None:
        """Remove pictures without a row, and what is left of copies of the features.

        Every program writes pictures only while it holds the write lock and keeps it until their rows are in, so with
        the lock held here a picture without a row is nobody's. If another program is writing, the next start does it.
        A damaged database may have lost rows, so nothing is removed unless it is sound.
        """
        if not self._begin_unless_busy():
            return
        try:
            rows = self._connection.execute("SELECT id FROM faces UNION ALL SELECT id FROM unnamed_faces")
            known = {row[0] for row in rows}
            unknown = [face_id for face_id in self.pictures.all_ids() if face_id not in known]
            if unknown and not self.integrity_problems():
                for face_id in unknown:
                    _removed_or_said(partial(self.pictures.path(face_id).unlink, missing_ok=True))
                _LOGGER.info("Removed %d pictures that belong to no face", len(unknown))
            _removed_or_said(partial(self.pictures.remove_thumbnails_except, known))
            present = revision(self._connection), snapshot_token(self._connection)
            _removed_or_said(partial(self.snapshot_file.tidy, *present))
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _removed_or_said(remove: Callable[[], None]) -> None:
    """Remove files that nobody needs; one that cannot be removed (another program shows it, on Windows) stays."""
    try:
        remove()
    except OSError as exc:
        _LOGGER.warning("%s; it is removed at the next start", exc)
