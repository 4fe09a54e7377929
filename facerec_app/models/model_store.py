"""Model files by name, handed out only after their hash has been checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from facerec_app.config.paths import assets_dir
from facerec_app.core.errors import ConfigError, ModelError, WeightsMissingError, WeightsRejectedError
from facerec_app.models.model_manifest import ModelFile, ModelManifest, RecognitionProfile, read_manifest


class ModelStore:
    """A folder of model files with its manifest."""

    def __init__(self, folder: Path | None = None) -> None:
        """Name the folder; None means the files that ship with the program. Nothing is read yet."""
        self._folder = folder

    @cached_property
    def folder(self) -> Path:
        """Where the files lie."""
        return assets_dir() / "models" if self._folder is None else self._folder

    @cached_property
    def manifest(self) -> ModelManifest:
        """What the folder's manifest says.

        Raises:
            WeightsMissingError: if there is no manifest.
            WeightsRejectedError: if it is damaged.
        """
        return read_manifest(self.folder)

    def entry(self, name: str) -> ModelFile:
        """Return the manifest's entry of a file.

        Raises:
            WeightsMissingError: if the manifest has no such entry.
        """
        try:
            return self.manifest.files[name]
        except KeyError as exc:
            known = ", ".join(sorted(self.manifest.files))
            raise WeightsMissingError(
                f"There is no model file named '{name}' in {self.folder}; it has: {known}."
            ) from exc

    def profile(self, name: str | None = None) -> RecognitionProfile:
        """Return a recognition profile; None means the default one.

        Raises:
            ConfigError: if there is no such profile.
        """
        chosen = self.manifest.default_profile if name is None else name
        try:
            return self.manifest.profiles[chosen]
        except KeyError as exc:
            known = ", ".join(sorted(self.manifest.profiles))
            raise ConfigError(f"There is no recognition profile '{chosen}'; choose one of: {known}.") from exc

    def read(self, name: str) -> bytes:
        """Return the content of a model file; what was hashed is what is returned.

        Raises:
            WeightsMissingError: if the file is not there.
            WeightsRejectedError: if its content is not what the manifest says.
        """
        entry = self.entry(name)
        path = self.folder / entry.file
        try:
            content = path.read_bytes()
        except FileNotFoundError as exc:
            raise WeightsMissingError(
                f"The model file {path} is missing; install FaceRec again, or rebuild it as docs/models.md says."
            ) from exc
        except OSError as exc:
            raise WeightsRejectedError(f"The model file {path} cannot be read: {exc.strerror}.") from exc
        if len(content) != entry.size_bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise WeightsRejectedError(
                f"The model file {path} is damaged or was changed (its SHA-256 is not the manifest's); "
                "install FaceRec again, or rebuild it as docs/models.md says."
            )
        return content

    def path(self, name: str) -> Path:
        """Return where a model file lies, after checking its content.

        Raises:
            WeightsMissingError: if the file is not there.
            WeightsRejectedError: if its content is not what the manifest says.
        """
        self.read(name)
        return self.folder / self.entry(name).file

    def check(self) -> Mapping[str, ModelError | None]:
        """Return for every file of the manifest None if it is whole, else what is wrong with it."""
        return {name: self._fault(name) for name in self.manifest.files}

    def _fault(self, name: str) -> ModelError | None:
        try:
            self.read(name)
        except ModelError as exc:
            return exc
        return None
