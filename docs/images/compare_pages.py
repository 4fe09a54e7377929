"""Takes the pictures of the library's page Compare, on the demonstration's material.

    QT_QPA_PLATFORM=offscreen python docs/images/compare_pages.py [--size 1000x640] [--folder DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.gui.library.compare_page import ComparePage
from facerec_app.gui.library.library_page import LibraryLinks
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.library.picture_input import GivenPicture
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.theme import apply_theme, choose_scheme

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER.parent.parent / "assets" / "demo" / "sources"
SCHEMES = (("light", Qt.ColorScheme.Light), ("dark", Qt.ColorScheme.Dark))
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
        raise SystemExit("The page did not come to show what was to be pictured.")


def take(window: LibraryWindow, page: str, folder: Path) -> None:
    """Write one picture in both themes."""
    for theme, scheme in SCHEMES:
        choose_scheme(scheme)
        loop = QEventLoop()
        QTimer.singleShot(300, loop.quit)
        loop.exec()
        file = folder / f"window-library-{page}-{theme}.jpg"
        if not window.grab().save(str(file), quality=90):
            raise SystemExit(f"{file} cannot be written.")
        print(file.name)


def take_compare_pages(window: LibraryWindow, folder: Path) -> None:
    """Go through the page: empty, one person, two people, which parts agree."""
    page = window.show_page("compare")
    if not isinstance(page, ComparePage):
        raise SystemExit("The library has no page Compare.")
    take(window, "compare-empty", folder)
    for name in ("obama2.jpg", "obama3.jpg"):
        page.take_picture(page.next_side, GivenPicture(name, SOURCES / name))
    wait_until(lambda: "same person" in page.verdict)
    take(window, "compare", folder)
    page.parts.click()
    wait_until(lambda: "agree, most" in page.details)
    take(window, "compare-parts", folder)
    page.take_picture(1, GivenPicture("biden.jpg", SOURCES / "biden.jpg"))
    wait_until(lambda: "two people" in page.verdict and "outside" in page.details)
    take(window, "compare-others", folder)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="1000x640")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    width, height = (int(part) for part in given.size.split("x"))
    qt = QApplication(sys.argv[:1])
    qt.setFont(QFont("DejaVu Sans", 9))
    apply_theme(qt)
    with tempfile.TemporaryDirectory() as made:
        application = compose(Settings(database_dir=Path(made) / "database"))
        settings = QSettings(f"{made}/library.ini", QSettings.Format.IniFormat)
        tasks = TaskRunner("compare-pictures")
        window = LibraryWindow(SharedServices(application), tasks, LibraryLinks(), settings)
        window.resize(width, height)
        window.show()
        take_compare_pages(window, given.folder)
        window.shut_down(5.0)
        tasks.stop(10.0)
        application.close()


if __name__ == "__main__":
    main()
