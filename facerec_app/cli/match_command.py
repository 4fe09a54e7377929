"""``facerec match``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application
from facerec_app.cli.sighting_table import percent
from facerec_app.core.source_guard import refuse_source
from facerec_app.services.local_extractors import LocalFeatureChoice
from facerec_app.services.picture_comparison import (
    ComparedPicture,
    FaceComparison,
    PictureAgreement,
    PictureComparisonService,
)

MapName = Annotated[str, typer.Option("--map", help="Map that local features are taken from: conv3 or conv4.")]
Network = Annotated[
    Path | None, typer.Option(help="ResNet50 of your own as ONNX, such as one with ImageNet weights; none ship.")
]
Projection = Annotated[Path | None, typer.Option(help="Projection made for that network (see docs/matching.md).")]


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(match)


def match(
    ctx: typer.Context,
    left: Annotated[Path, typer.Argument(help="A picture.")],
    right: Annotated[Path, typer.Argument(help="Another picture.")],
    all_faces: Annotated[
        bool,
        typer.Option("--all-faces", help="Show every face against every face, not only the two most alike."),
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="Write both pictures with what agrees joined by lines (.png or .jpg).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    map_name: MapName = "conv3",
    network: Network = None,
    projection: Projection = None,
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
) -> None:
    """Compare two pictures: are the faces one person's, and which parts agree?

    Example: facerec match passport.jpg party.jpg --sheet compared.png
    """
    refuse_source(sheet, left, right)
    with application(ctx, profile=profile) as app:
        service = app.library().picture_comparison()
        pictures = (service.read_file(left), service.read_file(right))
        faces = _compared(service, pictures, all_faces)
        best = max(faces, key=lambda face: face.probability, default=None)
        agreement = service.agreement(*pictures, best, LocalFeatureChoice(map_name, network, projection))
        lines = [*(_face_line(face, pictures, all_faces) for face in faces), *_agreement_lines(agreement)]
        if not faces:
            lines.insert(0, _no_faces_line(pictures))
        if sheet is not None:
            from facerec_app.services.comparison_sheet import write_comparison_sheet

            short = [line.replace(str(left), left.name).replace(str(right), right.name) for line in lines]
            write_comparison_sheet(*pictures, faces, agreement, short, sheet)
    if json:
        print_json(_record(pictures, faces, best, agreement))
    else:
        for line in lines:
            out.print(escape(line))


def _compared(
    service: PictureComparisonService, pictures: tuple[ComparedPicture, ComparedPicture], all_faces: bool
) -> list[FaceComparison]:
    left, right = pictures
    if left.largest < 0 or right.largest < 0:
        return []
    rows = [(a, b) for a in range(len(left.detections)) for b in range(len(right.detections))]
    faces = [service.compare_faces(left, right, a, b) for a, b in rows]
    return faces if all_faces else [max(faces, key=lambda face: face.probability)]


def _face_line(face: FaceComparison, pictures: tuple[ComparedPicture, ComparedPicture], all_faces: bool) -> str:
    which = " and ".join(
        f"face {row + 1} of {len(picture.detections)} in {picture.title}"
        for row, picture in zip((face.left_face, face.right_face), pictures, strict=True)
    )
    pairs = len(pictures[0].detections) * len(pictures[1].detections)
    of_pairs = "" if all_faces or pairs == 1 else f", the most alike of {pairs} pairs"
    words = face.verdict.value
    said = f"{words[0].upper()}{words[1:]} ({percent(face.probability)} the same)"
    return f"{said}: {which}, cosine {face.cosine:.3f}{of_pairs}"


def _no_faces_line(pictures: tuple[ComparedPicture, ComparedPicture]) -> str:
    without = [picture.title for picture in pictures if picture.largest < 0]
    return f"No face was found in {' and '.join(without)}; only the pictures are compared."


def _agreement_lines(agreement: PictureAgreement) -> list[str]:
    lines = []
    if agreement.faces is not None:
        parts = ", ".join(f"{part} {count}" for part, count in agreement.faces.parts.items())
        chance = "" if agreement.faces.is_more_than_chance else ", no more than two people's faces can do"
        count = agreement.faces.match.inliers
        lines.append(f"Parts of the faces that agree: {count} matches ({parts or 'nothing'}){chance}")
    lines.append(f"Outside the faces: {agreement.elsewhere.inliers} matches, {agreement.scene.value}")
    return lines


def _record(
    pictures: tuple[ComparedPicture, ComparedPicture],
    faces: list[FaceComparison],
    best: FaceComparison | None,
    agreement: PictureAgreement,
) -> dict[str, Any]:
    compared = [
        {
            "left_face": face.left_face,
            "right_face": face.right_face,
            "probability": round(face.probability, 6),
            "cosine": round(face.cosine, 6),
            "verdict": face.verdict.name.lower(),
        }
        for face in faces
    ]
    of_faces = agreement.faces
    return {
        "left": _picture_record(pictures[0]),
        "right": _picture_record(pictures[1]),
        "faces": compared,
        "face_parts": None
        if of_faces is None or best is None
        else {
            "left_face": best.left_face,
            "right_face": best.right_face,
            "matches": len(of_faces.match.distances),
            "inliers": of_faces.match.inliers,
            "parts": dict(of_faces.parts),
        },
        "outside_faces": {
            "matches": len(agreement.elsewhere.distances),
            "inliers": agreement.elsewhere.inliers,
            "scene": agreement.scene.name.lower(),
            "left_to_right": None
            if agreement.elsewhere.fit.matrix is None
            else agreement.elsewhere.fit.matrix.round(4).tolist(),
        },
    }


def _picture_record(picture: ComparedPicture) -> dict[str, Any]:
    boxes = [[round(float(value), 1) for value in box] for box in picture.detections.boxes_xyxy]
    return {"file": picture.title, "boxes_xyxy": boxes}
