"""A small window that saves faces from a camera or video: Space saves, Esc ends."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from facerec_app.core.errors import ConfigError
from facerec_app.core.protocols import FrameSource
from facerec_app.gui.capture_view import CaptureView
from facerec_app.gui.capture_worker import CaptureWorker
from facerec_app.gui.close_on_interrupt import CloseOnInterrupt
from facerec_app.gui.picture_conversion import portrait, rounded_pixmap
from facerec_app.gui.theme import apply_theme
from facerec_app.services.face_capture import FaceCapture, FaceSight
from facerec_app.services.face_folder import FaceFolder

_LOGGER = logging.getLogger(__name__)
_THUMBNAIL_PX = 40
_FLASH_MS = 1600


class CaptureWindow(QWidget):
    """Live picture, one line that says whether the face can be saved, and the number saved.

    Args:
        open_source: opens the camera or video, in a background thread.
        make_capture: loads the detector, in a background thread.
        folder: where faces go; exists.
        there: pictures that are in it already.
    """

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        make_capture: Callable[[], FaceCapture],
        folder: FaceFolder,
        there: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._there = there
        self._files: list[Path] = []
        self._has_ended = self._started = False
        self._view = CaptureView(self)
        self._worker = CaptureWorker(open_source, make_capture, folder, self)
        self._worker.sight_ready.connect(self._show_sight, Qt.ConnectionType.QueuedConnection)
        self._worker.saved.connect(self._note_saved, Qt.ConnectionType.QueuedConnection)
        self._worker.refused.connect(self._say_bad, Qt.ConnectionType.QueuedConnection)
        self._worker.failed.connect(self._note_failure, Qt.ConnectionType.QueuedConnection)
        self._worker.ended.connect(self._note_end, Qt.ConnectionType.QueuedConnection)
        self._flash = QTimer(self)
        self._flash.setSingleShot(True)
        self._flash.setInterval(_FLASH_MS)
        self._flash.timeout.connect(self._describe)
        self.setWindowTitle(self.tr("Save faces to {0}").format(folder.path.name or str(folder.path)))
        self._build()
        self._view.say(self.tr("Opening ..."))
        self.resize(880, 600)

    @property
    def files(self) -> tuple[Path, ...]:
        """What was saved, in order."""
        return tuple(self._files)

    @property
    def has_ended(self) -> bool:
        """Whether every thread has ended."""
        return self._has_ended

    def save(self) -> None:
        """Save the face that is shown; says why not where that cannot be done."""
        shown = self._view.shown
        if shown is not None:
            self._worker.save(shown.sight)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._started:
            self._started = True
            self._tell_size()
            self._worker.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_size()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._flash.stop()
        self._has_ended = self._worker.stop()
        self._files = list(self._worker.files)
        super().closeEvent(event)

    def _build(self) -> None:
        self._state = QLabel(self)
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._state.setWordWrap(True)
        self._state.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._state.setAccessibleName(self.tr("What is seen"))
        self._thumbnail = QLabel(self)
        self._thumbnail.setFixedSize(_THUMBNAIL_PX, _THUMBNAIL_PX)
        self._thumbnail.setAccessibleName(self.tr("The face saved last"))
        self._count = QLabel(self)
        self._count.setProperty("muted", "true")
        self._button = QPushButton(self.tr("Save face"), self)
        self._button.setProperty("primary", "true")
        self._button.setToolTip(self.tr("Space"))
        self._button.setEnabled(False)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.clicked.connect(self.save)
        QShortcut(QKeySequence(Qt.Key.Key_Space), self, self._press)
        strip = QFrame(self)
        strip.setObjectName("strip")
        row = QHBoxLayout(strip)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(self._state, 1)
        row.addWidget(self._thumbnail)
        row.addWidget(self._count)
        row.addWidget(self._button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._view, 1)
        layout.addWidget(strip)
        self._show_count()

    def _press(self) -> None:
        if self._button.isEnabled():
            self.save()

    def _tell_size(self) -> None:
        ratio = self.devicePixelRatioF()
        self._worker.show_in(self._view.size() * ratio)

    def _show_sight(self) -> None:
        sight = self._worker.take_sight()
        if sight is None:
            return
        self._view.show_sight(sight)
        self._button.setEnabled(sight.sight.is_single)
        if not self._flash.isActive():
            self._describe()

    def _describe(self) -> None:
        """Say what is seen."""
        shown = self._view.shown
        if shown is None:
            return
        sight = shown.sight
        if sight.is_single and not sight.fault:
            self._say(self.tr("One face is in view. Space saves it."), "good")
        elif sight.is_single:
            self._say(self.tr("The face {0}. Space saves it all the same.").format(sight.fault), "muted")
        else:
            self._say(_trouble(self, sight), "muted")

    def _say(self, words: str, role: str) -> None:
        self._state.setText(words)
        if self._state.property(role) != "true":
            for other in ("good", "bad", "muted"):
                self._state.setProperty(other, "true" if other == role else None)
            self._state.style().polish(self._state)

    def _say_bad(self, words: str) -> None:
        self._say(words, "bad")
        self._flash.start()

    def _note_saved(self, path: str) -> None:
        shown = self._view.shown
        self._files.append(Path(path))
        if shown is not None and shown.sight.is_single:
            face = portrait(shown.sight.frame.pixels_rgb, shown.sight.faces.boxes_xyxy[0])
            self._thumbnail.setPixmap(rounded_pixmap(face, _THUMBNAIL_PX, self.devicePixelRatioF()))
        self._show_count()
        self._say(self.tr("Saved as {0}.").format(Path(path).name), "good")
        self._flash.start()

    def _show_count(self) -> None:
        total = self._there + len(self._files)
        self._count.setText(self.tr("{0} saved, {1} in the folder").format(len(self._files), total))

    def _note_end(self) -> None:
        if self._view.shown is None:
            self._view.say(self.tr("The video has no pictures."))
            return
        self._flash.stop()
        self._say(self.tr("The video has ended. Esc closes this window."), "muted")

    def _note_failure(self, words: str) -> None:
        self._view.show_sight(None)
        self._view.say(words)
        self._button.setEnabled(False)
        self._flash.stop()
        self._say(self.tr("Nothing more can be saved. Esc closes this window."), "bad")


def _trouble(window: QWidget, sight: FaceSight) -> str:
    if not len(sight.faces):
        return window.tr("No face is in view.")
    return window.tr("{0} faces are in view; only one may be seen.").format(len(sight.faces))


def run_capture_window(
    open_source: Callable[[], FrameSource], make_capture: Callable[[], FaceCapture], folder: FaceFolder, there: int
) -> tuple[Path, ...]:
    """Show the window until it is closed and return what was saved.

    Raises:
        ConfigError: if there is no display.
    """
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(qt, QApplication):
        raise ConfigError("The window needs a display; give --every or --count to capture without one.")
    QApplication.setApplicationDisplayName("FaceRec")
    apply_theme(qt)
    window = CaptureWindow(open_source, make_capture, folder, there)
    window.show()
    with CloseOnInterrupt(window.close):
        qt.exec()
    if not window.has_ended:
        # A driver holds a thread; what was saved is on disk, and ending the interpreter under it would crash.
        _LOGGER.warning("The camera's driver did not answer in time; leaving without it")
        sys.stdout.flush()
        os._exit(0)
    return window.files
