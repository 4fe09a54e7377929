"""Who is in front of a camera is noted, seldom enough to cost nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject

from facerec_app.gui.session_worker import SessionWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner

_INTERVAL_S = 30.0


class LastSeenRecorder(QObject):
    """Listens to the results of live sources; a person is noted at most every half minute.

    What was seen in a file happened at another time and is not noted.

    Args:
        session: gives the results.
        services: the gallery's.
        tasks: where they are called.
        noted: called when somebody was noted.
        failed: takes one line if it could not be stored; it is tried again with the next.
    """

    def __init__(
        self,
        session: SessionWorker,
        services: SharedServices,
        tasks: TaskRunner,
        noted: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(session)
        self._session = session
        self._services = services
        self._tasks = tasks
        self._noted = noted
        self._failed = failed
        self._noted_s: dict[str, float] = {}
        session.result_changed.connect(self._look)

    def _look(self) -> None:
        info, result = self._session.info, self._session.newest_result
        if info is None or result is None or not info.is_live:
            return
        now_s = time.monotonic()
        there = {decision.person_id for decision in result.decisions if decision.person_id is not None}
        due = [one for one in there if now_s - self._noted_s.get(one, -_INTERVAL_S) >= _INTERVAL_S]
        if due:
            self._noted_s.update(dict.fromkeys(due, now_s))
            self._note(due)

    def _note(self, person_ids: list[str]) -> None:
        def work(_: Task) -> None:
            seen = self._services.people().last_seen
            if seen.note(person_ids):
                seen.store()

        self._tasks.start(work, done=lambda _: self._noted(), failed=self._failed, urgent=True)
