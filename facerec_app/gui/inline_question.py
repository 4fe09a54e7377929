"""A question inside a panel: nothing stops, Esc takes it away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from facerec_app.gui.name_face_popover import name_completer


class InlineQuestion(QFrame):
    """Asks for a name, or for one of a few answers.

    Args:
        names: of everybody enrolled, for completion.
    """

    def __init__(self, names: QStringListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._answer: Callable[[str], None] | None = None
        self._choices: list[QPushButton] = []
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._edit = QLineEdit(self)
        self._edit.setMaxLength(250)
        self._completer = name_completer(names, self)
        self._edit.textChanged.connect(self._update)
        self._edit.returnPressed.connect(self._accept)
        self._ok = QPushButton(self)
        self._ok.setProperty("primary", "true")
        self._ok.clicked.connect(self._accept)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.clicked.connect(self.dismiss)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(6)
        self._buttons.addStretch(1)
        self._buttons.addWidget(cancel)
        self._buttons.addWidget(self._ok)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addWidget(self._edit)
        layout.addLayout(self._buttons)
        self.hide()

    def ask_name(
        self, question: str, action: str, answer: Callable[[str], None], *, initial: str = "", complete: bool = True
    ) -> None:
        """Ask for a name.

        Args:
            question: above the field.
            action: on the button.
            answer: takes the name.
            initial: what the field begins with, selected.
            complete: offer the names of people who are enrolled.
        """
        self._begin(question, answer)
        self._edit.setCompleter(self._completer if complete else None)  # type: ignore[arg-type]  # None takes it away
        self._edit.setText(initial)
        self._edit.selectAll()
        self._ok.setText(action)
        for widget in (self._edit, self._ok):
            widget.show()
        self._update()
        self.show()
        self._edit.setFocus()

    def ask_choice(self, question: str, choices: Sequence[tuple[str, str]], answer: Callable[[str], None]) -> None:
        """Offer a few buttons.

        Args:
            question: above them.
            choices: text and value of each.
            answer: takes the value of the one that was pressed.
        """
        self._begin(question, answer)
        self._edit.hide()
        self._ok.hide()
        for text, value in choices:
            button = QPushButton(text.replace("&", "&&"), self)
            button.clicked.connect(lambda _=False, chosen=value: self._give(chosen))
            self._buttons.addWidget(button)
            self._choices.append(button)
        self.show()
        self._choices[0].setFocus()

    def dismiss(self) -> None:
        """Take the question away without an answer."""
        self._answer = None
        was_open, parent = self.isVisible(), self.parentWidget()
        self.hide()
        self._forget_choices()
        if was_open and parent is not None:
            parent.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _begin(self, question: str, answer: Callable[[str], None]) -> None:
        self._forget_choices()
        self._answer = answer
        self._text.setText(question)

    def _forget_choices(self) -> None:
        for button in self._choices:
            button.hide()
            self._buttons.removeWidget(button)
            button.deleteLater()
        self._choices.clear()

    def _accept(self) -> None:
        name = self._edit.text().strip()
        if name:
            self._give(name)

    def _give(self, value: str) -> None:
        answer = self._answer
        self.dismiss()
        if answer is not None:
            answer(value)

    def _update(self) -> None:
        self._ok.setEnabled(bool(self._edit.text().strip()))
