"""Leave-one-out on the user's own people: each enrolled face is asked about as if it were not enrolled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError
from facerec_app.core.protocols import GalleryIndex, PersonRanker, PictureDecider, SimilarityScorer
from facerec_app.core.types import Embeddings, GallerySnapshot, PersonScores, Verdict
from facerec_app.core.validation import require_finite
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.gallery.exact_index import ExactIndex

NEAR_DUPLICATE_COSINE = 0.93
"""Cosine from which two faces are taken for one picture enrolled twice. Of SFace's features, 95 % of pictures that
were compressed, halved, cut or brightened again lie above it, and 20 of some 100,000 pairs of different pictures of
one LFW training person (docs/evaluation.md)."""


@dataclass(frozen=True, slots=True)
class ReviewedFace:
    """One enrolled face, asked about without itself.

    Attributes:
        face_id, person_id: of the gallery.
        named_id: whose name the program would show, None for nobody's.
        best_id: the most alike person, None if nobody else is enrolled.
        probability: that the best person is right.
        alone: whether it is the only face of its person.
    """

    face_id: str
    person_id: str
    named_id: str | None
    best_id: str | None
    probability: float
    alone: bool


@dataclass(frozen=True, slots=True)
class DuplicateFaces:
    """Two faces so alike that they are probably one picture; of one person or, worse, of two."""

    left_face_id: str
    right_face_id: str
    left_person_id: str
    right_person_id: str
    cosine: float


@dataclass(frozen=True, slots=True)
class PersonAdvice:
    """What to do about one person.

    Attributes:
        person_id: of the gallery.
        faces: enrolled and in use.
        recognised: faces that the others of the person would get the right name for; None with a single face.
        advice: a sentence that begins with what to do; empty if all is well.
    """

    person_id: str
    faces: int
    recognised: int | None
    advice: str


@dataclass(frozen=True, slots=True)
class GalleryReview:
    """The result.

    Attributes:
        faces: every face in use.
        mislabelled: faces with other faces of their person enrolled that would still get somebody else's name.
        confused: pairs of people, how many faces of the first would get the second's name.
        duplicates: see there, most alike first.
        people: advice for everybody, those with something to do first.
    """

    faces: tuple[ReviewedFace, ...]
    mislabelled: tuple[ReviewedFace, ...]
    confused: tuple[tuple[str, str, int], ...]
    duplicates: tuple[DuplicateFaces, ...]
    people: tuple[PersonAdvice, ...]


class LeftOutRanker:
    """Ranks as the program does, with every person's bar as the whole gallery sets it.

    Deriving the bars anew for each face left out would take a gallery's size times as long, and one face moves them
    little.

    Args:
        scorer: judges pairs of features.
        snapshot: the whole gallery.
    """

    def __init__(self, scorer: SimilarityScorer, snapshot: GallerySnapshot) -> None:
        bars = TemplatePersonRanker(scorer).thresholds(snapshot)
        self._raises = dict(zip(bars.person_ids.tolist(), bars.raises.tolist(), strict=True))
        self._ranker = TemplatePersonRanker(scorer, bar_weight=0.0)

    def rank(self, probes: Embeddings, index: GalleryIndex) -> PersonScores:
        """Return the people most like each probe, best first.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
        """
        scores = self._ranker.rank(probes, index)
        raised = [[self._raises.get(person, 0.0) for person in row] for row in scores.person_ids.tolist()]
        lowered = (scores.logits - np.array(raised, np.float32).reshape(scores.logits.shape)).astype(np.float32)
        order = np.argsort(-lowered, axis=1, kind="stable")
        return PersonScores(
            np.take_along_axis(scores.person_ids, order, axis=1),
            np.take_along_axis(lowered, order, axis=1),
            scores.gallery_people,
        )


def review_gallery(
    snapshot: GallerySnapshot,
    ranker: PersonRanker,
    decider: PictureDecider,
    *,
    on_face: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> GalleryReview:
    """Return what leaving out one face at a time shows.

    Raises:
        NotEnoughDataError: if there are fewer than two faces.
        InferenceError: if a feature is not finite.
        TrainingCancelledError: if ``cancelled`` said so.
    """
    if len(snapshot) < 2:
        raise NotEnoughDataError(
            f"The gallery holds {len(snapshot)} face{'' if len(snapshot) == 1 else 's'}; a review compares faces, so "
            "enrol at least two."
        )
    require_finite(snapshot.vectors, "A feature of the gallery")
    counts = Counter(snapshot.person_ids.tolist())
    faces = []
    for row in range(len(snapshot)):
        if cancelled():
            raise TrainingCancelledError("Stopped during the review; nothing was changed.")
        faces.append(_reviewed(snapshot, row, counts, ranker, decider))
        on_face(row + 1, len(snapshot))
    duplicates = _duplicates(snapshot)
    wrong = [face for face in faces if face.named_id is not None and face.named_id != face.person_id]
    confused = Counter((face.person_id, str(face.named_id)) for face in wrong)
    return GalleryReview(
        tuple(faces),
        tuple(sorted((face for face in wrong if not face.alone), key=lambda face: -face.probability)),
        tuple((left, right, count) for (left, right), count in confused.most_common()),
        duplicates,
        _advice(snapshot, faces, duplicates),
    )


def _reviewed(
    snapshot: GallerySnapshot, row: int, counts: Counter[str], ranker: PersonRanker, decider: PictureDecider
) -> ReviewedFace:
    others = np.arange(len(snapshot)) != row
    rest = GallerySnapshot(
        snapshot.vectors[others], snapshot.person_ids[others], snapshot.face_ids[others], snapshot.extractor_version,
        snapshot.revision,
    )  # fmt: skip
    probe = Embeddings(snapshot.vectors[row : row + 1], snapshot.extractor_version)
    decision = decider.decide(ranker.rank(probe, ExactIndex(rest)))[0]
    person = str(snapshot.person_ids[row])
    return ReviewedFace(
        str(snapshot.face_ids[row]), person, decision.person_id if decision.verdict is Verdict.KNOWN else None,
        decision.best_person_id, decision.probability, counts[person] == 1,
    )  # fmt: skip


def _duplicates(snapshot: GallerySnapshot, block: int = 512) -> tuple[DuplicateFaces, ...]:
    found = []
    for start in range(0, len(snapshot), block):
        cosines = snapshot.vectors[start : start + block] @ snapshot.vectors.T
        lefts, rights = np.nonzero(cosines >= NEAR_DUPLICATE_COSINE)
        for left, right in zip((lefts + start).tolist(), rights.tolist(), strict=True):
            if left < right:
                found.append(
                    DuplicateFaces(
                        str(snapshot.face_ids[left]),
                        str(snapshot.face_ids[right]),
                        str(snapshot.person_ids[left]),
                        str(snapshot.person_ids[right]),
                        min(float(cosines[left - start, right]), 1.0),
                    )
                )
    return tuple(sorted(found, key=lambda pair: -pair.cosine))


def _advice(
    snapshot: GallerySnapshot, faces: list[ReviewedFace], duplicates: tuple[DuplicateFaces, ...]
) -> tuple[PersonAdvice, ...]:
    twice = Counter(pair.left_person_id for pair in duplicates if pair.left_person_id == pair.right_person_id)
    of_person: dict[str, list[ReviewedFace]] = {}
    for face in faces:
        of_person.setdefault(face.person_id, []).append(face)
    advice = [_advice_for(person, own, twice[person], snapshot) for person, own in of_person.items()]
    return tuple(
        sorted(advice, key=lambda row: (not row.advice, -row.faces, snapshot.names.get(row.person_id, row.person_id)))
    )


def _advice_for(person: str, faces: list[ReviewedFace], duplicates: int, snapshot: GallerySnapshot) -> PersonAdvice:
    def named(person_id: str | None) -> str:
        return snapshot.names.get(person_id or "", person_id or "")

    wrong = [face for face in faces if face.named_id is not None and face.named_id != person]
    if len(faces) == 1:
        text = "Add another picture: with one only, nothing shows how well this person is recognised."
        if wrong:
            text = f"Compare with {named(wrong[0].named_id)}: the only picture looks like theirs; add another picture."
        return PersonAdvice(person, 1, None, text)
    recognised = sum(face.named_id == person for face in faces)
    if wrong:
        whom = named(Counter(face.named_id for face in wrong).most_common(1)[0][0])
        text = f"Check {len(wrong)} of {len(faces)} pictures, which look like {whom}: move or remove what is wrong."
    elif recognised == 0:
        text = "Add pictures: none of those enrolled would be recognised by the others."
    elif recognised < 0.75 * len(faces):
        text = f"Add pictures like the {len(faces) - recognised} of {len(faces)} that the others do not recognise."
    elif duplicates and len(faces) - duplicates < 2:
        text = "Add a different picture: those enrolled are nearly the same one."
    else:
        text = ""
    return PersonAdvice(person, len(faces), recognised, text)
