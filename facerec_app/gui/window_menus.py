"""The menus of the window and the keys in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QMenu, QWidget

from facerec_app.gui.face_search_handover import FaceSearchHandover
from facerec_app.gui.people_panel import PeoplePanel
from facerec_app.gui.session_worker import PlayState, SessionWorker
from facerec_app.gui.shortcuts_window import ShortcutsWindow
from facerec_app.gui.speed_button import neighbouring_speed
from facerec_app.gui.theme_menu import ThemeMenu

_JUMP_S = 5.0


class MenuTargets(Protocol):
    """What the menus do beyond playback."""

    people: PeoplePanel

    def save_snapshot(self) -> None: ...

    def toggle_recording(self) -> None: ...

    def toggle_full_screen(self) -> None: ...

    def set_strip_wanted(self, wanted: bool) -> None: ...

    def show_figures(self, shown: bool) -> None: ...

    def set_mirrored(self, mirrored: bool) -> None: ...

    def show_library(self) -> object: ...

    @property
    def searching(self) -> FaceSearchHandover: ...


class WindowMenus(QObject):
    """Fills a window's menu bar.

    Args:
        window: whose menu bar it is.
        session: what playback obeys.
        targets: does the rest.
        settings: keeps the choices.
        sources: the menu of sources.
        panels: show and hide the side panels.
    """

    def __init__(
        self,
        window: QMainWindow,
        session: SessionWorker,
        targets: MenuTargets,
        settings: QSettings,
        sources: QMenu,
        panels: Iterable[QAction],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._targets = targets
        self._settings = settings
        self._shortcuts: ShortcutsWindow | None = None
        self._fill_file(sources)
        self._menu(self.tr("&Edit")).addActions(list(targets.people.history_actions))
        self._fill_playback()
        self._fill_view(panels)
        help_ = self._menu(self.tr("&Help"))
        self._action(help_, self.tr("Keyboard shortcuts"), self.show_shortcuts, "F1")

    def show_state(self, state: PlayState) -> None:
        """Fit the actions to what the view is doing."""
        has_source = self._session.info is not None
        self._snapshot.setEnabled(has_source)
        self._search.setEnabled(has_source)
        self._record.setEnabled(has_source and state in {PlayState.PLAYING, PlayState.PAUSED})
        self._close_source.setEnabled(has_source or state is PlayState.OPENING)

    def show_recording(self, recording: bool) -> None:
        """Say what the action for recording does now."""
        self._record.setText(self.tr("Stop recording") if recording else self.tr("Record"))

    def show_shortcuts(self) -> None:
        """List every action that has a key."""
        if self._shortcuts is None:
            self._shortcuts = ShortcutsWindow(self._window)
        menus = [action.menu() for action in self._window.menuBar().actions()]
        actions = [action for menu in menus if isinstance(menu, QMenu) for action in _all_actions(menu)]
        self._shortcuts.show_actions([action for action in actions if action.shortcut().toString()])

    def _fill_file(self, sources: QMenu) -> None:
        file = self._menu(self.tr("&File"))
        file.addMenu(sources)
        self._snapshot = self._action(file, self.tr("Save picture ..."), self._targets.save_snapshot, "Ctrl+S")
        self._record = self._action(file, self.tr("Record"), self._targets.toggle_recording, "Ctrl+R")
        self._close_source = self._action(file, self.tr("Close source"), self._session.close, "Ctrl+W")
        file.addSeparator()
        self._action(file, self.tr("Quit"), self._window.close, "Ctrl+Q")

    def _fill_playback(self) -> None:
        play = self._menu(self.tr("&Playback"))
        self._action(play, self.tr("Play or pause"), self._press_space, "Space")
        self._action(play, self.tr("Next frame"), self._session.step, ".")
        self._action(play, self.tr("Back 5 seconds"), lambda: self._jump(-_JUMP_S), "Left")
        self._action(play, self.tr("Forward 5 seconds"), lambda: self._jump(_JUMP_S), "Right")
        self._action(play, self.tr("To the beginning"), lambda: self._session.seek(0), "Ctrl+Home")
        play.addSeparator()
        self._action(play, self.tr("Faster"), lambda: self._change_speed(1), "+")
        self._action(play, self.tr("Slower"), lambda: self._change_speed(-1), "-")
        self._action(play, self.tr("Normal speed"), lambda: self._session.set_speed(1.0), "=")

    def _fill_view(self, panels: Iterable[QAction]) -> None:
        view, targets = self._menu(self.tr("&View")), self._targets
        view.addActions(list(panels))
        view.addSeparator()
        self.library = self._action(view, self.tr("Library"), targets.show_library, "Ctrl+Shift+L")
        self._search = self._action(view, self.tr("Search in this picture"), self._search_picture, "Ctrl+F")
        view.addSeparator()
        self._choice(view, self.tr("Who is in view"), "view/strip", True, targets.set_strip_wanted, "Ctrl+Shift+V")
        self._choice(view, self.tr("Figures"), "view/figures", True, targets.show_figures, "Ctrl+Shift+F")
        self._choice(view, self.tr("Mirror"), "view/mirror", False, targets.set_mirrored, "Ctrl+M")
        view.addMenu(ThemeMenu(self._settings, view))
        view.addSeparator()
        self._action(view, self.tr("Full screen"), targets.toggle_full_screen, "F11")

    def _menu(self, title: str) -> QMenu:
        return self._window.menuBar().addMenu(title)

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

    def _search_picture(self) -> None:
        self._targets.searching.search_picture()

    def _press_space(self) -> None:
        """Press the button that has the focus, else play or pause."""
        focused: QWidget | None = self._window.focusWidget()
        if isinstance(focused, QAbstractButton):
            focused.click()
        else:
            self._session.toggle()

    def _jump(self, seconds: float) -> None:
        info, frame = self._session.info, self._session.newest_frame
        if info is not None and frame is not None and info.is_seekable:
            self._session.seek(max(0, frame.index + round(seconds * (info.frame_rate or 1.0))))

    def _change_speed(self, steps: int) -> None:
        self._session.set_speed(neighbouring_speed(self._session.speed, steps))


def _all_actions(menu: QMenu) -> list[QAction]:
    """Return the actions of a menu and of the menus in it, in order."""
    found: list[QAction] = []
    for action in menu.actions():
        inner = action.menu()
        found += _all_actions(inner) if isinstance(inner, QMenu) else [action]
    return found
