"""Changed settings come into force: recognition starts again by itself, where it was."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject

from facerec_app.config.settings_changes import SettingValue
from facerec_app.core.errors import FacerecError
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
        self._place: tuple[str, int] | None = None  # of a film that was opened again and has not been shown yet
        preferences.changed.connect(self._take)
        session.frame_changed.connect(self._forget_place)

    def _take(self, changes: dict[str, SettingValue]) -> None:
        self._changes.append(changes)
        self._tasks.start(self._apply, done=self._go_on, failed=self._preferences.refuse)

    def _apply(self, _: Task) -> _Applied:
        """Runs between two jobs: none is under way on what is closed, none begins on it."""
        pending: list[dict[str, SettingValue]] = []
        while self._changes:
            pending.append(self._changes.popleft())
        if not pending:  # an earlier start took this change along
            return _Applied(False, "")
        try:
            self._use(*pending)
        except FacerecError as exc:
            return self._apply_one_by_one(pending, str(exc)) if len(pending) > 1 else _Applied(False, str(exc))
        return _Applied(True, "")

    def _apply_one_by_one(self, pending: Sequence[dict[str, SettingValue]], fault: str) -> _Applied:
        """Carry out every change that can be; one of them cannot."""
        is_other = False
        for changes in pending:
            try:
                self._use(changes)
                is_other = True
            except FacerecError as exc:
                fault = str(exc)
        return _Applied(is_other, fault)

    def _use(self, *changes: dict[str, SettingValue]) -> None:
        settings = self._services.settings
        for change in changes:
            settings = settings.changed(change)
        self._services.use(self._services.prepared(settings))
        self._watch.attach(self._services.gallery())

    def _go_on(self, applied: _Applied) -> None:
        if applied.is_other:
            self._open_again()
            self._people.refresh()
        if applied.fault:
            self._preferences.refuse(applied.fault)
        elif applied.is_other and not self._changes:
            self._preferences.note_applied()

    def _forget_place(self) -> None:
        self._place = None

    def _open_again(self) -> None:
        session = self._session
        info, frame, state = session.info, session.newest_frame, session.state
        if info is None:
            gc.collect()  # the application before: few objects that hold each other, and all its networks
            return
        if not info.is_live and frame is not None:
            self._place = (info.spec, frame.index)
        # Where a start before has opened the source and nothing was shown yet, the place is still the one of then.
        at = self._place[1] if self._place is not None and self._place[0] == info.spec and not info.is_live else None
        session.open(info.spec, at=at)
        if state is not PlayState.PLAYING and not info.is_live:
            session.pause_when_open()


@dataclass(frozen=True, slots=True)
class _Applied:
    """What became of changes: whether another application serves now, and what could not be done."""

    is_other: bool
    fault: str
