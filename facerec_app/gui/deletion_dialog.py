"""The one question that stops everything: whether a person is to be deleted, with exactly what goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from facerec_app.gallery.person_contents import PersonContents


def ask_before_deletion(
    contents: PersonContents, versions: Sequence[str], delete: Callable[[], None], parent: QWidget
) -> None:
    """Ask in a dialogue and call ``delete`` if that is wanted.

    Args:
        contents: what the gallery holds of the person.
        versions: networks that were trained on their faces and go too.
        delete: does it.
        parent: of the dialogue.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(_tr("Delete {0}?").format(contents.person.name))
    box.setInformativeText(deletion_words(contents, versions))
    remove = box.addButton(_tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(_tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    remove.clicked.connect(lambda _=False: delete())
    box.open()


def deletion_words(contents: PersonContents, versions: Sequence[str] = ()) -> str:
    """Return exactly what the deletion of a person removes."""
    size = _size(contents.picture_bytes)
    pictures = _tr("1 picture ({1})") if contents.pictures == 1 else _tr("{0} pictures ({1})")
    parts = [pictures.format(contents.pictures, size)]
    one, many = _tr("1 feature vector"), _tr("{0} feature vectors").format(contents.features)
    parts.append(one if contents.features == 1 else many)
    corrections = contents.judgements + contents.rejections
    if corrections:
        parts.append(_tr("1 correction") if corrections == 1 else _tr("{0} corrections").format(corrections))
    if contents.person.consent is not None:
        parts.append(_tr("the recorded consent"))
    if versions:
        one, many = _tr("the network trained on them ({0})"), _tr("the {1} networks trained on them ({0})")
        parts.append((one if len(versions) == 1 else many).format(", ".join(versions), len(versions)))
    listed = ", ".join(parts[:-1]) + _tr(" and ") + parts[-1]
    return _tr("This deletes the name, {0} from the disk. It cannot be undone.").format(listed)


def _size(size_bytes: int) -> str:
    return f"{max(1, round(size_bytes / 1024))} KB" if size_bytes < 2**20 else f"{size_bytes / 2**20:.1f} MB"


def _tr(text: str) -> str:
    return QCoreApplication.translate("DeletionDialog", text)
