"""Why a face has the name that it has: what it was compared with, who came next, and where the bar lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.protocols import GalleryIndex, PersonRanker, SimilarityScorer
from facerec_app.core.types import Embeddings, FaceDetections, GallerySnapshot, UInt8Array
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.decision.look_weights import sureness
from facerec_app.decision.name_vetoes import NameVetoes
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.services.gallery_session import GallerySession
from facerec_app.similarity.log_odds import log_odds_of

_FACES_SHOWN = 4


@dataclass(frozen=True, slots=True, eq=False)
class ComparedFace:
    """An enrolled face beside the one asked about.

    Attributes:
        face_id: of the enrolled face.
        pixels_rgb: ``(h, w, 3)`` uint8, its picture.
        detection: the face in it, one row.
        cosine: of both features, for the best look.
        probability: that both are one person, calibrated.
    """

    face_id: str
    pixels_rgb: UInt8Array
    detection: FaceDetections
    cosine: float
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class PersonStanding:
    """How an enrolled person stands with a face.

    Attributes:
        person_id: of the person.
        name: display name.
        log_odds: that they and the face are one, pooled over the person's faces; mean over the looks, weighed by how
            sure the network was of each.
        looks_won: looks that are most like this person.
        faces: the enrolled faces most like the best look, best first.
    """

    person_id: str
    name: str
    log_odds: float
    looks_won: int
    faces: tuple[ComparedFace, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NameExplanation:
    """What speaks for and against a name.

    Attributes:
        looks: how many looks at the face there are.
        standings: the people most like it, best first; at most two.
        people: number of people enrolled.
        threshold: log odds that a name needs at the present size of the gallery.
        lead_needed: log odds by which it must lead over the runner-up.
        refused_names: of whom a user has said that this face is not they.
    """

    looks: int
    standings: tuple[PersonStanding, ...]
    people: int
    threshold: float
    lead_needed: float
    refused_names: tuple[str, ...]


class NameExplanationService:
    """Takes the comparison of a face with the gallery apart.

    Args:
        store: the pictures.
        gallery: the features.
        ranker: from features to people, as recognition does it.
        scorer: judges pairs.
        vetoes: the corrections.
        calibration: gives threshold and lead.
        stranger_rate: accepted share of strangers named.
    """

    def __init__(
        self,
        store: GalleryStore,
        gallery: GallerySession,
        ranker: PersonRanker,
        scorer: SimilarityScorer,
        vetoes: NameVetoes,
        calibration: IdentityCalibration,
        *,
        stranger_rate: float,
    ) -> None:
        self._store = store
        self._gallery = gallery
        self._ranker = ranker
        self._scorer = scorer
        self._vetoes = vetoes
        self._calibration = calibration
        self._stranger_rate = stranger_rate

    def explain(self, looks: Embeddings) -> NameExplanation:
        """Return what speaks for and against the names of a face.

        Args:
            looks: features of the looks at the face, best quality first; at least one row for any standings.

        Raises:
            GalleryReadError: if a picture is missing or damaged.
            ModelVersionMismatchError: if the looks come from another extractor.
        """
        index = self._gallery.index()
        snapshot = index.snapshot
        people = snapshot.person_count
        refused = frozenset[str]().union(*self._vetoes.of(looks, snapshot))
        names = tuple(sorted(snapshot.names[one] for one in refused if one in snapshot.names))
        threshold = self._calibration.threshold(people, self._stranger_rate)
        standings = self._standings(looks, index) if len(looks) and len(snapshot) else ()
        return NameExplanation(len(looks), standings, people, threshold, self._calibration.min_margin, names)

    def _standings(self, looks: Embeddings, index: GalleryIndex) -> tuple[PersonStanding, ...]:
        scores = self._ranker.rank(looks, index)
        named = sorted({str(person) for person in scores.person_ids.ravel() if person})
        floor = np.where(np.isfinite(scores.logits), scores.logits, np.inf).min(axis=1)
        table = np.stack(
            [
                np.where(scores.person_ids == person, scores.logits, -np.inf).max(axis=1, initial=-np.inf)
                for person in named
            ]
        )
        weights = sureness(looks.norms) if looks.norms is not None else np.ones(len(looks), np.float32)
        means = np.where(np.isfinite(table), table, floor[None, :]) @ (weights / weights.sum())
        best = [named[int(row)] for row in np.argsort(-means, kind="stable")[:2]]
        return tuple(
            PersonStanding(
                person,
                index.snapshot.names.get(person, ""),
                float(means[named.index(person)]),
                int((scores.person_ids[:, 0] == person).sum()),
                self._compared(looks, index.snapshot, person),
            )
            for person in best
        )

    def _compared(self, looks: Embeddings, snapshot: GallerySnapshot, person_id: str) -> tuple[ComparedFace, ...]:
        rows = np.flatnonzero(snapshot.person_ids == person_id)
        probe = looks.vectors[0]
        cosines = snapshot.vectors[rows] @ probe
        shown = np.argsort(-cosines, kind="stable")[:_FACES_SHOWN]
        scores = self._scorer.score_pairs(np.tile(probe, (len(shown), 1)), snapshot.vectors[rows[shown]])
        probabilities = self._calibration.pairs.probabilities(log_odds_of(scores))
        return tuple(
            self._face(str(snapshot.face_ids[rows[row]]), float(cosines[row]), float(probability))
            for row, probability in zip(shown.tolist(), probabilities, strict=True)
        )

    def _face(self, face_id: str, cosine: float, probability: float) -> ComparedFace:
        face = self._store.get_face(face_id)
        return ComparedFace(face_id, self._store.read_picture(face_id), face.detections(), cosine, probability)
