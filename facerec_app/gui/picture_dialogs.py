"""Asking for pictures of one person; the window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from facerec_app.capture.images import IMAGE_SUFFIXES

_VIDEO_PATTERNS = "*.mp4 *.mov *.avi *.mkv *.webm *.m4v"
TakePaths = Callable[[Sequence[Path]], None]


def choose_pictures(parent: QWidget, take: TakePaths) -> None:
    """Ask for pictures and videos."""
    dialog = QFileDialog(parent, _tr("Pictures or a video of one person"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    patterns = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
    filters = [_tr("Pictures and videos ({0} {1})").format(patterns, _VIDEO_PATTERNS), _tr("All files (*)")]
    dialog.setNameFilters(filters)
    _open(dialog, take)


def choose_folder(parent: QWidget, take: TakePaths) -> None:
    """Ask for a folder."""
    dialog = QFileDialog(parent, _tr("Folder with pictures of one person"))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    _open(dialog, take)


def _open(dialog: QFileDialog, take: TakePaths) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(lambda names: take([Path(name) for name in names]))
    dialog.open()


def _tr(text: str) -> str:
    return QCoreApplication.translate("PictureDialogs", text)
