"""People to drop pictures on, shown while pictures of a person's page are being dragged."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from facerec_app.gui.card_view import CardView
from facerec_app.gui.people_model import CARD_HEIGHT_PX, CARD_LEAST_WIDTH_PX, PERSON_ROLE, PeopleModel, PersonDelegate
from facerec_app.gui.person_page import PersonPage

Index = QModelIndex | QPersistentModelIndex
_SCROLL_BAR_PX = 12


class _Others(QSortFilterProxyModel):
    """Everybody but the person whose pictures are being dragged."""

    without_id = ""

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        person = self.sourceModel().index(row, 0, parent).data(PERSON_ROLE)
        return bool(person.person_id != self.without_id)


class PeopleDropStrip(QFrame):
    """One row of people; what is dropped on a card is that person's afterwards.

    Args:
        model: of people; takes what is dropped.
        page: whose pictures are dragged.
    """

    def __init__(self, model: PeopleModel, page: PersonPage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = page
        self._others = _Others(self)
        self._others.setSourceModel(model)
        label = QLabel(self.tr("Drop on the person they belong to"), self)
        label.setProperty("muted", "true")
        self.view = CardView(CARD_LEAST_WIDTH_PX, CARD_HEIGHT_PX, self)
        self.view.setAccessibleName(self.tr("People to give pictures to"))
        self.view.setModel(self._others)
        self.view.setItemDelegate(PersonDelegate(model, self.view))
        self.view.setWrapping(False)
        self.view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.view.setFixedHeight(CARD_HEIGHT_PX + _SCROLL_BAR_PX)
        self.view.accept_drops()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label)
        layout.addWidget(self.view)
        page.faces.drag_began.connect(self._offer)
        page.faces.drag_ended.connect(self.hide)
        self.hide()

    def _offer(self) -> None:
        person = self._page.person
        self._others.without_id = person.person_id if person is not None else ""
        self._others.invalidate()
        self.setVisible(self._others.rowCount() > 0)
