"""What users may name for evaluation, and two profiles side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.core.errors import ConfigError, ModelVersionMismatchError, WeightsMissingError
from facerec_app.decision.identity_calibration import IdentityCalibration, identity_calibration_from_bytes
from facerec_app.evaluation.face_embedding import FaceSource
from facerec_app.evaluation.feature_cache import FeatureCache
from facerec_app.models.model_store import ModelStore
from facerec_app.models.version_store import VersionStore
from facerec_app.services.evaluation import EvaluationService
from facerec_app.services.evaluation_data import EvaluationData
from facerec_app.services.evaluation_subjects import EvaluationSubjects, ProfileParts
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights, similarity_weights_to_bytes
from facerec_app.training.picture_features import FacePath
from tests.unit.evaluation.test_feature_cache import ColourExtractor, MiddleDetector, WholeAligner


@dataclass(frozen=True, slots=True)
class Judging:
    scorer: SimilarityNetwork
    calibration: IdentityCalibration


def network(extractor_version: str, scale: float = 9.0) -> SimilarityNetwork:
    return SimilarityNetwork(SimilarityWeights(extractor_version, scale, 0.5, FeatureNormalisation.none(3)))


def parts(name: str, settings: str, *, has_network: bool = True) -> ProfileParts:
    store = ModelStore()
    calibration = identity_calibration_from_bytes(store.read("similarity-sface-calibration"), "calibration")
    source = FaceSource(FacePath(read_image, MiddleDetector(), WholeAligner(), ColourExtractor()), settings)

    def judging() -> Judging:
        if not has_network:
            raise WeightsMissingError(f"The profile '{name}' has no similarity network yet.")
        return Judging(network("colour-1"), calibration)

    return ProfileParts(name, lambda: source, judging, judging, {"network": "0" * 64})


def subjects(folder: Path, *, has_network: bool = True) -> EvaluationSubjects:
    own = parts("own", "own settings", has_network=has_network)
    return EvaluationSubjects(
        own, ("own", "other"), lambda name: parts(name, f"{name} settings"), VersionStore(folder / "versions")
    )


def test_everything_that_judges_has_a_name(tmp_path: Path) -> None:
    known = subjects(tmp_path)
    file = tmp_path / "mine.safetensors"
    file.write_bytes(similarity_weights_to_bytes(network("colour-1", 4.0).weights))
    assert known.subject("shipped").threshold == known.subject("present").threshold is not None
    assert known.subject("cosine").scorer.version.startswith("cosine")
    assert known.subject("profile:other").source.settings == "other settings"
    assert known.subject("own").source is known.subject("present").source
    mine = known.subject(str(file))
    assert (mine.threshold, mine.calibration) == (None, None)
    assert len(mine.hashes["weights:mine.safetensors"]) == 64
    assert mine.scorer.version != known.subject("shipped").scorer.version


def test_what_is_not_known_or_does_not_fit_is_refused(tmp_path: Path) -> None:
    known = subjects(tmp_path)
    with pytest.raises(ConfigError, match="no 'dreams' to evaluate"):
        known.subject("dreams")
    with pytest.raises(ConfigError, match="cannot be read"):
        known.subject(str(tmp_path / "gone.safetensors"))
    file = tmp_path / "mine.safetensors"
    file.write_bytes(similarity_weights_to_bytes(network("another-network").weights))
    with pytest.raises(ModelVersionMismatchError, match="another-network"):
        known.subject(str(file))


def test_a_profile_without_a_network_still_has_cosine(tmp_path: Path) -> None:
    known = subjects(tmp_path, has_network=False)
    assert known.subject("cosine").threshold is None
    with pytest.raises(WeightsMissingError):
        known.subject("present")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    folder = tmp_path / "people"
    for person in range(15):
        colour = generator.integers(60, 250, 3)
        (folder / f"p{person}").mkdir(parents=True)
        for number in range(2):
            picture = np.clip(colour + generator.integers(-12, 12, 3), 0, 255).astype(np.uint8)
            write_jpeg(folder / f"p{person}" / f"{number}.jpg", np.full((40, 40, 3), picture, np.uint8))
    return folder


def service(tmp_path: Path, *, has_network: bool = True) -> EvaluationService:
    def no_gallery() -> tuple[object, object]:
        raise AssertionError("nobody asked for the gallery")

    known = subjects(tmp_path, has_network=has_network)
    return EvaluationService(known, FeatureCache(tmp_path / "cache"), no_gallery, 0.001)  # type: ignore[arg-type]


def test_two_profiles_are_compared_each_on_its_own_features(root: Path, tmp_path: Path) -> None:
    values = service(tmp_path).compare(EvaluationData(root), "own", "other").to_json()
    assert values["sentence"].startswith("No difference beyond chance between profile own and profile other")
    assert values["hashes"]["A:preprocessing"] != values["hashes"]["B:preprocessing"]
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_scorers_of_two_profiles_cannot_share_a_ranking(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="evaluate compare"):
        service(tmp_path).retrieval(EvaluationData(root), ("present", "profile:other"))
    with pytest.raises(ConfigError, match="at least one"):
        service(tmp_path).retrieval(EvaluationData(root), ())


def test_without_a_threshold_one_is_chosen_and_that_is_said(root: Path, tmp_path: Path) -> None:
    report = service(tmp_path, has_network=False).verification(EvaluationData(root), scorer="cosine")
    values = report.to_json()
    assert "no threshold of its own" in report.remarks[0]
    assert np.isfinite(values["threshold_log_odds"])
    assert values["accuracy_minus_cosine"] == pytest.approx(0.0)
