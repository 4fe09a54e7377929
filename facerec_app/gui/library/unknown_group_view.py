"""The faces of one group of unknown ones: who that is, which of them belong, and what is to be done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gui.icons import set_icon
from facerec_app.gui.library.face_cards import CARD_ROLE, FaceCard, FaceCardModel, make_card_grid
from facerec_app.gui.library.group_naming import GroupNaming
from facerec_app.gui.library.unknown_groups_model import EntryKind, GroupEntry
from facerec_app.gui.relative_time import short_date
from facerec_app.gui.tool_buttons import set_hint, tool_button

_SHOWN_AT_ONCE = 500
"""Faces of one group that are shown: of thousands, the most typical."""


class UnknownGroupView(QWidget):
    """What is done is done to the chosen faces; without a choice, to a whole group.

    Args:
        names: of everybody enrolled, for completion.
    """

    named = Signal(object, str)  # list of face ids, name
    move_asked = Signal(object)  # list of face ids, of which the user is to say where they belong
    split_asked = Signal(object)
    ignore_asked = Signal(object)
    asking_asked = Signal(object)  # ask about them after all
    remove_asked = Signal(object)
    search_asked = Signal(object)  # UnnamedFace

    def __init__(self, names: QStringListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: GroupEntry | None = None
        self.model = FaceCardModel(self)
        self.faces = make_card_grid(self.model, self.tr("Faces of this group"), self)
        self.faces.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.faces.selectionModel().selectionChanged.connect(self._update_actions)
        self.naming = GroupNaming(names, self)
        self.naming.named.connect(self._give_name)
        self._build()
        self.setFocusProxy(self.faces)
        self.show_entry(None)

    @property
    def entry(self) -> GroupEntry | None:
        """What is shown."""
        return self._entry

    @property
    def picked_ids(self) -> list[str]:
        """The faces that the user chose."""
        return [index.data(CARD_ROLE).face_id for index in self.faces.selectionModel().selectedIndexes()]

    @property
    def chosen_ids(self) -> list[str]:
        """The faces that are chosen; without a choice all of a group, none of faces that are no group."""
        picked, entry = self.picked_ids, self._entry
        if not picked and entry is not None and entry.group is not None:
            return [face.face_id for face in entry.faces]
        return picked

    @property
    def without_picture(self) -> list[UnnamedFace]:
        """Faces whose picture was not loaded yet."""
        waiting = set(self.model.without_picture)
        return [face for face in (self._entry.faces if self._entry is not None else ()) if face.face_id in waiting]

    def show_entry(self, entry: GroupEntry | None) -> None:
        """Show the faces of a card; what was chosen stays chosen where it is still there."""
        picked = self.picked_ids
        self._entry = entry
        cards = [self._card(face) for face in entry.faces[:_SHOWN_AT_ONCE]] if entry is not None else []
        if cards != list(self.model.cards):
            # A face that has joined the group must not take away the name that is being typed.
            is_same = bool({card.face_id for card in cards} & {card.face_id for card in self.model.cards})
            self.model.show_cards(cards)
            if not is_same:
                self.faces.scrollToTop()
                self.naming.clear()
            self.choose_faces(picked)
        self.naming.show_guess(entry.group.suggestion if entry is not None and entry.group is not None else None)
        self._title.setText(self._title_words(entry))
        self._update_actions()

    def add_pictures(self, pictures: Mapping[str, UInt8Array]) -> None:
        """Show pictures, ``(S, S, 3)`` uint8 by face id."""
        self.model.add_pictures(pictures)

    def choose_faces(self, face_ids: Sequence[str]) -> None:
        """Choose faces of what is shown."""
        selection = self.faces.selectionModel()
        selection.clearSelection()
        for row, card in enumerate(self.model.cards):
            if card.face_id in face_ids:
                selection.select(self.model.index(row, 0), selection.SelectionFlag.Select)

    def ask_to_move(self) -> None:
        """Ask where the chosen faces belong."""
        if self._buttons["move"].isEnabled():
            self.move_asked.emit(self.chosen_ids)

    def split(self) -> None:
        """Make the chosen faces a group of their own."""
        if self._buttons["split"].isEnabled():
            self.split_asked.emit(self.chosen_ids)

    def ignore_or_ask(self) -> None:
        """Never ask about the chosen faces again; about those it was said of, ask again."""
        if self.chosen_ids:
            (self.asking_asked if self._is_ignored else self.ignore_asked).emit(self.chosen_ids)

    def remove_chosen(self) -> None:
        """Remove the chosen faces."""
        if self.chosen_ids:
            self.remove_asked.emit(self.chosen_ids)

    @property
    def _is_ignored(self) -> bool:
        return self._entry is not None and self._entry.kind is EntryKind.IGNORED

    def _build(self) -> None:
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setBold(True)
        self._title.setFont(font)
        self._chosen_words = QLabel(self)
        self._chosen_words.setProperty("muted", "true")
        self._buttons: dict[str, QToolButton] = {
            name: tool_button(self, icon, hint, action)
            for name, icon, hint, action in (
                ("search", "search", self.tr("Search for enrolled faces like this one"), self._ask_to_search),
                ("move", "move", self.tr("Move to another group ... (M, or drag)"), self.ask_to_move),
                ("split", "split", self.tr("Make a group of their own"), self.split),
                ("ignore", "exclude", "", self.ignore_or_ask),
                ("remove", "remove", self.tr("Remove (Del)"), self.remove_chosen),
            )
        }
        actions = QHBoxLayout()
        actions.setSpacing(2)
        actions.addWidget(self._chosen_words, 1)
        for button in self._buttons.values():
            actions.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self.naming)
        layout.addWidget(self.faces, 1)
        layout.addLayout(actions)
        for keys, action in (("Del", self.remove_chosen), ("M", self.ask_to_move)):
            shortcut = QShortcut(QKeySequence(keys), self.faces)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(action)

    def _give_name(self, name: str) -> None:
        if self.chosen_ids:
            self.named.emit(self.chosen_ids, name)
            self.naming.clear()

    def _ask_to_search(self) -> None:
        chosen, entry = self.chosen_ids, self._entry
        if chosen and entry is not None:
            self.search_asked.emit(next(face for face in entry.faces if face.face_id == chosen[0]))

    def _update_actions(self, *_: object) -> None:
        chosen, entry = self.chosen_ids, self._entry
        for button in self._buttons.values():
            button.setEnabled(bool(chosen))
        part = entry is not None and bool(chosen) and len(chosen) < len(entry.faces)
        self._buttons["move"].setEnabled(bool(chosen) and not self._is_ignored)
        self._buttons["split"].setEnabled(part and not self._is_ignored)
        ignore = self._buttons["ignore"]
        set_icon(ignore, "include" if self._is_ignored else "exclude")
        one, many = self.tr("Never ask about this face again"), self.tr("Never ask about these faces again")
        set_hint(ignore, self.tr("Ask again") if self._is_ignored else one if len(chosen) == 1 else many)
        picked = len(self.picked_ids)
        self._chosen_words.setText(self.tr("{0} chosen").format(picked) if picked else "")
        words = self.tr("Name 1 face") if len(chosen) == 1 else self.tr("Name {0} faces").format(len(chosen))
        self.naming.show_action(words if chosen else self.tr("Name"), possible=bool(chosen))

    def _card(self, face: UnnamedFace) -> FaceCard:
        name = Path(face.source).name or face.source
        hint = "\n".join([face.source, self.tr("kept {0}").format(short_date(face.created_at))])
        return FaceCard(face.face_id, name, short_date(face.created_at), hint)

    def _title_words(self, entry: GroupEntry | None) -> str:
        if entry is None:
            return ""
        if entry.kind is EntryKind.ALONE:
            return self.tr("Faces that are like no others")
        if entry.kind is EntryKind.IGNORED:
            return self.tr("Faces that are never asked about")
        count = self.tr("{0} faces of one person").format(len(entry.faces))
        shown = self.tr("{0}, the most typical {1} shown").format(count, _SHOWN_AT_ONCE)
        return shown if len(entry.faces) > _SHOWN_AT_ONCE else count
