"""Tables of the gallery's database and how older ones become newer."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x46414345
"""Marks the file as a gallery of this program ("FACE" in ASCII), in SQLite's header."""

# One script for each version; a database of version n has run the first n.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    );
    INSERT INTO meta VALUES ('revision', 0);

    CREATE TABLE people (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        consent_purpose TEXT,
        consent_agreed_by TEXT,
        consent_until TEXT,
        portrait_face_id TEXT REFERENCES faces (id) ON DELETE SET NULL
    );

    CREATE TABLE faces (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
        picture_sha256 TEXT NOT NULL,
        box_xyxy BLOB NOT NULL,
        landmarks_xy BLOB NOT NULL,
        score REAL NOT NULL,
        source TEXT NOT NULL,
        size_px REAL NOT NULL,
        sharpness REAL NOT NULL,
        yaw_deg REAL NOT NULL,
        brightness REAL NOT NULL,
        created_at TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'excluded'))
    );
    CREATE INDEX faces_by_person ON faces (person_id);
    CREATE INDEX people_by_portrait ON people (portrait_face_id);

    CREATE TABLE embeddings (
        face_id TEXT NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        extractor_version TEXT NOT NULL,
        vector BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (face_id, extractor_version)
    );

    CREATE TABLE judgements (
        left_face_id TEXT NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        right_face_id TEXT NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        same_person INTEGER NOT NULL CHECK (same_person IN (0, 1)),
        decided_by TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        PRIMARY KEY (left_face_id, right_face_id),
        CHECK (left_face_id < right_face_id)
    );
    CREATE INDEX judgements_by_right_face ON judgements (right_face_id);
    """,
    """
    CREATE TABLE rejections (
        id TEXT NOT NULL,
        number INTEGER NOT NULL,
        person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
        extractor_version TEXT NOT NULL,
        vector BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        source TEXT NOT NULL,
        decided_by TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        PRIMARY KEY (id, number, extractor_version)
    );
    CREATE INDEX rejections_by_person ON rejections (person_id);
    """,
    """
    CREATE TABLE last_seen (
        person_id TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
        seen_at TEXT NOT NULL
    );
    """,
    """
    CREATE TABLE judgement_log (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        answer TEXT NOT NULL CHECK (answer IN ('same', 'different', 'more_alike')),
        reference_face_id TEXT NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        face_id TEXT NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
        less_alike_face_id TEXT REFERENCES faces (id) ON DELETE CASCADE,
        decided_by TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        takes_back INTEGER REFERENCES judgement_log (sequence) ON DELETE CASCADE,
        CHECK ((answer = 'more_alike') = (less_alike_face_id IS NOT NULL))
    );
    CREATE INDEX judgement_log_by_reference ON judgement_log (reference_face_id);
    CREATE INDEX judgement_log_by_face ON judgement_log (face_id);
    CREATE INDEX judgement_log_by_less_alike ON judgement_log (less_alike_face_id);
    CREATE UNIQUE INDEX judgement_log_by_takes_back ON judgement_log (takes_back);
    INSERT INTO judgement_log (answer, reference_face_id, face_id, decided_by, decided_at)
        SELECT CASE same_person WHEN 1 THEN 'same' ELSE 'different' END, left_face_id, right_face_id, decided_by,
            decided_at FROM judgements ORDER BY decided_at;
    """,
    """
    CREATE TABLE box_pictures (
        sha256 TEXT PRIMARY KEY,
        face_id TEXT REFERENCES faces (id) ON DELETE CASCADE,
        location TEXT NOT NULL,
        file_bytes INTEGER NOT NULL,
        width_px INTEGER NOT NULL,
        height_px INTEGER NOT NULL,
        enrolled_number INTEGER,
        saved_at TEXT NOT NULL
    );
    CREATE INDEX box_pictures_by_face ON box_pictures (face_id);
    CREATE TABLE picture_boxes (
        picture_sha256 TEXT NOT NULL REFERENCES box_pictures (sha256) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        box_xyxy BLOB NOT NULL,
        landmarks_xy BLOB NOT NULL,
        person_id TEXT REFERENCES people (id) ON DELETE SET NULL,
        name TEXT NOT NULL,
        difficult INTEGER NOT NULL CHECK (difficult IN (0, 1)),
        PRIMARY KEY (picture_sha256, number)
    );
    CREATE INDEX picture_boxes_by_person ON picture_boxes (person_id);
    """,
    """
    CREATE TABLE unnamed_faces (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        picture_sha256 TEXT NOT NULL,
        box_xyxy BLOB NOT NULL,
        landmarks_xy BLOB NOT NULL,
        score REAL NOT NULL,
        source TEXT NOT NULL,
        size_px REAL NOT NULL,
        sharpness REAL NOT NULL,
        yaw_deg REAL NOT NULL,
        brightness REAL NOT NULL,
        created_at TEXT NOT NULL,
        origin TEXT NOT NULL CHECK (origin IN ('picture', 'live')),
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'ignored')),
        group_id TEXT
    );

    CREATE TABLE unnamed_embeddings (
        face_id TEXT NOT NULL REFERENCES unnamed_faces (id) ON DELETE CASCADE,
        extractor_version TEXT NOT NULL,
        vector BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (face_id, extractor_version)
    );

    CREATE TABLE searched_pictures (
        sha256 TEXT PRIMARY KEY,
        searched_at TEXT NOT NULL
    );
    """,
)

TABLES = frozenset(
    {
        "meta",
        "people",
        "faces",
        "embeddings",
        "judgements",
        "rejections",
        "last_seen",
        "judgement_log",
        "box_pictures",
        "picture_boxes",
        "unnamed_faces",
        "unnamed_embeddings",
        "searched_pictures",
    }
)


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many migrations the database has run; 0 is a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def revision(connection: sqlite3.Connection) -> int:
    """Return the number that grows with every change."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
    return int(row[0]) if row is not None else 0


def snapshot_token(connection: sqlite3.Connection) -> int:
    """Return the number noted with the last copy of a snapshot (``snapshot_file``); 0 if there never was one."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'snapshot_token'").fetchone()
    return int(row[0]) if row is not None else 0


def set_snapshot_token(connection: sqlite3.Connection, token: int) -> None:
    """Note the number of a copy of a snapshot."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('snapshot_token', ?)", (token,))


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version in one transaction; two programs may try at once.

    Raises:
        sqlite3.Error: it could not be done; nothing of it was kept.
    """
    if schema_version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in MIGRATIONS[schema_version(connection) :]:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
