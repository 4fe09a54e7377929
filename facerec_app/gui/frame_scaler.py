"""Scales frames to the screen beside the window's thread, which must never wait for a large picture."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSize, Qt, Signal

from facerec_app.core.types import Frame
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image


@dataclass(frozen=True, slots=True, eq=False)
class ScaledFrame:
    """A frame in the size in which it is shown.

    Attributes:
        frame: as it came.
        picture: in the screen's own pixels.
        mirrored: left and right are exchanged in the picture.
    """

    frame: Frame
    picture: ArrayImage
    mirrored: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    frame: Frame
    size: QSize
    mirrored: bool


class FrameScaler(QObject):
    """One thread with room for one request; a newer one takes the place of one that waits.

    The thread starts with the first request and sleeps while there is none.
    """

    ready = Signal()
    _done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changed = threading.Condition()
        self._request: _Request | None = None
        self._newest: ScaledFrame | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="frame-scaler", daemon=True)
        self._done.connect(self.ready, Qt.ConnectionType.QueuedConnection)

    @property
    def newest(self) -> ScaledFrame | None:
        """The last frame that was scaled."""
        return self._newest

    def request(self, frame: Frame, size: QSize, *, mirrored: bool) -> None:
        """Ask for a frame in a size in device pixels; ``ready`` follows unless a newer request comes."""
        with self._changed:
            self._request = _Request(frame, size, mirrored)
            self._changed.notify()
        if self._thread.ident is None and not self._stopped:
            self._thread.start()

    def forget(self) -> None:
        """Drop what waits and what is done: the source changed."""
        with self._changed:
            self._request = self._newest = None

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End the thread; return whether it has ended."""
        with self._changed:
            self._stopped = True
            self._request = None
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (request := self._next()) is not None:
            picture = scaled_image(request.frame.pixels_rgb, request.size, mirrored=request.mirrored)
            with self._changed:
                if not self._stopped:  # the lock is held while emitting: after stop this object may be gone
                    self._newest = ScaledFrame(request.frame, picture, request.mirrored)
                    self._done.emit()

    def _next(self) -> _Request | None:
        with self._changed:
            self._changed.wait_for(lambda: self._request is not None or self._stopped)
            request, self._request = self._request, None
            return request
