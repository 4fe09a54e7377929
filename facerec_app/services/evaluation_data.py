"""What an evaluation is run on, and the hashes by which its report tells so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facerec_app.evaluation.people_lists import all_people, pictures_of_list, read_people_list
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.evaluation.subject import Subject


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """Pictures to evaluate with.

    Attributes:
        root: folder with a folder of pictures for each person.
        people_file: list of the people to use; None takes everybody with a folder.
    """

    root: Path
    people_file: Path | None = None

    def people(self) -> tuple[str, ...]:
        """Return the people's names.

        Raises:
            ConfigError: see ``people_lists``.
        """
        return all_people(self.root) if self.people_file is None else read_people_list(self.people_file)

    def pictures(self) -> list[str]:
        """Return their pictures.

        Raises:
            ConfigError: see ``people_lists``.
        """
        return pictures_of_list(self.root, self.people(), str(self.people_file or self.root))


def data_hashes(faces: PictureFaces) -> dict[str, str]:
    """Return the hashes of pictures and preprocessing, and a line that describes the latter."""
    return {
        "data": faces.data_sha256,
        "preprocessing": hashlib.sha256(faces.preprocessing.encode()).hexdigest(),
        "preprocessing_description": faces.preprocessing,
    }


def subject_hashes(subject: Subject, faces: PictureFaces) -> dict[str, str]:
    """Return the hashes of the data and of what is evaluated."""
    return {**data_hashes(faces), **subject.hashes}


def joined_hashes(subjects: Sequence[Subject], faces: PictureFaces) -> dict[str, str]:
    """Return the hashes of the data and of several scorers on it."""
    joined = data_hashes(faces)
    for subject in subjects:
        for name, value in subject.hashes.items():
            joined[name if name != "similarity_version" else f"similarity_version:{subject.name}"] = value
    return joined
