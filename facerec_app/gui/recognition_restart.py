"""Changed settings come into force: recognition starts again by itself, where it was."""

from __future__ import annotations

import gc
from collections import deque

from PySide6.QtCore import QObject

from facerec_app.config.settings_changes import SettingValue
from facerec_app.gui.gallery_watch import GalleryWatch
from facerec_app.gui.people_panel import PeoplePanel
from facerec_app.gui.session_worker import PlayState, SessionWorker
from facerec_app.gui.settings_panel import SettingsPanel
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner


class RecognitionRestart(QObject):
    """Lets an application with changed settings take over, and opens the source again where it was.

    Changes that are made while recognition is starting again take effect together, at one further start.

    Args:
        services: whose application is exchanged.
        watch: observes the gallery in use.
        session: what is shown.
        tasks: where the next application is made ready.
        preferences: tells of changes, and is told how they went.
        people: shown anew.
    """

    def __init__(
        self,
        services: SharedServices,
        watch: GalleryWatch,
        session: SessionWorker,
        tasks: TaskRunner,
        preferences: SettingsPanel,
        people: PeoplePanel,
    ) -> None:
        super().__init__(preferences)
        self._services = services
        self._watch = watch
        self._session = session
        self._tasks = tasks
        self._preferences = preferences
        self._people = people
        self._changes: deque[dict[str, SettingValue]] = deque()
        preferences.changed.connect(self._take)

    def _take(self, changes: dict[str, SettingValue]) -> None:
        self._changes.append(changes)
        self._tasks.start(self._apply, done=self._go_on, failed=self._preferences.show_fault)

    def _apply(self, _: Task) -> bool:
        """Runs between two jobs: none is under way on what is closed, none begins on it."""
        pending: dict[str, SettingValue] = {}
        while self._changes:
            pending.update(self._changes.popleft())
        if pending:
            self._services.use(self._services.prepared(self._services.settings.changed(pending)))
            self._watch.attach(self._services.gallery())
        return bool(pending)

    def _go_on(self, is_other: bool) -> None:
        if not is_other:  # an earlier start took this change along
            return
        session = self._session
        info, frame, state = session.info, session.newest_frame, session.state
        if info is None:
            gc.collect()  # the application before: few objects that hold each other, and all its networks
        else:
            session.open(info.spec, at=None if info.is_live or frame is None else frame.index)
            if state is not PlayState.PLAYING and not info.is_live:
                session.pause_when_open()
        self._preferences.note_applied()
        self._people.refresh()
