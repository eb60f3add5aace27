"""Logistic regression: the baseline, and the network's form where units are few.

Weighted maximum likelihood with an L2 penalty on the weights (not the bias), by L-BFGS on the convex
objective. Sources: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4; scipy's
L-BFGS-B. Deterministic: starts at zero, no sampling.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aurora.train.network import Layer

MAX_ITERATIONS = 400
RELATIVE_TOLERANCE = 1e-7  # of the objective: far below what a left-out unit can tell

Rows = NDArray[np.float64]
#: logits [w, outputs] to (loss, its gradient by the logits)
Slope = Callable[[Rows], tuple[float, Rows]]


def fit_logistic(
    x: NDArray[np.floating], y: NDArray[np.floating], weight: NDArray[np.float64], l2: float
) -> Layer:
    """Binary: logit [w, 1] of y = 1; ``y`` may lie between 0 and 1.

    ``weight`` sums to one; ``l2`` is relative to that sum.
    """
    target, rows = y.astype(np.float64)[:, None], x.astype(np.float64)

    def slope(logits: Rows) -> tuple[float, Rows]:
        loss = np.logaddexp(0.0, logits) - target * logits
        share = weight[:, None]
        return float((share * loss).sum()), share * (np.exp(-np.logaddexp(0.0, -logits)) - target)

    return _fit(rows, 1, slope, l2)


def fit_softmax(
    x: NDArray[np.floating],
    label: NDArray[np.integer],
    classes: int,
    weight: NDArray[np.float64],
    l2: float,
) -> Layer:
    """Multinomial: logits [w, classes] of ``label`` (0..classes-1)."""
    target = np.eye(classes)[label]

    def slope(logits: Rows) -> tuple[float, Rows]:
        top = logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits - top).sum(axis=1, keepdims=True)) + top
        loss = (total - logits) * target
        share = weight[:, None]
        return float((share * loss).sum()), share * (np.exp(logits - total) - target)

    return _fit(x.astype(np.float64), classes, slope, l2)


def _fit(rows: Rows, outputs: int, slope: Slope, l2: float) -> Layer:
    from scipy.optimize import minimize

    x = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    transposed = np.ascontiguousarray(x.T)
    penalty = np.full((x.shape[1], 1), l2)
    penalty[-1] = 0.0

    def objective(flat: Rows) -> tuple[float, Rows]:
        w = flat.reshape(-1, outputs)
        loss, error = slope(x @ w)
        pull = penalty * w
        return loss + 0.5 * float((pull * w).sum()), (transposed @ error + pull).ravel()

    start = np.zeros(x.shape[1] * outputs)
    options = {"maxiter": MAX_ITERATIONS, "ftol": RELATIVE_TOLERANCE}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    w = found.x.reshape(-1, outputs).astype(np.float32)
    return Layer(w[:-1].copy(), w[-1].copy())
