"""Pictures on disk: which ones a user means, and annotated copies of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facerec_app.capture.images import is_folder, iter_image_files, write_jpeg
from facerec_app.core.errors import ConfigError, OutputWriteError
from facerec_app.core.types import FrameResult
from facerec_app.pipeline.overlay import draw_result


def expand_pictures(paths: Sequence[Path]) -> list[Path]:
    """Return the files meant: a folder stands for the pictures in it, sorted; a file for itself, whatever it is.

    Raises:
        ConfigError: if a folder holds no pictures.
    """
    files: list[Path] = []
    for path in paths:
        meant = list(iter_image_files(path)) if is_folder(path) else [path]
        if not meant:
            raise ConfigError(f"The folder {path} holds no pictures (JPEG, PNG, WebP, BMP, TIFF, HEIC).")
        files.extend(meant)
    return files


def annotate_picture(result: FrameResult, source: Path, folder: Path) -> Path:
    """Write a copy of a picture with boxes and names and return where it went.

    Two sources of one name do not overwrite each other: the second gets a number.

    Raises:
        OutputWriteError: if the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputWriteError(f"The folder {folder} cannot be made: {exc.strerror or exc}; choose another.") from exc
    target = folder / f"{source.stem}.jpg"
    number = 2
    while target.exists():
        target = folder / f"{source.stem}-{number}.jpg"
        number += 1
    write_jpeg(target, draw_result(result))
    return target
