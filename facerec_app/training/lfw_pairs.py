"""Pair lists in the format of Labeled Faces in the Wild.

A line of three fields is one person's two pictures (``name i j``), one of four two people's (``name i name j``). The
first line may give the folds and the genuine pairs in each (``10 300``), as in View 2; or one number of pairs, as in
View 1 (``1100``); or be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class PicturePair:
    """Two pictures, as paths relative to the root with slashes, and whether they show one person."""

    left: str
    right: str
    same: bool
    fold: int


@dataclass(frozen=True, slots=True)
class PairList:
    """The pairs of a file in its order, and the number of folds it declares (1 if it declares none)."""

    pairs: tuple[PicturePair, ...]
    folds: int

    @property
    def pictures(self) -> list[str]:
        """Every picture named, once, sorted."""
        return sorted({name for pair in self.pairs for name in (pair.left, pair.right)})

    @property
    def people(self) -> list[str]:
        """Every person named, once, sorted."""
        return sorted({name.split("/")[0] for name in self.pictures})


def read_pair_list(file: Path) -> PairList:
    """Read a pair list.

    Raises:
        ConfigError: names the file and line that cannot be understood.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"The pair list {file} cannot be read ({exc}); check the name given to --pairs.") from exc
    rows = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    folds, per_fold = 1, 0
    header: list[int] = []
    if rows and len(rows[0][1]) <= 2 and all(field.isdecimal() for field in rows[0][1]):
        header = [int(field) for field in rows[0][1]]
        folds, per_fold = (header[0], 2 * header[1]) if len(header) == 2 else (1, 0)
        rows = rows[1:]
    if not rows:
        raise ConfigError(f"The pair list {file} holds no pairs; give one in LFW's format.")
    if folds < 1 or (len(header) == 2 and folds * per_fold != len(rows)):
        raise ConfigError(
            f"The pair list {file} declares {folds} folds of {per_fold} pairs but holds {len(rows)} pairs; mend it."
        )
    pairs = tuple(
        _parsed(file, number, fields, row // per_fold if per_fold else 0) for row, (number, fields) in enumerate(rows)
    )
    return PairList(pairs, folds)


def _parsed(file: Path, number: int, fields: list[str], fold: int) -> PicturePair:
    if len(fields) == 3:
        fields = [fields[0], fields[1], fields[0], fields[2]]
        same = True
    else:
        same = False
    if len(fields) != 4 or not (fields[1].isdecimal() and fields[3].isdecimal()):
        raise ConfigError(f"Line {number} of the pair list {file} is not 'name i j' or 'name i name j'; mend it.")
    left, right = (_picture(file, number, name, index) for name, index in (fields[:2], fields[2:]))
    return PicturePair(left, right, same, fold)


def _picture(file: Path, number: int, name: str, index: str) -> str:
    if "/" in name or "\\" in name or name in (".", ".."):
        raise ConfigError(
            f"Line {number} of the pair list {file} names a path ('{name}') instead of a person; mend it."
        )
    return f"{name}/{name}_{int(index):04d}.jpg"
