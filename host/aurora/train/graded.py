"""The graded form: a linear model that learns how near failure is, and weighs features by their noise.

Two departures from a plain logistic regression, each for a reason that has nothing to do with the data set:

- The target. "Fails within H" is a step, and a window just before it looks like one just after it. The target
  is the probability that failure comes within H where the time to failure is known up to a log-logistic
  spread: 1 / (1 + t^(1 / spread)) for t in horizons (Bennett 1983, Applied Statistics 32:165).
- The penalty. ``l2`` weighs the variance of the logit between neighbouring windows of one machine, in which
  nothing of its health changes: a feature, or a difference of two, is cheap where it is quiet (the metric of
  Fisher's discriminant; Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.3). With this
  metric the result hardly depends on the strength, so that little is left to choose on few machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aurora.train.dense import Target
from aurora.train.linear import fit_logistic, fit_softmax
from aurora.train.metrics import FAILS_HEAD
from aurora.train.network import Layer, Network
from aurora.train.rows import Normalisation, stack, targets
from aurora.train.table import UnitTable

#: of the noise's covariance, the part that is taken as equal in all features and independent (Ledoit, Wolf)
SHRINKAGE = 0.1
#: steps between neighbouring windows beyond this quantile are events, not noise
NOISE_QUANTILE = 0.98
SMALLEST_VARIANCE = 1e-12
#: a machine that never comes nearer to failure than one horizon has no positive windows
NEAR = 0.5

Matrix = NDArray[np.float64]


def grade(ttf_horizons: NDArray[np.float32], spread: float) -> Matrix:
    """[w] probability of failing within the horizon; ``ttf_horizons``: see UnitTable; nan stays nan.

    1 at failure, 0.5 one horizon before it, 0 for a machine that does not fail. ``spread`` 0.3: 0.91 at half
    a horizon, 0.09 at two; 0: a step.
    """
    t = np.asarray(ttf_horizons, np.float64)
    if spread == 0:
        return np.where(np.isnan(t), np.nan, t <= 1.0)
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + t ** (1.0 / spread))


def graded_target(tables: Sequence[UnitTable], spread: float) -> tuple[Matrix, Matrix] | None:
    """(label in 0..1, weight summing to one) of ``stack``'s rows, each [rows]; None where all is one class.

    Failing and not failing weigh alike, units alike within each, windows by time and by how much of either
    they are.
    """
    grades = [_grades(table, spread) for table in tables]
    seconds = [table.weight[table.scored].astype(np.float64) for table in tables]
    fails = [np.nan_to_num(g) * s * bool((g >= NEAR).any()) for g, s in zip(grades, seconds, strict=True)]
    lasts = [np.nan_to_num(1.0 - g) * s for g, s in zip(grades, seconds, strict=True)]
    masses = [_alike(fails), _alike(lasts)]
    if any(mass is None for mass in masses):
        return None
    positive, negative = (mass for mass in masses if mass is not None)
    weight = positive + negative
    return np.divide(positive, weight, out=np.zeros_like(weight), where=weight > 0), weight / 2.0


def graded_targets(
    tables: Sequence[UnitTable], heads: dict[str, int], spread: float, *, least_classes: int = 2
) -> dict[str, Target]:
    """``rows.targets`` with the step at the horizon softened by ``spread``; 0 leaves it as it is."""
    found = targets(tables, heads, least_classes=least_classes)
    if spread and FAILS_HEAD in found:
        graded = graded_target(tables, spread)
        if graded is not None:
            found[FAILS_HEAD] = Target(*graded, found[FAILS_HEAD].classes)
    return found


def _grades(table: UnitTable, spread: float) -> Matrix:
    """[rows of the unit]: nan where the window's label is withheld, whatever its time is."""
    grades = np.where(np.isnan(table.fails), np.nan, grade(table.ttf_horizons, spread))
    return grades[table.scored]


def _alike(masses: Sequence[Matrix]) -> Matrix | None:
    """All rows' masses, summing to one, every unit that has any weighing alike."""
    totals = [float(mass.sum()) for mass in masses]
    having = sum(total > 0 for total in totals)
    if not having:
        return None
    shares = zip(masses, totals, strict=True)
    return np.concatenate([mass / (total * having) if total > 0 else mass for mass, total in shares])


def noise_metric(tables: Sequence[UnitTable], norm: Normalisation) -> Matrix:
    """[F, F] covariance of the normalised features between neighbouring windows, mean over the units."""
    found = []
    for table in tables:
        step = np.diff(norm(table.calibrated[table.scored]).astype(np.float64), axis=0)
        if len(step) == 0:
            continue
        most = np.quantile(np.abs(step), NOISE_QUANTILE, axis=0)
        step = np.clip(step, -most, most)
        found.append(step.T @ step / (2 * len(step)))  # two windows' noise is in each step
    features = len(norm.center)
    if not found:
        return np.eye(features)
    covariance = np.mean(found, axis=0)
    common = max(float(np.trace(covariance)) / features, SMALLEST_VARIANCE)
    mixed: Matrix = (1.0 - SHRINKAGE) * covariance + SHRINKAGE * common * np.eye(features)
    return mixed


def fit_graded(
    tables: Sequence[UnitTable], heads: dict[str, int], norm: Normalisation, l2: float, spread: float
) -> Network:
    """One linear layer per head that the tables can train; deterministic."""
    x = stack(tables, norm).astype(np.float64)
    # in coordinates in which the noise is white the penalty is an ordinary sum of squares
    whitening = np.linalg.inv(np.linalg.cholesky(noise_metric(tables, norm))).T
    white = x @ whitening
    found: dict[str, Layer] = {}
    for name, target in targets(tables, heads, least_classes=1).items():
        layer = _fit_head(tables, name, white, target, l2, spread)
        if layer is not None:
            found[name] = Layer((whitening @ layer.weights).astype(np.float32), layer.bias)
    return Network((), found)


def _fit_head(
    tables: Sequence[UnitTable], name: str, white: Matrix, target: Target, l2: float, spread: float
) -> Layer | None:
    if name == FAILS_HEAD:
        graded = graded_target(tables, spread)
        if graded is None:
            return None
        label, weight = graded
        rows = weight > 0
        return fit_logistic(white[rows], label[rows], weight[rows], l2)
    rows = target.weight > 0
    if len(np.unique(target.label[rows])) < 2:
        return None
    return fit_softmax(white[rows], target.label[rows], target.classes, target.weight[rows], l2)
