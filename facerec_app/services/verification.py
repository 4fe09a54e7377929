"""How well two pictures are told to show one person or two: the figures the field states, on the user's machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facerec_app.core.errors import ConfigError, UnreadableImageError
from facerec_app.core.protocols import SimilarityScorer
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.training.lfw_pairs import PairList, read_pair_list
from facerec_app.training.picture_features import FacePath, PictureFeatures, embed_pictures, pictures_of_people
from facerec_app.training.verification_run import VerificationComparison, compare_with_cosine, support_note


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The result of ``facerec evaluate verification``.

    Attributes:
        comparison: figures of the similarity network and of cosine.
        pairs: number of pairs in the list.
        pictures: number of pictures that were embedded.
        not_detected: pictures in which no face was found; each pair with one counts as an error.
        hashes: SHA-256 of the pair list, the pictures, the preprocessing and each model file, and versions.
    """

    comparison: VerificationComparison
    pairs: int
    pictures: int
    not_detected: tuple[str, ...]
    hashes: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the report ready for ``json.dumps``."""
        network = self.comparison.network
        return {
            "accuracy_mean": network.accuracy_mean,
            "accuracy_stderr": network.accuracy_stderr,
            "accuracy_fold_stderr": network.accuracy_fold_stderr,
            "threshold_log_odds": network.threshold,
            "tar_at_far": dict(network.tar_at_far),
            "tar_at_far_stderr": dict(network.tar_at_far_stderr),
            "tar_note": support_note(self.comparison.unsupported_rates),
            "pairs": self.pairs,
            "all_pairs": self.comparison.all_pairs,
            "all_pairs_pictures": self.comparison.all_pairs_pictures,
            "pictures": self.pictures,
            "not_detected": len(self.not_detected),
            "not_detected_pictures": list(self.not_detected),
            "wrong_pairs": list(network.wrong_pairs),
            "cosine": asdict(self.comparison.cosine),
            "accuracy_minus_cosine": self.comparison.accuracy_difference,
            "accuracy_minus_cosine_interval": list(self.comparison.difference_interval),
            "hashes": dict(self.hashes),
        }

    def table_rows(self) -> list[tuple[str, str, str]]:
        """Return what a table shows: figure, similarity network, cosine."""
        network, cosine = self.comparison.network, self.comparison.cosine
        rows = [
            (
                "accuracy",
                f"{network.accuracy_mean:.2%} +- {network.accuracy_stderr:.2%}",
                f"{cosine.accuracy_mean:.2%} +- {cosine.accuracy_stderr:.2%}",
            )
        ]
        for key in network.tar_at_far:
            rows.append(
                (
                    f"TAR at FAR {key}",
                    f"{network.tar_at_far[key]:.2%} +- {network.tar_at_far_stderr[key]:.2%}",
                    f"{cosine.tar_at_far[key]:.2%} +- {cosine.tar_at_far_stderr[key]:.2%}",
                )
            )
        return rows


class VerificationService:
    """Evaluates detector, aligner, extractor and similarity network together on a pair list.

    Args:
        path: how a picture becomes a feature.
        scorer: the similarity network.
        calibration: carries the thresholds, chosen on the training people and never on what is reported.
        model_hashes: SHA-256 by model file, for the report.
    """

    def __init__(
        self,
        path: FacePath,
        scorer: SimilarityScorer,
        calibration: IdentityCalibration,
        model_hashes: Mapping[str, str],
    ) -> None:
        self.path = path
        self.scorer = scorer
        self.calibration = calibration
        self.model_hashes = model_hashes

    def evaluate(
        self,
        root: Path,
        pairs_file: Path,
        *,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> VerificationReport:
        """Return the figures for a pair list over a folder with one folder a person.

        Every picture of every person in the list is embedded once: the list gives the accuracy, all pairs of these
        pictures the true accept rates.

        Raises:
            ConfigError: if the list cannot be read or names pictures that are not there.
            UnreadableImageError: if a picture cannot be read.
            TrainingCancelledError: if the user ended it.
        """
        pairs = read_pair_list(pairs_file)
        pictures = _pictures(root, pairs, pairs_file)
        features = embed_pictures(
            root,
            pictures,
            self.path,
            on_picture=lambda done, total, name: on_progress(Progress(done, total, name)),
            cancelled=cancelled,
        )
        if not features.found.any():
            raise UnreadableImageError(f"No face was found in any of the {len(pictures)} pictures under {root}.")
        comparison = compare_with_cosine(pairs, features, self.scorer, self.calibration)
        missing = tuple(name for name, found in zip(pictures, features.found, strict=True) if not found)
        return VerificationReport(
            comparison, len(pairs.pairs), len(pictures), missing, self._hashes(features, pairs_file)
        )

    def _hashes(self, features: PictureFeatures, pairs_file: Path) -> dict[str, str]:
        return {
            "pairs": hashlib.sha256(pairs_file.read_bytes()).hexdigest(),
            "data": features.data_sha256,
            "preprocessing": hashlib.sha256(features.preprocessing.encode()).hexdigest(),
            "preprocessing_description": features.preprocessing,
            "similarity_version": self.scorer.version,
            **{f"model:{name}": digest for name, digest in self.model_hashes.items()},
        }


def _pictures(root: Path, pairs: PairList, pairs_file: Path) -> list[str]:
    if not root.is_dir():
        raise ConfigError(f"There is no folder {root}; check the name given to --root.")
    missing = [name for name in pairs.pictures if not (root / name).is_file()]
    if missing:
        raise ConfigError(
            f"{len(missing)} pictures of the pair list {pairs_file} are not under {root}, the first is {missing[0]}; "
            "check that list and folder belong together."
        )
    return sorted({*pictures_of_people(root, pairs.people), *pairs.pictures})
