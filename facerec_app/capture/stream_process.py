"""The program that reads a network stream for ``StreamSource``, in a process of its own.

A read of a lost stream can hang for ever inside FFmpeg, where no thread can be ended; a process can. Started as
``python -P -m facerec_app.capture.stream_process``. Protocol, one JSON object a line:

* first line in: ``{"address", "folder", "open_timeout_s", "read_timeout_s"}``; the address comes this way because
  every user of the computer can see a process's arguments, and it may hold a password;
* then ``next`` lines in, each answered by ``{"event": "frame", "file", "height", "width", "index"}`` once a frame newer
  than the last is there; its pixels lie in ``file``, which both processes map;
* ``{"event": "open", "frame_rate", "frame_count"}``, ``{"event": "failed"}``, ``{"event": "lost"}``,
  ``{"event": "end"}`` out.

The end of the input means that the parent is gone: the process removes the frames' folder and ends.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import sys
from pathlib import Path
from threading import Lock, Semaphore, Thread
from typing import Any, NoReturn, TextIO

import cv2
import numpy as np

from facerec_app.core.types import UInt8Array

_LONGEST_COUNT = 10_000_000


class FrameMapping:
    """A file that both processes map, one for each size of frame."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shape: tuple[int, ...] = ()
        self._file = folder / "frame-0"
        self._generation = 0
        self._pixels: UInt8Array = np.zeros((0, 0, 3), np.uint8)

    def write(self, pixels_bgr: UInt8Array) -> dict[str, Any]:
        """Put a frame, as RGB, where the parent finds it; return where that is."""
        if pixels_bgr.shape != self._shape:
            self._map(pixels_bgr.shape)
        cv2.cvtColor(pixels_bgr, cv2.COLOR_BGR2RGB, dst=self._pixels)
        return {"file": str(self._file), "height": self._shape[0], "width": self._shape[1]}

    def _map(self, shape: tuple[int, ...]) -> None:
        self._generation += 1
        self._shape = shape
        self._file = self._folder / f"frame-{self._generation}"
        size = int(np.prod(shape))
        with self._file.open("wb+") as stream:
            stream.truncate(size)
            self._pixels = np.frombuffer(mmap.mmap(stream.fileno(), size), np.uint8).reshape(shape)


class ParentLink:
    """Requests from the parent and answers to it."""

    def __init__(self, requests: TextIO, answers: TextIO, folder: Path) -> None:
        self._requests = requests
        self._answers = answers
        self._folder = folder
        self._wanted = Semaphore(0)
        self._write_lock = Lock()

    def start(self) -> None:
        """Begin to listen for requests and for the parent's end."""
        Thread(target=self._listen, name="parent", daemon=True).start()

    def is_frame_wanted(self, *, wait: bool) -> bool:
        """Return whether the parent waits for a frame; consumes the request."""
        return self._wanted.acquire(blocking=wait)

    def answer(self, event: str, **values: Any) -> None:
        """Send one event."""
        try:
            with self._write_lock:
                self._answers.write(json.dumps({"event": event, **values}) + "\n")
                self._answers.flush()
        except OSError:
            self._leave()

    def _listen(self) -> None:
        for _line in self._requests:
            self._wanted.release()
        self._leave()

    def _leave(self) -> NoReturn:
        """End at once: the parent is gone."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)  # the capture may hang in FFmpeg for ever: nothing gentler ends it


def _open(order: dict[str, Any]) -> cv2.VideoCapture:
    parameters = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        int(float(order["open_timeout_s"]) * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        int(float(order["read_timeout_s"]) * 1000),
    ]
    return cv2.VideoCapture(str(order["address"]), cv2.CAP_FFMPEG, parameters)


def _serve(capture: cv2.VideoCapture, link: ParentLink, frames: FrameMapping) -> None:
    """Read for ever; hand a frame over whenever one is wanted.

    A live stream is read at its own pace, wanted or not, so that the parent always gets the present; a stream that
    knows its length is a file behind an address, of which no frame may be lost: it is read on demand.
    """
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    frame_count = count if 0 < count < _LONGEST_COUNT else None
    link.answer("open", frame_rate=float(capture.get(cv2.CAP_PROP_FPS)), frame_count=frame_count)
    index = 0
    while True:
        wanted = link.is_frame_wanted(wait=frame_count is not None)
        ok, pixels_bgr = capture.read()
        if not ok:
            at_end = frame_count is not None and index >= frame_count - 2  # containers count a frame or two too many
            link.answer("end" if at_end else "lost")
            return
        if wanted or link.is_frame_wanted(wait=False):
            link.answer("frame", index=index, **frames.write(np.asarray(pixels_bgr, np.uint8)))
        index += 1


def main() -> None:
    """Run the child's side until the stream or the parent ends."""
    order = json.loads(sys.stdin.readline())
    folder = Path(order["folder"])
    link = ParentLink(sys.stdin, sys.stdout, folder)
    link.start()
    capture = _open(order)
    if not capture.isOpened():
        link.answer("failed")
        return
    _serve(capture, link, FrameMapping(folder))
    capture.release()


if __name__ == "__main__":
    main()
