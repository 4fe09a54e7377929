"""Looking through every enrolled face: filters, orders, pages, thumbnails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from facerec_app.core.errors import ConfigError, GalleryReadError
from facerec_app.core.types import Float32Array, GallerySnapshot, Int64Array, UInt8Array
from facerec_app.evaluation.misplaced_faces import misplaced_faces
from facerec_app.gallery.face_catalogue import FaceCatalogue
from facerec_app.gallery.face_filter import FaceFilter, FaceListing, FaceOrder, ListedFace
from facerec_app.gallery.face_thumbnails import FaceThumbnails
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.similarity.log_odds import log_odds_of

FACES_A_PAGE = 20


class FaceSuspicion(Enum):
    """Whether only doubtful faces are meant."""

    NONE = "none"
    WRONG_PERSON = "wrong person"


@dataclass(frozen=True, slots=True)
class FaceQuery:
    """What a list is to show.

    Attributes:
        filter: which faces.
        order: what comes first.
        like_face_id: put the faces most like this one first instead, and itself before them; those that take no part
            in recognition come last. None for ``order``.
        suspicion: only faces that may lie with the wrong person.
    """

    filter: FaceFilter = field(default_factory=FaceFilter)
    order: FaceOrder = FaceOrder.NEWEST
    like_face_id: str | None = None
    suspicion: FaceSuspicion = FaceSuspicion.NONE


class GalleryBrowser:
    """Lists enrolled faces.

    What can be known from the database alone is answered without loading a network.

    Args:
        store: where the faces are.
        snapshot: returns the features of the gallery's present state.
        network: returns what judges pairs at present.
    """

    def __init__(
        self, store: GalleryStore, snapshot: Callable[[], GallerySnapshot], network: Callable[[], NetworkInUse]
    ) -> None:
        self._store = store
        self._snapshot = snapshot
        self._network = network
        self._catalogue = FaceCatalogue(store.database)
        self._thumbnails = FaceThumbnails(store.database)
        self._lock = threading.Lock()
        self._numbers: tuple[int, Int64Array] = (-1, np.zeros(0, np.int64))
        self._misplaced: tuple[tuple[int, NetworkInUse | None], dict[str, str]] = ((-1, None), {})

    def find(
        self, query: FaceQuery, *, progress: ProgressCallback = no_progress, cancelled: CancelCheck = never_cancelled
    ) -> FaceListing:
        """Return the faces that a query selects, in its order.

        Raises:
            ConfigError: if the chosen face has gone or takes no part in recognition.
            TrainingCancelledError: if ``cancelled`` said so while doubtful faces were looked for.
            GalleryReadError, ModelError: as the message says.
        """
        listing = self._catalogue.find(query.filter, query.order)
        if query.suspicion is FaceSuspicion.WRONG_PERSON:
            wrong = self._misplaced_faces(progress, cancelled)
            snapshot = self._snapshot()
            numbers = self._numbers_of(snapshot)[np.isin(snapshot.face_ids, np.array(list(wrong), np.str_))]
            listing = listing.select(np.nonzero(np.isin(listing.sequences, numbers))[0])
        if query.like_face_id is not None:
            listing = self._by_likeness(listing, query.like_face_id)
        return listing

    def page(self, listing: FaceListing, number: int) -> tuple[ListedFace, ...]:
        """Return the faces of one page, from 0; those that were removed meanwhile are missing from it."""
        return self._catalogue.read(listing.sequences[number * FACES_A_PAGE : (number + 1) * FACES_A_PAGE])

    def face_ids(self, listing: FaceListing) -> tuple[str, ...]:
        """Return the identifiers of all faces of a list, in order."""
        return self._catalogue.face_ids(listing.sequences)

    def thumbnails(self, faces: Sequence[EnrolledFace | UnnamedFace]) -> dict[str, UInt8Array]:
        """Return squares around faces, ``(160, 160, 3)`` uint8 by face id; damaged and lost pictures are left out."""
        found = {}
        for face in faces:
            try:
                found[face.face_id] = self._thumbnails.read(face)
            except GalleryReadError:
                continue  # the doctor reports it; the others are shown
        return found

    def thumbnails_of(self, face_ids: Sequence[str]) -> dict[str, UInt8Array]:
        """Return squares around faces by identifier, enrolled or without a name; those that have gone are left out."""
        unnamed = UnnamedFaces(self._store.database)
        faces: list[EnrolledFace | UnnamedFace] = []
        for face_id in face_ids:
            try:
                faces.append(self._store.get_face(face_id))
            except GalleryReadError:
                with suppress(GalleryReadError):
                    faces.append(unnamed.get(face_id))
        return self.thumbnails(faces)

    def likeness(self, face_ids: Sequence[str], like_face_id: str) -> dict[str, float]:
        """Return the probability that each face is the same person as a chosen one, for those with features."""
        snapshot = self._snapshot()
        probe = self._vector(snapshot, like_face_id)
        rows = np.nonzero(np.isin(snapshot.face_ids, np.array(list(face_ids), np.str_)))[0]
        if not len(rows):
            return {}
        network = self._network()
        odds = log_odds_of(
            network.scorer.score_pairs(np.repeat(probe[None], len(rows), axis=0), snapshot.vectors[rows])
        )
        probabilities = network.calibration.pairs.probabilities(odds)
        return dict(zip(snapshot.face_ids[rows].tolist(), probabilities.tolist(), strict=True))

    def resembled(self, face_ids: Sequence[str]) -> dict[str, str]:
        """Return the name of whom each doubtful face is more like than its own person; others are left out."""
        wrong = self._misplaced_faces(no_progress, never_cancelled)
        names = self._snapshot().names
        found = {face_id: names.get(wrong[face_id], "") for face_id in face_ids if face_id in wrong}
        return {face_id: name for face_id, name in found.items() if name}

    def _by_likeness(self, listing: FaceListing, like_face_id: str) -> FaceListing:
        snapshot = self._snapshot()
        cosines = snapshot.vectors @ self._vector(snapshot, like_face_id)
        numbers = self._numbers_of(snapshot)
        order = np.argsort(numbers)
        places = np.minimum(np.searchsorted(numbers, listing.sequences, sorter=order), len(numbers) - 1)
        rows = order[places]
        known = numbers[rows] == listing.sequences
        keys = np.where(known, cosines[rows], -np.inf)
        return listing.select(np.argsort(-keys, kind="stable"))

    def _vector(self, snapshot: GallerySnapshot, face_id: str) -> Float32Array:
        rows = np.nonzero(snapshot.face_ids == face_id)[0]
        if not len(rows):
            raise ConfigError("The chosen face takes no part in recognition, or has gone; choose another.")
        return np.asarray(snapshot.vectors[rows[0]], np.float32)

    def _numbers_of(self, snapshot: GallerySnapshot) -> Int64Array:
        """Return the number of each row of a snapshot, ``(G,)`` int64; -1 for a face that has gone since."""
        with self._lock:
            if self._numbers[0] != snapshot.revision:
                known = self._catalogue.numbers()
                numbers = [known.get(face_id, -1) for face_id in snapshot.face_ids.tolist()]
                self._numbers = (snapshot.revision, np.array(numbers, np.int64))
            return self._numbers[1]

    def _misplaced_faces(self, progress: ProgressCallback, cancelled: CancelCheck) -> dict[str, str]:
        """Return who each face that may lie wrong is like, by face id; kept until gallery or network change."""
        snapshot, network = self._snapshot(), self._network()
        key = (snapshot.revision, network)
        if self._misplaced[0] != key:
            found = misplaced_faces(
                snapshot,
                lambda left, right: log_odds_of(
                    network.calibration.pairs.probabilities(log_odds_of(network.scorer.score_pairs(left, right)))
                ),
                on_face=lambda done, total: progress(Progress(done, total)),
                cancelled=cancelled,
            )
            rows = np.nonzero(found != "")[0]
            wrong = dict(zip(snapshot.face_ids[rows].tolist(), found[rows].tolist(), strict=True))
            self._misplaced = (key, wrong)
        return self._misplaced[1]
