"""The middle of the window: notices, the picture, who is in view, the controls."""

from __future__ import annotations

import time

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from facerec_app.gui.address_bar import AddressBar
from facerec_app.gui.in_view_strip import InViewStrip
from facerec_app.gui.live_view import LiveView
from facerec_app.gui.name_face_popover import NameFacePopover
from facerec_app.gui.notice_bar import NoticeBar
from facerec_app.gui.session_worker import PlayState, SessionWorker
from facerec_app.gui.source_info import SourceInfo, source_title
from facerec_app.gui.transport_bar import TransportBar
from facerec_app.gui.welcome_page import WelcomePage
from facerec_app.gui.why_card import WhyCard
from facerec_app.pipeline.overlay import result_fits

_STATUS_READ_S = 4.0


class StagePage(QWidget):
    """Shows a session and passes the user's wishes on to it."""

    def __init__(
        self,
        session: SessionWorker,
        names: QStringListModel,
        *,
        has_demonstration: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # so that typing does not begin in a side panel
        self.notice = NoticeBar(self)
        self.address = AddressBar(self)
        self.welcome = WelcomePage(has_demonstration=has_demonstration, parent=self)
        self.view = LiveView(self)
        self.strip = InViewStrip(self)
        self.transport = TransportBar(self)
        pages = QWidget(self)
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.address)
        layout.addWidget(self.notice)
        layout.addWidget(pages, 1)
        layout.addWidget(self.strip)
        layout.addWidget(self.transport)
        self.popover = NameFacePopover(names, self)
        self.why = WhyCard(self)
        self._strip_wanted = True
        self._status_shown_s: float | None = None
        self._connect()
        self._show_state(PlayState.EMPTY)

    def set_strip_wanted(self, wanted: bool) -> None:
        """Show or hide the strip of who is in view."""
        self._strip_wanted = wanted
        self.strip.setVisible(wanted and self._has_source)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for card in (self.popover, self.why):
            card.hide()  # its face is somewhere else now

    @property
    def _has_source(self) -> bool:
        return self._session.state not in {PlayState.EMPTY, PlayState.OPENING} and self._session.info is not None

    def _connect(self) -> None:
        session = self._session
        session.state_changed.connect(self._show_state)
        session.opening.connect(self._show_opening)
        session.opened.connect(self._show_source)
        session.frame_changed.connect(self._show_frame)
        session.result_changed.connect(self._show_result)
        session.failed.connect(self.notice.show_message)
        session.status.connect(self._show_status)
        self.transport.toggled.connect(session.toggle)
        self.transport.stepped.connect(session.step)
        self.transport.sought.connect(session.seek)
        self.transport.speed_chosen.connect(session.set_speed)
        session.speed_changed.connect(self.transport.show_speed)

    def _show_source(self, info: SourceInfo) -> None:
        self.notice.hide()
        self.transport.show_source(info)
        self.strip.show_starting()

    def _show_state(self, state: PlayState) -> None:
        if state in {PlayState.EMPTY, PlayState.OPENING}:
            self.view.show_frame(None)
            self.view.show_result(None)
            self.strip.show_result(None)
            self.popover.hide()
            self.why.hide()
            self.welcome.show_invitation()
        if state is PlayState.FAILED and self._session.newest_frame is None:
            self.welcome.show_invitation()
        shows_picture = self._has_source and self._session.newest_frame is not None
        if not shows_picture and state in {PlayState.EMPTY, PlayState.OPENING, PlayState.FAILED}:
            self._pages.setCurrentWidget(self.welcome)
        self.strip.setVisible(self._strip_wanted and self._has_source)
        self.transport.setVisible(self._has_source)
        self.transport.show_state(state)

    def _show_status(self, message: str) -> None:
        """Say what a live source is waiting for, until frames come again."""
        self._status_shown_s = time.monotonic()
        self.notice.show_message(message)

    def _show_opening(self, spec: str) -> None:
        self.notice.hide()
        self._status_shown_s = None
        self.welcome.show_opening(source_title(spec))

    def _show_frame(self) -> None:
        frame = self._session.newest_frame
        if frame is None:
            return
        if self._pages.currentWidget() is not self.view:
            self._pages.setCurrentWidget(self.view)
        if self._status_shown_s is not None and time.monotonic() - self._status_shown_s > _STATUS_READ_S:
            self._status_shown_s = None
            self.notice.hide()
        self.view.show_frame(frame)
        self.transport.show_place(frame.index)

    def _show_result(self) -> None:
        result = self._session.newest_result
        self.view.show_result(result)
        self.strip.show_result(result if result_fits(result, self._session.newest_frame) else None)
