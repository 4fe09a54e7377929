"""Everybody who is enrolled: a grid with search, a page for each person, and what was changed taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType

from PySide6.QtCore import QPoint, QSortFilterProxyModel, QStringListModel, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.person_contents import PersonContents
from facerec_app.gallery.records import Person
from facerec_app.gui.card_view import CardView
from facerec_app.gui.deletion_dialog import ask_before_deletion
from facerec_app.gui.history_buttons import HistoryButtons
from facerec_app.gui.inline_question import InlineQuestion
from facerec_app.gui.people_actions import PeopleActions, PeopleView
from facerec_app.gui.people_drop_strip import PeopleDropStrip
from facerec_app.gui.people_model import (
    CARD_HEIGHT_PX,
    CARD_LEAST_WIDTH_PX,
    PERSON_ROLE,
    PeopleModel,
    PersonDelegate,
    consent_has_ended,
)
from facerec_app.gui.person_page import PersonPage
from facerec_app.gui.picture_loader import AT_ONCE, PictureLoader
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.tool_buttons import tool_button

_EMPTY, _GRID = 0, 1


class PeoplePanel(QWidget):
    """Follows the gallery; what was done and what went wrong is said under it.

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
        self._names = names
        self.changes = PeopleActions(services, tasks, self)
        self.changes.done.connect(self._note_done)
        self.changes.failed.connect(self._show_error)
        self._loader = PictureLoader(services, tasks, self._show_error)
        self._model = PeopleModel(self)
        self._model.rename_asked.connect(self.changes.rename)
        self._model.faces_dropped.connect(lambda faces, person: self.changes.move_faces(faces, person.person_id))
        self._portraits: dict[str, UInt8Array] = {}
        self._portrait_keys: dict[str, tuple[str | None, int]] = {}
        self._last_seen: Mapping[str, datetime] = MappingProxyType({})
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(self._model)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.page = PersonPage(self.changes, names, self)
        self.page.back_asked.connect(self.close_page)
        self.page.remove_asked.connect(self._ask_before_removal)
        self.page.enrol_asked.connect(self.enrol_asked)
        self.page.merge_asked.connect(self._ask_for_other)
        self._build(names)
        self.setFocusProxy(self.grid)
        self._update_buttons()

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is listed."""
        return self._model.people

    @property
    def message(self) -> str:
        """What was done or went wrong last; empty when there is nothing to say."""
        return self._message.text()

    def refresh(self) -> None:
        """Read everything that is shown again."""
        opened = self.page.person
        self.changes.read(opened.person_id if opened is not None else None, self._show)

    def select(self, name: str) -> None:
        """Choose the person of that name."""
        for row in range(self._shown.rowCount()):
            index = self._shown.index(row, 0)
            if index.data() == name:
                self.grid.setCurrentIndex(index)

    def open_page(self, name: str) -> None:
        """Show the page of the person of that name."""
        person = next((one for one in self.people if one.name == name), None)
        if person is not None:
            self.page.open(person)
            self.page.show_portrait(self._portraits.get(person.person_id))
            self._stack.setCurrentWidget(self.page)
            self.page.faces.setFocus()
            self.refresh()

    def close_page(self) -> None:
        """Go back to everybody."""
        person = self.page.person
        self.page.close_page()
        self._stack.setCurrentWidget(self._overview)
        if person is not None:
            self.select(person.name)
        self.grid.setFocus()

    def rename_selected(self) -> None:
        """Edit the chosen person's name in place."""
        index = self.grid.currentIndex()
        if index.isValid():
            self.grid.edit(index)

    def remove_selected(self) -> None:
        """Ask, saying exactly what goes, and remove the chosen person."""
        person = self._selected()
        if person is not None:
            self._ask_before_removal(person)

    def merge_selected(self) -> None:
        """Make the two chosen people one, or ask with whom the chosen one is to be merged."""
        chosen = self._all_selected()
        if len(chosen) == 2:
            first, second = chosen
            self.question.ask_choice(
                self.tr("Make {0} and {1} one person. Which name stays?").format(first.name, second.name),
                [(one.name, one.person_id) for one in chosen],
                lambda kept: self._merge(next(one.person_id for one in chosen if one.person_id != kept), kept),
            )
        elif len(chosen) == 1:
            self._ask_for_other(chosen[0])

    def _build(self, names: QStringListModel) -> None:
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search people"))
        self.search.setAccessibleName(self.tr("Search people"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._shown.setFilterFixedString)
        self.grid = self._make_list()
        self._pages = self._make_pages()
        self.question = InlineQuestion(names, self)
        self._stack = QStackedWidget(self)
        self._overview = self._make_overview()
        self._stack.addWidget(self._overview)
        self._stack.addWidget(self.page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self._stack, 1)
        layout.addWidget(PeopleDropStrip(self._model, self.page, self))
        layout.addWidget(self.question)
        layout.addLayout(self._make_history_row())

    def _make_pages(self) -> QStackedWidget:
        empty = QLabel(
            self.tr("Nobody is enrolled yet.\n\nClick a face in the picture and type who it is, or add pictures."), self
        )
        empty.setProperty("muted", "true")
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setMargin(24)
        pages = QStackedWidget(self)
        pages.addWidget(empty)
        pages.addWidget(self.grid)
        return pages

    def _make_overview(self) -> QWidget:
        self._buttons = (
            tool_button(self, "enrol", self.tr("Add pictures of this person"), self._ask_for_pictures),
            tool_button(self, "rename", self.tr("Rename (F2)"), self.rename_selected),
            tool_button(self, "merge", self.tr("Merge ..."), self.merge_selected),
            tool_button(self, "remove", self.tr("Delete ... (Del)"), self.remove_selected),
        )
        self._count = QLabel(self)
        self._count.setProperty("muted", "true")
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._count, 1)
        for button in self._buttons:
            row.addWidget(button)
        whole = QWidget(self)
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self._pages, 1)
        layout.addLayout(row)
        return whole

    def _make_list(self) -> CardView:
        view = CardView(CARD_LEAST_WIDTH_PX, CARD_HEIGHT_PX, self)
        view.setAccessibleName(self.tr("People"))
        view.setModel(self._shown)
        view.setItemDelegate(PersonDelegate(self._model, view))
        view.accept_drops()
        view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        remove = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), view)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self.remove_selected)
        view.activated.connect(lambda index: self.open_page(str(index.data())))
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        view.selectionModel().selectionChanged.connect(self._update_buttons)
        self._shown.modelReset.connect(self._update_buttons)
        return view

    def _make_history_row(self) -> QHBoxLayout:
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._history = HistoryButtons(self.changes.undo, self.changes.redo, self, in_menu=True)
        self.history_actions = self._history.actions_for_menu
        more = tool_button(self, "more", self.tr("More"), lambda: None)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        self.keeps_last_seen = QAction(self.tr("Keep when people were last seen"), menu)
        self.keeps_last_seen.setCheckable(True)
        self.keeps_last_seen.triggered.connect(self.changes.keep_last_seen)
        menu.addAction(self.keeps_last_seen)
        more.setMenu(menu)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._message, 1)
        for button in (self._history, more):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def _selected(self) -> Person | None:
        index = self.grid.currentIndex()
        person = index.data(PERSON_ROLE) if index.isValid() else None
        return person if isinstance(person, Person) else None

    def _all_selected(self) -> list[Person]:
        return [index.data(PERSON_ROLE) for index in self.grid.selectionModel().selectedIndexes()]

    def _update_buttons(self, *_: object) -> None:
        chosen = len(self._all_selected())
        more, rename, merge, remove = self._buttons
        for button in (more, rename, remove):
            button.setEnabled(chosen == 1)
        merge.setEnabled(chosen in {1, 2} and len(self.people) > 1)

    def _open_menu(self, point: QPoint) -> None:
        if not self.grid.indexAt(point).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Open"), lambda: self.open_page(str(self.grid.indexAt(point).data())))
        for button in self._buttons:
            menu.addAction(button.icon(), button.toolTip(), button.click).setEnabled(button.isEnabled())
        menu.popup(self.grid.viewport().mapToGlobal(point))

    def _ask_for_pictures(self) -> None:
        person = self._selected()
        if person is not None:
            self.enrol_asked.emit(person.name)

    def _ask_for_other(self, person: Person) -> None:
        self.question.ask_name(
            self.tr("With whom is {0} to be merged? That name stays.").format(person.name),
            self.tr("Merge"),
            lambda name: self._merge(person.person_id, name),
        )

    def _merge(self, source_id: str, into: str) -> None:
        target = next((one for one in self.people if into in {one.name, one.person_id}), None)
        if self.page.person is not None and target is not None and self.page.person.person_id == source_id:
            self.page.open(target)  # the page goes on with who stays
        self.changes.merge(source_id, into)

    def _ask_before_removal(self, person: Person) -> None:
        self.changes.read_contents(person, self._show_removal)

    def _show_removal(self, contents: PersonContents, versions: tuple[str, ...]) -> None:
        ask_before_deletion(contents, versions, partial(self.changes.remove, contents.person), self)

    def _show(self, view: PeopleView) -> None:
        chosen = {person.person_id for person in self._all_selected()}
        people = view.people
        self._last_seen = view.last_seen
        self._portraits = {p.person_id: self._portraits[p.person_id] for p in people if p.person_id in self._portraits}
        changed = people != self._model.people
        self._model.show_people(people, self._portraits, view.last_seen)
        self._names.setStringList([person.name for person in people])
        self._pages.setCurrentIndex(_GRID if people else _EMPTY)
        self.search.setEnabled(bool(people))
        self._count.setText(self._count_words(people))
        if changed:
            self._select_again(chosen)
        self._history.show_texts(view.undo_text, view.redo_text)
        self.keeps_last_seen.setChecked(view.keeps_last_seen)
        self._load_portraits(people)
        self._show_opened(view)

    def _show_opened(self, view: PeopleView) -> None:
        person = self.page.person
        if person is None or view.opened_id != person.person_id:
            return  # asked for before the page was opened; what was asked for since is on its way
        if view.opened is None:
            self.close_page()  # removed meanwhile
        else:
            self.page.show_person(*view.opened, view.last_seen.get(person.person_id))
            self._load_faces()

    def _select_again(self, person_ids: set[str]) -> None:
        selection = self.grid.selectionModel()
        for row in range(self._shown.rowCount()):
            index = self._shown.index(row, 0)
            if index.data(PERSON_ROLE).person_id in person_ids:
                selection.setCurrentIndex(index, selection.SelectionFlag.Select)

    def _count_words(self, people: tuple[Person, ...]) -> str:
        ended = sum(consent_has_ended(person) for person in people)
        words = self.tr("1 person") if len(people) == 1 else self.tr("{0} people").format(len(people))
        if ended:
            words += ", " + (self.tr("1 consent ended") if ended == 1 else self.tr("{0} consents ended").format(ended))
        return words if people else ""

    def _load_faces(self) -> None:
        wanted = self.page.model.without_picture[:AT_ONCE]
        if wanted:
            person = self.page.person

            def done(found: dict[str, UInt8Array]) -> None:
                self.page.model.add_pictures(found)
                if found and self.page.person == person:
                    self._load_faces()

            self._loader.load_faces(wanted, done)

    def _load_portraits(self, people: tuple[Person, ...]) -> None:
        """Load the portraits that are missing or out of date, some at a time so that urgent work gets in between."""
        wanted = [p for p in people if self._portrait_keys.get(p.person_id) != (p.portrait_face_id, p.face_count)]
        if not wanted:
            return
        batch = wanted[:AT_ONCE]

        def done(found: dict[str, UInt8Array]) -> None:
            self._portrait_keys.update({p.person_id: (p.portrait_face_id, p.face_count) for p in batch})
            self._portraits.update(found)
            self.grid.viewport().update()
            opened = self.page.person
            if opened is not None and opened.person_id in found:
                self.page.show_portrait(found[opened.person_id])
            self._load_portraits(self._model.people)

        self._loader.load_portraits(batch, done)

    def _note_done(self, words: str) -> None:
        self._say(words, bad=False)
        self.refresh()

    def _show_error(self, message: str) -> None:
        self._say(message, bad=True)
        self.refresh()

    def _say(self, words: str, *, bad: bool) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.setProperty("muted", "false" if bad else "true")
        self._message.style().polish(self._message)
        self._message.setText(words)
