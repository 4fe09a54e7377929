"""Background work: order, urgency, progress, cancelling, errors."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from facerec_app.core.errors import ConfigError
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.progress import Progress

WAIT_MS = 5000


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    made = TaskRunner("tested-tasks")
    yield made
    assert made.stop()


def never(message: str) -> None:
    pytest.fail(f"not expected: {message}")


def test_answers_come_in_the_thread_that_made_the_runner(qtbot: QtBot, runner: TaskRunner) -> None:
    answers: list[tuple[str, str]] = []
    runner.start(
        lambda _: threading.current_thread().name,
        done=lambda worked_in: answers.append((worked_in, threading.current_thread().name)),
        failed=never,
    )
    qtbot.waitUntil(lambda: bool(answers), timeout=WAIT_MS)
    assert answers == [("tested-tasks", threading.main_thread().name)]
    assert not runner.is_busy


def test_urgent_work_is_done_between_the_units_of_long_work(qtbot: QtBot, runner: TaskRunner) -> None:
    order: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def long_work(task: Task) -> None:
        begun.set()
        go_on.wait(5)
        order.append("first unit")
        task.report(Progress(1, 2))
        order.append("second unit")

    runner.start(long_work, done=lambda _: None, failed=never)
    assert begun.wait(5)
    runner.start(lambda _: order.append("queued"), done=lambda _: None, failed=never)
    runner.start(lambda _: order.append("urgent"), done=lambda _: None, failed=never, urgent=True)
    go_on.set()
    qtbot.waitUntil(lambda: not runner.is_busy, timeout=WAIT_MS)
    assert order == ["first unit", "urgent", "second unit", "queued"]


def test_progress_never_piles_up_and_the_last_word_arrives(qtbot: QtBot, runner: TaskRunner) -> None:
    heard: list[int] = []
    finished: list[bool] = []

    def work(task: Task) -> bool:
        for number in range(1000):
            task.report(Progress(number, 1000))
        return True

    runner.start(work, done=finished.append, failed=never, progress=lambda p: heard.append(p.done))
    qtbot.waitUntil(lambda: bool(finished), timeout=WAIT_MS)
    assert heard == sorted(heard)
    assert heard[-1] == 999


def test_errors_of_the_program_arrive_as_they_are_and_others_are_wrapped(
    qtbot: QtBot, runner: TaskRunner, caplog: pytest.LogCaptureFixture
) -> None:
    messages: list[str] = []

    def refuse(_: Task) -> str:
        raise ConfigError("The name is empty.")

    def break_(_: Task) -> str:
        raise ZeroDivisionError("division by zero")

    runner.start(refuse, done=never, failed=messages.append)
    runner.start(break_, done=never, failed=messages.append)
    qtbot.waitUntil(lambda: len(messages) == 2, timeout=WAIT_MS)
    assert messages[0] == "The name is empty."
    assert "division by zero" in messages[1]
    assert "ZeroDivisionError" in caplog.text


def test_nothing_is_called_after_stop(qtbot: QtBot) -> None:
    runner = TaskRunner("stopped-tasks")
    begun = threading.Event()
    answers: list[object] = []

    def work(task: Task) -> str:
        begun.set()
        while not task.is_cancelled():
            threading.Event().wait(0.005)
        return "late"

    runner.start(work, done=answers.append, failed=answers.append)
    assert begun.wait(5)
    assert runner.stop()
    QCoreApplication.processEvents()  # a late answer would be waiting in the queue
    assert answers == []


def test_objects_that_python_shares_keep_their_references(qtbot: QtBot) -> None:
    """PySide6 6.12.0 loses a reference to None with every call on Python 3.11, which ends the program after minutes."""
    import sys

    from PySide6.QtCore import QObject, Signal

    class Sender(QObject):
        sent = Signal()

    sender = Sender()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(2000):
        sender.blockSignals(False)
        sender.setObjectName("x")
        sender.sent.emit()
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert all(late > early - 1000 for early, late in zip(before, after, strict=True))


def test_what_a_finished_job_held_is_let_go_of_before_the_next_comes(qtbot: QtBot, runner: TaskRunner) -> None:
    class Session:
        """Stands for what keeps networks in memory."""

        def work(self, _: Task) -> None:
            return None

    session, done = Session(), list[None]()
    left = weakref.ref(session)
    runner.start(session.work, done=done.append, failed=never)
    del session
    qtbot.waitUntil(lambda: done != [], timeout=WAIT_MS)
    gc.collect()
    qtbot.waitUntil(lambda: left() is None, timeout=WAIT_MS)
