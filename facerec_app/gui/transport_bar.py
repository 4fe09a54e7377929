"""Play, pause, step, place in a file, speed, recording."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from facerec_app.gui.icons import set_icon
from facerec_app.gui.session_worker import PlayState
from facerec_app.gui.source_info import SourceInfo
from facerec_app.gui.speed_button import SpeedButton


class SeekSlider(QSlider):
    """A slider that jumps to where it is clicked instead of a page nearer."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and not self._handle_contains(event):
            fraction = event.position().x() / max(1, self.width())
            self.setSliderDown(True)
            self.setSliderPosition(round(self.minimum() + fraction * (self.maximum() - self.minimum())))
        super().mousePressEvent(event)

    def _handle_contains(self, event: QMouseEvent) -> bool:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        return handle.contains(event.position().toPoint())


def clock_text(seconds: float) -> str:
    """Return minutes and seconds, with hours where there are any."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class TransportBar(QFrame):
    """The row of controls under the picture."""

    toggled = Signal()
    stepped = Signal()
    sought = Signal(int)  # frame index
    speed_chosen = Signal(float)
    record_toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self._info: SourceInfo | None = None
        self._play = self._button()
        self._play.clicked.connect(self.toggled)
        self._step = self._button()
        self._step.clicked.connect(self.stepped)
        set_icon(self._step, "step")
        self._step.setToolTip(self.tr("Next frame (.)"))
        self._step.setAccessibleName(self.tr("Next frame"))
        self._slider = SeekSlider(Qt.Orientation.Horizontal, self)
        self._slider.setAccessibleName(self.tr("Place in the video"))
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrow keys belong to the window
        self._slider.valueChanged.connect(self._on_value)
        self._time = QLabel(self)
        self._time.setProperty("muted", "true")
        self._speed = SpeedButton(self)
        self._speed.chosen.connect(self.speed_chosen)
        self._record = self._button()
        self._record.clicked.connect(self.record_toggled)
        self._recorded = QLabel(self)
        self._recorded.setProperty("bad", "true")
        self._recorded.setMinimumWidth(self._recorded.fontMetrics().horizontalAdvance("00:00"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(6)
        layout.addWidget(self._play)
        layout.addWidget(self._step)
        layout.addWidget(self._slider, 1)
        layout.addStretch(0)
        layout.addWidget(self._time)
        layout.addWidget(self._speed)
        layout.addWidget(self._recorded)
        layout.addWidget(self._record)
        self.show_recording(None)
        self.show_state(PlayState.EMPTY)
        self.show_source(None)

    def show_source(self, info: SourceInfo | None) -> None:
        """Fit the controls to a source."""
        self._info = info
        seekable = info is not None and info.is_seekable
        self._slider.setVisible(seekable)
        self._step.setVisible(info is None or not info.is_live)
        self._speed.setVisible(info is not None and not info.is_live and info.frame_rate is not None)
        self.show_speed(1.0)
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, max(0, (info.frame_count or 1) - 1) if info is not None else 0)
            self._slider.setValue(0)
        self._time.setText(self.tr("Live") if info is not None and info.is_live else "")

    def show_state(self, state: PlayState) -> None:
        """Fit the buttons to what the view is doing."""
        icons = {PlayState.PLAYING: "pause", PlayState.ENDED: "replay", PlayState.FAILED: "replay"}
        set_icon(self._play, icons.get(state, "play"))
        names = {
            PlayState.PLAYING: self.tr("Pause"),
            PlayState.ENDED: self.tr("Play again"),
            PlayState.FAILED: self.tr("Try again"),
        }
        name = names.get(state, self.tr("Play"))
        self._play.setToolTip(self.tr("{0} (Space)").format(name))
        self._play.setAccessibleName(name)
        can_play_again = state is PlayState.ENDED and self._info is not None and self._info.is_seekable
        self._play.setEnabled(state in {PlayState.PLAYING, PlayState.PAUSED, PlayState.FAILED} or can_play_again)
        self._step.setEnabled(state in {PlayState.PLAYING, PlayState.PAUSED})
        self._slider.setEnabled(state in {PlayState.PLAYING, PlayState.PAUSED, PlayState.ENDED})
        self._record.setEnabled(state in {PlayState.PLAYING, PlayState.PAUSED})

    def show_speed(self, speed: float) -> None:
        """Show how fast a file plays."""
        self._speed.show_speed(speed)

    def show_recording(self, seconds: float | None) -> None:
        """Show how long the present recording is; None while nothing is recorded."""
        recording = seconds is not None
        set_icon(self._record, "stop" if recording else "record", "bad")
        name = self.tr("Stop recording") if recording else self.tr("Record with boxes and names")
        self._record.setToolTip(self.tr("{0} (Ctrl+R)").format(name))
        self._record.setAccessibleName(name)
        self._recorded.setVisible(recording)
        self._recorded.setText(clock_text(seconds) if seconds is not None else "")

    @property
    def recorded_text(self) -> str:
        """Length of the present recording as it is shown; empty while nothing is recorded."""
        return self._recorded.text()

    def show_place(self, index: int) -> None:
        """Show which frame is in the view."""
        info = self._info
        if info is None or info.is_live:
            return
        if info.is_seekable and not self._slider.isSliderDown():
            with QSignalBlocker(self._slider):
                self._slider.setValue(index)
        self._time.setText(self._place_text(info, index))

    def _place_text(self, info: SourceInfo, index: int) -> str:
        if info.frame_rate is None:
            return self.tr("{0} of {1}").format(index + 1, info.frame_count)
        here = clock_text(index / info.frame_rate)
        return f"{here} / {clock_text(info.frame_count / info.frame_rate)}" if info.frame_count else here

    def _on_value(self, value: int) -> None:
        self.sought.emit(value)

    def _button(self) -> QToolButton:
        button = QToolButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
