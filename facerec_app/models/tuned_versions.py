"""Networks that were tuned on this computer, beside the gallery on disk; one small file says which is in use."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facerec_app.core.atomic_file import sync_directory, write_bytes_atomically
from facerec_app.core.errors import ConfigError, GalleryWriteError, WeightsMissingError, WeightsRejectedError
from facerec_app.core.file_lock import FileLock

_LOGGER = logging.getLogger(__name__)
_LOCK_NAME = ".lock"
_LOCK_TIMEOUT_S = 20.0
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TunedVersion:
    """One tuned network.

    Attributes:
        version_id: names it; begins with the time of its making.
        created_at: ISO 8601, UTC.
        start: what it went on from, in the words of its kind.
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
    options: Mapping[str, float | str]
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class TunedWords:
    """How one kind of tuned network is called.

    Attributes:
        noun: as in "detector".
        commands: group of commands that list them and go back, as in "facerec detectors".
        index_name: file that says which is in use.
        format: what that file calls itself.
    """

    noun: str
    commands: str
    index_name: str
    format: str


@dataclass(frozen=True, slots=True)
class TunedFile:
    """A stored network.

    Attributes:
        path: safetensors file.
        sha256: of its content.
        noun, advice: for messages: what it is and what to do if it cannot be used.
    """

    path: Path
    sha256: str
    noun: str
    advice: str

    def read(self) -> dict[str, npt.NDArray[Any]]:
        """Return its arrays.

        Raises:
            WeightsMissingError: the file is gone.
            WeightsRejectedError: it is not what was stored.
        """
        what = f"The tuned {self.noun} {self.path}"
        try:
            content = self.path.read_bytes() if self.path.stat().st_size <= _MOST_BYTES else b""
        except FileNotFoundError as exc:
            raise WeightsMissingError(f"{what} is missing; {self.advice}") from exc
        except OSError as exc:
            raise WeightsRejectedError(f"{what} cannot be read ({exc.strerror}); {self.advice}") from exc
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise WeightsRejectedError(f"{what} was changed or damaged; {self.advice}")
        try:
            return load(content)
        except (SafetensorError, ValueError) as exc:
            raise WeightsRejectedError(f"{what} is no weights file; {self.advice}") from exc


@dataclass(frozen=True, slots=True)
class _Index:
    versions: tuple[TunedVersion, ...] = ()
    history: tuple[str, ...] = field(default=())
    """Versions that were in use, the present one last; none means the shipped network."""


