"""Everybody who is enrolled: find, rename, remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QSize, QSortFilterProxyModel, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.errors import GalleryReadError, PersonNotFoundError
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.records import Person
from facerec_app.gui.icons import set_icon
from facerec_app.gui.people_model import PERSON_ROLE, PeopleModel, PersonDelegate
from facerec_app.gui.picture_conversion import portrait, scaled_image
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner

_PORTRAITS_AT_ONCE = 32
_PORTRAIT_SIDE_PX = 120  # enough for 40 logical pixels at 300 %


class PeoplePanel(QWidget):
    """A list that follows the gallery; what goes wrong is said under it.

    Args:
        services: the gallery's.
        tasks: where they are called.
        names: filled with everybody's name, for completion elsewhere.
    """

    enrol_asked = Signal(str)  # name of a person to be given more pictures

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, names: QStringListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._names = names
        self._model = PeopleModel(self)
        self._model.rename_asked.connect(self._rename)
        self._portraits: dict[str, UInt8Array] = {}
        self._portrait_keys: dict[str, tuple[str | None, int]] = {}
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(self._model)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._build()
        self._update_buttons()

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is listed."""
        return self._model.people

    @property
    def message(self) -> str:
        """What went wrong last; empty when nothing did."""
        return self._error.text()

    def refresh(self) -> None:
        """Read the list again."""
        self._tasks.start(
            lambda _: self._services.people().everybody(), done=self._show, failed=self._show_error, urgent=True
        )

    def select(self, name: str) -> None:
        """Choose the person of that name."""
        for row in range(self._shown.rowCount()):
            index = self._shown.index(row, 0)
            if index.data() == name:
                self._list.setCurrentIndex(index)

    def rename_selected(self) -> None:
        """Edit the chosen person's name in place."""
        index = self._list.currentIndex()
        if index.isValid():
            self._list.edit(index)

    def remove_selected(self) -> None:
        """Ask, saying exactly what goes, and remove the chosen person."""
        person = self._selected()
        if person is None:
            return
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(self.tr("Remove {0}?").format(person.name))
        pictures = self.tr("1 picture") if person.face_count == 1 else self.tr("{0} pictures").format(person.face_count)
        box.setInformativeText(
            self.tr("This deletes the person, {0} and everything computed from them. It cannot be undone.").format(
                pictures
            )
        )
        remove = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        remove.clicked.connect(partial(self._remove, person))
        box.open()

    def _build(self) -> None:
        self._search = QLineEdit(self)
        self._search.setPlaceholderText(self.tr("Search people"))
        self._search.setAccessibleName(self.tr("Search people"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._shown.setFilterFixedString)
        self._list = QListView(self)
        self._list.setAccessibleName(self.tr("People"))
        self._list.setModel(self._shown)
        self._list.setItemDelegate(PersonDelegate(self._model, self._list))
        self._list.setUniformItemSizes(True)
        self._list.setMouseTracking(True)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked
        )
        remove = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self._list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self.remove_selected)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._open_menu)
        self._list.selectionModel().currentChanged.connect(self._update_buttons)
        self._shown.modelReset.connect(self._update_buttons)
        self._empty = QLabel(
            self.tr("Nobody is enrolled yet.\n\nClick a face in the picture and type who it is, or add pictures."), self
        )
        self._empty.setProperty("muted", "true")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(24)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._list)
        self._more = self._button("enrol", self.tr("Add pictures of this person"), self._ask_for_pictures)
        self._rename_button = self._button("rename", self.tr("Rename (F2)"), self.rename_selected)
        self._remove_button = self._button("remove", self.tr("Remove ... (Del)"), self.remove_selected)
        self._count = QLabel(self)
        self._count.setProperty("muted", "true")
        self._error = QLabel(self)
        self._error.setProperty("bad", "true")
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.hide()
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        for button in (self._more, self._rename_button, self._remove_button):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self._search)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._error)
        layout.addLayout(row)

    def _button(self, icon: str, hint: str, action: Callable[[], None]) -> QToolButton:
        button = QToolButton(self)
        set_icon(button, icon)
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        button.clicked.connect(action)
        return button

    def _selected(self) -> Person | None:
        index = self._list.currentIndex()
        person = index.data(PERSON_ROLE) if index.isValid() else None
        return person if isinstance(person, Person) else None

    def _update_buttons(self, *_: QModelIndex) -> None:
        chosen = self._selected() is not None
        for button in (self._more, self._rename_button, self._remove_button):
            button.setEnabled(chosen)

    def _open_menu(self, point: QPoint) -> None:
        if self._selected() is None or not self._list.indexAt(point).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Add pictures ..."), self._ask_for_pictures)
        menu.addAction(self.tr("Rename"), self.rename_selected)
        menu.addSeparator()
        menu.addAction(self.tr("Remove ..."), self.remove_selected)
        menu.popup(self._list.viewport().mapToGlobal(point))

    def _ask_for_pictures(self) -> None:
        person = self._selected()
        if person is not None:
            self.enrol_asked.emit(person.name)

    def _rename(self, person: Person, name: str) -> None:
        self._change(lambda: self._services.people().rename(person.person_id, name))

    def _remove(self, person: Person) -> None:
        self._change(lambda: self._services.people().remove(person.person_id))

    def _change(self, change: Callable[[], Person]) -> None:
        self._show_error("")

        def work(_: Task) -> None:
            change()
            self._services.gallery().announce()

        self._tasks.start(work, done=lambda _: None, failed=self._show_error, urgent=True)

    def _show(self, people: tuple[Person, ...]) -> None:
        chosen = self._selected()
        self._portraits = {p.person_id: self._portraits[p.person_id] for p in people if p.person_id in self._portraits}
        self._model.show_people(people, self._portraits)
        self._names.setStringList([person.name for person in people])
        self._pages.setCurrentIndex(1 if people else 0)
        self._search.setEnabled(bool(people))
        one, many = self.tr("1 person"), self.tr("{0} people").format(len(people))
        self._count.setText(one if len(people) == 1 else many if people else "")
        if chosen is not None:
            self.select(next((p.name for p in people if p.person_id == chosen.person_id), ""))
        self._load_portraits(people)

    def _load_portraits(self, people: tuple[Person, ...]) -> None:
        """Load the portraits that are missing or out of date, some at a time so that urgent work gets in between."""
        wanted = [p for p in people if self._portrait_keys.get(p.person_id) != (p.portrait_face_id, p.face_count)]
        if not wanted:
            return
        batch = wanted[:_PORTRAITS_AT_ONCE]

        def done(found: dict[str, UInt8Array]) -> None:
            self._portrait_keys.update({p.person_id: (p.portrait_face_id, p.face_count) for p in batch})
            self._portraits.update(found)
            self._list.viewport().update()
            self._load_portraits(self._model.people)

        self._tasks.start(lambda _: self._read_portraits(batch), done=done, failed=self._show_error)

    def _read_portraits(self, people: list[Person]) -> dict[str, UInt8Array]:
        service = self._services.people()
        found = {}
        for person in people:
            try:
                face, picture = service.portrait_face(person.person_id), service.portrait(person.person_id)
            except (GalleryReadError, PersonNotFoundError):
                # A damaged picture (the doctor reports it) or somebody removed meanwhile must not hide the others.
                continue
            if face is not None and picture is not None:
                square = portrait(picture, face.box_xyxy)
                found[person.person_id] = scaled_image(square, QSize(_PORTRAIT_SIDE_PX, _PORTRAIT_SIDE_PX)).pixels_rgb
        return found

    def _show_error(self, message: str) -> None:
        self._error.setText(message)
        self._error.setVisible(bool(message))
