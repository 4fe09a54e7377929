"""What came of a training, for people to read."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out
from facerec_app.services.training_result import ChangedCorrection, ChangedFace, TrainingResult

_FIGURES = {
    "accuracy": ("Accuracy", "{:.2%}"),
    "tar_at_far_1e3": ("TAR at FAR 1e-3", "{:.2%}"),
    "calibration_error": ("Calibration error", "{:.4f}"),
}
_WHOM = {"own": "held-out faces of the gallery", "others": "other people (sampled)"}
_MOST_LINES = 20


def print_result(result: TrainingResult) -> None:
    """Print what was trained on, the figures before and after, whose verdict changes, and what is in use now."""
    corrections = ""
    if result.corrections:
        corrections = f", {result.corrections} correction{'s' if result.corrections > 1 else ''}"
    if result.more_alike:
        corrections += f", {result.more_alike} answer{'s' if result.more_alike > 1 else ''} about likeness"
    out.print(
        f"Trained on {result.faces} faces of {result.people} people{corrections}; judged on "
        f"{'people' if result.split == 'person' else 'faces'} kept apart; {result.seconds:.1f} s."
    )
    if result.disputed:
        answers = "1 answer is" if result.disputed == 1 else f"{result.disputed} answers are"
        out.print(
            f"[yellow]{answers} left out[/], being at odds with others or with the names. To settle that: "
            "facerec judge contradictions"
        )
    table = Table("", "Before", "After", "Pairs", box=None, header_style="bold")
    for whom, figures in result.figures.items():
        genuine, impostor = result.pairs[whom]
        table.add_row(f"[bold]{_WHOM[whom]}[/]", "", "", f"{genuine} + {impostor}")
        for name, (before, after) in figures.items():
            title, shown = _FIGURES[name]
            table.add_row(f"  {title}", shown.format(before), shown.format(after), "")
    table.add_row("Enrolled faces judged rightly", *(str(count) for count in result.faces_right), str(result.faces))
    if result.corrections:
        followed = (str(count) for count in result.corrections_right)
        table.add_row("Corrections followed", *followed, str(result.corrections))
    out.print(table)
    _print_changes(result)
    _print_outcome(result)


def _print_changes(result: TrainingResult) -> None:
    lines = [_correction_line(said) for said in result.changed_corrections]
    lines += [_face_line(face) for face in result.changed_faces]
    for line in lines[:_MOST_LINES]:
        out.print(line)
    if len(lines) > _MOST_LINES:
        out.print(f"[dim]and {len(lines) - _MOST_LINES} more verdicts; all with --json[/]")


def _print_outcome(result: TrainingResult) -> None:
    if result.outcome == "unchanged":
        out.print("Nothing better was found: the network in use stays as it is.")
        return
    for objection in result.objections:
        out.print(f"[yellow]Worse:[/] {escape(objection)}")
    if result.outcome == "promoted":
        out.print(f"In use now: [green]{result.version_id}[/]. Back: facerec versions rollback")
    else:
        out.print(
            f"Kept as {result.version_id}, not in use; to use it anyway: facerec versions promote {result.version_id}"
        )


def _mark(is_better: bool) -> str:
    return "[green]better[/]" if is_better else "[yellow]worse[/]"


def _correction_line(said: ChangedCorrection) -> str:
    pair = f"{escape(said.left)} and {escape(said.right)} {'are one person' if said.same else 'are two people'}"
    return f"{_mark(said.is_better)}  {pair}: {'now' if said.is_better else 'no longer'} judged rightly"


def _face_line(face: ChangedFace) -> str:
    before, after = (name or "unknown" for name in (face.named_before, face.named_after))
    return (
        f"{_mark(face.is_better)}  a face of {escape(face.person)}: {escape(before)} -> {escape(after)} "
        f"[dim]{face.face_id[:8]}[/]"
    )
