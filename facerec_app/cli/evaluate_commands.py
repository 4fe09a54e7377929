"""``facerec evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from facerec_app.capture.images import write_jpeg, write_png
from facerec_app.cli import detection_command
from facerec_app.cli.console import print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.cli.report_output import (
    STANDARD_OUTPUT,
    HtmlOption,
    JsonOption,
    ReportCommand,
    check_outputs,
    give_report,
)
from facerec_app.core.errors import ConfigError, TrainingCancelledError
from facerec_app.evaluation.report_page import write_text_file
from facerec_app.evaluation.retrieval_sheet import ranked_csv, retrieval_sheet
from facerec_app.services.evaluation import EvaluationService, RetrievalResult
from facerec_app.services.evaluation_data import EvaluationData
from facerec_app.services.evaluation_subjects import COSINE, PRESENT
from facerec_app.services.progress import CancelCheck, ProgressCallback

Root = Annotated[Path, typer.Option(help="Folder that holds a folder of pictures for each person.")]
People = Annotated[Path | None, typer.Option(help="List of the people to use, a name a line; default is everybody.")]
Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]
Detector = Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")]
MinFace = Annotated[int | None, typer.Option(help="Smallest face looked for, px.")]
Cache = Annotated[bool, typer.Option("--cache/--no-cache", help="Keep features of pictures for the next evaluation.")]
Scorer = Annotated[str, typer.Option(help="What judges: present, shipped, cosine, a version or a weights file.")]
Scorers = Annotated[
    list[str] | None,
    typer.Option("--scorer", help="What judges, several times: present, shipped, cosine, a version, a weights file."),
]
Seed = Annotated[int, typer.Option(min=0, help="Of everything drawn at random.")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    evaluate = typer.Typer(help="Measure accuracy the way the field does.", no_args_is_help=True)
    evaluate.command(cls=ReportCommand)(verification)
    evaluate.command(cls=ReportCommand)(identification)
    evaluate.command(cls=ReportCommand)(retrieval)
    evaluate.command("one-shot", cls=ReportCommand)(one_shot)
    evaluate.command(cls=ReportCommand)(gallery)
    evaluate.command(cls=ReportCommand)(compare)
    detection_command.add_to(evaluate)
    cli.add_typer(evaluate, name="evaluate")


def verification(
    ctx: typer.Context,
    root: Root,
    pairs: Annotated[
        Path | None, typer.Option(help="Pair list in the format of Labeled Faces in the Wild; default is all pairs.")
    ] = None,
    people: People = None,
    scorer: Scorer = PRESENT,
    degrade: Annotated[bool, typer.Option(help="Also try pictures made smaller, blurred, darker, compressed.")] = False,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
    cache: Cache = True,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Tell pairs of pictures of one person from pairs of two.

    The threshold was chosen on other people; a face that is not found counts as an error.

    Example: facerec evaluate verification --root lfw/ --pairs pairs.txt --html report.html
    """
    check_outputs(json, html)
    if pairs is not None and people is not None:
        raise ConfigError("A pair list names its people itself; give --pairs or --people, not both.")
    settings = {"profile": profile, "detector": detector, "min_face_px": min_face_px}
    with _evaluating(ctx, settings, cache, json) as (service, progress, stop):
        report = service.verification(
            EvaluationData(root, people), pairs, scorer=scorer, degrade=degrade, on_progress=progress, cancelled=stop
        )
    give_report(report, json, html)


