"""One picture of a bulk import: what a worker is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facerec_app.capture.images import decode_image, read_image
from facerec_app.core.errors import FacerecError
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.services.face_reader import FaceReader


@dataclass(frozen=True, slots=True)
class PictureToRead:
    """A picture whose face is to be found.

    Attributes:
        source: what the face's source will be called in the gallery.
        file: where it lies; also names it in errors.
        content: the file's bytes, for a worker that does not see the same disk; None to let it read the file.
    """

    source: str
    file: Path
    content: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PictureRead:
    """What was found in a picture: a face or the reason why there is none.

    Attributes:
        source: as it was asked.
        face: ready for the gallery, with its embedding, without the whole picture.
        error: why there is no face that can be enrolled.
    """

    source: str
    face: PreparedFace | None
    error: FacerecError | None


def read_pictures(reader: FaceReader, pictures: Sequence[PictureToRead]) -> list[PictureRead]:
    """Return what each picture holds, in order; nothing is raised that a single picture can cause."""
    return [_read(reader, picture) for picture in pictures]


def _read(reader: FaceReader, picture: PictureToRead) -> PictureRead:
    try:
        if picture.content is None:
            pixels_rgb = read_image(picture.file)
        else:
            pixels_rgb = decode_image(picture.content, str(picture.file))
        read = reader.read(pixels_rgb, picture.source)
        return PictureRead(picture.source, PreparedFace.of(read.face).without_whole_picture(), None)
    except FacerecError as exc:
        return PictureRead(picture.source, None, exc)
