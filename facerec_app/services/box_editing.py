"""Where the faces of a picture are: what the detector proposes, and what people make of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from facerec_app.capture.images import decode_image
from facerec_app.core.errors import ConfigError, NoFaceError, UnreadableImageError
from facerec_app.core.face_annotations import FaceAnnotations, fitted
from facerec_app.core.geometry import clip_boxes, pairwise_iou
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import Embeddings, FaceDetections, Float32Array, UInt8Array
from facerec_app.core.validation import readable_path
from facerec_app.gallery.box_corrections import BoxCorrections, FaceCorrection
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.gallery.face_pictures import read_picture_bytes
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace
from facerec_app.services.face_reader import face_in_box
from facerec_app.services.picture_files import expand_pictures

_SAME_PX = 0.01
_SAME_FACE_IOU = 0.3


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """One picture of a list to be gone through.

    Attributes:
        title: what to call it.
        file: where it lies.
        is_looked_at: whether its boxes were saved before.
        face_id: of the enrolled face whose picture it is; empty for any other file.
    """

    title: str
    file: Path
    is_looked_at: bool
    face_id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PictureBoxes:
    """A picture that was opened.

    Attributes:
        title: what to call it.
        file: where it lies.
        sha256: of the file.
        file_bytes: length of the file.
        pixels_rgb: ``(H, W, 3)`` uint8, upright.
        faces: what was saved before, else what the detector proposes.
        is_proposal: whether nobody looked at it before.
        face_id: of the enrolled face whose picture it is; empty for any other file.
        enrolled_row: which of the faces is that one; None for any other file.
    """

    title: str
    file: Path
    sha256: str
    file_bytes: int
    pixels_rgb: UInt8Array
    faces: FaceAnnotations
    is_proposal: bool
    face_id: str = ""
    enrolled_row: int | None = None


class BoxEditingService:
    """Opens pictures, and saves what people say is in them.

    Args:
        store: the gallery.
        detector: proposes boxes and finds landmarks.
        aligner, extractor: of the profile in use, for enrolled faces that are moved; all made when first needed.
        gallery_changed: called after an enrolled face got other features.
    """

    def __init__(
        self,
        store: GalleryStore,
        detector: Callable[[], FaceDetector],
        aligner: Callable[[], FaceAligner],
        extractor: Callable[[], FeatureExtractor],
        gallery_changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._gallery_changed = gallery_changed
        self.corrections = BoxCorrections(store.database)

    def gallery_pictures(self) -> tuple[PictureEntry, ...]:
        """Return the pictures of all enrolled faces, by name."""
        looked_at = self.corrections.looked_at()
        found: list[PictureEntry] = []
        for person in self._store.people():
            for face in self._store.faces_of(person.person_id):
                seen = face.picture_sha256 in looked_at
                found.append(PictureEntry(person.name, face.picture_file, seen, face.face_id))
        return tuple(found)

    def picture_files(self, paths: Sequence[Path]) -> tuple[PictureEntry, ...]:
        """Return pictures on disk; a folder stands for the pictures in it.

        Only files as long as one that was looked at are read to tell whether they are it, wherever it lay then.

        Raises:
            ConfigError: a folder holds no pictures.
            UnreadableImageError: a folder cannot be read.
        """
        looked_at = self.corrections.looked_at()
        lengths = frozenset(looked_at.values())
        files = expand_pictures([path.resolve() for path in paths])
        return tuple(PictureEntry(file.name, file, _is_one_of(file, looked_at, lengths)) for file in files)

    def open(self, entry: PictureEntry) -> PictureBoxes:
        """Return a picture with the faces in it.

        Raises:
            UnreadableImageError: the file is missing or no picture.
            GalleryReadError: the enrolled face was removed, or its picture is damaged.
            InferenceError: the detector failed.
        """
        face = self._store.get_face(entry.face_id) if entry.face_id else None
        data = _read(entry.file) if face is None else read_picture_bytes(face.picture_file, face.picture_sha256)
        pixels = decode_image(data, str(entry.file))
        sha256 = hashlib.sha256(data).hexdigest()
        known = self.corrections.get(sha256)
        title = entry.title if face is None else self._store.get_person(face.person_id).name
        row: int | None = None
        if known is not None:
            faces, row = known.faces, known.enrolled_row
        elif face is not None:
            faces, row = self._proposal_around(pixels, face, title), 0
        else:
            faces = FaceAnnotations.from_detections(_left_to_right(self._detector().detect(pixels)))
        if face is not None and row is None:
            faces, row = _with_enrolled(faces, face, title), 0
        if face is None:
            row = None
        return PictureBoxes(title, entry.file, sha256, len(data), pixels, faces, known is None, entry.face_id, row)

    def open_file(self, file: Path) -> PictureBoxes:
        """Return a picture file with the faces in it; one that the gallery holds is opened as the enrolled face's.

        Raises:
            UnreadableImageError, GalleryReadError, InferenceError: as ``open``.
        """
        sha256 = hashlib.sha256(_read(file)).hexdigest()
        owner = self._owner_of(sha256)
        return self.open(PictureEntry(file.name, file.resolve(), False, owner.face_id if owner is not None else ""))

    def landmarks_in(self, pixels_rgb: UInt8Array, box_xyxy: Float32Array) -> Float32Array | None:
        """Return ``(5, 2)`` float32 px landmarks of the face in a box drawn by hand; None if none is found there.

        Raises:
            InferenceError: the detector failed.
        """
        found = face_in_box(self._detector(), pixels_rgb, box_xyxy)
        return np.asarray(found.landmarks_xy[0], np.float32) if found is not None else None

    def save(self, picture: PictureBoxes, faces: FaceAnnotations, enrolled_row: int | None = None) -> bool:
        """Keep what is in a picture; return whether an enrolled face got other features by it.

        Boxes that reach over the edge are cut to the picture.

        Args:
            picture: that was opened.
            faces: every face in it, after correction.
            enrolled_row: which of them is the enrolled one, for the picture of an enrolled face.

        Raises:
            ConfigError: a box lies outside the picture, or the enrolled face's was deleted.
            NoFaceError: the enrolled face was moved and has no landmarks, without which there are no features.
            GalleryReadError, GalleryWriteError, GalleryChangedError, InferenceError: nothing was kept.
        """
        height, width = picture.pixels_rgb.shape[:2]
        faces = fitted(faces, width, height, picture.title)
        correction = None
        if picture.face_id:
            if enrolled_row is None or not 0 <= enrolled_row < len(faces):
                raise ConfigError(
                    f"This box is the enrolled face of {picture.title}; to take it out, remove the picture on the "
                    "person's page."
                )
            correction = self._correction(picture, faces, enrolled_row)
        location = "" if picture.face_id else readable_path(picture.file)
        now = datetime.now(UTC)
        row = enrolled_row if picture.face_id else None
        self.corrections.save(
            CorrectedPicture(
                picture.sha256, location, picture.file_bytes, width, height, faces, picture.face_id or None, row, now
            ),
            correction,
        )
        if correction is not None:
            self._gallery_changed()
        return correction is not None

    def _owner_of(self, sha256: str) -> EnrolledFace | None:
        for person in self._store.people():
            for face in self._store.faces_of(person.person_id):
                if face.picture_sha256 == sha256:
                    return face
        return None

    def _proposal_around(self, pixels_rgb: UInt8Array, face: EnrolledFace, name: str) -> FaceAnnotations:
        """Return the enrolled face first, then whatever else the detector finds in its picture."""
        found = FaceAnnotations.from_detections(_left_to_right(self._detector().detect(pixels_rgb)))
        return _with_enrolled(found, face, name)

    def _correction(self, picture: PictureBoxes, faces: FaceAnnotations, row: int) -> FaceCorrection | None:
        face = self._store.get_face(picture.face_id)
        box, landmarks = faces.boxes_xyxy[row], faces.landmarks_xy[row]
        same = np.allclose(box, face.box_xyxy, atol=_SAME_PX) or np.allclose(
            box, _fitted_box(face, picture), atol=_SAME_PX
        )
        if same and np.allclose(landmarks, face.landmarks_xy, atol=_SAME_PX):
            return None
        if not faces.has_landmarks[row]:
            raise NoFaceError(
                f"The face of {picture.title} needs its landmarks (eyes, nose, corners of the mouth) to be recognised; "
                "put them in place and save again."
            )
        crop = self._aligner().align(picture.pixels_rgb, faces.select(np.array([row])).detections())
        embedding: Embeddings = self._extractor().embed(crop)
        return FaceCorrection(face.face_id, box, landmarks, crop, embedding)


def _fitted_box(face: EnrolledFace, picture: PictureBoxes) -> Float32Array:
    """Return an enrolled face's box cut to its picture, as saving cuts it: that alone is no correction."""
    height, width = picture.pixels_rgb.shape[:2]
    return np.asarray(clip_boxes(face.box_xyxy[None], width, height)[0], np.float32)


