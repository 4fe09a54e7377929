"""Open-set trials: galleries are drawn from people, and the enrolled and strangers ask for a name.

Terms as in ISO/IEC 19795-1: a probe of an enrolled person should be named (FNIR counts those that are not), a
stranger should not (FPIR counts those that are).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError
from facerec_app.core.protocols import PictureDecider, SimilarityScorer
from facerec_app.core.types import (
    BoolArray,
    Embeddings,
    Float32Array,
    GallerySnapshot,
    Int64Array,
    PersonScores,
    Verdict,
)
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.gallery.exact_index import ExactIndex

RANKS_KEPT = 20
_NOBODY = np.float32(-np.inf)


@dataclass(frozen=True, slots=True)
class OpenSetPlan:
    """How galleries are drawn.

    Attributes:
        gallery_people: people in each gallery.
        enrolled_pictures: pictures enrolled of each; the others of a person are probes.
        draws: how often everything is drawn anew.
        seed: of the draws.
    """

    gallery_people: int
    enrolled_pictures: int = 1
    draws: int = 10
    seed: int = 1


@dataclass(frozen=True, slots=True)
class OpenSetPeople:
    """Who takes which part.

    Attributes:
        probes: people with more pictures than are enrolled; every draw enrols each of them in one gallery.
        fillers: groups of people who fill galleries up, the first group first.
        strangers: people who ask without being enrolled; those who fill a gallery do not ask it.
    """

    probes: tuple[str, ...]
    fillers: tuple[tuple[str, ...], ...]
    strangers: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GalleryDraw:
    """Rows of pictures: enrolled, kept back of the enrolled, and of strangers; no person is on both sides."""

    enrolled: Int64Array
    probes: Int64Array
    strangers: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class OpenSetTrials:
    """Probes against galleries of one size, one row each.

    Attributes:
        picture: ``(M,)`` int64, row of the probe's picture.
        person: ``(M,)`` int64, whose it is.
        enrolled: ``(M,)`` bool.
        best: ``(M,)`` float32, score of the best person; minus infinity without a face.
        mate_rank: ``(M,)`` int64, rank of the probe's own person from 1 on; 0 if not among the best twenty.
        named: ``(M,)`` bool, whether the program would show a name.
        best_person: ``(M,)`` int64, the best enrolled person; -1 if nobody.
        mate_picture: ``(M,)`` int64, an enrolled picture of the probe's person; -1 for strangers.
    """

    picture: Int64Array
    person: Int64Array
    enrolled: BoolArray
    best: Float32Array
    mate_rank: Int64Array
    named: BoolArray
    best_person: Int64Array
    mate_picture: Int64Array

    def __len__(self) -> int:
        return int(self.picture.shape[0])

    @property
    def right(self) -> BoolArray:
        """``(M,)`` bool, whether the best person is the probe's own."""
        return np.asarray(self.mate_rank == 1, np.bool_)

    @staticmethod
    def joined(parts: Sequence[OpenSetTrials]) -> OpenSetTrials:
        """Return the trials of several galleries as one."""
        names = OpenSetTrials.__slots__
        return OpenSetTrials(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def split_in_halves(faces: PictureFaces, enrolled_pictures: int, seed: int) -> OpenSetPeople:
    """Return the simple form: half of the people may be enrolled, the others are strangers.

    People with pictures to spare are halved apart from the rest, so that both halves have as many.

    Raises:
        NotEnoughDataError: if nobody would be left to probe with, or no stranger.
    """
    generator = np.random.default_rng(seed)
    probes, rest = people_by_pictures(faces, faces.labelled.people, enrolled_pictures)
    several, single = generator.permutation(np.array(probes, np.str_)), generator.permutation(np.array(rest, np.str_))
    half, half_rest = (len(several) + 1) // 2, len(single) // 2
    strangers = [*several[half:].tolist(), *single[half_rest:].tolist()]
    if not half or not strangers:
        raise NotEnoughDataError(
            f"{len(probes)} people have more than {enrolled_pictures} pictures, too few to enrol half of them and keep "
            "pictures to ask with; add pictures or enrol fewer of each."
        )
    return OpenSetPeople(tuple(several[:half].tolist()), (tuple(single[:half_rest].tolist()),), tuple(strangers))


def people_by_pictures(
    faces: PictureFaces, people: Sequence[str], enrolled_pictures: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the people who have more pictures than are enrolled, and the others."""
    counts = dict(zip(faces.labelled.people, np.bincount(faces.labelled.person_index).tolist(), strict=True))
    several = tuple(person for person in people if counts.get(person, 0) > enrolled_pictures)
    return several, tuple(person for person in people if 0 < counts.get(person, 0) <= enrolled_pictures)


def draw_galleries(faces: PictureFaces, people: OpenSetPeople, plan: OpenSetPlan, draw: int) -> list[GalleryDraw]:
    """Return the galleries of one draw: enough of the planned size for every probe person to be enrolled once.

    Each stranger asks one gallery, chosen at random among those that do not hold them.

    Raises:
        NotEnoughDataError: if the people do not fill a gallery of that size or leave no stranger.
    """
    generator = np.random.default_rng([plan.seed, plan.gallery_people, draw])
    rows_of = dict(zip(faces.labelled.people, faces.labelled.rows_by_person(), strict=True))
    order = generator.permutation(np.array(people.probes, np.str_)).tolist()
    groups = [order[start : start + plan.gallery_people] for start in range(0, len(order), plan.gallery_people)]
    if not groups:
        raise NotEnoughDataError(
            f"Nobody has more than {plan.enrolled_pictures} pictures; add pictures or enrol fewer of each person."
        )
    members = [_filled(group, people, plan, generator) for group in groups]
    asked: list[list[str]] = [[] for _ in members]
    for stranger in people.strangers:
        free = [number for number, member in enumerate(members) if stranger not in member]
        if free:
            asked[int(generator.choice(free))].append(stranger)
    if not any(asked):
        raise NotEnoughDataError(
            f"A gallery of {plan.gallery_people} people leaves no stranger; ask for a smaller one or add people."
        )
    return [
        _pictures_drawn(rows_of, group, member, strangers, plan, generator)
        for group, member, strangers in zip(groups, members, asked, strict=True)
    ]


def _filled(group: list[str], people: OpenSetPeople, plan: OpenSetPlan, generator: np.random.Generator) -> set[str]:
    members = set(group)
    for fillers in people.fillers:
        missing = plan.gallery_people - len(members)
        usable = [person for person in fillers if person not in members]
        members |= set(generator.permutation(np.array(usable, np.str_))[:missing].tolist())
    if len(members) < plan.gallery_people:
        available = len(set(people.probes).union(*people.fillers))
        raise NotEnoughDataError(
            f"A gallery of {plan.gallery_people} people cannot be filled: there are {available}; ask for a smaller one "
            "(--gallery) or give further people (--fill)."
        )
    return members


def _pictures_drawn(
    rows_of: dict[str, Int64Array], group: list[str], members: set[str], strangers: list[str], plan: OpenSetPlan,
    generator: np.random.Generator,
) -> GalleryDraw:  # fmt: skip
    enrolled, probes = [], []
    for person in sorted(members):
        rows = generator.permutation(rows_of[person])
        enrolled.append(rows[: plan.enrolled_pictures])
        if person in group:
            probes.append(rows[plan.enrolled_pictures :])
    asking = [int(generator.choice(rows_of[person])) for person in strangers]
    return GalleryDraw(np.concatenate(enrolled), np.concatenate(probes), np.array(asking, np.int64))


def run_open_set(
    faces: PictureFaces,
    people: OpenSetPeople,
    plan: OpenSetPlan,
    scorer: SimilarityScorer,
    decider: PictureDecider | None,
    *,
    on_draw: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> OpenSetTrials:
    """Return the trials of all draws, ranked as the program ranks and decided as it decides.

    A probe without a face is never named and so counts as a miss; a person whose enrolled pictures show no face is
    not in the gallery, and their probes count as misses too.

    Raises:
        NotEnoughDataError: see ``draw_galleries``.
        TrainingCancelledError: if ``cancelled`` said so.
    """
    ranker = TemplatePersonRanker(scorer, people_per_probe=RANKS_KEPT)
    parts = []
    for draw in range(plan.draws):
        for gallery in draw_galleries(faces, people, plan, draw):
            if cancelled():
                raise TrainingCancelledError("Stopped while asking the galleries; nothing was written.")
            parts.append(_asked(faces, gallery, ranker, decider))
        on_draw(draw + 1, plan.draws)
    return OpenSetTrials.joined(parts)


def _asked(
    faces: PictureFaces, gallery: GalleryDraw, ranker: TemplatePersonRanker, decider: PictureDecider | None
) -> OpenSetTrials:
    found, version = faces.rows.found, faces.extractor_version
    people, person_of = faces.labelled.people, faces.labelled.person_index
    known = gallery.enrolled[found[gallery.enrolled]]
    ids = np.array([people[index] for index in person_of[known].tolist()], np.str_)
    snapshot = GallerySnapshot(faces.rows.vectors[known], ids, known.astype(np.str_), version, 1)
    asking = np.concatenate([gallery.probes, gallery.strangers])
    seen = np.nonzero(found[asking])[0]
    ranked = ranker.rank(Embeddings(faces.rows.vectors[asking[seen]], version), ExactIndex(snapshot))
    count = len(asking)
    best, rank = np.full(count, _NOBODY, np.float32), np.zeros(count, np.int64)
    named, best_person = np.zeros(count, np.bool_), np.full(count, -1, np.int64)
    enrolled = np.arange(count) < len(gallery.probes)
    if ranked.logits.shape[1]:
        best[seen] = ranked.logits[:, 0]
        rank[seen] = _mate_ranks(ranked, [people[index] for index in person_of[asking[seen]].tolist()])
        index_of = {name: index for index, name in enumerate(people)}
        best_person[seen] = [index_of.get(name, -1) for name in ranked.person_ids[:, 0].tolist()]
        if decider is not None:
            named[seen] = [_is_named(decider, ranked, row) for row in range(len(seen))]
    mates = dict(zip(person_of[gallery.enrolled].tolist(), gallery.enrolled.tolist(), strict=True))
    mate_picture = np.array([mates[person] for person in person_of[gallery.probes].tolist()], np.int64)
    return OpenSetTrials(
        asking, person_of[asking], enrolled, best, np.where(enrolled, rank, 0), named, best_person,
        np.concatenate([mate_picture, np.full(len(gallery.strangers), -1, np.int64)]),
    )  # fmt: skip


def _mate_ranks(ranked: PersonScores, names: list[str]) -> Int64Array:
    hits = ranked.person_ids == np.array(names, np.str_)[:, None]
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0).astype(np.int64)


def _is_named(decider: PictureDecider, ranked: PersonScores, row: int) -> bool:
    """Return the decision on one probe alone: a picture of its own, as nobody is in two places of one picture."""
    chosen = slice(row, row + 1)
    alone = PersonScores(ranked.person_ids[chosen], ranked.logits[chosen], ranked.gallery_people)
    return decider.decide(alone)[0].verdict is Verdict.KNOWN
