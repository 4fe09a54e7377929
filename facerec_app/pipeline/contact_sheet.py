"""One picture that sums a run up: every sighting with the enrolled portrait beside the face as it was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.geometry import box_areas
from facerec_app.core.types import FrameResult, UInt8Array, Verdict
from facerec_app.pipeline.labels import paste, text_picture
from facerec_app.pipeline.overlay import VERDICT_STYLES
from facerec_app.pipeline.timeline import Sighting
from facerec_app.pipeline.track_album import cut_out

_TILE_PX = 180
_GAP_PX = 16
_TEXT_PX = 16
_BACK_RGB = (250, 250, 248)
_INK_RGB = (33, 37, 41)
_FAINT_RGB = (110, 116, 122)
_LINE_COUNT = 2


@dataclass(frozen=True, slots=True, eq=False)
class _SeenFace:
    merit: float
    timestamp_s: float
    pixels_rgb: UInt8Array


class ContactSheet:
    """Collects the best decided face of every track while a run goes on."""

    def __init__(self) -> None:
        self._faces: dict[tuple[str, int], _SeenFace] = {}

    def add(self, result: FrameResult) -> None:
        """Look at one frame's faces."""
        areas = box_areas(result.detections.boxes_xyxy)
        for row, decision in enumerate(result.decisions):
            if decision.verdict is Verdict.UNDECIDED:
                continue
            key = (decision.person_id or "", decision.track_id)
            merit = float(areas[row]) * max(decision.probability, 0.05)
            if key not in self._faces or merit > self._faces[key].merit:
                picture = cut_out(result.frame, result.detections.select(np.array([row])), merit)
                self._faces[key] = _SeenFace(merit, result.frame.timestamp_s, picture.pixels_rgb)

    def render(self, sightings: Sequence[Sighting], portraits: Mapping[str, UInt8Array], title: str) -> UInt8Array:
        """Return the sheet, ``(H, W, 3)`` uint8.

        Args:
            sightings: in the order they are to be shown.
            portraits: person id to an enrolled picture.
            title: shown on top.
        """
        cards = [self._card(sighting, portraits) for sighting in sightings]
        columns = 2
        card_height, card_width = _TILE_PX + _LINE_COUNT * (_TEXT_PX + 10), 2 * _TILE_PX + 4
        rows = max(1, -(-len(cards) // columns))
        top = 4 * _TEXT_PX
        sheet = np.empty(
            (top + rows * (card_height + _GAP_PX), columns * (card_width + _GAP_PX) + _GAP_PX, 3), np.uint8
        )
        sheet[:] = _BACK_RGB
        paste(sheet, text_picture(title, _TEXT_PX + 6, _INK_RGB, _BACK_RGB), _GAP_PX - 4, _GAP_PX)
        for number, card in enumerate(cards):
            row, column = divmod(number, columns)
            paste(sheet, card, _GAP_PX + column * (card_width + _GAP_PX), top + row * (card_height + _GAP_PX))
        return sheet

    def _card(self, sighting: Sighting, portraits: Mapping[str, UInt8Array]) -> UInt8Array:
        card = np.empty((_TILE_PX + _LINE_COUNT * (_TEXT_PX + 10), 2 * _TILE_PX + 4, 3), np.uint8)
        card[:] = _BACK_RGB
        portrait = portraits.get(sighting.person_id or "")
        left = portrait if portrait is not None else _nobody_tile()
        paste(card, _square(left), 0, 0)
        seen = self._face_of(sighting)
        paste(card, _square(seen) if seen is not None else _nobody_tile(), _TILE_PX + 4, 0)
        style = VERDICT_STYLES[Verdict.KNOWN if sighting.person_id else Verdict.UNKNOWN]
        card[_TILE_PX : _TILE_PX + 3] = style.box_rgb
        sure = f"{min(sighting.probability, 0.99):.0%} sure" if sighting.person_id else "nobody enrolled is this person"
        times = f"{sighting.start_s:.1f} to {sighting.end_s:.1f} s, {sure}"
        paste(card, text_picture(sighting.name, _TEXT_PX, _INK_RGB, _BACK_RGB), 0, _TILE_PX + 4)
        paste(card, text_picture(times, _TEXT_PX - 3, _FAINT_RGB, _BACK_RGB), 0, _TILE_PX + 26)
        return card

    def _face_of(self, sighting: Sighting) -> UInt8Array | None:
        """Return the best face seen during a sighting."""
        faces = [
            face
            for (person_id, track_id), face in self._faces.items()
            if person_id == (sighting.person_id or "")
            and (sighting.person_id is not None or track_id == sighting.track_id)
            and sighting.start_s <= face.timestamp_s <= sighting.end_s
        ]
        return max(faces, key=lambda face: face.merit).pixels_rgb if faces else None


def _nobody_tile() -> UInt8Array:
    tile = np.full((_TILE_PX, _TILE_PX, 3), 228, np.uint8)
    text = text_picture("not enrolled", _TEXT_PX - 3, _FAINT_RGB, (228, 228, 228))
    paste(tile, text, (_TILE_PX - text.shape[1]) // 2, (_TILE_PX - text.shape[0]) // 2)
    return tile


def _square(picture_rgb: UInt8Array) -> UInt8Array:
    """Return the middle of a picture, a little above its centre where faces are, as one tile."""
    height, width = picture_rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 3, (width - side) // 2
    square = picture_rgb[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side > _TILE_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (_TILE_PX, _TILE_PX), interpolation=method), np.uint8)
