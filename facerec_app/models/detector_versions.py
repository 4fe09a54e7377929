"""O-Nets tuned on boxes that people corrected, beside the gallery on disk; one small file says which is in use."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from facerec_app.core.atomic_file import sync_directory, write_bytes_atomically
from facerec_app.core.errors import ConfigError, GalleryWriteError, WeightsMissingError, WeightsRejectedError
from facerec_app.core.file_lock import FileLock
from facerec_app.core.types import Float32Array

_LOGGER = logging.getLogger(__name__)
INDEX_NAME = "detectors.json"
_FORMAT = "facerec-detectors-1"
_LOCK_NAME = ".lock"
_LOCK_TIMEOUT_S = 20.0
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DetectorVersion:
    """One tuned O-Net.

    Attributes:
        version_id: names it; begins with the time of its making.
        created_at: ISO 8601, UTC.
        start: version that it went on from; empty for the shipped network.
        pictures: number it was trained on.
        held_out: number it was judged on.
        figures: of the comparison on the held-out pictures.
        options: of the training.
        sha256: of the weights' file; filled in when it is stored.
    """

    version_id: str
    created_at: str
    start: str
    pictures: int
    held_out: int
    figures: Mapping[str, float | None]
    options: Mapping[str, float]
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class _Index:
    versions: tuple[DetectorVersion, ...] = ()
    history: tuple[str, ...] = field(default=())
    """Versions that were in use, the present one last; none means the shipped network."""


class DetectorVersions:
    """A folder of safetensors files and an index that is replaced whole.

    A file is written before the index names it, so a kill at any moment leaves the old state or the new one. Programs
    that change something wait for each other. Every change can raise ``GalleryWriteError``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> tuple[DetectorVersion, ...]:
        """Return every version, oldest first.

        Raises:
            WeightsRejectedError: the index is damaged.
        """
        return self._index().versions

    def present(self) -> DetectorVersion | None:
        """Return the version in use; None means the shipped network.

        Raises:
            WeightsRejectedError: the index is damaged.
        """
        index = self._index()
        return self._find(index, index.history[-1]) if index.history else None

    def find(self, beginning: str) -> DetectorVersion:
        """Return the one version whose name begins so.

        Raises:
            ConfigError: there is none, or there are several.
        """
        found = [version for version in self.all() if beginning and version.version_id.startswith(beginning)]
        if len(found) != 1:
            why = f"{len(found)} tuned detectors begin with" if found else "There is no tuned detector"
            raise ConfigError(f"{why} '{beginning}'; 'facerec detectors list' shows them all.")
        return found[0]

    def weights(self, version: DetectorVersion) -> dict[str, Float32Array]:
        """Return the arrays of a version, by their names in the shipped ONNX file.

        Raises:
            WeightsMissingError: the file is gone.
            WeightsRejectedError: it is not what was stored.
        """
        file = self._file(version.version_id)
        advice = "roll back with 'facerec detectors rollback' and train again."
        try:
            content = file.read_bytes() if file.stat().st_size <= _MOST_BYTES else b""
        except FileNotFoundError as exc:
            raise WeightsMissingError(f"The tuned detector {file} is missing; {advice}") from exc
        except OSError as exc:
            raise WeightsRejectedError(f"The tuned detector {file} cannot be read ({exc.strerror}); {advice}") from exc
        if hashlib.sha256(content).hexdigest() != version.sha256:
            raise WeightsRejectedError(f"The tuned detector {file} was changed or damaged; {advice}")
        try:
            return load(content)
        except (SafetensorError, ValueError) as exc:
            raise WeightsRejectedError(f"The tuned detector {file} is no weights file; {advice}") from exc

    def weights_in_use(self) -> dict[str, Float32Array] | None:
        """Return the arrays of the version in use; None means the shipped network, which also serves, with a warning,
        in place of one that is damaged."""
        try:
            version = self.present()
            return self.weights(version) if version is not None else None
        except (WeightsMissingError, WeightsRejectedError) as exc:
            _LOGGER.warning("%s The shipped detector serves.", exc)
            return None

    def add(self, version: DetectorVersion, weights: Mapping[str, Float32Array], *, promote: bool) -> DetectorVersion:
        """Store a version, and bring it into use if wanted; return it with its hash.

        Raises:
            GalleryWriteError: it could not be stored; what was in use stays.
        """
        content = save(dict(weights))
        stored = replace(version, sha256=hashlib.sha256(content).hexdigest())
        with self._changing("The tuned detector could not be stored"):
            index = self._index_or_none()
            if any(known.version_id == version.version_id for known in index.versions):
                raise GalleryWriteError(f"There is a tuned detector {version.version_id} already; train again.")
            write_bytes_atomically(self._file(version.version_id), content)
            history = (*index.history, version.version_id) if promote else index.history
            self._write(_Index((*index.versions, stored), history))
        return stored

    def promote(self, version_id: str) -> None:
        """Bring a version into use.

        Raises:
            ConfigError, WeightsMissingError, WeightsRejectedError: it cannot be used; the present one stays.
        """
        with self._changing(f"The tuned detector {version_id} could not be brought into use"):
            index = self._index()
            self.weights(self._find(index, version_id))
            history = (*(name for name in index.history if name != version_id), version_id)
            self._write(replace(index, history=history))

    def rollback(self) -> str | None:
        """Go back to the detector before the present one; return it, None for the shipped network.

        Versions that are damaged are passed over, and a damaged index leads to the shipped network.

        Raises:
            ConfigError: the shipped network is in use already.
        """
        with self._changing("The tuned detector could not be taken back"):
            index = self._index_or_none()
            if not index.history and not self._is_damaged():
                raise ConfigError("The shipped detector is in use already; there is nothing to take back.")
            history = list(index.history[:-1])
            while history and not self._is_usable(index, history[-1]):
                history.pop()
            self._write(replace(index, history=tuple(history)))
            return history[-1] if history else None

    def remove(self, version_id: str) -> None:
        """Delete a version for good.

        Raises:
            ConfigError: there is none of that name, or it is in use.
        """
        with self._changing(f"The tuned detector {version_id} could not be removed"):
            index = self._index()
            self._find(index, version_id)
            if index.history and index.history[-1] == version_id:
                raise ConfigError(f"The tuned detector {version_id} is in use; roll back first, then remove it.")
            kept = tuple(version for version in index.versions if version.version_id != version_id)
            self._write(_Index(kept, tuple(name for name in index.history if name != version_id)))
            self._file(version_id).unlink(missing_ok=True)
            sync_directory(self.folder)

    def _file(self, version_id: str) -> Path:
        return self.folder / f"{version_id}.safetensors"

    def _find(self, index: _Index, version_id: str) -> DetectorVersion:
        for version in index.versions:
            if version.version_id == version_id:
                return version
        raise ConfigError(f"There is no tuned detector '{version_id}'; 'facerec detectors list' shows them all.")

    def _is_usable(self, index: _Index, version_id: str) -> bool:
        try:
            self.weights(self._find(index, version_id))
        except (ConfigError, WeightsMissingError, WeightsRejectedError):
            return False
        return True

    def _is_damaged(self) -> bool:
        try:
            self._index()
        except WeightsRejectedError:
            return True
        return False

    def _index(self) -> _Index:
        file = self.folder / INDEX_NAME
        try:
            return _parsed(file.read_bytes())
        except FileNotFoundError:
            return _Index()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise WeightsRejectedError(
                f"The list of tuned detectors {file} is damaged; 'facerec detectors rollback' begins a new one with "
                "the shipped detector in use."
            ) from exc

    def _index_or_none(self) -> _Index:
        with contextlib.suppress(WeightsRejectedError):
            return self._index()
        return _Index()

    def _write(self, index: _Index) -> None:
        values = {"format": _FORMAT, "versions": [asdict(one) for one in index.versions], "history": index.history}
        write_bytes_atomically(self.folder / INDEX_NAME, (json.dumps(values, indent=1) + "\n").encode())

    @contextmanager
    def _changing(self, what: str) -> Iterator[None]:
        lock = FileLock(self.folder / _LOCK_NAME)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not lock.acquire(_LOCK_TIMEOUT_S):
                raise GalleryWriteError(f"{what}: another program is changing them; try again when it has finished.")
            yield
        except OSError as exc:
            raise GalleryWriteError(
                f"{what} in {self.folder} ({exc.strerror or exc}); free some space or check its rights, then try again."
            ) from exc
        finally:
            lock.release()


def _parsed(data: bytes) -> _Index:
    content = json.loads(data)
    versions = tuple(_version(values) for values in content["versions"])
    history = tuple(str(name) for name in content["history"])
    if content["format"] != _FORMAT or not set(history) <= {version.version_id for version in versions}:
        raise ValueError("it is of another kind")
    return _Index(versions, history)


def _version(values: dict[str, Any]) -> DetectorVersion:
    version = DetectorVersion(**values)
    name = version.version_id
    if not isinstance(name, str) or not name or name.startswith(".") or Path(name).name != name:
        raise ValueError(name)
    return version
