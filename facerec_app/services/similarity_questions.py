"""The questions of the similarity editor: a face and those most like it, the most instructive question first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import write_jpeg, write_png
from facerec_app.core.errors import ConfigError, NotEnoughDataError
from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import (
    BoolArray,
    Embeddings,
    Float32Array,
    Frame,
    GallerySnapshot,
    Int64Array,
    UInt8Array,
)
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.judgement_entry import AnswerKind
from facerec_app.pipeline.ranked_sheet import SheetFace, SheetRow, ranked_sheet
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.present_network import NetworkInUse
from facerec_app.training.question_choice import AskedFaces, QuestionChoice, QuestionRule, worth

NEIGHBOURS = 15
_SHEET_FACES = 5
_POOL = 1024
"""Faces looked through for questions: so many that a gallery of 100,000 takes about a second, once."""


@dataclass(frozen=True, slots=True)
class AskedNeighbour:
    """A face beside the one that is asked about.

    Attributes:
        face_id: of the face.
        person_id, name: whose it is filed as.
        probability: that both show one person, by the network in use, 0 to 1.
        cosine: of the two features.
        answer: ``same`` or ``different`` if somebody has said so.
    """

    face_id: str
    person_id: str
    name: str
    probability: float
    cosine: float
    answer: AnswerKind | None


@dataclass(frozen=True, slots=True)
class SimilarityQuestion:
    """A face and its nearest ones.

    Attributes:
        face_id: the reference.
        person_id, name: whose it is filed as.
        neighbours: nearest first, at most 15.
        worth: how much the answers could teach; comparable between questions of one network only.
    """

    face_id: str
    person_id: str
    name: str
    neighbours: tuple[AskedNeighbour, ...]
    worth: float


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Faces that may be asked about, with what the network thinks; for one state of gallery and network."""

    snapshot: GallerySnapshot
    network_version: str
    seed: int
    asked: AskedFaces
    neighbours: Int64Array
    choice: QuestionChoice


