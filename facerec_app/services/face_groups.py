"""Groups of faces without a name, as they are shown, and the same as one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facerec_app.capture.images import write_jpeg, write_png
from facerec_app.core.errors import ConfigError
from facerec_app.core.types import Frame, UInt8Array
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gallery.unnamed_faces import count_of_faces
from facerec_app.pipeline.ranked_sheet import SheetFace, SheetRow, ranked_sheet
from facerec_app.pipeline.track_album import cut_out

_SHEET_FACES = 9
SHEET_GROUPS = 60
"""Rows of a sheet; a picture of more could not be looked at."""


@dataclass(frozen=True, slots=True)
class NameSuggestion:
    """Whom the recogniser takes a group for.

    Attributes:
        person_id: who that is.
        name: of that person.
        probability: that it is right, of the face in the middle of those that say so.
    """

    person_id: str
    name: str
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceGroup:
    """Faces of one person who has no name yet.

    Attributes:
        group_id: "g" and the beginning of the oldest face's identifier, to be typed.
        faces: most typical first.
        kept_id: of a group that the user made; None for one that was found by likeness.
        suggestion: whom the recogniser takes them for, None if for nobody.
    """

    group_id: str
    faces: tuple[UnnamedFace, ...]
    kept_id: str | None
    suggestion: NameSuggestion | None

    @property
    def face_ids(self) -> tuple[str, ...]:
        return tuple(face.face_id for face in self.faces)


@dataclass(frozen=True, slots=True, eq=False)
class GroupedFaces:
    """Every unnamed face.

    Attributes:
        groups: of two faces and more, biggest first.
        alone: groups of one, oldest first.
        ignored: faces that are never asked about, oldest first.
    """

    groups: tuple[FaceGroup, ...]
    alone: tuple[FaceGroup, ...]
    ignored: tuple[UnnamedFace, ...]

    @property
    def everything(self) -> tuple[FaceGroup, ...]:
        """All groups, those of one last."""
        return self.groups + self.alone


def write_groups_sheet(grouped: GroupedFaces, picture_of: Callable[[UnnamedFace], UInt8Array], target: Path) -> None:
    """Write the biggest groups as one picture, a row each with its most typical faces.

    Args:
        grouped: the groups.
        picture_of: returns the picture that is kept of a face, ``(H, W, 3)`` uint8.
        target: JPEG or PNG file.

    Raises:
        ConfigError: the name is neither that of a JPEG nor that of a PNG, or there is no group.
        GalleryReadError: a picture is missing or damaged.
        OutputWriteError: the file cannot be written.
    """
    if target.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
        raise ConfigError(f"The sheet {target} is to be a picture; give it a name that ends in .png or .jpg.")
    if not grouped.groups:
        raise ConfigError("There is no group to be drawn; add faces with 'facerec cluster add FOLDER'.")
    rows = []
    for group in grouped.groups[:SHEET_GROUPS]:
        shown = [(face, _likeness(face, picture_of(face))) for face in group.faces[:_SHEET_FACES]]
        guess = f", {group.suggestion.name}?" if group.suggestion is not None else ""
        first = SheetFace(shown[0][1], group.group_id, f"{count_of_faces(group.faces)}{guess}")
        rows.append(
            SheetRow(first, [SheetFace(seen, face.face_id[:8], Path(face.source).name) for face, seen in shown[1:]])
        )
    write = write_png if target.suffix.lower() == ".png" else write_jpeg
    groups = "1 group" if len(grouped.groups) == 1 else f"{len(grouped.groups)} groups"
    write(target, ranked_sheet(rows, f"Unknown faces, {groups}"))


def _likeness(face: UnnamedFace, picture_rgb: UInt8Array) -> UInt8Array:
    return cut_out(Frame(picture_rgb, 0, 0.0, face.source), face.detections(), 1.0).pixels_rgb
