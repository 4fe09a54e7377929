"""The list of pictures to enrol: rows as high as what is said of them needs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from facerec_app.gui.enrol_model import EnrolDelegate, EnrolModel


class EnrolList(QTreeView):
    """Shows an ``EnrolModel``.

    A tree view, though nothing branches: it remembers each row's height and asks only for that of a row that changed.
    A list view asks for every row whenever one changes, which with 500 pictures held up the window for 50 ms.
    """

    chosen = Signal()  # other rows are selected
    leave_out_asked = Signal()

    def __init__(self, model: EnrolModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Pictures to enrol"))
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setModel(model)
        self.setItemDelegate(EnrolDelegate(self))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())
        leave_out = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self)
        leave_out.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave_out.activated.connect(self.leave_out_asked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()  # lines break elsewhere
