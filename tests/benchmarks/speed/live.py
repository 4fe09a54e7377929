"""Delay from capture to overlay, and what an idle picture costs, with a camera of thirty frames a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.errors import FacerecError
from facerec_app.core.types import Frame, FrameResult, UInt8Array
from facerec_app.pipeline.overlay import draw_result
from facerec_app.services.live_session import LiveSession

RATE = 30.0
SIZE_PX = (1280, 720)
FACE_PICTURE_PX = 260
Scene = Callable[[int], UInt8Array]


class PacedCamera:
    """A live source that gives a prepared picture every thirtieth of a second, and notes when."""

    source_id = "paced camera"
    is_live = True
    frame_rate: float | None = RATE
    frame_count: int | None = None

    def __init__(self, scene: Scene, seconds: float) -> None:
        self.captured_s: dict[int, float] = {}
        self._scene = scene
        self._frames = int(seconds * RATE)
        self._closed = threading.Event()
        self._next = 0
        self._started_s: float | None = None

    def read(self) -> Frame | None:
        """Return the next frame at its moment, None at the end."""
        if self._started_s is None:
            self._started_s = time.monotonic()
        due_s = self._started_s + self._next / RATE
        if self._next >= self._frames or self._closed.wait(max(0.0, due_s - time.monotonic())):
            return None
        pixels = self._scene(self._next)
        index, self._next = self._next, self._next + 1
        self.captured_s[index] = time.monotonic()
        return Frame(pixels, index, index / RATE, self.source_id)

    def close(self) -> None:
        """Give nothing more."""
        self._closed.set()


class OverlayListener:
    """Draws every result as a view does, and notes when it was there."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, float, int]] = []  # frame, moment, faces
        self.ended = threading.Event()

    def on_frame(self, frame: Frame) -> None:
        """Pass."""

    def on_result(self, result: FrameResult) -> None:
        """Draw."""
        draw_result(result)
        self.shown.append((result.frame.index, time.monotonic(), len(result.detections)))

    def on_end(self) -> None:
        self.ended.set()

    def on_error(self, error: FacerecError) -> None:
        raise error


def noisy_ground() -> list[UInt8Array]:
    """Return eight pictures of one room with the noise of a sensor."""
    generator = np.random.default_rng(3)
    coarse = generator.integers(60, 170, (9, 16, 3)).astype(np.uint8)
    room = np.asarray(cv2.resize(coarse, SIZE_PX, interpolation=cv2.INTER_CUBIC), np.int16)
    noise = [generator.normal(0.0, 3.0, room.shape).astype(np.int16) for _ in range(8)]
    return [np.clip(room + n, 0, 255).astype(np.uint8) for n in noise]


def faces_scene(portraits: Sequence[Path], *, moving: bool, appear_at: int = 0) -> Scene:
    """Return a scene with each portrait in it, swaying if ``moving``, from a frame on."""
    ground = noisy_ground()
    pictures = [_portrait(path) for path in portraits]

    def scene(index: int) -> UInt8Array:
        pixels = ground[index % len(ground)].copy()
        if index >= appear_at:
            for number, picture in enumerate(pictures):
                sway = round(25 * np.sin(index / 12 + number)) if moving else 0
                left, top = 80 + number * 400 + sway, 200 + (sway // 2)
                pixels[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        return pixels

    return scene


def _portrait(path: Path) -> UInt8Array:
    picture = read_image(path)
    scale = FACE_PICTURE_PX / picture.shape[1]
    size = (FACE_PICTURE_PX, min(500, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def live_figures(gallery: Path, detector: str, profile: str, scene: Scene, seconds: float) -> dict[str, object]:
    """Return delays in ms, frames dropped and the share of one core that a live session takes."""
    app = ComposedApplication(Settings(database_dir=gallery, detector=detector, profile=profile))
    app.make_pipeline().process(Frame(scene(0), 0, 0.0, "warm-up"))  # loading is measured elsewhere
    prepared = [scene(index) for index in range(round(seconds * RATE))] if seconds <= 5 else None
    camera = PacedCamera(prepared.__getitem__ if prepared else scene, seconds)
    listener = OverlayListener()
    session = LiveSession(camera, app.make_pipeline, listener)
    before_s, began_s = time.process_time(), time.monotonic()
    session.start()
    listener.ended.wait(seconds + 20.0)
    processor_s, wall_s = time.process_time() - before_s, time.monotonic() - began_s
    dropped = session.figures().dropped
    session.stop()
    app.close()
    delays = sorted((shown_s - camera.captured_s[index]) * 1e3 for index, shown_s, _ in listener.shown[10:])
    return {
        "frames_shown": len(listener.shown),
        "dropped": dropped,
        "delay_ms": {"median": delays[len(delays) // 2], "p95": delays[int(len(delays) * 0.95)], "most": delays[-1]},
        "core_share": processor_s / wall_s,
        # On a busy machine frames are dropped and the share is too small: what it would be with all frames shown.
        "core_share_all_frames": processor_s / wall_s * (seconds * RATE) / max(len(listener.shown), 1),
        "faces": max((faces for _, _, faces in listener.shown), default=0),
        "first_face_frame": next((index for index, _, faces in listener.shown if faces), None),
        "first_face_delay_ms": next(
            ((shown_s - camera.captured_s[index]) * 1e3 for index, shown_s, faces in listener.shown if faces), None
        ),
    }


def scene_cost(scene: Scene, seconds: float) -> float:
    """Return the share of one core that painting the scene takes, which a real camera would not."""
    before_s = time.process_time()
    for index in range(60):
        scene(index)
    return (time.process_time() - before_s) / 60 * RATE * (1.0 if seconds > 5 else 0.0)
