"""What ``facerec evaluate retrieval`` and ``one-shot`` say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from facerec_app.evaluation.evaluation_report import (
    Curve,
    EvaluationReport,
    ReportPlot,
    ReportTable,
    bare_range,
    percent,
    percent_range,
)
from facerec_app.evaluation.one_shot import OneShotFigures
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.evaluation.retrieval import RetrievalFigures


def retrieval_report(
    faces: PictureFaces, figures: Mapping[str, RetrievalFigures], hashes: dict[str, str], remarks: tuple[str, ...]
) -> EvaluationReport:
    """Return the report of several scorers on the same pictures."""
    first_name, first = next(iter(figures.items()))
    rows = tuple(
        (name, percent(row.mean_average_precision), bare_range(row.map_interval), percent(row.map_by_person),
         percent(row.hit_at_1), bare_range(row.hit_at_1_interval), percent(row.hit_at_5))
        for name, row in figures.items()
    )  # fmt: skip
    header = ("", "mAP", "95 %", "mAP by person", "hit at 1", "95 %", "hit at 5")
    note = (
        "mAP is the mean of the queries' average precision, which runs over the whole ranked list of a query; a hit is "
        "a picture of the person at the first place, or among the first five."
    )
    levels = np.linspace(0.0, 1.0, 11)
    plot = ReportPlot(
        "Precision by recall", "recall", "interpolated precision, mean of the queries",
        tuple(Curve(name, levels, row.precision_at_recall) for name, row in list(figures.items())[:6]),
    )  # fmt: skip
    sentence = (
        f"{first.queries:,} pictures of {first.people} people asked for the other pictures of their person among "
        f"{len(faces):,}: mean average precision {percent(first.mean_average_precision)} by {first_name}."
    )
    values = {
        "queries": first.queries,
        "people": first.people,
        "pictures": len(faces),
        "not_detected": len(faces.missing),
        "not_detected_pictures": list(faces.missing),
        "scorers": {
            name: {
                "mean_average_precision": row.mean_average_precision,
                "mean_average_precision_interval": list(row.map_interval),
                "mean_average_precision_by_person": row.map_by_person,
                "hit_rate_at_1": row.hit_at_1,
                "hit_rate_at_1_interval": list(row.hit_at_1_interval),
                "hit_rate_at_5": row.hit_at_5,
                "precision_at_recall": row.precision_at_recall,
            }
            for name, row in figures.items()
        },
    }
    table = ReportTable("Retrieval", header, rows, note)
    return EvaluationReport(
        "retrieval", "Retrieval: the other pictures of a person", (sentence,), (table, *_missing(faces)), (plot,), (),
        values, hashes, remarks,
    )  # fmt: skip


def one_shot_report(
    faces: PictureFaces, figures: Mapping[str, OneShotFigures], ways: int, seed: int, hashes: dict[str, str],
    remarks: tuple[str, ...],
) -> EvaluationReport:  # fmt: skip
    """Return the report of several scorers on the same trials."""
    trials = len(next(iter(figures.values())).right)
    rows = tuple(
        (name, percent(row.accuracy, 1), bare_range(row.accuracy_interval, 1)) for name, row in figures.items()
    )
    rows += (("chance", percent(1 / ways, 1), ""),)
    name, first = next(iter(figures.items()))
    sentence = (
        f"In {trials:,} trials with {ways} people known by one picture each, {name} finds the right one in "
        f"{percent(first.accuracy, 1)} (95 % interval {percent_range(first.accuracy_interval, 1)})."
    )
    values = {
        "ways": ways,
        "trials": trials,
        "seed": seed,
        "people": len(faces.labelled.people),
        "pictures": len(faces),
        "not_detected": len(faces.missing),
        "scorers": {
            name: {"accuracy": row.accuracy, "accuracy_interval": list(row.accuracy_interval)}
            for name, row in figures.items()
        },
    }
    return EvaluationReport(
        "one-shot", f"One-shot: which of {ways} people?", (sentence,),
        (ReportTable(f"{ways}-way one-shot accuracy", ("", "accuracy", "95 %"), rows), *_missing(faces)), (), (),
        values, hashes, remarks,
    )  # fmt: skip


def _missing(faces: PictureFaces) -> tuple[ReportTable, ...]:
    if not faces.missing:
        return ()
    return (ReportTable("Pictures without a face (errors)", ("picture",), tuple((name,) for name in faces.missing)),)
