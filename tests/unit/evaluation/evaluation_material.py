"""Made-up people as pictures with features, for protocols and metrics that need no pixels."""

from __future__ import annotations

import numpy as np

from facerec_app.evaluation.picture_faces import FaceRows, PictureFaces


def made_faces(counts: list[int], *, dimension: int = 32, spread: float = 0.5, seed: int = 0) -> PictureFaces:
    """Return people ``p00``, ``p01`` ... with that many pictures each, every face found."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(len(counts), dimension))
    vectors = np.repeat(centres, counts, axis=0) + spread * generator.normal(size=(sum(counts), dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = FaceRows.zeros(sum(counts), dimension)
    rows.found[:] = True
    rows.vectors[:] = vectors
    rows.size_px[:] = generator.uniform(30, 130, sum(counts))
    rows.jpeg_quality[:] = 75
    names = [f"p{person:02d}/{number}.jpg" for person, count in enumerate(counts) for number in range(count)]
    return PictureFaces(tuple(names), rows, "made-up", "made up", "0" * 64)
