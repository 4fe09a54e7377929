"""Measures the projections of the objectives triplet and ranking beside the untrained features, by ranking faces.

``python -m facerec_app.training.compare_objectives --features train.npz --judge test.npz`` trains on the first file's
people and judges on the second's. Without ``--judge`` the people of the first file are split anew ``--splits`` times,
which is how every choice was made.

``--out DIR`` instead writes the networks, ``triplet.safetensors`` and ``ranking.safetensors``, which ``facerec evaluate
--scorer FILE`` puts beside the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.core.errors import FacerecError, TrainingError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.pair_features import FeatureNormalisation, of_unit_length
from facerec_app.similarity.similarity_weights import similarity_weights_to_bytes
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.objectives import train_objective
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.projection_options import ProjectionObjective, ProjectionOptions
from facerec_app.training.projection_start import pca_whitening, within_whitening
from facerec_app.training.retrieval_metrics import RankedProbes, map_difference, ranked_probes
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, read_people

UNTRAINED = "features as they are (cosine)"
_VALIDATION_SHARES = (0.75, 0.25)
_SPLIT_SHARES = (0.5, 0.2, 0.3)
_PROJECTION_OBJECTIVES: tuple[ProjectionObjective, ...] = ("triplet", "ranking")
Comparing = Callable[[Float32Array], Float32Array]
"""Features ``(N, D)`` to what is compared of them, ``(N, D')``, both of unit length."""


@dataclass(frozen=True, slots=True)
class RankingReport:
    """One way to compare faces, on people that it has not seen.

    Attributes:
        mean_average_precision: mean over the probes.
        by_person: mean over people of the mean over their probes.
        gain: of the mean average precision over the untrained features.
        gain_interval: 2.5 and 97.5 % points of the gain over resampled people.
        probability_better: share of the resamples with a gain above zero.
        best_epoch: of the training; None where nothing was trained.
    """

    mean_average_precision: float
    by_person: float
    gain: float
    gain_interval: tuple[float, float]
    probability_better: float
    best_epoch: int | None = None


def starts(training: LabelledFeatures) -> dict[str, Comparing]:
    """Return the ways to compare that need no epochs, with everything measured on the training people."""
    measured = FeatureNormalisation.measured_on(training.vectors)
    centred = replace(measured, std=np.ones_like(measured.std))
    vectors = centred.apply(training.vectors)
    kernels = {
        "PCA-whitening": pca_whitening(vectors, 0.0),
        "PCA-whitening, shrinkage 3": pca_whitening(vectors, 3.0),
        "PCA-whitening, shrinkage 10": pca_whitening(vectors, 10.0),
        "PCA-whitening, shrinkage 10, 96 values": pca_whitening(vectors, 10.0, 96),
        "within-person whitening, shrinkage 0": within_whitening(training, vectors, 0.0),
        "within-person whitening, shrinkage 1": within_whitening(training, vectors, 1.0),
        "within-person whitening, shrinkage 4": within_whitening(training, vectors, 4.0),
    }
    ways: dict[str, Comparing] = {
        UNTRAINED: lambda features: features,
        "less the mean": centred.apply,
        "less the mean, divided by the deviation": measured.apply,
    }
    return ways | {name: _projecting(centred, kernel) for name, kernel in kernels.items()}


def _projecting(normalisation: FeatureNormalisation, kernel: Float32Array) -> Comparing:
    return lambda features: of_unit_length(normalisation.apply(features) @ kernel)


def compare(
    training: LabelledFeatures, validation: LabelledFeatures, judged: LabelledFeatures, seed: int
) -> dict[str, RankingReport]:
    """Return a report of each start and each objective on the judged people.

    Raises:
        NotEnoughDataError: if there are too few people with two faces in any group.
    """
    base = ranked_probes(judged)
    reports = {
        name: _report(ranked_probes(judged, way(judged.vectors)), base) for name, way in starts(training).items()
    }
    for objective in _PROJECTION_OBJECTIVES:
        options = replace(ProjectionOptions.of_objective(objective), seed=seed)
        variants: dict[str, ProjectionOptions] = {objective: options}
        if objective == "triplet":
            variants["triplet from PCA-whitening, shrinkage 3"] = replace(options, start="pca-whitening", shrinkage=3.0)
        else:
            variants["ranking, margin 0.5, semi-hard"] = replace(options, margin=0.5, hard_share=0.0)
        for name, chosen in variants.items():
            trained = train_objective(objective, chosen, training, validation)
            ranked = ranked_probes(judged, trained.weights.compared(judged.vectors))
            reports[name] = _report(ranked, base, trained.best_epoch)
    return reports


def write_networks(training: LabelledFeatures, validation: LabelledFeatures, seed: int, folder: Path) -> list[Path]:
    """Train each objective with its defaults and write its network; return the files.

    Raises:
        NotEnoughDataError: if there are too few people with two faces in either group.
    """
    files = []
    for objective in _PROJECTION_OBJECTIVES:
        options = replace(ProjectionOptions.of_objective(objective), seed=seed)
        trained = train_objective(objective, options, training, validation)
        files.append(folder / f"{objective}.safetensors")
        files[-1].write_bytes(similarity_weights_to_bytes(trained.weights))
    return files


def _compare_split(faces: LabelledFeatures, seed: int) -> dict[str, RankingReport]:
    training, validation, judged = faces.split_people(_SPLIT_SHARES, seed)
    return compare(training, validation, judged, seed)


def _report(ranked: RankedProbes, base: RankedProbes, best_epoch: int | None = None) -> RankingReport:
    gain = map_difference(ranked, base)
    return RankingReport(
        ranked.mean_average_precision,
        ranked.mean_by_person,
        gain.difference,
        gain.interval,
        gain.probability_better,
        best_epoch,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="of people to train on, by compute_features")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--judge", type=Path, help="features of other people, to judge on")
    parser.add_argument("--splits", type=int, default=6, help="of the people, when there is nothing to judge on")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--out", type=Path, help="folder to write the networks into, without comparing")
    given = parser.parse_args(arguments)
    try:
        source = PictureFeatures.load(given.features)
        faces = source.labelled()
        faces = faces.of_people(set(faces.people) - set(read_people(given.leave_out)))
        if given.out is not None:
            training, validation = faces.split_people(_VALIDATION_SHARES, given.seed)
            print("\n".join(str(file) for file in write_networks(training, validation, given.seed, given.out)))
            return 0
        if given.judge is not None:
            judge = PictureFeatures.load(given.judge)
            judge.require_version(source.extractor_version)
            if set(judge.labelled().people) & set(faces.people):
                raise TrainingError(f"Somebody in {given.judge} is among the people trained on; judge on others.")
            training, validation = faces.split_people(_VALIDATION_SHARES, given.seed)
            found = [compare(training, validation, judge.labelled(), given.seed)]
        else:
            seeds = range(given.seed, given.seed + given.splits)
            found = [_compare_split(faces, seed) for seed in seeds]
        if given.json is not None:
            given.json.write_text(json.dumps([_as_json(reports) for reports in found], indent=1) + "\n", "utf-8")
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(_table(found))
    return 0


def _as_json(reports: dict[str, RankingReport]) -> dict[str, Any]:
    return {name: asdict(report) for name, report in reports.items()}


def _table(found: list[dict[str, RankingReport]]) -> str:
    """Return a Markdown table; of several splits the mean, and the range of the gains instead of an interval."""
    lines = ["| compared | mAP | gain, points | interval | by person | best epoch |", "|---|---|---|---|---|---|"]
    for name in found[0]:
        rows = [reports[name] for reports in found]
        gains = [100 * row.gain for row in rows]
        ends = [100 * end for end in rows[0].gain_interval] if len(rows) == 1 else [min(gains), max(gains)]
        epochs = ", ".join("" if row.best_epoch is None else str(row.best_epoch) for row in rows).strip(", ")
        mean, by_person = (
            100 * float(np.mean([getattr(row, value) for row in rows]))
            for value in ("mean_average_precision", "by_person")
        )
        spread = f"{ends[0]:+.3f} to {ends[1]:+.3f}"
        lines.append(f"| {name} | {mean:.3f} % | {np.mean(gains):+.3f} | {spread} | {by_person:.3f} % | {epochs} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
