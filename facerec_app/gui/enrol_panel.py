"""Enrol a person from pictures, folders and videos."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facerec_app.capture.images import IMAGE_SUFFIXES, read_image
from facerec_app.core.errors import ConfigError, FacerecError
from facerec_app.core.types import UInt8Array
from facerec_app.gui.consent_fields import ConsentFields
from facerec_app.gui.enrol_model import EnrolDelegate, EnrolModel
from facerec_app.gui.icons import set_icon
from facerec_app.gui.name_face_popover import name_completer
from facerec_app.gui.picture_conversion import portrait, scaled_image
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.enrolment import EnrolmentReport
from facerec_app.services.picture_files import expand_pictures
from facerec_app.services.progress import Progress

_THUMBNAILS_AT_ONCE = 8
_THUMBNAIL_SIDE_PX = 96


class EnrolPanel(QWidget):
    """A name, a list of pictures with what became of each, and one button.

    Args:
        services: the gallery's.
        tasks: where they are called.
        names: of everybody enrolled, for completion.
    """

    finished = Signal(object)  # EnrolmentReport

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, names: QStringListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._task: Task | None = None
        self._started_s = 0.0
        self._thumbnail_queue: list[Path] = []
        self.model = EnrolModel(self)
        self.setAcceptDrops(True)
        self._build(names)
        self._update()

    @property
    def is_busy(self) -> bool:
        """Whether pictures are being enrolled."""
        return self._task is not None

    @property
    def message(self) -> str:
        """How the last enrolment went, or what is wrong."""
        return self._message.text()

    @property
    def progress_text(self) -> str:
        """How far it has come."""
        return self._progress_text.text()

    def set_name(self, name: str) -> None:
        """Fill in who is to be enrolled."""
        self._name.setText(name)
        self._name.setFocus()

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add pictures and videos, and the pictures of folders."""
        try:
            fresh = self.model.add(expand_pictures(paths))
        except (FacerecError, OSError) as exc:
            self._say(str(exc), bad=True)
            return
        empty = not fresh and not self.model.waiting
        self._say(self.tr("There are no pictures in what was given.") if empty else "", bad=empty)
        self._thumbnail_queue += [path for path in fresh if path.suffix.lower() in IMAGE_SUFFIXES]
        self._load_thumbnails()
        self._update()

    def start(self) -> None:
        """Enrol the pictures that are waiting."""
        paths, name = self.model.waiting, self._name.text().strip()
        if self.is_busy or not paths or not name:
            return
        try:
            consent = self.consent.consent()
        except ConfigError as exc:
            self._say(str(exc), bad=True)
            return
        self._say("", bad=False)
        self._started_s = time.monotonic()
        self._progress.setRange(0, 0)

        def work(task: Task) -> EnrolmentReport:
            service = self._services.enrolment()
            return service.enrol_files(name, paths, consent=consent, progress=task.report, cancelled=task.is_cancelled)

        self._task = self._tasks.start(
            work,
            done=lambda report: self._finish(report, paths),
            failed=self._fail,
            progress=self._show_progress,
        )
        self._update()
        self._cancel.setFocus()

    def cancel(self) -> None:
        """Stop after the picture that is being looked at; what was added stays."""
        if self._task is not None:
            self._task.cancel()
            self._cancel.setEnabled(False)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add_paths([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def _build(self, names: QStringListModel) -> None:
        self._name = QLineEdit(self)
        self._name.setPlaceholderText(self.tr("Name of the person"))
        self._name.setAccessibleName(self.tr("Name of the person"))
        self._name.setMaxLength(250)
        self._name.setCompleter(name_completer(names, self))
        self._name.textChanged.connect(self._update)
        self.consent = ConsentFields(self)
        files = self._button(self.tr("Pictures ..."), self._choose_files, "picture")
        folder = self._button(self.tr("Folder ..."), self._choose_folder, "folder")
        self._enrol = self._button(self.tr("Enrol"), self.start)
        self._enrol.setProperty("primary", "true")
        self._clear = self._button(self.tr("Clear list"), self._clear_list)
        self._cancel = self._button(self.tr("Cancel"), self.cancel)
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._progress_text = QLabel(self)
        self._progress_text.setProperty("muted", "true")
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._drop_zone())
        self._pages.addWidget(self._make_list())
        add = QHBoxLayout()
        add.addWidget(files, 1)
        add.addWidget(folder, 1)
        buttons = QHBoxLayout()
        for widget in (self._progress_text, self._clear):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        for widget in (self._cancel, self._enrol):
            buttons.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self._name)
        layout.addLayout(add)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.consent)
        layout.addWidget(self._message)
        layout.addWidget(self._progress)
        layout.addLayout(buttons)

    def _drop_zone(self) -> QWidget:
        zone = QFrame(self)
        zone.setObjectName("drop")
        text = QLabel(
            self.tr("Drop pictures, folders or a video of one person here.\n\nThree to five different ones work best."),
            zone,
        )
        text.setProperty("muted", "true")
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(zone)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.addWidget(text)
        return zone

    def _make_list(self) -> QListView:
        self._list = QListView(self)
        self._list.setAccessibleName(self.tr("Pictures to enrol"))
        self._list.setModel(self.model)
        self._list.setItemDelegate(EnrolDelegate(self._list))
        self._list.setResizeMode(QListView.ResizeMode.Adjust)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        leave_out = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self._list)
        leave_out.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave_out.activated.connect(self._leave_out)
        return self._list

    def _button(self, text: str, action: Callable[[], None], icon: str = "") -> QPushButton:
        button = QPushButton(text, self)
        button.setIconSize(QSize(18, 18))
        if icon:
            set_icon(button, icon)
        button.clicked.connect(action)
        return button

    def _choose_files(self) -> None:
        dialog = QFileDialog(self, self.tr("Pictures of one person"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        patterns = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
        dialog.setNameFilters([self.tr("Pictures ({0})").format(patterns), self.tr("All files (*)")])
        self._open(dialog)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder with pictures of one person"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._open(dialog)

    def _open(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.add_paths([Path(name) for name in names]))
        dialog.open()

    def _leave_out(self) -> None:
        if not self.is_busy:
            self.model.remove([index.row() for index in self._list.selectedIndexes()])
            self._update()

    def _clear_list(self) -> None:
        self.model.clear()
        self._say("", bad=False)
        self._update()

    def _show_progress(self, progress: Progress) -> None:
        if not progress.total:
            return
        self._progress.setRange(0, progress.total)
        self._progress.setValue(progress.done)
        text = self.tr("{0} of {1}").format(progress.done, progress.total)
        if progress.done:
            left_s = (time.monotonic() - self._started_s) / progress.done * (progress.total - progress.done)
            text += self.tr(", {0:.0f} s left").format(left_s)
        self._progress_text.setText(text)

    def _finish(self, report: EnrolmentReport, paths: Sequence[Path]) -> None:
        self._task = None
        self.model.show_report(report, paths)
        added, refused = report.enrolled, len(report.refused)
        text = self.tr("{0}: {1} added").format(report.name, added)
        if refused:
            text += self.tr(", {0} not used; the list says why").format(refused)
        self._say(text + ".", bad=added == 0)
        if added and not self.model.waiting:
            self.consent.clear()
        self._update()
        self._name.setFocus()
        self.finished.emit(report)

    def _fail(self, message: str) -> None:
        self._task = None
        self._say(message, bad=True)
        self._update()

    def _say(self, message: str, *, bad: bool) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.style().polish(self._message)
        self._message.setText(message)
        self._message.setVisible(bool(message))

    def _update(self) -> None:
        busy, rows = self.is_busy, self.model.rowCount()
        self._pages.setCurrentIndex(1 if rows else 0)
        self._name.setEnabled(not busy)
        self._enrol.setEnabled(not busy and bool(self.model.waiting) and bool(self._name.text().strip()))
        self._enrol.setVisible(not busy)
        self._clear.setVisible(rows > 0 and not busy)
        self._cancel.setVisible(busy)
        self._cancel.setEnabled(busy)
        self._progress.setVisible(busy)
        self._progress_text.setVisible(busy)
        if not busy:
            self._progress_text.clear()

    def _load_thumbnails(self) -> None:
        """Load some, then the next: what the user asks for meanwhile goes before."""
        if not self._thumbnail_queue:
            return
        batch, self._thumbnail_queue = (
            self._thumbnail_queue[:_THUMBNAILS_AT_ONCE],
            self._thumbnail_queue[_THUMBNAILS_AT_ONCE:],
        )

        def done(found: dict[Path, UInt8Array]) -> None:
            for path, thumbnail in found.items():
                self.model.set_thumbnail(path, thumbnail)
            self._load_thumbnails()

        self._tasks.start(lambda _: _read_thumbnails(batch), done=done, failed=lambda text: self._say(text, bad=True))


def _read_thumbnails(paths: Sequence[Path]) -> dict[Path, UInt8Array]:
    """Return small squares of the pictures that can be read; enrolment says what is wrong with the others."""
    found: dict[Path, UInt8Array] = {}
    for path in paths:
        try:
            square = portrait(read_image(path))
        except FacerecError:
            continue
        found[path] = scaled_image(square, QSize(_THUMBNAIL_SIDE_PX, _THUMBNAIL_SIDE_PX)).pixels_rgb
    return found
