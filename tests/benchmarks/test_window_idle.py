"""What the window costs while nothing happens: a still camera picture, paused, minimised; and how soon it wakes up.

FACEREC_TEST_DATA=... python -m pytest -m benchmark -s tests/benchmarks/test_window_idle.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

# The window as the command opens it, before a camera of 1280x720 at 30 frames a second: a room with the noise of a
# sensor, nobody or three people in it who do not move. The frames are made beforehand, so that their making is not
# counted; reading them from a real camera would add what its driver takes.
PROGRAM = """
import json, sys, threading, time
from pathlib import Path

def nap(seconds):
    from PySide6.QtCore import QEventLoop, QTimer
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()

def main(folder, people, profile, seconds):
    import gc
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication
    from facerec_app.composition import compose
    from facerec_app.config.settings import Settings
    from facerec_app.gui.application_window import favour_interface
    from facerec_app.gui.main_window import MainWindow
    from facerec_app.gui.theme import apply_theme
    from tests.benchmarks.speed.live import PacedCamera, faces_scene
    favour_interface()
    portraits = sorted(Path(people).rglob("*.jpg"))[:3]
    empty = [faces_scene([], moving=False)(i) for i in range(8)]
    crowd = [faces_scene(portraits, moving=False)(i) for i in range(8)]
    shown = {"frames": empty}
    qt = QApplication(["facerec"])
    apply_theme(qt)
    application = compose(Settings(database_dir=Path(folder) / "database", profile=profile))
    application.enrolment().import_folder(Path(people))
    application.open_source = lambda spec, on_status=None: PacedCamera(lambda i: shown["frames"][i % 8], 3600.0)
    window = MainWindow(application, QSettings(folder + "/window.ini", QSettings.Format.IniFormat), cameras=lambda: ())
    window.ready.connect(gc.freeze)
    window.resize(1180, 720)
    window.show()
    window.open_source("0")
    while window.session.newest_result is None:
        nap(0.05)

    def cost(name):
        nap(4.0)
        before, began = time.process_time(), time.perf_counter()
        nap(seconds)
        figures[name] = (time.process_time() - before) / (time.perf_counter() - began)
        if name in {"nobody", "three faces"}:
            figures[name + ", shown"] = window.figures.text()

    figures = {}
    nap(3.0)
    cost("nobody")
    wakes = []
    for _ in range(5):
        shown["frames"], began = crowd, time.perf_counter()
        while not len(window.session.newest_result.detections):
            nap(0.002)
        wakes.append(time.perf_counter() - began)
        shown["frames"] = empty
        nap(4.0)
    figures["awake after, s"] = sorted(wakes)
    shown["frames"] = crowd
    cost("three faces")
    window.showMinimized()
    cost("minimised")
    window.showNormal()
    window.session.pause()
    cost("paused")
    window.close()
    application.close()
    return figures

if __name__ == "__main__":
    folder, people, profile, seconds = sys.argv[1:]
    print(json.dumps(main(folder, people, profile, float(seconds))), flush=True)
    import os
    os._exit(0)  # as the program does where a thread has not ended in time
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", ["sface", "resnet50"])
def test_a_still_picture_costs_at_most_fifteen_per_cent_of_a_core(
    profile: str, tmp_path: Path, test_data_dir: Path
) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, str(file), str(tmp_path), str(test_data_dir / "photos" / "known"), profile, "10"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(root)},
    )
    figures = json.loads(ran.stdout.rstrip().rpartition("\n")[2])
    print(f"\n{profile}", end="")
    for name, value in figures.items():
        print(f"\n{name}: {value:.1%} of a core" if isinstance(value, float) else f"\n{name}: {value}", end="")
    print()
    for name in ("nobody", "three faces", "minimised"):
        assert figures[name] <= 0.15
    assert figures["paused"] <= 0.03
    assert figures["awake after, s"][2] <= 0.2
