"""What a person agreed to: shown in a line, edited in place, warned of when it has ended."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from facerec_app.core.errors import ConfigError
from facerec_app.gallery.records import Person
from facerec_app.gui.consent_fields import ConsentFields
from facerec_app.gui.icons import draw_icon, set_icon
from facerec_app.gui.people_actions import PeopleActions
from facerec_app.gui.people_model import consent_has_ended
from facerec_app.gui.theme import colour


class ConsentBox(QWidget):
    """A line with a pen; the pen opens the fields.

    Args:
        actions: stores what was entered.
    """

    def __init__(self, actions: PeopleActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._person: Person | None = None
        self._sign = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.edit = QToolButton(self)
        set_icon(self.edit, "rename")
        self.edit.setToolTip(self.tr("Change purpose and consent"))
        self.edit.setAccessibleName(self.tr("Change purpose and consent"))
        self.edit.clicked.connect(self.open_editor)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._text, 1)
        line.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignTop)
        self._editor = self._make_editor()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self._editor)

    @property
    def text(self) -> str:
        """What is shown."""
        return self._text.text()

    def show_person(self, person: Person) -> None:
        """Show what a person agreed to."""
        self._person = person
        consent, ended = person.consent, consent_has_ended(person)
        if consent is None:
            words = self.tr("No consent recorded")
        else:
            words = self.tr("{0} agreed to: {1}").format(consent.agreed_by, consent.purpose)
            if consent.until is not None:
                until = consent.until.isoformat()
                tail = self.tr("ended on {0}") if ended else self.tr("until {0}")
                words += ", " + tail.format(until)
        self._text.setText(words)
        self._text.setProperty("bad" if ended else "muted", "true")
        self._text.setProperty("muted" if ended else "bad", "false")
        self._text.style().polish(self._text)
        self._sign.setVisible(ended)
        if ended:
            self._sign.setPixmap(draw_icon("warning", colour("bad"), 16, self.devicePixelRatioF()))

    def open_editor(self) -> None:
        """Show the fields."""
        if self._person is not None:
            self.fields.show_consent(self._person.consent)
            self._error.hide()
            self._editor.show()
            self.fields.setFocus()

    def close_editor(self) -> None:
        """Take the fields away without storing anything."""
        if self._editor.isVisible():
            self.edit.setFocus()
        self._editor.hide()

    def save(self) -> None:
        """Store what was entered."""
        try:
            consent = self.fields.consent()
        except ConfigError as exc:
            self._error.setText(str(exc))
            self._error.show()
            return
        if self._person is not None:
            self._actions.set_consent(self._person, consent)
        self.close_editor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._editor.isVisible():
            self.close_editor()
        else:
            super().keyPressEvent(event)

    def _make_editor(self) -> QFrame:
        frame = QFrame(self)
        frame.setObjectName("card")
        self.fields = ConsentFields(frame, folds=False)
        self._error = QLabel(frame)
        self._error.setProperty("bad", "true")
        self._error.setWordWrap(True)
        self._error.hide()
        cancel = QPushButton(self.tr("Cancel"), frame)
        cancel.clicked.connect(self.close_editor)
        save = QPushButton(self.tr("Save"), frame)
        save.setProperty("primary", "true")
        save.clicked.connect(self.save)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(save)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.fields)
        layout.addWidget(self._error)
        layout.addLayout(buttons)
        frame.hide()
        return frame
