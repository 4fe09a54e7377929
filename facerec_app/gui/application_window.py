"""Starts Qt, shows the window and stays until it is closed."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from facerec_app.config.paths import assets_dir
from facerec_app.core.errors import ConfigError
from facerec_app.gui.close_on_interrupt import CloseOnInterrupt
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.theme import apply_theme
from facerec_app.services.application import Application

_LOGGER = logging.getLogger("qt")
_SWITCH_INTERVAL_S = 0.0005
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run_window(application: Application, source: str | None, settings_file: Path | None = None) -> int:
    """Show the window until the user closes it.

    Args:
        application: gives the services.
        source: opened at once if given.
        settings_file: where settings are written; None is the user's own.

    Returns:
        The exit code.
    """
    qInstallMessageHandler(_log_qt)
    favour_interface()
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(qt, QApplication):
        raise ConfigError("The window needs a display; use 'facerec run' without one.")
    QApplication.setOrganizationName("FaceRec")
    QApplication.setApplicationName("FaceRec")
    QApplication.setApplicationDisplayName("FaceRec")
    apply_theme(qt)
    icon = _window_icon()
    if icon is not None:
        qt.setWindowIcon(icon)
    window = MainWindow(application, QSettings(), demonstration=demonstration_video(), settings_file=settings_file)
    # What is loaded stays: searching it for garbage again and again would hold up every thread for tenths of a second.
    window.ready.connect(gc.freeze)
    window.show()
    if source is not None:
        window.open_source(source)
    with CloseOnInterrupt(window.close):
        code = qt.exec()
    if not window.has_ended:
        # A thread is inside a driver or a network's loading; ending the interpreter under it would crash the process.
        _LOGGER.warning("A background thread did not end in time; leaving without it")
        application.close()
        logging.shutdown()
        os._exit(code)
    return code


def favour_interface() -> None:
    """Let the interface thread have the interpreter soon after it asks for it.

    Python hands its lock on after 5 ms by default. While decoding, recognition and an import all run Python for a
    moment here and there, the interface waits for several of them in turn.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)


def demonstration_video() -> Path | None:
    """Return the shipped demonstration video if it is there."""
    file = assets_dir() / "demo" / "demo.mp4"
    return file if file.is_file() else None


def _window_icon() -> QIcon | None:
    for name in ("facerec.svg", "facerec.png"):
        file = assets_dir() / "icons" / name
        if file.is_file():
            return QIcon(str(file))
    return None


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Send what Qt has to say to the log."""
    _LOGGER.log(_LEVELS.get(kind, logging.WARNING), "%s", message)
