"""Settings: what takes effect at once does, and recognition starts again by itself where it has to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from facerec_app.capture.camera_source import CameraDescription
from facerec_app.config.settings import DETECTORS, Settings
from facerec_app.config.settings_changes import SettingValue, change_settings
from facerec_app.gui.keeping_switch import KeepingSwitch
from facerec_app.gui.recorder import recordings_folder
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.strictness_slider import StrictnessSlider
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.calibration import CalibrationOverview

_FIELD_HEIGHT_PX = 28
CAMERA_KEY = "camera/number"
RECORDINGS_KEY = "recording/folder"
RECENT_KEY = "sources/recent"


class SettingsPanel(QWidget):
    """Writes each choice to the user's settings file as soon as it is made.

    Args:
        services: the profiles, and what strictness means for the gallery.
        tasks: where they are asked.
        choices: what belongs to the window: camera and folder of recordings.
        settings_file: of the program; None is the user's own.
        cameras: finds the cameras.
    """

    changed = Signal(object)  # what was written, by setting; recognition has to start again with it

    def __init__(
        self,
        services: SharedServices,
        tasks: TaskRunner,
        choices: QSettings,
        settings_file: Path | None,
        cameras: Callable[[], tuple[CameraDescription, ...]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._choices = choices
        self._file = settings_file
        self._find_cameras = cameras
        self._is_showing = False
        self._make_fields()
        self._lay_out()
        self.show_settings(services.settings)

    @property
    def message(self) -> str:
        """What is wrong, or what is under way; empty when nothing is."""
        return "" if self._message.isHidden() else self._message.text()

    def show_settings(self, settings: Settings) -> None:
        """Show settings without writing anything."""
        self._is_showing = True
        self.strictness.set_rate(settings.stranger_rate)
        self._select(self.profile, settings.profile)
        self._select(self.detector, settings.detector or "")
        self.smallest.setValue(settings.min_face_px)
        self.threads.setValue(settings.threads)
        self._data.setText(str(settings.database_dir))
        chosen = self._choices.value(RECORDINGS_KEY)
        self._recordings.setText(str(chosen) if isinstance(chosen, str) and chosen else str(recordings_folder()))
        self._is_showing = False

    def note_applied(self) -> None:
        """Recognition runs with the new settings."""
        self._say("")
        self.refresh()

    def show_fault(self, message: str) -> None:
        """Say what went wrong with a change."""
        self._say(message, is_fault=True)

    def refresh(self) -> None:
        """Measure again what strictness means; does nothing while nobody looks."""
        if not self.isVisible():
            return

        def work(_: Task) -> tuple[CalibrationOverview, tuple[str, ...]]:
            return self._services.calibration().overview(), self._services.profile_names()

        def done(found: tuple[CalibrationOverview, tuple[str, ...]]) -> None:
            overview, profiles = found
            self.strictness.show_overview(overview)
            self._offer_profiles(profiles)

        self._tasks.start(work, done=done, failed=self.show_fault)
        self.keeping.refresh()
        self._tasks.start(lambda _: self._find_cameras(), done=self._offer_cameras, failed=self.show_fault)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _change(self, name: str, value: SettingValue) -> None:
        """Write one setting in the background and tell of it."""
        if self._is_showing:
            return
        self._say(self.tr("Recognition is starting again ..."))

        def work(_: Task) -> dict[str, SettingValue]:
            change_settings({name: value}, self._file)
            return {name: value}

        self._tasks.start(work, done=self.changed.emit, failed=self.refuse)

    def refuse(self, message: str) -> None:
        """Show the settings in force, and why a change is not."""
        self.show_settings(self._services.settings)
        self.show_fault(message)

    def _offer_profiles(self, names: tuple[str, ...]) -> None:
        titles = {
            "sface": self.tr("SFace"),
            "resnet50": self.tr("ResNet50: misses more"),
            "fusion": self.tr("Fusion of both: slower"),
        }
        self._is_showing = True
        self.profile.clear()
        for name in names:
            self.profile.addItem(titles.get(name, name), name)
        self._select(self.profile, self._services.settings.profile)
        self._is_showing = False

    def _offer_cameras(self, cameras: tuple[CameraDescription, ...]) -> None:
        self._is_showing = True
        chosen = str(self._choices.value(CAMERA_KEY, ""))
        self.camera.clear()
        self.camera.addItem(self.tr("The first one found"), "")
        for camera in cameras:
            self.camera.addItem(camera.name or self.tr("Camera {0}").format(camera.number), str(camera.number))
        self._select(self.camera, chosen)
        self._is_showing = False

    def _select(self, box: QComboBox, value: str) -> None:
        place = box.findData(value)
        if place < 0:
            box.addItem(value, value)
            place = box.count() - 1
        box.setCurrentIndex(place)

    def _choose_camera(self) -> None:
        if not self._is_showing:
            self._choices.setValue(CAMERA_KEY, self.camera.currentData() or "")

    def _choose_recordings(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder for recordings"), self._recordings.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._take_recordings)
        dialog.open()

    def _take_recordings(self, folder: str) -> None:
        if folder:
            self._choices.setValue(RECORDINGS_KEY, folder)
            self._recordings.setText(folder)

    def _forget_recent(self) -> None:
        self._choices.remove(RECENT_KEY)
        self._say(self.tr("The list of recent sources is empty."))

    def _open_data(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._data.text()))

    def _say(self, message: str, *, is_fault: bool = False) -> None:
        self._message.setText(message)
        self._message.setProperty("bad", "true" if is_fault else "false")
        self._message.setProperty("muted", "false" if is_fault else "true")
        self._message.style().polish(self._message)
        self._message.setVisible(bool(message))

    def _make_fields(self) -> None:
        self.strictness = StrictnessSlider(self)
        self.strictness.chosen.connect(lambda rate: self._change("stranger_rate", rate))
        self.profile = QComboBox(self)
        self.profile.currentIndexChanged.connect(lambda _: self._change("profile", self.profile.currentData()))
        self.detector = QComboBox(self)
        for title, value in ((self.tr("As the profile says"), ""), *((name.upper(), name) for name in DETECTORS)):
            self.detector.addItem(title, value)
        self.detector.currentIndexChanged.connect(
            lambda _: self._change("detector", self.detector.currentData() or None)
        )
        self.smallest = QSpinBox(self)
        self.smallest.setRange(20, 400)
        self.smallest.setSuffix(self.tr(" px"))
        self.smallest.setKeyboardTracking(False)
        self.smallest.valueChanged.connect(lambda value: self._change("min_face_px", value))
        self.camera = QComboBox(self)
        self.camera.addItem(self.tr("The first one found"), "")
        self.camera.currentIndexChanged.connect(lambda _: self._choose_camera())
        self.threads = QSpinBox(self)
        self.threads.setRange(0, os.cpu_count() or 1)
        self.threads.setSpecialValueText(self.tr("As many as fit"))
        self.threads.setKeyboardTracking(False)
        self.threads.valueChanged.connect(lambda value: self._change("threads", value))
        self.keeping = KeepingSwitch(self._services, self._tasks, self)
        self.keeping.failed.connect(self.show_fault)
        self._data = self._path_label()
        self._recordings = self._path_label()
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setContentsMargins(12, 4, 12, 8)
        # Its line stays while there is nothing to say: nothing moves under the pointer when a choice takes effect.
        policy = self._message.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._message.setSizePolicy(policy)
        self._message.hide()

    def _path_label(self) -> QLabel:
        label = QLabel(self)
        label.setProperty("muted", "true")
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _heading(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setProperty("heading", "true")
        label.setContentsMargins(0, 10, 0, 0)
        return label

    def _button(self, text: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.clicked.connect(lambda _=False: action())
        return button

    def _form(self, *rows: tuple[str, QWidget]) -> QFormLayout:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        label_width = self.fontMetrics().horizontalAdvance(self.tr("Smallest face"))  # the widest of all forms
        for title, field in rows:
            field.setMinimumHeight(_FIELD_HEIGHT_PX)
            label = QLabel(title, self)
            label.setMinimumWidth(label_width)
            label.setBuddy(field)
            form.addRow(label, field)
        return form

    def _lay_out(self) -> None:
        content = QWidget(self)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(12, 12, 12, 12)
        inner.setSpacing(8)
        inner.addWidget(self._heading(self.tr("Strictness")))
        inner.addWidget(self.strictness)
        inner.addWidget(self._heading(self.tr("Recognition")))
        inner.addLayout(
            self._form(
                (self.tr("Profile"), self.profile),
                (self.tr("Detector"), self.detector),
                (self.tr("Smallest face"), self.smallest),
                (self.tr("Threads"), self.threads),
            )
        )
        inner.addWidget(self._heading(self.tr("Camera")))
        inner.addLayout(self._form((self.tr("Opens with"), self.camera)))
        inner.addWidget(self._heading(self.tr("Where things are")))
        inner.addWidget(QLabel(self.tr("People, pictures and networks"), self))
        inner.addWidget(self._data)
        inner.addWidget(self._button(self.tr("Open folder"), self._open_data), 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(QLabel(self.tr("Recordings"), self))
        inner.addWidget(self._recordings)
        inner.addWidget(self._button(self.tr("Choose ..."), self._choose_recordings), 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(self._heading(self.tr("Privacy")))
        privacy = QLabel(
            self.tr(
                "Nothing leaves this computer. Watching stores nothing unless you switch that on below. Kept are the "
                "people you enrol, the faces of pictures you add to the unknown ones, and of a face that was told "
                'apart by "This is not ..." its features, until the person it was taken for is deleted.'
            ),
            self,
        )
        privacy.setWordWrap(True)
        privacy.setProperty("muted", "true")
        inner.addWidget(privacy)
        inner.addWidget(self.keeping)
        inner.addWidget(
            self._button(self.tr("Forget recent sources"), self._forget_recent), 0, Qt.AlignmentFlag.AlignLeft
        )
        inner.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._message)
