"""Does a probability of 0.8 come true in 80 % of the time? Expected calibration error, by time.

Naeini et al. 2015 (binary) and Guo et al. 2017 (several classes: the confidence in the class that is told),
with bins of equal mass, because those of equal width stand nearly empty in the middle. Nothing is rescaled:
the probability is the sigmoid or softmax of the logits that the board puts out. A network trained with
classes counting alike tells the odds of a world where they are equally frequent; against the true share of
failing time it looks overconfident, and that is what the figure is to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """``share`` of the time; its mean ``confidence``, and the ``frequency`` with which it was right."""

    share: float
    confidence: float
    frequency: float


@dataclass(frozen=True)
class Calibration:
    """``ece`` is the mean distance of confidence and frequency, every bin counting by its share of time."""

    ece: float
    bins: tuple[ReliabilityBin, ...]


def binary_calibration(
    logits: NDArray[Any], positive: NDArray[np.bool_], weight: NDArray[Any], bins: int = BINS
) -> Calibration | None:
    """Of a yes-or-no head: ``logits`` [w] against what happened [w]; None without any weight."""
    probability = sigmoid(np.asarray(logits, np.float64))
    return reliability(probability, np.asarray(positive, bool), weight, bins)


def class_calibration(
    logits: NDArray[Any], label: NDArray[np.integer], weight: NDArray[Any], bins: int = BINS
) -> Calibration | None:
    """Of a head of several classes: ``logits`` [w, k], the top class's confidence against ``label`` [w]."""
    values = np.asarray(logits, np.float64)
    if len(values) == 0:
        return None
    odds = np.exp(values - values.max(axis=1, keepdims=True))
    told = values.argmax(axis=1)
    confidence = odds[np.arange(len(odds)), told] / odds.sum(axis=1)
    return reliability(confidence, told == label, weight, bins)


def reliability(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[Any], bins: int = BINS
) -> Calibration | None:
    """Bins of equal time over the sorted ``confidence`` [w]; windows of one confidence stay in one bin.

    int8 outputs repeat the same few values: a bin then takes all of a value that begins in it, so bins may be
    fewer and unequal.
    """
    seconds = np.asarray(weight, np.float64)
    total = seconds.sum()
    if len(confidence) == 0 or total <= 0:
        return None
    values, group = np.unique(confidence, return_inverse=True)
    mass = np.bincount(group, seconds, len(values))
    hit = np.bincount(group, seconds * right, len(values))
    begins = (np.cumsum(mass) - mass) / total
    place = np.minimum((begins * bins + 1e-9).astype(int), bins - 1)
    found = []
    for index in np.unique(place[mass > 0]):
        inside = (place == index) & (mass > 0)
        time = mass[inside].sum()
        found.append(
            ReliabilityBin(
                share=float(time / total),
                confidence=float((mass[inside] * values[inside]).sum() / time),
                frequency=float(hit[inside].sum() / time),
            )
        )
    ece = sum(b.share * abs(b.confidence - b.frequency) for b in found)
    return Calibration(float(ece), tuple(found))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(logits))
    probability: NDArray[np.float64] = np.where(logits >= 0, 1, small) / (1 + small)
    return probability
