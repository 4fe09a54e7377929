"""What is evaluated: a way from pictures to features and a judge of pairs, with the thresholds that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Float32Array
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.evaluation.face_embedding import FaceSource
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.similarity.log_odds import log_odds_of
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.pair_sampling import PairScoring


@dataclass(frozen=True, slots=True)
class Subject:
    """A scorer on the features of one source.

    Attributes:
        name: as the user asked for it.
        source: how pictures become features.
        scorer: judges pairs.
        threshold: score from which a pair counts as one person, chosen on other people; None if there is none.
        calibration: of the program's own decisions; None for scorers that the program does not decide by.
        hashes: SHA-256 of the files behind it, and versions.
    """

    name: str
    source: FaceSource
    scorer: SimilarityScorer
    threshold: float | None = None
    calibration: IdentityCalibration | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def score(self) -> PairScoring:
        """Scores of pairs as log odds, not cut off where probabilities end if the scorer can say more."""
        if isinstance(self.scorer, SimilarityNetwork | CosineScorer):
            return self.scorer.log_odds
        return self._log_odds

    def _log_odds(self, left: Float32Array, right: Float32Array) -> Float32Array:
        return log_odds_of(self.scorer.score_pairs(left, right))


def cosine_subject(like: Subject) -> Subject:
    """Return plain cosine on the same features; its scores are the cosines themselves."""
    threshold = like.calibration.cosine_threshold if like.calibration is not None else None
    hashes = {name: value for name, value in like.hashes.items() if not name.startswith("similarity")}
    return Subject("cosine", like.source, CosineScorer(middle=0.0, slope=1.0), threshold, None, hashes)
