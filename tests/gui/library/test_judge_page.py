"""The page of judgements: what is marked is kept, taken back, and shown where it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.gallery.judgement_entry import Answer
from facerec_app.gui.face_correction import present_user
from facerec_app.gui.library.judge_page import CONTRADICTIONS, LOG, QUESTIONS, JudgePage
from facerec_app.gui.library.library_page import LibraryLinks
from facerec_app.gui.library.question_grid import DIFFERENT, LESS, MORE, SAME, QuestionDelegate
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application
from tests.gui.conftest import WAIT_MS

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def gallery(application: Application, demo_dir: Path) -> dict[str, list[str]]:
    """Enrol five faces of three people and return them by name."""
    enrolment, sources = application.enrolment(), demo_dir / "sources"
    enrolment.enrol_files("Grace Hopper", [demo_dir / "people" / "Grace_Hopper"])
    enrolment.enrol_files("Barack Obama", [demo_dir / "people" / "Barack_Obama", sources / "obama2.jpg"])
    enrolment.enrol_files("Joe Biden", [sources / "biden.jpg"])
    people = application.people()
    return {person.name: [face.face_id for face in people.faces(person.name)] for person in people.everybody()}


@pytest.fixture
def page(qtbot: QtBot, application: Application) -> Iterator[JudgePage]:
    tasks = TaskRunner("judge-test")
    made = JudgePage(SharedServices(application), tasks, LibraryLinks())
    qtbot.addWidget(made)
    made.resize(830, 600)
    made.show()
    yield made
    made.close()
    assert tasks.stop(30.0)


def settled(qtbot: QtBot, page: JudgePage, answers: int | None = None) -> None:
    """Wait until the page has answered everything, and knows of so many answers."""

    def done() -> bool:
        is_quiet = not page.work._tasks.is_busy and page.state is not None
        return is_quiet and (answers is None or (page.state is not None and page.state.counts.total == answers))

    qtbot.waitUntil(done, timeout=WAIT_MS)


def opened(qtbot: QtBot, page: JudgePage) -> None:
    page.activate()
    qtbot.waitUntil(lambda: page.questions.shown is not None, timeout=WAIT_MS)
    settled(qtbot, page)


def said(application: Application) -> set[tuple[str, ...]]:
    log = application.gallery().store.judgement_log
    return {(e.said.kind, *e.said.face_ids) for e in log.entries() if e.takes_back is None and not e.is_taken_back}


@pytest.mark.usefixtures("gallery")
def test_keys_mark_keep_and_take_back(qtbot: QtBot, page: JudgePage, application: Application) -> None:
    opened(qtbot, page)
    grid, shown = page.questions.grid, page.questions.shown
    assert shown is not None
    faces = [face.face_id for face in grid.faces.faces]
    assert len(faces) == 3
    assert grid.current_face() == faces[0]
    QTest.keyClick(grid, Qt.Key.Key_S)
    QTest.keyClick(grid, Qt.Key.Key_D)
    assert grid.current_face() == faces[2], "an answer goes on to the next face"
    settled(qtbot, page, 2)
    reference = shown.question.face_id
    assert said(application) == {("same", reference, faces[0]), ("different", reference, faces[1])}
    assert application.gallery().store.judgement_log.entries()[0].decided_by == present_user()
    assert grid.faces.marks(faces[0]) == {SAME}
    assert grid.faces.marks(faces[1]) == {DIFFERENT}
    QTest.keyClick(grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, page, 1)
    assert grid.faces.marks(faces[1]) == frozenset()
    assert said(application) == {("same", reference, faces[0])}
    # One that is more and one that is less like the reference make an answer; half of one is not kept.
    grid.setCurrentIndex(grid.faces.index(0, 0))
    QTest.keyClick(grid, Qt.Key.Key_Plus)
    page.undo()
    assert grid.faces.marked(MORE) is None
    assert said(application) == {("same", reference, faces[0])}
    QTest.keyClick(grid, Qt.Key.Key_Plus)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Minus)
    settled(qtbot, page, 2)
    assert said(application) == {("same", reference, faces[0]), ("more_alike", reference, faces[0], faces[1])}
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Minus)
    assert (grid.faces.marked(MORE), grid.faces.marked(LESS)) == (None, faces[2]), "another answer begins"


def test_one_click_answers_and_return_asks_the_next_question(
    qtbot: QtBot, page: JudgePage, application: Application, gallery: dict[str, list[str]]
) -> None:
    opened(qtbot, page)
    grid, shown = page.questions.grid, page.questions.shown
    assert shown is not None
    delegate = grid.itemDelegate()
    assert isinstance(delegate, QuestionDelegate)
    second = grid.faces.index(1, 0)
    qtbot.waitUntil(lambda: grid.visualRect(second).width() > 40, timeout=WAIT_MS)
    where: QPoint = delegate.mark_rect(grid.visualRect(second), DIFFERENT).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=where)
    settled(qtbot, page, 1)
    kept = {("different", shown.question.face_id, grid.faces.faces[1].face_id)}
    assert said(application) == kept
    # An answer about a face that was removed meanwhile is not kept, and the page says why.
    gone = next(face for face in grid.faces.faces if gallery[face.name] == [face.face_id])
    if ("different", shown.question.face_id, gone.face_id) in kept:
        kept = set()
    application.people().remove(gone.name)
    page.questions.mark(gone.face_id, SAME)
    qtbot.waitUntil(lambda: "removed meanwhile" in page.message, timeout=WAIT_MS)
    assert SAME not in grid.faces.marks(gone.face_id)
    assert said(application) == kept
    QTest.keyClick(grid, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: page.questions.shown is not None and page.questions.shown.question.face_id != shown.question.face_id,
        timeout=WAIT_MS,
    )
    assert page.message == ""


def test_contradiction_is_shown_and_settled_and_the_log_says_who(
    qtbot: QtBot, page: JudgePage, application: Application, gallery: dict[str, list[str]]
) -> None:
    one, other = gallery["Barack Obama"]
    grace, joe = gallery["Grace Hopper"][0], gallery["Joe Biden"][0]
    answers = [Answer("same", one, other), Answer("different", grace, joe), Answer("same", grace, one)]
    application.library().judgements().note(answers, decided_by="Ann")
    opened(qtbot, page)
    assert "1 contradicts another or the names" in page.summary
    page.show_tab(CONTRADICTIONS)
    settled(qtbot, page)
    (found,) = page.contradictions.shown
    assert (found.kind, set(found.face_ids)) == ("filed_apart", {one, grace})
    (button,) = page.contradictions.buttons
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settled(qtbot, page, 2)
    qtbot.waitUntil(lambda: not page.contradictions.shown, timeout=WAIT_MS)
    page.show_tab(LOG)
    settled(qtbot, page)
    entries = page.log.model.entries
    assert [(e.decided_by, e.takes_back is not None) for e in entries] == [
        (present_user(), True), ("Ann", False), ("Ann", False), ("Ann", False),
    ]  # fmt: skip
    page.log.lines.setCurrentIndex(page.log.model.index(2, 0))
    QTest.mouseClick(page.log.button, Qt.MouseButton.LeftButton)
    settled(qtbot, page, 1)
    page.show_tab(QUESTIONS)
    settled(qtbot, page)


def test_an_empty_gallery_says_what_to_do(qtbot: QtBot, page: JudgePage) -> None:
    page.activate()
    qtbot.waitUntil(lambda: "enrol people first" in page._nothing.text(), timeout=WAIT_MS)
    assert "Nothing has been answered yet" in page.summary
