"""The window's own icons: line drawings on a 24 by 24 grid, in the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from facerec_app.gui.theme import colour

_SHAPES = {
    "play": '<path d="M8 5.5v13l10.5-6.5z" fill="{c}"/>',
    "pause": '<path d="M8.5 5.5v13M15.5 5.5v13" stroke-width="3"/>',
    "step": '<path d="M6 5.5v13l9-6.5z" fill="{c}"/><path d="M18.5 5.5v13" stroke-width="2.4"/>',
    "replay": '<path d="M5 12a7 7 0 1 0 2.3-5.2"/><path d="M7.5 3v4.2h4.2"/>',
    "camera": '<rect x="3" y="6.5" width="12.5" height="11" rx="2"/><path d="M15.5 11l5.5-3v8l-5.5-3z"/>',
    "file": '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="M8 4.5v15M16 4.5v15M3.5 9.5H8M3.5 14.5H8'
    'M16 9.5h4.5M16 14.5h4.5"/>',
    "folder": '<path d="M3.5 18V6.5a1 1 0 0 1 1-1h4.8l2 2.5h8.2a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1z"/>',
    "address": '<path d="M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1"/>'
    '<path d="M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1"/>',
    "people": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.8 19.5c.5-3.8 3-5.5 6.2-5.5s5.7 1.7 6.2 5.5"/>'
    '<path d="M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.4c2.2.7 3.4 2.4 3.7 5.1"/>',
    "enrol": '<circle cx="10" cy="8.5" r="3.5"/><path d="M3.5 19.5c.5-3.8 3.2-5.5 6.5-5.5 1.7 0 3.2.4 4.3 1.4"/>'
    '<path d="M18 14v7M14.5 17.5h7"/>',
    "close": '<path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/>',
    "remove": '<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10.3 10.5v5.5M13.7 10.5v5.5"/>',
    "rename": '<path d="M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5z"/><path d="M13.5 7l3.5 3.5"/>',
    "picture": '<rect x="3.5" y="5" width="17" height="14" rx="2"/><circle cx="8.5" cy="10" r="1.7"/>'
    '<path d="M4 17.5l5-4.5 3.5 3 3.5-4 4.5 4.5"/>',
    "good": '<path d="M5 12.5l4.5 4.5L19 7.5" stroke-width="2.2"/>',
    "warning": '<path d="M12 4.5l8.5 15h-17z"/><path d="M12 10.5v4.5M12 17v.4"/>',
    "snapshot": '<path d="M4.5 8h3l1.6-2.5h5.8L16.500 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1V9a1 1 0 0 1 '
    '1-1z"/><circle cx="12" cy="13" r="3.3"/>',
    "record": '<circle cx="12" cy="12" r="6.5" fill="{c}"/>',
    "stop": '<rect x="6" y="6" width="12" height="12" rx="2" fill="{c}"/>',
    "settings": '<circle cx="12" cy="12" r="3"/><path d="M12 3.500v3M12 17.500v3M3.500 12h3M17.500 12h3M6 6l2.100 2.100'
    'M15.900 15.900L18 18M6 18l2.100-2.100M15.900 8.100L18 6"/>',
    "train": '<path d="M4 4.500V19.500H20"/><path d="M7.500 8c1.500 5 4 7.500 11 8"/><circle cx="7.500" cy="8" r="1" '
    'fill="{c}"/>',
    "capture": '<circle cx="12" cy="12" r="8.500" stroke-dasharray="10 3.350"/><circle cx="12" cy="10.200" r="2.600"/>'
    '<path d="M7.500 17c.7-2.300 2.400-3.400 4.500-3.400s3.800 1.100 4.500 3.400"/>',
    "back": '<path d="M14.5 5.5L8 12l6.5 6.5"/>',
    "forward": '<path d="M9.500 5.500L16 12l-6.500 6.500"/>',
    "first": '<path d="M17.500 5.500L11 12l6.500 6.500M7 5.500v13"/>',
    "last": '<path d="M6.500 5.500L13 12l-6.500 6.500M17 5.500v13"/>',
    "paste": '<rect x="5" y="5" width="14" height="15.500" rx="2"/><path d="M9 3.500h6v3.500H9z'
    'M8.500 12h7M8.500 15.500h4.500"/>',
    "compare": '<rect x="3.500" y="5.500" width="7.500" height="13" rx="1.500"/><rect x="13" y="5.500" width="7.500" '
    'height="13" rx="1.500"/>',
    "alike": '<path d="M4 7h9M4 12h6.500M4 17h4"/><circle cx="16.500" cy="13.500" r="3.200"/>'
    '<path d="M19 16l2.500 2.500"/>',
    "down": '<path d="M6.500 9.500l5.500 5.500 5.500-5.500"/>',
    "undo": '<path d="M8.500 5L4.500 9l4 4"/><path d="M4.500 9h9.500a5.200 5.200 0 0 1 0 10.500H9"/>',
    "redo": '<path d="M15.500 5l4 4-4 4"/><path d="M19.500 9H10a5.200 5.200 0 0 0 0 10.500h5"/>',
    "more": '<circle cx="5.500" cy="12" r="1.300" fill="{c}"/><circle cx="12" cy="12" r="1.300" fill="{c}"/>'
    '<circle cx="18.500" cy="12" r="1.300" fill="{c}"/>',
    "merge": '<path d="M5 5.500c0 5 7 4.500 7 9.500v4.500M19 5.500c0 5-7 4.500-7 9.500"/><path d="M9 16.800l3 3 3-3"/>',
    "split": '<path d="M12 19.500V13c0-3.500-6-3.500-6-8M12 13c0-3.500 6-3.500 6-8"/><path d="M3.500 7L6 4.500 8.500 7'
    'M15.500 7L18 4.500 20.500 7"/>',
    "move": '<circle cx="7.500" cy="8.500" r="3"/><path d="M2.500 18.500c.4-3.300 2.400-4.800 5-4.800s4.600 1.500 5 '
    '4.800"/>'
    '<path d="M14 10h7M18 7l3 3-3 3"/>',
    "export": '<path d="M12 14.500V4M8 8l4-4 4 4"/><path d="M4.500 13.500v5a1.500 1.500 0 0 0 1.500 1.500h12'
    'a1.500 1.500 0 0 0 1.500-1.500v-5"/>',
    "portrait": '<path d="M12 4l2.400 5.100 5.600.7-4.100 3.900 1.100 5.600L12 16.500l-5 2.800 1.100-5.600L4 9.800l'
    '5.600-.7z"/>',
    "exclude": '<path d="M3 12c2.200-4 5.300-6 9-6s6.800 2 9 6c-2.200 4-5.300 6-9 6s-6.800-2-9-6z"/>'
    '<circle cx="12" cy="12" r="2.600"/><path d="M5 19L19 5"/>',
    "include": '<path d="M3 12c2.200-4 5.300-6 9-6s6.800 2 9 6c-2.200 4-5.300 6-9 6s-6.800-2-9-6z"/>'
    '<circle cx="12" cy="12" r="2.600"/>',
    "box": '<rect x="5.500" y="5.500" width="13" height="13" rx="1.500" stroke-dasharray="3.200 2.400"/>'
    '<circle cx="12" cy="12" r="2.400"/>',
    "library": '<rect x="4" y="4" width="7" height="7" rx="1.500"/><rect x="13" y="4" width="7" height="7" rx="1.500"/>'
    '<rect x="4" y="13" width="7" height="7" rx="1.500"/><rect x="13" y="13" width="7" height="7" rx="1.500"/>',
    "plus": '<path d="M12 6v12M6 12h12" stroke-width="2.2"/>',
    "minus": '<path d="M6 12h12" stroke-width="2.2"/>',
    "judge": '<circle cx="6.800" cy="12" r="3.800"/><circle cx="17.200" cy="12" r="3.800"/>'
    '<path d="M7 5.500h10M7 18.500h10"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5 5"/>',
    "unknown": '<circle cx="12" cy="12" r="8.500"/><path d="M9.500 9.900c.2-1.600 1.200-2.400 2.600-2.400 1.500 0 2.500'
    '.9 2.500 2.200 0 2-2.500 2.100-2.500 4.100M12.100 16.700v.2"/>',
    "waiting": '<circle cx="12" cy="12" r="1.2" fill="{c}"/><circle cx="6" cy="12" r="1.2" fill="{c}"/>'
    '<circle cx="18" cy="12" r="1.2" fill="{c}"/>',
    "face": '<path d="M4 8.500V5.5A1.5 1.5 0 0 1 5.500 4h3M15.500 4h3A1.5 1.5 0 0 1 20 5.500v3M20 15.500v3a1.5 1.5 0 0 '
    '1-1.5 1.500h-3M8.500 20h-3A1.5 1.5 0 0 1 4 18.500v-3"/><path d="M9.200 9.500v1.300M14.800 9.500v1.300'
    'M8.800 14.500c1.700 1.900 4.700 1.900 6.400 0"/>',
}
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{c}" stroke-width="1.7" '
    'stroke-linecap="round" stroke-linejoin="round">{shape}</svg>'
)
_NAME_PROPERTY = "facerec_icon"


def draw_icon(name: str, tint: QColor, size_px: int, device_ratio: float = 1.0) -> QPixmap:
    """Return an icon as a picture of the given size in logical pixels."""
    shape = _SHAPES[name].replace("{c}", tint.name())
    renderer = QSvgRenderer(QByteArray(_SVG.format(c=tint.name(), shape=shape).encode()))
    side = round(size_px * device_ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(device_ratio)
    return pixmap


def themed_icon(name: str, tint: str = "text") -> QIcon:
    """Return an icon in a colour of the present theme, sharp at 100 to 200 % scaling."""
    icon = QIcon()
    for ratio in (1.0, 1.5, 2.0):
        drawn = draw_icon(name, colour(tint), 20, ratio)
        icon.addPixmap(drawn, QIcon.Mode.Normal)
        icon.addPixmap(drawn, QIcon.Mode.Selected)  # otherwise Qt tints it with the colour of selections
        icon.addPixmap(draw_icon(name, colour("disabled"), 20, ratio), QIcon.Mode.Disabled)
    return icon


def set_icon(target: QAction | QAbstractButton, name: str, tint: str = "text") -> None:
    """Give an action or button an icon that ``refresh_icons`` draws again when the theme changes."""
    target.setProperty(_NAME_PROPERTY, f"{name}:{tint}")
    target.setIcon(themed_icon(name, tint))


def refresh_icons(root: QObject) -> None:
    """Draw the icons of everything below an object in the colours of the present theme."""
    for child in root.findChildren(QObject):
        stored = child.property(_NAME_PROPERTY)
        if isinstance(stored, str) and isinstance(child, QAction | QAbstractButton):
            name, _, tint = stored.partition(":")
            child.setIcon(themed_icon(name, tint))
