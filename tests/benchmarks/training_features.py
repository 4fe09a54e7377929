"""Features of the people that may be trained on, computed once by ``facerec_app.training.compute_features``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from facerec_app.decision.identity_calibration import IdentityCalibration, identity_calibration_from_bytes
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_weights import SimilarityWeights, similarity_weights_from_bytes
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, read_people

FEATURES_VARIABLE = "FACEREC_TRAIN_FEATURES"


def training_features() -> LabelledFeatures:
    """Return the features of the training people without doubtful labels; skips where the variable is unset."""
    named = os.environ.get(FEATURES_VARIABLE)
    if not named:
        pytest.skip(f"{FEATURES_VARIABLE} is unset; set it to what compute_features made of the training people")
    features = PictureFeatures.load(Path(named)).labelled()
    return features.of_people(set(features.people) - set(read_people(DOUBTFUL_LABELS_FILE)))


def shipped_network() -> tuple[SimilarityWeights, IdentityCalibration]:
    """Return the shipped network of profile ``sface`` with its calibration."""
    store = ModelStore()
    profile = store.profile("sface")
    assert profile.similarity_file is not None
    assert profile.calibration_file is not None
    return (
        similarity_weights_from_bytes(store.read(profile.similarity_file), "similarity"),
        identity_calibration_from_bytes(store.read(profile.calibration_file), "calibration"),
    )
