"""Every enrolled face, twenty at a time: filtered, sorted, put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QItemSelection, QLocale, QObject, QPoint, QStringListModel, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from facerec_app.gallery.face_filter import ListedFace
from facerec_app.gallery.records import FaceState, Person
from facerec_app.gui.history_buttons import HistoryButtons
from facerec_app.gui.icons import set_icon
from facerec_app.gui.inline_question import InlineQuestion
from facerec_app.gui.library.face_cards import CARD_ROLE, FaceCard, FaceCardModel, make_card_grid, share_words
from facerec_app.gui.library.gallery_filters import GalleryFilters
from facerec_app.gui.library.gallery_reader import GalleryReader, GalleryView
from facerec_app.gui.library.library_page import FacePicked, LibraryLinks, LibraryPage
from facerec_app.gui.library.order_choice import OrderChoice
from facerec_app.gui.library.page_turner import PageTurner
from facerec_app.gui.people_actions import PeopleActions, PeopleView
from facerec_app.gui.quality_words import quality_words
from facerec_app.gui.relative_time import short_date
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.tool_buttons import set_hint, tool_button
from facerec_app.services.gallery_browser import FaceQuery
from facerec_app.services.progress import Progress

_MOST_REMOVED = 2000
"""Faces removed in one step: what brings them back is kept in memory."""
_LIKELY = 0.5
_TURNS = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}


class GalleryPage(LibraryPage):
    """A column of conditions at the left, the faces at the right, and what can be done with those chosen below."""

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(services, tasks, links, parent)
        self._view: GalleryView | None = None
        self._all_chosen = False
        self._names = QStringListModel(self)
        self.changes = PeopleActions(services, tasks, self)
        self.changes.done.connect(partial(self._say, bad=False))
        self.changes.failed.connect(partial(self._say, bad=True))
        self.reader = GalleryReader(services, tasks, self)
        self.reader.shown.connect(self._show)
        self.reader.failed.connect(partial(self._say, bad=True))
        self.reader.progressed.connect(self._show_progress)
        self.model = FaceCardModel(self)
        self.reader.pictures.connect(self.model.add_pictures)
        self._build()
        self._update_actions()

    @property
    def view(self) -> GalleryView | None:
        """What is shown; None before the first answer."""
        return self._view

    @property
    def message(self) -> str:
        """What was done or went wrong last."""
        return self._message.text()

    @property
    def count_text(self) -> str:
        """How many faces the conditions select."""
        return self._count.text()

    @property
    def chosen_ids(self) -> list[str]:
        """The faces of this page that are chosen."""
        return [index.data(CARD_ROLE).face_id for index in self.grid.selectionModel().selectedIndexes()]

    def activate(self) -> None:
        self.grid.setFocus()
        self.gallery_changed()

    def gallery_changed(self) -> None:
        self.changes.read(None, self._show_people)
        self.reader.open(self._query(), self._view.number if self._view is not None else 0)

    def shut_down(self, timeout_s: float) -> bool:
        self.reader.cancel()
        return True

    def choose_page(self) -> None:
        """Choose every face of this page."""
        self.grid.selectAll()

    def choose_all(self) -> None:
        """Choose every face that the conditions select, on all pages."""
        self.grid.selectAll()
        self._all_chosen = self._view is not None and self._view.pages > 1
        self._update_actions()

    def sort_by_likeness(self) -> None:
        """Put the faces most like the chosen one first."""
        chosen = self._first_chosen()
        if chosen is not None:
            self.order.sort_like(chosen)

    def search_from_chosen(self) -> None:
        """Look for faces like the chosen one on the page for that."""
        chosen = self._first_chosen()
        if chosen is not None:
            self._links.search_asked.emit(FacePicked(chosen.name, face_id=chosen.face.face_id))

    def compare_chosen(self) -> None:
        """Put the chosen faces, one or two, beside each other on the page for that."""
        for listed in self._chosen()[:2]:
            self._links.comparison_asked.emit(FacePicked(listed.name, face_id=listed.face.face_id))

    def switch_use(self) -> None:
        """Let the chosen faces take part in recognition again, or no longer."""
        states = {listed.face.state for listed in self._chosen()}
        wanted = FaceState.EXCLUDED if FaceState.ACTIVE in states else FaceState.ACTIVE
        self._with_chosen(lambda face_ids: self.changes.set_face_state(face_ids, wanted))

    def ask_where_to_move(self) -> None:
        """Ask to whom the chosen faces belong."""
        if self.chosen_ids:
            self.question.ask_name(
                self.tr("Whose are these faces?") if self._chosen_count() > 1 else self.tr("Whose is this face?"),
                self.tr("Move"),
                lambda name: self._with_chosen(lambda face_ids: self.changes.move_faces(face_ids, name)),
            )

    def remove_chosen(self) -> None:
        """Remove the chosen faces; undo brings them back."""
        if self._chosen_count() > _MOST_REMOVED:
            most = QLocale().toString(_MOST_REMOVED)
            self._say(self.tr("At most {0} faces are removed in one step; choose fewer.").format(most), bad=True)
        else:
            self._with_chosen(self.changes.remove_faces)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._turn_by(event):
            return True
        return super().eventFilter(watched, event)

    def _build(self) -> None:
        self.filters = GalleryFilters(self)
        self.filters.changed.connect(self._ask)
        self.filters.people.faces_dropped.connect(self._move_dropped)
        self.grid = make_card_grid(self.model, self.tr("Faces"), self)
        self.grid.installEventFilter(self)
        self.grid.activated.connect(lambda _: self.search_from_chosen())
        self.grid.customContextMenuRequested.connect(self._open_menu)
        self.grid.selectionModel().selectionChanged.connect(self._note_choice)
        self.question = InlineQuestion(self._names, self)
        self.turner = PageTurner(self)
        self.turner.asked.connect(self.reader.turn)
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.hide()
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addLayout(self._make_head())
        right.addWidget(self.grid, 1)
        right.addWidget(self.turner)
        right.addWidget(self.question)
        right.addWidget(self._message)
        right.addLayout(self._make_actions())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(10)
        layout.addWidget(self.filters)
        layout.addLayout(right, 1)
        for keys, action in (
            ("Del", self.remove_chosen),
            ("Ctrl+Shift+A", self.choose_all),
            ("Ctrl+F", self.filters.person_text.setFocus),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.grid if keys == "Del" else self)
            shortcut.setContext(
                Qt.ShortcutContext.WidgetShortcut if keys == "Del" else Qt.ShortcutContext.WidgetWithChildrenShortcut
            )
            shortcut.activated.connect(action)

    def _make_head(self) -> QHBoxLayout:
        self._count = QLabel(self)
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        self._count.setProperty("heading", "true")
        self.order = OrderChoice(self)
        self.order.changed.connect(self._ask)
        head = QHBoxLayout()
        head.addWidget(self._count, 1)
        head.addWidget(self.order)
        return head

    def _make_actions(self) -> QHBoxLayout:
        self._chosen_words = QLabel(self)
        self._chosen_words.setProperty("muted", "true")
        self._choose_all = QPushButton(self)
        self._choose_all.setProperty("link", "true")
        self._choose_all.clicked.connect(lambda _=False: self.choose_all())
        self._buttons = {
            name: tool_button(self, icon, hint, action)
            for name, icon, hint, action in (
                ("search", "search", self.tr("Search for faces like this one (Return)"), self.search_from_chosen),
                ("alike", "alike", self.tr("Sort by likeness to this face"), self.sort_by_likeness),
                ("compare", "compare", self.tr("Compare"), self.compare_chosen),
                ("use", "exclude", self.tr("Do not use for recognition"), self.switch_use),
                ("move", "move", self.tr("Move to another person ..."), self.ask_where_to_move),
                ("remove", "remove", self.tr("Remove (Del)"), self.remove_chosen),
            )
        }
        self._history = HistoryButtons(self.changes.undo, self.changes.redo, self)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._chosen_words)
        row.addWidget(self._choose_all)
        row.addStretch(1)
        for button in (*self._buttons.values(), self._history):
            row.addWidget(button)
        return row

    def _query(self) -> FaceQuery:
        order, like = self.order.order, self.order.like_face_id
        return FaceQuery(self.filters.filter, order, like, self.filters.suspicion)

    def _ask(self) -> None:
        self._all_chosen = False
        self._message.hide()
        self.reader.open(self._query())

    def _show(self, view: GalleryView) -> None:
        turned = self._view is None or self._view.number != view.number or self._view.query != view.query
        chosen = set() if turned else set(self.chosen_ids)
        row = 0 if turned else max(0, self.grid.currentIndex().row())
        self._view = view
        self.model.show_cards([self._card(listed, view) for listed in view.faces])
        selection = QItemSelection()
        for number, card in enumerate(self.model.cards):
            if card.face_id in chosen:
                selection.select(self.model.index(number, 0), self.model.index(number, 0))
        self.grid.selectionModel().select(selection, self.grid.selectionModel().SelectionFlag.Select)
        if turned:
            self._all_chosen = False
            self.grid.scrollToTop()
        current = self.model.index(min(row, len(self.model.cards) - 1), 0)
        self.grid.selectionModel().setCurrentIndex(current, self.grid.selectionModel().SelectionFlag.NoUpdate)
        self.turner.show_page(view.number, view.pages)
        self._count.setText(self._count_words(len(view.listing)))
        self.grid.say_when_empty(self._empty_words())
        self._update_actions()

    def _card(self, listed: ListedFace, view: GalleryView) -> FaceCard:
        face = listed.face
        likeness, other = view.likeness.get(face.face_id, 0.0), view.resembled.get(face.face_id)
        words, detail = quality_words(face), ""
        if other is not None:
            detail = self.tr("Like {0}").format(other)
        elif face.face_id in view.likeness:
            detail = self.tr("{0} the same").format(share_words(likeness))
        hint = "\n".join([face.source, words, self.tr("added {0}").format(short_date(face.created_at))])
        unused, stressed = face.state is FaceState.EXCLUDED, other is not None or likeness >= _LIKELY
        return FaceCard(face.face_id, listed.name, detail or words, hint, faded=unused, stressed=stressed)

    def _count_words(self, count: int) -> str:
        if not count:
            return self.tr("No face is enrolled yet") if self.filters.is_open else self.tr("No face fits")
        return self.tr("1 face") if count == 1 else self.tr("{0} faces").format(QLocale().toString(count))

    def _empty_words(self) -> str:
        enrol = self.tr("Faces of everybody you enrol appear here.")
        return enrol if self.filters.is_open else self.tr("No face fits all conditions at the left.")

    def _show_progress(self, progress: Progress) -> None:
        if self.reader.is_busy and progress.total:
            share = progress.done / progress.total
            self._count.setText(self.tr("Comparing everybody: {0:.0%}").format(share))

    def _show_people(self, view: PeopleView) -> None:
        self.filters.people.show_people(view.people)
        self._names.setStringList([person.name for person in view.people])
        self._history.show_texts(view.undo_text, view.redo_text)

    def _chosen(self) -> list[ListedFace]:
        chosen = set(self.chosen_ids)
        faces = self._view.faces if self._view is not None else ()
        return [listed for listed in faces if listed.face.face_id in chosen]

    def _first_chosen(self) -> ListedFace | None:
        return next(iter(self._chosen()), None)

    def _chosen_count(self) -> int:
        return len(self._view.listing) if self._all_chosen and self._view is not None else len(self.chosen_ids)

    def _with_chosen(self, act: Callable[[Sequence[str]], None]) -> None:
        """Do something with the chosen faces, which may be on pages that were never read."""
        if self._all_chosen:
            self.reader.all_ids(act)
        elif self.chosen_ids:
            act(self.chosen_ids)
        self.grid.setFocus()

    def _move_dropped(self, face_ids: tuple[str, ...], person: Person) -> None:
        """Give dropped faces to a person: all that are chosen, if those dropped are among them."""
        if self._all_chosen and set(face_ids) == set(self.chosen_ids):
            self.reader.all_ids(lambda every: self.changes.move_faces(every, person.person_id))
        else:
            self.changes.move_faces(face_ids, person.person_id)

    def _note_choice(self) -> None:
        if len(self.chosen_ids) < len(self.model.cards):
            self._all_chosen = False
        self._update_actions()

    def _update_actions(self) -> None:
        count = self._chosen_count()
        for name, button in self._buttons.items():
            limit = {"search": 1, "alike": 1, "compare": 2}.get(name, count)
            button.setEnabled(0 < count <= limit)
        unused = {listed.face.state for listed in self._chosen()} == {FaceState.EXCLUDED}
        use = self._buttons["use"]
        hint = self.tr("Use for recognition again") if unused else self.tr("Do not use for recognition")
        set_hint(use, hint)
        set_icon(use, "include" if unused else "exclude")
        locale = QLocale()
        self._chosen_words.setText(self.tr("{0} chosen").format(locale.toString(count)) if count else "")
        total = len(self._view.listing) if self._view is not None else 0
        whole_page = 0 < len(self.model.cards) == len(self.chosen_ids) and not self._all_chosen
        self._choose_all.setText(self.tr("Choose all {0}").format(locale.toString(total)))
        self._choose_all.setVisible(whole_page and total > count)

    def _open_menu(self, point: QPoint) -> None:
        if not self.chosen_ids or not self.grid.indexAt(point).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in self._buttons.values():
            menu.addAction(button.icon(), button.toolTip(), button.click).setEnabled(button.isEnabled())
        menu.addSeparator()
        menu.addAction(self.tr("Show person"), self._show_person).setEnabled(self._chosen_count() == 1)
        menu.popup(self.grid.viewport().mapToGlobal(point))

    def _show_person(self) -> None:
        chosen = self._first_chosen()
        if chosen is not None:
            self._links.person_asked.emit(chosen.name)

    def _turn_by(self, event: QKeyEvent) -> bool:
        """Turn the page if that is what a key is for."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        key = Qt.Key(event.key())
        if key in _TURNS:
            self.turner.turn(_TURNS[key])
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self.turner.go_to(0 if key == Qt.Key.Key_Home else self.turner.last_number)
        else:
            return False
        return True

    def _say(self, words: str, *, bad: bool) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.setProperty("muted", "false" if bad else "true")
        self._message.style().polish(self._message)
        self._message.setText(words)
        self._message.setVisible(bool(words))
        if not bad:
            return
        self.changes.read(None, self._show_people)
