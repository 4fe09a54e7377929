"""Face pictures from a camera or a video, saved one by one while exactly one face is in view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import ConfigError, MultipleFacesError, NoFaceError
from facerec_app.core.geometry import box_areas, clip_boxes
from facerec_app.core.protocols import FaceAligner, FaceDetector, FrameSource
from facerec_app.core.types import FaceDetections, Frame
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.face_folder import FaceFolder
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.quality_gate import QualityLimits, quality_fault

_EDGE_PX = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class FaceSight:
    """A frame and the faces in it.

    Attributes:
        frame: as it came.
        faces: all that were found.
        fault: what is wrong with the only face, in words that go on from "the face"; empty if it is good or not alone.
    """

    frame: Frame
    faces: FaceDetections
    fault: str

    @property
    def is_single(self) -> bool:
        """Whether exactly one face is in view, so that it can be saved."""
        return len(self.faces) == 1


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """What a capture without a window came to.

    Attributes:
        files: that were saved.
        looked_at: frames that were searched for faces.
        without_face, with_several: those of them that could not be saved.
        poor: those that were passed over because the face was dark, blurred, small, turned away or cut off.
        stopped: whether the user ended it.
    """

    files: tuple[Path, ...]
    looked_at: int
    without_face: int
    with_several: int
    poor: int
    stopped: bool


class FaceCapture:
    """Looks at frames and saves the face of those that show exactly one.

    Args:
        detector, aligner: of the profile in use.
    """

    def __init__(self, detector: FaceDetector, aligner: FaceAligner) -> None:
        self._detector = detector
        self._aligner = aligner
        self._limits = QualityLimits()

    def look(self, frame: Frame) -> FaceSight:
        """Return the faces of a frame and what is wrong with a single one.

        Raises:
            InferenceError: if a network fails.
        """
        faces = self._detector.detect(frame.pixels_rgb)
        if len(faces) != 1:
            return FaceSight(frame, faces, "")
        if _is_cut_off(frame, faces):
            return FaceSight(frame, faces, "is cut off by the edge of the picture; move to the middle")
        fault = quality_fault(self._aligner.align(frame.pixels_rgb, faces), 0, self._limits)
        return FaceSight(frame, faces, fault or "")

    @staticmethod
    def save(sight: FaceSight, folder: FaceFolder) -> Path:
        """Write the face with a margin around it, so that it can be enrolled, and return the file.

        Raises:
            NoFaceError, MultipleFacesError: if not exactly one face is in view.
            OutputWriteError: if it cannot be written.
        """
        if not len(sight.faces):
            raise NoFaceError("No face is in view; look towards the camera.")
        if len(sight.faces) > 1:
            raise MultipleFacesError(f"{len(sight.faces)} faces are in view; only one person may be seen.")
        return folder.add(cut_out(sight.frame, sight.faces, 1.0).pixels_rgb)

    def capture(
        self,
        source: FrameSource,
        folder: FaceFolder,
        *,
        every_s: float = 1.0,
        count: int | None = None,
        any_quality: bool = False,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> CaptureReport:
        """Save a face every so often until the source ends or there are enough; the source is closed.

        Args:
            source: camera, video file or stream.
            folder: where the faces go.
            every_s: seconds of the source's own time between two faces.
            count: how many to save; None takes all there are.
            any_quality: save also faces that are dark, blurred, small, turned away or cut off.
            progress: told of every picture saved.
            cancelled: asked before every frame.

        Raises:
            ConfigError: if ``every_s`` or ``count`` is no positive number.
            SourceLostError: if a live source stopped.
            OutputWriteError: if a picture cannot be written.
        """
        if not every_s > 0 or (count is not None and count < 1):
            source.close()
            raise ConfigError("The time between two faces and their number are to be above 0.")
        files: list[Path] = []
        looked_at = without_face = with_several = poor = 0
        due_s = float("-inf")
        try:
            while (count is None or len(files) < count) and not cancelled():
                frame = source.read()
                if frame is None:
                    break
                if frame.timestamp_s < due_s:
                    continue
                sight = self.look(frame)
                looked_at += 1
                without_face += not len(sight.faces)
                with_several += len(sight.faces) > 1
                if sight.fault and not any_quality:
                    poor += 1
                elif sight.is_single:
                    files.append(self.save(sight, folder))
                    due_s = frame.timestamp_s + every_s
                    progress(Progress(len(files), count, files[-1].name))
        finally:
            source.close()
        return CaptureReport(tuple(files), looked_at, without_face, with_several, poor, cancelled())


def _is_cut_off(frame: Frame, faces: FaceDetections) -> bool:
    """Return whether the only face ends at the left or right edge, or more than a tenth of it lies outside.

    Detectors that keep their boxes within the picture tell nothing of what is outside: such a box ends at the edge.
    """
    box = faces.boxes_xyxy[0]
    inside = clip_boxes(faces.boxes_xyxy, frame.width_px, frame.height_px)
    at_side = float(box[0]) <= _EDGE_PX or float(box[2]) >= frame.width_px - _EDGE_PX
    return at_side or float(box_areas(inside)[0]) < 0.9 * float(box_areas(faces.boxes_xyxy)[0])
