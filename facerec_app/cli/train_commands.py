"""``facerec train``."""

from __future__ import annotations

import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal, get_args

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from facerec_app.cli.console import err, print_json, print_warning
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.cli.native_output import quiet_native_output
from facerec_app.cli.training_report import print_result
from facerec_app.core.errors import ConfigError, FacerecError
from facerec_app.services.end_with_input import EndWithInput, become_background
from facerec_app.services.training_result import TrainingProgress
from facerec_app.training.gallery_training import GalleryTrainingRequest
from facerec_app.training.objectives import Objective

_CANCELLED = "The training was cancelled; the present network stays in use."
_STAGES = {
    "reading": "Reading the gallery",
    "starting": "Starting",
    "training": "Training",
    "calibrating": "Calibrating",
    "comparing": "Comparing with the network in use",
    "storing": "Storing",
}


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(train)


def train(
    ctx: typer.Context,
    objective: Annotated[
        str, typer.Option(help="similarity, triplet or ranking; siamese-conv trains a baseline on pixels.")
    ] = "similarity",
    epochs: Annotated[int | None, typer.Option(help="At most so many.")] = None,
    batch: Annotated[int | None, typer.Option(help="Pairs in a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the optimiser.")] = None,
    optimiser: Annotated[str | None, typer.Option(help="adam or sgd.")] = None,
    hidden: Annotated[str | None, typer.Option(help="Sizes of the hidden layers, such as 512,256,32.")] = None,
    activation: Annotated[str | None, typer.Option(help="Between the hidden layers: relu or none.")] = None,
    dropout: Annotated[str | None, typer.Option(help="After each hidden layer, such as 0.5,0.3,0.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="L2 penalty on the weights.")] = None,
    normalise: Annotated[
        bool | None, typer.Option(help="Features by their mean and deviation (of a network from scratch).")
    ] = None,
    negative_ratio: Annotated[float | None, typer.Option(help="Pairs of two people for each pair of one.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of everything random; the same seed, the same network.")
    ] = None,
    scratch: Annotated[
        bool, typer.Option("--from-scratch", help="A new network instead of the shipped one made better.")
    ] = False,
    insist: Annotated[bool, typer.Option(help="Bring the new network into use even if it is worse.")] = False,
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON for scripts.")] = False,
    json_progress: Annotated[
        bool, typer.Option("--json-progress", help="Print progress and result, one JSON object a line.")
    ] = False,
    root: Annotated[
        Path | None, typer.Option(help="siamese-conv: folder that holds a folder of pictures for each person.")
    ] = None,
    people: Annotated[Path | None, typer.Option(help="siamese-conv: list of the people to use.")] = None,
    out: Annotated[Path | None, typer.Option(help="siamese-conv: file for the weights (.safetensors).")] = None,
    until_input_closes: Annotated[bool, typer.Option("--until-input-closes", hidden=True)] = False,
) -> None:
    """Train the similarity network on the enrolled people and compare it with the one in use.

    The new network is brought into use unless it is worse. No option needs to be given.

    Example: facerec train
    """
    if objective == "siamese-conv":
        raise typer.Exit(_train_baseline(root, people, out, {"epochs": epochs, "seed": seed, "rate": learning_rate}))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter is nothing for a user
    guard = _Guard()
    if until_input_closes:
        become_background()
        guard.end_with_input()
    given = {
        "epochs": epochs, "batch": batch, "learning_rate": learning_rate, "seed": seed,
        "optimiser": _one_of("optimiser", optimiser, Literal["adam", "sgd"]),
        "hidden_sizes": _numbers("hidden", hidden, int), "dropout": _numbers("dropout", dropout, float),
        "hidden_activation": _one_of("activation", activation, Literal["none", "relu"]),
        "weight_decay": weight_decay, "normalise": normalise, "negative_ratio": negative_ratio,
    }  # fmt: skip
    reporter: _Reporter = _JsonReporter() if json_progress else _BarReporter(shown=not as_json)
    try:
        wanted: Objective = _one_of("objective", objective, Objective)
        request = GalleryTrainingRequest.of(wanted, given, from_scratch=scratch)
        with (
            application(ctx, profile=profile) as app,
            guard.cancel_on_signal(),
            quiet_native_output(),
            reporter.running(),
        ):
            service = app.gallery_training()
            result = service.train(request, insist=insist, progress=reporter.progress, about_to_store=guard.hold)
    except FacerecError as exc:
        reporter.error(exc)
        raise
    if json_progress:
        _print_line("result", result.to_json())
    elif as_json:
        print_json(result.to_json())
    else:
        print_result(result)


class _Guard:
    """Ends the process at once when it is told to, but not while it stores: it holds nothing before that."""

    def __init__(self) -> None:
        self._input = EndWithInput()
        self._watches_input = False
        self._storing = False

    def end_with_input(self) -> None:
        self._watches_input = True
        self._input.start()

    def hold(self) -> None:
        self._storing = True
        if self._watches_input:
            self._input.hold()

    @contextmanager
    def cancel_on_signal(self) -> Iterator[None]:
        """End at SIGINT and SIGTERM; importing a library for seconds does not delay that."""

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            if not self._storing:
                err.print()
                print_warning(_CANCELLED)
                os._exit(INTERRUPTED)

        previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


class _Reporter(ABC):
    """Shows how a training stands."""

    @contextmanager
    def running(self) -> Iterator[None]:
        yield

    @abstractmethod
    def progress(self, progress: TrainingProgress) -> None:
        """Show the newest word."""

    def error(self, error: FacerecError) -> None:  # noqa: B027 - nothing to do unless a program waits
        """Tell a program that waits; the line for people is printed for every command."""


class _JsonReporter(_Reporter):
    def progress(self, progress: TrainingProgress) -> None:
        _print_line("progress", asdict(progress))

    def error(self, error: FacerecError) -> None:
        _print_line("error", {"kind": type(error).__name__, "message": str(error)})


class _BarReporter(_Reporter):
    def __init__(self, *, shown: bool) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=err, transient=True, disable=not (shown and err.is_terminal))
        self._task = self._bar.add_task("Reading the gallery", total=None, figures="")

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._bar:
            yield

    def progress(self, progress: TrainingProgress) -> None:
        figures = ""
        if progress.loss is not None and progress.validation_accuracy is not None:
            figures = (
                f"epoch {progress.epoch}/{progress.epochs}  loss {progress.loss:.4f}  "
                f"validation {progress.validation_accuracy:.2%}  {progress.seconds_left or 0.0:.0f} s left"
            )
        total = progress.epochs if progress.stage == "training" else None
        self._bar.update(
            self._task,
            description=_STAGES[progress.stage],
            completed=progress.epoch,
            total=total,
            figures=figures,
        )


def _train_baseline(root: Path | None, people: Path | None, out: Path | None, given: dict[str, float | None]) -> int:
    """Train the convolutional twin network on a folder of people; it is no version and never comes into use."""
    from facerec_app.training.train_siamese_conv import main

    if root is None or out is None:
        raise ConfigError("The objective siamese-conv learns from pictures: give --root with a folder, and --out.")
    arguments = ["--root", str(root), "--out", str(out)]
    arguments += [] if people is None else ["--people", str(people)]
    names = {"epochs": "--epochs", "seed": "--seed", "rate": "--learning-rate"}
    for name, value in given.items():
        arguments += [] if value is None else [names[name], str(value)]
    return main(arguments)


def _print_line(event: str, values: dict[str, Any]) -> None:
    print(json.dumps({"event": event, **values}, ensure_ascii=False, allow_nan=False), flush=True)


def _numbers(name: str, given: str | None, kind: Callable[[str], Any]) -> tuple[Any, ...] | None:
    if given is None:
        return None
    try:
        return tuple(kind(part) for part in given.split(",") if part.strip())
    except ValueError as exc:
        raise ConfigError(f"--{name} is '{given}'; give numbers with commas between, such as 64,32.") from exc


def _one_of(name: str, given: str | None, allowed: Any) -> Any:
    if given is not None and given not in get_args(allowed):
        raise ConfigError(f"--{name} is '{given}'; choose one of {', '.join(get_args(allowed))}.")
    return given
