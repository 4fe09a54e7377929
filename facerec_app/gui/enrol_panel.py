"""Enrol a person from pictures, folders and videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facerec_app.capture.images import IMAGE_SUFFIXES
from facerec_app.core.errors import ConfigError, FacerecError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.gui.consent_fields import ConsentFields
from facerec_app.gui.enrol_list import EnrolList
from facerec_app.gui.enrol_model import EnrolModel, EnrolRow, RowState
from facerec_app.gui.enrol_work import EnrolWork
from facerec_app.gui.face_box_editor import Box, FaceBoxEditor
from facerec_app.gui.icons import set_icon
from facerec_app.gui.name_face_popover import name_completer
from facerec_app.gui.picture_dialogs import choose_folder, choose_pictures
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.gui.thumbnail_queue import ThumbnailQueue
from facerec_app.gui.video_people_page import VideoPeoplePage
from facerec_app.services.enrolment import EnrolmentReport
from facerec_app.services.picture_files import expand_pictures
from facerec_app.services.progress import Progress
from facerec_app.services.video_people import VideoPeople, VideoPerson


class EnrolPanel(QWidget):
    """A name, a list of pictures with what became of each as soon as it is known, and one button.

    What was refused can be mended where it stands: say which face is meant, insist, or leave it out.

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
        self._reading: Task | None = None  # a picture whose face is to be chosen
        self._pointed_at: Path | None = None  # the picture whose face is being chosen
        self.model = EnrolModel(self)
        self._thumbnails = ThumbnailQueue(tasks, self.model.set_thumbnail, lambda text: self._say(text, bad=True))
        self.work = EnrolWork(services, tasks, self.model, self)
        self.setAcceptDrops(True)
        self._build(names)
        self.work.changed.connect(self._show_busy)
        self.work.progressed.connect(self._show_progress)
        self.work.finished.connect(self._finish)
        self.work.failed.connect(self._fail)
        self.work.people_found.connect(self._show_video_people)
        self._update()

    @property
    def is_busy(self) -> bool:
        """Whether pictures are being enrolled."""
        return self.work.is_busy or self._reading is not None

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
        self._thumbnails.add(fresh)
        self._update()

    def start(self) -> None:
        """Enrol what is waiting: the pictures, then one video after the other."""
        self._start(self.model.waiting)

    def cancel(self) -> None:
        """Stop after the picture that is being looked at; what was added stays."""
        self.work.cancel()
        self._cancel.setEnabled(False)

    def choose_face(self) -> None:
        """Show the chosen picture, to say which face of it is meant."""
        row = self._chosen_row()
        if row is None or self.is_busy or row.is_video:
            return
        self._pointed_at = row.path
        self._say("", bad=False)

        def show(found: tuple[UInt8Array, Float32Array]) -> None:
            self._reading = None
            self.editor.show_picture(*found)
            self._pages.setCurrentWidget(self.editor)
            self._update()

        self._reading = self._tasks.start(
            lambda _: self._services.enrolment().faces_in(row.path), done=show, failed=self._fail, urgent=True
        )
        self._update()

    def select_row(self, number: int) -> None:
        """Choose a picture of the list."""
        self._list.setCurrentIndex(self.model.index(number, 0))

    def add_anyway(self) -> None:
        """Enrol the chosen picture although it is known as somebody else."""
        number = self._list.currentIndex().row()
        row = self._chosen_row()
        if row is not None and row.may_insist and not self.is_busy:
            self.model.insist(number)
            self._start([self.model.rows[number]])

    def leave_out(self) -> None:
        """Take the chosen pictures off the list."""
        if not self.is_busy:
            self.model.remove([index.row() for index in self._list.selectedIndexes()])
            self._update()

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
        self._pages = self._make_pages()
        self._adding = QWidget(self)
        add = QHBoxLayout(self._adding)
        add.setContentsMargins(0, 0, 0, 0)
        add.addWidget(files, 1)
        add.addWidget(folder, 1)
        self._mending = self._make_mending()
        buttons = QHBoxLayout()
        for widget in (self._progress_text, self._clear):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        for widget in (self._cancel, self._enrol):
            buttons.addWidget(widget)
        self._lay_out(buttons)

    def _lay_out(self, buttons: QHBoxLayout) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self._name)
        layout.addWidget(self._adding)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._mending)
        layout.addWidget(self.consent)
        layout.addWidget(self._message)
        layout.addWidget(self._progress)
        layout.addLayout(buttons)

    def _make_pages(self) -> QStackedWidget:
        self._zone, self._list = self._drop_zone(), self._make_list()
        self.editor = FaceBoxEditor(self)
        self.editor.accepted.connect(self._point_at)
        self.editor.dismissed.connect(self._close_editor)
        self.video_people = VideoPeoplePage(self)
        self.video_people.chosen.connect(self._enrol_video_person)
        self.video_people.dismissed.connect(self._leave_video_out)
        pages = QStackedWidget(self)
        for page in (self._zone, self._list, self.editor, self.video_people):
            pages.addWidget(page)
        return pages

    def _make_mending(self) -> QWidget:
        whole = QWidget(self)
        self._choose_face = self._button(self.tr("Choose face"), self.choose_face)
        self._add_anyway = self._button(self.tr("Add anyway"), self.add_anyway)
        self._leave_out = self._button(self.tr("Leave out"), self.leave_out)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for button in (self._choose_face, self._add_anyway, self._leave_out):
            row.addWidget(button)
        row.addStretch(1)
        return whole

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

    def _make_list(self) -> EnrolList:
        view = EnrolList(self.model, self)
        view.activated.connect(lambda _: self.choose_face())
        view.chosen.connect(self._update)
        view.leave_out_asked.connect(self.leave_out)
        return view

    def _button(self, text: str, action: Callable[[], None], icon: str = "") -> QPushButton:
        button = QPushButton(text, self)
        button.setIconSize(QSize(18, 18))
        if icon:
            set_icon(button, icon)
        button.clicked.connect(action)
        return button

    def _choose_files(self) -> None:
        choose_pictures(self, self.add_paths)

    def _choose_folder(self) -> None:
        choose_folder(self, self.add_paths)

    def _clear_list(self) -> None:
        self.model.clear()
        self._thumbnails.clear()
        self._say("", bad=False)
        self._update()

    def _start(self, rows: Sequence[EnrolRow]) -> None:
        name = self._name.text().strip()
        if self.is_busy or not rows or not name:
            return
        try:
            consent = self.consent.consent()
        except ConfigError as exc:
            self._say(str(exc), bad=True)
            return
        self._say("", bad=False)
        self.work.start(name, consent, rows)

    def _point_at(self, box_xyxy: Box) -> None:
        path, self._pointed_at = self._pointed_at, None
        number = next((n for n, row in enumerate(self.model.rows) if row.path == path), None)
        self._close_editor()
        if number is not None:
            self.model.point_at(number, box_xyxy)
            self._start([self.model.rows[number]])

    def _close_editor(self) -> None:
        self._pages.setCurrentWidget(self._list)
        self._update()
        self._list.setFocus()

    def _chosen_row(self) -> EnrolRow | None:
        """Return the one row that is chosen, unless it was added."""
        chosen = self._list.selectedIndexes()
        row = self.model.rows[chosen[0].row()] if len(chosen) == 1 else None
        return row if row is not None and row.state is not RowState.ADDED else None

    def _show_progress(self, progress: Progress, words: str) -> None:
        if progress.total:
            self._progress.setRange(0, progress.total)
            self._progress.setValue(progress.done)
            self._progress_text.setText(words)

    def _show_busy(self) -> None:
        if not self._progress.isVisible():
            self._progress.setRange(0, 0)
        self._update()
        if self.is_busy:
            self._cancel.setFocus()

    def _show_video_people(self, found: VideoPeople) -> None:
        self.video_people.show_people(found, self.work.name)
        self._pages.setCurrentWidget(self.video_people)
        self._update()
        self.video_people.cards.setFocus()

    def _enrol_video_person(self, person: VideoPerson) -> None:
        self._pages.setCurrentWidget(self._list)
        self.work.choose(person)

    def _leave_video_out(self) -> None:
        self._pages.setCurrentWidget(self._list)
        self.work.refuse_video(self.tr("Left out: nobody was chosen"))

    def _finish(self, report: EnrolmentReport) -> None:
        added, refused = report.enrolled, len(report.refused)
        text = self.tr("{0}: {1} added").format(report.name, added)
        if refused:
            text += self.tr(", {0} not used; the list says why").format(refused)
            first = next((n for n, row in enumerate(self.model.rows) if row.state is RowState.REFUSED), None)
            if first is not None:
                self.select_row(first)
        self._say(text + ".", bad=added == 0)
        if added and not self.model.waiting:
            self.consent.clear()
        self._update()
        self._name.setFocus()
        self.finished.emit(report)

    def _fail(self, message: str) -> None:
        self._reading = None
        self._say(message, bad=True)
        self._update()

    def _say(self, message: str, *, bad: bool) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.style().polish(self._message)
        self._message.setText(message)
        self._message.setVisible(bool(message))

    def _update(self) -> None:
        busy, rows = self.is_busy, self.model.rowCount()
        asking = self._pages.currentWidget() in {self.editor, self.video_people} and not busy
        if not asking:
            self._pages.setCurrentWidget(self._list if rows else self._zone)
        self._name.setEnabled(not busy and not asking)
        self._enrol.setEnabled(bool(self.model.waiting) and bool(self._name.text().strip()))
        self._enrol.setVisible(not busy and not asking)
        self._clear.setVisible(rows > 0 and not busy and not asking)
        for part in (self._adding, self.consent):
            part.setVisible(not asking)
        self._update_mending(asking)
        self._cancel.setVisible(busy)
        self._cancel.setEnabled(busy)
        self._progress.setVisible(busy)
        self._progress_text.setVisible(busy)
        if not busy:
            self._progress_text.clear()

    def _update_mending(self, asking: bool) -> None:
        row, chosen = self._chosen_row(), len(self._list.selectedIndexes())
        self._mending.setVisible(bool(chosen) and not self.is_busy and not asking)
        self._choose_face.setVisible(row is not None and not row.is_video and row.path.suffix.lower() in IMAGE_SUFFIXES)
        self._add_anyway.setVisible(row is not None and row.may_insist)
