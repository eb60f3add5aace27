"""Logistic regression, fitted exactly: the baseline, and the network's form where units are few.

Weighted maximum likelihood with an L2 penalty on the weights (not the bias), by L-BFGS on the convex
objective. Sources: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4; scipy's
L-BFGS-B. Deterministic: starts at zero, no sampling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aurora.train.network import Layer

MAX_ITERATIONS = 400

Rows = NDArray[np.float64]


def fit_logistic(
    x: NDArray[np.float32], y: NDArray[np.float32], weight: NDArray[np.float64], l2: float
) -> Layer:
    """Binary: logit [w, 1] of y = 1. ``weight`` sums to one; ``l2`` is relative to that sum."""
    target, rows = y.astype(np.float64)[:, None], x.astype(np.float64)

    def gradient(logits: Rows) -> tuple[float, Rows]:
        loss = np.logaddexp(0.0, logits) - target * logits
        share = weight[:, None]
        return float((share * loss).sum()), share * (1.0 / (1.0 + np.exp(-logits)) - target)

    return _fit(rows, 1, gradient, l2)


def fit_softmax(
    x: NDArray[np.float32], label: NDArray[np.integer], classes: int, weight: NDArray[np.float64], l2: float
) -> Layer:
    """Multinomial: logits [w, classes] of ``label`` (0..classes-1)."""
    target = np.eye(classes)[label]

    def gradient(logits: Rows) -> tuple[float, Rows]:
        top = logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits - top).sum(axis=1, keepdims=True)) + top
        loss = (total - logits) * target
        share = weight[:, None]
        return float((share * loss).sum()), share * (np.exp(logits - total) - target)

    return _fit(x.astype(np.float64), classes, gradient, l2)


def _fit(x: Rows, outputs: int, gradient, l2: float) -> Layer:  # type: ignore[no-untyped-def]
    from scipy.optimize import minimize

    inputs = x.shape[1]

    def objective(flat: Rows) -> tuple[float, Rows]:
        weights = flat.reshape(inputs + 1, outputs)
        logits = np.clip(x @ weights[:-1] + weights[-1], -500.0, 500.0)
        loss, error = gradient(logits)
        slope = np.concatenate([x.T @ error + l2 * weights[:-1], error.sum(axis=0, keepdims=True)])
        return loss + 0.5 * l2 * float((weights[:-1] ** 2).sum()), slope.ravel()

    start = np.zeros((inputs + 1) * outputs)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS})
    weights = found.x.reshape(inputs + 1, outputs).astype(np.float32)
    return Layer(weights[:-1].copy(), weights[-1].copy())
