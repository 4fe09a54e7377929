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
        people: ``(N,)`` whom each real face shows, equal for equal people; without it each counts as another's.
    """

    def __init__(self, shards: Sequence[Shard], real_share: float, seed: int, people: Int64Array | None = None) -> None:
        if len(shards[0]) == 0:
            msg = "the bank holds no real faces; run 'prepare' and 'teach' first"
            raise NotEnoughDataError(msg)
        self._shards = list(shards)
        self._real_share = real_share if len(shards) > 1 else 1.0
        self._seed = seed
        self.sface_mean = shards[0].sface.mean(axis=0)
        self._dlib_mean = shards[0].dlib.mean(axis=0)
        self._up_to_row = _balanced_chances(np.arange(len(shards[0])) if people is None else people)

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
        self, count: int, generator: np.random.Generator, balanced: bool = False
    ) -> tuple[UInt8Array, Float32Array]:
        """Return pictures and what the teachers say of them.

        Args:
            count: how many.
            generator: the source of chance.
            balanced: whether people of many pictures are drawn less than these many times as often as others.

        Returns:
            ``(N, 128, 128, 3)`` pictures and ``(N, 256)`` targets, each teacher's less its mean on real faces.
        """
        pictures, targets = [], []
        for shard, row in zip(*self._draw(count, generator, balanced), strict=True):
            source = self._shards[int(shard)]
            pictures.append(source.pixels_rgb[int(row)])
            parts = [source.sface[int(row)] - self.sface_mean, source.dlib[int(row)] - self._dlib_mean]
            targets.append(np.concatenate(parts))
        return np.stack(pictures), np.stack(targets).astype(np.float32)

    def _draw(self, count: int, generator: np.random.Generator, balanced: bool) -> tuple[Int64Array, Int64Array]:
        """Return which shard and which row of it each picture comes from."""
        real = generator.random(count) < self._real_share
        made = max(1, len(self._shards) - 1)
        shards = np.where(real, 0, 1 + generator.integers(0, made, count))
        sizes = np.array([len(self._shards[int(shard)]) for shard in shards])
        chance = generator.random(count)
        rows = (chance * sizes).astype(np.int64)
        if balanced:
            rows = np.where(real, np.searchsorted(self._up_to_row, chance, side="right"), rows)
        return shards.astype(np.int64), rows


def _balanced_chances(people: Int64Array) -> Float32Array:
    """Return ``(N,)`` the chance to draw a picture up to and with each row.

    A person's chance grows with the square root of the pictures there are: LFW has 236 of Colin Powell and one each of
    most others, and whoever is shown 236 times as often becomes what unlike faces are taken for.
    """
    _, person, counts = np.unique(people, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[person])
    chances = np.cumsum(weights / weights.sum()).astype(np.float32)
    chances[-1] = 1.0
    return chances
