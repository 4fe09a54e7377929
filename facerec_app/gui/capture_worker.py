"""Looks at a source for the capture window: one thread detects, saves and scales, another reads the source."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal, SignalInstance

from facerec_app.capture.capture_thread import CaptureThread
from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import FacerecError
from facerec_app.core.protocols import FrameSource
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image
from facerec_app.services.face_capture import FaceCapture, FaceSight
from facerec_app.services.face_folder import FaceFolder

_LOGGER = logging.getLogger(__name__)
_WAIT_S = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class SightPicture:
    """A sight and its frame in the size in which it is shown, mirrored if the source looks at its user."""

    sight: FaceSight
    picture: ArrayImage
    mirrored: bool


class CaptureWorker(QObject):
    """Gives the newest sight, saves the one that is shown when asked, and ends with ``stop``.

    Args:
        open_source: opens the source; called in the worker's thread.
        make_capture: loads the detector; called in the worker's thread.
        folder: where faces go.
    """

    sight_ready = Signal()
    saved = Signal(str)  # the file
    refused = Signal(str)  # why nothing was saved
    failed = Signal(str)  # why there is no picture any more
    ended = Signal()  # the source came to its end

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        make_capture: Callable[[], FaceCapture],
        folder: FaceFolder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_source = open_source
        self._make_capture = make_capture
        self._folder = folder
        self._lock = threading.Lock()
        self._to_save: deque[FaceSight] = deque()
        self._newest: SightPicture | None = None
        self._told = False
        self._files: list[Path] = []
        self._size = QSize(640, 360)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="face-capture", daemon=True)

    @property
    def files(self) -> tuple[Path, ...]:
        """What was saved, in order; complete after ``stop``."""
        return tuple(self._files)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def show_in(self, size: QSize) -> None:
        """Scale pictures to fit this size in device pixels from now on."""
        self._size = size

    def take_sight(self) -> SightPicture | None:
        """Return the newest sight; ``sight_ready`` says once that there is one."""
        with self._lock:
            self._told = False
            return self._newest

    def save(self, sight: FaceSight) -> None:
        """Ask for a face to be written; ``saved`` or ``refused`` follows."""
        self._to_save.append(sight)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End the threads; return whether they have ended."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            source = self._open_source()
            try:
                capture = self._make_capture()
            except BaseException:
                source.close()
                raise
            self._look(source, capture)
        except FacerecError as exc:
            self._say(self.failed, str(exc))
        except Exception as exc:
            _LOGGER.exception("Capturing faces failed")
            self._say(self.failed, self.tr("Something went wrong: {0}").format(exc))

    def _look(self, source: FrameSource, capture: FaceCapture) -> None:
        slot = NewestFrameSlot()
        failures: list[FacerecError] = []
        reader = CaptureThread(source, slot, paced=True, on_error=failures.append)
        reader.start()
        told_end = False
        try:
            while not self._stopping.is_set():
                frame = slot.take(_WAIT_S)
                if frame is not None:
                    self._publish(capture.look(frame), mirrored=source.is_live)
                self._save_waiting(capture)
                if failures:
                    raise failures[0]
                if not told_end and frame is None and (reader.is_at_end or slot.finished):
                    told_end = True  # what is shown last can still be saved
                    self._say(self.ended)
                if slot.finished:
                    self._stopping.wait(_WAIT_S)  # the slot of an ended source answers at once
            self._save_waiting(capture)  # somebody who saves and closes at once has saved
        finally:
            reader.stop()

    def _publish(self, sight: FaceSight, *, mirrored: bool) -> None:
        frame = sight.frame
        size = QSize(frame.width_px, frame.height_px).scaled(self._size, Qt.AspectRatioMode.KeepAspectRatio)
        size = size.expandedTo(QSize(1, 1))
        picture = SightPicture(sight, scaled_image(frame.pixels_rgb, size, mirrored=mirrored), mirrored)
        with self._lock:
            told, self._told, self._newest = self._told, True, picture
        if not told:
            self._say(self.sight_ready)

    def _save_waiting(self, capture: FaceCapture) -> None:
        while self._to_save:
            try:
                self._files.append(capture.save(self._to_save.popleft(), self._folder))
                self._say(self.saved, str(self._files[-1]))
            except FacerecError as exc:
                self._say(self.refused, str(exc))

    def _say(self, signal: SignalInstance, *values: str) -> None:
        """Emit unless the window is going away."""
        if not self._stopping.is_set():
            signal.emit(*values)
