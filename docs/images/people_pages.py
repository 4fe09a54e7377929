"""The pages of people and enrolment for ``take_window_pictures.py``, on the demonstration's material."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.gallery.records import Consent, FaceState
from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]


def enrol_people(application: Application, demo: Path) -> None:
    """Fill the gallery with everybody of the demonstration."""
    enrolment, people, sources = application.enrolment(), application.people(), demo / "sources"
    consent = Consent("Names at the front door", "Grace Hopper", date(2035, 1, 31))
    enrolment.enrol_files("Grace Hopper", [demo / "people" / "Grace_Hopper"], consent=consent)
    enrolment.enrol_files(
        "Barack Obama",
        [demo / "people" / "Barack_Obama", sources / "obama2.jpg", sources / "obama3.jpg"],
        consent=Consent("Names at the front door", "Barack Obama", date(2025, 12, 31)),
    )
    enrolment.enrol_files("Joe Biden", [sources / "biden.jpg"])
    enrolment.enrol_files("Eileen Collins", [sources / "astronaut.png"])
    faces = people.faces("Barack Obama")
    people.set_portrait(faces[1].face_id)
    people.set_face_state([faces[2].face_id], FaceState.EXCLUDED)
    now = datetime.now(UTC)
    for name, minutes in (("Barack Obama", 2), ("Grace Hopper", 47), ("Eileen Collins", 60 * 24 * 12)):
        people.last_seen.note([people.find(name).person_id], now - timedelta(minutes=minutes))
    application.gallery().announce()


def take_people_pages(
    window: MainWindow, application: Application, demo: Path, folder: Path, take: Take, wait_until: WaitUntil
) -> None:
    """Go through the panel of people and that of enrolment, beside whatever the window shows."""
    _take_people(window, application, demo, take, wait_until)
    _take_enrolment(window, demo, folder, take, wait_until)


def _take_people(window: MainWindow, application: Application, demo: Path, take: Take, wait_until: WaitUntil) -> None:
    panel = window.people
    window.docks.show("people")
    enrol_people(application, demo)
    panel.refresh()
    wait_until(lambda: len(panel.people) == 4 and not window.tasks.is_busy)
    take("people")
    panel.grid.clearSelection()
    for name in ("Joe Biden", "Eileen Collins"):
        for row in range(4):
            index = panel.grid.model().index(row, 0)
            if index.data() == name:
                panel.grid.selectionModel().select(index, panel.grid.selectionModel().SelectionFlag.Select)
    panel.merge_selected()
    take("people-merge")
    panel.question.dismiss()
    panel.open_page("Barack Obama")
    wait_until(lambda: len(panel.page.model.faces) == 3 and not window.tasks.is_busy)
    panel.page.select_faces([panel.page.model.faces[0].face_id])
    take("person")
    panel.page.ask_where_to_move()
    take("person-move")
    panel.page.question.dismiss()
    panel.page.consent.open_editor()
    take("person-consent")
    panel.page.consent.close_editor()
    panel.page.remove_selected()
    wait_until(lambda: len(panel.page.model.faces) == 2 and not window.tasks.is_busy)
    take("person-removed")
    panel.close_page()


def _take_enrolment(window: MainWindow, demo: Path, folder: Path, take: Take, wait_until: WaitUntil) -> None:
    panel = window.enrol
    window.show_enrol_panel()
    take("enrol-empty")
    dark = folder / "evening.jpg"
    write_jpeg(dark, (read_image(demo / "sources" / "obama2.jpg") * 0.1).astype("uint8"))
    two = folder / "both of us.jpg"
    left, right = (read_image(demo / "sources" / name) for name in ("biden.jpg", "obama3.jpg"))
    height = min(left.shape[0], right.shape[0])
    both = [picture[:height, : round(height * 0.8)] for picture in (left, right)]
    write_jpeg(two, np.concatenate(both, axis=1))
    panel.set_name("Barack Obama")
    known = [demo / "people" / "Barack_Obama" / "obama.jpg", demo / "people" / "Grace_Hopper" / "grace_hopper.jpg"]
    panel.add_paths([*known, two, dark, demo / "sources" / "obama2.jpg"])
    wait_until(lambda: not window.tasks.is_busy)
    panel.start()
    wait_until(lambda: not panel.is_busy and not window.tasks.is_busy)
    take("enrol-rows")
    panel.select_row(2)
    panel.choose_face()
    wait_until(lambda: panel.editor.isVisible() and not window.tasks.is_busy)
    take("enrol-face")
    panel.editor.dismissed.emit()
    panel.model.clear()
    panel.set_name("Barack Obama")
    panel.add_paths([demo / "demo.mp4"])
    panel.start()
    wait_until(lambda: "0:05 of" in panel.progress_text or panel.video_people.isVisible())
    take("enrol-searching")
    wait_until(panel.video_people.isVisible)
    take("enrol-video")
    panel.video_people.dismissed.emit()
