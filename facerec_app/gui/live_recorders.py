"""What a live source leaves behind where the user asked for it: when people were seen, and faces of strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from facerec_app.gui.last_seen_recorder import LastSeenRecorder
from facerec_app.gui.stranger_recorder import StrangerRecorder

if TYPE_CHECKING:
    from facerec_app.gui.main_window import MainWindow


class LiveRecorders(QObject):
    """Makes the recorders of a window; they live as long as it does.

    Args:
        window: whose session is listened to; its library follows what is kept.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        people = window.people
        self.last_seen = LastSeenRecorder(
            window.session, window.services, window.tasks, people.refresh, people.changes.failed.emit
        )
        self.strangers = StrangerRecorder(
            window.session, window.services, window.tasks, self._show_kept, people.changes.failed.emit
        )
        window.preferences.keeping.changed.connect(self.strangers.refresh)

    def _show_kept(self) -> None:
        if self._window.library is not None:
            self._window.library.gallery_changed()
