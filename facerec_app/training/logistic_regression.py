"""Logistic regression by Newton's method: a few features, many rows, no library."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import NotEnoughDataError

Float64Array = npt.NDArray[np.float64]


def fit_logistic(
    features: Float64Array,
    targets: npt.NDArray[np.bool_],
    weights: Float64Array | None = None,
    *,
    ridge: float = 1e-6,
    steps: int = 50,
) -> Float64Array:
    """Return intercept and coefficients, ``(F + 1,)`` float64, of the weighted logistic regression.

    Args:
        features: ``(N, F)``.
        targets: ``(N,)``, true for the event.
        weights: ``(N,)``, not negative; all 1 by default.
        ridge: L2 penalty on the coefficients per unit of weight, which keeps separable data finite.
        steps: at most; it ends earlier when nothing changes.

    Raises:
        NotEnoughDataError: if one of the two outcomes never happens.
    """
    y = targets.astype(np.float64)
    w = np.ones(len(y)) if weights is None else weights.astype(np.float64)
    w = w / max(float(w.sum()), 1e-300)
    if min(float(w[targets].sum()), float(w[~targets].sum())) <= 0:
        raise NotEnoughDataError("A calibration needs examples of both outcomes; add people or faces.")
    design = np.column_stack([np.ones(len(y)), features])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(design.shape[1])

    def loss_of(point: Float64Array) -> float:
        scores = design @ point
        return float(w @ (np.logaddexp(0.0, scores) - y * scores) + 0.5 * penalty @ point**2)

    for _ in range(steps):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -500, 500)))
        gradient = design.T @ (w * (p - y)) + penalty * beta
        hessian = (design * (w * np.maximum(p * (1 - p), 1e-12))[:, None]).T @ design + np.diag(penalty + 1e-12)
        direction = np.linalg.solve(hessian, gradient)
        better = _line_search(loss_of, beta, direction)
        if better is None:
            break
        beta = better
    return beta


def fit_temperature(
    log_odds: Float64Array, targets: npt.NDArray[np.bool_], weights: Float64Array, *, tolerance: float = 1e-4
) -> float:
    """Return the number between 0.1 and 5 that multiplied with the log odds gives the least log loss.

    The inverse temperature of Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2; by golden
    section, since the loss is convex in it.
    """
    golden = (5**0.5 - 1) / 2
    low, high = 0.1, 5.0
    while high - low > tolerance:
        left, right = high - golden * (high - low), low + golden * (high - low)
        falls = log_loss(left * log_odds, targets, weights) > log_loss(right * log_odds, targets, weights)
        low, high = (left, high) if falls else (low, right)
    return 0.5 * (low + high)


def log_loss(log_odds: Float64Array, targets: npt.NDArray[np.bool_], weights: Float64Array) -> float:
    """Return the weighted mean of ``-log p(outcome)`` in nats."""
    signed = np.where(targets, log_odds, -log_odds)
    return float(np.average(np.logaddexp(0.0, -signed), weights=weights))


def _line_search(
    loss_of: Callable[[Float64Array], float], beta: Float64Array, direction: Float64Array
) -> Float64Array | None:
    """Return the first point along the direction, halving the step each time, that lowers the loss; None at the end."""
    loss, step = loss_of(beta), 1.0
    while step > 1e-6:
        tried = beta - step * direction
        if loss_of(tried) < loss - 1e-13:
            return tried
        step *= 0.5
    return None
