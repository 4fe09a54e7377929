"""The verification service on a handful of real pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import write_jpeg
from facerec_app.core.errors import ConfigError, TrainingCancelledError
from facerec_app.decision.identity_calibration import identity_calibration_from_bytes
from facerec_app.models.model_store import ModelStore
from facerec_app.services.progress import Progress
from facerec_app.services.verification import VerificationReport, VerificationService
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.compute_features import sface_path

PEOPLE = {"Angelina_Jolie": 3, "Tony_Blair": 3, "Gerhard_Schroeder": 3}
PAIRS = """1\t4
Angelina_Jolie\t1\t2
Tony_Blair\t1\t3
Gerhard_Schroeder\t2\t3
Tony_Blair\t1\t9
Angelina_Jolie\t1\tTony_Blair\t2
Angelina_Jolie\t3\tGerhard_Schroeder\t1
Gerhard_Schroeder\t2\tTony_Blair\t3
Gerhard_Schroeder\t2\tAngelina_Jolie\t2
"""


@pytest.fixture(scope="module")
def service() -> VerificationService:
    store = ModelStore()
    return VerificationService(
        sface_path("yunet", store),
        SimilarityNetwork.from_bytes(store.read("similarity-sface"), "similarity"),
        identity_calibration_from_bytes(store.read("similarity-sface-calibration"), "calibration"),
        {"sface": store.entry("sface").sha256},
    )


@pytest.fixture(scope="module")
def root(test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with nine real pictures and one without a face."""
    folder = tmp_path_factory.mktemp("pictures")
    for person, count in PEOPLE.items():
        (folder / person).mkdir()
        for number in range(1, count + 1):
            name = f"{person}/{person}_{number:04d}.jpg"
            shutil.copyfile(test_data_dir / "lfw" / name, folder / name)
    write_jpeg(folder / "Tony_Blair" / "Tony_Blair_0009.jpg", np.full((250, 250, 3), 90, np.uint8))
    (folder / "pairs.txt").write_text(PAIRS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def report(service: VerificationService, root: Path) -> VerificationReport:
    return service.evaluate(root, root / "pairs.txt")


def test_real_pairs_are_judged_and_a_missing_face_is_an_error(report: VerificationReport) -> None:
    values = report.to_json()
    assert values["accuracy_mean"] == pytest.approx(7 / 8)
    assert (values["pairs"], values["pictures"], values["not_detected"]) == (8, 10, 1)
    assert values["not_detected_pictures"] == ["Tony_Blair/Tony_Blair_0009.jpg"]
    assert values["wrong_pairs"] == [
        "Tony_Blair/Tony_Blair_0001.jpg Tony_Blair/Tony_Blair_0009.jpg (same person): no face found"
    ]


def test_the_report_is_plain_json_with_hashes_of_everything(report: VerificationReport) -> None:
    values = json.loads(json.dumps(report.to_json()))
    for key in ("pairs", "data", "preprocessing", "model:sface"):
        assert len(values["hashes"][key]) == 64
    assert values["accuracy_stderr"] >= 0
    assert values["hashes"]["similarity_version"].startswith("similarity-")


def test_rates_that_ten_pictures_cannot_support_are_not_stated(report: VerificationReport) -> None:
    values = report.to_json()
    assert "1e-4" not in values["tar_at_far"]
    assert "1e-4" in values["tar_note"]


def test_the_table_names_the_figures(report: VerificationReport) -> None:
    assert report.table_rows()[0][0] == "accuracy"
    assert report.table_rows()[0][1].startswith("87.50%")


def test_progress_counts_every_picture(service: VerificationService, root: Path) -> None:
    seen: list[Progress] = []
    service.evaluate(root, root / "pairs.txt", on_progress=seen.append)
    assert [progress.done for progress in seen] == list(range(1, 11))
    assert {progress.total for progress in seen} == {10}


def test_cancelling_ends_it(service: VerificationService, root: Path) -> None:
    with pytest.raises(TrainingCancelledError):
        service.evaluate(root, root / "pairs.txt", cancelled=lambda: True)


def test_a_list_that_names_missing_pictures_is_one_clear_line(
    service: VerificationService, root: Path, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("Tony_Blair\t1\t77\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"Tony_Blair_0077\.jpg"):
        service.evaluate(root, pairs)
    with pytest.raises(ConfigError, match="check the name given to --root"):
        service.evaluate(root / "nowhere", pairs)
