"""What ``facerec evaluate identification`` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.evaluation.evaluation_report import (
    Curve,
    EvaluationReport,
    PictureGroup,
    PictureRow,
    ReportPlot,
    ReportTable,
    bare_range,
    percent,
    percent_range,
)
from facerec_app.evaluation.identification_metrics import (
    IdentificationFigures,
    named_strangers,
    repeated_misses,
)
from facerec_app.evaluation.identification_protocol import OpenSetPeople, OpenSetPlan, OpenSetTrials
from facerec_app.evaluation.picture_faces import PictureFaces

_MISSES_SHOWN = 24


def identification_report(
    faces: PictureFaces, people: OpenSetPeople, plans: Sequence[OpenSetPlan], trials: Sequence[OpenSetTrials],
    figures: Sequence[IdentificationFigures], stranger_rate: float, root: Path, hashes: dict[str, str],
    remarks: tuple[str, ...],
) -> EvaluationReport:  # fmt: skip
    """Return the whole report; plans, trials and figures belong together, one each a gallery size."""
    tables = [_rates_table(figures), *_decision_table(figures, stranger_rate), _rank_table(figures)]
    if faces.missing:
        tables.append(
            ReportTable("Pictures without a face (misses)", ("picture",), tuple((name,) for name in faces.missing))
        )
    misses = [_miss_list(faces, trial, figure) for trial, figure in zip(trials, figures, strict=True)]
    values: dict[str, Any] = {
        "enrolled_pictures": plans[0].enrolled_pictures,
        "draws": plans[0].draws,
        "seed": plans[0].seed,
        "stranger_rate": stranger_rate,
        "people": {"probes": len(people.probes), "strangers": len(people.strangers),
                   "fillers": sum(len(group) for group in people.fillers)},
        "pictures": len(faces),
        "not_detected": len(faces.missing),
        "not_detected_pictures": list(faces.missing),
        "galleries": [
            {**_gallery_json(figure, missed), "strangers_named_at_fpir_1_percent": _stranger_list(faces, trial, figure)}
            for figure, missed, trial in zip(figures, misses, trials, strict=True)
        ],
    }  # fmt: skip
    return EvaluationReport(
        "identification", "Identification: who is it, or nobody enrolled?", _sentences(figures), tuple(tables),
        _plots(figures), _miss_pictures(faces, trials[-1], figures[-1], root), values, hashes, remarks,
    )  # fmt: skip


def _gallery_json(figure: IdentificationFigures, misses: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "people": figure.gallery_people,
        "probe_trials": figure.trials[0],
        "stranger_trials": figure.trials[1],
        "probe_people": figure.probe_people,
        "stranger_people": figure.stranger_people,
        "fnir_at_fpir": {name: asdict(miss) for name, miss in figure.misses.items()},
        "rank_1": float(figure.cmc[0]),
        "rank_1_interval": list(figure.cmc_interval),
        "cmc": figure.cmc,
        "decision": asdict(figure.decision) if figure.decision is not None else None,
        "misses_at_fpir_1_percent": misses,
    }


def _miss_list(faces: PictureFaces, trials: OpenSetTrials, figure: IdentificationFigures) -> list[dict[str, Any]]:
    threshold = figure.misses["1 %"].threshold
    people = faces.labelled.people
    return [
        {
            "picture": faces.pictures[picture],
            "missed": share,
            "times": times,
            "enrolled": faces.pictures[int(trials.mate_picture[trial])],
            "best_person": people[int(trials.best_person[trial])] if trials.best_person[trial] >= 0 else None,
            "score": float(trials.best[trial]),
        }
        for picture, times, share, trial in repeated_misses(trials, threshold)
    ]


def _stranger_list(faces: PictureFaces, trials: OpenSetTrials, figure: IdentificationFigures) -> list[dict[str, Any]]:
    people = faces.labelled.people
    return [
        {"picture": faces.pictures[picture], "times": times, "named_as": people[int(trials.best_person[trial])],
         "score": float(trials.best[trial])}
        for picture, times, trial in named_strangers(trials, figure.misses["1 %"].threshold)
    ]  # fmt: skip


def _sentences(figures: Sequence[IdentificationFigures]) -> tuple[str, ...]:
    lines = []
    for figure in figures:
        miss = figure.misses["1 %"]
        weak = "" if miss.enough else f" (weak: only {miss.strangers_beyond} different strangers lie beyond)"
        lines.append(
            f"With {figure.gallery_people:,} people enrolled and one stranger in 100 named, {percent(miss.fnir)} of "
            f"the enrolled people's pictures are missed (95 % interval {percent_range(miss.fnir_interval)}){weak}."
        )
    return tuple(lines)


def _rates_table(figures: Sequence[IdentificationFigures]) -> ReportTable:
    rows = []
    for figure in figures:
        for name, miss in figure.misses.items():
            mark = "" if miss.enough else " (weak)"
            rows.append(
                (f"{figure.gallery_people:,}", name, percent(miss.fnir), bare_range(miss.fnir_interval),
                 percent(miss.fnir_by_person), f"{miss.strangers_beyond} of {figure.stranger_people}{mark}")
            )  # fmt: skip
    return ReportTable(
        "Misses (FNIR) at a stated rate of strangers named (FPIR)",
        ("enrolled", "FPIR", "FNIR", "95 %", "by person", "strangers beyond"), tuple(rows),
        "Intervals come from resampling people, the threshold chosen anew each time; by person, everybody weighs the "
        "same however many pictures they have. Below 30 different strangers beyond the "
        "threshold (weak), the rule of 30 does not let the FPIR be told within 30 %; with none beyond, the row only "
        "says what happens above every stranger there was.",
    )  # fmt: skip


def _decision_table(figures: Sequence[IdentificationFigures], stranger_rate: float) -> list[ReportTable]:
    rows = tuple(
        (f"{figure.gallery_people:,}",
         f"{percent(figure.decision.fpir, 3)} ({bare_range(figure.decision.fpir_interval, 3)})",
         f"{percent(figure.decision.fnir)} ({bare_range(figure.decision.fnir_interval)})",
         percent(figure.decision.wrong_name, 3))
        for figure in figures if figure.decision is not None
    )  # fmt: skip
    if not rows:
        return []
    title = f"The program's own decision, set to name {percent(stranger_rate, 3)} of strangers"
    return [ReportTable(title, ("enrolled", "strangers named", "enrolled missed", "wrong name"), rows)]


def _rank_table(figures: Sequence[IdentificationFigures]) -> ReportTable:
    ranks = (1, 2, 5, 20)
    rows = tuple(
        (f"{figure.gallery_people:,}", *(percent(float(figure.cmc[rank - 1])) for rank in ranks),
         bare_range(figure.cmc_interval), f"{figure.trials[0]:,}", f"{figure.trials[1]:,}")
        for figure in figures
    )  # fmt: skip
    header = ("enrolled", *(f"rank {rank}" for rank in ranks), "rank 1, 95 %", "probes", "strangers")
    return ReportTable("Right person among the best k, no threshold (CMC)", header, rows)


def _plots(figures: Sequence[IdentificationFigures]) -> tuple[ReportPlot, ...]:
    shown = figures[-6:]
    ranks = np.arange(1, len(shown[0].cmc) + 1, dtype=np.float64)
    return (
        ReportPlot("Misses against strangers named", "strangers named (FPIR)", "enrolled missed (FNIR)",
                   tuple(Curve(f"{figure.gallery_people:,} people", *figure.curve) for figure in shown),
                   x_scale="log", y_scale="log"),
        ReportPlot("Cumulative match characteristic", "rank", "share of probes whose person is among the best",
                   tuple(Curve(f"{figure.gallery_people:,} people", ranks, figure.cmc) for figure in shown)),
    )  # fmt: skip


def _miss_pictures(
    faces: PictureFaces, trials: OpenSetTrials, figure: IdentificationFigures, root: Path
) -> tuple[PictureGroup, ...]:
    rows = []
    for picture, _, share, trial in repeated_misses(trials, figure.misses["1 %"].threshold)[:_MISSES_SHOWN]:
        files = (faces.pictures[picture], faces.pictures[int(trials.mate_picture[trial])])
        best = int(trials.best_person[trial])
        person = faces.labelled.people[best] if best >= 0 else "nobody"
        best_name = "the same person" if person == faces.labels[picture] else person
        text = f"missed in {percent(share, 0)} of its trials; best was {best_name}, {trials.best[trial]:.2f}"
        rows.append(
            PictureRow(tuple(root / name for name in files), (f"asked: {files[0]}", f"enrolled: {files[1]}"), text)
        )
    groups = []
    if rows:
        title = f"Missed most often with {figure.gallery_people:,} people enrolled, one stranger in 100 named"
        groups.append(PictureGroup(title, tuple(rows)))
    named = _named_rows(faces, trials, figure, root)
    if named:
        title = "Strangers named then, highest score first (a very high one is often one person under two names)"
        groups.append(PictureGroup(title, named))
    return tuple(groups)


def _named_rows(
    faces: PictureFaces, trials: OpenSetTrials, figure: IdentificationFigures, root: Path
) -> tuple[PictureRow, ...]:
    rows = []
    for picture, times, trial in named_strangers(trials, figure.misses["1 %"].threshold)[:_MISSES_SHOWN]:
        person = int(trials.best_person[trial])
        other = faces.pictures[int(np.argmax(faces.labelled.person_index == person))]
        files, captions = (faces.pictures[picture], other), (f"asked: {faces.pictures[picture]}", f"named: {other}")
        text = f"named {times} time{'' if times == 1 else 's'}, score up to {trials.best[trial]:.2f}"
        rows.append(PictureRow(tuple(root / name for name in files), captions, text))
    return tuple(rows)
