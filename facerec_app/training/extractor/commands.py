"""What the command line can be asked to do, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facerec_app.core.errors import ConfigError, NotEnoughDataError, WeightsMissingError
from facerec_app.core.protocols import FaceDetector
from facerec_app.core.types import Float32Array
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.changed_pictures import ChangedPicturesRow, judge_changed
from facerec_app.training.extractor.curve_drawing import draw_curve, read_series
from facerec_app.training.extractor.face_dataset import (
    PictureEntry,
    align_entries,
    hold_out_people,
    joined,
    list_people,
    list_single_portraits,
    load_faces,
    load_people,
    save_faces,
)
from facerec_app.training.extractor.face_weights import hardness_weights, person_weights, student_cosines
from facerec_app.training.extractor.judging import Judgement, judge, raw_values
from facerec_app.training.extractor.looks_of_a_film import Weighting, judge_looks
from facerec_app.training.extractor.recipe import Recipe, parse_stages
from facerec_app.training.lfw_pairs import read_pair_list
from facerec_app.training.train_similarity import read_people

HOLD_OUT_SEED = 0
BALANCE_FACES = 2000
GRAPH_FILE = "resnet50-face.onnx"
WEIGHTS_FILE = "resnet50-face.safetensors"


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """Where everything of a training run lies."""

    root: Path

    def faces(self, group: str) -> Path:
        """Aligned faces of ``train``, ``heldout`` or ``test`` people."""
        return self.root / "faces" / group

    @property
    def bank(self) -> Path:
        """Faces with the teachers' values."""
        return self.root / "bank"

    @property
    def hardness(self) -> Path:
        """How much more often than others each real face is to be drawn, if that was measured."""
        return self.bank / "hardness.npy"

    @property
    def run(self) -> Path:
        """Checkpoints and log."""
        return self.root / "run"


def prepare(layout: WorkFolder, data: Path, hold_out: int) -> None:
    """Align every group's faces; the training people's twice, by both detectors, so that neither's habits matter."""
    store = ModelStore()
    detectors: list[FaceDetector] = [MtcnnDetector(store), YunetDetector(store)]
    everyone = read_people(data / "splits" / "train_people.txt")
    trained, held = hold_out_people(everyone, hold_out, HOLD_OUT_SEED)
    test = read_people(data / "splits" / "test_people.txt")
    folder = data / "lfw"
    groups: list[tuple[str, list[PictureEntry], list[FaceDetector]]] = [
        ("heldout", list_people(folder, held), detectors[:1]),
        ("test", list_people(folder, test), detectors[:1]),
        ("train", [*list_people(folder, trained), *list_single_portraits(data / "portraits")], detectors),
    ]
    for name, entries, used in groups:
        parts = [align_entries(entries, detector) for detector in used]
        faces = joined([part[0] for part in parts])
        save_faces(faces, layout.faces(name), [entry for part in parts for entry in part[1]], data)
        print(f"{name}: {len(faces)} faces from {len(entries)} pictures", flush=True)


def teach(layout: WorkFolder, dlib_path: Path, made_shards: int, threads: int) -> None:
    """Label the real faces, then make and label shards of further ones until there are enough."""
    from facerec_app.training.extractor.face_bank import write_made_shards, write_real_shard
    from facerec_app.training.extractor.teachers import Teachers

    teachers = Teachers(ModelStore(), dlib_path, threads)
    for group in ("heldout", "test"):
        if not (layout.faces(group) / "sface.npy").is_file():
            values = teachers.judge(load_faces(layout.faces(group)).pixels_rgb, with_mirror=True)
            np.save(layout.faces(group) / "sface.npy", values.sface)
    faces = load_faces(layout.faces("train"))
    if not (layout.bank / "real").is_dir():
        write_real_shard(faces, teachers, layout.bank)
    for number in write_made_shards(faces, teachers, layout.bank, range(made_shards)):
        print(f"made faces: shard {number + 1} of {made_shards}", flush=True)


def planned_recipe(
    stages: str | None,
    decay_from: int | None,
    batch: int | None = None,
    peak_rate: float | None = None,
    hint_weight: float | None = None,
) -> Recipe:
    """Return the recipe with what was given in place of its defaults.

    Raises:
        ConfigError: if the stages cannot be understood.
    """
    recipe = Recipe()
    try:
        if stages is not None:
            recipe = replace(recipe, stages=parse_stages(stages))
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"--stages {stages} cannot be used: {exc}") from exc
    if decay_from is not None:
        recipe = replace(recipe, decay_from_pictures=decay_from)
    if hint_weight is not None:
        recipe = replace(recipe, hint_weight=hint_weight)
    if peak_rate is not None:
        recipe = replace(recipe, peak_rate=peak_rate)
    return recipe if batch is None else replace(recipe, batch=batch)


def train(layout: WorkFolder, recipe: Recipe, until: int | None, start_from: Path | None) -> None:
    """Train from the last checkpoint, or from shipped weights, or from nothing."""
    from facerec_app.training.extractor.face_bank import open_bank
    from facerec_app.training.extractor.training_material import TrainingMaterial
    from facerec_app.training.extractor.watched_people import load_watched

    try:
        from facerec_app.training.extractor.torch_trainer import ExtractorTrainer
    except ImportError as exc:
        raise ConfigError("Training the extractor needs PyTorch: pip install torch==2.13.0") from exc
    material = TrainingMaterial(open_bank(layout.bank), recipe.real_share, recipe.seed, _real_weights(layout))
    trainer = ExtractorTrainer(recipe, material, load_watched(layout.faces("heldout")), layout.run)
    try:
        if not trainer.resume() and start_from is not None:
            trainer.start_from(start_from)
        print(f"{len(material)} faces; going on from {trainer.progress.seen} pictures seen", flush=True)
        trainer.run(until)
    finally:
        trainer.close()


