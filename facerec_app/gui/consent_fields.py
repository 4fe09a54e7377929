"""Purpose and consent, recorded with a person."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDateEdit,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.errors import ConfigError
from facerec_app.gallery.records import Consent
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.theme import colour

_ARROW_PX = 14


class DateField(QDateEdit):
    """A date that can be typed or chosen from a calendar, with an arrow in the window's own style."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            tint = colour("muted" if self.isEnabled() else "disabled")
            arrow = draw_icon("down", tint, _ARROW_PX, self.devicePixelRatioF())
            painter.drawPixmap(self.width() - _ARROW_PX - 7, (self.height() - _ARROW_PX) // 2, arrow)


class ConsentFields(QWidget):
    """Folded away until it is wanted.

    Args:
        folds: whether there is a line to fold it away with; without one the fields are always shown.
    """

    def __init__(self, parent: QWidget | None = None, *, folds: bool = True) -> None:
        super().__init__(parent)
        self._fold = QToolButton(self)
        self._fold.setText(self.tr("Purpose and consent"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setArrowType(Qt.ArrowType.RightArrow)
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._unfold)
        self._fields = QWidget(self)
        self._purpose = QLineEdit(self._fields)
        self._purpose.setAccessibleName(self.tr("Purpose"))
        self._purpose.setPlaceholderText(self.tr("What the pictures may be used for"))
        self._agreed_by = QLineEdit(self._fields)
        self._agreed_by.setAccessibleName(self.tr("Agreed by"))
        self._agreed_by.setPlaceholderText(self.tr("Who agreed"))
        self._has_end = QCheckBox(self.tr("until"), self._fields)
        self._until = DateField(QDate.currentDate().addYears(1), self._fields)
        self._until.setCalendarPopup(True)
        self._until.setDisplayFormat("d MMM yyyy")
        self._until.setEnabled(False)
        self._has_end.toggled.connect(self._until.setEnabled)
        end = QHBoxLayout()
        end.addWidget(self._has_end)
        end.addWidget(self._until, 1)
        form = QFormLayout(self._fields)
        form.setContentsMargins(4, 0, 0, 0)
        form.addRow(self.tr("Purpose"), self._purpose)
        form.addRow(self.tr("Agreed by"), self._agreed_by)
        form.addRow(self.tr("Valid"), end)
        self._fields.setVisible(not folds)
        self._fold.setVisible(folds)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fold)
        layout.addWidget(self._fields)

    def consent(self) -> Consent | None:
        """Return what was entered, None if nothing was.

        Raises:
            ConfigError: if it is incomplete.
        """
        purpose, agreed_by = self._purpose.text().strip(), self._agreed_by.text().strip()
        if not purpose and not agreed_by:
            return None
        if not purpose or not agreed_by:
            raise ConfigError(self.tr("Fill in both the purpose and who agreed, or neither."))
        chosen = self._until.date()
        until = date(chosen.year(), chosen.month(), chosen.day()) if self._has_end.isChecked() else None
        return Consent(purpose, agreed_by, until)

    def fill(self, purpose: str, agreed_by: str) -> None:
        """Show and fill the fields."""
        self._fold.setChecked(True)
        self._purpose.setText(purpose)
        self._agreed_by.setText(agreed_by)

    def show_consent(self, consent: Consent | None) -> None:
        """Show what is recorded."""
        self.clear()
        if consent is not None:
            self.fill(consent.purpose, consent.agreed_by)
            self._has_end.setChecked(consent.until is not None)
            if consent.until is not None:
                self._until.setDate(QDate(consent.until.year, consent.until.month, consent.until.day))

    def clear(self) -> None:
        """Empty the fields for the next person."""
        self._purpose.clear()
        self._agreed_by.clear()
        self._has_end.setChecked(False)

    def _unfold(self, open_: bool) -> None:
        self._fold.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._fields.setVisible(open_)
