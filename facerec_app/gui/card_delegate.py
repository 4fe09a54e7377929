"""What all cards have in common: ground, rounded pictures, a frame around what is chosen, centred lines of words."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from facerec_app.core.types import UInt8Array
from facerec_app.gui.card_view import CardView, draw_card_ground
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.theme import colour

Index = QModelIndex | QPersistentModelIndex


class CardDelegate(QStyledItemDelegate):
    """Draws the ground of a card and leaves the rest to ``draw_card``.

    Args:
        model: its pictures are kept as pixmaps until it is reset.
        view: gives the size of cards.
    """

    def __init__(self, model: QAbstractItemModel, view: CardView) -> None:
        super().__init__(view)
        self._view = view
        self._pixmaps: dict[tuple[str, int, float], tuple[UInt8Array, QPixmap]] = {}
        model.modelReset.connect(self._pixmaps.clear)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.card_size()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_card_ground(painter, rect, option.state, is_chosen=chosen)
        self.draw_card(painter, rect, index, is_chosen=chosen)
        painter.restore()

    def draw_card(self, painter: QPainter, rect: QRect, index: Index, *, is_chosen: bool) -> None:
        """Draw what is on a card."""
        raise NotImplementedError

    def rounded_picture(
        self,
        painter: QPainter,
        key: str,
        pixels_rgb: UInt8Array | None,
        side_px: int,
        *,
        radius_px: float = 6.0,
        missing: str = "picture",
    ) -> QPixmap:
        """Return a picture for the painter's screen, made once; an icon where there is none yet.

        Args:
            painter: that will draw it.
            key: of what is pictured.
            pixels_rgb: square ``(S, S, 3)`` uint8.
            side_px: in logical pixels.
            radius_px: of the corners.
            missing: name of the icon.
        """
        ratio = painter.device().devicePixelRatioF()
        if pixels_rgb is None:
            return draw_icon(missing, colour("muted"), side_px, ratio)
        made = self._pixmaps.get((key, side_px, ratio))
        if made is None or made[0] is not pixels_rgb:
            pixmap = rounded_pixmap(pixels_rgb, side_px, ratio, radius_px=radius_px)
            made = self._pixmaps[key, side_px, ratio] = (pixels_rgb, pixmap)
        return made[1]


def draw_chosen_frame(painter: QPainter, left: int, top: int, side_px: int) -> None:
    """Draw the frame around the picture of what is chosen."""
    painter.setPen(QPen(colour("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(left, top, side_px, side_px, 7, 7)


def draw_lines(painter: QPainter, rect: QRect, top: int, lines: Iterable[tuple[str, str]]) -> None:
    """Write lines below each other in the middle of a card, each cut where there is no room.

    Args:
        painter: draws.
        rect: of the card.
        top: of the first line.
        lines: words and the name of their colour.
    """
    metrics = QFontMetrics(painter.font())
    line = QRect(rect.left() + 4, top, rect.width() - 8, metrics.height())
    for words, tint in lines:
        painter.setPen(colour(tint))
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, shown)
        line.translate(0, metrics.height())
