"""Saving the picture in the view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QStandardPaths, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget


def save_snapshot(image: QImage | None, parent: QWidget, say: Callable[[str], None]) -> None:
    """Ask where the picture goes and write it; nothing happens without a picture."""
    if image is None:
        return
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    dialog = QFileDialog(parent, _tr("Save the picture"), folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters([_tr("PNG picture (*.png)"), _tr("JPEG picture (*.jpg *.jpeg)")])
    dialog.setDefaultSuffix("png")
    dialog.selectFile("facerec.png")

    def write(name: str) -> None:
        written = image.save(name)
        say(
            _tr("Saved {0}").format(name)
            if written
            else _tr("{0} cannot be written; choose another place").format(name)
        )

    dialog.fileSelected.connect(write)
    dialog.open()


def _tr(text: str) -> str:
    return QCoreApplication.translate("SnapshotDialog", text)