def same_face_row(faces: FaceAnnotations, box_xyxy: Float32Array) -> int | None:
    """Return which face a box is, None if none overlaps it by enough."""
    if not len(faces):
        return None
    overlaps = pairwise_iou(np.asarray(box_xyxy, np.float32)[None], faces.boxes_xyxy)[0]
    best = int(overlaps.argmax())
    return best if overlaps[best] >= _SAME_FACE_IOU else None


def _with_enrolled(faces: FaceAnnotations, face: EnrolledFace, name: str) -> FaceAnnotations:
    """Return the enrolled face first and those of the others that are not it."""
    same = same_face_row(faces, face.box_xyxy)
    others = faces.select(np.array([row for row in range(len(faces)) if row != same], np.int64))
    return FaceAnnotations.of(
        np.concatenate([face.box_xyxy[None], others.boxes_xyxy]),
        np.concatenate([face.landmarks_xy[None], others.landmarks_xy]),
        (name, *others.names),
        [False, *others.difficult.tolist()],
    )


def _left_to_right(found: FaceDetections) -> FaceDetections:
    return found.select(np.argsort(found.boxes_xyxy[:, 0], kind="stable"))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise UnreadableImageError(f"{file} cannot be read: {exc.strerror or exc}.") from exc


def _is_one_of(file: Path, looked_at: dict[str, int], lengths: frozenset[int]) -> bool:
    try:
        if file.stat().st_size not in lengths:
            return False
        return hashlib.sha256(file.read_bytes()).hexdigest() in looked_at
    except OSError:
        return False  # opening it says what is wrong
