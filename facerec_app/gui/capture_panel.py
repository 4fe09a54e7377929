"""Enrolling somebody who stands before the camera: the program asks, takes the pictures and stops by itself."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from facerec_app.core.errors import ConfigError
from facerec_app.core.types import FrameResult
from facerec_app.gui.capture_ring import CaptureRing
from facerec_app.gui.consent_fields import ConsentFields
from facerec_app.gui.name_face_popover import name_completer
from facerec_app.gui.picture_conversion import portrait, rounded_pixmap
from facerec_app.gui.session_worker import PlayState, SessionWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.pipeline.track_album import FacePicture
from facerec_app.services.enrolment import EnrolmentReport
from facerec_app.services.guided_capture import (
    CaptureAdvice,
    CapturePose,
    CaptureRules,
    CaptureState,
    GuidedCapture,
)

_THUMBNAIL_PX = 36
_MOST_THUMBNAILS = 10
_ROW = 5
_ASKED_POSE = {
    CaptureAdvice.LOOK_STRAIGHT: CapturePose.STRAIGHT,
    CaptureAdvice.TURN_LEFT: CapturePose.LEFT,
    CaptureAdvice.TURN_RIGHT: CapturePose.RIGHT,
    CaptureAdvice.LOOK_UP: CapturePose.UP,
    CaptureAdvice.LOOK_DOWN: CapturePose.DOWN,
}
_SHOWS_SOURCE = frozenset({PlayState.PLAYING, PlayState.PAUSED, PlayState.ENDED})


class CapturePanel(QWidget):
    """A page of its own beside the enrolment from files.

    Args:
        session: whose newest results are looked at while a capture runs.
        services: capture and enrolment.
        tasks: where enrolment runs.
        names: of everybody enrolled, to choose from.
    """

    camera_asked = Signal()
    enrolled = Signal(object)  # EnrolmentReport
    progressed = Signal(object)  # CaptureState

    def __init__(
        self,
        session: SessionWorker,
        services: SharedServices,
        tasks: TaskRunner,
        names: QStringListModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._services = services
        self._tasks = tasks
        self._looking = TaskRunner("guided-capture", self)
        self._capture: GuidedCapture | None = None
        self._is_looking = False
        self._pictures: tuple[FacePicture, ...] = ()
        self._mirrored = False
        self._build(names)
        session.result_changed.connect(self._look)
        session.state_changed.connect(lambda _: self._fit())
        self._fit()

    @property
    def is_capturing(self) -> bool:
        """Whether pictures are being taken."""
        return self._capture is not None

    @property
    def pictures(self) -> tuple[FacePicture, ...]:
        """What was taken."""
        return self._pictures

    @property
    def advice(self) -> str:
        """What the person is asked to do."""
        return self._advice.text()

    @property
    def message(self) -> str:
        """What is wrong; empty when nothing is."""
        return "" if self._error.isHidden() else self._error.text()

    def set_mirrored(self, mirrored: bool) -> None:
        """Show the face as a mirror does."""
        self._mirrored = mirrored

    def set_name(self, name: str) -> None:
        """Fill in whom the pictures are of."""
        self._name.setText(name)

    def start(self) -> None:
        """Begin to take pictures of whoever is in view."""
        self._error.hide()
        self._pictures = ()
        self._show_thumbnails()
        self._ring.show_progress(dict.fromkeys(CapturePose, 0.0), CapturePose.STRAIGHT, mirrored=self._mirrored)
        self._advice.setText(self.tr("Look straight at the camera"))

        def begin(capture: GuidedCapture) -> None:
            self._capture = capture
            self._fit()
            self._look()

        self._looking.start(lambda _: self._services.guided_capture(), done=begin, failed=self._fail)

    def stop(self) -> None:
        """End; what was taken can be enrolled."""
        self._capture = None
        self._ring.show_face(None, mirrored=False)
        self._fit()

    def enrol(self) -> None:
        """Enrol what was taken under the name that was typed."""
        name = self._name.text().strip()
        if not name or not self._pictures:
            self._name.setFocus()
            return
        try:
            consent = self._consent.consent()
        except ConfigError as exc:
            self._fail(str(exc))
            return
        pictures = self._pictures
        self._save.setEnabled(False)

        def work(_: Task) -> EnrolmentReport:
            return self._services.enrolment().enrol_track(name, pictures, consent=consent)

        self._tasks.start(work, done=self._finish, failed=self._fail, urgent=True)

    def shut_down(self, timeout_s: float) -> bool:
        """End for good; return whether the thread has ended."""
        self._capture = None
        return self._looking.stop(timeout_s)

    def _look(self) -> None:
        """Look at the newest result unless the one before is still being looked at."""
        result, capture = self._session.newest_result, self._capture
        if capture is None or result is None or self._is_looking:
            return
        self._is_looking = True

        def done(state: CaptureState) -> None:
            self._is_looking = False
            if self._capture is capture:
                self._show(state, result)

        def failed(message: str) -> None:
            self._is_looking = False
            self._fail(message)

        self._looking.start(lambda _: capture.offer(result), done=done, failed=failed)

    def _show(self, state: CaptureState, result: FrameResult) -> None:
        face = portrait(result.frame.pixels_rgb, state.box_xyxy) if state.box_xyxy is not None else None
        self._ring.show_face(face, mirrored=self._mirrored)
        full = CaptureRules().pictures_per_pose
        filled = {pose: min(count / full, 1.0) for pose, count in state.covered.items()}
        self._ring.show_progress(filled, _ASKED_POSE.get(state.advice), mirrored=self._mirrored)
        self._advice.setText(self._words(state.advice))
        if len(state.pictures) != len(self._pictures):
            self._pictures = state.pictures
            self._show_thumbnails()
        if state.is_done:
            self.stop()
            self._advice.setText(self._words(state.advice))
        self._fit()
        self.progressed.emit(state)
        if state.is_done and self._name.text().strip():
            self.enrol()

    def _words(self, advice: CaptureAdvice) -> str:
        words = {
            CaptureAdvice.NOBODY: self.tr("Nobody is in view"),
            CaptureAdvice.SEVERAL: self.tr("Only one face at a time, please"),
            CaptureAdvice.SOMEBODY_ELSE: self.tr("That is somebody else; start again for them"),
            CaptureAdvice.NEARER: self.tr("Come nearer"),
            CaptureAdvice.MORE_LIGHT: self.tr("More light, please, from the front"),
            CaptureAdvice.LESS_LIGHT: self.tr("Too bright; turn away from the light"),
            CaptureAdvice.HOLD_STILL: self.tr("Hold still for a moment"),
            CaptureAdvice.LOOK_STRAIGHT: self.tr("Look straight at the camera"),
            CaptureAdvice.TURN_LEFT: self.tr("Turn your head to your left"),
            CaptureAdvice.TURN_RIGHT: self.tr("Turn your head to your right"),
            CaptureAdvice.LOOK_UP: self.tr("Look up a little"),
            CaptureAdvice.LOOK_DOWN: self.tr("Look down a little"),
            CaptureAdvice.MOVE_A_LITTLE: self.tr("Got that; move a little"),
            CaptureAdvice.DONE: self.tr("That is enough"),
        }
        return words[advice]

    def _finish(self, report: EnrolmentReport) -> None:
        if report.enrolled == 0:
            reasons = [str(row.error) for row in report.refused if row.error]
            self._fail(reasons[0] if reasons else self.tr("No picture was good enough; start again."))
            return
        self._pictures = ()
        self._show_thumbnails()
        self._ring.show_progress(dict.fromkeys(CapturePose, 0.0), None, mirrored=self._mirrored)
        count = self.tr("1 picture") if report.enrolled == 1 else self.tr("{0} pictures").format(report.enrolled)
        self._advice.setText(self.tr("{0} is enrolled with {1}").format(report.name, count))
        self._name.clear()
        self._consent.clear()
        self._fit()
        self.enrolled.emit(report)

    def _fail(self, message: str) -> None:
        self._error.setText(message)
        self._error.show()
        self._fit()

    def _fit(self) -> None:
        """Fit the buttons to what can be done now."""
        has_source = self._session.state in _SHOWS_SOURCE
        self._camera.setVisible(not has_source and not self.is_capturing)
        self._begin.setVisible(has_source or self.is_capturing)
        again = self.tr("Start again") if self._pictures else self.tr("Start")
        self._begin.setText(self.tr("Stop") if self.is_capturing else again)
        self._begin.setProperty("primary", "false" if self.is_capturing or self._pictures else "true")
        self._begin.style().polish(self._begin)
        can_save = bool(self._pictures) and bool(self._name.text().strip())
        self._save.setVisible(bool(self._pictures))
        self._save.setEnabled(can_save)
        if not self.is_capturing and not self._pictures and not self._advice.text():
            self._advice.setText(self.tr("Takes the pictures by itself while you turn your head"))

    def _show_thumbnails(self) -> None:
        for number, label in enumerate(self._thumbnails):
            there = number < len(self._pictures)
            label.setVisible(there)
            if there:
                picture = self._pictures[number]
                pixels = portrait(picture.pixels_rgb, picture.detection.boxes_xyxy[0])
                label.setPixmap(rounded_pixmap(pixels, _THUMBNAIL_PX, self.devicePixelRatioF(), 5.0))

    def _press_begin(self) -> None:
        if self.is_capturing:
            self.stop()
        else:
            self.start()

    def _build(self, names: QStringListModel) -> None:
        self._name = QLineEdit(self)
        self._name.setPlaceholderText(self.tr("Name of the person"))
        self._name.setAccessibleName(self.tr("Name of the person"))
        self._name.setMaxLength(250)
        self._name.setCompleter(name_completer(names, self))
        self._name.textChanged.connect(lambda _: self._fit())
        self._name.returnPressed.connect(self.enrol)
        self._consent = ConsentFields(self)
        self._ring = CaptureRing(self)
        self._advice = QLabel(self)
        font = self._advice.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setWeight(font.Weight.DemiBold)
        self._advice.setFont(font)
        self._advice.setMinimumHeight(2 * self._advice.fontMetrics().lineSpacing())
        self._error = QLabel(self)
        self._error.setProperty("bad", "true")
        for label in (self._advice, self._error):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._error.hide()
        self._thumbnails = [QLabel(self) for _ in range(_MOST_THUMBNAILS)]
        for label in self._thumbnails:
            label.setFixedSize(_THUMBNAIL_PX, _THUMBNAIL_PX)
        self._camera = QPushButton(self.tr("Open the camera"), self)
        self._camera.setProperty("primary", "true")
        self._camera.clicked.connect(self.camera_asked)
        self._begin = QPushButton(self)
        self._begin.clicked.connect(self._press_begin)
        self._save = QPushButton(self.tr("Enrol"), self)
        self._save.setProperty("primary", "true")
        self._save.clicked.connect(self.enrol)
        self._lay_out()
        self._show_thumbnails()

    def _lay_out(self) -> None:
        content = QWidget(self)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(12, 12, 12, 12)
        inner.setSpacing(10)
        inner.addWidget(self._name)
        inner.addWidget(self._consent)
        inner.addWidget(self._ring)
        inner.addWidget(self._advice)
        for start in range(0, _MOST_THUMBNAILS, _ROW):
            row = QHBoxLayout()
            row.setSpacing(5)
            row.addStretch(1)
            for label in self._thumbnails[start : start + _ROW]:
                row.addWidget(label)
            row.addStretch(1)
            inner.addLayout(row)
        inner.addWidget(self._error)
        inner.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 0, 12, 12)
        buttons.addStretch(1)
        for button in (self._camera, self._begin, self._save):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll, 1)
        layout.addLayout(buttons)
