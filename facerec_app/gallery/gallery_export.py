"""A person's data as files that other programs can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import OutputWriteError
from facerec_app.gallery.face_pictures import read_picture_bytes
from facerec_app.gallery.name_rejections import NameRejection
from facerec_app.gallery.records import EnrolledFace, Person


def export_person(
    person: Person,
    faces: Sequence[EnrolledFace],
    folder: Path,
    corrections: Sequence[NameRejection] = (),
    seen_at: datetime | None = None,
) -> tuple[Path, ...]:
    """Write pictures (byte for byte as stored) and ``person.json`` into a new or empty folder; return the files.

    Raises:
        GalleryReadError: a picture is missing or damaged.
        OutputWriteError: the folder holds something or cannot be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputWriteError(f"The folder {folder} is not empty; give a new one for the export.")
        for number, face in enumerate(faces, start=1):
            file = folder / f"face-{number:04d}.jpg"
            write_bytes_atomically(file, read_picture_bytes(face.picture_file, face.picture_sha256))
            written.append(file)
        description = json.dumps(_description(person, faces, corrections, seen_at), ensure_ascii=False, indent=2) + "\n"
        file = folder / "person.json"
        write_bytes_atomically(file, description.encode())
        written.append(file)
    except OSError as exc:
        raise OutputWriteError(f"{folder} cannot be written: {exc.strerror or exc}; choose another place.") from exc
    return tuple(written)


def _description(
    person: Person, faces: Sequence[EnrolledFace], corrections: Sequence[NameRejection], seen_at: datetime | None
) -> dict[str, Any]:
    consent = person.consent
    return {
        "name": person.name,
        "person_id": person.person_id,
        "created_at": person.created_at.isoformat(),
        "last_seen": seen_at.isoformat() if seen_at is not None else None,
        "consent": None
        if consent is None
        else {
            "purpose": consent.purpose,
            "agreed_by": consent.agreed_by,
            "until": consent.until.isoformat() if consent.until is not None else None,
        },
        "faces": [_face_description(number, face) for number, face in enumerate(faces, start=1)],
        "name_refused_for": [
            {
                "source": one.source,
                "faces": one.faces,
                "decided_by": one.decided_by,
                "decided_at": one.decided_at.isoformat(),
            }
            for one in corrections
        ],
    }


def _face_description(number: int, face: EnrolledFace) -> dict[str, Any]:
    return {
        "file": f"face-{number:04d}.jpg",
        "sha256": face.picture_sha256,
        "face_id": face.face_id,
        "source": face.source,
        "created_at": face.created_at.isoformat(),
        "state": face.state.value,
        "box_xyxy": [round(float(value), 2) for value in face.box_xyxy],
        "landmarks_xy": [[round(float(x), 2), round(float(y), 2)] for x, y in face.landmarks_xy],
        "score": round(face.score, 4),
        "size_px": round(face.size_px, 1),
        "sharpness": round(face.sharpness, 4),
        "yaw_deg": round(face.yaw_deg, 1),
        "brightness": round(face.brightness, 4),
    }
