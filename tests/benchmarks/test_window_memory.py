"""How much memory the window holds while it plays 1080p video, minute by minute.

FACEREC_TEST_DATA=... python -m pytest -m benchmark -s tests/benchmarks/test_window_memory.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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

def main(folder, people, video, profile, minutes):
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
    window = MainWindow(application, QSettings(folder + "/window.ini", QSettings.Format.IniFormat), cameras=lambda: ())
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
    readout = window.figures.text()
    window.close()
    application.close()
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"held_mb": held, "most_mb": most_mb, "readout": readout}

if __name__ == "__main__":
    folder, people, video, profile, minutes = sys.argv[1:]
    print(json.dumps(main(folder, people, video, profile, int(minutes))), flush=True)
    import os
    os._exit(0)  # as the program does where a thread has not ended in time
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("profile", ["sface", "resnet50"])
@pytest.mark.timeout(1500)
def test_memory_after_ten_minutes_of_1080p(profile: str, tmp_path: Path, test_data_dir: Path) -> None:
    from facerec_app.composition import compose
    from facerec_app.config.settings import Settings

    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    people = test_data_dir / "photos" / "known"
    application = compose(Settings(database_dir=tmp_path / "database"))
    application.enrolment().import_folder(people)
    application.close()
    video = str(test_data_dir / "video" / "opera_1920x1080.mp4")
    ran = subprocess.run(
        [sys.executable, str(file), str(tmp_path), str(people), video, profile, str(MINUTES)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    figures = json.loads(ran.stdout.rstrip().rpartition("\n")[2])
    held = figures["held_mb"]
    minutes = ", ".join(f"{value:.0f}" for value in held)
    print(f"\n{profile}: {minutes} MB after each minute; at most {figures['most_mb']:.0f} MB; {figures['readout']}")
    assert held[-1] <= 900
    half = len(held) // 2
    assert held[-1] <= 1.05 * held[half], "it does not grow"
