"""What an import of a folder of people has to read, and what it need not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facerec_app.capture.images import is_folder, iter_image_files
from facerec_app.core.errors import ConfigError
from facerec_app.core.validation import clean_person_name, readable_path
from facerec_app.gallery.bulk_enrolment import KnownPerson
from facerec_app.gallery.people_rows import name_key
from facerec_app.services.picture_reading import PictureToRead


@dataclass(frozen=True, slots=True)
class PlannedPerson:
    """One folder of an import.

    Attributes:
        folder_name: of it.
        name: of the person; None if the folder's name is none.
        key: form under which names are the same.
        fault: why the folder's name is none.
        files: its pictures.
    """

    folder_name: str
    name: str | None
    key: str
    fault: ConfigError | None
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """An import before it begins.

    Attributes:
        people: one a folder, sorted.
        pictures: what is to be read, in order.
        person_of: which of ``people`` each picture is of.
        total: number of pictures in all, those that need not be read too.
        known: who is enrolled, by key.
    """

    people: tuple[PlannedPerson, ...]
    pictures: tuple[PictureToRead, ...]
    person_of: tuple[int, ...]
    total: int
    known: Mapping[str, KnownPerson]


def plan_import(root: Path, known: Mapping[str, KnownPerson]) -> ImportPlan:
    """Return what is to be done to import a folder; what is enrolled already is passed over.

    Raises:
        ConfigError: there is no such folder or it holds no folder with pictures.
    """
    people = tuple(_planned(name, files) for name, files in _people_of(root))
    pictures: list[PictureToRead] = []
    person_of: list[int] = []
    for number, person in enumerate(people):
        if person.fault is not None:
            continue
        before = known[person.key].sources if person.key in known else frozenset()
        for file in person.files:
            source = readable_path(f"{person.folder_name}/{file.name}")
            if source not in before:
                pictures.append(PictureToRead(source, file))
                person_of.append(number)
    total = sum(len(person.files) for person in people)
    return ImportPlan(people, tuple(pictures), tuple(person_of), total, known)


def _planned(folder_name: str, files: list[Path]) -> PlannedPerson:
    try:
        name = clean_person_name(folder_name.replace("_", " "))
    except ConfigError as exc:
        return PlannedPerson(folder_name, None, "", exc, tuple(files))
    return PlannedPerson(folder_name, name, name_key(name), None, tuple(files))


def _people_of(root: Path) -> list[tuple[str, list[Path]]]:
    """Return folder names with their pictures; folders without any are left out."""
    if not is_folder(root):
        raise ConfigError(f"There is no folder {root}; give a folder that holds a folder of pictures for each person.")
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    people = [(folder.name, list(iter_image_files(folder))) for folder in folders]
    people = [(name, files) for name, files in people if files]
    if not people:
        raise ConfigError(
            f"{root} holds no folder with pictures; put each person's pictures in a folder of their name."
        )
    return people
