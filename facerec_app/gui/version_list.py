"""Every network that was trained on the gallery, and the shipped one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from facerec_app.gui.icons import set_icon
from facerec_app.services.versions import VersionState


class VersionList(QWidget):
    """One row a version, the newest first, with what can be done with it."""

    promote_asked = Signal(str)  # version
    remove_asked = Signal(str)  # version

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[QWidget] = []
        self._texts: list[str] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)

    @property
    def texts(self) -> list[str]:
        """What the rows say, the newest first, the shipped network last."""
        return list(self._texts)

    def show_versions(self, versions: Sequence[VersionState]) -> None:
        """Show the versions, given oldest first."""
        for row in self._rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows, self._texts = [], []
        for version in reversed(versions):
            self._add(self._title_of(version), self._detail_of(version), version.is_present, version)
        nobody = not any(version.is_present for version in versions)
        self._add(self.tr("Shipped network"), self.tr("as it was installed"), nobody, None)

    def _title_of(self, version: VersionState) -> str:
        if version.record is None:
            return version.version_id
        made = QDateTime.fromSecsSinceEpoch(round(version.record.created_at.timestamp()))
        return self.locale().toString(made, QLocale.FormatType.ShortFormat)

    def _detail_of(self, version: VersionState) -> str:
        if version.fault:
            return version.fault
        if version.record is None:
            return self.tr("cannot be read")
        data = version.record.data
        faces = sum(len(of) for of in data.people.values())
        return self.tr("{0} people, {1} faces, {2}").format(len(data.people), faces, version.record.objective)

    def _add(self, title: str, detail: str, in_use: bool, version: VersionState | None) -> None:
        row = QFrame(self)
        row.setObjectName("card")
        heading = QLabel(title, row)
        words = QLabel(f"{self.tr('In use')}  ·  {detail}" if in_use else detail, row)
        words.setProperty("muted", "true")
        words.setWordWrap(True)
        for label in (heading, words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(heading)
        texts.addWidget(words)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(10, 6, 6, 6)
        layout.setSpacing(2)
        layout.addLayout(texts, 1)
        if version is not None and not in_use:
            use = self._button(row, "good", self.tr("Use this network"))
            use.clicked.connect(partial(self._ask, self.promote_asked, version.version_id))
            use.setEnabled(not version.fault)
            remove = self._button(row, "remove", self.tr("Remove this network"))
            remove.clicked.connect(partial(self._ask, self.remove_asked, version.version_id))
            layout.addWidget(use)
            layout.addWidget(remove)
        self._layout.addWidget(row)
        self._rows.append(row)
        self._texts.append(f"{title}, {words.text()}")

    def _button(self, parent: QWidget, icon: str, name: str) -> QToolButton:
        button = QToolButton(parent)
        set_icon(button, icon)
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button

    def _ask(self, signal: SignalInstance, version_id: str, _checked: bool = False) -> None:
        signal.emit(version_id)
