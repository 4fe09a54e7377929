"""Makes the picture of a frame, scaled to the screen and with its faces marked, beside the window's thread.

The interface thread must never wait for a large picture. Drawing a crowd there would hold it up as well: every call of
the painter gives the interpreter away, and it comes back only when decoding, recognition and an import let it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont

from facerec_app.core.types import Frame, FrameResult
from facerec_app.gui.picture_conversion import ArrayImage, ScreenImage, scaled_image
from facerec_app.gui.resting_marks import FaceMarker, MarksLook


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What is to be shown, and how.

    Attributes:
        frame: as it came.
        size: of the picture, in the screen's own pixels.
        device_ratio: the screen's own pixels per logical pixel.
        mirrored: left and right are exchanged.
        result: whose faces are marked; None for a bare picture.
        highlighted: track of the face under the pointer.
        font: of the names.
    """

    frame: Frame
    size: QSize
    device_ratio: float = 1.0
    mirrored: bool = False
    result: FrameResult | None = None
    highlighted: int | None = None
    font: QFont | None = None

    def has_picture_of(self, other: Rendering) -> bool:
        """Return whether the two differ in what is drawn on the picture only."""
        return self.frame is other.frame and self.size == other.size and self.mirrored == other.mirrored


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFrame:
    """A frame as it is shown.

    Attributes:
        rendering: what was asked for.
        picture: in the screen's own pixels.
    """

    rendering: Rendering
    picture: ScreenImage

    @property
    def frame(self) -> Frame:
        return self.rendering.frame


class FrameRenderer(QObject):
    """One thread with room for one request; a newer one takes the place of one that waits.

    The thread starts with the first request and sleeps while there is none.
    """

    ready = Signal()
    _done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changed = threading.Condition()
        self._request: Rendering | None = None
        self._newest: RenderedFrame | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="frame-renderer", daemon=True)
        self._done.connect(self.ready, Qt.ConnectionType.QueuedConnection)

    @property
    def newest(self) -> RenderedFrame | None:
        """The last frame that was rendered."""
        return self._newest

    def request(self, rendering: Rendering) -> None:
        """Ask for a picture; ``ready`` follows unless a newer request comes."""
        with self._changed:
            self._request = rendering
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
        last: tuple[Rendering, ArrayImage] | None = None  # a result often comes for the picture that is already there
        marker = FaceMarker()
        while (wanted := self._next()) is not None:
            if last is None or not last[0].has_picture_of(wanted):
                last = wanted, scaled_image(wanted.frame.pixels_rgb, wanted.size, mirrored=wanted.mirrored)
            picture = ScreenImage(last[1].pixels_rgb)
            marker.mark(picture.image, _look_of(wanted))
            rendered = RenderedFrame(wanted, picture)
            with self._changed:
                if not self._stopped:  # the lock is held while emitting: after stop this object may be gone
                    self._newest = rendered
                    self._done.emit()

    def _next(self) -> Rendering | None:
        with self._changed:
            self._changed.wait_for(lambda: self._request is not None or self._stopped)
            request, self._request = self._request, None
            return request


def _look_of(wanted: Rendering) -> MarksLook | None:
    """Return what is to be marked on a picture, None if nothing is."""
    if wanted.result is None or not len(wanted.result.detections):
        return None
    return MarksLook(
        wanted.result,
        wanted.size,
        wanted.device_ratio,
        wanted.frame.width_px,
        wanted.mirrored,
        wanted.highlighted,
        wanted.font,
    )
