"""The options of a training, folded away: none needs to be touched."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSpinBox, QToolButton, QVBoxLayout, QWidget

_OBJECTIVES = ("similarity", "triplet", "ranking")


class TrainingChoices(QWidget):
    """Gives the options as ``facerec train`` takes them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fold = QToolButton(self)
        self._fold.setText(self.tr("Advanced"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setArrowType(Qt.ArrowType.RightArrow)
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._unfold)
        self._fields = QWidget(self)
        self._objective = QComboBox(self._fields)
        self._objective.setMinimumHeight(28)
        names = (self.tr("Similarity (as shipped)"), self.tr("Triplets"), self.tr("Ranking"))
        for objective, name in zip(_OBJECTIVES, names, strict=True):
            self._objective.addItem(name, objective)
        self._epochs = self._spin(200, self.tr("as needed"))
        self._seed = self._spin(9999, self.tr("0"))
        self._scratch = QCheckBox(self.tr("A new network, not the shipped one made better"), self._fields)
        form = QFormLayout(self._fields)
        form.setContentsMargins(4, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Objective"), self._objective)
        form.addRow(self.tr("Epochs"), self._epochs)
        form.addRow(self.tr("Seed"), self._seed)
        form.addRow(self._scratch)
        self._fields.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fold)
        layout.addWidget(self._fields)

    def set_epochs(self, epochs: int) -> None:
        """Choose the number of epochs; 0 leaves it to the program."""
        self._epochs.setValue(epochs)

    def options(self) -> list[str]:
        """Return the options that differ from what the program would choose."""
        options: list[str] = []
        if self._objective.currentData() != _OBJECTIVES[0]:
            options += ["--objective", str(self._objective.currentData())]
        if self._epochs.value():
            options += ["--epochs", str(self._epochs.value())]
        if self._seed.value():
            options += ["--seed", str(self._seed.value())]
        if self._scratch.isChecked():
            options.append("--from-scratch")
        return options

    def _spin(self, most: int, nothing: str) -> QSpinBox:
        box = QSpinBox(self._fields)
        box.setMinimumHeight(28)
        box.setRange(0, most)
        box.setSpecialValueText(nothing)
        return box

    def _unfold(self, open_: bool) -> None:
        self._fold.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._fields.setVisible(open_)
