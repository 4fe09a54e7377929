"""Renders ``facerec.svg`` to the PNG sizes that desktops ask for, and to ``facerec.ico`` for Windows.

python assets/icons/render_icons.py
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QRectF
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZES_PX = (16, 24, 32, 48, 64, 128, 256, 512)


def main() -> None:
    """Write the pictures beside the drawing."""
    here = Path(__file__).resolve().parent
    application = QGuiApplication([])
    renderer = QSvgRenderer(str(here / "facerec.svg"))
    for size_px in SIZES_PX:
        picture = QImage(size_px, size_px, QImage.Format.Format_ARGB32)
        picture.fill(0)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer.render(painter, QRectF(0, 0, size_px, size_px))
        painter.end()
        picture.save(str(here / f"facerec-{size_px}.png"))
    application.quit()
    sizes = [size_px for size_px in SIZES_PX if size_px <= 256]
    with Image.open(here / "facerec-256.png") as largest:
        others = [Image.open(here / f"facerec-{size_px}.png") for size_px in sizes[:-1]]
        largest.save(here / "facerec.ico", sizes=[(size_px, size_px) for size_px in sizes], append_images=others)


if __name__ == "__main__":
    main()
