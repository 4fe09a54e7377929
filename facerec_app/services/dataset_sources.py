"""Where the pictures of a training set come from: a folder of people, or the gallery."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facerec_app.capture.images import decode_image
from facerec_app.core.errors import ConfigError, NotEnoughDataError, UnreadableImageError
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.core.validation import text_bytes
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace, FaceState
from facerec_app.services.picture_inspection import pictures_under


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One picture that a set can be made from.

    Attributes:
        name: in the source, with slashes; the gallery's are PERSON/FACE.
        person: whose it is; empty for a picture in no person's folder.
        sha256: of its file.
        read: returns the ``(H, W, 3)`` uint8 pixels; raises ``UnreadableImageError`` or ``GalleryReadError``.
        face: where the face is, if that is known; None if it has to be looked for.
    """

    name: str
    person: str
    sha256: str
    read: Callable[[], UInt8Array]
    face: FaceDetections | None = None


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """All pictures of a source.

    Attributes:
        kind: ``folder`` or ``gallery``.
        pictures: in their natural order.
        unreadable: names of files that cannot be read at all, and why.
    """

    kind: str
    pictures: tuple[SourcePicture, ...]
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def sha256(self) -> str:
        """One hash over names and contents."""
        digest = hashlib.sha256()
        for picture in self.pictures:
            digest.update(text_bytes(f"{picture.name}\0{picture.sha256}\n"))
        return digest.hexdigest()


def folder_source(folder: Path, target: Path) -> DatasetSource:
    """Return the pictures of a folder with a folder for each person.

    Args:
        folder: of the people.
        target: where the set goes; must not lie in it.

    Raises:
        ConfigError: if there is no such folder, no picture in it, or the target lies within.
    """
    names = pictures_under(folder)
    if target.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"The set would be made inside its own source {folder}; give another folder with --out.")
    pictures, unreadable = [], []
    for name in names:
        try:
            sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as exc:
            unreadable.append((name, f"{folder / name} cannot be read: {exc.strerror or exc}."))
            continue
        person = name.split("/")[0] if "/" in name else ""
        pictures.append(SourcePicture(name, person, sha256, _reader(folder / name)))
    return DatasetSource("folder", tuple(pictures), tuple(unreadable))


def gallery_source(store: GalleryStore) -> DatasetSource:
    """Return the enrolled faces that take part in recognition; people go by their identifiers, not their names.

    Raises:
        NotEnoughDataError: if nobody is enrolled.
        GalleryReadError: if the gallery cannot be read.
    """
    pictures = [
        SourcePicture(
            f"{face.person_id}/{face.face_id}", face.person_id, face.picture_sha256, _enrolled(store, face),
            face.detections(),
        )
        for person in sorted(store.people(), key=lambda person: person.person_id)
        for face in sorted(store.faces_of(person.person_id), key=lambda face: face.face_id)
        if face.state is FaceState.ACTIVE
    ]  # fmt: skip
    if not pictures:
        raise NotEnoughDataError("Nobody is enrolled, so no set can be made; enrol people or give a folder.")
    return DatasetSource("gallery", tuple(pictures))


def _reader(file: Path) -> Callable[[], UInt8Array]:
    def read() -> UInt8Array:
        try:
            data = file.read_bytes()
        except OSError as exc:
            raise UnreadableImageError(f"{file} cannot be read: {exc.strerror or exc}.") from exc
        return decode_image(data, str(file))

    return read


def _enrolled(store: GalleryStore, face: EnrolledFace) -> Callable[[], UInt8Array]:
    def read() -> UInt8Array:
        return store.read_picture(face.face_id)

    return read
