"""``facerec identify`` and ``facerec run``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import (
    out,
    print_error,
    print_json,
    print_warning,
    progress_bar,
    stop_on_interrupt,
)
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, PARTIAL, exit_code_of
from facerec_app.cli.one_shot_output import name_from_folder, print_named
from facerec_app.cli.sighting_table import percent, print_sightings, sighting_record
from facerec_app.core.errors import ConfigError, FacerecError
from facerec_app.core.protocols import FrameSource
from facerec_app.core.types import FrameResult
from facerec_app.services.application import Application
from facerec_app.services.recognition import PictureOutcome, ResultCallback, RunOutputs, RunReport

Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]
Detector = Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")]
MinFace = Annotated[int | None, typer.Option(help="Smallest face looked for, px.")]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(identify)
    cli.command()(run)


def identify(
    ctx: typer.Context,
    images: Annotated[list[Path], typer.Argument(help="Pictures; a folder stands for the pictures in it.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    annotate: Annotated[Path | None, typer.Option(help="Write copies with boxes and names into this folder.")] = None,
    db: Annotated[
        Path | None, typer.Option(help="Folder with one picture a person, instead of the gallery; nobody is enrolled.")
    ] = None,
    accuracy: Annotated[
        bool, typer.Option("--accuracy", help="With --db: hold the names against the pictures' file names.")
    ] = False,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
) -> None:
    """Say who is in pictures: names, probabilities and boxes.

    Example: facerec identify party.jpg holidays/ --annotate named/

    Example: facerec identify --db colleagues/ party.jpg
    """
    if accuracy and db is None:
        raise ConfigError("Accuracy is measured against the file names of --db; name that folder.")
    from facerec_app.services.picture_files import annotate_picture, expand_pictures

    paths = expand_pictures(images)
    records: list[dict[str, Any]] = []
    errors: list[FacerecError] = []
    tally = None
    with (
        application(ctx, profile=profile, detector=detector, min_face_px=min_face_px) as app,
        stop_on_interrupt() as stop,
    ):
        try:
            with progress_bar("Identifying", shown=(len(paths) > 3 or db is not None) and not json) as report:
                if db is None:
                    outcomes = app.recognition().identify(paths, progress=report, cancelled=stop)
                else:
                    outcomes, tally = name_from_folder(app, db, paths, progress=report, cancelled=stop)
                for outcome in outcomes:
                    if outcome.error is not None:
                        errors.append(outcome.error)
                    elif outcome.result is not None:
                        if annotate is not None:
                            annotate_picture(outcome.result, outcome.path, annotate)
                        if tally is not None:
                            tally.add(outcome.path, outcome.result)
                    records.append(_outcome_record(outcome))
        except FacerecError:
            if records:  # a full disk takes nothing away from what was found before
                _print_pictures(records, as_json=json)
            raise
        interrupted = stop()
    if db is None:
        _print_pictures(records, as_json=json)
    else:
        print_named(records, tally.result() if tally is not None and accuracy else None, as_json=json)
    _exit_for(errors, len(records), interrupted)


def run(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(help="Camera number, video file, rtsp:// or http:// address, folder of pictures.")
    ],
    out_file: Annotated[Path | None, typer.Option("--out", help="Write the annotated video (.mp4).")] = None,
    events: Annotated[Path | None, typer.Option(help="Write one JSON line a face and frame.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    max_fps: Annotated[
        float | None, typer.Option(min=0.1, help="Recognise at most so many frames per second of the source.")
    ] = None,
    profile: Profile = None,
    detector: Detector = None,
    min_face_px: MinFace = None,
) -> None:
    """Name faces in a camera, video, stream or folder, without a window; Ctrl-C ends it and keeps what was done.

    Example: facerec run visit.mp4 --out named.mp4 --events events.jsonl
    """
    with (
        application(ctx, profile=profile, detector=detector, min_face_px=min_face_px) as app,
        stop_on_interrupt() as stop,
        progress_bar("Recognising", shown=not json) as report,
    ):
        opened = app.open_source(source, print_warning)
        summary = app.recognition().run(
            opened,
            outputs=RunOutputs(video=out_file, events=events),
            max_fps=max_fps,
            on_result=_stranger_keeper(app, opened),
            progress=report,
            cancelled=stop,
        )
    if json:
        print_json(_run_record(source, summary))
    else:
        _print_run(source, summary, out_file, events)
    if summary.stopped:
        raise typer.Exit(INTERRUPTED)


def _stranger_keeper(app: Application, source: FrameSource) -> ResultCallback | None:
    """Return what keeps faces of strangers who have left a live source, if the user has switched that on."""
    if not source.is_live:
        return None
    collection = app.library().unknown_collection()
    finished = collection.begin_source(is_live=True)

    def keep(_: FrameResult) -> None:
        if finished.has_waiting:
            collection.add_finished()

    return keep if finished.is_wanted else None


def _outcome_record(outcome: PictureOutcome) -> dict[str, Any]:
    if outcome.result is None:
        return {"file": str(outcome.path), "error": str(outcome.error), "faces": []}
    from facerec_app.pipeline.event_log import result_events

    dropped = {"frame", "timestamp_s", "track_id"}
    events = [{k: v for k, v in event.items() if k not in dropped} for event in result_events(outcome.result)]
    return {"file": str(outcome.path), "faces": events}


def _print_pictures(records: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(records)
        return
    table = Table("Picture", "Who", "Sure", "Box (x0 y0 x1 y1)", box=None, header_style="bold")
    for record in records:
        if "error" in record:
            print_error(record["error"])
            continue
        picture = escape(Path(record["file"]).name)
        if not record["faces"]:
            table.add_row(picture, "[dim]no face found[/]", "", "")
        for number, face in enumerate(record["faces"]):
            name = face["person"]
            who = f"[green]{escape(name)}[/]" if name else "[yellow]Unknown[/]"
            sure = percent(face["probability"]) if name else ""
            box = " ".join(f"{v:.0f}" for v in face["box_xyxy"])
            table.add_row(picture if number == 0 else "", who, sure, box)
    if table.row_count:
        out.print(table)


def _exit_for(errors: Sequence[FacerecError], pictures: int, interrupted: bool) -> None:
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if errors:
        raise typer.Exit(exit_code_of(errors[0]) if len(errors) == pictures else PARTIAL)


def _run_record(source: str, summary: RunReport) -> dict[str, Any]:
    return {
        "source": source,
        "frames": summary.frames,
        "dropped": summary.dropped,
        "faces": summary.faces,
        "seconds": round(summary.seconds, 3),
        "frames_per_s": round(summary.frames_per_s, 2),
        "stage_ms": {stage: round(value, 3) for stage, value in summary.stage_ms.items()},
        "stopped": summary.stopped,
        "sightings": [sighting_record(sighting) for sighting in summary.sightings],
    }


def _print_run(source: str, summary: RunReport, video: Path | None, events: Path | None) -> None:
    print_sightings(summary.sightings, summary.faces)
    pace = f"{summary.frames} frames in {summary.seconds:.1f} s ({summary.frames_per_s:.1f} a second)"
    dropped = f", {summary.dropped} passed over" if summary.dropped else ""
    out.print(f"[dim]{escape(source)}: {pace}{dropped}[/]")
    for what, path in (("annotated video", video), ("events", events)):
        if path is not None and path.exists():
            out.print(f"[dim]{what}: {escape(str(path))}[/]")
