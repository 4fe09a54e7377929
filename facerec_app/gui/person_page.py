"""One person: who it is, what they agreed to, and all their pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QItemSelection, QPoint, QStringListModel, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.records import EnrolledFace, FaceState, Person
from facerec_app.gui.card_view import CardView
from facerec_app.gui.consent_box import ConsentBox
from facerec_app.gui.faces_model import CARD_HEIGHT_PX, CARD_LEAST_WIDTH_PX, FACE_ROLE, FaceDelegate, FacesModel
from facerec_app.gui.icons import draw_icon, set_icon
from facerec_app.gui.inline_question import InlineQuestion
from facerec_app.gui.people_actions import PeopleActions
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.relative_time import ago, short_date
from facerec_app.gui.theme import colour
from facerec_app.gui.tool_buttons import set_hint, tool_button

_PORTRAIT_PX = 56


class PersonPage(QWidget):
    """Shows one person at a time.

    Args:
        actions: carries changes out.
        names: of everybody enrolled, for completion.
    """

    back_asked = Signal()
    remove_asked = Signal(object)  # Person
    enrol_asked = Signal(str)  # name of a person to be given more pictures
    merge_asked = Signal(object)  # Person

    def __init__(self, actions: PeopleActions, names: QStringListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._person: Person | None = None
        self._portrait: UInt8Array | None = None
        self.model = FacesModel(self)
        self.question = InlineQuestion(names, self)
        self.consent = ConsentBox(actions, self)
        self._build()
        self.setFocusProxy(self.faces)
        self._update_buttons()

    @property
    def person(self) -> Person | None:
        """Whose page it is; None while it is closed."""
        return self._person

    @property
    def selected_ids(self) -> list[str]:
        """The pictures that are chosen."""
        return [index.data(FACE_ROLE).face_id for index in self.faces.selectionModel().selectedIndexes()]

    def open(self, person: Person) -> None:
        """Begin to show a person; the pictures come with ``show_person``."""
        self._portrait = None
        self.model.show_faces((), None)
        self.question.dismiss()
        self.consent.close_editor()
        self._show_head(person, None)
        self.faces.setFocus()

    def show_person(self, person: Person, faces: Sequence[EnrolledFace], seen_at: datetime | None) -> None:
        """Show the present state; what was chosen stays chosen."""
        chosen = set(self.selected_ids)
        self._show_head(person, seen_at)
        self.model.show_faces(faces, person.portrait_face_id)
        selection = QItemSelection()
        for row, face in enumerate(faces):
            if face.face_id in chosen:
                selection.select(self.model.index(row, 0), self.model.index(row, 0))
        self.faces.selectionModel().select(selection, self.faces.selectionModel().SelectionFlag.Select)
        self._update_buttons()

    def show_portrait(self, pixels_rgb: UInt8Array | None) -> None:
        """Show the likeness of the person, ``(S, S, 3)`` uint8."""
        self._portrait = pixels_rgb
        ratio = self.devicePixelRatioF()
        if pixels_rgb is None:
            self._picture.setPixmap(draw_icon("people", colour("muted"), _PORTRAIT_PX, ratio))
        else:
            self._picture.setPixmap(rounded_pixmap(pixels_rgb, _PORTRAIT_PX, ratio, radius_px=_PORTRAIT_PX / 2))

    def close_page(self) -> None:
        """Show nobody."""
        self._person = None
        self.question.dismiss()
        self.consent.close_editor()

    def select_faces(self, face_ids: Sequence[str]) -> None:
        """Choose pictures."""
        self.faces.clearSelection()
        for row, face in enumerate(self.model.faces):
            if face.face_id in face_ids:
                index = self.model.index(row, 0)
                self.faces.selectionModel().select(index, self.faces.selectionModel().SelectionFlag.Select)

    def remove_selected(self) -> None:
        """Remove the chosen pictures; undo brings them back."""
        if self.selected_ids:
            self.faces.setFocus()  # the button that may have been pressed has nothing to do afterwards
            self._actions.remove_faces(self.selected_ids)

    def use_as_portrait(self) -> None:
        """Let the chosen picture stand for the person."""
        if len(self.selected_ids) == 1:
            self._actions.set_portrait(self.selected_ids[0])

    def ask_where_to_move(self) -> None:
        """Ask to whom the chosen pictures belong."""
        chosen = self.selected_ids
        if chosen:
            question = self.tr("Whose is this picture?") if len(chosen) == 1 else self.tr("Whose are these pictures?")
            self.question.ask_name(question, self.tr("Move"), lambda name: self._actions.move_faces(chosen, name))

    def ask_for_new_person(self) -> None:
        """Ask for the name of a new person with the chosen pictures."""
        chosen = self.selected_ids
        if chosen:
            self.question.ask_name(
                self.tr("Who is this? A new person is made with what is chosen."),
                self.tr("Make person"),
                lambda name: self._actions.split(chosen, name),
                complete=False,
            )

    def switch_use(self) -> None:
        """Let the chosen pictures take part in recognition again, or no longer."""
        chosen = set(self.selected_ids)
        states = {face.state for face in self.model.faces if face.face_id in chosen}
        if chosen:
            wanted = FaceState.EXCLUDED if FaceState.ACTIVE in states else FaceState.ACTIVE
            self._actions.set_face_state(sorted(chosen), wanted)

    def ask_for_name(self) -> None:
        """Ask for another name."""
        person = self._person
        if person is not None:
            self.question.ask_name(
                self.tr("Another name for {0}").format(person.name),
                self.tr("Rename"),
                lambda name: self._actions.rename(person, name),
                initial=person.name,
                complete=False,
            )

    def choose_export_folder(self) -> None:
        """Ask where everything that is kept of the person is to be written."""
        person = self._person
        if person is None:
            return
        dialog = QFileDialog(self, self.tr("New folder for the pictures and data of {0}").format(person.name))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.selectFile(person.name)
        dialog.fileSelected.connect(lambda folder: self._actions.export(person, Path(folder)))
        dialog.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Backspace}:
            self.back_asked.emit()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._person_buttons = self._row(
            ("enrol", self.tr("Add pictures"), self._ask_for_pictures),
            ("rename", self.tr("Rename (F2)"), self.ask_for_name),
            ("merge", self.tr("Merge with another person ..."), self._ask_for_merge),
            ("export", self.tr("Export pictures and data ..."), self.choose_export_folder),
            ("remove", self.tr("Delete the person ..."), self._ask_for_removal),
        )
        self._face_buttons = self._row(
            ("portrait", self.tr("Use as portrait"), self.use_as_portrait),
            ("move", self.tr("Move to another person ..."), self.ask_where_to_move),
            ("split", self.tr("Make a new person ..."), self.ask_for_new_person),
            ("exclude", self.tr("Do not use for recognition"), self.switch_use),
            ("remove", self.tr("Remove (Del)"), self.remove_selected),
        )
        self.faces = self._make_faces()
        self._chosen = QLabel(self)
        self._chosen.setProperty("muted", "true")
        top, bottom = QHBoxLayout(), QHBoxLayout()
        for row, buttons in ((top, self._person_buttons), (bottom, self._face_buttons)):
            row.setSpacing(2)
            for button in buttons:
                row.addWidget(button)
        top.addStretch(1)
        bottom.insertWidget(0, self._chosen, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._make_head())
        layout.addLayout(top)
        layout.addWidget(self.consent)
        layout.addWidget(self.faces, 1)
        layout.addWidget(self.question)
        layout.addLayout(bottom)

    def _make_head(self) -> QHBoxLayout:
        back = tool_button(self, "back", self.tr("Back to everybody (Esc)"), self.back_asked.emit)
        self._picture = QLabel(self)
        self._picture.setFixedSize(_PORTRAIT_PX, _PORTRAIT_PX)
        self._name, self._facts = QLabel(self), QLabel(self)
        for label in (self._name, self._facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        self._name.setFont(font)
        self._facts.setProperty("muted", "true")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(back, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._picture)
        head.addLayout(words, 1)
        return head

    def _make_faces(self) -> CardView:
        faces = CardView(CARD_LEAST_WIDTH_PX, CARD_HEIGHT_PX, self)
        faces.setAccessibleName(self.tr("Pictures"))
        faces.setModel(self.model)
        faces.setItemDelegate(FaceDelegate(self.model, faces))
        faces.setDragEnabled(True)
        faces.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        faces.customContextMenuRequested.connect(self._open_menu)
        faces.selectionModel().selectionChanged.connect(self._update_buttons)
        for keys, action in (("Del", self.remove_selected), ("F2", self.ask_for_name)):
            shortcut = QShortcut(QKeySequence(keys), faces)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(action)
        return faces

    def _row(self, *parts: tuple[str, str, Callable[[], None]]) -> list[QToolButton]:
        return [tool_button(self, *part) for part in parts]

    def _show_head(self, person: Person, seen_at: datetime | None) -> None:
        self._person = person
        self._name.setText(person.name)
        one, many = self.tr("1 picture"), self.tr("{0} pictures").format(person.face_count)
        facts = [
            one if person.face_count == 1 else many,
            self.tr("enrolled {0}").format(short_date(person.created_at)),
        ]
        if seen_at is not None:
            facts.append(self.tr("seen {0}").format(ago(seen_at)))
        self._facts.setText(", ".join(facts))
        self.consent.show_person(person)
        self.show_portrait(self._portrait)

    def _update_buttons(self, *_: object) -> None:
        chosen = self.selected_ids
        for button in self._face_buttons:
            button.setEnabled(bool(chosen))
        portrait, *_others = self._face_buttons
        portrait.setEnabled(len(chosen) == 1)
        states = {face.state for face in self.model.faces if face.face_id in set(chosen)}
        unused = states == {FaceState.EXCLUDED}
        use = self._face_buttons[3]
        set_icon(use, "include" if unused else "exclude")
        hint = self.tr("Use for recognition again") if unused else self.tr("Do not use for recognition")
        set_hint(use, hint)
        self._chosen.setText(self.tr("{0} chosen").format(len(chosen)) if chosen else "")

    def _open_menu(self, point: QPoint) -> None:
        if not self.selected_ids or not self.faces.indexAt(point).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in self._face_buttons:
            action = menu.addAction(button.icon(), button.toolTip(), button.click)
            action.setEnabled(button.isEnabled())
        menu.popup(self.faces.viewport().mapToGlobal(point))

    def _ask_for_pictures(self) -> None:
        if self._person is not None:
            self.enrol_asked.emit(self._person.name)

    def _ask_for_merge(self) -> None:
        if self._person is not None:
            self.merge_asked.emit(self._person)

    def _ask_for_removal(self) -> None:
        if self._person is not None:
            self.remove_asked.emit(self._person)
