"""A video that can be played up to its last second even if the program is killed while writing it."""

from __future__ import annotations

import uuid
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.video_file_sink import (
    CHECK_EVERY_FRAMES,
    VideoFileSink,
    fitted_frame,
    holds_frames,
    is_disk_full,
    open_video_writer,
    publish_video,
    refuse_name_that_is_no_text,
)
from facerec_app.core.errors import OutputWriteError
from facerec_app.core.types import UInt8Array


class LastingVideoSink:
    """Writes RGB frames as Matroska, which needs no index to be played, and makes an MP4 of it at the end.

    An MP4 has its index at its end: a file that was cut off cannot be opened at all. Until ``close`` the frames go to a
    visible file beside the final one, NAME (unfinished).mkv; after a kill that is what the user finds, whole but for
    what FFmpeg had not handed to the system yet (at most 256 KB). ``close`` copies the encoded frames as they are.
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
        self.unfinished = _free_name(path)
        self._size_px = (size_px[0] // 2 * 2, size_px[1] // 2 * 2)
        self._rate = float(frame_rate)
        self._frames = 0
        self._closed = False
        refuse_name_that_is_no_text(path)
        try:
            self.unfinished.touch(exist_ok=False)
        except OSError as exc:
            raise OutputWriteError(f"{path} cannot be written: {exc.strerror or exc}; choose another place.") from exc
        writer = open_video_writer(self.unfinished, self._rate, self._size_px)
        if writer is None:
            self.unfinished.unlink(missing_ok=True)
            raise OutputWriteError(f"{path} cannot be written: no video encoder works here; run 'facerec doctor'.")
        self._writer = writer

    @property
    def frames_written(self) -> int:
        return self._frames

    def write(self, pixels_rgb: UInt8Array) -> None:
        """Append an ``(H, W, 3)`` uint8 frame; one of another size is scaled to the video's.

        Raises:
            OutputWriteError: the disk is full; what was written until then stays and can be played.
        """
        if self._closed:
            raise OutputWriteError(f"{self._path} is closed; no more frames can be written.")
        if self._frames % CHECK_EVERY_FRAMES == 0 and is_disk_full(self._path.parent):
            self.abandon()
            raise OutputWriteError(f"The disk is full; the recording up to here is in {self.unfinished}.")
        self._writer.write(cv2.cvtColor(fitted_frame(pixels_rgb, self._size_px), cv2.COLOR_RGB2BGR))
        self._frames += 1

    def close(self) -> None:
        """Make the MP4, check it, give it its name; calling it again does nothing. Without frames there is no file.

        Raises:
            OutputWriteError: there is no whole MP4 (the disk is full); the unfinished file stays and can be played.
        """
        if self._closed:
            return
        self._closed = True
        self._writer.release()
        if self._frames == 0:
            self.unfinished.unlink(missing_ok=True)
            return
        temporary = self._path.with_name(f".{uuid.uuid4().hex}.mp4")
        try:
            copy_encoded_frames(self.unfinished, temporary)
            if holds_frames(temporary, self._frames):
                publish_video(temporary, self._path)
            else:  # a codec whose frames cannot be handed over as they are
                self._encode_again()
            self.unfinished.unlink(missing_ok=True)
        except (OSError, OutputWriteError) as exc:
            raise OutputWriteError(f"{self._path} cannot be written ({exc}); it is kept as {self.unfinished}.") from exc
        finally:
            temporary.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Stop writing and leave what there is as it is; an empty file is removed."""
        if not self._closed:
            self._closed = True
            self._writer.release()
            if self._frames == 0:
                self.unfinished.unlink(missing_ok=True)

    def _encode_again(self) -> None:
        capture = cv2.VideoCapture(str(self.unfinished.resolve()), cv2.CAP_FFMPEG)
        sink = VideoFileSink(self._path, frame_rate=self._rate, size_px=self._size_px)
        try:
            while (got := capture.read())[0]:
                sink.write(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2RGB), np.uint8))
            sink.close()
        finally:
            sink.discard()
            capture.release()


def _free_name(path: Path) -> Path:
    """Return a name for the file until it is finished; one that a killed program left is not touched."""
    name, number = path.with_name(f"{path.stem} (unfinished).mkv"), 1
    while name.exists():
        number += 1
        name = path.with_name(f"{path.stem} (unfinished {number}).mkv")
    return name


def copy_encoded_frames(source: Path, target: Path) -> int:
    """Copy a video's frames into another container without decoding them and return how many there were.

    The decoder's set-up data, which Matroska keeps in its header, goes before the first frame, where an MP4's reader
    finds it as well. A codec that OpenCV cannot pass on leaves a target that does not hold the frames.
    """
    capture = cv2.VideoCapture(str(source.resolve()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    try:
        if not capture.isOpened():
            return 0
        size_px = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        fourcc = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("latin-1")
        codec = "avc1" if fourcc.lower() in {"h264", "avc1"} else "mp4v"
        writer = cv2.VideoWriter(
            str(target.resolve()), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec),
            capture.get(cv2.CAP_PROP_FPS), size_px, [cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1],
        )  # fmt: skip
        try:
            return _copy(capture, writer) if writer.isOpened() else 0
        finally:
            writer.release()
    finally:
        capture.release()


def _copy(capture: cv2.VideoCapture, writer: cv2.VideoWriter) -> int:
    place = int(capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX))
    set_up = np.zeros(0, np.uint8)
    if place > 0:
        found, data = capture.retrieve(None, place)
        set_up = np.asarray(data, np.uint8).ravel() if found else set_up
    frames = 0
    while (got := capture.read())[0]:
        packet = np.asarray(got[1], np.uint8).ravel()
        if frames == 0:
            packet = np.concatenate([set_up, packet])
        writer.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, float(capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME) != 0))
        writer.write(packet[None])
        frames += 1
    return frames
