"""What the detectors find in pictures annotated by eye, and what tuning gives: the figures of docs/boxes.md.

``pytest tests/benchmarks/test_detection_figures.py -m benchmark -s`` (about 8 minutes on two cores)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.services.application import Application
from facerec_app.training.box_dataset import read_box_dataset
from facerec_app.training.detector_tuning_options import DetectorTuningOptions
from tests.benchmarks.detection_material import lfw_sets, mixed_set, pictures_by_eye

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]
TRUTH = Path("tests") / "e2e" / "truth" / "faces_by_eye.json"


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    composed = compose(Settings(database_dir=tmp_path / "gallery"))
    yield composed
    composed.close()


def figures(application: Application, dataset: Path, detector: str) -> str:
    result = application.library().detection_evaluation().evaluate(read_box_dataset(dataset), detector)
    values = result.report.figures
    low, high = values["average_precision_interval"]
    return (
        f"{values['detector']:<34} {values['pictures']:>4} pictures {values['faces']:>4} faces: AP50 "
        f"{100 * values['average_precision']:.2f} ({100 * low:.2f}-{100 * high:.2f}), AP75 "
        f"{100 * values['average_precision_0.75']:.2f}, recall {100 * values['recall']:.2f}, precision "
        f"{100 * values['precision']:.2f}, overlap {100 * values['mean_overlap']:.2f}"
    )


def test_faces_annotated_by_eye(
    application: Application, test_data_dir: Path, repository_dir: Path, tmp_path: Path
) -> None:
    folder = pictures_by_eye(repository_dir / TRUTH, test_data_dir, tmp_path / "by_eye")
    print()
    for detector in ("mtcnn", "yunet"):
        print(figures(application, folder, detector))
    assert sum(len(picture.faces) for picture in read_box_dataset(folder).pictures) > 50


def test_tuning_on_clear_dim_covered_and_mixed_faces(test_data_dir: Path, tmp_path: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    store = ModelStore()
    first, second = MtcnnDetector(store, min_face_size_px=20.0), YunetDetector(store)
    people = (test_data_dir / "splits" / "train_people.txt").read_text().split()[::4]
    unseen = (test_data_dir / "splits" / "test_people.txt").read_text().split()
    learnt = lfw_sets(test_data_dir / "lfw", people, tmp_path / "train", first, second, 1)
    judging = lfw_sets(test_data_dir / "lfw", unseen, tmp_path / "test", first, second, 2)
    learnt["mixed"] = mixed_set(learnt["clear"], learnt["covered"], tmp_path / "train" / "mixed")
    kept = {}
    for kind, folder in learnt.items():
        application = compose(Settings(database_dir=tmp_path / f"gallery-{kind}"))
        result = application.library().detector_tuning().tune(read_box_dataset(folder), DetectorTuningOptions())
        kept[kind] = result.version_id is not None
        print(f"\n{kind}: {result.training_pictures} pictures, {result.windows} windows\n  {result.sentence}")
        for judged in dict.fromkeys((kind if kind != "mixed" else "covered", "clear")):
            print(f"  {judged:<8}", figures(application, judging[judged], "mtcnn"))
        application.close()
    untouched = compose(Settings(database_dir=tmp_path / "gallery-untouched"))
    for judged in judging:
        for detector in ("mtcnn", "yunet"):
            print(f"\nshipped {judged:<8}", figures(untouched, judging[judged], detector))
    untouched.close()
    assert not kept["clear"]  # there is nothing to gain where the truth is what the detector says already
    assert kept["covered"]
