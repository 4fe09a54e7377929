"""What a worker answers, as plain data: numbers, text and bytes, checked when they come back.

Nothing of it is an object of the program, so nothing of it can run when it is read (docs/cluster.md).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from facerec_app.core import errors
from facerec_app.core.errors import FacerecError, WorkersError
from facerec_app.core.types import Embeddings, Float32Array, UInt8Array
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import NewFace
from facerec_app.services.picture_reading import PictureRead

Record = dict[str, Any]
_FIGURES = ("score", "size_px", "sharpness", "yaw_deg", "brightness")
_JPEG_BEGIN = b"\xff\xd8\xff"
_LARGEST_JPEG_BYTES = 64 * 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def record_of(read: PictureRead) -> Record:
    """Return an answer as plain data."""
    if read.face is None or read.face.face.embedding is None:
        error = read.error if read.error is not None else FacerecError("The worker found a face but no features.")
        return {"source": read.source, "error": type(error).__name__, "message": str(error)}
    face, kept = read.face.face, read.face
    embedding = read.face.face.embedding
    return {
        "source": read.source,
        "jpeg": kept.jpeg,
        "sha256": kept.sha256,
        "box": kept.box_xyxy.astype("<f4").tobytes(),
        "landmarks": kept.landmarks_xy.astype("<f4").tobytes(),
        "vector": embedding.vectors.astype("<f4").tobytes(),
        "extractor": embedding.extractor_version,
        **{name: float(getattr(face, name)) for name in _FIGURES},
    }


def picture_read_of(record: Any, source: str, extractor_version: str) -> PictureRead:
    """Return what a worker's answer says.

    Args:
        record: what came back.
        source: of the picture that was asked about.
        extractor_version: that of this computer; another's features cannot be compared with the gallery's.

    Raises:
        WorkersError: it is no answer to the question, or the worker runs another version.
    """
    if not isinstance(record, Mapping) or record.get("source") != source:
        raise _not_understood(source)
    if "error" in record:
        return PictureRead(source, None, _error_of(record))
    if record.get("extractor") != extractor_version:
        raise WorkersError(
            f"A worker embeds faces with {record.get('extractor')!s:.80} and this computer with {extractor_version}; "
            "install the same version of FaceRec on both."
        )
    try:
        return PictureRead(source, _face_of(record, source, extractor_version), None)
    except (KeyError, TypeError, ValueError) as exc:
        raise _not_understood(source) from exc


def picture_reads_of(records: Sequence[Any], sources: Sequence[str], extractor_version: str) -> list[PictureRead]:
    """Return what a worker's answers to several pictures say.

    Raises:
        WorkersError: as ``picture_read_of``, or there are more or fewer answers than pictures.
    """
    if not isinstance(records, Sequence) or len(records) != len(sources):
        raise _not_understood(sources[0])
    return [picture_read_of(one, source, extractor_version) for one, source in zip(records, sources, strict=True)]


def _face_of(record: Mapping[str, Any], source: str, extractor_version: str) -> PreparedFace:
    jpeg, sha256 = record["jpeg"], record["sha256"]
    if not isinstance(jpeg, bytes) or not jpeg.startswith(_JPEG_BEGIN) or len(jpeg) > _LARGEST_JPEG_BYTES:
        raise ValueError("picture")
    if not _SHA256.fullmatch(sha256) or hashlib.sha256(jpeg).hexdigest() != sha256:
        raise ValueError("checksum")
    box, landmarks, vector = (_floats(record[name]) for name in ("box", "landmarks", "vector"))
    if abs(float(np.linalg.norm(vector)) - 1.0) > 1e-3:
        raise ValueError("vector")
    figures = {name: float(record[name]) for name in _FIGURES}
    if not np.isfinite(list(figures.values())).all():
        raise ValueError("figures")
    nothing: UInt8Array = np.zeros((0, 0, 3), np.uint8)
    embedding = Embeddings(vector[None], extractor_version)
    box, landmarks = box.reshape(4), landmarks.reshape(5, 2)
    face = NewFace(nothing, box, landmarks, source=source, embedding=embedding, **figures)
    return PreparedFace(str(uuid.uuid4()), face, jpeg, sha256, box, landmarks)


def _floats(content: bytes) -> Float32Array:
    values = np.frombuffer(content, "<f4").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("values")
    return values


def _error_of(record: Mapping[str, Any]) -> FacerecError:
    """Return the error that a worker names; only those of the program's own tree are known."""
    kind = getattr(errors, str(record["error"]), None)
    known = isinstance(kind, type) and issubclass(kind, FacerecError)
    return (kind if known else FacerecError)(str(record.get("message", "")))  # type: ignore[misc]


def _not_understood(source: str) -> WorkersError:
    return WorkersError(
        f"A worker's answer about {source} is none; what was enrolled before is kept. Start the workers anew with the "
        "same version of FaceRec and give the command again."
    )
