"""Takes the pictures of the window that the documentation shows, on the demonstration's material.

    QT_QPA_PLATFORM=offscreen python docs/images/take_window_pictures.py [--size 1024x640] [--folder DIR]

Every page in the light and the dark theme, written beside this file or into another folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from people_pages import take_people_pages
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLineEdit

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.gui.application_window import demonstration_video
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.theme import apply_theme, choose_scheme
from facerec_app.services.application import Application

FOLDER = Path(__file__).resolve().parent
DEMO = FOLDER.parent.parent / "assets" / "demo"
SIZE_PX = (1100, 688)
FACES_FRAME = 604  # somebody enrolled and a stranger
PATIENCE_MS = 60_000


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the window work until the condition holds."""
    loop = QEventLoop()
    check, limit = QTimer(interval=20), QTimer(interval=PATIENCE_MS)
    check.timeout.connect(lambda: loop.quit() if condition() else None)
    limit.timeout.connect(lambda: loop.exit(1))
    check.start()
    limit.start()
    if loop.exec():
        raise SystemExit("The window did not come to show what was to be pictured.")


def settle(milliseconds: int = 400) -> None:
    """Let everything that is under way be painted."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def take(window: MainWindow, page: str, theme: str, folder: Path = FOLDER) -> None:
    """Write one picture."""
    settle()
    file = folder / f"window-{page}-{theme}.jpg"
    if not window.grab().save(str(file), quality=90):
        raise SystemExit(f"{file} cannot be written.")
    print(file.name)


def take_people(theme: str, size_px: tuple[int, int], folder: Path) -> None:
    """Go through the panels of people and enrolment, beside the demonstration's video."""
    with tempfile.TemporaryDirectory() as made:
        application = compose(Settings(database_dir=Path(made) / "database"))
        settings = QSettings(f"{made}/window.ini", QSettings.Format.IniFormat)
        window = MainWindow(application, settings, demonstration=demonstration_video(), cameras=lambda: ())
        window.resize(*size_px)
        window.show()
        window.open_source(str(demonstration_video()))
        wait_until(lambda: window.session.newest_result is not None)
        window.session.pause()
        window.session.seek(FACES_FRAME)
        take_people_pages(
            window, application, DEMO, Path(made), lambda page: take(window, page, theme, folder), wait_until
        )
        window.close()
        application.close()


def take_pages(application: Application, theme: str, settings: QSettings) -> None:
    """Go through the pages of a new window."""
    window = MainWindow(application, settings, demonstration=demonstration_video(), cameras=lambda: ())
    window.resize(*SIZE_PX)
    window.show()
    wait_until(lambda: not window.tasks.is_busy)
    take(window, "welcome", theme)
    window.open_source(str(demonstration_video()))
    wait_until(lambda: window.session.newest_result is not None)
    window.session.pause()
    window.session.seek(FACES_FRAME)
    wait_until(lambda: any("Unknown" in name for name in window.stage.strip.names))
    wait_until(lambda: any("sure" in name for name in window.stage.strip.names))
    wait_until(lambda: not any("Looking" in name for name in window.stage.strip.names))
    take(window, "live", theme)
    result = window.stage.view.result
    if result is None:
        raise SystemExit("The faces have gone.")
    stranger = next(i for i, d in enumerate(result.decisions) if d.person_id is None)
    window.naming.ask(int(result.track_ids[stranger]))
    for edit in window.stage.popover.findChildren(QLineEdit):
        edit.setText("Eileen Collins")
    take(window, "naming", theme)
    window.stage.popover.hide()
    window.enrol.set_name("Grace Hopper")
    icon = DEMO.parent / "icons" / "facerec-256.png"
    window.enrol.add_paths([DEMO / "people" / "Grace_Hopper", icon])
    window.enrol.start()
    wait_until(lambda: not window.enrol.is_busy and not window.tasks.is_busy)
    window.show_enrol_panel()
    settle()
    wait_until(lambda: not any("Looking" in name for name in window.stage.strip.names))
    take(window, "enrol", theme)
    window.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="1100x688")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only-people", action="store_true", help="the panels of people and enrolment only")
    given = parser.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    qt = QApplication(sys.argv[:1])
    qt.setFont(QFont("DejaVu Sans", 9))
    apply_theme(qt)
    for theme, scheme in (("light", Qt.ColorScheme.Light), ("dark", Qt.ColorScheme.Dark)):
        choose_scheme(scheme)
        take_people(theme, (width, height), given.folder)
        if given.only_people:
            continue
        with tempfile.TemporaryDirectory() as folder:
            application = compose(Settings(database_dir=Path(folder) / "database"))
            application.enrolment().enrol_files("Barack Obama", [DEMO / "people" / "Barack_Obama"])
            take_pages(application, theme, QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat))
            application.close()


if __name__ == "__main__":
    main()
