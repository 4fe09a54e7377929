"""The page of judgements of the library for ``take_window_pictures.py``, on the demonstration's material."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from people_pages import enrol_people

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.judgement_entry import Answer
from facerec_app.gallery.records import NewFace
from facerec_app.gui.library.judge_page import CONTRADICTIONS, LOG, QUESTIONS, JudgePage
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]


def fill_gallery(application: Application, demo: Path) -> dict[str, list[str]]:
    """Enrol everybody of the demonstration, with further looks of the same photographs; return the faces by name."""
    enrol_people(application, demo)
    store, names = application.gallery().store, application.people()
    for person in names.everybody():
        for face in names.faces(person.name):
            picture, box, landmarks = store.read_picture(face.face_id), face.box_xyxy, face.landmarks_xy
            looks = [_darker(picture), _coarser(picture), _paler(picture)]
            fresh = [
                NewFace(look, box, landmarks, face.score, face.source, face.size_px, face.sharpness, face.yaw_deg,
                        face.brightness)
                for look in looks
            ]  # fmt: skip
            store.add_faces(person.person_id, fresh)
    application.gallery().embed_missing()
    return {person.name: [face.face_id for face in names.faces(person.name)] for person in names.everybody()}


def take_judge_pages(
    library: LibraryWindow, tasks: TaskRunner, application: Application, demo: Path, take: Take, wait_until: WaitUntil
) -> None:
    """Go through a question that is half answered, contradictions and the log."""
    faces = fill_gallery(application, demo)
    obama, hopper, collins = faces["Barack Obama"], faces["Grace Hopper"], faces["Eileen Collins"]
    service = application.library().judgements()
    service.note([Answer("same", obama[0], obama[1])], decided_by="Ann")
    service.note([Answer("same", obama[1], obama[3]), Answer("different", obama[0], obama[3])], decided_by="Ben")
    service.note([Answer("same", hopper[0], collins[0]), Answer("same", hopper[0], hopper[1])], decided_by="Ann")
    service.undo(decided_by="Ben")
    page = library.show_page("judge")
    if not isinstance(page, JudgePage):
        raise TypeError(type(page).__name__)
    wait_until(lambda: page.questions.shown is not None and page.state is not None and not tasks.is_busy)
    shown, grid = page.questions.shown, page.questions.grid.faces
    if shown is None:
        raise SystemExit("No question was asked.")
    for face in grid.faces[:6]:
        page.questions.mark(face.face_id, "same" if face.person_id == shown.question.person_id else "different")
    page.questions.mark(grid.faces[6].face_id, "more")
    page.questions.mark(grid.faces[-1].face_id, "less")
    wait_until(lambda: not tasks.is_busy)
    take("judge")
    for tab, name in ((CONTRADICTIONS, "judge-contradictions"), (LOG, "judge-log")):
        page.show_tab(tab)
        wait_until(lambda: not tasks.is_busy)
        take(name)
    page.show_tab(QUESTIONS)


def _darker(pixels_rgb: UInt8Array) -> UInt8Array:
    return (pixels_rgb * 0.55).astype(np.uint8)


def _paler(pixels_rgb: UInt8Array) -> UInt8Array:
    grey = pixels_rgb.mean(axis=2, keepdims=True)
    return (0.25 * pixels_rgb + 0.75 * grey).astype(np.uint8)


def _coarser(pixels_rgb: UInt8Array) -> UInt8Array:
    small = pixels_rgb[::4, ::4]
    big = small.repeat(4, axis=0).repeat(4, axis=1)
    return big[: pixels_rgb.shape[0], : pixels_rgb.shape[1]].copy()
