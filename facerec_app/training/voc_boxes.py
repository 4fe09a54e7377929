"""Faces in the format of PASCAL VOC (Everingham et al., IJCV 2010; devkit of 2012): one XML file a picture.

The format counts pixels from 1 and includes the last one: a box from 0 to 10 px is written 1 to 10. Landmarks are
``part`` elements with a bounding box of one point, as the devkit's person layouts have parts; ``person`` (who it is) is
ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from facerec_app.core.errors import ConfigError
from facerec_app.core.face_annotations import FaceAnnotations, shown_name
from facerec_app.core.types import Float32Array
from facerec_app.training.box_dataset import FACE, LANDMARK_NAMES, AnnotatedPicture, BoxDataset, file_inside

ANNOTATIONS_FOLDER = "Annotations"
IMAGES_FOLDER = "JPEGImages"
SETS_FILE = Path("ImageSets") / "Main" / "trainval.txt"
_MOST_BYTES = 16 * 1024 * 1024
_EDGES = ("xmin", "ymin", "xmax", "ymax")


def voc_document(picture: AnnotatedPicture) -> bytes:
    """Return the XML file of one picture; whatever a name holds is escaped."""
    root = ElementTree.Element("annotation")
    _text(root, "folder", IMAGES_FOLDER)
    _text(root, "filename", picture.file.name)
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", picture.width_px), ("height", picture.height_px), ("depth", 3)):
        _text(size, name, str(value))
    _text(root, "segmented", "0")
    faces = picture.faces
    for row in range(len(faces)):
        thing = ElementTree.SubElement(root, "object")
        _text(thing, "name", FACE)
        _text(thing, "pose", "Unspecified")
        _text(thing, "truncated", str(int(_touches_edge(faces.boxes_xyxy[row], picture))))
        _text(thing, "difficult", str(int(faces.difficult[row])))
        if faces.names[row]:
            _text(thing, "person", shown_name(faces.names[row]))
        left, top, right, bottom = faces.boxes_xyxy[row].tolist()
        _box(thing, (left + 1, top + 1, right, bottom))
        if faces.has_landmarks[row]:
            for name, (x, y) in zip(LANDMARK_NAMES, faces.landmarks_xy[row].tolist(), strict=True):
                part = ElementTree.SubElement(thing, "part")
                _text(part, "name", name)
                _box(part, (x + 1, y + 1, x + 1, y + 1))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def read_voc(folder: Path) -> BoxDataset:
    """Return the pictures of a folder in the layout of the devkit.

    Raises:
        ConfigError: the folder cannot be read.
    """
    pictures, faults = [], []
    try:
        files = sorted((folder / ANNOTATIONS_FOLDER).glob("*.xml"))
    except OSError as exc:
        raise ConfigError(f"{folder} cannot be read: {exc.strerror or exc}.") from exc
    for file in files:
        try:
            pictures.append(_picture(_parsed(file), folder, file))
        except ConfigError as exc:
            faults.append(str(exc))
        except (ValueError, TypeError, AttributeError, OverflowError) as exc:
            faults.append(f"{file} is no VOC annotation ({type(exc).__name__}: {exc}); export it again.")
    return BoxDataset.checked(pictures, faults)


def _parsed(file: Path) -> ElementTree.Element:
    try:
        data = file.read_bytes() if file.stat().st_size <= _MOST_BYTES else b"<!DOCTYPE"
        # Entities could make a small file fill the memory; an annotation needs none.
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
            raise ConfigError(f"{file} holds a document type or is no plain XML file; it is refused.")
        return ElementTree.fromstring(data)  # noqa: S314 - without entities, see above
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc.strerror or exc}.") from exc
    except (ElementTree.ParseError, LookupError) as exc:  # the latter for an encoding that nobody knows
        raise ConfigError(f"{file} is damaged ({exc}); export it again.") from exc


def _picture(root: ElementTree.Element, folder: Path, file: Path) -> AnnotatedPicture:
    images = folder / IMAGES_FOLDER
    place = file_inside(images, root.findtext("filename", "").strip(), file)
    things = [thing for thing in root.iter("object") if thing.findtext("name", "").strip().lower() == FACE]
    boxes = np.array([_edges(thing) for thing in things], np.float32).reshape(-1, 4)
    boxes[:, :2] -= 1
    faces = FaceAnnotations.of(
        boxes,
        np.array([_landmarks(thing) for thing in things], np.float32).reshape(-1, 5, 2),
        [thing.findtext("person", "").strip() for thing in things],
        [thing.findtext("difficult", "0").strip() == "1" for thing in things],
    )
    sides = [int(root.findtext(f"size/{side}", "")) for side in ("width", "height")]
    return AnnotatedPicture(place, sides[0], sides[1], faces)


def _edges(thing: ElementTree.Element) -> list[float]:
    return [float(thing.findtext(f"bndbox/{edge}", "")) for edge in _EDGES]


def _landmarks(thing: ElementTree.Element) -> Float32Array:
    points = {part.findtext("name", ""): _edges(part)[:2] for part in thing.findall("part")}
    if not set(LANDMARK_NAMES) <= set(points):
        return np.full((len(LANDMARK_NAMES), 2), np.nan, np.float32)
    return np.array([points[name] for name in LANDMARK_NAMES], np.float32) - 1


def _touches_edge(box_xyxy: Float32Array, picture: AnnotatedPicture) -> bool:
    left, top, right, bottom = box_xyxy.tolist()
    return bool(left <= 0 or top <= 0 or right >= picture.width_px or bottom >= picture.height_px)


def _text(parent: ElementTree.Element, name: str, value: str) -> None:
    ElementTree.SubElement(parent, name).text = value


def _box(parent: ElementTree.Element, edges: Sequence[float]) -> None:
    box = ElementTree.SubElement(parent, "bndbox")
    for name, value in zip(_EDGES, edges, strict=True):
        _text(box, name, f"{value:.2f}".rstrip("0").rstrip("."))
