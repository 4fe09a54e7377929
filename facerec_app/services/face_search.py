"""Search by picture: the enrolled faces most like a given one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image, write_jpeg, write_png
from facerec_app.core.errors import ConfigError, NoFaceError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor, GalleryIndex
from facerec_app.core.types import Embeddings, Float32Array, Frame, UInt8Array
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.pipeline.ranked_sheet import SheetFace, SheetRow, ranked_sheet
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.present_network import NetworkInUse
from facerec_app.similarity.log_odds import log_odds_of

_MOST_HITS = 1000


@dataclass(frozen=True, slots=True)
class FaceHit:
    """An enrolled face that was found.

    Attributes:
        face_id: of the enrolled face; search again from it with ``search_face``.
        person_id: whose it is.
        name: of that person.
        source: where the face came from when it was enrolled.
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


class FaceSearchService:
    """Ranks enrolled faces by how much they are like a given one.

    Args:
        store: where the faces are.
        detector, aligner, extractor: of the profile in use; pictures are looked at as for enrolment.
        network: returns what judges each pair at present, and makes a probability of what it says.
        index: returns the index of the gallery's present state.
    """

    def __init__(
        self,
        store: GalleryStore,
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        network: Callable[[], NetworkInUse],
        index: Callable[[], GalleryIndex],
    ) -> None:
        self._store = store
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._network = network
        self._index = index

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
        """Return what is most like an enrolled face, without itself.

        Raises:
            GalleryReadError: if there is no such face, or it takes no part in recognition.
            ConfigError: if ``top`` is out of range.
        """
        _refuse_count(top)
        face = self._store.get_face(face_id)
        snapshot = self._index().snapshot
        rows = np.nonzero(snapshot.face_ids == face_id)[0]
        if not len(rows):
            raise ConfigError("This face takes no part in recognition; include it again to search from it.")
        features = Embeddings(snapshot.vectors[rows], snapshot.extractor_version)
        others = tuple(hit for hit in self._hits(features, top + 1)[0] if hit.face_id != face_id)[:top]
        return FaceSearchResult(face.box_xyxy, self._store.read_picture(face_id), features, others)

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
                    SheetFace(self._likeness(hit), hit.name, f"{min(hit.probability, 0.99):.0%} the same")
                    for hit in result.hits
                ],
            )
            for number, result in enumerate(results, start=1)
        ]
        write = write_png if target.suffix.lower() == ".png" else write_jpeg
        write(target, ranked_sheet(rows, f"Enrolled faces most like those of {picture.name}"))

    def _likeness(self, hit: FaceHit) -> UInt8Array:
        face, pixels_rgb = self._store.get_face(hit.face_id), self._store.read_picture(hit.face_id)
        return cut_out(Frame(pixels_rgb, 0, 0.0, hit.source), face.detections(), 1.0).pixels_rgb

    def _hits(self, embeddings: Embeddings, top: int) -> list[tuple[FaceHit, ...]]:
        index = self._index()
        snapshot = index.snapshot
        if not len(snapshot):
            return [()] * len(embeddings)
        candidates = index.nearest(embeddings, top)
        network = self._network()
        scores = network.scorer.score(embeddings, snapshot, candidates)
        probabilities = network.calibration.pairs.probabilities(log_odds_of(scores.probabilities))
        # The network's order is not always that of the cosine, which chose the candidates.
        order = np.lexsort((-candidates.cosines, -probabilities), axis=1)
        return [
            tuple(
                self._hit(
                    str(snapshot.face_ids[candidates.gallery_rows[row, column]]),
                    float(candidates.cosines[row, column]),
                    float(probabilities[row, column]),
                )
                for column in order[row]
            )
            for row in range(len(embeddings))
        ]

    def _hit(self, face_id: str, cosine: float, probability: float) -> FaceHit:
        face = self._store.get_face(face_id)
        name = self._index().snapshot.names[face.person_id]
        return FaceHit(face_id, face.person_id, name, face.source, cosine, probability)


def _refuse_count(top: int) -> None:
    if not 1 <= top <= _MOST_HITS:
        raise ConfigError(f"{top} results were asked for; ask for 1 to {_MOST_HITS}.")
