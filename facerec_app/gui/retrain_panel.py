"""Retraining on one's own people: what there is to learn from, how it goes, what came of it, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.errors import TrainingCancelledError
from facerec_app.gui.retraining_worker import RetrainingWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task
from facerec_app.gui.training_choices import TrainingChoices
from facerec_app.gui.training_curves import TrainingCurves
from facerec_app.gui.training_report import TrainingReport
from facerec_app.gui.training_words import progress_line
from facerec_app.gui.version_list import VersionList
from facerec_app.services.training_result import TrainingProgress, TrainingResult
from facerec_app.services.versions import VersionState


@dataclass(frozen=True, slots=True)
class _Material:
    people: int
    faces: int
    corrections: int
    disputed: int
    versions: tuple[VersionState, ...]


class RetrainPanel(QWidget):
    """Starts retrainings in a process of their own; the view goes on meanwhile.

    Args:
        services: the gallery's, the versions' and the retraining's.
    """

    ended = Signal(object)  # TrainingResult or FacerecError
    refreshed = Signal()

    def __init__(self, services: SharedServices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.worker = RetrainingWorker(services, self)
        self.worker.started.connect(self._fit)
        self.worker.progressed.connect(self._show_progress)
        self.worker.ended.connect(self._show_outcome)
        self._epochs_shown = 0
        self._has_material = False
        self._build()
        self._fit()

    @property
    def is_training(self) -> bool:
        """Whether a training runs."""
        return self.worker.is_running

    @property
    def material(self) -> str:
        """What there is to train on, as it is shown."""
        return self._material.text()

    @property
    def message(self) -> str:
        """What is wrong, or that a training was cancelled; empty when nothing is to be said."""
        return "" if self._message.isHidden() else self._message.text()

    def refresh(self) -> None:
        """Count again what there is to train on; does nothing while nobody looks."""
        if self.isVisible():
            self._do(lambda: None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def start(self) -> None:
        """Begin a training."""
        self._say("")
        self.report.hide()
        self._epochs_shown = 0
        self.curves.clear_curves()
        self.curves.show()
        self._progress.setRange(0, 0)
        self._progress_line.setText(self.tr("Starting"))
        self.worker.start(self.choices.options())
        self._fit()

    def cancel(self) -> None:
        """End the training; the present network stays."""
        self._progress_line.setText(self.tr("Cancelling"))
        self._cancel.setEnabled(False)
        self.worker.cancel()

    def promote(self, version_id: str) -> None:
        """Bring a version into use."""
        self._do(lambda: self._services.versions().promote(version_id))

    def roll_back(self) -> None:
        """Use the network of before again."""
        self._do(lambda: self._services.versions().rollback())

    def remove(self, version_id: str) -> None:
        """Delete a version that is not in use."""
        self._do(lambda: self._services.versions().remove(version_id))

    def shut_down(self, timeout_s: float) -> bool:
        """End for good; return whether process and threads have ended."""
        return self.worker.shut_down(timeout_s)

    def _do(self, change: Callable[[], object]) -> None:
        """Carry a change out in the background and show the versions afterwards."""

        def work(_: Task) -> _Material:
            change()
            people = self._services.people().everybody()
            said = self._services.library().judgements().state(most=0).counts
            corrections = len(self._services.corrections().all()) + said.total
            faces = sum(person.face_count for person in people)
            return _Material(len(people), faces, corrections, said.disputed, self._services.versions().list())

        self.worker.tasks.start(work, done=self._show_material, failed=self._say)

    def _show_material(self, material: _Material) -> None:
        self._has_material = material.faces > 0
        if material.people == 0:
            self._material.setText(self.tr("Nobody is enrolled yet, so there is nothing to learn from."))
        else:
            people = self._counted(material.people, self.tr("1 person"), self.tr("{0} people"))
            faces = self._counted(material.faces, self.tr("1 face"), self.tr("{0} faces"))
            corrections = self._counted(material.corrections, self.tr("1 correction"), self.tr("{0} corrections"))
            words = self.tr("{0}, {1}, {2}").format(people, faces, corrections)
            if material.disputed:
                words += " " + self.tr("({0} contradictory and left out; see the library, Judge)").format(
                    material.disputed
                )
            self._material.setText(words)
        self.versions.show_versions(material.versions)
        self._fit()
        self.refreshed.emit()

    def _counted(self, count: int, one: str, several: str) -> str:
        return one if count == 1 else several.format(count)

    def _show_progress(self, progress: TrainingProgress) -> None:
        self._progress_line.setText(progress_line(progress))
        if progress.stage == "training" and progress.epochs:
            self._progress.setRange(0, progress.epochs)
            self._progress.setValue(progress.epoch)
        else:
            self._progress.setRange(0, 0)
        if progress.stage == "training" and progress.epoch > self._epochs_shown:
            self._epochs_shown = progress.epoch
            self.curves.add_epoch(progress.epoch, progress.loss, progress.validation_accuracy)

    def _show_outcome(self, outcome: object) -> None:
        if isinstance(outcome, TrainingResult):
            self.report.show_result(outcome)
        elif isinstance(outcome, TrainingCancelledError):
            self._say(self.tr("Cancelled. The present network stays in use."), is_fault=False)
        else:
            self._say(str(outcome))
        self._fit()
        self._do(lambda: None)
        self.ended.emit(outcome)

    def _ask_promote(self, version_id: str) -> None:
        self.report.hide()
        self.promote(version_id)

    def _ask_rollback(self) -> None:
        self.report.hide()
        self.roll_back()

    def _say(self, message: str, *, is_fault: bool = True) -> None:
        self._message.setText(message)
        self._message.setProperty("bad", "true" if is_fault else "false")
        self._message.style().polish(self._message)
        self._message.setVisible(bool(message))

    def _fit(self) -> None:
        running = self.is_training
        self._start.setVisible(not running)
        self._start.setEnabled(self._has_material)
        self._cancel.setVisible(running)
        self._cancel.setEnabled(running)
        self._progress.setVisible(running)
        self._progress_line.setVisible(running)
        self.choices.setEnabled(not running)

    def _build(self) -> None:
        self._material = QLabel(self.tr("Counting ..."), self)
        hint = QLabel(
            self.tr("The program learns to tell your people apart. The present network stays if the new one is worse."),
            self,
        )
        hint.setProperty("muted", "true")
        self._message = QLabel(self)
        self._progress_line = QLabel(self)
        self._progress_line.setProperty("muted", "true")
        for label in (self._material, hint, self._message, self._progress_line):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._message.hide()
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self.curves = TrainingCurves(self)
        self.curves.hide()
        self.report = TrainingReport(self)
        self.report.promote_asked.connect(self._ask_promote)
        self.report.rollback_asked.connect(self._ask_rollback)
        self.choices = TrainingChoices(self)
        self.versions = VersionList(self)
        self.versions.promote_asked.connect(self.promote)
        self.versions.remove_asked.connect(self.remove)
        self._start = QPushButton(self.tr("Start training"), self)
        self._start.setProperty("primary", "true")
        self._start.clicked.connect(self.start)
        self._cancel = QPushButton(self.tr("Cancel"), self)
        self._cancel.clicked.connect(self.cancel)
        self._lay_out(hint)

    def _lay_out(self, hint: QLabel) -> None:
        history = QLabel(self.tr("Networks"), self)
        font = history.font()
        font.setWeight(font.Weight.DemiBold)
        for label in (history, self._material):
            label.setFont(font)
        content = QWidget(self)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(12, 12, 12, 12)
        inner.setSpacing(8)
        parts = (self._material, hint, self._progress, self._progress_line, self.curves, self._message, self.report)
        for part in (*parts, self.choices):
            inner.addWidget(part)
        inner.addSpacing(6)
        inner.addWidget(history)
        inner.addWidget(self.versions)
        inner.addStretch(1)
        content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 0, 12, 12)
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll, 1)
        layout.addLayout(buttons)
