"""Where a card stands that speaks of a face in the picture."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

_GAP_PX = 10


def place_beside(card: QWidget, stage: QWidget, anchor: QRect) -> None:
    """Move a card beside a face, on the side with more room, inside what it lies on.

    Args:
        card: a child of the stage, in its final size.
        stage: what it must stay inside of.
        anchor: where the face is, in coordinates of the stage.
    """
    bounds = stage.rect().adjusted(_GAP_PX, _GAP_PX, -_GAP_PX, -_GAP_PX)
    right = anchor.right() + _GAP_PX
    fits_right = right + card.width() <= bounds.right()
    x = right if fits_right else anchor.left() - _GAP_PX - card.width()
    x = min(max(x, bounds.left()), max(bounds.left(), bounds.right() - card.width()))
    y = min(max(anchor.top(), bounds.top()), max(bounds.top(), bounds.bottom() - card.height()))
    card.move(QPoint(x, y))
