"""What is wrong with a folder of people: copies, faces under the wrong name, pictures without a face or unreadable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image, write_jpeg, write_png
from facerec_app.core.errors import ConfigError, UnreadableImageError
from facerec_app.core.types import FaceDetections, Frame, UInt8Array
from facerec_app.evaluation.label_review import LabelReview, MisfiledFace, review_labels
from facerec_app.evaluation.picture_copies import CopyKind, PictureCopy, copy_groups, find_copies
from facerec_app.pipeline.ranked_sheet import SheetFace, SheetRow, ranked_sheet
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.picture_inspection import InspectedPictures, PictureInspector, pictures_under
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.progress import CancelCheck, ProgressCallback, never_cancelled, no_progress

_SHEET_ROWS = 40
_SHEET_FACES = 3


@dataclass(frozen=True, slots=True, eq=False)
class DatasetReport:
    """What a check found; rows are those of ``inspected``.

    Attributes:
        inspected: the pictures and what is in them.
        copies: pictures that are copies of others.
        labels: faces under the wrong person.
        unreadable: files that cannot be read.
        faceless: pictures without a face.
        unclear: pictures with several faces none of which is clearly meant.
        unassigned: pictures that lie in no person's folder; looked at for copies only.
    """

    inspected: InspectedPictures
    copies: tuple[PictureCopy, ...]
    labels: LabelReview
    unreadable: tuple[int, ...]
    faceless: tuple[int, ...]
    unclear: tuple[int, ...]
    unassigned: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether every picture was looked at."""
        return self.inspected.complete


class DatasetCheckService:
    """Checks folders of people; changes nothing in them.

    Args:
        inspector: returns what looks into the pictures; asked for when there are some.
        network: returns what judges pairs of faces at present.
    """

    def __init__(self, inspector: Callable[[], PictureInspector], network: Callable[[], NetworkInUse]) -> None:
        self._inspector = inspector
        self._network = network

    def check(
        self,
        folder: Path,
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> DatasetReport:
        """Return what is wrong with a folder that holds a folder of pictures for each person.

        A check that is cancelled reports on the pictures it came to; the next one goes on from there.

        Raises:
            ConfigError: if there is no such folder or nothing in it.
            ModelError: if a network cannot be used.
        """
        pictures = pictures_under(folder)
        inspected = self._inspector().inspect(folder, pictures, progress=progress, cancelled=cancelled)
        rows = inspected.rows
        looked_at = (rows.file_sha256 != "") & np.array([not fault for fault in inspected.faults])
        digests, pixels = rows.file_sha256.tolist(), rows.pixels_sha256.tolist()
        copies = find_copies(digests, pixels, rows.found, rows.vectors, rows.hashes, rows.picture_hashes)
        return DatasetReport(
            inspected,
            copies,
            self._review(inspected, copies),
            tuple(row for row, fault in enumerate(inspected.faults) if fault),
            tuple(np.nonzero(looked_at & ~rows.found)[0].tolist()),
            tuple(np.nonzero(looked_at & rows.unclear)[0].tolist()),
            tuple(row for row, person in enumerate(inspected.people) if not person),
        )

    def write_sheet(self, report: DatasetReport, target: Path) -> None:
        """Write the findings that can be judged by looking as one picture: the face and what it was compared with.

        Raises:
            ConfigError: if the name is neither that of a JPEG nor that of a PNG.
            OutputWriteError: if the file cannot be written.
        """
        if target.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
            raise ConfigError(f"The sheet {target} is to be a picture; give it a name that ends in .png or .jpg.")
        rows = [*_misfiled_rows(report), *_copy_rows(report)]
        heading = f"What to look at in {report.inspected.root.name}"
        if len(rows) > _SHEET_ROWS:
            heading += f": the first {_SHEET_ROWS} of {len(rows)}"
        write = write_png if target.suffix.lower() == ".png" else write_jpeg
        write(target, ranked_sheet(rows[:_SHEET_ROWS], heading if rows else f"{heading}: nothing was found"))

    def _review(self, inspected: InspectedPictures, copies: tuple[PictureCopy, ...]) -> LabelReview:
        people = inspected.people
        kept = np.array([row for row in np.nonzero(inspected.rows.found)[0].tolist() if people[row]], np.int64)
        if not len(kept):
            return LabelReview((), ())
        network = self._network()

        def log_odds(left: np.ndarray, right: np.ndarray) -> np.ndarray:
            return np.asarray(network.scorer.log_odds(left, right), np.float32)

        groups = copy_groups(len(people), copies)[kept]
        review = review_labels(inspected.rows.vectors[kept], [people[row] for row in kept.tolist()], groups, log_odds)
        return LabelReview(
            tuple(
                MisfiledFace(int(kept[face.row]), face.suggested, face.own_log_odds, face.other_log_odds)
                for face in review.misfiled
            ),
            tuple((int(kept[left]), int(kept[right])) for left, right in review.disagreeing),
        )


def _misfiled_rows(report: DatasetReport) -> list[SheetRow]:
    inspected = report.inspected
    rows = []
    for face in report.labels.misfiled:
        own = [_face(inspected, row, "same folder") for row in _members(report, inspected.people[face.row], face.row)]
        other = _members(report, face.suggested, face.row) if face.suggested is not None else []
        others = [_face(inspected, row, "looks like") for row in other]
        rows.append(
            SheetRow(
                _face(inspected, face.row, f"filed under {inspected.people[face.row]}", asked=True), [*own, *others]
            )
        )
    for left, right in report.labels.disagreeing:
        rows.append(
            SheetRow(_face(inspected, left, "two people?", asked=True), [_face(inspected, right, "same folder")])
        )
    return rows


def _copy_rows(report: DatasetReport) -> list[SheetRow]:
    return [
        SheetRow(
            _face(report.inspected, copy.kept_row, "the first", asked=True),
            [_face(report.inspected, copy.copy_row, copy.kind.value, asked=True)],
        )
        for copy in sorted(report.copies, key=lambda copy: copy.kind is not CopyKind.LOOKS)
    ]


def _members(report: DatasetReport, person: str, face_row: int) -> list[int]:
    """Return the pictures of a person that are most like a face, without itself and what is misfiled."""
    inspected = report.inspected
    wrong = {face.row for face in report.labels.misfiled}
    rows = [
        row
        for row, owner in enumerate(inspected.people)
        if owner == person and row != face_row and row not in wrong and inspected.rows.found[row]
    ]
    vectors = inspected.rows.vectors
    return sorted(rows, key=lambda row: -float(vectors[row] @ vectors[face_row]))[:_SHEET_FACES]


def _face(inspected: InspectedPictures, row: int, word: str, *, asked: bool = False) -> SheetFace:
    """Return a face with its file's name if it is asked about, else with whose folder it lies in."""
    name = inspected.pictures[row].split("/")
    return SheetFace(_likeness(inspected, row), name[-1] if asked else name[0], word)


def _likeness(inspected: InspectedPictures, row: int) -> UInt8Array | None:
    try:
        pixels = read_image(inspected.root / inspected.pictures[row])
    except UnreadableImageError:
        return None
    if not inspected.rows.found[row]:
        return pixels
    box = inspected.rows.boxes_xyxy[row : row + 1]
    detection = FaceDetections(box, np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32))
    return cut_out(Frame(pixels, 0, 0.0, inspected.pictures[row]), detection, 1.0).pixels_rgb
