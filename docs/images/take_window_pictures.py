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

from boxes_pages import take_boxes_pages
from compare_pages import take_compare_pages
from judge_pages import take_judge_pages
from live_pages import take_live_pages
from people_pages import take_people_pages
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget
from search_pages import take_search_pages
from unknown_faces_pages import take_unknown_faces_pages

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.gui.application_window import demonstration_video
from facerec_app.gui.library.library_page import LibraryLinks
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.theme import apply_theme, choose_scheme

FOLDER = Path(__file__).resolve().parent
DEMO = FOLDER.parent.parent / "assets" / "demo"
SCHEMES = (("light", Qt.ColorScheme.Light), ("dark", Qt.ColorScheme.Dark))
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


def take(window: QWidget, page: str, theme: str, folder: Path = FOLDER) -> None:
    """Write one picture."""
    settle()
    file = folder / f"window-{page}-{theme}.jpg"
    if not window.grab().save(str(file), quality=90):
        raise SystemExit(f"{file} cannot be written.")
    print(file.name)


def shown_index(window: MainWindow) -> int:
    """Return the number of the frame whose faces are shown."""
    result = window.session.newest_result
    return result.frame.index if result is not None else -1


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
        wait_until(lambda: shown_index(window) == FACES_FRAME)
        take_people_pages(
            window, application, DEMO, Path(made), lambda page: take(window, page, theme, folder), wait_until
        )
        window.close()
        application.close()


def take_live(size_px: tuple[int, int], folder: Path) -> None:
    """Go through the live view and the panels beside it, each page in both themes."""
    with tempfile.TemporaryDirectory() as made:
        application = compose(Settings(database_dir=Path(made) / "database"))
        settings = QSettings(f"{made}/window.ini", QSettings.Format.IniFormat)
        settings.setValue("recording/folder", f"{made}/recordings")
        file = Path(made) / "settings.toml"
        window = MainWindow(
            application, settings, demonstration=demonstration_video(), cameras=lambda: (), settings_file=file
        )
        window.resize(*size_px)
        window.show()

        def take_both(page: str) -> None:
            for theme, scheme in SCHEMES:
                choose_scheme(scheme)
                take(window, page, theme, folder)

        take_live_pages(window, application, DEMO, Path(made), take_both, wait_until)
        window.close()
        application.close()


def take_library(theme: str, size_px: tuple[int, int], folder: Path) -> None:
    """Go through the pages of the library."""
    with tempfile.TemporaryDirectory() as made:
        application = compose(Settings(database_dir=Path(made) / "database"))
        settings = QSettings(f"{made}/window.ini", QSettings.Format.IniFormat)
        tasks = TaskRunner("library-pictures")
        library = LibraryWindow(SharedServices(application), tasks, LibraryLinks(), settings)
        library.resize(*size_px)

        def take_page(page: str) -> None:
            wait_until(lambda: not tasks.is_busy)
            take(library, f"library-{page}", theme, folder)

        take_unknown_faces_pages(library, tasks, application, DEMO, Path(made), take_page, wait_until)
        take_judge_pages(library, tasks, application, DEMO, take_page, wait_until)
        take_boxes_pages(library, tasks, DEMO, Path(made), take_page, wait_until)
        take_search_pages(library, tasks, application, DEMO, Path(made), take_page, wait_until)
        take_compare_pages(library, DEMO, take_page, wait_until)
        library.shut_down(5.0)
        tasks.stop(5.0)
        application.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="1100x688")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only-people", action="store_true", help="the panels of people and enrolment only")
    parser.add_argument("--only-live", action="store_true", help="the live view, capture, retraining and settings only")
    parser.add_argument("--only-library", action="store_true", help="the pages of the library only")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    width, height = (int(part) for part in given.size.split("x"))
    qt = QApplication(sys.argv[:1])
    qt.setFont(QFont("DejaVu Sans", 9))
    apply_theme(qt)
    only = given.only_people or given.only_live or given.only_library
    if given.only_live or not only:
        take_live((width, height), given.folder)
    for theme, scheme in SCHEMES:
        choose_scheme(scheme)
        if given.only_people or not only:
            take_people(theme, (width, height), given.folder)
        if given.only_library or not only:
            take_library(theme, (width, height), given.folder)


if __name__ == "__main__":
    main()
