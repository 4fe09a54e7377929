"""From "this is not X" and "why this name?" at a face to the services, and back to the card."""

from __future__ import annotations

import getpass
from functools import partial

from PySide6.QtCore import QObject, Signal

from facerec_app.core.types import Embeddings, IdentityDecision
from facerec_app.gui.live_view import LiveView
from facerec_app.gui.name_face_popover import NameFacePopover
from facerec_app.gui.picture_conversion import portrait
from facerec_app.gui.session_worker import SessionWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.gui.why_card import WhyCard
from facerec_app.services.live_session import NO_FEATURES
from facerec_app.services.name_explanation import NameExplanation


def present_user() -> str:
    """Return who is logged in: written beside corrections; "user" where the system does not tell."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "user"


class FaceCorrection(QObject):
    """Takes a name from a face, gives it back, and explains it.

    The gallery tells the running session of a correction, so nothing has to be done here for it to take effect.
    """

    refused = Signal(str)  # whose name it was
    failed = Signal(str)  # for a face whose question was closed meanwhile

    def __init__(
        self,
        view: LiveView,
        popover: NameFacePopover,
        why: WhyCard,
        session: SessionWorker,
        services: SharedServices,
        tasks: TaskRunner,
    ) -> None:
        super().__init__(popover)
        self._view = view
        self._popover = popover
        self._why = why
        self._session = session
        self._services = services
        self._tasks = tasks
        self._refused: dict[int, set[str]] = {}
        self._looks: tuple[int, Embeddings] = (-1, NO_FEATURES)
        popover.refused.connect(self._refuse)
        popover.taken_back.connect(self._take_back)
        popover.why_asked.connect(self._explain)

    def note_asked(self, track_id: int) -> None:
        """A question about a face was opened: keep its looks, for the face may be gone before it is answered."""
        self._looks = (track_id, self._session.track_features(track_id))

    def settle(self, track_id: int, face_ids: list[str]) -> None:
        """A face of which it was said who it is not has been enrolled: learn from both."""
        refused = self._refused.pop(track_id, set())

        def work(_: Task) -> None:
            self._services.corrections().settle(face_ids, refused=refused, decided_by=present_user())

        self._tasks.start(work, done=lambda _: None, failed=self.failed.emit)

    def _refuse(self, track_id: int, person_id: str) -> None:
        looks = self._looks_at(track_id)
        result = self._session.newest_result
        source = result.frame.source_id if result is not None else ""
        name = self._popover.shown_name

        def work(_: Task) -> str:
            corrections = self._services.corrections()
            return corrections.refuse(person_id, looks, source=source, decided_by=present_user())

        def done(rejection_id: str) -> None:
            self._refused.setdefault(track_id, set()).add(person_id)
            if self._popover.track_id == track_id:
                self._popover.show_refused(rejection_id, name)
            self.refused.emit(name)

        self._tasks.start(work, done=done, failed=partial(self._fail, track_id), urgent=True)

    def _take_back(self, rejection_id: str) -> None:
        track_id = self._popover.track_id

        def work(_: Task) -> None:
            self._services.corrections().take_back(rejection_id)

        def done(_: None) -> None:
            self._refused.pop(track_id, None)
            if self._popover.track_id == track_id:
                self._popover.show_taken_back()

        self._tasks.start(work, done=done, failed=partial(self._fail, track_id), urgent=True)

    def _explain(self, track_id: int) -> None:
        decision = self._popover.decision
        if decision is None:
            return
        looks = self._looks_at(track_id)

        def work(_: Task) -> NameExplanation:
            return self._services.name_explanation().explain(looks)

        self._tasks.start(
            work,
            done=partial(self._show, track_id, decision),
            failed=partial(self._fail, track_id),
            urgent=True,
        )

    def _show(self, track_id: int, decision: IdentityDecision, explanation: NameExplanation) -> None:
        if self._popover.track_id != track_id:
            return  # the user has gone on to something else
        picture = next(iter(self._popover.pictures), None)
        face = portrait(picture.pixels_rgb, picture.detection.boxes_xyxy[0]) if picture is not None else None
        self._popover.hide()
        self._why.explain(track_id, decision, face, explanation, self._popover.anchor)

    def _looks_at(self, track_id: int) -> Embeddings:
        """Return the looks at a face, those of when the question was opened if it has gone since."""
        looks = self._session.track_features(track_id)
        if not len(looks) and self._looks[0] == track_id:
            return self._looks[1]
        return looks

    def _fail(self, track_id: int, message: str) -> None:
        if self._popover.track_id == track_id:
            self._popover.show_error(message)
        else:
            self.failed.emit(message)
