"""The figures that issue 2 asks for, on people whom nothing that ships has seen.

``FACEREC_TEST_DATA=... pytest -m benchmark tests/benchmarks/test_verification_bars.py``
"""

from __future__ import annotations

from pathlib import Path

import pytest

from facerec_app.decision.identity_calibration import identity_calibration_from_bytes
from facerec_app.models.model_store import ModelStore
from facerec_app.services.verification import VerificationReport, VerificationService
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.compute_features import sface_path

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module", params=["mtcnn", "yunet"])
def report(request: pytest.FixtureRequest, test_data_dir: Path) -> VerificationReport:
    store = ModelStore()
    service = VerificationService(
        sface_path(request.param, store),
        SimilarityNetwork.from_bytes(store.read("similarity-sface"), "similarity"),
        identity_calibration_from_bytes(store.read("similarity-sface-calibration"), "calibration"),
        {},
    )
    result = service.evaluate(test_data_dir / "lfw", test_data_dir / "splits" / "test_pairs.txt")
    print(request.param, result.table_rows(), result.not_detected)
    return result


def test_true_accept_rate_at_one_in_a_thousand(report: VerificationReport) -> None:
    assert report.comparison.network.tar_at_far["1e-3"] >= 0.985


def test_accuracy_reaches_the_aim(report: VerificationReport) -> None:
    network = report.comparison.network
    # The network and its threshold were made with MTCNN; YuNet is held to one standard error.
    allowance = 0.0 if is_default(report) else network.accuracy_stderr
    assert network.accuracy_mean + allowance >= 0.992


def test_the_network_is_no_worse_than_cosine(report: VerificationReport) -> None:
    lower, upper = report.comparison.difference_interval
    if is_default(report):
        assert lower >= -0.001
    else:
        assert report.comparison.accuracy_difference >= -0.002
        assert upper >= 0.0


def is_default(report: VerificationReport) -> bool:
    return report.hashes["preprocessing_description"].startswith("mtcnn")
