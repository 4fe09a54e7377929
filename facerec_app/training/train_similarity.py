"""Trains the shipped similarity network in its three forms and keeps the one that validation favours.

``python -m facerec_app.training.train_similarity --features F.npz --people train_people.txt --out assets/models``
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from facerec_app.core.errors import FacerecError, TrainingError
from facerec_app.similarity.similarity_weights import SimilarityWeights, similarity_weights_to_bytes
from facerec_app.training.distance_calibration import recalibrated
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.similarity_comparison import FormReport, compare_forms, loss_difference
from facerec_app.training.similarity_options import SimilarityOptions

SPLIT_SHARES = (0.6, 0.2, 0.2)
FORMS = {
    "dense": SimilarityOptions(
        form="dense", hidden_activation="none", learning_rate=1e-3, batch=128, epochs=80, patience=12
    ),
    "dense-relu": SimilarityOptions(
        form="dense", hidden_activation="relu", learning_rate=1e-3, batch=128, epochs=80, patience=12
    ),
    "distance": SimilarityOptions(form="distance"),
    "distance+dense": SimilarityOptions(form="distance+dense", hidden_activation="relu", learning_rate=1e-4),
}
DOUBTFUL_LABELS_FILE = Path(__file__).with_name("doubtful_labels.txt")


@dataclass(frozen=True, slots=True, eq=False)
class TrainedForms:
    """All forms, trained, and what validation says of them.

    Attributes:
        weights: by form, log odds refitted on the validation people.
        chosen: name of the form to use.
        validation: reports on the validation people (thresholds from the people trained on).
        held_out: reports on people that no choice was made with.
        histories: validation loss after each epoch, from the start on, by form.
        correction_gain: 2.5 and 97.5 % points of the validation loss with the dense correction minus without.
    """

    weights: dict[str, SimilarityWeights]
    chosen: str
    validation: dict[str, FormReport]
    held_out: dict[str, FormReport]
    histories: dict[str, tuple[float, ...]]
    correction_gain: tuple[float, float]


def read_people(file: Path) -> list[str]:
    """Return the names of a list with one a line; ``#`` starts a remark.

    Raises:
        TrainingError: if the file cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise TrainingError(f"The list of people {file} cannot be read ({exc}); check the name.") from exc
    return [name for name in (line.split("#")[0].strip() for line in lines) if name]


def train_forms(features: LabelledFeatures, seed: int, say: Callable[[str], None]) -> TrainedForms:
    """Train every form on 60 % of the people, choose by another 20 %, report on the rest.

    The dense correction is kept only if it lowers the validation loss beyond chance (paired bootstrap by person) and
    loses nothing in TAR at FAR 1e-3 on the validation people; otherwise the calibrated distance alone is chosen.

    Raises:
        NotEnoughDataError: if there are too few people with two faces.
    """
    from facerec_app.training.keras_similarity_trainer import KerasSimilarityTrainer

    training, validation, held_out = features.split_people(SPLIT_SHARES, seed)
    say(f"people: {len(training.people)} train, {len(validation.people)} validate, {len(held_out.people)} held out")
    weights, histories = {}, {}
    for name, options in FORMS.items():
        trainer = KerasSimilarityTrainer(replace(options, seed=seed))
        trained = trainer.train(
            training, validation,
            on_epoch=lambda r, name=name: say(  # type: ignore[misc]
                f"{name}: epoch {r.epoch}/{r.epochs} loss {r.loss:.4f} validation {r.validation_loss:.5f}"
            ),
        )  # fmt: skip
        weights[name] = recalibrated(trained.weights, validation, seed)
        histories[name] = trained.validation_losses
        say(f"{name}: best epoch {trained.best_epoch}, validation loss {min(trained.validation_losses):.5f}")
    on_validation = compare_forms(weights, training, validation)
    both, alone = on_validation["distance+dense"], on_validation["distance"]
    gain = loss_difference(weights["distance+dense"], weights["distance"], validation, seed)
    say(f"validation loss of distance+dense minus distance: {gain[0]:.5f} to {gain[1]:.5f}")
    improves = gain[1] < 0 and both.tar["0.001"] >= alone.tar["0.001"]
    return TrainedForms(
        weights,
        "distance+dense" if improves else "distance",
        on_validation,
        compare_forms(weights, validation, held_out),
        histories,
        gain,
    )


def training_record(
    trained: TrainedForms, source: PictureFeatures, people: Sequence[str], left_out: Sequence[str], seed: int
) -> dict[str, Any]:
    """Return everything needed to tell how the weights came to be, ready for JSON."""
    return {
        "chosen": trained.chosen,
        "version": trained.weights[trained.chosen].version,
        "seed": seed,
        "split_shares": SPLIT_SHARES,
        "options": {name: asdict(replace(options, seed=seed)) for name, options in FORMS.items()},
        "data": {
            "extractor_version": source.extractor_version,
            "preprocessing": source.preprocessing,
            "pictures_sha256": source.data_sha256,
            "people_sha256": hashlib.sha256("\n".join(sorted(people)).encode()).hexdigest(),
            "people": len(people),
            "left_out": sorted(left_out),
        },
        "validation": {name: asdict(report) for name, report in trained.validation.items()},
        "held_out_training_people": {name: asdict(report) for name, report in trained.held_out.items()},
        "correction_gain_interval": trained.correction_gain,
        "validation_losses": trained.histories,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the training from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="written by compute_features")
    parser.add_argument("--people", type=Path, required=True, help="names that may be trained on, one a line")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and their record")
    parser.add_argument("--name", default="similarity-sface", help="name of the files")
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args(arguments)
    try:
        source = PictureFeatures.load(given.features)
        people, left_out = read_people(given.people), read_people(given.leave_out)
        features = source.labelled().of_people(set(people) - set(left_out))
        trained = train_forms(features, given.seed, lambda line: print(line, file=sys.stderr, flush=True))
        chosen = trained.weights[trained.chosen]
        (given.out / f"{given.name}.safetensors").write_bytes(similarity_weights_to_bytes(chosen))
        record = json.dumps(training_record(trained, source, people, left_out, given.seed), indent=1)
        (given.out / f"{given.name}.training.json").write_text(record + "\n", encoding="utf-8")
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
