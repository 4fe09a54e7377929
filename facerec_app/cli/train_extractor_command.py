"""``facerec train-extractor``: grows the ResNet50 that ships with the program, or fine-tunes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facerec_app.cli.console import out, print_json
from facerec_app.cli.exit_codes import TRAINING
from facerec_app.core.errors import ConfigError
from facerec_app.training.extractor.finetuning_options import FinetuningOptions, TrainedLayers

_DEFAULTS = FinetuningOptions()

if TYPE_CHECKING:
    from facerec_app.services.extractor_training import ExtractorTrainingService


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command(name="train-extractor")(train_extractor)


def train_extractor(
    ctx: typer.Context,
    work: Annotated[
        Path | None, typer.Argument(help="Folder for faces, labels, checkpoints and the result (8 GB).")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with lfw, portraits and splits.", envvar="FACEREC_TEST_DATA")
    ] = None,
    dlib: Annotated[Path | None, typer.Option(help="dlib_face_recognition_resnet_model_v1.dat, a teacher.")] = None,
    stages: Annotated[
        str | None, typer.Option(help="Pictures seen:side of each stage, as 225000:64,400000:80.")
    ] = None,
    decay_from: Annotated[int | None, typer.Option(help="Pictures seen when the rate begins to fall.")] = None,
    made: Annotated[int, typer.Option(help="Shards of 4,096 made faces.", min=0, max=1000)] = 24,
    until: Annotated[int | None, typer.Option(help="Stop, with a checkpoint, after so many pictures.")] = None,
    start_from: Annotated[Path | None, typer.Option(help="Weights to go on from with a fresh optimiser.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only repeat the recorded run's first steps.")] = False,
    check_steps: Annotated[int, typer.Option(help="How many of them.", min=25, max=500)] = 500,
    finetune: Annotated[
        Path | None,
        typer.Option(help="Go on from the shipped weights on these people: a folder of pictures each. Takes minutes."),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Of --finetune.")] = _DEFAULTS.epochs,
    learning_rate: Annotated[float, typer.Option(help="Of --finetune.")] = _DEFAULTS.learning_rate,
    stay: Annotated[float, typer.Option(help="Of --finetune: how strongly features are held.")] = _DEFAULTS.stay,
    share: Annotated[
        float, typer.Option(help="Of --finetune: how far to go from the old weights to the trained ones.")
    ] = _DEFAULTS.share,
    layers: Annotated[
        TrainedLayers, typer.Option(help="Of --finetune: the last block and the projection, or that alone.")
    ] = _DEFAULTS.layers,
    seed: Annotated[int, typer.Option(min=0, help="Of --finetune: of everything drawn.")] = _DEFAULTS.seed,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Grow the program's ResNet50 from nothing in WORK, which takes hours, or fine-tune it on your own people.

    Growing finds faces, asks the teachers, trains and exports. Ctrl+C ends with a checkpoint; the same command goes on
    from it. Needs PyTorch (pip install torch onnx). Fine-tuning does not; it is kept only if your people gain
    by it and others lose nothing.

    Example: facerec train-extractor work/ --data pictures/ --stages 225000:64,400000:80 --decay-from 350000

    Example: facerec train-extractor --finetune people/
    """
    if finetune is not None:
        from facerec_app.cli.finetuning_command import finetune as run_finetuning

        if work is not None:
            raise ConfigError("Give either a folder WORK to grow a network in, or --finetune PEOPLE, not both.")
        options = FinetuningOptions(
            epochs=epochs, learning_rate=learning_rate, stay=stay, share=share, layers=layers, seed=seed
        )
        run_finetuning(ctx, finetune, options, json=json)
        return
    if work is None or data is None:
        raise ConfigError(
            "Give a folder WORK and --data to grow the network from nothing, or --finetune PEOPLE to go on from it."
        )
    from facerec_app.services.extractor_training import ExtractorTrainingService

    service = ExtractorTrainingService(work, data, dlib)

    def say(line: str) -> None:
        if not json:
            out.print(line)

    if check:
        _check(service, say, check_steps, json=json)
        return
    results = service.grow(
        say, stages=stages, decay_from=decay_from, made_shards=made, until=until, start_from=start_from
    )
    if json:
        print_json({"results": str(results)})
    else:
        out.print(f"Weights, graph and curve are in {results}")


def _check(service: ExtractorTrainingService, say: Callable[[str], None], steps: int, *, json: bool) -> None:
    """Repeat the recorded run's first steps and say whether the loss agrees."""
    compared = service.check(say, steps=steps)
    if json:
        print_json(
            {
                "points": compared.points,
                "mean_difference": compared.mean_difference,
                "largest_difference": compared.largest_difference,
                "agrees": compared.agrees,
            }
        )
    else:
        word = "agrees with" if compared.agrees else "differs from"
        out.print(
            f"The loss {word} the recorded curve: {100 * compared.mean_difference:.2f} % apart on average, at most "
            f"{100 * compared.largest_difference:.2f} %, over {compared.points} points."
        )
    if not compared.agrees:
        raise typer.Exit(TRAINING)
