"""Checks of what users type and of arrays that cross a boundary."""

from __future__ import annotations

import os
import unicodedata

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import ConfigError, InferenceError

MAX_NAME_LENGTH = 200


def clean_person_name(name: str) -> str:
    """Return a display name in normal form (NFC, single spaces), or refuse it.

    Names live only in the database and are never part of a path, so any letters are allowed; what is refused is what
    could only be a mistake or an attack: empty names, control characters, path separators, over-long names.

    Raises:
        ConfigError: says what is wrong with the name.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    shown = cleaned if len(cleaned) <= 40 else cleaned[:37] + "..."
    if not cleaned:
        raise ConfigError("The name is empty; give the person a name of at least one letter.")
    if len(cleaned) > MAX_NAME_LENGTH:
        raise ConfigError(
            f"The name '{shown}' has {len(cleaned)} characters; the limit is {MAX_NAME_LENGTH}. Give a shorter name."
        )
    if any(unicodedata.category(ch) in {"Cc", "Cs", "Co", "Cn"} for ch in cleaned):
        raise ConfigError("The name holds characters that cannot be shown; type it again without them.")
    if "/" in cleaned or "\\" in cleaned or cleaned in {".", ".."}:
        raise ConfigError(f"The name '{shown}' looks like a path; a person's name has no slashes.")
    return cleaned


def readable_path(path: str | os.PathLike[str]) -> str:
    """Return a path as text that can be stored and shown: bytes that are no UTF-8 (an old archive's names) as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def text_bytes(text: str) -> bytes:
    """Return text as UTF-8 for files and hashes; bytes of a name that are no UTF-8 as JSON writes them, \\udcNN."""
    return text.encode("utf-8", "backslashreplace")


def is_text(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is text throughout; over one that is not, OpenCV ends the whole process."""
    try:
        os.fspath(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def require_finite(values: npt.NDArray[np.floating], what: str) -> None:
    """Raise ``InferenceError`` if any value is NaN or infinite."""
    if not np.isfinite(values).all():
        raise InferenceError(f"{what} holds values that are not finite; run 'facerec doctor' to check the model files.")
