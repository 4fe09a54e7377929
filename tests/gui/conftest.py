"""A real window on a real gallery in a temporary folder."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QtMsgType
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.theme import apply_theme
from facerec_app.services.application import Application

WAIT_MS = 30_000
# A network that is being loaded when a window is closed cannot be interrupted; a program would leave without it.
LOADING_S = 120.0
# The offscreen platform says this of itself; it is no fault of the window.
_PLATFORM_REMARK = "This plugin does not support"

MakeWindow = Callable[[], MainWindow]


def _running_threads() -> str:
    """Return every other thread and where it is."""
    frames = sys._current_frames()
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    return "\n".join(
        f"{thread.name}:\n{''.join(traceback.format_stack(frames[thread.ident]))}"
        for thread in others
        if thread.ident in frames
    )


@pytest.fixture(autouse=True)
def no_words_from_qt(qtlog: object) -> Iterator[None]:
    """Fail a test during which Qt wrote a warning."""
    yield
    records = getattr(qtlog, "records", [])
    said = [
        record.message
        for record in records
        if record.type in {QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg}
        and not record.message.startswith(_PLATFORM_REMARK)
    ]
    assert said == []


@pytest.fixture(autouse=True)
def no_leaked_windows(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a window open."""
    yield
    left = [type(widget).__name__ for widget in qapp.topLevelWidgets() if widget.isVisible()]
    assert left == []


@pytest.fixture
def application(default_extractor: object, tmp_path: Path) -> Iterator[Application]:
    """Return the whole program with an empty gallery."""
    composed = compose(Settings(database_dir=tmp_path / "database"))
    yield composed
    composed.close()
    del composed
    gc.collect()  # a window and its networks hold each other: left to chance, they fill gigabytes


@pytest.fixture(scope="session")
def themed(qapp: QApplication) -> None:
    apply_theme(qapp)


@pytest.fixture
def make_window(qtbot: QtBot, themed: None, application: Application, tmp_path: Path) -> Iterator[MakeWindow]:
    """Return a maker of windows; they are closed at the end and must have ended all their threads."""
    made: list[MainWindow] = []

    def make() -> MainWindow:
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        file = tmp_path / "settings.toml"
        window = MainWindow(application, settings, cameras=lambda: (), settings_file=file)
        made.append(window)
        qtbot.addWidget(window)
        window.show()
        return window

    yield make
    for window in made:
        window.close()
        assert window.has_ended or window.end(LOADING_S), f"these go on:\n{_running_threads()}"


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    """Return a window that is shown."""
    return make_window()


@pytest.fixture
def named_material(test_data_dir: Path) -> Path:
    """Return the folder of people with portraits."""
    return test_data_dir / "photos" / "known"
