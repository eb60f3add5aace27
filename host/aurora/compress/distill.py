"""What a student learns from a teacher: its softened outputs and its hidden representation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError


@dataclass(frozen=True)
class DistilSpec:
    """loss = (1 - soft_weight) hard + soft_weight T^2 soft + hint_weight hint.

    ``temperature`` T softens both outputs (Hinton, Vinyals, Dean 2015); the hint is the mean squared
    distance between the teacher's hidden representation and a linear map of the student's last hidden layer
    that is trained along and thrown away (Romero et al. 2015). The defaults are the best of the settings that
    tests/bench/distil.py --search tried.
    """

    temperature: float = 4.0
    soft_weight: float = 0.9
    hint_weight: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise InputError(f"distil temperature is {self.temperature}", hint="give a number above zero")
        if not 0 <= self.soft_weight <= 1:
            raise InputError(f"distil soft_weight is {self.soft_weight}", hint="0 to 1")
        if not (math.isfinite(self.hint_weight) and self.hint_weight >= 0):
            raise InputError(f"distil hint_weight is {self.hint_weight}", hint="give 0 or more")


@dataclass(frozen=True)
class TeacherSignal:
    """A teacher's answers on every window of a unit, labelled or not.

    ``soft``: unit id -> head -> float32 logits [w, outputs]; ``hint``: unit id -> float32 hidden
    representation [w, K], or None.
    """

    soft: dict[str, dict[str, NDArray[np.float32]]]
    hint: dict[str, NDArray[np.float32]] | None = None
