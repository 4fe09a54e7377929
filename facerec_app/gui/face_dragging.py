"""Faces on their way from one list to another by mouse."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData

FACES_MIME = "application/x-facerec-faces"


def faces_mime(face_ids: Sequence[str]) -> QMimeData:
    """Return enrolled faces as what is dragged."""
    data = QMimeData()
    data.setData(FACES_MIME, "\n".join(face_ids).encode())
    return data


def dragged_faces(data: QMimeData) -> tuple[str, ...]:
    """Return the identifiers of the faces that are being dragged; none if it is something else."""
    if not data.hasFormat(FACES_MIME):
        return ()
    return tuple(bytes(data.data(FACES_MIME).data()).decode(errors="replace").split("\n"))
