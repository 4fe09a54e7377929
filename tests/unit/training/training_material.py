"""Made-up features: people as directions, faces around them, easy enough to learn from in a second."""

from __future__ import annotations

import numpy as np

from facerec_app.training.labelled_features import LabelledFeatures


def made_features(
    people: int, faces: int = 4, *, dimension: int = 32, spread: float = 0.7, seed: int = 0, singles: int = 0
) -> LabelledFeatures:
    """Return ``people`` with ``faces`` each and ``singles`` more with one."""
    generator = np.random.default_rng(seed)
    counts = [faces] * people + [1] * singles
    labels = [f"person{number:03d}" for number, count in enumerate(counts) for _ in range(count)]
    centres = generator.normal(size=(len(counts), dimension))
    vectors = np.repeat(centres, counts, axis=0) + spread * generator.normal(size=(len(labels), dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return LabelledFeatures.of(vectors.astype(np.float32), labels, "made-up")
