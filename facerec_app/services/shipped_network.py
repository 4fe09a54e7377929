"""What ships with a profile beside its extractor, and what a fine-tuned extractor borrows of it."""

from __future__ import annotations

from dataclasses import replace

from facerec_app.core.errors import WeightsMissingError
from facerec_app.decision.identity_calibration import identity_calibration_from_bytes
from facerec_app.models.model_manifest import RecognitionProfile
from facerec_app.models.model_store import ModelStore
from facerec_app.services.present_network import NetworkInUse
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.feature_statistics import FeatureStatistics, feature_statistics_from_bytes


def shipped_network(models: ModelStore, profile: RecognitionProfile) -> NetworkInUse:
    """Return the network of a profile.

    Raises:
        WeightsMissingError: the profile has none, or its file is missing.
        WeightsRejectedError: a file is damaged.
    """
    weights, calibration = profile.similarity_file, profile.calibration_file
    if weights is None or calibration is None:
        raise WeightsMissingError(
            f"The profile '{profile.name}' has no similarity network yet; choose another with --profile."
        )
    return NetworkInUse(
        SimilarityNetwork.from_bytes(models.read(weights), models.entry(weights).file),
        identity_calibration_from_bytes(models.read(calibration), models.entry(calibration).file),
    )


def shipped_statistics(models: ModelStore, profile: RecognitionProfile) -> FeatureStatistics:
    """Return the statistics of a profile's features, from which retraining draws people who do not exist.

    Raises:
        WeightsMissingError: the profile has none, or its file is missing.
        WeightsRejectedError: the file is damaged.
    """
    name = profile.statistics_file
    if name is None:
        raise WeightsMissingError(
            f"The profile '{profile.name}' has no statistics of features to train with; choose another with --profile."
        )
    return feature_statistics_from_bytes(models.read(name), models.entry(name).file)


def lent_to(network: NetworkInUse, extractor_version: str) -> NetworkInUse:
    """Return the same network and calibration for the features of a fine-tuned extractor.

    That is right only for an extractor whose strangers look no more alike than the shipped one's, which is measured
    before it comes into use (``finetuning_judgement``).

    Args:
        network: that ships.
        extractor_version: of the fine-tuned extractor.
    """
    scorer = SimilarityNetwork(replace(network.scorer.weights, extractor_version=extractor_version))
    calibration = replace(network.calibration, extractor_version=extractor_version, scorer_version=scorer.version)
    return replace(network, scorer=scorer, calibration=calibration)