def _real_weights(layout: WorkFolder) -> Float32Array:
    """Return how often each real face is drawn: people alike, and hard faces more where ``weigh`` was run."""
    weights = person_weights(load_people(layout.faces("train")))
    if not layout.hardness.is_file():
        return weights
    hardness = np.load(layout.hardness, allow_pickle=False)
    if hardness.shape != weights.shape:
        raise NotEnoughDataError(f"{layout.hardness} is not of the {len(weights)} real faces; run 'weigh' again.")
    return np.asarray(weights * hardness, np.float32)


def weigh(layout: WorkFolder, graph: Path) -> None:
    """Note how well an exported graph follows SFace on each real face, so that ``train`` shows hard ones more often."""
    if not graph.is_file():
        raise WeightsMissingError(f"{graph} does not exist; export first.")
    session = OpenvinoSession(graph.read_bytes(), name=graph.name)
    sface = np.load(layout.bank / "real" / "sface.npy", allow_pickle=False)
    cosines = student_cosines(session, load_faces(layout.faces("train")).pixels_rgb, sface)
    np.save(layout.hardness, hardness_weights(cosines))
    least, middle = np.percentile(cosines, (1, 50))
    print(f"cosine to SFace on {len(cosines)} faces: {middle:.3f} for half of them, under {least:.3f} for one in 100")


def export(layout: WorkFolder, out: Path, input_px: int) -> None:
    """Write the running average as weights to train on from and as the graph that serves, both with int8 kernels."""
    import onnx

    from facerec_app.training.extractor.projection_balance import balanced
    from facerec_app.training.extractor.student_graph import build_student_graph
    from facerec_app.training.extractor.student_weights import load_student, save_student
    from facerec_app.training.extractor.torch_export import averaged_weights

    weights = averaged_weights(layout.run, input_px)
    faces = load_faces(layout.faces("train")).pixels_rgb
    sample = np.array(faces[:: max(1, len(faces) // BALANCE_FACES)])
    before = build_student_graph(weights, "float32").SerializeToString()
    session = OpenvinoSession(before, name="student", threads=1)
    save_student(balanced(weights, raw_values(session, sample)[1]), out / WEIGHTS_FILE)
    graph = build_student_graph(load_student(out / WEIGHTS_FILE), "int8")
    onnx.save(graph, str(out / GRAPH_FILE))


def cut(graph: Path, layers: Sequence[str], out: Path) -> None:
    """Write the part of an exported graph that leads to inner layers, which become its outputs.

    Raises:
        WeightsMissingError: if there is no such graph.
        ConfigError: if it has no such layer.
    """
    import onnx
    from onnx.utils import Extractor

    if not graph.is_file():
        raise WeightsMissingError(f"{graph} does not exist; export first.")
    model = onnx.load(str(graph))
    known = {name for node in model.graph.node for name in node.output}
    missing = [layer for layer in layers if layer not in known]
    if missing:
        raise ConfigError(f"{graph} has no layer {missing[0]}; give a block's output such as conv3_block4_out.")
    inferred = onnx.shape_inference.infer_shapes(model)
    onnx.save(Extractor(inferred).extract_model([model.graph.input[0].name], list(layers)), str(out))


def judge_export(layout: WorkFolder, graph: Path, pairs: Path, mirror: bool) -> dict[str, Judgement]:
    """Return how an exported graph does on the test people, its threshold taken from the held-out people."""
    if not graph.is_file():
        raise WeightsMissingError(f"{graph} does not exist; export first.")
    session = OpenvinoSession(graph.read_bytes(), name=graph.name)
    return judge(session, layout.faces("heldout"), layout.faces("test"), read_pair_list(pairs), mirror)


def judge_changed_pictures(layout: WorkFolder, graph: Path) -> list[ChangedPicturesRow]:
    """Return how an exported graph and SFace do on dark, small and turned pictures of the held-out people."""
    if not graph.is_file():
        raise WeightsMissingError(f"{graph} does not exist; export first.")
    student = OpenvinoSession(graph.read_bytes(), name=graph.name)
    sface = OpenvinoSession(ModelStore().read("sface"), name="sface")
    return judge_changed(student, sface, layout.faces("heldout"))


def judge_film_looks(layout: WorkFolder, graph: Path) -> list[Weighting]:
    """Return how an exported graph's and SFace's looks at held-out people are best weighed."""
    if not graph.is_file():
        raise WeightsMissingError(f"{graph} does not exist; export first.")
    student = OpenvinoSession(graph.read_bytes(), name=graph.name)
    sface = OpenvinoSession(ModelStore().read("sface"), name="sface")
    return judge_looks(student, sface, layout.faces("heldout"))


def plot(layout: WorkFolder, out: Path) -> None:
    """Draw the held-out people's accuracy against pictures seen."""
    names = {
        "accuracy, 2048 features": "watched_accuracy_features",
        "accuracy, projection": "watched_accuracy_projection",
        "TAR at FAR 1 %, features": "watched_tar_1e2_features",
    }
    columns = read_series(layout.run / "log.csv", list(names.values()))
    chart = draw_curve({name: columns[column] for name, column in names.items()}, "People held out of training")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(chart, encoding="utf-8")
