"""Faces without a name, grouped by person: looked through, named, moved, and told never to be asked about again."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from facerec_app.core.errors import GalleryReadError
from facerec_app.core.protocols import FaceAligner, FeatureExtractor, PersonRanker, PictureDecider
from facerec_app.core.types import (
    Embeddings,
    Float32Array,
    IdentityDecision,
    PersonScores,
    UInt8Array,
    Verdict,
)
from facerec_app.decision.face_clustering import ALIKE_LOG_ODDS, PAIR_LOG_ODDS, cluster_faces, cosine_at
from facerec_app.decision.settled_groups import SettledGroup, settle_groups
from facerec_app.gallery.records import Consent, Person
from facerec_app.gallery.unnamed_change import NamedPlace, UnnamedChange
from facerec_app.gallery.unnamed_face import UnnamedFace, UnnamedState
from facerec_app.gallery.unnamed_faces import UnnamedFaces, count_of_faces
from facerec_app.services.face_groups import FaceGroup, GroupedFaces, NameSuggestion
from facerec_app.services.gallery_history import GalleryHistory
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress

_LOGGER = logging.getLogger(__name__)
_EMBED_BATCH = 16
_JUDGED_FACES = 8
_LEAST_IDENTIFIER = 4


class UnknownFacesService:
    """Groups unnamed faces and carries out what the user decides about them.

    Groups stay as they are while the user works through them: they are found anew only when faces have come that were
    not there before, or when that is asked for (``group_again``).

    Args:
        faces: where they are kept.
        gallery: of those who have names; told when somebody is named.
        aligner, extractor: of the profile in use, for faces that were kept with another one.
        network: returns what judges pairs of faces at present.
        ranker, decider: say whom the recogniser takes a face for.
    """

    def __init__(
        self,
        faces: UnnamedFaces,
        gallery: GallerySession,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        network: Callable[[], NetworkInUse],
        ranker: PersonRanker,
        decider: PictureDecider,
    ) -> None:
        self._faces = faces
        self._gallery = gallery
        self._aligner = aligner
        self._extractor = extractor
        self._network = network
        self._ranker = ranker
        self._decider = decider
        self._lock = threading.RLock()
        self._found: dict[str, int] = {}
        self._unreadable: set[str] = set()
        self._said: dict[bytes, NameSuggestion | None] = {}
        self._said_by: tuple[int, str] | None = None
        self.history: GalleryHistory[UnnamedChange] = GalleryHistory(faces)

    def grouped(
        self, *, progress: ProgressCallback = no_progress, cancelled: CancelCheck = never_cancelled
    ) -> GroupedFaces:
        """Return all faces in their groups; embeds those that the extractor in use has not seen.

        Raises:
            GalleryReadError: the gallery is damaged.
            InferenceError: a network fails.
        """
        with self._lock:
            everything = self._faces.all()
            by_id = self._faces.vectors(self._extractor.version)
            if self._embed_missing(everything, by_id, progress, cancelled):
                by_id = self._faces.vectors(self._extractor.version)
            open_faces = [face for face in everything if face.state is UnnamedState.OPEN]
            seen = [face for face in open_faces if face.face_id in by_id]
            groups = self._groups(seen, by_id) if seen else []
            unseen = [self._group([face], face.group_id, None) for face in open_faces if face.face_id not in by_id]
            several = tuple(group for group in groups if len(group.faces) > 1)
            alone = tuple(group for group in groups if len(group.faces) == 1)
            ignored = tuple(face for face in everything if face.state is UnnamedState.IGNORED)
            return GroupedFaces(several, alone + tuple(unseen), ignored)

    def group_again(self) -> None:
        """Let the next look find groups anew; what the user moved stays where it is."""
        with self._lock:
            self._found.clear()

    def name(self, face_ids: Sequence[str], name: str, *, consent: Consent | None = None) -> Person:
        """Enrol faces as a person's, somebody new or the one of that name, in one transaction; return who it is.

        Raises:
            ConfigError: the name is none.
            GalleryReadError: a face was named or removed meanwhile.
            GalleryWriteError: it could not be stored.
        """
        change = self._faces.name(face_ids, name, consent=consent)
        self.history.record(change)
        self._gallery.announce()
        (place,) = {place for place in change.after.values() if isinstance(place, NamedPlace)}
        return self._gallery.store.get_person(place.person_id)

    def move(self, face_ids: Sequence[str], group_id: str | None) -> None:
        """Put faces into a group, or with None into one of their own.

        The group that they come from and the one that they go to are kept from now on: faces join them, but the two
        never become one and nothing leaves them by itself.

        Raises:
            GalleryReadError: there is no such group, or a face was named or removed meanwhile.
            GalleryWriteError: it could not be stored.
        """
        everything = self.grouped().everything
        target = self._by_id(everything, group_id) if group_id is not None else None
        into = (target.kept_id if target is not None else None) or str(uuid.uuid4())
        staying = [one for one in target.face_ids if one not in set(face_ids)] if target is not None else []
        where = "a group of their own" if target is None else "another group"
        places = [*self._left_behind(face_ids, everything, target), ([*staying, *face_ids], into)]
        self.history.record(self._faces.put_into_groups(places, f"move {count_of_faces(face_ids)} to {where}"))

    def set_apart(self, face_ids: Sequence[str]) -> None:
        """Put each face by itself; the group that it comes from is kept as in ``move``.

        Raises:
            GalleryReadError: a face was named or removed meanwhile.
            GalleryWriteError: it could not be stored.
        """
        places = self._left_behind(face_ids, self.grouped().everything, None)
        places += [([face_id], str(uuid.uuid4())) for face_id in face_ids]
        self.history.record(self._faces.put_into_groups(places, f"set {count_of_faces(face_ids)} apart"))

    def ignore(self, face_ids: Sequence[str]) -> None:
        """Never ask about faces again, nor about new ones that are like them.

        Raises:
            GalleryReadError, GalleryWriteError: as the message says.
        """
        self.history.record(self._faces.set_state(face_ids, UnnamedState.IGNORED))

    def ask_again(self, face_ids: Sequence[str]) -> None:
        """Ask about faces after all.

        Raises:
            GalleryReadError, GalleryWriteError: as the message says.
        """
        self.history.record(self._faces.set_state(face_ids, UnnamedState.OPEN))

    def remove(self, face_ids: Sequence[str]) -> None:
        """Remove faces with pictures and features.

        Raises:
            GalleryReadError, GalleryWriteError: as the message says.
        """
        self.history.record(self._faces.remove(face_ids))

    def undo(self) -> str | None:
        """Take back the last change and return what it was, None if there is none.

        Raises:
            GalleryChangedError: what it touched was changed meanwhile; nothing was done.
        """
        return self._announced(self.history.undo())

    def redo(self) -> str | None:
        """Do again what was taken back last and return what it was, None if there is nothing.

        Raises:
            GalleryChangedError: what it touched was changed meanwhile; nothing was done.
        """
        return self._announced(self.history.redo())

    def picture(self, face: UnnamedFace) -> UInt8Array:
        """Return the picture of a face, ``(H, W, 3)`` uint8.

        Raises:
            GalleryReadError: the picture is missing or damaged.
        """
        return self._faces.read_picture(face)

    def find(self, identifier: str) -> tuple[UnnamedFace, ...]:
        """Return the faces of the group, or the one face, whose identifier begins with this; ignored ones too.

        Raises:
            GalleryReadError: there is none or more than one.
        """
        wanted = identifier.strip().lower()
        grouped = self.grouped()
        if wanted.startswith("g"):
            return self._by_id(grouped.everything, wanted).faces
        every = [face for group in grouped.everything for face in group.faces] + list(grouped.ignored)
        found = [face for face in every if face.face_id.startswith(wanted)]
        if len(found) != 1 or len(wanted) < _LEAST_IDENTIFIER:
            what = "no unnamed face" if not found else f"{len(found)} unnamed faces"
            raise GalleryReadError(
                f"There is {what} whose identifier begins with '{identifier:.40}'; see 'facerec cluster --faces'."
            )
        return tuple(found)

    def alike_cosine(self, vectors: Float32Array) -> float:
        """Return the cosine from which two faces like these, ``(N, D)``, are taken for one person's."""
        return cosine_at(self._network().scorer, vectors, ALIKE_LOG_ODDS)

    def _groups(self, faces: Sequence[UnnamedFace], by_id: Mapping[str, Float32Array]) -> list[FaceGroup]:
        vectors = np.stack([by_id[face.face_id] for face in faces])
        if any(face.face_id not in self._found for face in faces):
            scorer = self._network().scorer
            limits = (cosine_at(scorer, vectors, log_odds) for log_odds in (ALIKE_LOG_ODDS, PAIR_LOG_ODDS))
            labels = cluster_faces(vectors, *limits)
            self._found = {face.face_id: label for face, label in zip(faces, labels.tolist(), strict=True)}
        found = np.array([self._found[face.face_id] for face in faces], np.int64)
        settled = settle_groups(vectors, found, [face.group_id for face in faces])
        suggestions = self._suggestions(vectors, settled)
        return [
            self._group([faces[row] for row in group.rows.tolist()], group.kept_id, suggestion)
            for group, suggestion in zip(settled, suggestions, strict=True)
        ]

    @staticmethod
    def _left_behind(
        face_ids: Sequence[str], everything: Sequence[FaceGroup], target: FaceGroup | None
    ) -> list[tuple[Sequence[str], str]]:
        """Return what faces leave behind in their groups, each to be kept as it is."""
        moved = set(face_ids)
        places: list[tuple[Sequence[str], str]] = []
        for group in everything:
            rest = [face_id for face_id in group.face_ids if face_id not in moved]
            if group is not target and rest and len(rest) < len(group.faces):
                places.append((rest, group.kept_id or str(uuid.uuid4())))
        return places

    def _group(self, faces: Sequence[UnnamedFace], kept_id: str | None, suggestion: NameSuggestion | None) -> FaceGroup:
        oldest = min(faces, key=lambda face: (face.created_at, face.face_id))
        return FaceGroup(f"g{oldest.face_id[:8]}", tuple(faces), kept_id, suggestion)

    def _suggestions(self, vectors: Float32Array, groups: Sequence[SettledGroup]) -> list[NameSuggestion | None]:
        """Return for each group of several whom at least half of its most typical faces are taken for.

        What was said stays until the people enrolled or the network change: thousands of groups are judged once.
        """
        index = self._gallery.index()
        if not len(index.snapshot) or index.snapshot.extractor_version != self._extractor.version:
            return [None] * len(groups)
        judged = [tuple(group.rows[:_JUDGED_FACES].tolist()) if len(group.rows) > 1 else () for group in groups]
        keys = [vectors[list(rows)].tobytes() for rows in judged]
        said_by = (index.snapshot.revision, self._network().scorer.version)
        if self._said_by != said_by:
            self._said_by, self._said = said_by, {b"": None}
        missing = {key: rows for key, rows in zip(keys, judged, strict=True) if key not in self._said}
        if missing:
            probes = np.concatenate([vectors[list(rows)] for rows in missing.values()])
            scores = self._ranker.rank(Embeddings(probes, self._extractor.version), index)
            start = 0
            for key, rows in missing.items():
                self._said[key] = self._suggestion(scores, range(start, start + len(rows)), index.snapshot.names)
                start += len(rows)
        return [self._said[key] for key in keys]

    def _suggestion(self, scores: PersonScores, rows: range, names: Mapping[str, str]) -> NameSuggestion | None:
        said: list[IdentityDecision] = []
        for row in rows:  # one at a time: in one picture nobody is named twice
            one = slice(row, row + 1)
            said += self._decider.decide(
                PersonScores(scores.person_ids[one], scores.logits[one], scores.gallery_people)
            )
        known = [decision for decision in said if decision.verdict is Verdict.KNOWN]
        best = Counter(decision.person_id for decision in known).most_common(1)
        if not best or best[0][0] is None or 2 * best[0][1] < len(rows):
            return None
        person_id = best[0][0]
        probability = float(np.median([one.probability for one in known if one.person_id == person_id]))
        return NameSuggestion(person_id, names.get(person_id, ""), probability)

    def _by_id(self, groups: Sequence[FaceGroup], group_id: str) -> FaceGroup:
        found = [group for group in groups if group.group_id.startswith(group_id.strip().lower())]
        if len(found) != 1 or len(group_id) < _LEAST_IDENTIFIER:
            what = "no group" if not found else f"{len(found)} groups"
            raise GalleryReadError(
                f"There is {what} of unnamed faces whose identifier begins with '{group_id:.40}'; groups change as "
                "faces come and go, see 'facerec cluster'."
            )
        return found[0]

    def _embed_missing(
        self,
        faces: Sequence[UnnamedFace],
        by_id: Mapping[str, Float32Array],
        progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> int:
        """Embed the faces that this extractor has not seen yet and return how many it could embed.

        A face whose picture is missing or damaged stays by itself, with one line of warning.
        """
        missing = [face for face in faces if face.face_id not in by_id and face.face_id not in self._unreadable]
        embedded = 0
        for start in range(0, len(missing), _EMBED_BATCH):
            if cancelled():
                break
            progress(Progress(start, len(missing)))
            embedded += self._embed(missing[start : start + _EMBED_BATCH])
        return embedded

    def _embed(self, faces: Sequence[UnnamedFace]) -> int:
        face_ids, vectors = [], []
        for face in faces:
            try:
                picture = self._faces.read_picture(face)
            except GalleryReadError as exc:
                _LOGGER.warning("An unnamed face stays by itself: %s", exc)
                self._unreadable.add(face.face_id)
                continue
            crops = self._aligner.align(picture, face.detections())
            vectors.append(self._extractor.embed(crops).vectors)
            face_ids.append(face.face_id)
        if face_ids:
            self._faces.put_embeddings(face_ids, Embeddings(np.concatenate(vectors), self._extractor.version))
        return len(face_ids)

    def _announced(self, change: UnnamedChange | None) -> str | None:
        if change is not None and change.person_ids:
            self._gallery.announce()
        return change.description if change is not None else None
