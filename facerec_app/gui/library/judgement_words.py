"""Answers in words."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from facerec_app.gallery.judgement_contradictions import Contradiction
from facerec_app.gallery.judgement_entry import Answer, FaceOwner
from facerec_app.services.judgements import JudgementCounts


def name_of(face_id: str, owners: Mapping[str, FaceOwner]) -> str:
    """Return who a face is filed as."""
    owner = owners.get(face_id)
    return owner.name if owner is not None else _tr("somebody")


def answer_words(said: Answer, owners: Mapping[str, FaceOwner]) -> str:
    """Return an answer as a sentence without its full stop."""
    names = [name_of(face_id, owners) for face_id in said.face_ids]
    if said.kind == "more_alike":
        return _tr("{0} is more like {1} than like {2}").format(*names)
    if names[0] == names[1]:
        words = (
            _tr("Two pictures of {0}: one person") if said.kind == "same" else _tr("Two pictures of {0}: two people")
        )
        return words.format(names[0])
    if said.kind == "same":
        return _tr("{0} and {1} are one person").format(*names)
    return _tr("{0} and {1} are two people").format(*names)


def contradiction_words(found: Contradiction, owners: Mapping[str, FaceOwner]) -> str:
    """Return what is wrong, as a heading."""
    names = [name_of(face_id, owners) for face_id in found.face_ids]
    if found.kind == "chain":
        return _tr("Said to be one person from picture to picture, but the last and the first to be two")
    if found.kind == "filed_apart":
        return _tr("Said to be one person, but filed as {0} and {1}").format(*names[:2])
    if found.kind == "filed_together":
        return _tr("Said to be two people, but both filed as {0}").format(names[0])
    if found.kind == "likeness_filed":
        return _tr("A picture of somebody else is said to be more like {0} than one of {0}'s own").format(names[0])
    return _tr("Each is said to be more alike than the next, all the way round")


def counts_words(counts: JudgementCounts) -> str:
    """Return what was answered in all and what comes of it."""
    if not counts.total:
        return _tr("Nothing has been answered yet. The next training learns from your answers.")
    words = _tr("{0} answers in all: {1} same, {2} different, {3} of likeness.").format(
        counts.total, counts.same, counts.different, counts.more_alike
    )
    if counts.total == 1:
        words = _tr("1 answer in all.")
    words += " " + _tr("The next training learns from them.")
    if counts.disputed == 1:
        words += " " + _tr("1 contradicts another or the names and is left out until you settle that.")
    elif counts.disputed:
        words += " " + _tr("{0} contradict each other or the names and are left out until you settle that.").format(
            counts.disputed
        )
    return words


def _tr(text: str) -> str:
    return QCoreApplication.translate("JudgementWords", text)
