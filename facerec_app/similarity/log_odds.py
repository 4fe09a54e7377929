"""Between probabilities and log odds, safe at both ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import Float32Array

MAX_LOG_ODDS = 15.0
"""Beyond this a float32 probability can no longer be told from 1, and no measurement supports it either."""


def probabilities_of(log_odds: npt.NDArray[np.floating]) -> Float32Array:
    """Return the probabilities, float32 in 0..1, of log odds of any shape."""
    clipped = np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
    return np.asarray(1.0 / (1.0 + np.exp(-clipped)), np.float32)


def log_odds_of(probabilities: npt.NDArray[np.floating]) -> Float32Array:
    """Return ``log(p / (1 - p))`` as float32, cut to +-``MAX_LOG_ODDS``."""
    p = np.asarray(probabilities, np.float64)
    with np.errstate(divide="ignore"):
        odds = np.log(p) - np.log1p(-p)
    return np.asarray(np.clip(odds, -MAX_LOG_ODDS, MAX_LOG_ODDS), np.float32)
