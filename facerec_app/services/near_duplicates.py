"""Pictures that are all but the same as one that is enrolled teach nothing and are left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facerec_app.core.errors import NearDuplicateError
from facerec_app.core.types import Embeddings, Float32Array

_NEAR_DUPLICATE_COSINE = 0.985


def refuse_near_duplicate(vectors: Sequence[Float32Array], embedding: Embeddings, what: str) -> float:
    """Return the largest cosine of a face with those of its own person, -1 without any.

    Args:
        vectors: of the person's enrolled faces, ``(D,)`` each, unit length.
        embedding: of the new face, one row.
        what: the picture as the user knows it.

    Raises:
        NearDuplicateError: one of them is the same picture.
    """
    own = float(np.max(np.stack(vectors) @ embedding.vectors[0])) if len(vectors) else -1.0
    if own > _NEAR_DUPLICATE_COSINE:
        raise NearDuplicateError(
            f"The face in {what} is the same picture as one that is enrolled; nothing new to learn."
        )
    return own
