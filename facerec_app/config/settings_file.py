"""Changes single settings in the user's settings file and leaves every other line as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from facerec_app.config.paths import user_settings_file
from facerec_app.config.settings import load_settings
from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import ConfigError


def save_stranger_rate(rate: float, file: Path | None = None) -> Path:
    """Store the accepted chance that a stranger is given a name, and return the file it went to.

    Args:
        rate: as in ``Settings.stranger_rate``.
        file: settings file; by default the user's own, which is made if there is none.

    Raises:
        ConfigError: if the rate cannot be used, or the file is damaged or cannot be written; it is untouched then.
    """
    path = file if file is not None else user_settings_file()
    if path.is_file():
        load_settings(path).with_overrides(stranger_rate=rate)  # refuses a damaged file and a rate out of range
    else:
        load_settings().with_overrides(stranger_rate=rate)
    try:
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomically(path, _with_value(before, "stranger_rate", f"{rate:.10g}", path).encode())
    except OSError as exc:
        raise ConfigError(f"The settings file {path} cannot be written ({exc.strerror}); nothing was changed.") from exc
    return path


def _with_value(text: str, name: str, value: str, path: Path) -> str:
    """Return the TOML text with one top-level key set, a remark behind it kept."""
    line = re.compile(rf"^([ \t]*{re.escape(name)}[ \t]*=[ \t]*)[^#\r\n]*?([ \t]*(?:#[^\r\n]*)?)$", re.MULTILINE)
    changed, count = line.subn(rf"\g<1>{value}\g<2>", text, count=1)
    if not count:
        changed = text + ("" if not text or text.endswith("\n") else "\n") + f"{name} = {value}\n"
    if tomllib.loads(changed).get(name) != float(value):
        raise ConfigError(f"The settings file {path} cannot be changed by the program; set {name} = {value} in it.")
    return changed
