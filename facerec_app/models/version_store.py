"""Similarity networks trained on a gallery, beside it on disk; which of them is in use is one small file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from facerec_app.core.atomic_file import sync_directory, write_bytes_atomically
from facerec_app.core.errors import (
    ConfigError,
    GalleryWriteError,
    WeightsMissingError,
    WeightsRejectedError,
)
from facerec_app.core.file_lock import FileLock
from facerec_app.models.version_record import VersionRecord, version_record_from_bytes, version_record_to_bytes

_LOGGER = logging.getLogger(__name__)
WEIGHTS_NAME = "weights.safetensors"
CALIBRATION_NAME = "calibration.json"
RECORD_NAME = "record.json"
POINTER_NAME = "present.json"
_STAGING_PREFIX = ".new-"
_LOCK_NAME = ".lock"
_LOCK_TIMEOUT_S = 20.0
_MOST_HISTORY = 50
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class StoredVersion:
    """A version whose files were read and fit their hashes.

    Attributes:
        record: what is known of it.
        weights: content of the safetensors file.
        calibration: content of the JSON file.
    """

    record: VersionRecord
    weights: bytes
    calibration: bytes


class VersionStore:
    """A folder with one folder a version and a pointer to the present one; no pointer means the shipped network.

    A version is written under a hidden name and renamed when all of it is on disk; the pointer is replaced whole. So
    a kill at any moment leaves the old state or the new one. Programs that change something wait for each other.

    Every change can raise ``GalleryWriteError`` (disk full, no rights, another program holds the lock).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # Reading

    def ids(self) -> tuple[str, ...]:
        """Return the names of all versions, oldest first, damaged ones too."""
        if not self.folder.is_dir():
            return ()
        names = (entry.name for entry in self.folder.iterdir() if entry.is_dir())
        return tuple(sorted(name for name in names if not name.startswith(".")))

    def records(self) -> tuple[VersionRecord, ...]:
        """Return the records that can be read, oldest first; ``faults`` names the others."""
        found = []
        for version_id in self.ids():
            with contextlib.suppress(WeightsRejectedError, WeightsMissingError):
                found.append(self.record(version_id))
        return tuple(found)

    def faults(self) -> dict[str, str]:
        """Return what is wrong with each damaged version, one line each, all files read."""
        found = {}
        for version_id in self.ids():
            try:
                self.read(version_id)
            except (WeightsRejectedError, WeightsMissingError) as exc:
                found[version_id] = str(exc)
        return found

    def find(self, beginning: str) -> str:
        """Return the one version whose name begins so.

        Raises:
            ConfigError: there is none, or there are several.
        """
        found = [name for name in self.ids() if name.startswith(beginning)] if beginning else []
        if beginning in found:
            return beginning
        if len(found) != 1:
            why = f"{len(found)} versions begin with" if found else "There is no version"
            raise ConfigError(f"{why} '{beginning}'; 'facerec versions list' shows them all.")
        return found[0]

    def record(self, version_id: str) -> VersionRecord:
        """Return what is known of a version, without reading its weights.

        Raises:
            WeightsMissingError: there is no such version.
            WeightsRejectedError: its record is damaged.
        """
        content = self._content(version_id, RECORD_NAME)
        try:
            record = version_record_from_bytes(content)
        except ValueError as exc:
            raise self._damaged(version_id, f"{RECORD_NAME}: {exc}") from exc
        if record.version_id != version_id:
            raise self._damaged(version_id, f"{RECORD_NAME} is that of {record.version_id}")
        return record

    def read(self, version_id: str) -> StoredVersion:
        """Return a version; what was hashed is what is returned.

        Raises:
            WeightsMissingError: there is no such version.
            WeightsRejectedError: a file of it is missing or not what was stored.
        """
        record = self.record(version_id)
        contents = {}
        for name in (WEIGHTS_NAME, CALIBRATION_NAME):
            contents[name] = self._content(version_id, name)
            if hashlib.sha256(contents[name]).hexdigest() != record.sha256.get(name):
                raise self._damaged(version_id, f"the SHA-256 of {name} is not the recorded one")
        return StoredVersion(record, contents[WEIGHTS_NAME], contents[CALIBRATION_NAME])

    def present_id(self) -> str | None:
        """Return the version in use; None means the shipped network.

        Raises:
            WeightsRejectedError: the pointer is damaged.
        """
        history = self._history()
        return history[-1] if history else None

    def state(self) -> tuple[int, int] | None:
        """Return something that changes whenever another version comes into use; costs one look at the folder."""
        try:
            facts = (self.folder / POINTER_NAME).stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_ino

    # Changes

    def add(self, record: VersionRecord, weights: bytes, calibration: bytes) -> VersionRecord:
        """Store a version, which is not in use until it is promoted; return its record with the hashes.

        Raises:
            GalleryWriteError: it could not be stored, nothing of it was kept; or there is one of that name.
        """
        contents = {WEIGHTS_NAME: weights, CALIBRATION_NAME: calibration}
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        stored = replace(record, sha256=hashes)
        contents[RECORD_NAME] = version_record_to_bytes(stored)
        staging = self.folder / f"{_STAGING_PREFIX}{uuid.uuid4().hex}"
        with self._changing("The new version could not be stored"):
            if (self.folder / record.version_id).exists():
                raise GalleryWriteError(f"There is a version {record.version_id} already; train again.")
            try:
                staging.mkdir()
                for name, content in contents.items():
                    write_bytes_atomically(staging / name, content)
                staging.rename(self.folder / record.version_id)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            sync_directory(self.folder)
        return stored

    def promote(self, version_id: str) -> None:
        """Bring a version into use.

        Raises:
            WeightsMissingError, WeightsRejectedError: it cannot be used; the present one stays.
        """
        with self._changing(f"Version {version_id} could not be brought into use"):
            self.read(version_id)
            history = [name for name in self._history_or_none() if name != version_id]
            self._point_at([*history, version_id])

    def rollback(self) -> str | None:
        """Go back to the version that was in use before the present one; return it, None for the shipped network.

        Versions that were removed or are damaged are passed over.

        Raises:
            ConfigError: the shipped network is in use already.
        """
        with self._changing("The version in use could not be taken back"):
            history = self._history_or_none()
            if not history and not (self.folder / POINTER_NAME).exists():
                raise ConfigError("The shipped network is in use already; there is nothing to take back.")
            earlier = history[:-1]
            while earlier and not self._is_usable(earlier[-1]):
                earlier.pop()
            self._point_at(earlier)
            return earlier[-1] if earlier else None

    def remove(self, version_id: str) -> None:
        """Delete a version for good.

        Raises:
            ConfigError: it is in use.
            WeightsMissingError: there is no such version.
        """
        with self._changing(f"Version {version_id} could not be removed"):
            if version_id not in self.ids():
                raise self._missing(version_id)
            history = self._history_or_none()
            if history and history[-1] == version_id:
                raise ConfigError(f"Version {version_id} is in use; promote another or roll back, then remove it.")
            if version_id in history:
                self._point_at([name for name in history if name != version_id])
            self._delete(version_id)

    def remove_all(self, version_ids: Collection[str]) -> bool:
        """Delete versions for good, the present one too: the newest before it that stays comes into use.

        Returns:
            Whether another network is in use afterwards.
        """
        if not version_ids:
            return False
        with self._changing("Versions could not be removed"):
            history = self._history_or_none()
            changes = bool(history) and history[-1] in version_ids
            kept = [name for name in history if name not in version_ids]
            while changes and kept and not self._is_usable(kept[-1]):
                kept.pop()
            if kept != history:
                self._point_at(kept)
            for version_id in version_ids:
                if version_id in self.ids():
                    self._delete(version_id)
        return changes

    def rewrite_record(self, record: VersionRecord) -> None:
        """Replace what is recorded of a version, such as identifiers of somebody who was removed."""
        with self._changing(f"The record of version {record.version_id} could not be changed"):
            write_bytes_atomically(self.folder / record.version_id / RECORD_NAME, version_record_to_bytes(record))

    def sweep(self) -> int:
        """Remove what a killed program left half-written and return how many such folders there were."""
        if not self.folder.is_dir():
            return 0
        with self._changing("Leftovers could not be removed"):
            # Whoever writes holds the lock, so that what lies here now is nobody's.
            left = [entry for entry in self.folder.iterdir() if entry.name.startswith(_STAGING_PREFIX)]
            for entry in left:
                shutil.rmtree(entry)
            for file in (*self.folder.glob(".*.tmp"), *self.folder.glob("*/.*.tmp")):
                file.unlink()
            return len(left)

    # Files

    def _history(self) -> list[str]:
        """Return the versions that were in use, the present one last."""
        try:
            content = (self.folder / POINTER_NAME).read_bytes()
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise self._bad_pointer(str(exc.strerror)) from exc
        try:
            history = json.loads(content)["history"]
        except (ValueError, KeyError, TypeError) as exc:
            raise self._bad_pointer("it is damaged") from exc
        if not isinstance(history, list) or not history or not all(_is_name(name) for name in history):
            raise self._bad_pointer("it is damaged")
        return [str(name) for name in history]

    def _history_or_none(self) -> list[str]:
        """Return the history for a change that replaces it; a damaged one is as good as none."""
        try:
            return self._history()
        except WeightsRejectedError as exc:
            _LOGGER.warning("%s", exc)
            return []

    def _point_at(self, history: list[str]) -> None:
        pointer = self.folder / POINTER_NAME
        if history:
            content = json.dumps({"history": history[-_MOST_HISTORY:]}, indent=1) + "\n"
            write_bytes_atomically(pointer, content.encode())
        else:
            pointer.unlink(missing_ok=True)
            sync_directory(self.folder)

    def has_damaged_record(self, version_id: str) -> bool:
        """Return whether a record is damaged or gone; one that cannot be read at this moment (in use) is not."""
        try:
            self.record(version_id)
        except WeightsRejectedError as exc:
            return not isinstance(exc.__cause__, OSError) or isinstance(exc.__cause__, FileNotFoundError)
        except WeightsMissingError:
            return False
        return False

    def _is_usable(self, version_id: str) -> bool:
        try:
            self.read(version_id)
        except (WeightsMissingError, WeightsRejectedError):
            return False
        return True

    def _delete(self, version_id: str) -> None:
        doomed = self.folder / f"{_STAGING_PREFIX}{uuid.uuid4().hex}"
        (self.folder / version_id).rename(doomed)  # gone at once, whatever happens to its files
        sync_directory(self.folder)
        shutil.rmtree(doomed)

    def _content(self, version_id: str, name: str) -> bytes:
        if not _is_name(version_id) or not (self.folder / version_id).is_dir():
            raise self._missing(version_id)
        file = self.folder / version_id / name
        try:
            if file.stat().st_size > _MOST_BYTES:
                raise self._damaged(version_id, f"{name} is too large")
            return file.read_bytes()
        except OSError as exc:
            raise self._damaged(version_id, f"{name}: {exc.strerror}") from exc

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

    def _missing(self, version_id: str) -> WeightsMissingError:
        return WeightsMissingError(f"There is no version '{version_id}'; 'facerec versions list' shows them all.")

    def _damaged(self, version_id: str, why: str) -> WeightsRejectedError:
        return WeightsRejectedError(
            f"Version {version_id} of the similarity network is damaged ({why}); remove it with "
            f"'facerec versions remove {version_id}' and train again."
        )

    def _bad_pointer(self, why: str) -> WeightsRejectedError:
        return WeightsRejectedError(
            f"The file {self.folder / POINTER_NAME}, which says what version is in use, cannot be used ({why}); the "
            "shipped network serves. Choose one with 'facerec versions promote'."
        )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not value.startswith(".") and Path(value).name == value
