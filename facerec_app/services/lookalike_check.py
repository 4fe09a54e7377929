"""Whether a face that is to be enrolled is somebody else who is enrolled already."""

from __future__ import annotations

from facerec_app.core.errors import AlreadyEnrolledError
from facerec_app.core.protocols import GalleryIndex, PersonRanker, PictureDecider
from facerec_app.core.types import Embeddings, Verdict


class LookalikeCheck:
    """Asks what live recognition would say of the face: only a clear name of another person counts.

    Args:
        ranker: of the profile in use.
        decider: with the profile's calibration and the user's rate of strangers named.
    """

    def __init__(self, ranker: PersonRanker, decider: PictureDecider) -> None:
        self._ranker = ranker
        self._decider = decider

    def refuse_other(
        self, embedding: Embeddings, index: GalleryIndex, person_id: str | None, own_cosine: float, what: str
    ) -> None:
        """Refuse a face that is known as another person.

        Args:
            embedding: of the face, one row.
            index: the gallery.
            person_id: whose face it is said to be, None for somebody new.
            own_cosine: of the nearest face of the same person, also of those that are not in ``index`` yet; -1 without
                any. A face that is nearer to its own person is theirs.
            what: the picture as the user knows it.

        Raises:
            AlreadyEnrolledError: names the other person.
            InferenceError: if the face cannot be compared.
        """
        if not len(index.snapshot):
            return
        decision = self._decider.decide(self._ranker.rank(embedding, index))[0]
        if decision.verdict is not Verdict.KNOWN or decision.person_id in {None, person_id}:
            return
        if own_cosine >= float(index.nearest(embedding, 1).cosines[0, 0]):
            return
        name = index.snapshot.names.get(str(decision.person_id), "somebody else")
        raise AlreadyEnrolledError(
            f"The face in {what} is already enrolled as {name} ({_percent(decision.probability)} sure); add it to "
            f"{name}, or add it anyway if it really is somebody else."
        )


def _percent(probability: float) -> str:
    return f"{min(probability, 0.99):.0%}"
