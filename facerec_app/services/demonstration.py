"""The demonstration: people enrolled from one photograph each and named in a video made of others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import write_jpeg
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import ConfigError, OutputWriteError
from facerec_app.core.types import FrameResult, UInt8Array
from facerec_app.pipeline.contact_sheet import ContactSheet
from facerec_app.services.enrolment import EnrolmentService
from facerec_app.services.people import PeopleService
from facerec_app.services.progress import CancelCheck, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.recognition import RecognitionService, RunOutputs, RunReport

_SETTLING_FRAMES = 25  # a name may take a second to appear


@dataclass(frozen=True, slots=True)
class _Appearance:
    """Where a person's face truly is: from ``expected.json``."""

    person: str
    enrolled: bool
    first_frame: int
    last_frame: int
    partly_from_frame: int
    partly_to_frame: int
    face: tuple[tuple[float, ...], ...]

    def holds(self, frame: int, box_xyxy: tuple[float, ...]) -> bool:
        """Return whether a box of that frame is on this face."""
        if not self.first_frame <= frame <= self.last_frame:
            return False
        table = np.array(self.face, np.float64)
        x, y = (float(np.interp(frame, table[:, 0], table[:, column])) for column in (1, 2))
        return box_xyxy[0] <= x <= box_xyxy[2] and box_xyxy[1] <= y <= box_xyxy[3]


@dataclass(frozen=True, slots=True)
class DemonstrationReport:
    """How the demonstration went.

    Attributes:
        run: the run over the video.
        named_share: by enrolled person, the share of frames, after the first second of each appearance, in which
            their face was found and carried their name.
        wrong_names: faces, all frames together, that carried a name that was not theirs.
        video, sheet, events: what was written.
    """

    run: RunReport
    named_share: dict[str, float]
    wrong_names: int
    video: Path
    sheet: Path
    events: Path

    @property
    def succeeded(self) -> bool:
        """Whether everybody was named rightly and nobody wrongly."""
        return not self.run.stopped and self.wrong_names == 0 and min(self.named_share.values(), default=0.0) >= 0.9


class DemonstrationService:
    """Runs the demonstration on a gallery of its own.

    Args:
        folder: the demonstration material.
        enrolment, recognition, people: services of an application whose gallery is the demonstration's.
    """

    def __init__(
        self,
        folder: Path,
        enrolment: EnrolmentService,
        recognition: RecognitionService,
        people: PeopleService,
    ) -> None:
        self._folder = folder
        self._enrolment = enrolment
        self._recognition = recognition
        self._people = people

    @property
    def video(self) -> Path:
        """The video that is shown."""
        return self._folder / "demo.mp4"

    def enrol(self, progress: ProgressCallback = no_progress) -> list[str]:
        """Enrol the demonstration's people from one photograph each; return everybody's name.

        Raises:
            ConfigError: if the material is missing.
            EnrolmentError: if a photograph cannot be enrolled.
        """
        if not self.video.is_file():
            raise ConfigError(f"The demonstration is missing in {self._folder}; install FaceRec again.")
        report = self._enrolment.import_folder(self._folder / "people", progress=progress)
        faults = [row.error for row in report.refused if row.error is not None]
        if faults:
            raise faults[0]
        return [person.name for person in self._people.everybody()]

    def run(
        self,
        out_dir: Path,
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> DemonstrationReport:
        """Name the faces of the demonstration video and leave an annotated video, a contact sheet and the events.

        Raises:
            OutputWriteError: if the folder cannot be written.
        """
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise OutputWriteError(f"The folder {out_dir} cannot be made: {exc.strerror or exc}.") from exc
        video, sheet_file, events = out_dir / "annotated.mp4", out_dir / "contact-sheet.jpg", out_dir / "events.jsonl"
        sheet, truth = ContactSheet(), _Truth(_appearances(self._folder / "expected.json"))
        run = self._recognition.run(
            VideoFileSource(self.video),
            outputs=RunOutputs(video, events),
            on_result=truth.add,
            sheet=sheet,
            progress=progress,
            cancelled=cancelled,
        )
        portraits = self._portraits()
        write_jpeg(sheet_file, sheet.render(run.sightings, portraits, "FaceRec demonstration"))
        return DemonstrationReport(run, truth.named_share(), truth.wrong_names, video, sheet_file, events)

    def _portraits(self) -> dict[str, UInt8Array]:
        found = {person.person_id: self._people.portrait(person.person_id) for person in self._people.everybody()}
        return {person_id: picture for person_id, picture in found.items() if picture is not None}


class _Truth:
    """Compares what is said with where everybody truly is."""

    def __init__(self, appearances: tuple[_Appearance, ...]) -> None:
        self._appearances = appearances
        self._due: dict[str, int] = {a.person: 0 for a in appearances if a.enrolled}
        self._named = dict(self._due)
        self.wrong_names = 0

    def add(self, result: FrameResult) -> None:
        frame = result.frame.index
        named: set[str] = set()
        for box, decision in zip(result.detections.boxes_xyxy, result.decisions, strict=True):
            name = result.name_of(decision)
            if name is None:
                continue
            corners = tuple(float(v) for v in box)
            if any(a.person == name and a.holds(frame, corners) for a in self._appearances):
                named.add(name)
            elif not self._is_partly_in_view(name, frame):
                self.wrong_names += 1
        for appearance in self._appearances:
            if appearance.enrolled and appearance.first_frame + _SETTLING_FRAMES <= frame <= appearance.last_frame:
                self._due[appearance.person] += 1
                self._named[appearance.person] += appearance.person in named

    def named_share(self) -> dict[str, float]:
        return {person: self._named[person] / due for person, due in self._due.items() if due}

    def _is_partly_in_view(self, name: str, frame: int) -> bool:
        """Return whether the person is just coming or going, when the truth has no place for the face."""
        return any(
            a.person == name
            and a.partly_from_frame <= frame <= a.partly_to_frame
            and not a.first_frame <= frame <= a.last_frame
            for a in self._appearances
        )


def _appearances(file: Path) -> tuple[_Appearance, ...]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return tuple(
            _Appearance(
                str(a["person"]),
                bool(a["enrolled"]),
                int(a["first_frame"]),
                int(a["last_frame"]),
                int(a["partly_from_frame"]),
                int(a["partly_to_frame"]),
                tuple(tuple(float(v) for v in row) for row in a["face"]),
            )
            for a in content["appearances"]
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ConfigError(f"The demonstration's file {file} cannot be read ({exc}); install FaceRec again.") from exc
