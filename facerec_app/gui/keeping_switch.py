"""Whether faces of strangers in front of a camera are kept: a switch that says what it means."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.unknown_collection import MOST_LIVE_FACES


class KeepingSwitch(QWidget):
    """Off until the user switches it on; kept with the gallery.

    Args:
        services: the library's.
        tasks: where they are called.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._switched = 0
        self.box = QCheckBox(self.tr("Keep unknown faces of cameras"), self)
        self.box.clicked.connect(self._switch)
        words = QLabel(
            self.tr(
                "The best pictures of people whom nobody could name go to the library's page of unknown faces when "
                "they have left, {0} faces at most. Nobody with a name is kept, and nothing of files. Tell the people "
                "in front of the camera before you switch this on; switching it off keeps no more, and what was kept "
                "stays until you name or remove it."
            ).format(MOST_LIVE_FACES),
            self,
        )
        words.setWordWrap(True)
        words.setProperty("muted", "true")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self.box)
        layout.addWidget(words)

    def refresh(self) -> None:
        """Show how it stands, unless somebody switches it meanwhile: what was read before is out of date then."""
        asked = self._switched

        def work(_: Task) -> bool:
            return self._services.library().unknown_collection().keeps_live

        def done(is_kept: bool) -> None:
            if asked == self._switched:
                self.box.setChecked(is_kept)

        self._tasks.start(work, done=done, failed=self.failed.emit)

    def _switch(self, wanted: bool) -> None:
        self._switched += 1

        def work(_: Task) -> None:
            self._services.library().unknown_collection().keep_live(wanted)

        def failed(message: str) -> None:
            self.box.setChecked(not wanted)
            self.failed.emit(message)

        self._tasks.start(work, done=lambda _: self.changed.emit(), failed=failed, urgent=True)