def identification(
    ctx: typer.Context,
    root: Root,
    people: People = None,
    gallery: Annotated[
        str | None, typer.Option(help="Sizes of the galleries in people, such as 10,100,500.", show_default="one, all")
    ] = None,
    fill: Annotated[
        list[Path] | None, typer.Option(help="List of people who fill galleries up; the others of it are strangers.")
    ] = None,
    strangers: Annotated[Path | None, typer.Option(help="List of people who are strangers, instead.")] = None,
    enrolled: Annotated[int, typer.Option(min=1, max=100, help="Pictures enrolled of each person.")] = 1,
    draws: Annotated[int, typer.Option(min=1, max=1000, help="How often galleries are drawn anew.")] = 10,
    seed: Seed = 1,
    scorer: Scorer = PRESENT,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
    cache: Cache = True,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Ask galleries for names: who is missed, and which strangers are named?

    Without --fill and --strangers, half of the people are enrolled and the others are strangers.

    Example: facerec evaluate identification --root lfw/ --people known.txt --fill others.txt --gallery 10,100
    """
    check_outputs(json, html)
    sizes = _sizes(gallery)
    settings = {"profile": profile, "detector": detector, "min_face_px": min_face_px}
    with _evaluating(ctx, settings, cache, json) as (service, progress, stop):
        report = service.identification(
            EvaluationData(root, people), gallery_sizes=sizes, fill_files=fill or (), strangers_file=strangers,
            enrolled_pictures=enrolled, draws=draws, seed=seed, scorer=scorer, on_progress=progress, cancelled=stop,
        )  # fmt: skip
    give_report(report, json, html)


def retrieval(
    ctx: typer.Context,
    root: Root,
    people: People = None,
    scorer: Scorers = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the ranked results as CSV.")] = None,
    results: Annotated[int, typer.Option(min=1, max=10_000, help="Ranked results of each picture in the CSV.")] = 20,
    sheet: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a sheet of pictures (PNG or JPEG).")] = None,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
    cache: Cache = True,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Let every picture ask for the other pictures of its person: mean average precision and hit rates.

    Example: facerec evaluate retrieval --root lfw/ --people known.txt --scorer shipped --scorer cosine
    """
    check_outputs(json, html, csv, sheet)
    settings = {"profile": profile, "detector": detector, "min_face_px": min_face_px}
    with _evaluating(ctx, settings, cache, json) as (service, progress, stop):
        result = service.retrieval(
            EvaluationData(root, people), scorer or (PRESENT, COSINE), on_progress=progress, cancelled=stop
        )
    if csv is not None:
        write_text_file(csv, ranked_csv(result.faces, dict(result.ranked), results))
    if sheet is not None:
        _write_sheet(result, root, sheet)
    give_report(result.report, json, html)


def one_shot(
    ctx: typer.Context,
    root: Root,
    people: People = None,
    ways: Annotated[int, typer.Option(min=2, max=10_000, help="People to choose from in each trial.")] = 20,
    trials: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of trials.")] = 1000,
    seed: Seed = 1,
    scorer: Scorers = None,
    siamese_conv: Annotated[
        Path | None, typer.Option(help="Weights of a convolutional twin network to compare with.")
    ] = None,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
    cache: Cache = True,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Find one of N people known by one picture each (N-way one-shot, Koch et al. 2015).

    Example: facerec evaluate one-shot --root lfw/ --people known.txt --ways 20
    """
    check_outputs(json, html)
    settings = {"profile": profile, "detector": detector, "min_face_px": min_face_px}
    with _evaluating(ctx, settings, cache, json) as (service, progress, stop):
        report = service.one_shot(
            EvaluationData(root, people), scorer or (PRESENT, COSINE), ways=ways, trials=trials, seed=seed,
            twin_network_file=siamese_conv, on_progress=progress, cancelled=stop,
        )  # fmt: skip
    give_report(report, json, html)


def gallery(ctx: typer.Context, profile: Profile = None, json: JsonOption = None, html: HtmlOption = None) -> None:
    """Review your own people: who is taken for whom, wrong or repeated pictures, who needs another one.

    Each enrolled face is asked about as if it were not enrolled. Nothing is changed.

    Example: facerec evaluate gallery --html review.html
    """
    check_outputs(json, html)
    with _evaluating(ctx, {"profile": profile}, True, json) as (service, progress, stop):
        report = service.gallery(on_progress=progress, cancelled=stop)
        give_report(report, json, html)


def compare(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="cosine, shipped, present, a profile, version or file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    root: Root,
    people: People = None,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
    cache: Cache = True,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Put two scorers, versions or profiles side by side on the same pictures, with paired tests.

    Example: facerec evaluate compare shipped cosine --root lfw/ --people known.txt
    """
    check_outputs(json, html)
    settings = {"profile": profile, "detector": detector, "min_face_px": min_face_px}
    with _evaluating(ctx, settings, cache, json) as (service, progress, stop):
        report = service.compare(EvaluationData(root, people), first, second, on_progress=progress, cancelled=stop)
    give_report(report, json, html)


_Evaluating = tuple[EvaluationService, ProgressCallback, CancelCheck]


@contextmanager
def _evaluating(
    ctx: typer.Context, settings: Mapping[str, object], cache: bool, json: Path | None
) -> Iterator[_Evaluating]:
    """Give the service, a progress bar and a way to stop; a stop ends the command with one line."""
    try:
        with (
            application(ctx, **settings) as app,
            stop_on_interrupt() as stop,
            progress_bar("Evaluating", shown=json != STANDARD_OUTPUT) as progress,
        ):
            yield app.evaluation(keep_features=cache), progress, stop
    except TrainingCancelledError as exc:
        print_warning(str(exc))
        raise typer.Exit(INTERRUPTED) from exc


def _sizes(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 1_000_000 for part in parts):
        raise ConfigError(f"The gallery sizes '{text}' are no list of numbers; write them like 10,100,500.")
    return tuple(int(part) for part in parts)


def _write_sheet(result: RetrievalResult, root: Path, file: Path) -> None:
    name, (ranked, precisions) = next(iter(result.ranked.items()))
    title = f"Retrieval by {name}: the worst lists first, then others from worse to better"
    write: Callable[[Path, object], None] = write_png if file.suffix.lower() == ".png" else write_jpeg  # type: ignore[assignment]
    write(file, retrieval_sheet(root, result.faces, ranked, precisions, title))
