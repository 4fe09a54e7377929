"""Everything that can be opened: cameras by name, files, folders, addresses and what was open before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from facerec_app.capture.camera_source import CameraDescription
from facerec_app.gui.icons import set_icon
from facerec_app.gui.source_info import source_title
from facerec_app.gui.tasks import TaskRunner

_RECENT_KEY = "sources/recent"
_MOST_RECENT = 8
_VIDEO_PATTERNS = "*.mp4 *.mov *.avi *.mkv *.webm *.m4v *.mpg *.mpeg *.wmv *.3gp *.ts"
_PICTURE_PATTERNS = "*.jpg *.jpeg *.png *.webp *.bmp *.tif *.tiff *.heic *.heif"


class SourceMenu(QMenu):
    """The menu of sources.

    Args:
        settings: keeps what was open before.
        tasks: where cameras are looked for, which takes a moment on some systems.
        list_cameras: finds them.
    """

    chosen = Signal(str)
    address_asked = Signal()

    def __init__(
        self,
        settings: QSettings,
        tasks: TaskRunner,
        list_cameras: Callable[[], tuple[CameraDescription, ...]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("&Open"))
        self._settings = settings
        self._tasks = tasks
        self._list_cameras = list_cameras
        self._folder = ""
        self.open_file = self._action("file", self.tr("Video or picture ..."), self.choose_file, "Ctrl+O")
        self.open_folder = self._action("folder", self.tr("Folder of pictures ..."), self.choose_folder, "Ctrl+Shift+O")
        self.open_address = self._action("address", self.tr("Stream address ..."), self.address_asked.emit, "Ctrl+L")
        self._cameras: list[QAction] = []
        self._camera_heading = self.addSection(self.tr("Cameras"))
        self._searching = self._plain(self.tr("Looking for cameras ..."))
        self._recent_heading = self.addSection(self.tr("Recent"))
        self._recent: list[QAction] = []
        self.aboutToShow.connect(self._refresh)
        self._show_recent()

    @property
    def recent(self) -> list[str]:
        """What was open before, newest first."""
        stored: Any = self._settings.value(_RECENT_KEY, [])
        return [stored] if isinstance(stored, str) else [str(spec) for spec in stored or []]

    def remember(self, spec: str) -> None:
        """Put a source first among the recent ones; addresses with a password are not written down."""
        if "://" in spec and "@" in spec:
            return
        specs = [spec, *(other for other in self.recent if other != spec)][:_MOST_RECENT]
        self._settings.setValue(_RECENT_KEY, specs)
        self._show_recent()

    def choose_file(self) -> None:
        """Ask for a file."""
        dialog = QFileDialog(self.parentWidget(), self.tr("Open a video or a picture"), self._folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        both = self.tr("Videos and pictures ({0})").format(f"{_VIDEO_PATTERNS} {_PICTURE_PATTERNS}")
        dialog.setNameFilters([both, self.tr("All files (*)")])
        self._ask(dialog)

    def choose_folder(self) -> None:
        """Ask for a folder of pictures."""
        dialog = QFileDialog(self.parentWidget(), self.tr("Open a folder of pictures"), self._folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog)

    def _ask(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take)
        dialog.open()

    def _choose(self, spec: str, _checked: bool = False) -> None:
        self.chosen.emit(spec)

    def _take(self, name: str) -> None:
        if name:
            self._folder = str(Path(name).parent)
            self.chosen.emit(name)

    def _action(self, icon: str, text: str, action: Callable[[], Any], keys: str) -> QAction:
        made = QAction(text, self)
        set_icon(made, icon)
        made.setShortcut(keys)
        made.triggered.connect(lambda _=False: action())
        self.addAction(made)
        return made

    def _plain(self, text: str) -> QAction:
        action = QAction(text, self)
        action.setEnabled(False)
        self.addAction(action)
        return action

    def _refresh(self) -> None:
        self._tasks.start(
            lambda _: self._list_cameras(), done=self._show_cameras, failed=self._searching.setText, urgent=True
        )

    def _show_cameras(self, cameras: tuple[CameraDescription, ...]) -> None:
        for action in self._cameras:
            self.removeAction(action)
            action.deleteLater()
        self._cameras = []
        for camera in cameras:
            action = QAction(camera.name or self.tr("Camera {0}").format(camera.number), self)
            set_icon(action, "camera")
            action.triggered.connect(partial(self._choose, str(camera.number)))
            self.insertAction(self._recent_heading, action)
            self._cameras.append(action)
        self._searching.setText(self.tr("No camera found"))
        self._searching.setVisible(not cameras)

    def _show_recent(self) -> None:
        for action in self._recent:
            self.removeAction(action)
            action.deleteLater()
        self._recent = []
        for spec in self.recent:
            action = QAction(source_title(spec).replace("&", "&&"), self)
            action.setToolTip(spec)
            action.triggered.connect(partial(self._choose, spec))
            self.addAction(action)
            self._recent.append(action)
        self._recent_heading.setVisible(bool(self._recent))
