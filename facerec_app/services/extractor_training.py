"""Growing the program's own extractor from a folder of pictures; PyTorch is needed for it and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facerec_app.training.extractor.commands import WorkFolder, planned_recipe
from facerec_app.training.extractor.reproduction import CHECK_STEPS, CurveComparison
from facerec_app.training.extractor.whole_run import RunPlan, check_plan, check_reproduction, grow

Say = Callable[[str], None]


class ExtractorTrainingService:
    """Trains the ResNet50 in a work folder, from checkpoint to checkpoint.

    Args:
        work: folder for aligned faces, the teachers' values, checkpoints, the log and the result.
        data: folder with ``lfw``, ``portraits`` and ``splits``.
        dlib: dlib's network, one of the two teachers; None looks for the installed package that holds it.
    """

    def __init__(self, work: Path, data: Path, dlib: Path | None) -> None:
        self._layout = WorkFolder(work)
        self._data = data
        self._dlib = dlib

    def grow(
        self,
        say: Say,
        *,
        stages: str | None = None,
        decay_from: int | None = None,
        made_shards: int = 24,
        until: int | None = None,
        start_from: Path | None = None,
    ) -> Path:
        """Prepare, teach, train, export and draw the curve; return the folder with the results.

        Args:
            say: told each step.
            stages: pictures seen and picture size of each stage, as in ``225000:64,400000:80``.
            decay_from: pictures seen when the learning rate begins to fall.
            made_shards: shards of 4,096 made faces beside the real ones.
            until: stop, with a checkpoint, after so many pictures.
            start_from: weights to go on from with a fresh optimiser.

        Raises:
            ConfigError: if PyTorch, the data or a sensible plan are missing.
            TrainingError: if there is too little to learn from.
            WeightsMissingError: if a teacher is missing.
        """
        recipe = planned_recipe(stages, decay_from)
        plan = RunPlan(self._data, self._dlib, recipe, made_shards=made_shards)
        return grow(self._layout, plan, until, start_from, say)

    def check(self, say: Say, *, steps: int = CHECK_STEPS) -> CurveComparison:
        """Train the first steps from nothing, as the recorded run did, and compare the losses.

        Raises:
            ConfigError: if PyTorch or the data are missing, or the work folder holds a run already.
            WeightsMissingError: if a teacher is missing.
        """
        return check_reproduction(self._layout, check_plan(self._data, self._dlib), steps, say)
