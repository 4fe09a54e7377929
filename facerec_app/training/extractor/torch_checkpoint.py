"""Full checkpoints: everything needed to go on exactly, in two files that can execute nothing.

``state.safetensors`` holds the student, its running average, the readers of hints if there are any, and the optimiser's
moments; ``progress.json`` beside it the counts. A checkpoint is a folder that is written aside and renamed, and
``latest`` names the newest.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from facerec_app.core.errors import WeightsRejectedError

KEPT = 3


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        seen: pictures seen in all.
        steps: optimiser steps in all.
        seconds: wall time spent training in all.
        resumed_at: pictures seen when the optimiser was last fresh.
    """

    seen: int = 0
    steps: int = 0
    seconds: float = 0.0
    resumed_at: int = 0


def save_checkpoint(
    folder: Path,
    networks: Mapping[str, nn.Module],
    optimiser: torch.optim.Optimizer,
    progress: Progress,
) -> Path:
    """Write ``folder/checkpoint-SEEN`` and point ``folder/latest`` at it; old ones but the last three go."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{prefix}/{name}": value
        for prefix, network in networks.items()
        for name, value in network.state_dict().items()
    }
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{number}/{name}": torch.as_tensor(value) for name, value in state.items()}
    target = folder / f"checkpoint-{progress.seen:09d}"
    staging = folder / f"{target.name}.part"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    save_file({name: value.contiguous() for name, value in tensors.items()}, staging / "state.safetensors")
    (staging / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)
    pointer = folder / "latest.part"
    pointer.write_text(target.name, encoding="utf-8")
    pointer.replace(folder / "latest")
    for old in sorted(folder.glob("checkpoint-?????????"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def load_checkpoint(
    folder: Path,
    networks: Mapping[str, nn.Module],
    optimiser: torch.optim.Optimizer | None,
    progress: Progress,
) -> bool:
    """Fill what is given from the newest checkpoint; return whether there was one.

    Raises:
        WeightsRejectedError: if the checkpoint belongs to another network.
    """
    pointer = folder / "latest"
    if not pointer.is_file():
        return False
    source = folder / Path(pointer.read_text(encoding="utf-8").strip()).name
    tensors = load_file(source / "state.safetensors")
    try:
        for prefix, network in networks.items():
            network.load_state_dict(_part(tensors, f"{prefix}/"))
    except RuntimeError as exc:
        msg = f"{source} is a checkpoint of another network: {exc}"
        raise WeightsRejectedError(msg) from exc
    if optimiser is not None:
        _fill_optimiser(optimiser, _part(tensors, "optimiser/"))
    for name, value in json.loads((source / "progress.json").read_text(encoding="utf-8")).items():
        setattr(progress, name, value)
    return True


def _fill_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give the optimiser its moments back, laid out in memory like the weights: the fused step relies on it."""
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, key = name.partition("/")
        like = weights[int(number)]
        placed = torch.empty_like(like, dtype=value.dtype).copy_(value) if value.shape == like.shape else value
        moments.setdefault(int(number), {})[key] = placed
    state = optimiser.state_dict()
    state["state"] = moments
    optimiser.load_state_dict(state)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors under a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
