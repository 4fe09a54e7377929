"""What the page of unknown faces says in longer words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from facerec_app.services.unknown_collection import CollectionReport


def empty_words(*, keeps_live: bool) -> str:
    """Return how faces come to the page when there are none."""
    words = _tr(
        "There are no unknown faces.\n\nAdd a folder of pictures, or drop one here: the faces in it that nobody "
        "enrolled has are grouped by person, and each group is named with one click."
    )
    if keeps_live:
        return words + "\n\n" + _tr("Strangers in front of a camera come here too, when they have left the picture.")
    return words + "\n\n" + _tr("Strangers in front of a camera are not kept; Settings, Privacy can change that.")


def collection_words(report: CollectionReport) -> tuple[str, bool]:
    """Return what came of a search for faces in a line, and whether some files could not be used."""
    pictures = _tr("1 picture") if report.pictures == 1 else _tr("{0} pictures").format(report.pictures)
    added = _tr("1 new face") if report.added == 1 else _tr("{0} new faces").format(report.added)
    parts = [_tr("{0} searched, {1}").format(pictures, added)]
    for count, words in (
        (report.known, _tr("{0} of people who are enrolled")),
        (report.poor, _tr("{0} too small, blurred, dark or turned")),
        (report.unwanted, _tr("{0} like a face never asked about")),
        (report.searched_before, _tr("{0} pictures searched before")),
    ):
        if count:
            parts.append(words.format(count))
    said = ", ".join(parts) + "."
    if report.cancelled:
        said += " " + _tr("Stopped; add the same folder to go on.")
    if report.refused:
        more = len(report.refused) - 1
        said += f" {report.refused[0].error}" + (" " + _tr("({0} more like it)").format(more) if more else "")
    return said, bool(report.refused)


def _tr(text: str) -> str:
    return QCoreApplication.translate("UnknownFacesPage", text)
