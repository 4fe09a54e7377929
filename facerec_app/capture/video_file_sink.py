"""Annotated video to disk."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

import cv2
import numpy as np

from facerec_app.core.atomic_file import sync_directory
from facerec_app.core.errors import OutputWriteError
from facerec_app.core.types import UInt8Array
from facerec_app.core.validation import is_text, readable_path

_CODECS = ("avc1", "mp4v")
"""H.264 where the system brings an encoder (browsers play it), else MPEG-4 part 2, which FFmpeg always has."""
CHECK_EVERY_FRAMES = 30
"""How often free space is looked at."""
_LEAST_FREE_BYTES = 4 * 1024 * 1024


class VideoFileSink:
    """Writes RGB frames as an MP4 file that appears under its name only when it is whole.

    Until ``close`` the frames go to a hidden file beside it, so a kill leaves no half video under the final name, and
    what stood there before stays until the new one is complete. OpenCV reports no failed writes: free space is watched
    while writing, and the finished file is opened again and must hold every frame.
    """

    def __init__(self, path: Path, *, frame_rate: float, size_px: tuple[int, int]) -> None:
        """Begin a file.

        Args:
            path: final name, ``.mp4``.
            frame_rate: frames per second.
            size_px: width and height of the frames; an odd last column or row is cut off, as the codecs need.

        Raises:
            OutputWriteError: the folder is missing, not writable or full, or no encoder works.
        """
        self._path = path
        self._size_px = (size_px[0] // 2 * 2, size_px[1] // 2 * 2)
        self._temporary = path.with_name(f".{uuid.uuid4().hex}.mp4")
        self._frames = 0
        self._closed = False
        if min(self._size_px) < 2 or not frame_rate > 0:
            raise OutputWriteError(f"{path} cannot be written: frames of {size_px} at {frame_rate} per second.")
        refuse_name_that_is_no_text(path)
        try:
            self._temporary.touch(exist_ok=False)
        except OSError as exc:
            raise OutputWriteError(f"{path} cannot be written: {exc.strerror or exc}; choose another place.") from exc
        self._writer = self._open_writer(frame_rate)

    @property
    def frames_written(self) -> int:
        return self._frames

    def write(self, pixels_rgb: UInt8Array) -> None:
        """Append an ``(H, W, 3)`` uint8 frame; one of another size is scaled to the video's.

        Raises:
            OutputWriteError: the disk is full; nothing is left behind.
        """
        if self._closed:
            raise OutputWriteError(f"{self._path} is closed; no more frames can be written.")
        if self._frames % CHECK_EVERY_FRAMES == 0 and is_disk_full(self._path.parent):
            self.discard()
            raise self._disk_full()
        self._writer.write(cv2.cvtColor(fitted_frame(pixels_rgb, self._size_px), cv2.COLOR_RGB2BGR))
        self._frames += 1

    def close(self) -> None:
        """Finish the file and give it its name; calling it again does nothing. Without frames there is no file.

        Raises:
            OutputWriteError: the file is not whole (the disk is full); it is removed, what stood there before stays.
        """
        if self._closed:
            return
        self._closed = True
        self._writer.release()
        try:
            if self._frames == 0:
                self._temporary.unlink(missing_ok=True)
            elif not holds_frames(self._temporary, self._frames):
                self._temporary.unlink(missing_ok=True)
                raise self._disk_full()
            else:
                publish_video(self._temporary, self._path)
        except OSError as exc:
            self._temporary.unlink(missing_ok=True)
            raise OutputWriteError(f"{self._path} cannot be written: {exc.strerror or exc}.") from exc

    def discard(self) -> None:
        """Give the video up and remove what was written; calling it again does nothing."""
        if not self._closed:
            self._closed = True
            self._writer.release()
            self._temporary.unlink(missing_ok=True)

    def _open_writer(self, frame_rate: float) -> cv2.VideoWriter:
        writer = open_video_writer(self._temporary, frame_rate, self._size_px)
        if writer is None:
            self._temporary.unlink(missing_ok=True)
            raise OutputWriteError(
                f"{self._path} cannot be written: no video encoder works here; run 'facerec doctor'."
            )
        return writer

    def _disk_full(self) -> OutputWriteError:
        return OutputWriteError(f"The disk is full: {self._path} was not written; free space or choose another place.")


def refuse_name_that_is_no_text(file: Path) -> None:
    """Refuse a place that OpenCV cannot write to.

    Raises:
        OutputWriteError: the path holds bytes that are no UTF-8.
    """
    if not is_text(file.resolve()):
        raise OutputWriteError(f"{readable_path(file)} cannot be written: the path is no UTF-8; choose another place.")


def open_video_writer(file: Path, frame_rate: float, size_px: tuple[int, int]) -> cv2.VideoWriter | None:
    """Return a writer of BGR frames with the best codec that works here, in the container of the file's suffix."""
    for codec in _CODECS:
        writer = cv2.VideoWriter(
            str(file.resolve()), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), float(frame_rate), size_px
        )
        if writer.isOpened():
            return writer
        writer.release()
    return None


def fitted_frame(pixels_rgb: UInt8Array, size_px: tuple[int, int]) -> UInt8Array:
    """Return a frame in a video's even size: an odd last column or row is cut off, another size is scaled."""
    width, height = size_px
    if pixels_rgb.shape[1] // 2 * 2 == width and pixels_rgb.shape[0] // 2 * 2 == height:
        return pixels_rgb[:height, :width]
    return np.asarray(cv2.resize(pixels_rgb, size_px, interpolation=cv2.INTER_AREA), np.uint8)


def is_disk_full(folder: Path) -> bool:
    """Return whether there is too little room to go on writing a video."""
    return shutil.disk_usage(folder).free < _LEAST_FREE_BYTES


def holds_frames(video: Path, frames: int) -> bool:
    """Return whether a video opens, says that it has so many frames and gives the first."""
    capture = cv2.VideoCapture(str(video.resolve()), cv2.CAP_FFMPEG)
    try:
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        return count == frames and bool(capture.read()[0])
    finally:
        capture.release()


def publish_video(temporary: Path, final: Path) -> None:
    """Sync a finished video to disk and give it its name.

    Raises:
        OSError: it cannot be synced or renamed.
    """
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
    temporary.replace(final)
    sync_directory(final.parent)
