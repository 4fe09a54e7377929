"""Searches that were made, and the way back and forward through them."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.core.types import Embeddings, Float32Array, UInt8Array
from facerec_app.services.face_search import FaceHit

_MOST_STEPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class SearchStep:
    """One search: a picture, the face in it that was searched for, what was found.

    Attributes:
        title: what was searched for.
        face_id: of the face that is kept; empty for a picture.
        picture_rgb: ``(h, w, 3)`` uint8, the picture, made small.
        boxes_xyxy: ``(N, 4)`` float32 px in it, from left to right.
        features: one row a face.
        hits: what each face is like, best first.
        chosen: which face is looked at.
    """

    title: str
    face_id: str
    picture_rgb: UInt8Array
    boxes_xyxy: Float32Array
    features: Embeddings
    hits: tuple[tuple[FaceHit, ...], ...]
    chosen: int

    @property
    def shown_hits(self) -> tuple[FaceHit, ...]:
        """What the chosen face is like."""
        return self.hits[self.chosen]


class SearchSteps:
    """The steps in order and the place in them; a new step forgets those after the place."""

    def __init__(self) -> None:
        self._steps: list[SearchStep] = []
        self._place = -1

    @property
    def current(self) -> SearchStep | None:
        """What is shown; None before the first search."""
        return self._steps[self._place] if self._steps else None

    @property
    def previous(self) -> SearchStep | None:
        """Where back leads."""
        return self._steps[self._place - 1] if self._place > 0 else None

    @property
    def following(self) -> SearchStep | None:
        """Where forward leads."""
        return self._steps[self._place + 1] if self._place + 1 < len(self._steps) else None

    def add(self, step: SearchStep) -> None:
        """Go on to a new step; the oldest are forgotten beyond fifty."""
        del self._steps[self._place + 1 :]
        self._steps.append(step)
        del self._steps[:-_MOST_STEPS]
        self._place = len(self._steps) - 1

    def replace(self, step: SearchStep) -> None:
        """Put a newer state in the place of the present step."""
        if self._steps:
            self._steps[self._place] = step

    def go(self, steps: int) -> SearchStep | None:
        """Go back or forward and return what is there; None if the way ends before."""
        if not 0 <= self._place + steps < len(self._steps):
            return None
        self._place += steps
        return self.current
