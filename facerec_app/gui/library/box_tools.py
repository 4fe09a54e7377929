"""Below the picture: what can be done with the chosen box, what is known of it, and on to the next picture."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from facerec_app.gui.library.box_document import BoxDocument
from facerec_app.gui.tool_buttons import tool_button
from facerec_app.services.box_editing import PictureBoxes


class BoxTools(QWidget):
    """Buttons in the order in which one needs them; each says its key."""

    add_asked = Signal()
    name_asked = Signal()
    landmarks_asked = Signal()
    difficult_asked = Signal()
    remove_asked = Signal()
    undo_asked = Signal()
    redo_asked = Signal()
    save_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._add = tool_button(self, "plus", self.tr("New box (N)"), self.add_asked.emit)
        self._of_box = (
            tool_button(self, "rename", self.tr("Name (Return)"), self.name_asked.emit),
            tool_button(self, "face", self.tr("Look for the landmarks (L)"), self.landmarks_asked.emit),
            tool_button(self, "exclude", self.tr("Hard to see: does not count (D)"), self.difficult_asked.emit),
            tool_button(self, "remove", self.tr("Delete the box (Del)"), self.remove_asked.emit),
        )
        self._undo = tool_button(self, "undo", self.tr("Undo (Ctrl+Z)"), self.undo_asked.emit)
        self._redo = tool_button(self, "redo", self.tr("Redo (Ctrl+Shift+Z)"), self.redo_asked.emit)
        self._words = ""
        self._facts = QLabel(self)
        self._facts.setProperty("muted", "true")
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.save = QPushButton(self.tr("Save and next"), self)
        self.save.setProperty("primary", "true")
        self.save.setToolTip(self.tr("Save and next (Ctrl+Return)"))
        self.save.clicked.connect(self.save_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for button in (self._add, *self._of_box, self._undo, self._redo):
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self._facts, 1)
        row.addWidget(self.save)

    @property
    def facts(self) -> str:
        """What is known of the picture and the chosen box."""
        return self._words

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_words()

    def show_document(self, document: BoxDocument | None, picture: PictureBoxes | None, *, is_saving: bool) -> None:
        """Let what can be done be done, and say how things stand."""
        chosen = document.chosen if document is not None else None
        self._add.setEnabled(document is not None)
        for button in self._of_box:
            button.setEnabled(chosen is not None)
        self._undo.setEnabled(document is not None and document.can_undo)
        self._redo.setEnabled(document is not None and document.can_redo)
        self.save.setEnabled(document is not None and not is_saving)
        words = self._words_of(document, picture) if document is not None and picture is not None else ""
        self._words = words
        self._facts.setToolTip(words)
        self._show_words()

    def _show_words(self) -> None:
        metrics = self._facts.fontMetrics()
        self._facts.setText(metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, self._facts.width()))

    def _words_of(self, document: BoxDocument, picture: PictureBoxes) -> str:
        count = len(document.faces)
        words = [self.tr("1 face") if count == 1 else self.tr("{0} faces").format(count)]
        if document.is_changed:
            words.append(self.tr("not saved yet"))
        elif picture.is_proposal:
            words.append(self.tr("proposed by the detector"))
        row = document.chosen
        if row is not None:
            box = document.faces.boxes_xyxy[row]
            words.append(f"{box[2] - box[0]:.0f} x {box[3] - box[1]:.0f} px")
            if document.faces.difficult[row]:
                words.append(self.tr("hard to see"))
            if not document.faces.has_landmarks[row]:
                words.append(self.tr("no landmarks"))
        return ", ".join(words)
