"""What a set of aligned faces consists of: variants of each crop; pairs and triplets as the objectives draw them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.errors import ConfigError, NotEnoughDataError
from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.core.validation import text_bytes
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import genuine_pairs, hard_impostor_pairs, random_impostor_pairs
from facerec_app.training.projection_options import ProjectionOptions
from facerec_app.training.similarity_options import SimilarityOptions
from facerec_app.training.triplet_sampling import hard_triplets

PARTS = ("training", "validation", "test")
_LEAST_CUT = 0.85
PAIR_COLUMNS = ("left", "right", "same", "drawn")
TRIPLET_COLUMNS = ("anchor", "positive", "negative")


@dataclass(frozen=True, slots=True)
class FaceSetSettings:
    """How a set of faces is made; pairs and triplets follow the defaults of the training objectives.

    Attributes:
        seed: of everything random.
        shares: of the people, for training, validation and test.
        mirrored: whether each training face also comes mirrored.
        cropped: how many smaller cuts of each training face there are, enlarged to its size again.
    """

    seed: int = 20
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    mirrored: bool = True
    cropped: int = 1

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            ConfigError: names the setting and what it may be.
        """
        if len(self.shares) != 3 or not all(0.0 < share < 1.0 for share in self.shares):
            raise ConfigError(f"The shares are {self.shares}; give three numbers above 0, such as 0.8,0.1,0.1.")
        if not 0 <= self.cropped <= 20:
            raise ConfigError(f"{self.cropped} cuts of each face were asked for; choose 0 to 20.")
        if self.seed < 0:
            raise ConfigError(f"The seed is {self.seed}; choose 0 or more.")


def split_of_people(people: Sequence[str], settings: FaceSetSettings) -> dict[str, str]:
    """Return the part of each person, by the number of their pictures; nobody is in two.

    Args:
        people: whom each picture shows.
        settings: shares and seed.

    Raises:
        NotEnoughDataError: if a part would be left without a person of two pictures.
    """
    rows = LabelledFeatures.of(np.zeros((len(people), 0), np.float32), list(people), "pictures")
    groups = rows.split_people(settings.shares, settings.seed)
    return {person: part for part, group in zip(PARTS, groups, strict=True) for person in group.people}


def crop_variants(
    crop_rgb: UInt8Array, settings: FaceSetSettings, generator: np.random.Generator
) -> dict[str, UInt8Array]:
    """Return the further pictures of one ``(S, S, 3)`` uint8 training face by the word that is added to their name."""
    variants = {"mirrored": np.ascontiguousarray(crop_rgb[:, ::-1])} if settings.mirrored else {}
    size = crop_rgb.shape[0]
    for number in range(1, settings.cropped + 1):
        side = round(size * float(generator.uniform(_LEAST_CUT, 1.0)))
        left, top = (int(generator.integers(size - side + 1)) for _ in range(2))
        cut = np.ascontiguousarray(crop_rgb[top : top + side, left : left + side])
        resized = cv2.resize(cut, (size, size), interpolation=cv2.INTER_CUBIC)
        variants[f"cropped{number}"] = np.asarray(resized, np.uint8)
    return variants


def pair_table(features: LabelledFeatures, files: Sequence[str], part: str, seed: int) -> bytes:
    """Return a CSV of pairs with a header.

    Genuine pairs up to a cap a person, impostor pairs in the ratio of the similarity network's training, a third of
    those for training hard ones; those that judge are all random.

    Args:
        features: the faces.
        files: of each of them.
        part: of the set.
        seed: of the draws.
    """
    options = SimilarityOptions()
    generator = np.random.default_rng([seed, PARTS.index(part)])
    genuine = genuine_pairs(features, options.pairs_per_person, generator)
    drawn: list[tuple[str, Int64Array]] = [("genuine", genuine)]
    if len(features.people) > 1 and len(genuine):
        impostors = round(options.negative_ratio * len(genuine))
        hard = round(options.hard_share * impostors) if part == "training" else 0
        drawn.append(("random", random_impostor_pairs(features, impostors - hard, generator)))
        if hard:
            drawn.append(("hard", hard_impostor_pairs(features, hard, _cosines, generator)))
    rows = [(files[left], files[right], int(word == "genuine"), word) for word, pairs in drawn for left, right in pairs]
    return table_bytes(PAIR_COLUMNS, rows)


def triplet_table(features: LabelledFeatures, files: Sequence[str], part: str, seed: int) -> bytes:
    """Return a CSV of triplets with a header: every genuine pair, both ways, with a negative as the triplet objective
    draws it in its first epoch; without rows where there are too few people or faces."""
    generator = np.random.default_rng([seed, 10 + PARTS.index(part)])
    try:
        rows = hard_triplets(features, features.vectors, ProjectionOptions(), generator).rows
    except NotEnoughDataError:
        rows = np.zeros((0, 3), np.int64)
    return table_bytes(TRIPLET_COLUMNS, [tuple(files[row] for row in triplet) for triplet in rows.tolist()])


def table_bytes(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Return a CSV with a header, UTF-8, lines ended by a line feed."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text_bytes(stream.getvalue())


def _cosines(left: Float32Array, right: Float32Array) -> Float32Array:
    return np.asarray(np.einsum("pd,pd->p", left, right), np.float32)
