"""``facerec identify --db``: names from a folder of pictures, and how good they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape

from facerec_app.cli.console import out, print_error, print_json
from facerec_app.services.application import Application
from facerec_app.services.one_shot_naming import AccuracyTally, OneShotAccuracy
from facerec_app.services.progress import CancelCheck, ProgressCallback
from facerec_app.services.recognition import PictureOutcome

_NEARLY_CERTAIN = 0.99


def name_from_folder(
    app: Application, folder: Path, pictures: Sequence[Path], *, progress: ProgressCallback, cancelled: CancelCheck
) -> tuple[Iterator[PictureOutcome], AccuracyTally]:
    """Return the outcomes of pictures whose faces are compared with those of a folder, and what counts them.

    A picture of the folder that cannot be used is reported at once, a line each.
    """
    naming = app.library().one_shot_naming()
    people = naming.read_folder(
        folder, on_error=lambda error: print_error(str(error)), progress=progress, cancelled=cancelled
    )
    outcomes = naming.identify(people, pictures, progress=progress, cancelled=cancelled)
    return outcomes, AccuracyTally(frozenset(people.names))


def print_named(records: Sequence[dict[str, Any]], accuracy: OneShotAccuracy | None, *, as_json: bool) -> None:
    """Print one line a picture: its faces from left to right, each "Name (0.87)" or Unknown."""
    if as_json:
        counted = None if accuracy is None else {**asdict(accuracy), "accuracy": round(accuracy.accuracy, 4)}
        print_json({"pictures": list(records), "accuracy": counted})
        return
    for record in records:
        if "error" in record:
            print_error(record["error"])
            continue
        faces = sorted(record["faces"], key=lambda face: face["box_xyxy"][0])
        words = ", ".join(_words(face) for face in faces)
        out.print(f"{escape(Path(record['file']).name)}: {escape(words or 'no face found')}")
    if accuracy is not None:
        out.print(
            f"Accuracy by file names {accuracy.accuracy:.3f}: of {accuracy.known} pictures of people in the folder "
            f"{accuracy.right} named rightly and {accuracy.wrong} wrongly; of {accuracy.strangers} of others "
            f"{accuracy.kept_unknown} left Unknown"
        )


def _words(face: dict[str, Any]) -> str:
    name = face["person"]
    return f"{name} ({min(face['probability'], _NEARLY_CERTAIN):.2f})" if name else "Unknown"
