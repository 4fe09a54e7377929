"""What a user can set, with defaults that need no setting."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from facerec_app.config.paths import DatabasePaths, default_database_dir, user_settings_file
from facerec_app.core.errors import ConfigError

DEFAULT_PROFILE = "sface"
DETECTORS = ("mtcnn", "yunet")

_PICTURE_MIN_FACE_PX = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """The program's settings.

    Attributes:
        database_dir: folder of the gallery.
        profile: recognition profile, as the model manifest names it.
        detector: ``mtcnn`` or ``yunet``; None takes the profile's own.
        min_face_px: smallest face looked for, in pixels of the frame's width.
        stranger_rate: accepted chance that a stranger in front of the camera is given a name (0.001 = one in 1,000).
        threads: threads of each network; 0 takes every core for single pictures and half of them while frames stream.
    """

    database_dir: Path
    profile: str = DEFAULT_PROFILE
    detector: str | None = None
    min_face_px: int = 40
    stranger_rate: float = 0.001
    threads: int = 0

    def __post_init__(self) -> None:
        if self.detector is not None and self.detector not in DETECTORS:
            raise ConfigError(f"There is no detector '{self.detector}'; choose one of {', '.join(DETECTORS)}.")
        if not 12 <= self.min_face_px <= 2000:
            raise ConfigError(f"The smallest face is set to {self.min_face_px} px; choose between 12 and 2000.")
        if not 1e-6 <= self.stranger_rate <= 0.5:
            raise ConfigError(f"The stranger rate is set to {self.stranger_rate:g}; choose between 0.000001 and 0.5.")
        if not 0 <= self.threads <= 256:
            raise ConfigError(f"Threads are set to {self.threads}; choose between 0 (all cores) and 256.")

    @property
    def picture_min_face_px(self) -> int:
        """Smallest face looked for in a picture, where there is time to look for small ones."""
        return min(_PICTURE_MIN_FACE_PX, self.min_face_px)

    @property
    def database(self) -> DatabasePaths:
        return DatabasePaths(self.database_dir)

    def with_overrides(self, **overrides: Any) -> Settings:
        """Return a copy in which every override that is not None replaces the setting.

        Raises:
            ConfigError: if a value cannot be used.
        """
        return replace(self, **{name: value for name, value in overrides.items() if value is not None})

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """Return a copy with these values, None among them; what is not named, such as what was given on the command
        line, stays.

        Raises:
            ConfigError: if a value cannot be used.
        """
        return replace(self, **changes)


def load_settings(file: Path | None = None) -> Settings:
    """Return the defaults, changed by the settings file if there is one.

    Args:
        file: TOML file with one key per attribute of ``Settings``; by default the user's own.

    Raises:
        ConfigError: if the file is damaged or holds a key or value that is not known.
    """
    path = file if file is not None else user_settings_file()
    settings = Settings(database_dir=default_database_dir())
    if not path.is_file():
        if file is not None:
            raise ConfigError(f"There is no settings file {path}; check the name given to --settings.")
        return settings
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f"The settings file {path} cannot be read ({exc}); mend or remove it.") from exc
    types = {"database_dir": str, "profile": str, "detector": str, "min_face_px": int, "threads": int}
    for name, value in values.items():
        if name not in {f.name for f in fields(Settings)}:
            raise ConfigError(f"The settings file {path} holds '{name}', which is not a setting; remove that line.")
        expected = types.get(name, (int, float))
        if isinstance(value, bool) or not isinstance(value, expected):
            raise ConfigError(
                f"The settings file {path} gives '{name}' a value of the wrong kind ({value!r}); mend it."
            )
    if "database_dir" in values:
        values["database_dir"] = Path(values["database_dir"]).expanduser()
    return settings.with_overrides(**values)
