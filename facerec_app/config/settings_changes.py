"""Several settings changed at once in the user's settings file; every other line stays as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from facerec_app.config.paths import user_settings_file
from facerec_app.config.settings import Settings, load_settings
from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import ConfigError

SettingValue = str | int | float | None


def change_settings(changes: Mapping[str, SettingValue], file: Path | None = None) -> Settings:
    """Write settings in one go and return them all as they are now.

    Args:
        changes: by name of the attribute of ``Settings``; None takes the line out, which leaves the default.
        file: settings file; by default the user's own, which is made if there is none.

    Raises:
        ConfigError: a value cannot be used, or the file is damaged or cannot be written; it is untouched then.
    """
    path = file if file is not None else user_settings_file()
    try:
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        if before:
            load_settings(path)  # refuses a damaged file
        text = before
        for name, value in changes.items():
            text = _with_line(text, name, value)
        after = load_settings(path) if path.is_file() else load_settings()
        after.with_overrides(**changes)  # refuses a value out of range
        written = tomllib.loads(text)
        if any(written.get(name) != value for name, value in changes.items()):
            raise ConfigError(f"The settings file {path} cannot be changed by the program; edit it by hand.")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomically(path, text.encode())
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"The settings file {path} cannot be written ({exc}); nothing was changed.") from exc
    return load_settings(path)


def _with_line(text: str, name: str, value: SettingValue) -> str:
    """Return TOML text with one top-level key set or taken out; a remark behind a value is kept."""
    line = re.compile(
        rf"^([ \t]*{re.escape(name)}[ \t]*=[ \t]*)[^#\r\n]*?([ \t]*(?:#[^\r\n]*)?)(\r?\n|\Z)", re.MULTILINE
    )
    if value is None:
        return line.sub("", text, count=1)
    shown = _toml(value)
    changed, count = line.subn(lambda found: f"{found[1]}{shown}{found[2]}{found[3]}", text, count=1)
    if count:
        return changed
    return text + ("" if not text or text.endswith("\n") else "\n") + f"{name} = {shown}\n"


def _toml(value: str | int | float) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f"{value:.10g}" if isinstance(value, float) else str(value)
