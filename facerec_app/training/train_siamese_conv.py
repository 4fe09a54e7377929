"""Trains the small convolutional twin network (Koch et al. 2015) on a folder of people: a baseline for one-shot trials.

``python -m facerec_app.training.train_siamese_conv --root lfw --people train_people.txt --out twins.safetensors``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.errors import FacerecError, TrainingError
from facerec_app.core.protocols import FaceDetector
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.training.aligned_pictures import AlignedPictures, align_pictures
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.labelled_crops import LabelledCrops
from facerec_app.training.picture_features import pictures_of_people
from facerec_app.training.siamese_conv_options import SiameseConvOptions
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, read_people

if TYPE_CHECKING:
    from facerec_app.training.keras_siamese_conv_trainer import TrainedSiameseConv

CROP_SIZE_PX = 112
VALIDATION_SHARES = (0.85, 0.15)


def train_siamese_conv(
    root: Path,
    people: Sequence[str],
    options: SiameseConvOptions,
    *,
    detector: FaceDetector,
    cap_per_person: int | None = None,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TrainedSiameseConv:
    """Train on the aligned central faces of a folder with one folder a person. Imports TensorFlow.

    Args:
        root: the folder.
        people: names of the folders that may be trained on; people with one picture are left out.
        options: of the method.
        detector: finds the faces.
        cap_per_person: pictures of one person, at most; None for all.
        on_epoch: told after each epoch.
        cancelled: asked before each batch.

    Raises:
        TrainingError, NotEnoughDataError: if there are no pictures, faces or pairs.
        UnreadableImageError: if a picture cannot be read.
        TrainingCancelledError: if ``cancelled`` said so.
    """
    pictures = several_pictures(pictures_of_people(root, people), cap_per_person)
    if not pictures:
        raise TrainingError(f"Nobody under {root} has two pictures; check the folder and the list of people.")
    aligner = FivePointAligner(TEMPLATES["arcface_112"], CROP_SIZE_PX)
    return train_on_aligned(align_pictures(root, pictures, read_image, detector, aligner), options, on_epoch, cancelled)


def train_on_aligned(
    aligned: AlignedPictures,
    options: SiameseConvOptions,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TrainedSiameseConv:
    """Train on faces that have been aligned already; see ``train_siamese_conv``."""
    from facerec_app.training.keras_siamese_conv_trainer import KerasSiameseConvTrainer

    training, validation = LabelledCrops.of(aligned).split_people(VALIDATION_SHARES, options.seed)
    return KerasSiameseConvTrainer(options).train(training, validation, on_epoch=on_epoch, cancelled=cancelled)


def several_pictures(pictures: Sequence[str], cap_per_person: int | None) -> list[str]:
    """Return the pictures of people who have two or more, the first ones of each up to the cap."""
    of_person: dict[str, list[str]] = {}
    for name in pictures:
        of_person.setdefault(name.split("/")[0], []).append(name)
    return [name for names in of_person.values() if len(names) > 1 for name in names[:cap_per_person]]


def _everybody(root: Path) -> list[str]:
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}; name one that holds a folder of pictures for each person.")
    return [folder.name for folder in root.iterdir() if folder.is_dir()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder with one folder a person")
    parser.add_argument("--people", type=Path, help="names that may be trained on, one a line; default is everybody")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights (.safetensors)")
    parser.add_argument("--per-person", type=int, default=6, help="pictures of one person, at most")
    parser.add_argument("--epochs", type=int, default=SiameseConvOptions().epochs)
    parser.add_argument("--learning-rate", type=float, default=SiameseConvOptions().learning_rate)
    parser.add_argument("--seed", type=int, default=SiameseConvOptions().seed)
    given = parser.parse_args(arguments)
    try:
        named = _everybody(given.root) if given.people is None else read_people(given.people)
        people = sorted(set(named) - set(read_people(given.leave_out)))
        options = SiameseConvOptions(epochs=given.epochs, learning_rate=given.learning_rate, seed=given.seed)
        detector = YunetDetector(ModelStore())
        trained = train_siamese_conv(
            given.root, people, options, detector=detector, cap_per_person=given.per_person, on_epoch=_show
        )
        given.out.write_bytes(trained.weights.to_bytes())
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"{given.out} cannot be written ({exc.strerror}); choose another place.", file=sys.stderr)
        return 1
    start, best = trained.validation_losses[0], min(trained.validation_losses)
    print(f"{trained.weights.version}: best epoch {trained.best_epoch}, validation loss {best:.4f} (start {start:.4f})")
    return 0


def _show(report: EpochReport) -> None:
    line = f"epoch {report.epoch}/{report.epochs} loss {report.loss:.4f} validation {report.validation_loss:.4f}"
    line += f" ({report.validation_accuracy:.1%} right)"
    print(f"{line}, {report.seconds_left:.0f} s left at most", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
