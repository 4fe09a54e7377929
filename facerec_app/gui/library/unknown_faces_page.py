"""Faces that nobody has named, grouped by person: name a group, put faces right, or never be asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gui.history_buttons import HistoryButtons
from facerec_app.gui.icons import set_icon
from facerec_app.gui.library.adding_progress import AddingProgress
from facerec_app.gui.library.library_page import FacePicked, LibraryLinks, LibraryPage
from facerec_app.gui.library.unknown_faces_words import collection_words, empty_words
from facerec_app.gui.library.unknown_faces_work import UnknownFacesView, UnknownFacesWork
from facerec_app.gui.library.unknown_group_view import UnknownGroupView
from facerec_app.gui.library.unknown_groups_model import (
    CARD_LEAST_WIDTH_PX,
    ENTRY_ROLE,
    EntryKind,
    GroupEntry,
    UnknownGroupsModel,
    entries_of,
    make_group_list,
)
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.tool_buttons import tool_button
from facerec_app.services.progress import Progress
from facerec_app.services.unknown_collection import CollectionReport

_PICTURES_AT_ONCE = 48
_SHOWN_AT_ONCE = 500
"""Faces of one group that are shown: of thousands, the most typical."""
_WAITING, _EMPTY, _GROUPS = 0, 1, 2


class UnknownFacesPage(LibraryPage):
    """Groups at the left, biggest first; the faces of the chosen one at the right, with what can be done."""

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(services, tasks, links, parent)
        self._names = QStringListModel(self)
        self._moving: list[str] = []
        self.progress = AddingProgress(self)
        self._loading = False
        self._lost: set[str] = set()
        self._faces_by_id: dict[str, UnnamedFace] = {}
        self.work = UnknownFacesWork(services, tasks, self)
        self.work.shown.connect(self._show)
        self.work.looked.connect(self._show_looking)
        self.work.progressed.connect(self.progress.show_progress)
        self.progress.stop_asked.connect(self.work.stop_adding)
        self.work.added.connect(self._note_added)
        self.work.done.connect(partial(self._say, bad=False))
        self.work.failed.connect(partial(self._say, bad=True))
        self.groups_model = UnknownGroupsModel(self)
        self.groups_model.faces_dropped.connect(self._take_drop)
        self.setAcceptDrops(True)
        self._build()
        self.setFocusProxy(self.groups)

    @property
    def entry(self) -> GroupEntry | None:
        """The group that is chosen, or the faces by themselves, or those never asked about."""
        entry = self.groups.currentIndex().data(ENTRY_ROLE)
        return entry if isinstance(entry, GroupEntry) else None

    @property
    def message(self) -> str:
        """What was done or went wrong last."""
        return self._message.text()

    @property
    def empty_text(self) -> str:
        """What the page says while there is nothing to show; empty otherwise."""
        return self._empty.text() if self._pages.currentIndex() == _EMPTY else ""

    def activate(self) -> None:
        self.work.read()
        self.groups.setFocus()

    def gallery_changed(self) -> None:
        self.work.read()

    def choose_row(self, row: int) -> None:
        """Choose a card of the list."""
        self.groups.setCurrentIndex(self.groups_model.index(row, 0))

    def add_pictures(self, paths: Sequence[Path]) -> None:
        """Search pictures and folders for faces that nobody enrolled has."""
        if paths and not self.work.is_adding:
            self.work.add_pictures(paths)
            self._add.setEnabled(False)
            self.progress.begin()

    def begin_move(self, face_ids: Sequence[str]) -> None:
        """Let the user choose the group that faces belong to."""
        self._moving = list(face_ids)
        count = self.groups_model.count_words(len(face_ids))
        words = self.tr("Moving {0}: choose a group with Return or a click; Esc leaves all as it is.")
        self._say(words.format(count), bad=False)
        self.groups.setFocus()

    def search_from(self, face: UnnamedFace) -> None:
        """Show enrolled faces that are like this one."""
        title = Path(face.source).name

        def hand_over(pixels: UInt8Array) -> None:
            self._links.search_asked.emit(FacePicked(title, picture_rgb=pixels))

        self.work.load_picture(face, hand_over)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._moving:
            self._moving = []
            self._say("", bad=False)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and not self.work.is_adding:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add_pictures([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        columns = 3 if self.width() >= 760 else 2
        self.groups.setFixedWidth(columns * (CARD_LEAST_WIDTH_PX + 6) + 16)
        self._load_pictures()

    def _build(self) -> None:
        self.groups = make_group_list(self.groups_model, self.tr("Groups of unknown faces"), self)
        self.groups.selectionModel().currentChanged.connect(lambda *_: self._show_entry())
        self.groups.activated.connect(self._take_activated)
        self.groups.clicked.connect(self._take_clicked)
        self.groups.verticalScrollBar().valueChanged.connect(lambda _: self._load_pictures())
        self.detail = UnknownGroupView(self._names, self)
        self.detail.named.connect(self.work.name)
        self.detail.move_asked.connect(self.begin_move)
        self.detail.split_asked.connect(lambda face_ids: self.work.move(face_ids, None))
        self.detail.ignore_asked.connect(self.work.ignore)
        self.detail.asking_asked.connect(self.work.ask_again)
        self.detail.remove_asked.connect(self.work.remove)
        self.detail.search_asked.connect(self.search_from)
        self._pages = self._make_pages()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addLayout(self._make_top())
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.progress)
        layout.addLayout(self._make_bottom())
        remove = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.groups)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self.detail.remove_chosen)

    def _make_top(self) -> QHBoxLayout:
        self._count = QLabel(self)
        self._count.setProperty("muted", "true")
        self._again = tool_button(self, "replay", self.tr("Find groups anew"), self.work.group_again)
        self._add = QPushButton(self.tr("Add pictures ..."), self)
        set_icon(self._add, "folder")
        self._add.clicked.connect(lambda _=False: self._choose_folder())
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._count, 1)
        row.addWidget(self._again)
        row.addWidget(self._add)
        return row

    def _make_pages(self) -> QStackedWidget:
        self._waiting = QLabel(self.tr("Looking ..."), self)
        self._empty = QLabel(self)
        for label in (self._waiting, self._empty):
            label.setProperty("muted", "true")
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setMargin(32)
        both = QWidget(self)
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.groups)
        row.addWidget(self.detail, 1)
        pages = QStackedWidget(self)
        for page in (self._waiting, self._empty, both):
            pages.addWidget(page)
        return pages

    def _make_bottom(self) -> QHBoxLayout:
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._history = HistoryButtons(self.work.undo, self.work.redo, self)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._message, 1)
        row.addWidget(self._history, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def _show(self, view: UnknownFacesView) -> None:
        entry, row = self.entry, self.groups.currentIndex().row()
        picked = self.detail.picked_ids
        entries = entries_of(view.grouped)
        self._faces_by_id = {face.face_id: face for one in entries for face in one.faces}
        self._names.setStringList(list(view.names))
        self.groups_model.show_entries(entries)
        self._pages.setCurrentIndex(_GROUPS if entries else _EMPTY)
        self._empty.setText(empty_words(keeps_live=view.keeps_live))
        self._count.setText(self._count_words(view))
        self._again.setEnabled(bool(entries))
        self._history.show_texts(view.undo_text, view.redo_text)
        if entries:
            same = next((r for r, one in enumerate(entries) if entry is not None and one.key == entry.key), None)
            # Where the group has gone, the next one takes its place: naming goes on without looking for it.
            self.choose_row(same if same is not None else max(0, min(row, len(entries) - 1)))
        self._show_entry()
        self.detail.choose_faces(picked)

    def _show_looking(self, progress: Progress) -> None:
        words = self.tr("Looking at faces with this profile: {0} of {1}").format(progress.done, progress.total)
        self._waiting.setText(words)
        self._count.setText(words)

    def _show_entry(self) -> None:
        self.detail.show_entry(self.entry)
        self._load_pictures()

    def _count_words(self, view: UnknownFacesView) -> str:
        groups = len(view.grouped.groups)
        if not view.grouped.everything:
            return ""
        words = self.tr("1 group") if groups == 1 else self.tr("{0} groups").format(groups)
        alone = len(view.grouped.alone)
        return self.tr("{0}, {1} by themselves").format(words, alone) if alone else words

    def _load_pictures(self) -> None:
        """Load what is in view, some at a time; what comes into view meanwhile is next."""
        if self._loading or not self.isVisible():
            return
        view = self.groups.viewport().rect()
        rows = [
            row
            for row in range(self.groups_model.rowCount())
            if self.groups.visualRect(self.groups_model.index(row, 0)).intersects(view)
        ]
        waiting = self.groups_model.without_picture(rows) + self.detail.without_picture
        both = {face.face_id: face for face in waiting}
        wanted = [face for face_id, face in both.items() if face_id not in self._lost]
        if not wanted:
            return
        batch = wanted[:_PICTURES_AT_ONCE]
        self._loading = True

        def done(found: dict[str, UInt8Array]) -> None:
            self._loading = False
            self._lost |= {face.face_id for face in batch} - found.keys()
            self.groups_model.add_pictures(found)
            self.detail.add_pictures(found)
            self._load_pictures()

        self.work.load_pictures(batch, done)

    def _take_activated(self) -> None:
        if self._moving:
            self._finish_move()
        else:
            self.detail.naming.setFocus()

    def _take_clicked(self) -> None:
        if self._moving:
            self._finish_move()
        elif self.entry is not None and self.entry.group is not None:
            self.detail.naming.setFocus()

    def _finish_move(self) -> None:
        moving, self._moving = self._moving, []
        self._put(moving, self.entry)

    def _take_drop(self, face_ids: Sequence[str], entry: GroupEntry | None) -> None:
        kept = [face_id for face_id in face_ids if face_id in self._faces_by_id]
        if len(kept) < len(face_ids):
            self._say(self.tr("Enrolled faces have a name; move them in the gallery."), bad=True)
        elif kept:
            self._put(kept, entry)

    def _put(self, face_ids: Sequence[str], entry: GroupEntry | None) -> None:
        """Put faces where a card stands for; without one, into a group of their own."""
        if entry is not None and set(face_ids) <= {face.face_id for face in entry.faces}:
            self._say(self.tr("They are there already."), bad=False)
        elif entry is None or entry.kind is EntryKind.GROUP:
            self.work.move(face_ids, entry.key if entry is not None else None)
        elif entry.kind is EntryKind.ALONE:
            self.work.set_apart(face_ids)
        else:
            self.work.ignore(face_ids)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder of pictures to take unknown faces from"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda folder: self.add_pictures([Path(folder)]))
        dialog.open()

    def _note_added(self, report: CollectionReport) -> None:
        words, is_bad = collection_words(report)
        self._say(words, bad=is_bad)

    def _say(self, words: str, *, bad: bool) -> None:
        if not self.work.is_adding:
            self.progress.hide()
            self._add.setEnabled(True)
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.setProperty("muted", "false" if bad else "true")
        self._message.style().polish(self._message)
        self._message.setText(words)
