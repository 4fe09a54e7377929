"""Open-set galleries drawn from labelled faces: what happens when enrolled people and strangers ask for a name.

A pair's probability is too sure for a name: the best of many enrolled people is picked *because* it scores high. So the
probability of a name is learnt from decisions over whole galleries of many sizes, through the same ranking that the
program runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import (
    BoolArray,
    Embeddings,
    Float32Array,
    GallerySnapshot,
    Int64Array,
    PersonScores,
)
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.training.labelled_features import LabelledFeatures

GALLERY_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
FACES_PER_PERSON = (1, 2, 3, 5)
_PROBES_PER_PERSON = 2


@dataclass(frozen=True, slots=True, eq=False)
class GalleryTrials:
    """Probes against simulated galleries, one row each.

    Attributes:
        best: ``(M,)`` float32, log odds of the best person.
        runner_up: ``(M,)`` float32, of the next, minus infinity if there is none.
        people: ``(M,)`` int64, size of the gallery in people.
        enrolled: ``(M,)`` bool, whether the probe's person is in the gallery.
        right: ``(M,)`` bool, whether the best person is the probe's.
        weights: ``(M,)`` float32; every gallery size, and within it enrolled probes and strangers, weigh the same.
        probe_people: ``(M,)`` int64, whose face each probe is: row of the features' people.
    """

    best: Float32Array
    runner_up: Float32Array
    people: Int64Array
    enrolled: BoolArray
    right: BoolArray
    weights: Float32Array
    probe_people: Int64Array

    def __len__(self) -> int:
        return int(self.best.shape[0])

    def of_size(self, people: int) -> GalleryTrials:
        """Return the trials with galleries of that size."""
        rows = self.people == people
        return GalleryTrials(
            self.best[rows], self.runner_up[rows], self.people[rows],
            self.enrolled[rows], self.right[rows], self.weights[rows], self.probe_people[rows],
        )  # fmt: skip


def simulate_galleries(
    features: LabelledFeatures,
    scorer: SimilarityScorer,
    *,
    sizes: Sequence[int] = GALLERY_SIZES,
    probes_per_size: int = 3000,
    seed: int = 11,
) -> GalleryTrials:
    """Return trials of about ``probes_per_size`` enrolled probes and as many strangers for each gallery size.

    Each gallery holds N people with 1 to 5 faces each (as many as they have, one always kept back where there are
    several); the kept-back faces are the enrolled probes, faces of people outside are the strangers. Sizes that the
    people do not suffice for (at least half must stay outside) are left out.

    Raises:
        NotEnoughDataError: if not even the smallest gallery can be filled.
    """
    generator = np.random.default_rng(seed)
    usable = [size for size in sizes if size <= len(features.people) // 2]
    if not usable:
        raise NotEnoughDataError(f"{len(features.people)} people are too few to simulate a gallery; add people.")
    parts = [_trials_of_size(features, scorer, size, probes_per_size, generator) for size in usable]
    return GalleryTrials(*(np.concatenate([getattr(part, name) for part in parts]) for name in GalleryTrials.__slots__))


def _trials_of_size(
    features: LabelledFeatures, scorer: SimilarityScorer, size: int, wanted: int, generator: np.random.Generator
) -> GalleryTrials:
    rows_of = features.rows_by_person()
    scores: list[PersonScores] = []
    truths: list[list[str]] = []
    probed: list[Int64Array] = []
    enrolled_count = stranger_count = 0
    while enrolled_count < wanted:
        gallery_rows, probe_rows, members = _draw_gallery(rows_of, size, generator)
        outside = np.setdiff1d(np.arange(len(rows_of)), members)
        chosen = generator.choice(outside, min(max(len(probe_rows), 4), len(outside)), replace=False)
        stranger_rows = np.array([generator.choice(rows_of[person]) for person in chosen], np.int64)
        probes = np.concatenate([probe_rows, stranger_rows])
        scores.append(rank_rows(features, scorer, gallery_rows, probes))
        probed.append(features.person_index[probes])
        names = [str(features.people[index]) for index in features.person_index[probe_rows].tolist()]
        truths.append(names + [""] * len(stranger_rows))
        enrolled_count += len(probe_rows)
        stranger_count += len(stranger_rows)
    return _as_trials(scores, truths, np.concatenate(probed), size)


def _draw_gallery(
    rows_of: list[Int64Array], size: int, generator: np.random.Generator
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return rows of the gallery's faces, rows of its people's probes, and its people.

    Half the people are drawn from those with two or more faces (or as many as there are), so that there are probes.
    """
    counts = np.array([len(rows) for rows in rows_of])
    several = generator.permutation(np.nonzero(counts > 1)[0])[: max((size + 1) // 2, 1)]
    others = generator.permutation(np.setdiff1d(np.arange(len(rows_of)), several))[: size - len(several)]
    members = np.concatenate([several, others]).astype(np.int64)
    gallery, probes = [], []
    for person in members.tolist():
        rows = generator.permutation(rows_of[person])
        faces = min(int(generator.choice(FACES_PER_PERSON)), max(len(rows) - 1, 1))
        gallery.append(rows[:faces])
        probes.append(rows[faces : faces + _PROBES_PER_PERSON])
    return np.concatenate(gallery), np.concatenate(probes), members


def rank_rows(
    features: LabelledFeatures, scorer: SimilarityScorer, gallery_rows: Int64Array, probe_rows: Int64Array
) -> PersonScores:
    """Return the people most like each probe, ranked as the program ranks them."""
    ids = np.array([features.people[index] for index in features.person_index[gallery_rows].tolist()], np.str_)
    snapshot = GallerySnapshot(features.vectors[gallery_rows], ids, ids, features.extractor_version, 1)
    probes = Embeddings(features.vectors[probe_rows], features.extractor_version)
    return TemplatePersonRanker(scorer).rank(probes, ExactIndex(snapshot))


def _as_trials(
    scores: list[PersonScores], truths: list[list[str]], probe_people: Int64Array, size: int
) -> GalleryTrials:
    best = np.concatenate([part.logits[:, 0] for part in scores])
    runner_up = np.concatenate(
        [part.logits[:, 1] if part.logits.shape[1] > 1 else np.full(len(part), -np.inf, np.float32) for part in scores]
    )
    named = np.concatenate([part.person_ids[:, 0] for part in scores])
    truth = np.array([name for part in truths for name in part], np.str_)
    enrolled = truth != ""
    weights = np.where(enrolled, 0.5 / max(int(enrolled.sum()), 1), 0.5 / max(int((~enrolled).sum()), 1))
    people = np.full(len(best), size, np.int64)
    right = (named == truth) & enrolled
    return GalleryTrials(best, runner_up, people, enrolled, right, weights.astype(np.float32), probe_people)
