"""From SQLite's errors to sentences that help."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facerec_app.core.errors import GalleryError, GalleryReadError, GalleryWriteError

_FULL = "the disk is full"
_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


@contextmanager
def explained(database_file: Path, *, writing: bool) -> Iterator[None]:
    """Turn errors of SQLite and the file system into the gallery's.

    Raises:
        GalleryReadError: the database is damaged or cannot be opened.
        GalleryWriteError: the disk is full, read-only, or another program holds the database.
    """
    try:
        yield
    except sqlite3.Error as exc:
        raise explain(exc, database_file, writing=writing) from exc
    except OSError as exc:
        what = exc.filename or database_file.parent
        if writing:
            raise _not_written(what, _FULL if exc.errno == errno.ENOSPC else exc.strerror or str(exc)) from exc
        raise GalleryReadError(f"{what} cannot be read: {exc.strerror or exc}; run 'facerec doctor'.") from exc


def explain(error: sqlite3.Error, database_file: Path, *, writing: bool) -> GalleryError:
    """Return the gallery's error for one of SQLite's."""
    full_code = getattr(error, "sqlite_errorcode", None)
    code = full_code & 0xFF if full_code is not None else None
    if code in _DAMAGE_CODES or full_code == sqlite3.SQLITE_IOERR_SHORT_READ or "decode" in str(error):
        return damaged(database_file, str(error))
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return GalleryWriteError(
            f"Another program is changing {database_file}; nothing of this change was kept. Try again when it is done."
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return GalleryReadError(f"{database_file} cannot be opened; check that the folder exists and may be written.")
    if writing:
        return _not_written(database_file, _FULL if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR} else str(error))
    return GalleryReadError(f"{database_file} cannot be read ({error}); run 'facerec doctor'.")


def damaged(database_file: Path, detail: str) -> GalleryReadError:
    """Return the error for a database whose content is not what was written."""
    return GalleryReadError(
        f"The gallery's database {database_file} is damaged ({detail}); it was left as it is. Put a backup copy of it "
        "in its place, or move its folder away and import the people again; 'facerec doctor' tells more."
    )


def _not_written(what: object, reason: str) -> GalleryWriteError:
    return GalleryWriteError(
        f"{what} cannot be written ({reason}); nothing of this change was kept. "
        "Free space or check the permissions, then try again."
    )
