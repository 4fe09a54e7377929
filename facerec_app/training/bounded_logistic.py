"""Logistic regression that a few wrong labels cannot bend: the probability stays between two bounds, fitted as well.

A picture filed under a wrong name, or a face behind a helmet, is a genuine pair that looks like an impostor; the plain
logistic must flatten everywhere to allow for it, because a single such pair costs as much as thousands of good ones.
With a small probability of either surprise in the model, the slope is that of the ordinary pairs (Copas, "Binary
regression models for contaminated data", Journal of the Royal Statistical Society B 50(2), 1988, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.training.logistic_regression import Float64Array, fit_logistic

_STEPS = 60
_LARGEST_BOUND = 0.1
_EXPECTED_LOG_BOUNDS = np.array([-7.0, -9.0])
_CONFIDENCE = 1e-5
"""Strength of the belief in the expected bounds: matters only where the data say nothing of them."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundedLogistic:
    """``lowest + (1 - lowest - highest) * sigmoid(coefficients . (1, features))``.

    Attributes:
        coefficients: ``(F + 1,)`` float64, the intercept first.
        lowest: probability that is left however much speaks against.
        highest: probability that is missing however much speaks for.
    """

    coefficients: Float64Array
    lowest: float
    highest: float

    def probabilities(self, features: Float64Array) -> Float64Array:
        """Return ``(N,)`` probabilities of ``(N, F)`` features."""
        return np.asarray(self.lowest + (1.0 - self.lowest - self.highest) * self._clean(features), np.float64)

    def _clean(self, features: Float64Array) -> Float64Array:
        scores = self.coefficients[0] + features @ self.coefficients[1:]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -40.0, 40.0))), np.float64)

    def jacobian(self, features: Float64Array) -> Float64Array:
        """Return ``(N, F + 3)`` derivatives of the probabilities by coefficients and logarithms of the bounds."""
        clean = self._clean(features)
        slope = (1.0 - self.lowest - self.highest) * clean * (1.0 - clean)
        design = np.column_stack([np.ones(len(features)), features])
        return np.column_stack([design * slope[:, None], self.lowest * (1.0 - clean), -self.highest * clean])


def fit_bounded_logistic(
    features: Float64Array,
    targets: npt.NDArray[np.bool_],
    weights: Float64Array | None = None,
    *,
    ridge: float = 1e-5,
) -> BoundedLogistic:
    """Return the most likely bounded logistic, by Fisher scoring from the plain one.

    Args:
        features: ``(N, F)``.
        targets: ``(N,)``, true for the event.
        weights: ``(N,)``, not negative; all 1 by default.
        ridge: L2 penalty on the coefficients per unit of weight.

    Raises:
        NotEnoughDataError: if one of the two outcomes never happens.
    """
    start = fit_logistic(features, targets, weights, ridge=ridge)
    w = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    w, y = w / w.sum(), targets.astype(np.float64)
    centre = np.append(np.zeros(len(start)), _EXPECTED_LOG_BOUNDS)
    pull = np.append(np.full(len(start), ridge), np.full(2, _CONFIDENCE))
    pull[0] = 0.0

    def loss_of(point: Float64Array) -> float:
        p = _probabilities(_model(point), features)
        return float(-w @ (y * np.log(p) + (1.0 - y) * np.log1p(-p)) + 0.5 * pull @ (point - centre) ** 2)

    point = np.append(start, _EXPECTED_LOG_BOUNDS)
    loss = loss_of(point)
    for _ in range(_STEPS):
        model = _model(point)
        p, slopes = _probabilities(model, features), model.jacobian(features)
        precision = w / (p * (1.0 - p))
        gradient = slopes.T @ (precision * (y - p)) - pull * (point - centre)
        information = (slopes * precision[:, None]).T @ slopes + np.diag(pull + 1e-12)
        direction = np.linalg.solve(information, gradient)
        step = 1.0
        while step > 1e-5 and not (tried := loss_of(point + step * direction)) < loss - 1e-13:
            step *= 0.5
        if step <= 1e-5:
            break
        point, loss = point + step * direction, tried
    return _model(point)


def _model(point: Float64Array) -> BoundedLogistic:
    lowest, highest = np.minimum(np.exp(np.minimum(point[-2:], 0.0)), _LARGEST_BOUND)
    return BoundedLogistic(point[:-2], float(lowest), float(highest))


def _probabilities(model: BoundedLogistic, features: Float64Array) -> Float64Array:
    return np.clip(model.probabilities(features), 1e-12, 1.0 - 1e-12)
