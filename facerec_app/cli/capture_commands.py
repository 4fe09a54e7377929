"""``facerec capture`` and ``facerec selfies``: a set of faces from nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from facerec_app.cli.console import err, out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import ENROLMENT, INTERRUPTED, PARTIAL
from facerec_app.core.errors import ConfigError
from facerec_app.core.validation import clean_person_name
from facerec_app.services.face_capture import CaptureReport
from facerec_app.services.face_folder import FaceFolder

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Detector = Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")]
_FACES_DIR = Path("faces")
_EVERY_S = 1.0


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(capture)
    cli.command()(selfies)


def capture(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The person's name; left out, or the source, where --out is given."),
    ] = None,
    spec: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="Camera number, video file or address.", show_default="the first camera"),
    ] = None,
    target: Annotated[Path | None, typer.Option("--out", help="Folder of the faces instead of faces/NAME.")] = None,
    every_s: Annotated[
        float | None, typer.Option("--every", help="Save a face every so many seconds, without a window.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Stop after so many, without a window.")] = None,
    any_quality: Annotated[
        bool, typer.Option("--any-quality", help="Without a window, save dark, blurred or cut-off faces too.")
    ] = False,
    json: AsJson = False,
    detector: Detector = None,
) -> None:
    """Save faces from a camera or video, only while exactly one face is in view.

    A window shows the picture: Space saves the face, Esc ends. With --every or --count no window opens. Names are
    numbers that go on where the folder's stopped.

    Example: facerec capture "Ada Lovelace" 0
    """
    folder, spec = _target_and_source([word for word in (name, spec) if word is not None], target)
    without_window = every_s is not None or count is not None
    with application(ctx, detector=detector) as app, closing(folder):
        there = folder.open()
        if without_window:
            source, service = app.open_source(spec), app.library().face_capture()
            with stop_on_interrupt() as stop, progress_bar("Capturing", shown=not json) as progress:
                report = service.capture(
                    source,
                    folder,
                    every_s=_EVERY_S if every_s is None else every_s,
                    count=count,
                    any_quality=any_quality,
                    progress=progress,
                    cancelled=stop,
                )
        else:
            from facerec_app.gui.capture_window import run_capture_window

            files = run_capture_window(lambda: app.open_source(spec), app.library().face_capture, folder, there)
            report = CaptureReport(files, 0, 0, 0, 0, False)
    _tell(report, folder, as_json=json, looked=without_window)
    if report.stopped:
        raise typer.Exit(INTERRUPTED)
    if without_window and not report.files:
        raise typer.Exit(ENROLMENT)


def selfies(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of selfies; folders in it come out as folders.")],
    target: Annotated[Path, typer.Option("--out", help="Folder for the faces.")],
    json: AsJson = False,
    detector: Detector = None,
) -> None:
    """Cut the face out of every picture of a folder.

    Pictures are read as for enrolment, sideways and HEIC ones too. Those whose face is in the target already are
    passed over.

    Example: facerec selfies pictures/ --out faces/
    """
    with (
        application(ctx, detector=detector) as app,
        stop_on_interrupt() as stop,
        progress_bar("Cutting out faces", shown=not json) as progress,
    ):
        report = app.library().selfie_faces().make(folder, target, progress=progress, cancelled=stop)
    if json:
        print_json(
            {
                "faces": [str(file) for file in report.files],
                "known": report.known,
                "left_out": [{"picture": name, "error": why} for name, why in report.refused],
                "complete": not report.stopped,
            }
        )
    else:
        for _, why in report.refused:
            err.print(f"[yellow]left out:[/] {escape(why)}")
        known = f"; {report.known} were there before" if report.known else ""
        out.print(
            f"{_faces(len(report.files))} written to {escape(str(target))}, {len(report.refused)} left out{known}"
        )
    if report.stopped:
        print_warning("Stopped; what was written is kept. The same command goes on from here.")
        raise typer.Exit(INTERRUPTED)
    if report.refused:
        raise typer.Exit(PARTIAL if report.files or report.known else ENROLMENT)


def _target_and_source(words: list[str], target: Path | None) -> tuple[FaceFolder, str]:
    """Return where the faces go and where they come from; the first camera if nothing is said."""
    most = 1 if target is not None else 2
    if len(words) > most:
        raise ConfigError("Give a name and a source, or --out and a source; quote a name of several words.")
    if target is not None:
        return FaceFolder(target), words[0] if words else "0"
    if not words:
        raise ConfigError("Give the person's name, or a folder with --out.")
    return FaceFolder(_FACES_DIR / clean_person_name(words[0])), words[1] if len(words) > 1 else "0"


def _tell(report: CaptureReport, folder: FaceFolder, *, as_json: bool, looked: bool) -> None:
    if as_json:
        print_json(
            {
                "faces": [str(file) for file in report.files],
                "looked_at": report.looked_at,
                "without_face": report.without_face,
                "with_several_faces": report.with_several,
                "poor": report.poor,
            }
        )
        return
    why = ""
    if looked:
        why = f"; of {report.looked_at} frames looked at, {report.without_face} showed no face, "
        why += f"{report.with_several} several and {report.poor} a poor one"
    out.print(f"{_faces(len(report.files))} saved in {escape(str(folder.path))}{why}")


def _faces(count: int) -> str:
    return "1 face" if count == 1 else f"{count} faces"
