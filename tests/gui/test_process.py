"""The window as its own process: it starts, obeys signals and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Runs the window as the command does and ends it from inside, once it shows a result.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.gui.application_window import run_window
from facerec_app.gui.main_window import MainWindow

qt = QApplication(["facerec"])
application = compose(Settings(database_dir=Path(sys.argv[1])))
asked = []

def end():
    window = next(w for w in qt.topLevelWidgets() if isinstance(w, MainWindow))
    if asked or window.session.newest_result is None:
        return
    asked.append(time.monotonic())
    if sys.argv[3] == "close":
        window.close()
    else:
        os.kill(os.getpid(), signal.SIGINT)

timer = QTimer(interval=50)
timer.timeout.connect(end)
timer.start()
code = run_window(application, sys.argv[2])
timer.stop()
application.close()
print("ended after", time.monotonic() - asked[0])
sys.exit(code)
"""


@pytest.mark.parametrize("way", ["close", "interrupt"])
def test_process_ends_clean_and_in_time(tmp_path: Path, demo_dir: Path, way: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "database"), str(demo_dir / "demo.mp4"), way],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path / "config")},
    )
    assert ran.returncode == 0, ran.stderr
    words = [line for line in ran.stderr.splitlines() if "This plugin does not support" not in line]
    assert words == []
    assert float(ran.stdout.rpartition(" ")[2]) <= 3.0
