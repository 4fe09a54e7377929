"""Colours and style of the window, light and dark."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

_LIGHT = {
    "window": "#f5f6f8", "base": "#ffffff", "alternate": "#f0f2f4", "text": "#1d2126", "muted": "#626b76",
    "button": "#ffffff", "border": "#d3d8de", "hover": "#e6e9ed", "pressed": "#d9dde3", "accent": "#0b6cab",
    "on_accent": "#ffffff", "bad": "#b3261e", "good": "#1c7a4d", "disabled": "#9aa2ab",
}  # fmt: skip
_DARK = {
    "window": "#202327", "base": "#17191c", "alternate": "#1c1f23", "text": "#e7e9ec", "muted": "#9aa3ad",
    "button": "#2a2e33", "border": "#3a4047", "hover": "#31363c", "pressed": "#3b4148", "accent": "#4fa9e2",
    "on_accent": "#0b1a26", "bad": "#ff8a80", "good": "#6fcf97", "disabled": "#69717a",
}  # fmt: skip

_STYLE = """
QToolTip {{ color: {text}; background: {button}; border: 1px solid {border}; padding: 3px 5px; }}
QMainWindow::separator {{ background: {border}; width: 1px; height: 1px; }}
QMenuBar {{ background: {window}; border-bottom: 1px solid {border}; }}
QToolBar {{ background: {window}; border: 0; border-bottom: 1px solid {border}; padding: 3px 8px; spacing: 4px; }}
QStatusBar {{ background: {window}; border-top: 1px solid {border}; }}
QStatusBar::item {{ border: 0; }}
QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 4px 6px; color: {text}; }}
QToolButton[toolButtonStyle="2"] {{ padding: 4px 0 4px 7px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:pressed, QToolButton:checked {{ background: {pressed}; }}
QToolButton:focus {{ border-color: {accent}; }}
QToolButton:disabled {{ color: {disabled}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton {{ background: {button}; border: 1px solid {border}; border-radius: 5px; padding: 5px 12px;
    color: {text}; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {pressed}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {disabled}; background: {window}; }}
QPushButton[primary="true"] {{ background: {accent}; border-color: {accent}; color: {on_accent}; }}
QPushButton[primary="true"]:hover {{ background: {accent_hover}; }}
QPushButton[primary="true"]:disabled {{ background: {pressed}; border-color: {pressed}; color: {disabled}; }}
QPushButton[link="true"] {{ background: transparent; border: 0; padding: 2px 1px; color: {accent}; }}
QPushButton[link="true"]:hover, QPushButton[link="true"]:focus {{ text-decoration: underline; }}
QPushButton[link="true"]:disabled {{ color: {disabled}; }}
QLineEdit, QDateEdit {{ background: {base}; border: 1px solid {border}; border-radius: 5px; padding: 5px 7px;
    color: {text}; selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus, QDateEdit:focus {{ border-color: {accent}; }}
QDateEdit::drop-down {{ border: 0; width: 22px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {disabled}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QComboBox QAbstractItemView {{ background: {button}; border: 1px solid {border}; color: {text};
    selection-background-color: {hover}; selection-color: {text}; }}
QLabel[heading="true"] {{ font-weight: 600; }}
QListView, QTreeView {{ background: {base}; border: 1px solid {border}; border-radius: 5px; outline: 0; }}
QListWidget#library-list {{ background: {window}; border: 0; border-right: 1px solid {border}; border-radius: 0;
    padding: 6px; }}
QListWidget#library-list::item {{ padding: 7px 8px; border-radius: 5px; color: {text}; }}
QListWidget#library-list::item:selected {{ background: {pressed}; color: {text}; }}
QDockWidget {{ color: {text}; }}
QDockWidget::title {{ background: {window}; padding: 8px 10px; text-align: left; }}
QTabBar::tab {{ background: transparent; color: {muted}; padding: 7px 8px; border: 0;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {accent}; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QMenu {{ background: {button}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 5px 18px 5px 8px; border-radius: 4px; }}
QMenu::item:selected {{ background: {hover}; color: {text}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {pressed}; }}
QSlider::sub-page:horizontal {{ border-radius: 2px; background: {accent}; }}
QSlider::sub-page:horizontal:disabled {{ background: {disabled}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {accent}; }}
QSlider::handle:horizontal:disabled {{ background: {disabled}; }}
QProgressBar {{ background: {pressed}; border: 0; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QLabel[muted="true"] {{ color: {muted}; }}
QLabel[bad="true"] {{ color: {bad}; }}
QLabel[good="true"] {{ color: {good}; }}
QCheckBox::indicator:unchecked {{ width: 12px; height: 12px; border: 1px solid {disabled}; border-radius: 3px;
    background: {base}; }}
QFrame#card {{ background: {button}; border: 1px solid {border}; border-radius: 8px; }}
QFrame#drop {{ border: 1px dashed {disabled}; border-radius: 8px; background: {base}; }}
QFrame#strip, QFrame#transport {{ background: {window}; border-top: 1px solid {border}; }}
QFrame#notice {{ background: {button}; border-bottom: 1px solid {border}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
"""


_CHOICE = [Qt.ColorScheme.Unknown]


def colour(name: str) -> QColor:
    """Return a colour of the present theme, such as ``muted`` or ``accent``."""
    return QColor(_colours()[name])


def is_dark() -> bool:
    """Whether the user, or else the system, wants a dark window."""
    chosen = _CHOICE[0]
    scheme = QGuiApplication.styleHints().colorScheme() if chosen is Qt.ColorScheme.Unknown else chosen
    return scheme is Qt.ColorScheme.Dark


def apply_theme(application: QApplication) -> None:
    """Give the application its style and follow the system's light and dark from now on."""
    application.setStyle("Fusion")
    _repaint(application)
    QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: _repaint(application))


def choose_scheme(scheme: Qt.ColorScheme) -> None:
    """Make the window light or dark; ``Unknown`` follows the system.

    The choice is kept here as well as given to Qt: without a desktop's theme Qt has no scheme to change.
    """
    _CHOICE[0] = scheme
    QGuiApplication.styleHints().setColorScheme(scheme)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        _repaint(application)


def _colours() -> dict[str, str]:
    return _DARK if is_dark() else _LIGHT


def _repaint(application: QApplication) -> None:
    colours = _colours()
    application.setPalette(_palette(colours))
    hover = QColor(colours["accent"]).lighter(112).name()
    application.setStyleSheet(_STYLE.format(**colours, accent_hover=hover))


def _palette(colours: dict[str, str]) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, name in (
        (roles.Window, "window"),
        (roles.WindowText, "text"),
        (roles.Base, "base"),
        (roles.AlternateBase, "alternate"),
        (roles.Text, "text"),
        (roles.Button, "button"),
        (roles.ButtonText, "text"),
        (roles.ToolTipBase, "button"),
        (roles.ToolTipText, "text"),
        (roles.PlaceholderText, "muted"),
        (roles.Highlight, "accent"),
        (roles.HighlightedText, "on_accent"),
        (roles.Accent, "accent"),
        (roles.Link, "accent"),
        (roles.Mid, "border"),
        (roles.Midlight, "hover"),
        (roles.Dark, "border"),
    ):
        palette.setColor(role, QColor(colours[name]))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours["disabled"]))
    return palette
