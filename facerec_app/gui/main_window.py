"""The window put together: picture in the middle, panels at the side, menus, shortcuts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QSettings, QStringListModel, Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QTabWidget,
    QToolBar,
    QToolButton,
    QWidget,
)

from facerec_app.capture.camera_source import CameraDescription, list_cameras
from facerec_app.core.protocols import GalleryIndex
from facerec_app.gui.dock_panel import DockPanel
from facerec_app.gui.enrol_panel import EnrolPanel
from facerec_app.gui.face_naming import FaceNaming
from facerec_app.gui.figures_readout import FiguresReadout
from facerec_app.gui.gallery_watch import GalleryWatch
from facerec_app.gui.icons import refresh_icons, set_icon
from facerec_app.gui.people_panel import PeoplePanel
from facerec_app.gui.session_worker import PlayState, SessionWorker, SourceInfo
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.shortcuts_window import ShortcutsWindow
from facerec_app.gui.source_menu import SourceMenu
from facerec_app.gui.stage_page import StagePage
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.application import Application
from facerec_app.services.enrolment import EnrolmentReport

_LAYOUT_VERSION = 1
_JUMP_S = 5.0
_STATUS_MS = 6000
_CLOSING_S = 2.5  # a network that is being loaded cannot be interrupted


class MainWindow(QMainWindow):
    """Owns the session and the background thread; closing it ends both.

    Args:
        application: gives the services.
        settings: keeps layout, recent sources and choices.
        demonstration: the demonstration video, None where there is none.
        cameras: finds the cameras.
    """

    def __init__(
        self,
        application: Application,
        settings: QSettings,
        *,
        demonstration: Path | None = None,
        cameras: Callable[[], tuple[CameraDescription, ...]] = list_cameras,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._demonstration = demonstration
        self._cameras = cameras
        self._watch = GalleryWatch(self)
        self._watch.changed.connect(self._use_gallery)
        self.has_ended = False
        self.services = SharedServices(application)
        self.tasks = TaskRunner("window-tasks", self)
        self.session = SessionWorker(application.open_source, self.services.make_pipeline, self)
        names = QStringListModel(self)
        self.stage = StagePage(self.session, names, has_demonstration=demonstration is not None)
        self.people = PeoplePanel(self.services, self.tasks, names)
        self.enrol = EnrolPanel(self.services, self.tasks, names)
        self.naming = FaceNaming(self.stage.view, self.stage.popover, self.session, self.services, self.tasks)
        self.figures = FiguresReadout(self.session.figures)
        self.sources = SourceMenu(settings, self.tasks, cameras, self)
        self._shortcuts: ShortcutsWindow | None = None
        self.setCentralWidget(self.stage)
        self.setAcceptDrops(True)
        self._make_docks()
        self._make_tool_bar()
        self._make_menus()
        self._make_status_bar()
        self._connect()
        self._restore_layout()
        self._show_title(None)
        self.stage.setFocus()
        self.people.refresh()
        self.tasks.start(
            self._warm_up, done=lambda _: self.people.refresh(), failed=self.stage.notice.show_message, urgent=True
        )

    def open_source(self, spec: str) -> None:
        """Open a camera number, file, folder or address."""
        self.session.open(spec)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange}:
            refresh_icons(self)
            self.stage.welcome.refresh_icons()

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
        deadline_s = time.monotonic() + _CLOSING_S
        ended = self.session.shut_down(_CLOSING_S)
        ended = self.stage.view.stop() and ended
        self.has_ended = self.tasks.stop(max(0.0, deadline_s - time.monotonic())) and ended
        self._watch.stop()
        super().closeEvent(event)

    def toggle_full_screen(self) -> None:
        """Only the picture, or everything again."""
        full = not self.isFullScreen()
        for part in (self.menuBar(), self._tool_bar, self.statusBar()):
            part.setVisible(not full)
        if full:
            self._docks_before = [dock for dock in (self._people_dock, self._enrol_dock) if dock.isVisible()]
            for dock in self._docks_before:
                dock.hide()
            self.showFullScreen()
        else:
            self.showNormal()
            for dock in self._docks_before:
                dock.show()

    def show_enrol_panel(self) -> None:
        """Bring the panel for enrolling to the front."""
        self._enrol_dock.show()
        self._enrol_dock.raise_()

    def save_snapshot(self) -> None:
        """Ask where the picture with its boxes and names is to go."""
        from facerec_app.gui.snapshot_dialog import save_snapshot

        save_snapshot(self.stage.view.snapshot(), self, self._say)

    def _make_docks(self) -> None:
        self._people_dock = self._dock("people", self.tr("People"), self.people)
        self._enrol_dock = self._dock("enrol", self.tr("Enrol"), self.enrol)
        self.tabifyDockWidget(self._people_dock, self._enrol_dock)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._people_dock.raise_()
        self.resizeDocks([self._people_dock], [300], Qt.Orientation.Horizontal)
        self.setDockOptions(self.dockOptions() | QMainWindow.DockOption.GroupedDragging)
        for dock in (self._people_dock, self._enrol_dock):
            dock.visibilityChanged.connect(self._update_titles)
            dock.topLevelChanged.connect(self._update_titles)

    def _dock(self, name: str, title: str, panel: QWidget) -> DockPanel:
        dock = DockPanel(name, title, panel, self)
        panel.setMinimumWidth(260)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def _update_titles(self, *_: object) -> None:
        self._people_dock.update_title()
        self._enrol_dock.update_title()

    def _make_tool_bar(self) -> None:
        self._tool_bar = QToolBar(self.tr("Tools"), self)
        self._tool_bar.setObjectName("tools")
        self._tool_bar.setMovable(False)
        self._tool_bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(self._tool_bar)
        open_button = QToolButton(self)
        open_button.setText(self.tr("Open"))
        set_icon(open_button, "camera")
        open_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        open_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        open_button.setMenu(self.sources)
        self._source_label = QLabel(self)
        self._source_label.setProperty("muted", "true")
        self._source_label.setTextFormat(Qt.TextFormat.PlainText)
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._tool_bar.addWidget(open_button)
        self._tool_bar.addWidget(self._source_label)
        self._tool_bar.addWidget(space)
        for dock, icon, keys in ((self._people_dock, "people", "Ctrl+1"), (self._enrol_dock, "enrol", "Ctrl+2")):
            action = dock.toggleViewAction()
            set_icon(action, icon)
            action.setShortcut(keys)
            self._tool_bar.addAction(action)
            button = self._tool_bar.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def _make_menus(self) -> None:
        file = self.menuBar().addMenu(self.tr("&File"))
        file.addMenu(self.sources)
        self._snapshot = self._action(file, self.tr("Save picture ..."), self.save_snapshot, "Ctrl+S")
        self._close_source = self._action(file, self.tr("Close source"), self.session.close, "Ctrl+W")
        file.addSeparator()
        self._action(file, self.tr("Quit"), self.close, "Ctrl+Q")
        play = self.menuBar().addMenu(self.tr("&Playback"))
        self._action(play, self.tr("Play or pause"), self._press_space, "Space")
        self._action(play, self.tr("Next frame"), self.session.step, ".")
        self._action(play, self.tr("Back 5 seconds"), lambda: self._jump(-_JUMP_S), "Left")
        self._action(play, self.tr("Forward 5 seconds"), lambda: self._jump(_JUMP_S), "Right")
        self._action(play, self.tr("To the beginning"), lambda: self.session.seek(0), "Ctrl+Home")
        view = self.menuBar().addMenu(self.tr("&View"))
        view.addActions([self._people_dock.toggleViewAction(), self._enrol_dock.toggleViewAction()])
        view.addSeparator()
        self._choice(view, self.tr("Who is in view"), "view/strip", True, self.stage.set_strip_wanted, "Ctrl+3")
        self._choice(view, self.tr("Figures"), "view/figures", True, self._show_figures, "Ctrl+4")
        self._choice(view, self.tr("Mirror"), "view/mirror", False, self.stage.view.set_mirrored, "Ctrl+M")
        view.addMenu(self._theme_menu(view))
        view.addSeparator()
        self._action(view, self.tr("Full screen"), self.toggle_full_screen, "F11")
        help_ = self.menuBar().addMenu(self.tr("&Help"))
        self._action(help_, self.tr("Keyboard shortcuts"), self.show_shortcuts, "F1")

    def show_shortcuts(self) -> None:
        """List every action that has a key."""
        if self._shortcuts is None:
            self._shortcuts = ShortcutsWindow(self)
        menus = [action.menu() for action in self.menuBar().actions()]
        actions = [action for menu in menus if isinstance(menu, QMenu) for action in _all_actions(menu)]
        self._shortcuts.show_actions([action for action in actions if action.shortcut().toString()])

    def _action(self, menu: QMenu, text: str, action: Callable[[], Any], keys: str) -> QAction:
        made = menu.addAction(text)
        made.setShortcut(keys)
        made.triggered.connect(lambda _=False: action())
        return made

    def _choice(
        self, menu: QMenu, text: str, key: str, default: bool, apply: Callable[[bool], None], keys: str
    ) -> QAction:
        made = menu.addAction(text)
        made.setCheckable(True)
        made.setShortcut(keys)
        chosen = self._settings.value(key, default, type=bool)
        made.setChecked(bool(chosen))
        apply(bool(chosen))

        def change(checked: bool) -> None:
            self._settings.setValue(key, checked)
            apply(checked)

        made.toggled.connect(change)
        return made

    def _theme_menu(self, parent: QMenu) -> QMenu:
        from facerec_app.gui.theme_menu import ThemeMenu

        return ThemeMenu(self._settings, parent)

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
        self.stage.view.face_clicked.connect(self.naming.ask)
        self.stage.view.painted.connect(self.figures.note_painted)
        self.stage.strip.face_chosen.connect(self.naming.ask)
        self.naming.finished.connect(self._say_enrolled)
        self.naming.failed.connect(self.stage.notice.show_message)
        self.people.enrol_asked.connect(self._enrol_more)
        self.session.opened.connect(self._note_opened)
        self.session.state_changed.connect(self._show_state)

    def _restore_layout(self) -> None:
        self.resize(1180, 720)
        geometry: Any = self._settings.value("window/geometry")
        state: Any = self._settings.value("window/state")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(state, QByteArray):
            self.restoreState(state, _LAYOUT_VERSION)
        self._show_state(self.session.state)

    def _warm_up(self, _: Task) -> None:
        """Load what recognition and enrolment need, before the user asks for it."""
        self._watch.attach(self.services.gallery())
        self.services.enrolment()

    def _use_gallery(self, index: GalleryIndex) -> None:
        self.session.use_gallery(index)
        self.people.refresh()

    def _open_first_camera(self) -> None:
        def done(found: tuple[CameraDescription, ...]) -> None:
            if found:
                self.open_source(str(found[0].number))
            else:
                self.stage.notice.show_message(self.tr("No camera was found. Plug one in, or open a video."))

        self.tasks.start(lambda _: self._cameras(), done=done, failed=self.stage.notice.show_message, urgent=True)

    def _open_demonstration(self) -> None:
        if self._demonstration is not None:
            self.open_source(str(self._demonstration))

    def _enrol_more(self, name: str) -> None:
        self.show_enrol_panel()
        self.enrol.set_name(name)

    def _press_space(self) -> None:
        """Press the button that has the focus, else play or pause."""
        focused = self.focusWidget()
        if isinstance(focused, QAbstractButton):
            focused.click()
        else:
            self.session.toggle()

    def _jump(self, seconds: float) -> None:
        info, frame = self.session.info, self.session.newest_frame
        if info is not None and frame is not None and info.is_seekable:
            self.session.seek(max(0, frame.index + round(seconds * (info.frame_rate or 1.0))))

    def _note_opened(self, info: SourceInfo) -> None:
        self.sources.remember(info.spec)
        self._show_title(info)

    def _show_title(self, info: SourceInfo | None) -> None:
        name = QGuiApplication.applicationDisplayName() or "FaceRec"
        self.setWindowTitle(f"{info.title} - {name}" if info is not None else name)
        self._source_label.setText(info.title if info is not None else "")

    def _show_state(self, state: PlayState) -> None:
        has_source = self.session.info is not None
        self._snapshot.setEnabled(has_source)
        self._close_source.setEnabled(has_source or state is PlayState.OPENING)
        self.figures.set_counting(state is PlayState.PLAYING and self.figures.isVisibleTo(self))
        if state is not PlayState.PLAYING:
            self.figures.clear_figures()
        if not has_source:
            self._show_title(None)

    def _show_figures(self, shown: bool) -> None:
        self.figures.setVisible(shown)
        self.figures.set_counting(shown and self.session.state is PlayState.PLAYING)

    def _say(self, message: str) -> None:
        self.statusBar().showMessage(message, _STATUS_MS)

    def _say_enrolled(self, report: EnrolmentReport) -> None:
        pictures = self.tr("1 picture") if report.enrolled == 1 else self.tr("{0} pictures").format(report.enrolled)
        self._say(self.tr("{0}: {1} added").format(report.name, pictures))
        self.people.select(report.name)


def _all_actions(menu: QMenu) -> list[QAction]:
    """Return the actions of a menu and of the menus in it, in order."""
    found: list[QAction] = []
    for action in menu.actions():
        inner = action.menu()
        found += _all_actions(inner) if isinstance(inner, QMenu) else [action]
    return found
