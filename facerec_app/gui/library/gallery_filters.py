"""Which faces the gallery's page shows: the column at its left."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from PySide6.QtCore import QCoreApplication, QDate, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from facerec_app.gallery.face_filter import FaceFilter, FaceQuality
from facerec_app.gallery.records import FaceState
from facerec_app.gui.consent_fields import DateField
from facerec_app.gui.library.person_list import PersonList, PersonListModel
from facerec_app.services.gallery_browser import FaceSuspicion

WIDTH_PX = 176
_TYPING_MS = 250


class _Added(Enum):
    """When a face was enrolled."""

    ANY = "any"
    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    BETWEEN = "between"


class _Use(Enum):
    """Whether a face takes part in recognition, and whether it should."""

    ANY = "any"
    USED = "used"
    UNUSED = "unused"
    WRONG = "wrong"


class GalleryFilters(QWidget):
    """Fields for every condition; all of them hold together."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        self.people = PersonListModel(self)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self.changed)
        self.person_text = self._line(self.tr("Person"))
        self.person_text.textChanged.connect(self.people.show_containing)
        self.person_list = PersonList(self.people, self)
        self.person_list.chosen.connect(lambda _: self.changed.emit())
        self.source_text = self._line(self.tr("Source"))
        self.quality = self._choice(self.tr("Quality"), _quality_choices())
        self.use = self._choice(self.tr("Use"), _use_choices())
        self.added = self._choice(self.tr("Added"), _added_choices())
        self.added.currentIndexChanged.connect(self._show_days)
        today = QDate.currentDate()
        self.first_day = self._day(self.tr("From"), today.addMonths(-1))
        self.last_day = self._day(self.tr("Until"), today)
        self._all = QPushButton(self.tr("Show all faces"), self)
        self._all.setProperty("link", "true")
        self._all.clicked.connect(lambda _=False: self.clear())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.person_text)
        layout.addWidget(self.person_list, 1)
        for field in (self.source_text, self.quality, self.use, self.added, self.first_day, self.last_day, self._all):
            layout.addWidget(field)
        self.changed.connect(self._show_clearing)
        self._show_days()
        self._show_clearing()

    @property
    def filter(self) -> FaceFilter:
        """What is wanted."""
        use: _Use = self.use.currentData()
        added_from, added_before = self._added_range()
        person_id = self.person_list.chosen_id
        return FaceFilter(
            person_id=person_id,
            person_text="" if person_id is not None else self.person_text.text().strip(),
            source_text=self.source_text.text().strip(),
            added_from=added_from,
            added_before=added_before,
            quality=self.quality.currentData(),
            state={_Use.USED: FaceState.ACTIVE, _Use.UNUSED: FaceState.EXCLUDED}.get(use),
        )

    @property
    def suspicion(self) -> FaceSuspicion:
        """Whether only doubtful faces are wanted."""
        return FaceSuspicion.WRONG_PERSON if self.use.currentData() is _Use.WRONG else FaceSuspicion.NONE

    @property
    def is_open(self) -> bool:
        """Whether every face is wanted."""
        return self.filter.is_open and self.suspicion is FaceSuspicion.NONE

    def clear(self) -> None:
        """Want every face."""
        for part in (self.person_text, self.source_text, self.quality, self.use, self.added, self.person_list):
            part.blockSignals(True)
        self.person_text.clear()
        self.people.show_containing("")
        self.person_list.choose(None)
        self.source_text.clear()
        for box in (self.quality, self.use, self.added):
            box.setCurrentIndex(0)
        for part in (self.person_text, self.source_text, self.quality, self.use, self.added, self.person_list):
            part.blockSignals(False)
        self._show_days()
        self._typing.stop()
        self.changed.emit()

    def _added_range(self) -> tuple[datetime | None, datetime | None]:
        added: _Added = self.added.currentData()
        if added is _Added.ANY:
            return None, None
        if added is _Added.BETWEEN:
            return _midnight(self.first_day.date()), _midnight(self.last_day.date().addDays(1))
        today = QDate.currentDate()
        first = {
            _Added.TODAY: today,
            _Added.WEEK: today.addDays(-6),
            _Added.MONTH: today.addDays(-29),
            _Added.YEAR: QDate(today.year(), 1, 1),
        }[added]
        return _midnight(first), None

    def _show_days(self) -> None:
        for day in (self.first_day, self.last_day):
            day.setVisible(self.added.currentData() is _Added.BETWEEN)

    def _show_clearing(self) -> None:
        self._all.setEnabled(not self.is_open)

    def _line(self, name: str) -> QLineEdit:
        line = QLineEdit(self)
        line.setPlaceholderText(name)
        line.setAccessibleName(name)
        line.setClearButtonEnabled(True)
        line.textChanged.connect(lambda _: self._typing.start())
        return line

    def _choice(self, name: str, choices: list[tuple[str, Enum]]) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        for text, value in choices:
            box.addItem(text, value)
        box.currentIndexChanged.connect(lambda _: self.changed.emit())
        return box

    def _day(self, name: str, day: QDate) -> DateField:
        field = DateField(day, self)
        field.setAccessibleName(name)
        field.setCalendarPopup(True)
        field.setDisplayFormat("d MMM yyyy")
        field.dateChanged.connect(lambda _: self._typing.start())
        return field


def _quality_choices() -> list[tuple[str, Enum]]:
    return [
        (_tr("Any quality"), FaceQuality.ANY),
        (_tr("Good"), FaceQuality.GOOD),
        (_tr("Not so good"), FaceQuality.FAULTY),
        (_tr("Small"), FaceQuality.SMALL),
        (_tr("Blurred"), FaceQuality.BLURRED),
        (_tr("Turned"), FaceQuality.TURNED),
        (_tr("Dark"), FaceQuality.DARK),
        (_tr("Too bright"), FaceQuality.BRIGHT),
    ]


def _use_choices() -> list[tuple[str, Enum]]:
    return [
        (_tr("Used or not"), _Use.ANY),
        (_tr("Used"), _Use.USED),
        (_tr("Not used"), _Use.UNUSED),
        (_tr("Maybe wrong person"), _Use.WRONG),
    ]


def _added_choices() -> list[tuple[str, Enum]]:
    return [
        (_tr("Added at any time"), _Added.ANY),
        (_tr("Added today"), _Added.TODAY),
        (_tr("In the last 7 days"), _Added.WEEK),
        (_tr("In the last 30 days"), _Added.MONTH),
        (_tr("This year"), _Added.YEAR),
        (_tr("Between two days"), _Added.BETWEEN),
    ]


def _midnight(day: QDate) -> datetime:
    """Return when a day begins where the user is."""
    return datetime(day.year(), day.month(), day.day()).astimezone()


def _tr(text: str) -> str:
    return QCoreApplication.translate("GalleryFilters", text)