class SimilarityQuestions:
    """Chooses questions; the same seed, gallery, network and answers give the same ones.

    Args:
        index: returns the index of the gallery's present state.
        network: returns what judges at present.
        store: the gallery, with what was said so far.
        rule: which questions are worth most.
    """

    def __init__(
        self,
        index: Callable[[], GalleryIndex],
        network: Callable[[], NetworkInUse],
        store: GalleryStore,
        *,
        rule: QuestionRule = "boundary",
    ) -> None:
        self._index = index
        self._network = network
        self._store = store
        self._log = store.judgement_log
        self._rule: QuestionRule = rule
        self._lock = threading.Lock()
        self._pool: _Pool | None = None
        self._given: list[str] = []

    def next(self, *, seed: int = 0) -> SimilarityQuestion:
        """Return the question that would teach most of those not given yet; when all were, it begins anew.

        Faces about which somebody has said something as the reference are not asked about again.

        Raises:
            NotEnoughDataError: if fewer than two faces are enrolled, or nothing is left to ask.
        """
        with self._lock:
            index, network = self._index(), self._network()
            snapshot = index.snapshot
            if len(snapshot) < 2:
                raise NotEnoughDataError("There are not two faces to compare; enrol people first.")
            if not self._fits(self._pool, snapshot, network, seed):
                self._pool = self._looked_through(index, network, seed)
            question = self._best(network, seed)
            if question is None and self._given:
                self._given.clear()
                self._pool = self._looked_through(index, network, seed)
                question = self._best(network, seed)
            if question is None:
                raise NotEnoughDataError("There is nothing left to ask; every likely pair has been answered.")
            self._given.append(question.face_id)
            return question

    def _fits(self, pool: _Pool | None, snapshot: GallerySnapshot, network: NetworkInUse, seed: int) -> bool:
        if pool is None or pool.snapshot is not snapshot:
            return False
        return (pool.network_version, pool.seed) == (network.scorer.version, seed)

    def _best(self, network: NetworkInUse, seed: int) -> SimilarityQuestion | None:
        pool = self._pool
        if pool is None:
            return None
        values = worth(pool.asked, self._open(pool.snapshot, pool.asked.rows, pool.neighbours), self._rule, seed)
        place = pool.choice.next(values)
        if place is None:
            return None
        row = int(pool.asked.rows[place])
        return self._question(pool.snapshot, network, row, pool.neighbours[place], float(values[place]))

    def about(self, face_id: str) -> SimilarityQuestion:
        """Return the question about a certain face.

        Raises:
            NotEnoughDataError: if the face takes no part in recognition, or there is no other.
        """
        index, network = self._index(), self._network()
        rows = np.flatnonzero(index.snapshot.face_ids == face_id)
        if not rows.size or len(index.snapshot) < 2:
            raise NotEnoughDataError("This face takes no part in recognition, or there is no other to compare it with.")
        neighbours = _nearest(index, rows.astype(np.int64))
        return self._question(index.snapshot, network, int(rows[0]), neighbours[0], 0.0)

    def write_sheet(self, question: SimilarityQuestion, target: Path) -> None:
        """Write the faces of a question as one picture.

        Raises:
            ConfigError: if the name is neither that of a JPEG nor that of a PNG.
            GalleryReadError: if a picture is missing or damaged.
            OutputWriteError: if the file cannot be written.
        """
        if target.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
            raise ConfigError(f"The sheet {target} is to be a picture; give it a name that ends in .png or .jpg.")
        reference = SheetFace(self._likeness(question.face_id), question.name, question.face_id[:8])
        faces = [
            SheetFace(self._likeness(face.face_id), face.name, f"{face.face_id[:8]}  {min(face.probability, 0.99):.0%}")
            for face in question.neighbours
        ]
        rows = [
            SheetRow(reference, faces[start : start + _SHEET_FACES]) for start in range(0, len(faces), _SHEET_FACES)
        ]
        write = write_png if target.suffix.lower() == ".png" else write_jpeg
        write(target, ranked_sheet(rows, f"Is this {question.name} too?"))

    def _likeness(self, face_id: str) -> UInt8Array:
        face, pixels_rgb = self._store.get_face(face_id), self._store.read_picture(face_id)
        return cut_out(Frame(pixels_rgb, 0, 0.0, face.source), face.detections(), 1.0).pixels_rgb

    def _looked_through(self, index: GalleryIndex, network: NetworkInUse, seed: int) -> _Pool:
        snapshot = index.snapshot
        generator = np.random.default_rng(seed)
        rows = np.sort(generator.permutation(len(snapshot))[:_POOL]).astype(np.int64)
        neighbours = _nearest(index, rows)
        _, people = np.unique(snapshot.person_ids, return_inverse=True)
        log_odds = _above_boundary(network, snapshot, rows, neighbours)
        filed_same = people[neighbours] == people[rows][:, None]
        asked = AskedFaces(rows, people[rows].astype(np.int64), snapshot.vectors[rows], log_odds, filed_same)
        choice = QuestionChoice(asked)
        for row in np.flatnonzero(np.isin(snapshot.face_ids, [*self._references(), *self._given])).tolist():
            choice.note(snapshot.vectors[row], int(people[row]))
        choice.leave_out(np.isin(snapshot.face_ids[rows], self._given))
        return _Pool(snapshot, network.scorer.version, seed, asked, neighbours, choice)

    def _references(self) -> set[str]:
        """Return the faces that something was said of as the reference, and that nobody has taken back."""
        standing = (entry for entry in self._log.entries() if entry.takes_back is None and not entry.is_taken_back)
        return {entry.said.face_id for entry in standing}

    def _open(self, snapshot: GallerySnapshot, rows: Int64Array, neighbours: Int64Array) -> BoolArray:
        """Return ``(N, K)`` whether a pair is unanswered and its reference was not asked about."""
        answered = {frozenset((said.left_face_id, said.right_face_id)) for said in self._log.judgements()}
        references = self._references()
        faces, beside = snapshot.face_ids[rows].tolist(), snapshot.face_ids[neighbours].tolist()
        return np.array(
            [[face not in references and frozenset((face, other)) not in answered for other in others]
             for face, others in zip(faces, beside, strict=True)], bool,
        ).reshape(neighbours.shape)  # fmt: skip

    def _question(
        self, snapshot: GallerySnapshot, network: NetworkInUse, row: int, neighbours: Int64Array, worth_it: float
    ) -> SimilarityQuestion:
        face_id = str(snapshot.face_ids[row])
        said = {
            frozenset((one.left_face_id, one.right_face_id)): one.same_person
            for one in self._log.judgements()
            if face_id in {one.left_face_id, one.right_face_id}
        }
        left = np.repeat(snapshot.vectors[[row]], len(neighbours), axis=0)
        log_odds = network.scorer.log_odds(left, snapshot.vectors[neighbours])
        probabilities = network.calibration.pairs.probabilities(log_odds)
        beside = []
        for other, probability in zip(neighbours.tolist(), probabilities.tolist(), strict=True):
            other_id, person_id = str(snapshot.face_ids[other]), str(snapshot.person_ids[other])
            same = said.get(frozenset((face_id, other_id)))
            answer: AnswerKind | None = None if same is None else "same" if same else "different"
            cosine = float(snapshot.vectors[other] @ snapshot.vectors[row])
            name = snapshot.names.get(person_id, "")
            beside.append(AskedNeighbour(other_id, person_id, name, float(probability), cosine, answer))
        person_id = str(snapshot.person_ids[row])
        return SimilarityQuestion(face_id, person_id, snapshot.names.get(person_id, ""), tuple(beside), worth_it)


def _nearest(index: GalleryIndex, rows: Int64Array) -> Int64Array:
    """Return ``(N, K)`` the nearest rows of each row, without itself."""
    snapshot = index.snapshot
    kept = min(NEIGHBOURS, len(snapshot) - 1)
    found = index.nearest(Embeddings(snapshot.vectors[rows], snapshot.extractor_version), kept + 1).gallery_rows
    # The face itself is the nearest, unless its very picture is enrolled twice: then it may come later, or not at all.
    itself = found == rows[:, None]
    itself[~itself.any(axis=1), -1] = True
    return np.asarray(found[~itself].reshape(len(rows), kept), np.int64)


def _above_boundary(
    network: NetworkInUse, snapshot: GallerySnapshot, rows: Int64Array, neighbours: Int64Array
) -> Float32Array:
    """Return ``(N, K)`` calibrated log odds of each pair above those from which a pair counts as one person."""
    left = np.repeat(snapshot.vectors[rows], neighbours.shape[1], axis=0)
    log_odds = network.scorer.log_odds(left, snapshot.vectors[neighbours.ravel()])
    above = (log_odds - network.calibration.pair_threshold) * network.calibration.pairs.slope
    return np.asarray(above.reshape(neighbours.shape), np.float32)
