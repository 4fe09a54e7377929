"""The command line of extractor training; every step can be repeated and goes on where it stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from facerec_app.core.errors import ConfigError, FacerecError
from facerec_app.training.extractor import commands

DATA_VARIABLE = "FACEREC_TEST_DATA"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        _carry_out(given)
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def _carry_out(given: argparse.Namespace) -> None:
    """Call the function behind the command."""
    layout = commands.WorkFolder(given.work)
    if given.command == "prepare":
        commands.prepare(layout, _data_folder(given.data), given.hold_out)
    elif given.command == "teach":
        commands.teach(layout, given.dlib, given.made, given.threads)
    elif given.command == "weigh":
        commands.weigh(layout, given.graph)
    elif given.command == "train":
        plan = commands.planned_recipe(given.stages, given.decay_from, given.batch, given.peak_rate, given.hints)
        commands.train(layout, plan, given.until, given.start_from)
    elif given.command == "export":
        commands.export(layout, given.out, given.input_px)
    elif given.command == "cut":
        commands.cut(given.graph, given.layer, given.out)
    elif given.command.startswith("judge"):
        _judge(given, layout)
    else:
        commands.plot(layout, given.out)


def _judge(given: argparse.Namespace, layout: commands.WorkFolder) -> None:
    """Print how an exported graph does on people whom it never saw."""
    if given.command == "judge":
        judgements = commands.judge_export(layout, given.graph, given.pairs, given.mirror)
        for space, judgement in judgements.items():
            print(space, asdict(judgement))
    elif given.command == "judge-changed":
        for row in commands.judge_changed_pictures(layout, given.graph):
            print(
                f"{row.network:8} {row.change:28} genuine pairs' cosine {row.genuine_cosine:.3f}, "
                f"TAR at FAR 1e-2 {row.tar_at_far_1e2:.1%}, 1e-3 {row.tar_at_far_1e3:.1%}"
            )
    else:
        for way in commands.judge_film_looks(layout, given.graph):
            bars = " ".join(f"{bar:.3f}" for bar in way.thresholds)
            found = ", ".join(f"{share:.1%}" for share in way.found)
            print(
                f"{way.network:8} {way.name:22} cosine {way.cosine:.3f}; thresholds {bars}; found {found} "
                f"of {way.films} at FAR 1e-2, 1e-3, 2e-4"
            )


def _data_folder(given: Path | None) -> Path:
    """Return the folder of training pictures that was given or that the environment names."""
    named = given or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if named is None or not (named / "splits" / "train_people.txt").is_file():
        raise ConfigError(f"There are no training pictures in {named}; give --data or set {DATA_VARIABLE}.")
    return named


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m facerec_app.training.extractor", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for faces, labels, checkpoints and the log")
    steps = parser.add_subparsers(dest="command", required=True)
    prepare = steps.add_parser("prepare", help="find and align the faces")
    prepare.add_argument("--data", type=Path, help=f"folder with lfw, portraits and splits (else {DATA_VARIABLE})")
    prepare.add_argument("--hold-out", type=int, default=300, help="people kept out of training to watch progress")
    teach = steps.add_parser("teach", help="make further faces and let the teachers judge all of them")
    teach.add_argument("--dlib", type=Path, required=True, help="dlib_face_recognition_resnet_model_v1.dat")
    teach.add_argument("--made", type=int, default=12, help="shards of 4,096 made faces")
    teach.add_argument("--threads", type=int, default=2)
    weigh = steps.add_parser("weigh", help="have faces that an exported graph finds hard shown more often")
    weigh.add_argument("--graph", type=Path, required=True)
    train = steps.add_parser("train", help="train, going on from the last checkpoint")
    train.add_argument("--stages", help="pictures seen:side of each stage, as in 150000:64,200000:112")
    train.add_argument("--decay-from", type=int, help="pictures seen when the rate begins to fall")
    train.add_argument("--batch", type=int, help="pictures a step")
    train.add_argument("--peak-rate", type=float, help="learning rate between warm-up and decay")
    train.add_argument("--hints", type=float, help="weight of SFace's inner maps, at 112 pixels; 0 without")
    train.add_argument("--until", type=int, help="stop after so many pictures seen")
    train.add_argument("--start-from", type=Path, help="shipped weights to go on from with a fresh optimiser")
    export = steps.add_parser("export", help="write the weights and the graph")
    export.add_argument("--out", type=Path, required=True, help="folder for resnet50-face.safetensors and .onnx")
    export.add_argument("--input-px", type=int, default=112, help="side of the pictures of the stage reached")
    cut = steps.add_parser("cut", help="write the part of an exported graph that leads to inner layers")
    cut.add_argument("--graph", type=Path, required=True)
    cut.add_argument("--layer", action="append", required=True, help="such as conv3_block4_out; may be given again")
    cut.add_argument("--out", type=Path, required=True, help="ONNX file")
    judge = steps.add_parser("judge", help="measure an exported graph on people never trained on")
    judge.add_argument("--graph", type=Path, required=True)
    judge.add_argument("--pairs", type=Path, required=True, help="pair list in LFW's format")
    judge.add_argument("--mirror", action="store_true")
    changed = steps.add_parser("judge-changed", help="the same on dark, small and turned pictures of held-out people")
    changed.add_argument("--graph", type=Path, required=True)
    looks = steps.add_parser("judge-looks", help="how looks of uneven quality are best weighed in their mean")
    looks.add_argument("--graph", type=Path, required=True)
    plot = steps.add_parser("plot", help="draw accuracy against pictures seen")
    plot.add_argument("--out", type=Path, required=True, help="SVG file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
