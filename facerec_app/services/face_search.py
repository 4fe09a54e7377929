"""Search by picture: the faces most like a given one, enrolled or kept without a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image, write_jpeg, write_png
from facerec_app.core.errors import ConfigError, NoFaceError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor, GalleryIndex
from facerec_app.core.types import Embeddings, Float32Array, Frame, UInt8Array
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.unnamed_face import UnnamedFace, UnnamedState
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.pipeline.ranked_sheet import SheetFace, SheetRow, ranked_sheet
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.present_network import NetworkInUse
from facerec_app.similarity.log_odds import log_odds_of

_MOST_HITS = 1000


@dataclass(frozen=True, slots=True)
class FaceHit:
    """A face that was found.

    Attributes:
        face_id: of the face; search again from it with ``search_face``.
        person_id: whose it is; empty for one that was seen and kept without a name.
        name: of that person; empty without one.
        source: where the face came from when it was enrolled or kept.
        cosine: of the two features.
        probability: that both are one person, calibrated, 0 to 1.
    """

    face_id: str
    person_id: str
    name: str
    source: str
    cosine: float
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceSearchResult:
    """What was found for one face.

    Attributes:
        box_xyxy: ``(4,)`` float32 px of the face in its picture.
        picture_rgb: ``(h, w, 3)`` uint8, the face with a margin.
        features: one row, to search from again without the picture (``search_features``).
        hits: best first.
    """

    box_xyxy: Float32Array
    picture_rgb: UInt8Array
    features: Embeddings
    hits: tuple[FaceHit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _SeenFaces:
    """Faces without a name that may be found: identifiers, sources and ``(N, D)`` float32 features, row by row."""

    mark: tuple[int, int, str]
    face_ids: tuple[str, ...]
    sources: tuple[str, ...]
    vectors: Float32Array


class FaceSearchService:
    """Ranks faces by how much they are like a given one: enrolled ones, and those that were kept without a name.

    Faces that the user never wants to be asked about are not found.

    Args:
        store: where the faces are.
        detector, aligner, extractor: of the profile in use; pictures are looked at as for enrolment.
        network: returns what judges each pair at present, and makes a probability of what it says.
        index: returns the index of the gallery's present state.
        unnamed: faces that were kept without a name.
    """

    def __init__(
        self,
        store: GalleryStore,
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        network: Callable[[], NetworkInUse],
        index: Callable[[], GalleryIndex],
        unnamed: UnnamedFaces,
    ) -> None:
        self._store = store
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._network = network
        self._index = index
        self._unnamed = unnamed
        self._seen: _SeenFaces | None = None

    def search_file(self, path: Path, *, top: int = 5) -> tuple[FaceSearchResult, ...]:
        """Return one result per face of a picture, from left to right.

        Raises:
            UnreadableImageError: if the file is no picture.
            NoFaceError: if no face is in it.
            ConfigError: if ``top`` is out of range.
            ModelError, GalleryError: as the message says.
        """
        return self.search_picture(read_image(path), str(path), top=top)

    def search_picture(self, pixels_rgb: UInt8Array, what: str, *, top: int = 5) -> tuple[FaceSearchResult, ...]:
        """Return one result per face of an ``(H, W, 3)`` uint8 picture, from left to right.

        Raises:
            NoFaceError: if no face is in it.
            ConfigError: if ``top`` is out of range.
        """
        _refuse_count(top)
        detections = self._detector.detect(pixels_rgb)
        if not len(detections):
            raise NoFaceError(f"No face was found in {what}; choose a picture that shows one from the front.")
        detections = detections.select(np.argsort(detections.boxes_xyxy[:, 0], kind="stable"))
        embeddings = self._extractor.embed(self._aligner.align(pixels_rgb, detections))
        hits = self._hits(embeddings, top)
        frame = Frame(pixels_rgb, 0, 0.0, what)
        faces = (cut_out(frame, detections.select(np.array([row])), 1.0) for row in range(len(detections)))
        return tuple(
            FaceSearchResult(
                box_xyxy,
                face.pixels_rgb,
                Embeddings(embeddings.vectors[row : row + 1], embeddings.extractor_version),
                found,
            )
            for row, (box_xyxy, face, found) in enumerate(zip(detections.boxes_xyxy, faces, hits, strict=True))
        )

    def search_face(self, face_id: str, *, top: int = 5) -> FaceSearchResult:
        """Return what is most like a face that is kept, without itself.

        Raises:
            GalleryReadError: if there is no such face.
            ConfigError: if it takes no part in recognition, or ``top`` is out of range.
        """
        _refuse_count(top)
        snapshot = self._index().snapshot
        rows = np.nonzero(snapshot.face_ids == face_id)[0]
        if len(rows):
            features = Embeddings(snapshot.vectors[rows], snapshot.extractor_version)
            face, pixels_rgb = self._store.get_face(face_id), self._store.read_picture(face_id)
            box_xyxy = face.box_xyxy
        else:
            unnamed = self._unnamed_face(face_id)
            vector = self._unnamed.vectors(self._extractor.version)[face_id]
            features = Embeddings(vector[None], self._extractor.version)
            box_xyxy, pixels_rgb = unnamed.box_xyxy, self._unnamed.read_picture(unnamed)
        others = tuple(hit for hit in self._hits(features, top + 1)[0] if hit.face_id != face_id)[:top]
        return FaceSearchResult(box_xyxy, pixels_rgb, features, others)

    def search_features(self, features: Embeddings, *, top: int = 5) -> tuple[tuple[FaceHit, ...], ...]:
        """Return the hits of each of N faces, known by their features, best first.

        Raises:
            ModelVersionMismatchError: if the features are of another extractor than the one in use.
            ConfigError: if ``top`` is out of range.
        """
        _refuse_count(top)
        return tuple(self._hits(features, top))

    def write_sheet(self, results: Sequence[FaceSearchResult], picture: Path, target: Path) -> None:
        """Write what was found as one picture, a row per face that was searched for.

        Raises:
            ConfigError: if the name is neither that of a JPEG nor that of a PNG.
            GalleryReadError: if an enrolled picture is missing or damaged.
            OutputWriteError: if the file cannot be written.
        """
        if target.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
            raise ConfigError(f"The sheet {target} is to be a picture; give it a name that ends in .png or .jpg.")
        rows = [
            SheetRow(
                SheetFace(result.picture_rgb, "Searched for", f"face {number} of {len(results)}"),
                [
                    SheetFace(
                        self._likeness(hit), hit.name or "No name yet", f"{min(hit.probability, 0.99):.0%} the same"
                    )
                    for hit in result.hits
                ],
            )
            for number, result in enumerate(results, start=1)
        ]
        write = write_png if target.suffix.lower() == ".png" else write_jpeg
        write(target, ranked_sheet(rows, f"Enrolled faces most like those of {picture.name}"))

    def _likeness(self, hit: FaceHit) -> UInt8Array:
        if hit.person_id:
            detections, pixels_rgb = (
                self._store.get_face(hit.face_id).detections(),
                self._store.read_picture(hit.face_id),
            )
        else:
            face = self._unnamed.get(hit.face_id)
            detections, pixels_rgb = face.detections(), self._unnamed.read_picture(face)
        return cut_out(Frame(pixels_rgb, 0, 0.0, hit.source), detections, 1.0).pixels_rgb

    def _hits(self, embeddings: Embeddings, top: int) -> list[tuple[FaceHit, ...]]:
        enrolled, seen = self._enrolled_hits(embeddings, top), self._seen_hits(embeddings, top)
        # The network's order is not always that of the cosine, which chose the candidates.
        return [
            tuple(sorted((*named, *unnamed), key=lambda hit: (-hit.probability, -hit.cosine))[:top])
            for named, unnamed in zip(enrolled, seen, strict=True)
        ]

    def _enrolled_hits(self, embeddings: Embeddings, top: int) -> list[list[FaceHit]]:
        index = self._index()
        snapshot = index.snapshot
        if not len(snapshot):
            return [[] for _ in range(len(embeddings))]
        candidates = index.nearest(embeddings, top)
        network = self._network()
        scores = network.scorer.score(embeddings, snapshot, candidates)
        probabilities = network.calibration.pairs.probabilities(log_odds_of(scores.probabilities))
        return [
            [
                self._hit(str(snapshot.face_ids[gallery_row]), snapshot.names, float(cosine), float(probability))
                for gallery_row, cosine, probability in zip(
                    candidates.gallery_rows[row], candidates.cosines[row], probabilities[row], strict=True
                )
            ]
            for row in range(len(embeddings))
        ]

    def _hit(self, face_id: str, names: Mapping[str, str], cosine: float, probability: float) -> FaceHit:
        face = self._store.get_face(face_id)
        return FaceHit(face_id, face.person_id, names[face.person_id], face.source, cosine, probability)

    def _seen_hits(self, embeddings: Embeddings, top: int) -> list[list[FaceHit]]:
        seen = self._seen_faces(embeddings.extractor_version)
        if not seen.face_ids:
            return [[] for _ in range(len(embeddings))]
        network, found = self._network(), []
        for vector in embeddings.vectors:
            cosines = np.asarray(seen.vectors @ vector, np.float32)
            rows = np.argsort(-cosines, kind="stable")[:top]
            pairs = network.scorer.score_pairs(np.repeat(vector[None], len(rows), axis=0), seen.vectors[rows])
            probabilities = network.calibration.pairs.probabilities(log_odds_of(pairs))
            found.append(
                [
                    FaceHit(seen.face_ids[row], "", "", seen.sources[row], float(cosines[row]), float(probability))
                    for row, probability in zip(rows.tolist(), probabilities, strict=True)
                ]
            )
        return found

    def _seen_faces(self, extractor_version: str) -> _SeenFaces:
        """Return the open faces without a name; read anew only when the database has changed."""
        mark = (*self._store.database.change_mark, extractor_version)
        if self._seen is None or self._seen.mark != mark:
            sources = {one.face_id: one.source for one in self._unnamed.all() if one.state is UnnamedState.OPEN}
            vectors = {i: v for i, v in self._unnamed.vectors(extractor_version).items() if i in sources}
            matrix = np.stack(list(vectors.values())) if vectors else np.zeros((0, 0), np.float32)
            self._seen = _SeenFaces(mark, tuple(vectors), tuple(sources[i] for i in vectors), matrix)
        return self._seen

    def _unnamed_face(self, face_id: str) -> UnnamedFace:
        """Return a face without a name that has features.

        Raises:
            GalleryReadError: there is no such face at all.
            ConfigError: it takes no part in recognition, or has no features yet.
        """
        found = next((face for face in self._unnamed.all() if face.face_id == face_id), None)
        if found is None:
            self._store.get_face(face_id)  # says so if it has gone
            raise ConfigError("This face takes no part in recognition; include it again to search from it.")
        if face_id not in self._unnamed.vectors(self._extractor.version):
            raise ConfigError(
                "This face has no features yet; open the page of unknown faces once, which computes them."
            )
        return found


def _refuse_count(top: int) -> None:
    if not 1 <= top <= _MOST_HITS:
        raise ConfigError(f"{top} results were asked for; ask for 1 to {_MOST_HITS}.")
