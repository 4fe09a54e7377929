"""Corrected boxes out of the gallery as a detection data set, and into it."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from facerec_app.core.errors import ConfigError, FacerecError, OutputWriteError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.services.box_editing import BoxEditingService, same_face_row
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.training import coco_boxes, voc_boxes
from facerec_app.training.box_dataset import AnnotatedPicture, BoxDataset, read_box_dataset

BoxFormat = Literal["coco", "voc"]
_DESCRIPTION = "Faces whose boxes were corrected by hand in FaceRec"
_SAME_PX = 0.02
"""VOC's files keep two decimals."""


@dataclass(frozen=True, slots=True)
class BoxTransfer:
    """What an export or import did.

    Attributes:
        pictures, faces: written or taken over.
        unchanged: pictures of an import that said the same already.
        faults: one line for each picture that was left out.
        is_complete: False if the user ended it.
    """

    pictures: int
    faces: int
    unchanged: int
    faults: tuple[str, ...]
    is_complete: bool = True


class BoxDataSetService:
    """Exports and imports what the box editor keeps.

    Args:
        store: the gallery.
        editing: keeps the boxes.
    """

    def __init__(self, store: GalleryStore, editing: BoxEditingService) -> None:
        self._store = store
        self._editing = editing

    def pictures(self) -> tuple[CorrectedPicture, ...]:
        """Return every picture that was looked at, the oldest first."""
        return self._editing.corrections.all()

    def remove(self, pictures: tuple[CorrectedPicture, ...]) -> None:
        """Forget what was said of pictures; enrolled faces stay where they were put."""
        self._editing.corrections.remove([picture.sha256 for picture in pictures])

    def find(self, what: str) -> tuple[CorrectedPicture, ...]:
        """Return the pictures of a file name, path or beginning of a SHA-256.

        Raises:
            ConfigError: there is none.
        """
        wanted = what.strip()
        paths = {wanted, str(Path(wanted).absolute()), str(Path(wanted).resolve())}
        found = tuple(
            picture
            for picture in self.pictures()
            if (len(wanted) >= 6 and picture.sha256.startswith(wanted.lower()))
            or (picture.location and (picture.location in paths or Path(picture.location).name == wanted))
        )
        if not found:
            raise ConfigError(f"No picture '{wanted:.80}' was looked at; 'facerec boxes list' shows all that were.")
        return found

    def dataset(self) -> BoxDataset:
        """Return what was corrected as a data set, pictures where they lie.

        Raises:
            ConfigError: nothing was corrected yet, or none of the pictures is there any more.
        """
        pictures, faults = [], []
        for picture in self.pictures():
            file = self._file(picture)
            if _sha256_of(file) == picture.sha256:
                pictures.append(AnnotatedPicture(file, picture.width_px, picture.height_px, picture.faces))
            else:
                faults.append(f"{file} was moved, changed or removed; open it again in the box editor to include it.")
        if not pictures:
            why = faults[0] if faults else "look at some in the library's page Boxes, or import a data set"
            raise ConfigError(f"There are no pictures with corrected boxes: {why}")
        return BoxDataset(tuple(pictures), tuple(faults))

    def export(
        self,
        kind: BoxFormat,
        folder: Path,
        *,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> BoxTransfer:
        """Write every corrected picture and its boxes into a new or empty folder, whole or not at all.

        Raises:
            ConfigError: nothing was corrected yet.
            OutputWriteError: the folder holds something, is the present one, or cannot be written.
        """
        dataset = self.dataset()
        folder = folder.resolve()
        _require_empty(folder)
        staging = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}.tmp")
        images = voc_boxes.IMAGES_FOLDER if kind == "voc" else coco_boxes.IMAGES_FOLDER
        try:
            (staging / images).mkdir(parents=True)
            copied: list[AnnotatedPicture] = []
            for number, picture in enumerate(dataset.pictures):
                if cancelled():
                    return BoxTransfer(0, 0, 0, dataset.faults, is_complete=False)
                on_progress(Progress(number, len(dataset.pictures), picture.file.name))
                copied.append(_copy(picture, staging / images))
            _write_annotations(kind, staging, copied)
            if folder.exists():
                folder.rmdir()
            staging.rename(folder)
        except OSError as exc:
            raise OutputWriteError(
                f"The data set {folder} cannot be written: {exc.strerror or exc}; free space or choose another place."
            ) from exc
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return BoxTransfer(len(copied), dataset.face_count, 0, dataset.faults)

    def take_over(
        self,
        path: Path,
        *,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> BoxTransfer:
        """Keep the boxes of a data set as if they had been drawn here; enrolled faces among them get other features.

        Each picture is kept by itself: an import that was ended goes on where it stopped.

        Raises:
            ConfigError: the data set cannot be used.
        """
        dataset = read_box_dataset(path)
        faults = list(dataset.faults)
        pictures = faces = unchanged = 0
        for number, picture in enumerate(dataset.pictures):
            if cancelled():
                return BoxTransfer(pictures, faces, unchanged, tuple(faults), is_complete=False)
            on_progress(Progress(number, len(dataset.pictures), picture.file.name))
            try:
                changed = self._take_picture(picture)
            except FacerecError as exc:
                faults.append(str(exc))
                continue
            pictures, unchanged = pictures + changed, unchanged + (not changed)
            faces += len(picture.faces) if changed else 0
        return BoxTransfer(pictures, faces, unchanged, tuple(faults))

    def _take_picture(self, picture: AnnotatedPicture) -> bool:
        opened = self._editing.open_file(picture.file)
        height, width = opened.pixels_rgb.shape[:2]
        if (width, height) != (picture.width_px, picture.height_px):
            raise ConfigError(
                f"{picture.file} has {width} x {height} px; the data set says "
                f"{picture.width_px} x {picture.height_px}. It is left out."
            )
        row = None
        if opened.enrolled_row is not None:
            row = same_face_row(picture.faces, opened.faces.boxes_xyxy[opened.enrolled_row])
        if not opened.is_proposal and _say_the_same(opened.faces, picture.faces):
            return False
        self._editing.save(opened, picture.faces, row)
        return True

    def _file(self, picture: CorrectedPicture) -> Path:
        return self._store.get_face(picture.face_id).picture_file if picture.face_id else Path(picture.location)


def _say_the_same(one: FaceAnnotations, other: FaceAnnotations) -> bool:
    return (
        one.names == other.names
        and np.array_equal(one.difficult, other.difficult)
        and np.allclose(one.boxes_xyxy, other.boxes_xyxy, atol=_SAME_PX)
        and np.allclose(one.landmarks_xy, other.landmarks_xy, atol=_SAME_PX, equal_nan=True)
    )


def _sha256_of(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _copy(picture: AnnotatedPicture, folder: Path) -> AnnotatedPicture:
    """Copy a picture byte for byte, so that it is recognised again; its name tells nothing of who is in it."""
    data = picture.file.read_bytes()
    target = folder / f"{hashlib.sha256(data).hexdigest()[:20]}{picture.file.suffix.lower()}"
    target.write_bytes(data)
    return replace(picture, file=target)


def _write_annotations(kind: BoxFormat, folder: Path, pictures: list[AnnotatedPicture]) -> None:
    if kind == "coco":
        document = coco_boxes.coco_document(pictures, _DESCRIPTION)
        (folder / coco_boxes.ANNOTATIONS_NAME).write_text(
            json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
        return
    annotations = folder / voc_boxes.ANNOTATIONS_FOLDER
    annotations.mkdir()
    for picture in pictures:
        (annotations / f"{picture.file.stem}.xml").write_bytes(voc_boxes.voc_document(picture))
    listed = folder / voc_boxes.SETS_FILE
    listed.parent.mkdir(parents=True)
    listed.write_text("".join(f"{picture.file.stem}\n" for picture in pictures), encoding="utf-8")


def _require_empty(folder: Path) -> None:
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputWriteError(f"{folder} holds something already; give the name of a new or empty folder.")
        if Path.cwd().is_relative_to(folder):  # it is replaced whole, which would leave the user's shell nowhere
            raise OutputWriteError(f"{folder} is the folder you are in; give the name of a new one.")
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputWriteError(f"{folder} cannot be made: {exc.strerror or exc}; choose another place.") from exc
