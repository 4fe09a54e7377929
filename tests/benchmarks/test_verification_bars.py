"""The figures that issues 2 and 4 ask for, on people whom nothing that ships has seen.

``FACEREC_TEST_DATA=... pytest -m benchmark tests/benchmarks/test_verification_bars.py``
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.services.evaluation import EvaluationService
from facerec_app.services.evaluation_data import EvaluationData

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


def service(database: Path, detector: str) -> EvaluationService:
    return ComposedApplication(Settings(database_dir=database, detector=detector)).evaluation()


@pytest.fixture(scope="module", params=["mtcnn", "yunet"])
def figures(
    request: pytest.FixtureRequest, test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    evaluation = service(tmp_path_factory.mktemp("gallery"), request.param)
    report = evaluation.verification(
        EvaluationData(test_data_dir / "lfw"), test_data_dir / "splits" / "test_pairs.txt", scorer="shipped"
    )
    print(request.param, *report.sentences, sep="\n")
    return report.to_json()


def test_true_accept_rate_at_one_in_a_thousand(figures: dict[str, Any]) -> None:
    assert figures["tar_at_far"]["1e-3"] >= 0.985


def test_accuracy_reaches_the_aim(figures: dict[str, Any]) -> None:
    # The network and its threshold were made with MTCNN; YuNet is held to one standard error.
    allowance = 0.0 if is_default(figures) else figures["accuracy_stderr"]
    assert figures["accuracy_mean"] + allowance >= 0.992


def test_the_network_is_no_worse_than_cosine(figures: dict[str, Any]) -> None:
    lower, upper = figures["accuracy_minus_cosine_interval"]
    if is_default(figures):
        assert lower >= -0.001
    else:
        assert figures["accuracy_minus_cosine"] >= -0.002
        assert upper >= 0.0


def is_default(figures: dict[str, Any]) -> bool:
    return bool(figures["hashes"]["preprocessing_description"].startswith("mtcnn"))


def test_identification_reaches_the_aims(test_data_dir: Path, tmp_path: Path) -> None:
    splits = test_data_dir / "splits"
    report = service(tmp_path, "mtcnn").identification(
        EvaluationData(test_data_dir / "lfw", splits / "test_people.txt"),
        gallery_sizes=(100, 500), fill_files=(splits / "stranger_people.txt",), draws=20, scorer="shipped",
    )  # fmt: skip
    print(*report.sentences, sep="\n")
    hundred, five_hundred = (entry["fnir_at_fpir"]["1 %"]["fnir"] for entry in report.to_json()["galleries"])
    assert hundred <= 0.020
    assert five_hundred <= 0.030
