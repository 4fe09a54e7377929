"""The box editor: one picture after another, the detector's boxes and landmarks put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QLabel, QStackedWidget, QVBoxLayout, QWidget

from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import Float32Array
from facerec_app.gui.inline_question import InlineQuestion
from facerec_app.gui.library.box_canvas import BoxCanvas
from facerec_app.gui.library.box_document import BoxDocument
from facerec_app.gui.library.box_tools import BoxTools
from facerec_app.gui.library.boxes_work import BoxesWork
from facerec_app.gui.library.library_page import LibraryLinks, LibraryPage
from facerec_app.gui.library.picture_bar import PictureBar
from facerec_app.gui.library.picture_queue import PictureQueue
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.box_editing import PictureBoxes, PictureEntry


class BoxesPage(LibraryPage):
    """Goes through the gallery's pictures or a folder; what is changed is kept when one goes on to another picture."""

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(services, tasks, links, parent)
        self._picture: PictureBoxes | None = None
        self._entry: PictureEntry | None = None
        self._paths: list[Path] | None = None
        self._after_save = 0
        self._is_saving = False
        self._names = QStringListModel(self)
        self.queue = PictureQueue()
        self.work = BoxesWork(services, tasks, self)
        self.bar, self.canvas, self.tools = PictureBar(self), BoxCanvas(self), BoxTools(self)
        self.question = InlineQuestion(self._names, self)
        self._build()
        self._connect()
        self.setAcceptDrops(True)

    @property
    def picture(self) -> PictureBoxes | None:
        """The picture in view; None before one was opened."""
        return self._picture

    @property
    def message(self) -> str:
        """What was done or went wrong last."""
        return self._message.text()

    @property
    def progress(self) -> str:
        """Which picture of how many is in view."""
        return self.bar.progress

    def activate(self) -> None:
        self._list()

    def gallery_changed(self) -> None:
        if self._paths is None:
            self.work.list_gallery()

    def shut_down(self, timeout_s: float) -> bool:
        """Keep what was changed: closing the program is going on, too."""
        document, picture = self.canvas.document, self._picture
        if document is None or picture is None or not document.is_changed:
            return True
        return self.work.save_last(picture, document.faces, document.enrolled_row, timeout_s)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Go through files and the pictures of folders."""
        self._leave(partial(self._begin, list(paths)))

    def open_gallery(self) -> None:
        """Go through the pictures of everybody enrolled."""
        self._leave(partial(self._begin, None))

    def save_and_next(self) -> None:
        """Keep the boxes as they are and go on."""
        self._save(1)

    def go(self, step: int) -> None:
        """Go to the next picture or the one before; what was changed is kept first."""
        document = self.canvas.document
        if document is not None and document.is_changed:
            self._save(step)
        else:
            self._step(step)

    def remove_box(self) -> None:
        """Delete the chosen box."""
        document = self.canvas.document
        if document is None or document.chosen is None:
            return
        if not document.remove():
            name = self._picture.title if self._picture is not None else ""
            self._say(
                self.tr("This is the enrolled face of {0}; remove the picture on the person's page.").format(name),
                bad=True,
            )
            return
        self._refresh()

    def ask_for_name(self) -> None:
        """Ask who the chosen face is."""
        document = self.canvas.document
        if document is None or document.chosen is None:
            return
        row = document.chosen
        if row == document.enrolled_row:
            self._say(self.tr("This face is enrolled; move or rename it on the person's page."), bad=False)
            return
        self.question.ask_name(
            self.tr("Who is this?"), self.tr("Name"), partial(self._name, row), initial=document.faces.names[row]
        )

    def place_landmarks(self) -> None:
        """Look for the landmarks of the chosen face, or put them where they usually are."""
        document, picture = self.canvas.document, self._picture
        if document is not None and picture is not None and document.chosen is not None:
            self._say(self.tr("Looking for eyes, nose and mouth ..."), bad=False)
            self.work.find_landmarks(picture, document.chosen, document.faces.boxes_xyxy[document.chosen])

    def switch_difficult(self) -> None:
        """Let the chosen face not count in measurements, or count again."""
        if self.canvas.document is not None:
            self.canvas.document.switch_difficult()
            self._refresh()

    def undo(self) -> None:
        """Take the last change of this picture back."""
        if self.canvas.document is not None:
            self.canvas.document.undo()
            self._refresh()

    def redo(self) -> None:
        """Do the change again that was taken back last."""
        if self.canvas.document is not None:
            self.canvas.document.redo()
            self._refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    # Layout

    def _build(self) -> None:
        self._nothing = QLabel(self)
        self._nothing.setProperty("muted", "true")
        self._nothing.setWordWrap(True)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMargin(24)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.canvas)
        self._message = QLabel(self)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setWordWrap(True)
        self._message.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self.bar)
        layout.addWidget(self._stack, 1)
        for part in (self.question, self._message, self.tools):
            layout.addWidget(part)

    def _connect(self) -> None:
        for keys, action in (
            ("Ctrl+Return", self.save_and_next), ("Ctrl+Enter", self.save_and_next), ("Ctrl+Z", self.undo),
            ("Ctrl+Shift+Z", self.redo), ("PgUp", lambda: self.go(-1)), ("PgDown", lambda: self.go(1)),
            ("Ctrl+O", self.choose_folder),
        ):  # fmt: skip
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)
        # Letters are for the picture alone: in the field of a name they are letters.
        for keys, action in (
            ("N", self.canvas.add_box), ("Del", self.remove_box), ("Backspace", self.remove_box),
            ("Return", self.ask_for_name), ("Enter", self.ask_for_name), ("L", self.place_landmarks),
            ("D", self.switch_difficult),
        ):  # fmt: skip
            shortcut = QShortcut(QKeySequence(keys), self.canvas)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(action)
        self.bar.gallery_asked.connect(self.open_gallery)
        self.bar.folder_asked.connect(self.choose_folder)
        self.bar.step_asked.connect(self.go)
        self.bar.filter_asked.connect(self._filter)
        tools = self.tools
        for asked, action in (
            (tools.add_asked, self.canvas.add_box), (tools.name_asked, self.ask_for_name),
            (tools.landmarks_asked, self.place_landmarks), (tools.difficult_asked, self.switch_difficult),
            (tools.remove_asked, self.remove_box), (tools.undo_asked, self.undo), (tools.redo_asked, self.redo),
            (tools.save_asked, self.save_and_next),
        ):  # fmt: skip
            asked.connect(action)
        self.canvas.changed.connect(self._refresh)
        self.canvas.drawn.connect(self._find_landmarks_of_new)
        self.work.names_read.connect(self._names.setStringList)
        self.work.listed.connect(self._show_list)
        self.work.not_listed.connect(self._show_no_list)
        self.work.opened.connect(self._show_picture)
        self.work.not_opened.connect(self._show_unreadable)
        self.work.saved.connect(self._note_saved)
        self.work.not_saved.connect(self._note_not_saved)
        self.work.landmarks_found.connect(self._take_landmarks)
        self.work.failed.connect(partial(self._say, bad=True))
        self._show_nothing(self.tr("Reading the list of pictures ..."))

    def choose_folder(self) -> None:
        """Ask for a folder of pictures; the window goes on meanwhile."""
        dialog = QFileDialog(self, self.tr("Folder of pictures"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.filesSelected.connect(lambda names: self.open_paths([Path(name) for name in names]))
        dialog.open()

    # The list

    def _begin(self, paths: list[Path] | None) -> None:
        self._paths = paths
        self._entry = None
        self.queue = PictureQueue()
        self.queue.only_new = self.bar.only_new.isChecked()
        self._show_nothing(self.tr("Reading the list of pictures ..."))
        self._say("", bad=False)
        self._list()

    def _list(self) -> None:
        if self._paths is None:
            self.work.list_gallery()
        else:
            self.work.list_files(self._paths)

    def _show_list(self, entries: tuple[PictureEntry, ...]) -> None:
        self.queue.show(entries)
        current = self.queue.current
        if current is None:
            self._entry = None
            self._show_nothing(
                self.tr("Nobody is enrolled yet.\n\nOpen a folder of pictures, or drop pictures here.")
                if self._paths is None
                else self.tr("There are no pictures here.\n\nOpen another folder, or drop pictures here.")
            )
        elif self._entry is None or (current.file, current.face_id) != (self._entry.file, self._entry.face_id):
            self._open(current)
        self._refresh()

    def _show_no_list(self, why: str) -> None:
        if self._entry is None:
            self._show_nothing(why)
        else:
            self._say(why, bad=True)

    def _filter(self, only_new: bool) -> None:
        self.queue.only_new = only_new
        current = self.queue.current
        if only_new and current is not None and current.is_looked_at and self.queue.shown[1:]:
            self.queue.begin()
            if self.queue.current is not None:
                self.go(0)
        self._refresh()

    def _open(self, entry: PictureEntry) -> None:
        self._entry = entry
        self.bar.show_title(entry.title)
        self.question.dismiss()
        self.work.open(entry)

    def _step(self, step: int) -> None:
        target = self.queue.current if step == 0 else self.queue.step(step)
        if target is None:
            end = self.tr("This was the last picture.") if step > 0 else self.tr("This is the first picture.")
            self._say(end, bad=False)
        else:
            self._open(target)
        self._refresh()

    def _leave(self, go_on: Callable[[], None]) -> None:
        """Keep what was changed, then go somewhere else altogether."""
        document, picture = self.canvas.document, self._picture
        if document is not None and picture is not None and document.is_changed:
            self.work.save(picture, document.faces, document.enrolled_row)
        go_on()

    # The picture

    def _show_picture(self, entry: PictureEntry, picture: PictureBoxes) -> None:
        self._entry, self._picture = entry, picture
        height, width = picture.pixels_rgb.shape[:2]
        document = BoxDocument(picture.faces, width, height, picture.enrolled_row)
        self.canvas.show_document(picture.pixels_rgb, document)
        self._stack.setCurrentWidget(self.canvas)
        self.bar.show_title(picture.title)
        if self.isVisible() and not self.question.isVisible():
            self.canvas.setFocus()
        if self._after_save == 0:
            self._say("", bad=False)
        self._after_save = 0
        self._refresh()

    def _show_unreadable(self, entry: PictureEntry, why: str) -> None:
        self._entry = entry
        self._show_nothing(why)

    def _show_nothing(self, why: str) -> None:
        self._picture = None
        self.canvas.clear()
        self._nothing.setText(why)
        self._stack.setCurrentWidget(self._nothing)
        self._refresh()

    def _save(self, step: int) -> None:
        document, picture = self.canvas.document, self._picture
        if document is None or picture is None or self._is_saving:
            if picture is None:
                self._step(step)
            return
        self._is_saving = True
        self._after_save = step
        self._refresh()
        self.work.save(picture, document.faces, document.enrolled_row)

    def _note_saved(self, picture: PictureBoxes, faces: FaceAnnotations, renewed: bool) -> None:
        self._is_saving = False
        self.queue.mark_looked_at(PictureEntry("", picture.file, True, picture.face_id))
        words = self.tr("{0}: saved.").format(picture.title)
        if renewed:
            words = self.tr("{0}: saved; the face is recognised by its new place from now on.").format(picture.title)
        self._say(words, bad=False)
        if picture is not self._picture:
            self._refresh()
            return
        document = self.canvas.document
        if document is not None:
            document.mark_saved(faces)
        step = self._after_save
        if step:
            target = self.queue.step(step)
            if target is not None:
                self._open(target)
            else:
                self._after_save = 0
                self._say(words + " " + self.tr("This was the last picture."), bad=False)
        self._refresh()

    def _note_not_saved(self, why: str) -> None:
        self._is_saving, self._after_save = False, 0
        self._say(why, bad=True)
        self._refresh()

    def _name(self, row: int, name: str) -> None:
        document = self.canvas.document
        if document is not None and row < len(document.faces):
            document.choose(row)
            document.rename(" ".join(name.split()))
        self.canvas.setFocus()
        self._refresh()

    def _find_landmarks_of_new(self, row: int) -> None:
        document, picture = self.canvas.document, self._picture
        if document is not None and picture is not None and row < len(document.faces):
            self.work.find_landmarks(picture, row, document.faces.boxes_xyxy[row])

    def _take_landmarks(self, picture: PictureBoxes, row: int, found: Float32Array | None) -> None:
        document = self.canvas.document
        if picture is not self._picture or document is None or row >= len(document.faces):
            return
        nowhere = self.tr("No eyes, nose and mouth were found in this box; drag the dots to where they are.")
        self._say(nowhere if found is None else "", bad=False)
        document.set_landmarks(row, found)
        self._refresh()

    def _refresh(self) -> None:
        self.tools.show_document(self.canvas.document, self._picture, is_saving=self._is_saving)
        self.bar.show_queue(self.queue)
        self.canvas.update()

    def _say(self, words: str, *, bad: bool) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.style().polish(self._message)
        self._message.setText(words)
        self._message.setVisible(bool(words))
