"""The panel of people: grid, a person's page, changes taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from facerec_app.capture.images import read_image
from facerec_app.gallery.last_seen_table import LastSeenTable
from facerec_app.gallery.records import Consent, FaceState
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.people_panel import PeoplePanel
from facerec_app.services.application import Application
from tests.contract.fake_camera import FakeCamera
from tests.unit.gallery.gallery_material import new_face

WAIT_MS = 30_000


def enrol_quickly(application: Application, name: str, count: int) -> None:
    """Enrol faces whose boxes are known already, which takes no network."""
    store = application.gallery().store
    person = store.add_person(name)
    store.add_faces(person.person_id, [new_face(seed, embedded=False) for seed in range(count)])


@pytest.fixture
def window_with_people(qtbot: QtBot, application: Application, window: MainWindow) -> MainWindow:
    for name in ("Barack Obama", "Grace Hopper"):
        enrol_quickly(application, name, 1)
    window.people.refresh()
    qtbot.waitUntil(lambda: len(window.people.people) == 2, timeout=WAIT_MS)
    return window


@pytest.fixture
def panel_with_faces(qtbot: QtBot, application: Application, window: MainWindow) -> PeoplePanel:
    """Return the panel on the page of Barack Obama, who has three pictures."""
    enrol_quickly(application, "Barack Obama", 3)
    enrol_quickly(application, "Grace Hopper", 1)
    panel = window.people
    panel.refresh()
    qtbot.waitUntil(lambda: counts(panel) == {"Barack Obama": 3, "Grace Hopper": 1}, timeout=WAIT_MS)
    panel.open_page("Barack Obama")
    qtbot.waitUntil(lambda: len(panel.page.model.faces) == 3, timeout=WAIT_MS)
    return panel


def names(window: MainWindow) -> list[str]:
    return [person.name for person in window.people.people]


def counts(panel: PeoplePanel) -> dict[str, int]:
    return {person.name: person.face_count for person in panel.people}


def choose_faces(panel: PeoplePanel, count: int) -> list[str]:
    """Choose the first pictures of the open page."""
    chosen = [face.face_id for face in panel.page.model.faces[:count]]
    panel.page.select_faces(chosen)
    assert sorted(panel.page.selected_ids) == sorted(chosen)
    return chosen


def answer(panel_part: PeoplePanel, text: str) -> None:
    """Type the answer to the question that is open on the page and press Return."""
    edit = panel_part.page.question.findChild(QLineEdit)
    assert isinstance(edit, QLineEdit)
    assert panel_part.page.question.isVisible()
    edit.clear()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def undo(panel: PeoplePanel) -> None:
    QTest.keyClick(panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def redo(panel: PeoplePanel) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(panel, Qt.Key.Key_Z, both)


def test_person_is_renamed_in_place_and_back(qtbot: QtBot, window_with_people: MainWindow) -> None:
    view = window_with_people.people.grid
    model = view.model()
    model.setData(model.index(0, 0), "Somebody Else")
    qtbot.waitUntil(lambda: names(window_with_people) == ["Grace Hopper", "Somebody Else"], timeout=WAIT_MS)
    view.setFocus()
    undo(window_with_people.people)
    qtbot.waitUntil(lambda: names(window_with_people) == ["Barack Obama", "Grace Hopper"], timeout=WAIT_MS)
    assert window_with_people.people.message == "Taken back: rename Barack Obama to Somebody Else."
    redo(window_with_people.people)
    qtbot.waitUntil(lambda: names(window_with_people) == ["Grace Hopper", "Somebody Else"], timeout=WAIT_MS)


def test_name_that_is_taken_is_refused_in_words(qtbot: QtBot, window_with_people: MainWindow) -> None:
    view = window_with_people.people.grid
    view.model().setData(view.model().index(0, 0), "Grace Hopper")
    qtbot.waitUntil(lambda: "Grace Hopper is enrolled already" in window_with_people.people.message, timeout=WAIT_MS)
    assert names(window_with_people) == ["Barack Obama", "Grace Hopper"]


def test_grid_opens_a_page_by_key_and_escape_comes_back(qtbot: QtBot, window_with_people: MainWindow) -> None:
    panel = window_with_people.people
    panel.select("Grace Hopper")
    view = panel.grid
    QTest.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(panel.page.model.faces) == 1, timeout=WAIT_MS)
    assert panel.page.person is not None
    assert panel.page.person.name == "Grace Hopper"
    qtbot.waitUntil(lambda: not panel.page.model.without_picture, timeout=WAIT_MS)
    QTest.keyClick(panel.page, Qt.Key.Key_Escape)
    assert panel.page.person is None


def move_to_grace(panel: PeoplePanel) -> None:
    panel.page.ask_where_to_move()
    answer(panel, "Grace Hopper")


def make_a_person(panel: PeoplePanel) -> None:
    panel.page.ask_for_new_person()
    answer(panel, "Cy")


def press_delete(panel: PeoplePanel) -> None:
    QTest.keyClick(panel.page.faces, Qt.Key.Key_Delete)


CHANGES: dict[str, tuple[Callable[[PeoplePanel], None], dict[str, int]]] = {
    "move": (move_to_grace, {"Barack Obama": 2, "Grace Hopper": 2}),
    "split": (make_a_person, {"Barack Obama": 2, "Cy": 1, "Grace Hopper": 1}),
    "remove": (press_delete, {"Barack Obama": 2, "Grace Hopper": 1}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_pictures_are_moved_split_and_removed_and_all_comes_back(
    name: str, qtbot: QtBot, panel_with_faces: PeoplePanel
) -> None:
    act, wanted = CHANGES[name]
    panel = panel_with_faces
    (chosen,) = choose_faces(panel, 1)
    act(panel)
    qtbot.waitUntil(lambda: counts(panel) == wanted, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: chosen not in {face.face_id for face in panel.page.model.faces}, timeout=WAIT_MS)
    undo(panel)
    qtbot.waitUntil(lambda: counts(panel) == {"Barack Obama": 3, "Grace Hopper": 1}, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: chosen == panel.page.model.faces[0].face_id, timeout=WAIT_MS)
    redo(panel)
    qtbot.waitUntil(lambda: counts(panel) == wanted, timeout=WAIT_MS)


def test_portrait_and_use_of_a_picture_are_switched(qtbot: QtBot, panel_with_faces: PeoplePanel) -> None:
    panel = panel_with_faces
    (chosen,) = choose_faces(panel, 1)
    panel.page.use_as_portrait()
    qtbot.waitUntil(lambda: panel.page.model.is_portrait(panel.page.model.faces[0]), timeout=WAIT_MS)
    assert panel.page.selected_ids == [chosen], "what was chosen stays chosen"
    panel.page.switch_use()
    qtbot.waitUntil(lambda: panel.page.model.faces[0].state is FaceState.EXCLUDED, timeout=WAIT_MS)
    assert panel.page.model.quality_words(panel.page.model.faces[0]) == "Not used"
    undo(panel)
    qtbot.waitUntil(lambda: panel.page.model.faces[0].state is FaceState.ACTIVE, timeout=WAIT_MS)


def test_two_people_chosen_in_the_grid_are_merged(qtbot: QtBot, window_with_people: MainWindow) -> None:
    panel = window_with_people.people
    view = panel.grid
    view.selectAll()
    panel.merge_selected()
    keep = next(b for b in panel.question.findChildren(QPushButton) if b.text() == "Grace Hopper")
    keep.click()
    qtbot.waitUntil(lambda: counts(panel) == {"Grace Hopper": 2}, timeout=WAIT_MS)
    undo(panel)
    qtbot.waitUntil(lambda: counts(panel) == {"Barack Obama": 1, "Grace Hopper": 1}, timeout=WAIT_MS)


def test_consent_is_edited_on_the_page_and_its_end_is_warned_of(
    qtbot: QtBot, application: Application, panel_with_faces: PeoplePanel
) -> None:
    panel = panel_with_faces
    assert panel.page.consent.text == "No consent recorded"
    panel.page.consent.open_editor()
    panel.page.consent.fields.fill("Reception", "Barack Obama")
    panel.page.consent.save()
    qtbot.waitUntil(lambda: "Reception" in panel.page.consent.text, timeout=WAIT_MS)
    application.people().set_consent("Barack Obama", Consent("Reception", "Barack Obama", date(2020, 1, 31)))
    panel.refresh()
    qtbot.waitUntil(lambda: "ended on 2020-01-31" in panel.page.consent.text, timeout=WAIT_MS)


def test_search_shows_who_is_meant(window_with_people: MainWindow) -> None:
    panel = window_with_people.people
    view = panel.grid
    QTest.keyClicks(panel.search, "hopp")
    assert [view.model().index(row, 0).data() for row in range(view.model().rowCount())] == ["Grace Hopper"]


def test_export_writes_a_folder_and_says_so(qtbot: QtBot, panel_with_faces: PeoplePanel, tmp_path: Path) -> None:
    person = panel_with_faces.page.person
    assert person is not None
    panel_with_faces.changes.export(person, tmp_path / "out")
    qtbot.waitUntil(lambda: "4 files written" in panel_with_faces.message, timeout=WAIT_MS)
    assert (tmp_path / "out" / "person.json").is_file()


def question(qtbot: QtBot, qapp: QApplication) -> QMessageBox:
    """Return the dialogue that asks before a deletion, as soon as it is there."""

    def boxes() -> list[QMessageBox]:
        return [w for w in qapp.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]

    qtbot.waitUntil(lambda: len(boxes()) == 1, timeout=WAIT_MS)
    return boxes()[0]


def test_person_is_removed_only_after_confirmation(
    qtbot: QtBot, qapp: QApplication, window_with_people: MainWindow
) -> None:
    def reply(word: str) -> None:
        window_with_people.people.select("Barack Obama")
        window_with_people.people.remove_selected()
        box = question(qtbot, qapp)
        assert "Barack Obama" in box.text()
        assert "1 picture" in box.informativeText()
        next(b for b in box.findChildren(QPushButton) if b.text() == word).click()

    reply("Cancel")
    reply("Delete")
    qtbot.waitUntil(lambda: names(window_with_people) == ["Grace Hopper"], timeout=WAIT_MS)


def test_person_removed_while_in_view_loses_the_name(
    qtbot: QtBot, qapp: QApplication, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    window.people.refresh()
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: any(name.startswith("Barack Obama") for name in window.stage.strip.names), timeout=WAIT_MS)
    window.session.pause()
    qtbot.waitUntil(lambda: len(window.people.people) == 2, timeout=WAIT_MS)
    window.people.select("Barack Obama")
    window.people.remove_selected()
    box = question(qtbot, qapp)
    next(b for b in box.findChildren(QPushButton) if b.text() == "Delete").click()
    qtbot.waitUntil(lambda: window.stage.strip.names == ["Unknown, Click to name"], timeout=WAIT_MS)


def test_who_stands_in_front_of_a_camera_is_seen_and_kept_only_when_asked_for(
    qtbot: QtBot,
    application: Application,
    make_window: Callable[[], MainWindow],
    demo_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    picture = read_image(demo_dir / "sources" / "obama2.jpg")
    monkeypatch.setattr(application, "open_source", lambda spec, on_status=None: FakeCamera([picture], frame_rate=25.0))
    window = make_window()
    panel = window.people
    panel.keeps_last_seen.trigger()
    qtbot.waitUntil(lambda: "kept from now on" in panel.message, timeout=WAIT_MS)
    window.open_source("0")
    grid = panel.grid.model()
    qtbot.waitUntil(lambda: grid.rowCount() == 2 and "seen just now" in tooltip(panel, 0), timeout=WAIT_MS)
    assert "seen" not in tooltip(panel, 1)
    stored = application.people()
    qtbot.waitUntil(lambda: list(LastSeenTable(application.gallery().store.database).times()) != [], timeout=WAIT_MS)
    window.session.close()
    panel.keeps_last_seen.trigger()
    qtbot.waitUntil(lambda: "no longer kept" in panel.message, timeout=WAIT_MS)
    assert LastSeenTable(application.gallery().store.database).times() == {}
    assert len(stored.last_seen.times()) == 1, "this session still knows"


def tooltip(panel: PeoplePanel, row: int) -> str:
    return str(panel.grid.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole))