class TunedVersions:
    """A folder of safetensors files and an index that is replaced whole.

    A file is written before the index names it, so a kill at any moment leaves the old state or the new one. Programs
    that change something wait for each other. Every change can raise ``GalleryWriteError``.
    """

    words: ClassVar[TunedWords]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> tuple[TunedVersion, ...]:
        """Return every version, oldest first.

        Raises:
            WeightsRejectedError: the index is damaged.
        """
        return self._index().versions

    def present(self) -> TunedVersion | None:
        """Return the version in use; None means the shipped network.

        Raises:
            WeightsRejectedError: the index is damaged.
        """
        index = self._index()
        return self._find(index, index.history[-1]) if index.history else None

    def find(self, beginning: str) -> TunedVersion:
        """Return the one version whose name begins so.

        Raises:
            ConfigError: there is none, or there are several.
        """
        found = [version for version in self.all() if beginning and version.version_id.startswith(beginning)]
        if len(found) != 1:
            why = f"{len(found)} tuned {self._noun}s begin with" if found else f"There is no tuned {self._noun}"
            raise ConfigError(f"{why} '{beginning}'; '{self.words.commands} list' shows them all.")
        return found[0]

    def file(self, version: TunedVersion) -> TunedFile:
        """Return where a version's arrays are.

        Raises:
            WeightsRejectedError: the program cannot use it.
        """
        advice = f"roll back with '{self.words.commands} rollback' and train again."
        return TunedFile(self._file(version.version_id), version.sha256, self._noun, advice)

    def weights(self, version: TunedVersion) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a version, by their names in the shipped ONNX file.

        Raises:
            WeightsMissingError: the file is gone.
            WeightsRejectedError: it is not what was stored, or the program cannot use it.
        """
        return self.file(version).read()

    def file_in_use(self) -> TunedFile | None:
        """Return where the arrays of the version in use are; None means the shipped network, which also serves, with a
        warning, in place of one that is damaged."""
        try:
            version = self.present()
            if version is None:
                return None
            self.weights(version)
            return self.file(version)
        except (WeightsMissingError, WeightsRejectedError) as exc:
            _LOGGER.warning("%s The shipped %s serves.", exc, self._noun)
            return None

    def weights_in_use(self) -> dict[str, npt.NDArray[Any]] | None:
        """Return the arrays of the version in use; None as for ``file_in_use``."""
        file = self.file_in_use()
        return None if file is None else file.read()

    def add(self, version: TunedVersion, weights: Mapping[str, npt.NDArray[Any]], *, promote: bool) -> TunedVersion:
        """Store a version, and bring it into use if wanted; return it with its hash.

        Raises:
            GalleryWriteError: it could not be stored; what was in use stays.
        """
        # safetensors writes the memory as it lies: an array in another order would come back scrambled.
        content = save({name: np.ascontiguousarray(array) for name, array in weights.items()})
        stored = replace(version, sha256=hashlib.sha256(content).hexdigest())
        with self._changing(f"The tuned {self._noun} could not be stored"):
            index = self._index_or_none()
            if any(known.version_id == version.version_id for known in index.versions):
                raise GalleryWriteError(f"There is a tuned {self._noun} {version.version_id} already; train again.")
            write_bytes_atomically(self._file(version.version_id), content)
            history = (*index.history, version.version_id) if promote else index.history
            self._write(_Index((*index.versions, stored), history))
        return stored

    def promote(self, version_id: str) -> None:
        """Bring a version into use.

        Raises:
            ConfigError, WeightsMissingError, WeightsRejectedError: it cannot be used; the present one stays.
        """
        with self._changing(f"The tuned {self._noun} {version_id} could not be brought into use"):
            index = self._index()
            self.weights(self._find(index, version_id))
            history = (*(name for name in index.history if name != version_id), version_id)
            self._write(replace(index, history=history))

    def rollback(self) -> str | None:
        """Go back to the network before the present one; return it, None for the shipped network.

        Versions that are damaged are passed over, and a damaged index leads to the shipped network.

        Raises:
            ConfigError: the shipped network is in use already.
        """
        with self._changing(f"The tuned {self._noun} could not be taken back"):
            index = self._index_or_none()
            if not index.history and not self._is_damaged():
                raise ConfigError(f"The shipped {self._noun} is in use already; there is nothing to take back.")
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
        with self._changing(f"The tuned {self._noun} {version_id} could not be removed"):
            index = self._index()
            self._find(index, version_id)
            if index.history and index.history[-1] == version_id:
                raise ConfigError(f"The tuned {self._noun} {version_id} is in use; roll back first, then remove it.")
            kept = tuple(version for version in index.versions if version.version_id != version_id)
            self._write(_Index(kept, tuple(name for name in index.history if name != version_id)))
            self._file(version_id).unlink(missing_ok=True)
            sync_directory(self.folder)

    @property
    def _noun(self) -> str:
        return self.words.noun

    def _file(self, version_id: str) -> Path:
        return self.folder / f"{version_id}.safetensors"

    def _find(self, index: _Index, version_id: str) -> TunedVersion:
        for version in index.versions:
            if version.version_id == version_id:
                return version
        raise ConfigError(
            f"There is no tuned {self._noun} '{version_id}'; '{self.words.commands} list' shows them all."
        )

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
        file = self.folder / self.words.index_name
        try:
            return _parsed(file.read_bytes(), self.words.format)
        except FileNotFoundError:
            return _Index()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise WeightsRejectedError(
                f"The list of tuned {self._noun}s {file} is damaged; '{self.words.commands} rollback' begins a new one "
                f"with the shipped {self._noun} in use."
            ) from exc

    def _index_or_none(self) -> _Index:
        with contextlib.suppress(WeightsRejectedError):
            return self._index()
        return _Index()

    def _write(self, index: _Index) -> None:
        versions = [asdict(one) for one in index.versions]
        values = {"format": self.words.format, "versions": versions, "history": index.history}
        write_bytes_atomically(self.folder / self.words.index_name, (json.dumps(values, indent=1) + "\n").encode())

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


def _parsed(data: bytes, expected: str) -> _Index:
    content = json.loads(data)
    versions = tuple(_version(values) for values in content["versions"])
    history = tuple(str(name) for name in content["history"])
    if content["format"] != expected or not set(history) <= {version.version_id for version in versions}:
        raise ValueError("it is of another kind")
    return _Index(versions, history)


def _version(values: dict[str, Any]) -> TunedVersion:
    version = TunedVersion(**values)
    name = version.version_id
    if not isinstance(name, str) or not name or name.startswith(".") or Path(name).name != name:
        raise ValueError(name)
    return version
