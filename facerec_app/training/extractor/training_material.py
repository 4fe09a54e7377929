"""Choosing what the student sees in each step, as a function of the step's number alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.training.extractor.face_bank import Shard


class TrainingMaterial:
    """Real faces (the first shard) and made faces (the others), drawn with a fixed share of each.

    Args:
        shards: the bank, the real faces first.
        real_share: share of real faces in a batch; 1 where there are no others.
        seed: with the step's number, decides everything.
        weights: ``(N,)`` how often each real face is drawn beside the others in weighted batches; None for alike.
    """

    def __init__(
        self, shards: Sequence[Shard], real_share: float, seed: int, weights: Float32Array | None = None
    ) -> None:
        if len(shards[0]) == 0:
            msg = "the bank holds no real faces; run 'prepare' and 'teach' first"
            raise NotEnoughDataError(msg)
        self._shards = list(shards)
        self._real_share = real_share if len(shards) > 1 else 1.0
        self._seed = seed
        self.sface_mean = shards[0].sface.mean(axis=0)
        self._dlib_mean = shards[0].dlib.mean(axis=0)
        if weights is not None and not (
            len(weights) == len(shards[0]) and np.isfinite(weights).all() and weights.any()
        ):
            msg = f"{len(weights)} weights do not fit {len(shards[0])} real faces; run 'weigh' again after 'teach'"
            raise NotEnoughDataError(msg)
        chances = np.cumsum(np.ones(len(shards[0])) if weights is None else weights, dtype=np.float64)
        self._up_to_row = chances / chances[-1]

    def __len__(self) -> int:
        return sum(len(shard) for shard in self._shards)

    def generator(self, step: int, part: int = 0) -> np.random.Generator:
        """Return the source of chance of one part of one step, which decides its batch and every change to it."""
        return np.random.default_rng([self._seed, step, part])

    def real_faces(self, count: int) -> UInt8Array:
        """Return ``(N, 128, 128, 3)`` real faces, spread over all of them."""
        pixels = self._shards[0].pixels_rgb
        return np.array(pixels[:: max(1, len(pixels) // count)][:count])

    def batch(
        self, count: int, generator: np.random.Generator, weighted: bool = False
    ) -> tuple[UInt8Array, Float32Array]:
        """Return pictures and what the teachers say of them.

        Args:
            count: how many.
            generator: the source of chance.
            weighted: whether real faces are drawn by their weights.

        Returns:
            ``(N, 128, 128, 3)`` pictures and ``(N, 256)`` targets, each teacher's less its mean on real faces.
        """
        pictures, targets = [], []
        for shard, row in zip(*self._draw(count, generator, weighted), strict=True):
            source = self._shards[int(shard)]
            pictures.append(source.pixels_rgb[int(row)])
            parts = [source.sface[int(row)] - self.sface_mean, source.dlib[int(row)] - self._dlib_mean]
            targets.append(np.concatenate(parts))
        return np.stack(pictures), np.stack(targets).astype(np.float32)

    def _draw(self, count: int, generator: np.random.Generator, weighted: bool) -> tuple[Int64Array, Int64Array]:
        """Return which shard and which row of it each picture comes from."""
        real = generator.random(count) < self._real_share
        made = max(1, len(self._shards) - 1)
        shards = np.where(real, 0, 1 + generator.integers(0, made, count))
        sizes = np.array([len(self._shards[int(shard)]) for shard in shards])
        chance = generator.random(count)
        rows = (chance * sizes).astype(np.int64)
        if weighted:
            rows = np.where(real, np.searchsorted(self._up_to_row, chance, side="right"), rows)
        return shards.astype(np.int64), rows
