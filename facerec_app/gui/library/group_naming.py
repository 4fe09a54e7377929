"""Who a group of faces is: a field with the names of everybody, and the recogniser's own guess as one click."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from facerec_app.gui.name_face_popover import name_completer
from facerec_app.services.face_groups import NameSuggestion

_LONGEST_GUESS = 60


class GroupNaming(QWidget):
    """Asks for a name; Return gives it.

    Args:
        names: of everybody enrolled, for completion.
    """

    named = Signal(str)

    def __init__(self, names: QStringListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._guess: NameSuggestion | None = None
        self.field = QLineEdit(self)
        self.field.setAccessibleName(self.tr("Name of the person"))
        self.field.setMaxLength(250)
        self.field.setCompleter(name_completer(names, self))
        self.field.textChanged.connect(self._update)
        self.field.returnPressed.connect(self._give)
        self.button = QPushButton(self)
        self.button.setProperty("primary", "true")
        self.button.clicked.connect(lambda _=False: self._give())
        self.guess = QPushButton(self)
        self.guess.setCursor(Qt.CursorShape.PointingHandCursor)
        self.guess.setProperty("link", "true")
        self.guess.clicked.connect(lambda _=False: self._give_guess())
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.guess, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.field)
        self.show_guess(None)
        self.show_action(self.tr("Name"), possible=False)

    def show_guess(self, guess: NameSuggestion | None) -> None:
        """Offer whom the recogniser takes the group for."""
        self._guess = guess
        self.guess.setVisible(guess is not None)
        if guess is not None:
            name = guess.name if len(guess.name) <= _LONGEST_GUESS else guess.name[: _LONGEST_GUESS - 3] + "..."
            words = self.tr("Yes, this is {0} ({1:.0%} sure)").format(name, min(guess.probability, 0.99))
            self.guess.setText(words.replace("&", "&&"))

    def show_action(self, words: str, *, possible: bool) -> None:
        """Say what the button does, and whether there is anything to name."""
        self.button.setText(words)
        self.field.setEnabled(possible)
        self.field.setPlaceholderText(self.tr("Who is this?") if possible else self.tr("Choose faces of one person"))
        self.guess.setEnabled(possible)
        self._update()

    def clear(self) -> None:
        """Empty the field."""
        self.field.clear()

    def _update(self) -> None:
        self.button.setEnabled(self.field.isEnabled() and bool(self.field.text().strip()))

    def _give(self) -> None:
        name = self.field.text().strip()
        if name and self.field.isEnabled():
            self.named.emit(name)

    def _give_guess(self) -> None:
        if self._guess is not None:
            self.named.emit(self._guess.name)
