"""What came of a retraining, in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from facerec_app.services.training_result import ChangedFace, TrainingProgress, TrainingResult

_MOST_CHANGES = 12


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One line of the comparison.

    Attributes:
        title: what is measured.
        before: by the network that was in use.
        after: by the new one.
        is_better: whether the new one does better, None where both do the same.
    """

    title: str
    before: str
    after: str
    is_better: bool | None


def headline(result: TrainingResult) -> str:
    """Return the outcome in a line."""
    if result.outcome == "promoted":
        return _tr("The new network is in use")
    if result.outcome == "kept":
        return _tr("The new network is worse and not in use")
    return _tr("Nothing better was found")


def sentences(result: TrainingResult) -> str:
    """Return what was trained on and what that did, as a short paragraph."""
    by = _tr("people") if result.split == "person" else _tr("pictures")
    learnt = _tr("Learnt from {0} faces of {1} people and {2} corrections in {3:.0f} s.").format(
        result.faces, result.people, result.corrections, result.seconds
    )
    if result.more_alike:
        learnt += " " + _tr("{0} answers about likeness took part.").format(result.more_alike)
    if result.disputed:
        learnt += " " + _tr("{0} contradictory answers were left out; settle them in the library.").format(
            result.disputed
        )
    parts = [learnt, _tr("Compared on {0} that it had not learnt from.").format(by)]
    before, after = result.faces_right
    if before == after:
        parts.append(_tr("{0} enrolled faces are named rightly, as before.").format(after))
    else:
        parts.append(_tr("{0} enrolled faces are named rightly, before {1}.").format(after, before))
    if result.corrections:
        parts.append(_tr("{0} of {1} corrections are followed, before {2}.").format(
            result.corrections_right[1], result.corrections, result.corrections_right[0]
        ))  # fmt: skip
    if result.objections:
        parts.append(_tr("Why it is worse: {0}.").format("; ".join(result.objections)))
    return " ".join(parts)


def figure_rows(result: TrainingResult) -> list[FigureRow]:
    """Return the comparison figure by figure."""
    whom = {"own": _tr("your people"), "others": _tr("others")}
    titles = {
        "accuracy": (_tr("Pairs judged rightly, {0}"), True),
        "tar_at_far_1e3": (_tr("Found at 1 in 1,000 false, {0}"), True),
        "calibration_error": (_tr("Error of probabilities, {0}"), False),
    }
    rows = []
    for group, figures in result.figures.items():
        for name, (before, after) in figures.items():
            title, more_is_better = titles.get(name, (name + ", {0}", True))
            same = abs(before - after) < 5e-5
            better = None if same else (after > before) is more_is_better
            rows.append(FigureRow(title.format(whom.get(group, group)), f"{before:.1%}", f"{after:.1%}", better))
    return rows


def change_lines(result: TrainingResult) -> list[str]:
    """Return the enrolled faces whose verdict changes, the worse ones first, and the corrections."""
    faces = sorted(result.changed_faces, key=lambda change: change.is_better)
    lines = [f"{_mark(change.is_better)} {_face_line(change)}" for change in faces]
    for correction in result.changed_corrections:
        kind = _tr("are one") if correction.same else _tr("are two people")
        said = _tr("{0} and {1} {2}").format(correction.left, correction.right, kind)
        now = _tr("now followed") if correction.is_better else _tr("no longer followed")
        lines.append(f"{_mark(correction.is_better)} {said}: {now}")
    if len(lines) > _MOST_CHANGES:
        more = len(lines) - _MOST_CHANGES
        lines = [*lines[:_MOST_CHANGES], _tr("and {0} more").format(more)]
    return lines


def progress_line(progress: TrainingProgress) -> str:
    """Return how far a training has come, with the time left where it is known."""
    stages = {
        "reading": _tr("Reading the gallery"),
        "starting": _tr("Starting"),
        "calibrating": _tr("Measuring the probabilities"),
        "comparing": _tr("Comparing with the present network"),
        "storing": _tr("Storing"),
    }
    if progress.stage != "training":
        return stages.get(progress.stage, progress.stage)
    line = _tr("Epoch {0} of at most {1}").format(progress.epoch, progress.epochs)
    if progress.seconds_left is None:
        return line
    left = max(1, round(progress.seconds_left))
    return f"{line}  ·  " + (
        _tr("{0} s left").format(left) if left < 90 else _tr("{0} min left").format(round(left / 60))
    )


def _face_line(change: ChangedFace) -> str:
    before = _tr("nobody") if change.named_before is None else change.named_before
    after = _tr("nobody") if change.named_after is None else change.named_after
    return _tr("A face of {0}: {1}, now {2}").format(change.person, before, after)


def _mark(is_better: bool) -> str:
    return "+" if is_better else "−"


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingWords", text)
