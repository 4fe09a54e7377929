"""How much memory the window holds while it plays 1080p video minute by minute, and after changes of settings.

FACEREC_TEST_DATA=... python -m pytest -m benchmark -s tests/benchmarks/test_window_memory.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.benchmark

MINUTES = int(os.environ.get("FACEREC_TEST_MINUTES", "10"))

PROGRAM = """
import gc, json, resource, sys
from pathlib import Path

def nap(seconds):
    from PySide6.QtCore import QEventLoop, QTimer
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6

def main(folder, video, profile, minutes, changes):
    from PySide6.QtCore import QSettings, QTimer
    from PySide6.QtWidgets import QApplication
    from facerec_app.composition import compose
    from facerec_app.config.settings import Settings
    from facerec_app.gui.application_window import favour_interface
    from facerec_app.gui.main_window import MainWindow
    from facerec_app.gui.session_worker import PlayState
    from facerec_app.gui.theme import apply_theme
    favour_interface()
    qt = QApplication(["facerec"])
    apply_theme(qt)
    application = compose(Settings(database_dir=Path(folder) / "database", profile=profile))
    window = MainWindow(application, QSettings(folder + "/window.ini", QSettings.Format.IniFormat), cameras=lambda: (),
                        settings_file=Path(folder) / "settings.toml")
    window.ready.connect(gc.freeze)
    window.show()
    window.open_source(video)
    while window.session.newest_result is None:
        nap(0.05)
    again = QTimer(interval=50)
    again.timeout.connect(lambda: window.session.play() if window.session.state is PlayState.ENDED else None)
    again.start()
    held = []
    for _ in range(minutes):
        nap(60)
        held.append(resident_mb())
    window.docks.show("settings")
    for number in range(changes):
        rate = (0.01, 0.1)[number % 2]
        window.preferences.strictness.move_to(rate)
        while window.services.settings.stranger_rate != rate or window.session.newest_result is None:
            nap(0.05)
        nap(2)
        held.append(resident_mb())
    readout = window.figures.text()
    window.close()
    application.close()
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"held_mb": held, "most_mb": most_mb, "readout": readout}

if __name__ == "__main__":
    folder, video, profile, minutes, changes = sys.argv[1:]
    print(json.dumps(main(folder, video, profile, int(minutes), int(changes))), flush=True)
    import os
    os._exit(0)  # as the program does where a thread has not ended in time
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("profile", ["sface", "resnet50"])
@pytest.mark.timeout(1500)
def test_memory_after_ten_minutes_of_1080p(profile: str, tmp_path: Path, test_data_dir: Path) -> None:
    figures = run(tmp_path, test_data_dir, profile, minutes=MINUTES)
    held = figures["held_mb"]
    minutes = ", ".join(f"{value:.0f}" for value in held)
    print(f"\n{profile}: {minutes} MB after each minute; at most {figures['most_mb']:.0f} MB; {figures['readout']}")
    assert held[-1] <= 900
    half = len(held) // 2
    assert held[-1] <= 1.05 * held[half], "it does not grow"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(300)
def test_memory_after_ten_changes_of_settings(tmp_path: Path, test_data_dir: Path) -> None:
    held = run(tmp_path, test_data_dir, "sface", changes=10)["held_mb"]
    print(f"\nMB after each change: {', '.join(f'{value:.0f}' for value in held)}")
    assert held[-1] <= 1.25 * held[1], "networks of earlier settings do not stay"


def run(folder: Path, test_data_dir: Path, profile: str, *, minutes: int = 0, changes: int = 0) -> dict[str, Any]:
    """Run a window on a film in a process of its own and return what it held."""
    from facerec_app.composition import compose
    from facerec_app.config.settings import Settings

    file = folder / "program.py"
    file.write_text(PROGRAM)
    application = compose(Settings(database_dir=folder / "database"))
    application.enrolment().import_folder(test_data_dir / "photos" / "known")
    application.close()
    video = str(test_data_dir / "video" / "opera_1920x1080.mp4")
    ran = subprocess.run(
        [sys.executable, str(file), str(folder), video, profile, str(minutes), str(changes)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    figures: dict[str, Any] = json.loads(ran.stdout.rstrip().rpartition("\n")[2])
    return figures
