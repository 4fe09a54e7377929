"""Average, maximum (MAC) and regional maximum (R-MAC) pooling of the shipped ResNet50, by ranking faces.

``python tests/benchmarks/pooling_comparison.py --root lfw --people train_people.txt`` builds one network
for each pooling from the shipped weights, embeds the same aligned faces with each and prints a table. Needs the extra
``models``.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.types import UInt8Array
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.extraction.keras_onnx_export import export_onnx
from facerec_app.extraction.keras_resnet50 import Resnet50Weights, build_resnet50
from facerec_app.extraction.pooling import POOLINGS
from facerec_app.extraction.resnet50_extractor import Resnet50Extractor
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.training.aligned_pictures import align_pictures
from facerec_app.training.extractor.student_weights import load_student
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import pictures_of_people
from facerec_app.training.retrieval_metrics import map_difference, ranked_probes
from facerec_app.training.train_siamese_conv import several_pictures
from facerec_app.training.train_similarity import read_people


def main() -> None:
    """Print mean average precision of each pooling, as the features are and less their mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=600)
    given = parser.parse_args()
    store = ModelStore()
    people = read_people(given.people)
    drawn = np.random.default_rng(1).permutation(len(people))
    of_people = [people[row] for row in drawn.tolist()]
    pictures = several_pictures([name for one in of_people for name in pictures_of_people(given.root, [one])], 3)
    aligner = FivePointAligner(TEMPLATES["arcface_112"], 112)
    aligned = align_pictures(given.root, pictures[: given.pictures], read_image, YunetDetector(store), aligner)
    entry = store.entry("resnet50-face-weights")
    weights = Resnet50Weights(store.folder / entry.file, entry.sha256)
    student = load_student(store.folder / entry.file)
    aligned = replace(aligned, pixels_rgb=_smaller(aligned.pixels_rgb, student.input_px))
    print(f"network trained on pictures of {student.input_px} px, cut at {student.cut_layer}")
    found: dict[str, LabelledFeatures] = {}
    for pooling in POOLINGS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "network.onnx"
            model = build_resnet50(
                weights, cut_layer=student.cut_layer, input_size_px=student.input_px, pooling=pooling
            )
            sha256 = export_onnx(model, file, weights.preprocessing)
            extractor = Resnet50Extractor.from_file(file, sha256, layer=student.cut_layer, pooling=pooling)
        found[pooling] = aligned.embedded(extractor).labelled()
        print(extractor.version, flush=True)
    print(f"{len(found['average'])} pictures of {len(found['average'].people)} people")
    for name, features in found.items():
        base = ranked_probes(found["average"])
        own = ranked_probes(features)
        gain = map_difference(own, base)
        centred = FeatureNormalisation.measured_on(features.vectors).apply(features.vectors)
        less_mean = ranked_probes(features, centred).mean_average_precision
        low, high = gain.interval
        print(
            f"| {name} | {own.mean_average_precision:.3%} | {gain.difference:+.3%} ({low:+.3%} to {high:+.3%}) "
            f"| {less_mean:.3%} |"
        )


def _smaller(crops_rgb: UInt8Array, side_px: int) -> UInt8Array:
    """Return ``(N, side, side, 3)`` uint8: the shipped network does the same within itself."""
    return np.stack([cv2.resize(crop, (side_px, side_px), interpolation=cv2.INTER_AREA) for crop in crops_rgb])


if __name__ == "__main__":
    main()
