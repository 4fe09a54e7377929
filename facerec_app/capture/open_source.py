"""From what a user typed to a source of frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from facerec_app.capture.camera_source import CameraSource
from facerec_app.capture.image_folder_source import ImageFolderSource
from facerec_app.capture.images import IMAGE_SUFFIXES
from facerec_app.capture.stream_source import STREAM_SCHEMES, StreamSource
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import SourceOpenError
from facerec_app.core.protocols import FrameSource


def open_source(
    spec: str,
    *,
    camera_size_px: tuple[int, int] = (1280, 720),
    camera_frame_rate: float = 30.0,
    on_status: Callable[[str], None] | None = None,
) -> FrameSource:
    """Open a camera number, a video file, a picture, a folder of pictures or an address.

    Args:
        spec: what the user typed. Digits are a camera; a file of that name is opened as ``./0``.
        camera_size_px: width and height asked of a camera.
        camera_frame_rate: frames per second asked of a camera.
        on_status: takes one line whenever a live source is lost or comes back, or a picture is passed over.

    Raises:
        SourceOpenError: says what is wrong and what could be given instead.
    """
    spec = spec.strip()
    if not spec:
        raise SourceOpenError("No source was given; give a camera number, a video file, an address or a folder.")
    if spec.isascii() and spec.isdigit():
        return CameraSource(int(spec), size_px=camera_size_px, frame_rate=camera_frame_rate, on_status=on_status)
    scheme, separator, _ = spec.partition("://")
    if separator and scheme.lower() in STREAM_SCHEMES:
        return StreamSource(spec, on_status=on_status)
    if separator and scheme.lower() == "file":
        return _open_path(Path(url2pathname(unquote(urlsplit(spec).path))), spec, on_status)
    if separator and not Path(spec).exists():
        known = ", ".join(f"{name}://" for name in sorted(STREAM_SCHEMES))
        raise SourceOpenError(f"Addresses of the kind {scheme}:// cannot be opened; give one of {known}.")
    return _open_path(Path(spec).expanduser(), spec, on_status)


def _open_path(path: Path, spec: str, on_status: Callable[[str], None] | None) -> FrameSource:
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        is_folder = is_file = False
    if is_folder or (is_file and path.suffix.lower() in IMAGE_SUFFIXES):
        return ImageFolderSource(path, on_status=on_status)
    if is_file:
        return VideoFileSource(path)
    shown = spec if len(spec) <= 80 else f"{spec[:30]}...{spec[-47:]}"  # the file's name is at the end
    raise SourceOpenError(
        f"There is no file or folder '{shown}'; give a camera number, a video file, an address or a folder."
    )
