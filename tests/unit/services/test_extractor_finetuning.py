"""Fine-tuning from a folder of pictures to the live path: what is refused, what is kept, and that it is what serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.services import extractor_finetuning
from facerec_app.services.extractor_finetuning import ExtractorFinetuningService
from facerec_app.training.extractor.finetuning_judgement import ExtractorComparison, compare_extractors
from facerec_app.training.extractor.finetuning_options import FinetuningOptions
from facerec_app.training.extractor.student_weights import StudentWeights
from facerec_app.training.picture_features import find_central_face

_FACE_PX = 70.0
_OPTIONS = FinetuningOptions(share=1.0)


@pytest.fixture(scope="module")
def people_dir(demo_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three people with three small pictures each: photographs, dimmed and seen from nearer."""
    folder = tmp_path_factory.mktemp("people")
    detector = YunetDetector(ModelStore(), threads=1)
    sources = {"Barack_Obama": ["obama2.jpg", "obama3.jpg"], "Joe_Biden": ["biden.jpg"], "Eileen": ["astronaut.png"]}
    for person, files in sources.items():
        (folder / person).mkdir()
        for number in range(3):
            whole = read_image(demo_dir / "sources" / files[number % len(files)])
            box = find_central_face(detector, whole).boxes_xyxy[0]
            scale = _FACE_PX / float(box[2] - box[0])
            middle = np.asarray((box[:2] + box[2:]) / 2 * scale, int)
            small = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            reach = 90 - 8 * number
            top, left = np.maximum(middle[::-1] - reach, 0)
            cut = small[top : middle[1] + reach, left : middle[0] + reach]
            write_jpeg(folder / person / f"{number}.jpg", np.asarray(cut * (1.0 - 0.12 * number), np.uint8))
    return folder


class Answers:
    """Stands in for the trainer, whose outcome a test wants to choose; everything around it is real."""

    def __init__(self, change: Callable[[Float32Array], Float32Array]) -> None:
        self._change = change

    def train(
        self,
        start: StudentWeights,
        maps: Float32Array,
        people: Int64Array,
        *,
        on_epoch: Callable[[int, int, float], None],
        cancelled: Callable[[], bool],
    ) -> Mapping[str, Float32Array]:
        assert maps.shape[0] == people.shape[0]
        on_epoch(1, 1, 0.5)
        names = ("conv5_block2_3_conv/kernel", "projection/kernel")
        return {name: self._change(start.arrays[name]) for name in names}


def turned(kernel: Float32Array) -> Float32Array:
    """Return weights that differ a little from the shipped ones, as after a training."""
    noise = np.random.default_rng(6).normal(scale=0.1 * float(kernel.std()), size=kernel.shape)
    return np.asarray(kernel + noise, np.float32)


@contextmanager
def application(folder: Path) -> Iterator[ComposedApplication]:
    composed = ComposedApplication(Settings(database_dir=folder, profile="resnet50", threads=1))
    yield composed
    composed.close()


def service(app: ComposedApplication, change: Callable[[Float32Array], Float32Array]) -> ExtractorFinetuningService:
    made = app.library().extractor_finetuning()
    return ExtractorFinetuningService(made.versions, replace(made._parts, make_trainer=lambda options: Answers(change)))


def test_what_does_harm_changes_nothing(people_dir: Path, tmp_path: Path) -> None:
    with application(tmp_path / "database") as app:
        result = service(app, lambda kernel: -kernel).finetune(people_dir, _OPTIONS)
    assert result.version_id is None
    assert result.sentence.startswith("Not kept: ")
    assert result.to_json()["people"] == 3
    assert not (tmp_path / "database" / "extractors").exists()


def test_what_is_kept_is_what_was_judged_and_serves_until_rolled_back_or_damaged(
    people_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: dict[str, Any] = {}

    def approve(before: Float32Array, after: Float32Array, *others: Any) -> ExtractorComparison:
        judged.update(before=before, after=after)
        compared = compare_extractors(before, after, *others)
        gained = replace(compared.before, own_rank1=compared.before.own_rank1 + 0.01)
        return replace(compared, after=gained, likeness=1.0)

    monkeypatch.setattr(extractor_finetuning, "compare_extractors", approve)
    stages: list[str] = []
    with application(tmp_path) as app:
        shipped_version = app._extractor.version
        made = service(app, turned)
        result = made.finetune(people_dir, _OPTIONS, on_stage=lambda stage, done, total: stages.append(stage))
    assert result.version_id is not None
    assert list(dict.fromkeys(stages)) == ["reading", "looking", "learning", "judging"]

    monkeypatch.undo()
    present = made.versions.present()
    assert present is not None
    assert present.version_id == result.version_id
    with application(tmp_path) as app:
        assert app._extractor.version != shipped_version
        path = app._face_source().path
        face = read_image(people_dir / "Barack_Obama" / "0.jpg")
        crop = path.aligner.align(face, find_central_face(app._picture_detector, face))
        served = path.extractor.embed(crop)
        row = int(np.argmax(judged["after"] @ served.vectors[0]))
        # Equal but for roundings, which are in the third decimal in bf16; what was learnt moved more (next line).
        assert float(judged["after"][row] @ served.vectors[0]) > 0.9997
        assert np.abs(judged["before"][row] - served.vectors[0]).max() > 1e-2
        # The shipped similarity network judges the new features, and stored faces are embedded anew for it.
        assert app._scorer.weights.extractor_version == served.extractor_version
        assert app._calibration.scorer_version == app._scorer.version

    file = made.versions.file_in_use()
    assert file is not None
    content = file.path.read_bytes()
    file.path.write_bytes(content[:-1])
    with application(tmp_path) as app:
        assert app._tuned_extractor is None
    file.path.write_bytes(content)
    assert made.rollback() is None
    with application(tmp_path) as app:
        assert app._tuned_extractor is None


def test_too_few_pictures_are_refused_before_anything_is_loaded(people_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "people" / "Only_One").mkdir(parents=True)
    for file in (people_dir / "Joe_Biden").iterdir():
        (tmp_path / "people" / "Only_One" / file.name).write_bytes(file.read_bytes())
    with application(tmp_path / "database") as app, pytest.raises(NotEnoughDataError, match="has 1; add") as caught:
        service(app, turned).finetune(tmp_path / "people", _OPTIONS)
    assert "\n" not in str(caught.value)


def test_bad_pictures_are_one_line_each_and_work_can_be_ended(people_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    for file in people_dir.rglob("*.jpg"):
        target = folder / file.relative_to(people_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (folder / "Joe_Biden" / "broken.jpg").write_bytes(b"nothing")
    write_jpeg(folder / "Eileen" / "wall.jpg", np.full((90, 90, 3), 128, np.uint8))
    write_jpeg(folder / "beside.jpg", np.full((90, 90, 3), 128, np.uint8))
    done: list[int] = []
    with application(tmp_path / "database") as app:
        made = service(app, lambda kernel: kernel)
        with pytest.raises(TrainingCancelledError, match="present extractor stays"):
            made.finetune(
                folder, _OPTIONS, on_stage=lambda stage, n, total: done.append(n), cancelled=lambda: len(done) >= 2
            )
        result = made.finetune(folder, _OPTIONS)
    assert result.version_id is None  # unchanged weights recognise nobody better
    assert len(done) == 2
    assert [next(w for w in ("broken", "wall", "beside") if w in fault) for fault in sorted(result.faults)]
    assert len(result.faults) == 3
    assert all("\n" not in fault for fault in result.faults)
