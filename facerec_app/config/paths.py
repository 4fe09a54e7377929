"""Where things lie on disk: the one place that knows a clone from an installed program."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from facerec_app.core.errors import ConfigError

DATABASE_VARIABLE = "FACEREC_DATABASE"
_PACKAGE_DIR = Path(__file__).resolve().parent.parent
_DIRS = PlatformDirs("facerec", appauthor=False)


def _clone_root() -> Path | None:
    """Return the root of the checkout that this code runs from, or None when installed from a wheel."""
    root = _PACKAGE_DIR.parent
    return root if (root / "pyproject.toml").is_file() and (root / "assets").is_dir() else None


def assets_dir() -> Path:
    """Return the folder of shipped models, icons and demonstration pictures.

    In a wheel it is mapped to ``facerec_app/_assets``; in a clone (also an editable install) it is ``assets/``.

    Raises:
        ConfigError: if neither is there, which means a broken installation.
    """
    packaged = _PACKAGE_DIR / "_assets"
    if packaged.is_dir():
        return packaged
    root = _clone_root()
    if root is not None:
        return root / "assets"
    raise ConfigError(f"The program's assets are missing beside {_PACKAGE_DIR}; install FaceRec again.")


def default_database_dir() -> Path:
    """Return ``$FACEREC_DATABASE``, else ``database/`` of a clone, else the user's data folder."""
    from_environment = os.environ.get(DATABASE_VARIABLE)
    if from_environment:
        return Path(from_environment).expanduser()
    root = _clone_root()
    return root / "database" if root is not None else Path(_DIRS.user_data_path) / "database"


def user_settings_file() -> Path:
    """Return the file that holds the user's settings (TOML); it need not exist."""
    return Path(_DIRS.user_config_path) / "settings.toml"


def user_log_dir() -> Path:
    """Return the folder for log files; it need not exist."""
    return Path(_DIRS.user_log_path)


def user_cache_dir() -> Path:
    """Return the folder for what can always be made again; it need not exist."""
    return Path(_DIRS.user_cache_path)


@dataclass(frozen=True, slots=True)
class DatabasePaths:
    """The files of one gallery.

    Attributes:
        root: the gallery's folder.
    """

    root: Path

    @property
    def database_file(self) -> Path:
        return self.root / "gallery.sqlite3"

    @property
    def pictures_dir(self) -> Path:
        return self.root / "pictures"

    @property
    def thumbnails_dir(self) -> Path:
        """Small squares around the faces; a cache, gone with each face."""
        return self.root / "thumbnails"

    @property
    def snapshot_file(self) -> Path:
        """A mapped copy of a very large gallery's features; a cache, gone with every change."""
        return self.root / "snapshot.cache"

    @property
    def staging_dir(self) -> Path:
        """Where long work leaves results until they are swapped in whole."""
        return self.root / "staging"

    @property
    def versions_dir(self) -> Path:
        """Similarity networks trained on this gallery, one folder each."""
        return self.root / "versions"

    @property
    def detectors_dir(self) -> Path:
        """Last stages of the detector tuned on boxes that the user corrected."""
        return self.root / "detectors"

    @property
    def extractors_dir(self) -> Path:
        """Heads of the ResNet50 fine-tuned on the user's own people."""
        return self.root / "extractors"
