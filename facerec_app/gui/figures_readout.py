"""How the live view is doing, in one short line."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QWidget

from facerec_app.services.live_session import SessionFigures

_INTERVAL_MS = 500
_WINDOW_S = 2.0


class FiguresReadout(QLabel):
    """Frames shown, recognitions, delay and drops; counts only while something plays."""

    def __init__(self, figures: Callable[[], SessionFigures | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = figures
        self._painted_s: deque[float] = deque(maxlen=400)
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.refresh)
        self.setProperty("muted", "true")
        self.setToolTip(
            self.tr(
                "Frames shown a second; frames recognised a second; time from a frame's arrival to its boxes; "
                "frames passed over because a newer one had come"
            )
        )

    @property
    def is_counting(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    def set_counting(self, counting: bool) -> None:
        """Start or stop; a paused window has nothing to count and must not wake up."""
        if counting:
            self._timer.start()
        else:
            self._timer.stop()

    def clear_figures(self) -> None:
        """Show nothing."""
        self._painted_s.clear()
        self.clear()

    def note_painted(self) -> None:
        """Count one painted frame."""
        self._painted_s.append(time.monotonic())

    def refresh(self) -> None:
        """Show the present figures."""
        figures = self._figures()
        if figures is None:
            self.clear()
            return
        now_s = time.monotonic()
        shown = sum(1 for t in self._painted_s if now_s - t <= _WINDOW_S) / _WINDOW_S
        parts = (
            self.tr("{0:.0f} frames/s").format(shown),
            self.tr("{0:.0f} recognised/s").format(figures.recognitions_per_s),
            self.tr("delay {0:.0f} ms").format(figures.delay_ms),
            self.tr("{0} passed over").format(figures.dropped),
        )
        self.setText("  ·  ".join(parts))
