"""Boxes and names drawn on a frame."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from facerec_app.core.types import Float32Array, Frame, FrameResult, IdentityDecision, UInt8Array, Verdict
from facerec_app.pipeline.labels import paste, text_picture

RgbColour = tuple[int, int, int]
# A result older than this belongs to another scene; its boxes would be on the wrong faces.
_STALE_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict looks; told apart by line and words as well as by colour."""

    box_rgb: RgbColour
    text_rgb: RgbColour
    dash_px: int  # 0 = a full line


# Colours of Okabe and Ito's set ("Color Universal Design", 2008), safe for the common colour-vision deficiencies.
VERDICT_STYLES: dict[Verdict, VerdictStyle] = {
    Verdict.KNOWN: VerdictStyle((0, 158, 115), (255, 255, 255), 0),
    Verdict.UNKNOWN: VerdictStyle((230, 159, 0), (20, 20, 20), 9),
    Verdict.UNDECIDED: VerdictStyle((190, 196, 204), (20, 20, 20), 3),
}


def decision_text(decision: IdentityDecision, name: str | None) -> str:
    """Return the words shown beside a face."""
    if decision.verdict is Verdict.KNOWN:
        # Nothing is certain: a probability that rounds to 100 % is shown as 99 %.
        return f"{name or 'Removed person'} {min(decision.probability, 0.99):.0%}"
    return "Unknown" if decision.verdict is Verdict.UNKNOWN else "Looking ..."


def result_fits(result: FrameResult | None, frame: Frame | None) -> bool:
    """Return whether a result's boxes belong on a frame: of the same source and not from another scene."""
    if frame is None or result is None or frame.source_id != result.frame.source_id:
        return False
    return abs(frame.timestamp_s - result.frame.timestamp_s) <= _STALE_AFTER_S


def draw_result(result: FrameResult) -> UInt8Array:
    """Return a copy of the result's frame, ``(H, W, 3)`` uint8, with every face boxed and named."""
    picture = result.frame.pixels_rgb.copy()
    line_px = max(2, round(min(picture.shape[:2]) / 240))
    text_px = max(13, round(min(picture.shape[:2]) / 26))
    for box, decision in zip(result.detections.boxes_xyxy, result.decisions, strict=True):
        draw_box(picture, box, VERDICT_STYLES[decision.verdict], line_px)
    for box, decision in zip(result.detections.boxes_xyxy, result.decisions, strict=True):  # no box crosses a name
        style = VERDICT_STYLES[decision.verdict]
        label = text_picture(decision_text(decision, result.name_of(decision)), text_px, style.text_rgb, style.box_rgb)
        left, top = round(float(box[0])), round(float(box[1]))
        above = top - label.shape[0]
        paste(picture, label, left - line_px // 2, above if above >= 0 else round(float(box[3])))
    return picture


def draw_box(picture_rgb: UInt8Array, box_xyxy: Float32Array, style: VerdictStyle, line_px: int) -> None:
    """Draw one box in place; dashes are laid along the sides where the style asks for them."""
    x0, y0, x1, y1 = (round(float(v)) for v in box_xyxy)
    if style.dash_px == 0:
        cv2.rectangle(picture_rgb, (x0, y0), (x1, y1), style.box_rgb, line_px, cv2.LINE_AA)
        return
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    dash = style.dash_px * max(1, line_px // 2)
    for (ax, ay), (bx, by) in pairwise(corners):
        length = max(abs(bx - ax), abs(by - ay))
        for start in range(0, length, 2 * dash):
            ends = np.array([start, min(start + dash, length)]) / max(length, 1)
            points = [(round(ax + (bx - ax) * float(t)), round(ay + (by - ay) * float(t))) for t in ends]
            cv2.line(picture_rgb, points[0], points[1], style.box_rgb, line_px, cv2.LINE_AA)
