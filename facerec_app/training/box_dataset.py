"""A detection data set: pictures with the faces in them, whatever format it is kept in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from facerec_app.core.errors import ConfigError
from facerec_app.core.face_annotations import FaceAnnotations, fitted

LANDMARK_NAMES = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""Order of ``FaceDetections``; left and right as seen in the picture."""
FACE = "face"
"""Name of the only class."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedPicture:
    """A picture file and its faces.

    Attributes:
        file: where it lies.
        width_px, height_px: of the upright picture.
        faces: every face in it.
    """

    file: Path
    width_px: int
    height_px: int
    faces: FaceAnnotations


@dataclass(frozen=True, slots=True, eq=False)
class BoxDataset:
    """Annotated pictures.

    Attributes:
        pictures: those that can be used.
        faults: one line for each that cannot.
    """

    pictures: tuple[AnnotatedPicture, ...]
    faults: tuple[str, ...] = ()

    @property
    def face_count(self) -> int:
        """Number of faces in all pictures, difficult ones too."""
        return sum(len(picture.faces) for picture in self.pictures)

    @staticmethod
    def checked(pictures: Iterable[AnnotatedPicture], faults: Iterable[str] = ()) -> BoxDataset:
        """Return the data set of those pictures whose file is there and whose boxes lie in it."""
        good, bad = [], list(faults)
        for picture in pictures:
            if not _is_there(picture.file):
                bad.append(f"The picture {picture.file} does not exist; put it back or leave its entry out.")
                continue
            try:
                faces = fitted(picture.faces, picture.width_px, picture.height_px, str(picture.file))
            except ConfigError as exc:
                bad.append(str(exc))
                continue
            good.append(AnnotatedPicture(picture.file, picture.width_px, picture.height_px, faces))
        return BoxDataset(tuple(good), tuple(bad))


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name that no file can have
        return False


def file_inside(folder: Path, name: str, where: Path) -> Path:
    """Return the file of a data set that an entry names.

    Raises:
        ConfigError: the name leads out of the data set's folder.
    """
    parts = PurePosixPath(name.replace("\\", "/"))
    file = folder / parts
    if parts.is_absolute() or not name.strip() or not file.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"{where} names a picture outside its folder ('{name:.80}'); the data set is refused.")
    return file


def read_box_dataset(path: Path) -> BoxDataset:
    """Return a data set in COCO's or PASCAL VOC's format.

    Args:
        path: COCO's JSON file; or a folder that holds ``annotations.json`` (COCO) or ``Annotations/`` (VOC).

    Raises:
        ConfigError: it is none, damaged, or holds nothing that can be used.
    """
    from facerec_app.training.coco_boxes import ANNOTATIONS_NAME, read_coco
    from facerec_app.training.voc_boxes import ANNOTATIONS_FOLDER, read_voc

    if path.is_file():
        dataset = read_coco(path)
    elif (path / ANNOTATIONS_NAME).is_file():
        dataset = read_coco(path / ANNOTATIONS_NAME)
    elif (path / ANNOTATIONS_FOLDER).is_dir():
        dataset = read_voc(path)
    else:
        raise ConfigError(
            f"{path} is no detection data set; give COCO's JSON file, or a folder with {ANNOTATIONS_NAME} or "
            f"{ANNOTATIONS_FOLDER}/."
        )
    if not dataset.pictures:
        why = f" ({dataset.faults[0]})" if dataset.faults else ""
        raise ConfigError(f"The data set {path} holds no picture that can be used{why}.")
    return dataset
