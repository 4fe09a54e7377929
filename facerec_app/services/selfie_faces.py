"""From a folder of selfies to a folder of faces."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import decode_image
from facerec_app.core.errors import ConfigError, EnrolmentError, OutputWriteError, UnreadableImageError
from facerec_app.core.protocols import FaceDetector
from facerec_app.core.types import Frame
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.face_folder import FaceFolder
from facerec_app.services.picture_inspection import pictures_under
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.quality_gate import QualityLimits, choose_subject

JOURNAL_NAME = "faces.jsonl"


@dataclass(frozen=True, slots=True)
class SelfieReport:
    """What was made.

    Attributes:
        files: faces that were written.
        known: pictures whose face was there already.
        refused: pictures without a face to take, and why, a line each.
        stopped: whether the user ended it before the last picture.
    """

    files: tuple[Path, ...]
    known: int
    refused: tuple[tuple[str, str], ...]
    stopped: bool


class SelfieFaces:
    """Cuts the subject's face out of each picture, as enrolment would choose it.

    Args:
        detector: finds the faces.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._limits = QualityLimits()

    def make(
        self,
        folder: Path,
        target: Path,
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> SelfieReport:
        """Write the faces; folders within the folder come out as folders of the same name.

        Each face is noted in ``faces.jsonl`` with the SHA-256 of its picture, so that a second run adds only what is
        new and one that was interrupted goes on.

        Raises:
            ConfigError: if there is no such folder, no picture in it, or the target lies within.
            OutputWriteError: if a face cannot be written.
            InferenceError: if a network fails.
        """
        pictures = pictures_under(folder)
        if target.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(f"The faces would be put among the selfies of {folder}; give another folder with --out.")
        FaceFolder(target).open()
        known = _journal(target)
        files: list[Path] = []
        refused: list[tuple[str, str]] = []
        met = 0
        for done, name in enumerate(pictures, start=1):
            if cancelled():
                return SelfieReport(tuple(files), met, tuple(refused), True)
            try:
                data = _read(folder / name)
                digest = hashlib.sha256(data).hexdigest()
                if digest in known:
                    met += 1
                else:
                    files.append(self._face(data, folder / name, FaceFolder(target / Path(name).parent)))
                    _note(target, files[-1], name, digest)
                    known.add(digest)
            except EnrolmentError as exc:
                refused.append((name, str(exc)))
            progress(Progress(done, len(pictures), name))
        return SelfieReport(tuple(files), met, tuple(refused), False)

    def _face(self, data: bytes, file: Path, folder: FaceFolder) -> Path:
        pixels = decode_image(data, str(file))
        detections = self._detector.detect(pixels)
        row = choose_subject(detections, (pixels.shape[1], pixels.shape[0]), self._limits, str(file))
        folder.open()
        frame = Frame(pixels, 0, 0.0, str(file))
        return folder.add(cut_out(frame, detections.select(np.array([row])), 1.0).pixels_rgb)


def _journal(target: Path) -> set[str]:
    """Return the pictures whose faces are there; a line that was cut off by a kill is made again."""
    file = target / JOURNAL_NAME
    digests: set[str] = set()
    for line in file.read_text(encoding="utf-8", errors="replace").split("\n") if file.is_file() else ():
        try:
            noted = json.loads(line)
            if (target / str(noted["face"])).is_file():
                digests.add(str(noted["sha256"]))
        except (ValueError, KeyError, TypeError):
            continue
    return digests


def _note(target: Path, face: Path, picture: str, digest: str) -> None:
    line = json.dumps(
        {"face": face.relative_to(target).as_posix(), "picture": picture, "sha256": digest}, ensure_ascii=False
    )
    try:
        with (target / JOURNAL_NAME).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(line + "\n")
    except OSError as exc:
        raise OutputWriteError(f"{target / JOURNAL_NAME} cannot be written: {exc.strerror or exc}.") from exc


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise UnreadableImageError(f"{file} cannot be read: {exc.strerror or exc}.") from exc
    if not data:
        raise UnreadableImageError(f"{file} is an empty file; copy it again.")
    return data
