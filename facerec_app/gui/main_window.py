"""The window put together: picture in the middle, panels at the side."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QEvent, QSettings, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QMainWindow

from facerec_app.capture.camera_source import CameraDescription, list_cameras
from facerec_app.core.protocols import GalleryIndex
from facerec_app.gui.camera_recovery import CameraRecovery
from facerec_app.gui.capture_panel import CapturePanel
from facerec_app.gui.enrol_panel import EnrolPanel
from facerec_app.gui.face_correction import FaceCorrection
from facerec_app.gui.face_naming import FaceNaming
from facerec_app.gui.face_search_handover import FaceSearchHandover
from facerec_app.gui.figures_readout import FiguresReadout
from facerec_app.gui.gallery_watch import GalleryWatch
from facerec_app.gui.icons import refresh_icons
from facerec_app.gui.live_recorders import LiveRecorders
from facerec_app.gui.people_panel import PeoplePanel
from facerec_app.gui.recognition_restart import RecognitionRestart
from facerec_app.gui.recorder import Recorder, recordings_folder
from facerec_app.gui.retrain_panel import RetrainPanel
from facerec_app.gui.session_worker import PlayState, SessionWorker
from facerec_app.gui.settings_panel import CAMERA_KEY, RECORDINGS_KEY, SettingsPanel
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.source_info import SourceInfo
from facerec_app.gui.source_menu import SourceMenu
from facerec_app.gui.stage_page import StagePage
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.gui.window_docks import WindowDocks
from facerec_app.gui.window_menus import WindowMenus
from facerec_app.gui.window_tool_bar import WindowToolBar
from facerec_app.services.application import Application
from facerec_app.services.enrolment import EnrolmentReport

if TYPE_CHECKING:
    from facerec_app.gui.library.library_window import LibraryWindow

_LAYOUT_VERSION = 2
_STATUS_MS = 6000
_CLOSING_S = 2.5  # a network that is being loaded cannot be interrupted
_ICONS = {"people": "people", "enrol": "enrol", "capture": "capture", "retrain": "train", "settings": "settings"}
_KEYS = {"people": "Ctrl+1", "enrol": "Ctrl+2", "capture": "Ctrl+3", "retrain": "Ctrl+4", "settings": "Ctrl+,"}


class MainWindow(QMainWindow):
    """Owns the session and the background thread; closing it ends both.

    Args:
        application: gives the services.
        settings: keeps layout, recent sources and choices.
        demonstration: the demonstration video, None where there is none.
        cameras: finds the cameras.
        settings_file: where settings are written; None is the user's own.
    """

    ready = Signal()  # everything is loaded that recognition and enrolment need

    def __init__(
        self,
        application: Application,
        settings: QSettings,
        *,
        demonstration: Path | None = None,
        cameras: Callable[[], tuple[CameraDescription, ...]] = list_cameras,
        settings_file: Path | None = None,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._demonstration = demonstration
        self._cameras = cameras
        self._watch = GalleryWatch(self)
        self._watch.changed.connect(self._use_gallery)
        self.library: LibraryWindow | None = None
        self.has_ended = False
        self._is_empty: bool | None = None
        self._hint = ""
        self.services = SharedServices(application)
        self.tasks = TaskRunner("window-tasks", self)
        self.session = SessionWorker(application.open_source, self.services.make_pipeline, self)
        self.recovery = CameraRecovery(self.session, application.open_source, self)
        self.recorder = Recorder(self.session, self._recordings_folder, self)
        names = QStringListModel(self)
        self.stage = StagePage(self.session, names, has_demonstration=demonstration is not None)
        self.people = PeoplePanel(self.services, self.tasks, names)
        self.enrol = EnrolPanel(self.services, self.tasks, names)
        self.capture = CapturePanel(self.session, self.services, self.tasks, names)
        self.retrain = RetrainPanel(self.services)
        self.preferences = SettingsPanel(self.services, self.tasks, settings, settings_file, cameras)
        LiveRecorders(self)
        RecognitionRestart(self.services, self._watch, self.session, self.tasks, self.preferences, self.people)
        self.naming = FaceNaming(self.stage.view, self.stage.popover, self.session, self.services, self.tasks)
        self.correction = FaceCorrection(
            self.stage.view, self.stage.popover, self.stage.why, self.session, self.services, self.tasks
        )
        self.searching = FaceSearchHandover(self.stage.view, self.stage.popover, self.stage.why, self)
        self.figures = FiguresReadout(self.session.figures)
        self.sources = SourceMenu(settings, self.tasks, cameras, self)
        self.setCentralWidget(self.stage)
        self.setAcceptDrops(True)
        self.docks = WindowDocks(self)
        self.docks.add("people", self.tr("People"), self.people, shown=True)
        self.docks.add("enrol", self.tr("Enrol"), self.enrol, shown=True)
        self.docks.add("capture", self.tr("Capture"), self.capture, shown=False)
        self.docks.add("retrain", self.tr("Retrain"), self.retrain, shown=True)
        self.docks.add("settings", self.tr("Settings"), self.preferences, shown=False)
        self.docks.bring_first_to_front()
        self._tool_bar = WindowToolBar(self.sources, self)
        self._tool_bar.add_panels(self.docks.toggle_actions, _ICONS, _KEYS)
        self.addToolBar(self._tool_bar)
        self._menus = WindowMenus(self, self.session, self, settings, self.sources, self.docks.toggle_actions.values())
        self._tool_bar.add_library(self._menus.library)
        self._recording_clock = QTimer(self, interval=200)
        self._make_status_bar()
        self._connect()
        self._restore_layout()
        self._show_title(None)
        self._begin()

    def open_source(self, spec: str) -> None:
        """Open a camera number, file, folder or address."""
        self.session.open(spec)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange}:
            refresh_icons(self)
            self.stage.welcome.refresh_icons()
        elif event.type() is QEvent.Type.WindowStateChange:
            self._show_in_background()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.toggle_full_screen()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        if urls:
            self.open_source(urls[0].toLocalFile() or urls[0].toString())
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settings.setValue("window/geometry", self.saveGeometry())
        self._settings.setValue("window/state", self.saveState(_LAYOUT_VERSION))
        self.hide()
        self.figures.set_counting(False)
        self.end(_CLOSING_S)
        super().closeEvent(event)

    def end(self, timeout_s: float) -> bool:
        """Ask every thread and process to end and wait for them; return whether they have (``has_ended``)."""
        deadline_s = time.monotonic() + timeout_s

        def left_s() -> float:
            return max(0.0, deadline_s - time.monotonic())

        library = () if self.library is None else (self.library,)
        parts = (*library, self.retrain, self.recovery, self.recorder, self.capture, self.session)
        ended = [part.shut_down(left_s()) for part in parts]
        ended += [self.stage.view.stop(), self.tasks.stop(left_s())]
        self.has_ended = all(ended)
        self._watch.stop()
        if self.has_ended:
            self.services.close_own()
        return self.has_ended

    def toggle_full_screen(self) -> None:
        """Only the picture, or everything again."""
        full = not self.isFullScreen()
        for part in (self.menuBar(), self._tool_bar, self.statusBar()):
            part.setVisible(not full)
        if full:
            self.docks.hide_all()
            self.showFullScreen()
        else:
            self.showNormal()
            self.docks.restore_all()

    def show_enrol_panel(self) -> None:
        """Bring the panel for enrolling to the front."""
        self.docks.show("enrol")

    def show_library(self) -> LibraryWindow:
        """Bring the library to the front."""
        if self.library is None:
            from facerec_app.gui.library.library_page import LibraryLinks
            from facerec_app.gui.library.library_window import LibraryWindow

            links = LibraryLinks(self)
            links.person_asked.connect(self._show_person)
            self.library = LibraryWindow(self.services, self.tasks, links, self._settings)
        self.library.bring_to_front()
        return self.library

    def save_snapshot(self) -> None:
        """Ask where the picture with its boxes and names is to go."""
        from facerec_app.gui.snapshot_dialog import save_snapshot

        save_snapshot(self.stage.view.snapshot(), self, self._say)

    def toggle_recording(self) -> None:
        """Begin to record what the view shows, or end and save."""
        self.recorder.toggle()

    def set_strip_wanted(self, wanted: bool) -> None:
        """Show or hide the strip of who is in view."""
        self.stage.set_strip_wanted(wanted)

    def set_mirrored(self, mirrored: bool) -> None:
        """Show the picture as a mirror does."""
        self.stage.view.set_mirrored(mirrored)
        self.capture.set_mirrored(mirrored)

    def show_figures(self, shown: bool) -> None:
        """Show or hide the read-out."""
        self.figures.setVisible(shown)
        self.figures.set_counting(shown and self.session.state is PlayState.PLAYING)

    def _begin(self) -> None:
        self.stage.setFocus()
        self.people.refresh()
        self.tasks.start(self._warm_up, done=self._note_warm, failed=self.stage.notice.show_message, urgent=True)

    def _make_status_bar(self) -> None:
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(8, 0, 8, 0)
        self.statusBar().addPermanentWidget(self.figures)

    def _connect(self) -> None:
        self.sources.chosen.connect(self.open_source)
        self.sources.address_asked.connect(self.stage.address.ask)
        self.stage.address.entered.connect(self.open_source)
        self.stage.welcome.file_asked.connect(self.sources.choose_file)
        self.stage.welcome.camera_asked.connect(self._open_first_camera)
        self.stage.welcome.demonstration_asked.connect(self._open_demonstration)
        self.stage.welcome.enrol_asked.connect(self.show_enrol_panel)
        self.stage.view.face_clicked.connect(self.naming.ask)
        self.stage.view.painted.connect(self.figures.note_painted)
        self.stage.strip.face_chosen.connect(self.naming.ask)
        self.stage.transport.record_toggled.connect(self.toggle_recording)
        self.naming.finished.connect(self._say_enrolled)
        self.naming.asked.connect(self.correction.note_asked)
        self.naming.enrolled.connect(self.correction.settle)
        self.naming.failed.connect(self.stage.notice.show_message)
        self.correction.failed.connect(self.stage.notice.show_message)
        self.people.enrol_asked.connect(self._enrol_more)
        self.capture.camera_asked.connect(self._open_first_camera)
        self.capture.enrolled.connect(self._say_enrolled)
        self.session.opened.connect(self._note_opened)
        self.session.state_changed.connect(self._show_state)
        self._recording_clock.timeout.connect(self._show_recording_time)
        self.recorder.changed.connect(self._show_recording)
        self.recorder.saved.connect(lambda path: self._say(self.tr("Recorded {0}").format(path)))
        self.recorder.failed.connect(self.stage.notice.show_message)

    def _restore_layout(self) -> None:
        self.resize(1180, 720)
        geometry: Any = self._settings.value("window/geometry")
        state: Any = self._settings.value("window/state")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(state, QByteArray):
            self.restoreState(state, _LAYOUT_VERSION)
        self._show_state(self.session.state)

    def _warm_up(self, _: Task) -> bool:
        """Load what recognition and enrolment need, before the user asks for it; return whether nobody is enrolled."""
        self._watch.attach(self.services.gallery())
        self.services.enrolment()
        return not self.services.people().everybody()

    def _note_warm(self, is_empty: bool) -> None:
        self._is_empty = is_empty
        self._show_first_steps()
        self.people.refresh()
        self.ready.emit()

    def _show_first_steps(self) -> None:
        """Lead on from the first picture to the first person; the line goes when somebody is enrolled."""
        notice = self.stage.notice
        if self._is_empty and self.session.info is not None and not notice.message:
            self._hint = self.tr(
                "Nobody is enrolled yet. Click a face and type who it is, or let Capture take the pictures."
            )
            notice.show_hint(self._hint)
        elif self._is_empty is False and notice.message == self._hint:
            notice.hide()

    def _use_gallery(self, index: GalleryIndex) -> None:
        self.session.use_gallery(index)
        self._is_empty = len(index.snapshot) == 0
        self._show_first_steps()
        self.people.refresh()
        self.retrain.refresh()
        self.preferences.refresh()
        if self.library is not None:
            self.library.gallery_changed()

    def _open_first_camera(self) -> None:
        wanted = str(self._settings.value(CAMERA_KEY, ""))

        def done(found: tuple[CameraDescription, ...]) -> None:
            numbers = [str(camera.number) for camera in found]
            if found:
                self.open_source(wanted if wanted in numbers else numbers[0])
            else:
                self.stage.notice.show_message(self.tr("No camera was found. Plug one in, or open a video."))

        self.tasks.start(lambda _: self._cameras(), done=done, failed=self.stage.notice.show_message, urgent=True)

    def _open_demonstration(self) -> None:
        if self._demonstration is not None:
            self.open_source(str(self._demonstration))

    def _show_person(self, name: str) -> None:
        self.docks.show("people")
        self.people.open_page(name)
        self.activateWindow()

    def _enrol_more(self, name: str) -> None:
        self.show_enrol_panel()
        self.enrol.set_name(name)

    def _note_opened(self, info: SourceInfo) -> None:
        self.sources.remember(info.spec)
        self._show_title(info)
        self._show_first_steps()

    def _show_title(self, info: SourceInfo | None) -> None:
        name = QGuiApplication.applicationDisplayName() or "FaceRec"
        self.setWindowTitle(f"{info.title} - {name}" if info is not None else name)
        self._tool_bar.show_source(info.title if info is not None else "")

    def _show_state(self, state: PlayState) -> None:
        self._menus.show_state(state)
        self.figures.set_counting(state is PlayState.PLAYING and self.figures.isVisibleTo(self))
        if state is not PlayState.PLAYING:
            self.figures.clear_figures()
        if self.session.info is None:
            self._show_title(None)

    def _show_in_background(self) -> None:
        """Save the processor while the window is minimised, unless somebody waits for what it does."""
        busy = self.recorder.is_recording or self.capture.is_capturing
        self.session.set_in_background(self.isMinimized() and not busy)

    def _recordings_folder(self) -> Path:
        chosen: Any = self._settings.value(RECORDINGS_KEY)
        return Path(chosen) if isinstance(chosen, str) and chosen else recordings_folder()

    def _show_recording(self, recording: bool) -> None:
        self._menus.show_recording(recording)
        self._show_in_background()
        if recording:
            self._recording_clock.start()
        else:
            self._recording_clock.stop()
        self._show_recording_time()

    def _show_recording_time(self) -> None:
        self.stage.transport.show_recording(self.recorder.seconds if self.recorder.is_recording else None)

    def _say(self, message: str) -> None:
        self.statusBar().showMessage(message, _STATUS_MS)

    def _say_enrolled(self, report: EnrolmentReport) -> None:
        pictures = self.tr("1 picture") if report.enrolled == 1 else self.tr("{0} pictures").format(report.enrolled)
        self._say(self.tr("{0}: {1} added").format(report.name, pictures))
        self.people.select(report.name)
