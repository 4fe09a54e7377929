"""The similarity editor: questions whose answers teach the network, what contradicts itself, and the log."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from facerec_app.gallery.judgement_entry import Answer
from facerec_app.gui.library.contradiction_list import ContradictionList
from facerec_app.gui.library.judge_work import JudgeWork, ShownQuestion
from facerec_app.gui.library.judgement_log_view import JudgementLogView
from facerec_app.gui.library.judgement_words import counts_words
from facerec_app.gui.library.library_page import LibraryLinks, LibraryPage
from facerec_app.gui.library.question_view import QuestionView
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.gui.tool_buttons import tool_button
from facerec_app.services.judgements import JudgementState

QUESTIONS, CONTRADICTIONS, LOG = 0, 1, 2


class JudgePage(LibraryPage):
    """Three views under one row of tabs; what was kept or went wrong is said below."""

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(services, tasks, links, parent)
        self._state: JudgementState | None = None
        self._is_asking = False
        self.work = JudgeWork(services, tasks, self)
        self._build()
        self._connect()

    @property
    def state(self) -> JudgementState | None:
        """Everything that was said; None before it was read."""
        return self._state

    @property
    def message(self) -> str:
        """What was done or went wrong last."""
        return self._message.text()

    @property
    def summary(self) -> str:
        """How much was answered and what comes of it."""
        return self._summary.text()

    def activate(self) -> None:
        self.work.read_state()
        if self.questions.shown is None:
            self.ask_next()
        elif self.tabs.currentIndex() == QUESTIONS:
            self.questions.grid.setFocus()

    def gallery_changed(self) -> None:
        self.work.read_state()
        shown = self.questions.shown
        if shown is None:
            self.ask_next()
        else:
            self.work.ask_about(shown.question.face_id)  # names may be others, faces may have gone

    def ask_next(self) -> None:
        """Put the next question into view."""
        if not self._is_asking:
            self._is_asking = True
            if self.questions.shown is None:
                self._nothing.setText(self.tr("Looking for the most instructive question ..."))
            self.work.ask_next()

    def undo(self) -> None:
        """Take the last answer of this view back."""
        if self.tabs.currentIndex() == QUESTIONS:
            self.questions.undo()

    def show_tab(self, number: int) -> None:
        """Show questions, contradictions or the log."""
        self.tabs.setCurrentIndex(number)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.questions.grid.setGridSize(self.questions.grid.card_size())

    def _build(self) -> None:
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Views"))
        for title in (self.tr("Questions"), self.tr("Contradictions"), self.tr("Log")):
            self.tabs.addTab(title)
        self.tabs.setExpanding(False)
        self.undo_button = tool_button(self, "undo", self.tr("Take the last answer back (Ctrl+Z)"), self.undo)
        self.questions = QuestionView(self)
        self.contradictions = ContradictionList(self)
        self.log = JudgementLogView(self)
        self._nothing = QLabel(self)
        self._nothing.setProperty("muted", "true")
        self._nothing.setWordWrap(True)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMargin(24)
        self._asking = QStackedWidget(self)
        self._asking.addWidget(self._nothing)
        self._asking.addWidget(self.questions)
        self._stack = QStackedWidget(self)
        for view in (self._asking, self.contradictions, self.log):
            self._stack.addWidget(view)
        self._summary, self._message = self._line(), self._line()
        self._summary.setProperty("muted", "true")
        self._message.hide()
        head = QHBoxLayout()
        head.addWidget(self.tabs, 1)
        head.addWidget(self.undo_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 8)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._message)
        layout.addWidget(self._summary)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self.undo)

    def _line(self) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._show_tab)
        self.questions.answered.connect(self.work.note)
        self.questions.next_asked.connect(self.ask_next)
        self.questions.undo_asked.connect(self.work.take_back)
        self.contradictions.take_back_asked.connect(self.work.withdraw)
        self.contradictions.person_asked.connect(self._links.person_asked)
        self.contradictions.pictures_asked.connect(lambda f: self.work.load(f, self.contradictions.add_pictures))
        self.log.take_back_asked.connect(self._take_back_line)
        self.log.pictures_asked.connect(lambda f: self.work.load(f, self.log.model.add_pictures))
        self.work.asked.connect(self._show_question)
        self.work.nothing_left.connect(self._show_nothing)
        self.work.gone.connect(self.ask_next)
        self.work.noted.connect(self._note_kept)
        self.work.refused.connect(self._note_refused)
        self.work.taken_back.connect(self._note_taken_back)
        self.work.read.connect(self._show_state)
        self.work.failed.connect(partial(self._say, bad=True))

    def _show_tab(self, number: int) -> None:
        self._stack.setCurrentIndex(number)
        self.undo_button.setVisible(number == QUESTIONS)
        self.work.read_state()
        shown = self.questions.shown
        if number == QUESTIONS and shown is not None:
            self.work.ask_about(shown.question.face_id)  # an answer may have been taken back in another view
            self.questions.grid.setFocus()

    def _show_question(self, shown: ShownQuestion) -> None:
        is_same = self.questions.shown is not None and self.questions.shown.question.face_id == shown.question.face_id
        row = self.questions.grid.currentIndex().row() if is_same else 0
        focused = self.questions.grid.hasFocus() or not is_same
        self._is_asking = False
        self._asking.setCurrentWidget(self.questions)
        self.questions.show_question(shown)
        self.questions.grid.setCurrentIndex(self.questions.grid.faces.index(max(0, row), 0))
        if not focused:
            self.questions.grid.clearFocus()
        if not is_same:
            self._say("", bad=False)

    def _show_nothing(self, why: str) -> None:
        self._is_asking = False
        self._nothing.setText(why)
        self._asking.setCurrentWidget(self._nothing)

    def _note_kept(self, said: Answer, number: int) -> None:
        self.questions.note_kept(said, number)
        self._say("", bad=False)
        self.work.read_state()

    def _note_refused(self, said: Answer, why: str) -> None:
        self.questions.note_refused(said)
        self._say(why, bad=True)

    def _note_taken_back(self) -> None:
        self._say(self.tr("Taken back."), bad=False)
        self.work.read_state()

    def _take_back_line(self, number: int) -> None:
        self.questions.forget()
        self.work.take_back(number)

    def _show_state(self, state: JudgementState) -> None:
        self._state = state
        self._summary.setText(counts_words(state.counts))
        count = len(state.contradictions)
        title = self.tr("Contradictions ({0})").format(count) if count else self.tr("Contradictions")
        self.tabs.setTabText(CONTRADICTIONS, title)
        # What is not in view is filled when it comes into view: an answer a second must not rebuild it each time.
        if self.tabs.currentIndex() == CONTRADICTIONS:
            self.contradictions.show_state(state)
        elif self.tabs.currentIndex() == LOG:
            self.log.show_state(state)

    def _say(self, words: str, *, bad: bool) -> None:
        self._message.setProperty("bad", "true" if bad else "false")
        self._message.style().polish(self._message)
        self._message.setText(words)
        self._message.setVisible(bool(words))
