"""Which pictures an evaluation is about: a folder with a folder of pictures for each person, and lists of people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facerec_app.core.errors import ConfigError
from facerec_app.training.lfw_pairs import PairList
from facerec_app.training.picture_features import pictures_of_people


def read_people_list(file: Path) -> tuple[str, ...]:
    """Return the names of a list with one a line, each once, in its order; ``#`` starts a remark.

    Raises:
        ConfigError: if it cannot be read, is empty or holds something that is no folder's name.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"The list of people {file} cannot be read ({exc}); check its name.") from exc
    names = list(dict.fromkeys(name for name in (line.split("#")[0].strip() for line in lines) if name))
    wrong = [name for name in names if "/" in name or "\\" in name or name in {".", ".."}]
    if wrong:
        raise ConfigError(f"The list of people {file} holds '{wrong[0]}', which is a path and no name; mend it.")
    if not names:
        raise ConfigError(f"The list of people {file} is empty; write one name a line.")
    return tuple(names)


def require_folder(root: Path) -> None:
    """Raise ``ConfigError`` unless there is such a folder."""
    if not root.is_dir():
        raise ConfigError(f"There is no folder {root}; check the name given to --root.")


def all_people(root: Path) -> tuple[str, ...]:
    """Return everybody who has a folder of pictures, sorted.

    Raises:
        ConfigError: if there is no such folder, or no pictures of people in it.
    """
    require_folder(root)
    folders = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    people = tuple(name for name in folders if pictures_of_people(root, [name]))
    if not people:
        raise ConfigError(f"The folder {root} holds no folders with pictures (JPEG or PNG), one for each person.")
    return people


def pictures_of_list(root: Path, people: Sequence[str], source: str) -> list[str]:
    """Return the pictures of listed people.

    Args:
        root: folder of the pictures.
        people: names.
        source: what names them, for messages.

    Raises:
        ConfigError: if somebody has no pictures there.
    """
    require_folder(root)
    pictures = pictures_of_people(root, people)
    seen = {name.split("/")[0] for name in pictures}
    missing = [person for person in people if person not in seen]
    if missing:
        raise ConfigError(
            f"{len(missing)} of the {len(people)} people of {source} have no pictures under {root}, the first is "
            f"{missing[0]}; check that list and folder belong together."
        )
    return pictures


def pictures_of_pairs(root: Path, pairs: PairList, pairs_file: Path) -> list[str]:
    """Return every picture of every person of a pair list.

    Raises:
        ConfigError: if the list names pictures that are not there.
    """
    require_folder(root)
    missing = [name for name in pairs.pictures if not (root / name).is_file()]
    if missing:
        raise ConfigError(
            f"{len(missing)} pictures of the pair list {pairs_file} are not under {root}, the first is {missing[0]}; "
            "check that list and folder belong together."
        )
    return sorted({*pictures_of_people(root, pairs.people), *pairs.pictures})
