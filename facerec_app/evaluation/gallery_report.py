"""What ``facerec evaluate gallery`` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from facerec_app.evaluation.evaluation_report import (
    EvaluationReport,
    PictureGroup,
    PictureRow,
    ReportTable,
    percent,
)
from facerec_app.evaluation.gallery_review import GalleryReview

_MOST_PICTURES = 40


def gallery_report(
    review: GalleryReview, names: Mapping[str, str], picture_of: Mapping[str, Path], hashes: dict[str, str],
    remarks: tuple[str, ...],
) -> EvaluationReport:  # fmt: skip
    """Return the whole report.

    Args:
        review: the result.
        names: person id to display name.
        picture_of: face id to its picture.
        hashes: of models, versions.
        remarks: for the user.
    """
    return EvaluationReport(
        "gallery", "Your people: who needs attention?", _sentences(review), tuple(_tables(review, names)), (),
        tuple(_pictures(review, names, picture_of)), _figures(review, names), hashes, remarks,
    )  # fmt: skip


def _sentences(review: GalleryReview) -> tuple[str, ...]:
    several = [face for face in review.faces if not face.alone]
    right = sum(face.named_id == face.person_id for face in several)
    todo = sum(bool(row.advice) for row in review.people)
    lines = [
        f"{len(review.people)} people with {len(review.faces)} faces; {todo or 'none'} of them need something done."
    ]
    if several:
        lines.append(
            f"{right} of {len(several)} faces ({percent(right / len(several), 1)}) would be named rightly by the other "
            "faces of their person."
        )
    if review.mislabelled:
        lines.append(f"{len(review.mislabelled)} would get somebody else's name: look at those first.")
    return tuple(lines)


def _tables(review: GalleryReview, names: Mapping[str, str]) -> list[ReportTable]:
    tables = [
        _advice_table(review, names),
        _confused_table(review, names),
        _mislabelled_table(review, names),
        _duplicates_table(review, names),
    ]
    return [table for table in tables if table.rows]


def _advice_table(review: GalleryReview, names: Mapping[str, str]) -> ReportTable:
    rows = tuple(
        (names.get(row.person_id, row.person_id), str(row.faces),
         "-" if row.recognised is None else f"{row.recognised} of {row.faces}", row.advice)
        for row in review.people if row.advice
    )  # fmt: skip
    return ReportTable("What to do", ("person", "faces", "recognised", "advice"), rows)


def _confused_table(review: GalleryReview, names: Mapping[str, str]) -> ReportTable:
    rows = tuple((names.get(a, a), names.get(b, b), str(count)) for a, b, count in review.confused)
    return ReportTable("Who is taken for whom", ("person", "named as", "faces"), rows)


def _mislabelled_table(review: GalleryReview, names: Mapping[str, str]) -> ReportTable:
    rows = tuple(
        (names.get(face.person_id, face.person_id), face.face_id, names.get(face.named_id or "", ""),
         percent(face.probability, 0))
        for face in review.mislabelled
    )  # fmt: skip
    return ReportTable(
        "Faces that may be another person's", ("person", "face", "looks like", "sure"), rows,
        "Move a face to the right person or remove it: facerec people --help, or the window's People panel.",
    )  # fmt: skip


def _duplicates_table(review: GalleryReview, names: Mapping[str, str]) -> ReportTable:
    rows = tuple(
        (names.get(pair.left_person_id, ""), names.get(pair.right_person_id, ""), pair.left_face_id,
         pair.right_face_id, f"{pair.cosine:.3f}")
        for pair in review.duplicates
    )  # fmt: skip
    return ReportTable(
        "Nearly the same picture twice", ("person", "and", "face", "face", "cosine"), rows,
        "Twice for one person it adds nothing; for two people one of them is wrong.",
    )  # fmt: skip


def _pictures(review: GalleryReview, names: Mapping[str, str], picture_of: Mapping[str, Path]) -> list[PictureGroup]:
    groups = []
    own: dict[str, list[str]] = {}
    for face in review.faces:
        own.setdefault(face.person_id, []).append(face.face_id)
    rows = []
    for face in review.mislabelled[:_MOST_PICTURES]:
        shown = [face.face_id, next(other for other in own[face.person_id] if other != face.face_id)]
        shown.append(own[str(face.named_id)][0])
        captions = ("this face", f"another of {names.get(face.person_id, '')}", names.get(face.named_id or "", ""))
        rows.append(_row(shown, captions, f"looks like {captions[2]}, {percent(face.probability, 0)} sure", picture_of))
    if rows:
        groups.append(PictureGroup("Faces that may be another person's", tuple(rows)))
    rows = [
        _row([pair.left_face_id, pair.right_face_id],
             (names.get(pair.left_person_id, ""), names.get(pair.right_person_id, "")),
             f"cosine {pair.cosine:.3f}", picture_of)
        for pair in review.duplicates[:_MOST_PICTURES]
    ]  # fmt: skip
    if rows:
        groups.append(PictureGroup("Nearly the same picture twice", tuple(rows)))
    return groups


def _row(face_ids: list[str], captions: tuple[str, ...], text: str, picture_of: Mapping[str, Path]) -> PictureRow:
    return PictureRow(tuple(picture_of[face] for face in face_ids), captions, text)


def _figures(review: GalleryReview, names: Mapping[str, str]) -> dict[str, Any]:
    several = [face for face in review.faces if not face.alone]
    right = sum(face.named_id == face.person_id for face in several)
    return {
        "people": [{**asdict(row), "name": names.get(row.person_id)} for row in review.people],
        "faces": len(review.faces),
        "faces_with_others": len(several),
        "recognised": right,
        "mislabelled": [asdict(face) for face in review.mislabelled],
        "confused": [
            {"person_id": a, "name": names.get(a), "named_id": b, "named_as": names.get(b), "faces": count}
            for a, b, count in review.confused
        ],
        "near_duplicates": [asdict(pair) for pair in review.duplicates],
    }
