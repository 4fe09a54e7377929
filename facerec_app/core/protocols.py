"""The roles on the path of a frame; implementations add their technique to the role's name."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from facerec_app.core.types import (
    BoolArray,
    Candidates,
    Embeddings,
    FaceCrops,
    FaceDetections,
    Float32Array,
    Frame,
    GallerySnapshot,
    IdentityDecision,
    Int64Array,
    PersonScores,
    SimilarityScores,
    UInt8Array,
)


@runtime_checkable
class FrameSource(Protocol):
    """Where frames come from: a camera, a video file, a stream or a folder of pictures.

    A source is opened by its constructor (or raises ``SourceOpenError``) and is used from one thread; ``close`` may be
    called from any thread and makes a waiting ``read`` return soon.
    """

    @property
    def source_id(self) -> str:
        """What the user would call it."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether frames come at the world's pace (and may be dropped) rather than as fast as they are read."""
        ...

    @property
    def frame_rate(self) -> float | None:
        """Frames per second, if the source says so."""
        ...

    @property
    def frame_count(self) -> int | None:
        """Number of frames, if the source has an end and knows it."""
        ...

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end.

        Raises:
            SourceLostError: if a live source stopped and did not come back.
        """
        ...

    def close(self) -> None:
        """Release the device or file; calling it again does nothing."""
        ...


class SeekableSource(FrameSource, Protocol):
    """A source with a known length in which one can jump."""

    def seek(self, index: int) -> None:
        """Make the frame of that index the next one read; clipped to the source's range."""
        ...


class InferenceSession(Protocol):
    """A network in the light runtime: arrays in, arrays out."""

    def run(self, inputs: Float32Array | UInt8Array) -> tuple[Float32Array, ...]:
        """Run the network on one batch.

        Raises:
            InferenceError: if it fails or returns values that are not finite.
        """
        ...


class FaceDetector(Protocol):
    """Finds faces in a picture."""

    @property
    def name(self) -> str: ...

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        """Return the faces of an ``(H, W, 3)`` uint8 picture, best score first; none is an empty result."""
        ...


class FollowingFaceDetector(FaceDetector, Protocol):
    """A detector that can also look where faces were a moment ago, in a fraction of a search's time."""

    def look_again(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array) -> FaceDetections:
        """Return the faces in and around ``(N, 4)`` boxes, at most one a box, best score first.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        ...


class FaceFinder(Protocol):
    """Finds the faces of one source's frames, taken in order; may use what it saw before."""

    @property
    def is_resting(self) -> bool:
        """Whether the latest frame was not looked at, because nothing has moved for a while: all is as it was."""
        ...

    def find(self, frame: Frame) -> FaceDetections:
        """Return the faces of a frame, best score first.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        ...

    def reset(self) -> None:
        """Forget what was seen (the source changed or jumped)."""
        ...


class FaceAligner(Protocol):
    """Cuts faces out so that eyes, nose and mouth lie where the extractor expects them."""

    @property
    def crop_size_px(self) -> int: ...

    def align(self, pixels_rgb: UInt8Array, detections: FaceDetections) -> FaceCrops:
        """Return one crop per detection, in order."""
        ...


class FaceTracker(Protocol):
    """Follows faces from frame to frame."""

    @property
    def live_track_ids(self) -> frozenset[int]:
        """Tracks that may still go on."""
        ...

    def update(self, frame: Frame, detections: FaceDetections) -> Int64Array:
        """Return the track identifier of each detection, ``(N,)`` int64, each at most once."""
        ...

    def jumped(self, track_ids: Int64Array) -> BoolArray:
        """Return ``(N,)`` bool: which of these tracks may have gone over to another face in this frame."""
        ...

    def check_appearance(self, track_ids: Int64Array, embeddings: Embeddings) -> Int64Array:
        """Return the identifiers, with a new one wherever the features are clearly another person's."""
        ...

    def reset(self) -> None:
        """Forget everything (the source changed or jumped)."""
        ...


class FeatureExtractor(Protocol):
    """Turns crops into vectors that are near for one person and far for two."""

    @property
    def version(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed(self, crops: FaceCrops) -> Embeddings:
        """Return one unit-length embedding per crop; zero crops give an empty result without running the network.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        ...


class GalleryIndex(Protocol):
    """Finds the enrolled faces nearest to a probe."""

    @property
    def snapshot(self) -> GallerySnapshot: ...

    def nearest(self, probes: Embeddings, count: int) -> Candidates:
        """Return the ``min(count, G)`` nearest gallery faces of each probe by cosine, best first.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
        """
        ...


class SimilarityScorer(Protocol):
    """Judges pairs of features: the probability that both are one person."""

    @property
    def version(self) -> str: ...

    def score_pairs(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` float32 probabilities for two ``(P, D)`` float32 arrays of unit-length features."""
        ...

    def score(self, probes: Embeddings, snapshot: GallerySnapshot, candidates: Candidates) -> SimilarityScores:
        """Return the probability of each probe with each of its candidates."""
        ...


class PersonRanker(Protocol):
    """Goes from faces to people: nearest faces, their pair probabilities, pooled by person."""

    def rank(self, probes: Embeddings, index: GalleryIndex) -> PersonScores:
        """Return the enrolled people most like each probe, best first.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
        """
        ...


class PictureDecider(Protocol):
    """Gives each face of one picture at most one name."""

    def decide(self, scores: PersonScores, track_ids: Int64Array | None = None) -> tuple[IdentityDecision, ...]:
        """Return one decision per probe, no name twice; without track identifiers they are -1."""
        ...


class TrackVoter(Protocol):
    """Adds up what single looks say and gives each track at most one name."""

    def add(
        self,
        track_id: int,
        person_scores: PersonScores,
        quality: float,
        timestamp_s: float,
        alone: PersonScores | None = None,
        norm: float = 1.0,
    ) -> int:
        """Count one look (``person_scores`` has one row, ``quality`` is 0 to 1).

        ``alone`` is what the look says by itself where ``person_scores`` speaks for earlier ones too; ``norm`` is how
        long its feature was before its length was made one. Returns how many of the latest looks are at another face
        than the one that had the track's name, if this look shows it: those before no longer count then. Else 0.
        """
        ...

    def decide(self, track_ids: Int64Array) -> tuple[IdentityDecision, ...]:
        """Return one decision per track, no name twice."""
        ...

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop what is known of every track but these."""
        ...
