"""The folder of a training set while it is being made: whose it is, what is done, and the record at its end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import ConfigError, OutputWriteError
from facerec_app.core.file_lock import FileLock
from facerec_app.core.validation import text_bytes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RECORD_NAME = "dataset.json"
PICTURES_NAME = "pictures.jsonl"
_LOCK_NAME = ".making"
_FORMAT = "facerec-dataset-1"


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file of the set: path relative to the folder, with slashes, and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PictureLine:
    """What became of one picture of the source; one line of ``pictures.jsonl``.

    Attributes:
        picture: its name in the source.
        sha256: of its file.
        part: of the set that it belongs to.
        files: made from it.
        fault: why nothing was made from it, empty otherwise.
        facts: about the face or the windows, for readers and for the tables of the set.
    """

    picture: str
    sha256: str
    part: str
    files: tuple[MadeFile, ...] = ()
    fault: str = ""
    facts: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()

    def to_json(self) -> str:
        """Return the line without its end."""
        files = [{"path": file.path, "sha256": file.sha256} for file in self.files]
        values = {"picture": self.picture, "sha256": self.sha256, "part": self.part, "files": files,
                  "fault": self.fault, "facts": self.facts}  # fmt: skip
        return json.dumps(values, ensure_ascii=False)

    @staticmethod
    def from_json(line: str) -> PictureLine:
        """Read a line.

        Raises:
            ValueError, KeyError, TypeError: if it is no whole line.
        """
        stored = json.loads(line)
        files = tuple(MadeFile(str(file["path"]), str(file["sha256"])) for file in stored["files"])
        return PictureLine(
            str(stored["picture"]), str(stored["sha256"]), str(stored["part"]), files, str(stored["fault"]),
            stored["facts"],
        )  # fmt: skip


class DatasetFolder:
    """Takes a new or empty folder, or one in which the same set was begun, and no other.

    Everything is written whole or not at all; a line is added for each picture when its files are there, so that work
    that was ended, even by a kill, goes on where it stopped and comes to the same bytes.

    Args:
        path: the folder; made where it is missing.
        identity: what makes this set the one it is: task, source, settings, models.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._identity: dict[str, Any] = json.loads(json.dumps({"format": _FORMAT, **identity}))
        self._lock = FileLock(path / _LOCK_NAME)
        self._lines: dict[str, PictureLine] = {}

    def open(self) -> None:
        """Take the folder.

        Raises:
            ConfigError: it holds something else, another set, or another program is making this one.
            OutputWriteError: it cannot be made or written to.
        """
        record = self.path / RECORD_NAME
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if record.is_file():
                self._compare(self._stored_record())
            elif any(entry.name != _LOCK_NAME for entry in self.path.iterdir()):
                raise ConfigError(
                    f"The folder {self.path} holds files that are no set of this program; give a new or empty one."
                )
            if not self._lock.acquire():
                raise ConfigError(f"Another program is making the set in {self.path}; wait for it or end it.")
            self._read_lines()
            self._write_record({**self._identity, "complete": False})
        except OSError as exc:
            raise OutputWriteError(f"{self.path} cannot be written: {exc.strerror or exc}; choose another.") from exc

    def close(self) -> None:
        """Give the folder back to others; the lock's empty file stays, for somebody may be waiting for it."""
        self._lock.release()

    def done(self, picture: str, sha256: str) -> PictureLine | None:
        """Return what was made of a picture before, if all of it is still there unchanged."""
        line = self._lines.get(picture)
        if line is None or line.sha256 != sha256 or any(self._digest(file.path) != file.sha256 for file in line.files):
            return None
        return line

    def add(self, line: PictureLine) -> None:
        """Note a picture whose files are written.

        Raises:
            OutputWriteError: the disk is full.
        """
        self._lines[line.picture] = line
        try:
            with (self.path / PICTURES_NAME).open("a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(line.to_json() + "\n")
        except OSError as exc:
            raise OutputWriteError(f"{self.path} cannot be written: {exc.strerror or exc}; free space.") from exc

    def write_file(self, path: str, data: bytes) -> MadeFile:
        """Write one file of the set, whole or not at all.

        Raises:
            OutputWriteError: it cannot be written.
        """
        target = self.path / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(target, data)
        except OSError as exc:
            raise OutputWriteError(
                f"{target} cannot be written: {exc.strerror or exc}; free space or choose another place."
            ) from exc
        return MadeFile(path, hashlib.sha256(data).hexdigest())

    def finish(self, lines: Sequence[PictureLine], tables: Sequence[MadeFile], counts: Mapping[str, Any]) -> Path:
        """Write the lines in the source's order and the record with the SHA-256 of every file; return the record.

        Raises:
            OutputWriteError: a file cannot be written.
        """
        text = "".join(line.to_json() + "\n" for line in lines)
        pictures = self.write_file(PICTURES_NAME, text_bytes(text))
        files = [*(file for line in lines for file in line.files), *tables, pictures]
        record = {
            **self._identity,
            "complete": True,
            "counts": dict(counts),
            "files": {file.path: file.sha256 for file in sorted(files, key=lambda file: file.path)},
        }
        self._write_record(record)
        return self.path / RECORD_NAME

    def _write_record(self, record: Mapping[str, Any]) -> None:
        self.write_file(RECORD_NAME, text_bytes(json.dumps(record, ensure_ascii=False, indent=2) + "\n"))

    def _stored_record(self) -> dict[str, Any]:
        try:
            stored = json.loads((self.path / RECORD_NAME).read_text(encoding="utf-8"))
        except (UnicodeDecodeError, ValueError) as exc:
            raise ConfigError(f"The record {self.path / RECORD_NAME} is damaged; give a new folder.") from exc
        if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
            raise ConfigError(f"{self.path / RECORD_NAME} is no record of this program; give a new folder.")
        return stored

    def _compare(self, stored: Mapping[str, Any]) -> None:
        differing = [name for name, value in self._identity.items() if stored.get(name) != value]
        if differing:
            raise ConfigError(
                f"The folder {self.path} holds a set that was made otherwise: its {' and '.join(differing)} differ; "
                "give another folder, or the same command as then."
            )

    def _read_lines(self) -> None:
        file = self.path / PICTURES_NAME
        whole: list[PictureLine] = []
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        for stored in text.split("\n"):  # a name may hold what else counts as the end of a line
            try:
                whole.append(PictureLine.from_json(stored))
            except (ValueError, KeyError, TypeError):
                break  # cut off by a kill: what follows, if anything, is made again
        self._lines = {line.picture: line for line in whole}
        if text:
            self.write_file(PICTURES_NAME, text_bytes("".join(line.to_json() + "\n" for line in whole)))

    def _digest(self, path: str) -> str:
        try:
            return hashlib.sha256((self.path / path).read_bytes()).hexdigest()
        except OSError:
            return ""


def plain_settings(settings: DataclassInstance) -> dict[str, Any]:
    """Return a settings dataclass as values that JSON keeps as they are."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}
