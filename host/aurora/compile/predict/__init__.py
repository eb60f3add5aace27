"""Device instructions predicted from a layout, without building anything.

    layout step --trips--> {body of a loop: how often it runs} --coefficients--> instructions

How often each loop runs is counted exactly from the step's shapes (portable.py, m3.py, m4.py, m55.py); what
one round costs was fitted to measured layers by tests/bench/predictor.py and lies in coefficients.json, per
core variant and kernel. A kernel without an entry has no prediction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from aurora.compile.predict.trips import kernel_key, trips

__all__ = ["kernel_key", "predict_steps", "trips"]


@cache
def _coefficients() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("coefficients.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def predict_steps(layout: Mapping[str, Any], constants: bytes | None = None) -> list[int | None]:
    """Instructions of each step of ``layout``; None where nothing is known.

    With the model's own ``constants`` those channels are seen that a kernel treats in a slower way.
    Cores of one variant need nearly the same number: measured are a Cortex-M4F for "m4", a Cortex-M55 for
    "m55" and a Cortex-M3 for "m3" and "portable".
    """
    kernels = _coefficients().get(layout["variant"], {})
    return [_predict(step, constants, kernels.get(kernel_key(step))) for step in layout["steps"]]


def _predict(
    step: Mapping[str, Any], constants: bytes | None, costs: Mapping[str, float] | None
) -> int | None:
    if costs is None:
        return None
    try:
        counts = trips(step, constants)
    except KeyError:  # the kernel's parameters are not those that were counted
        return None
    return round(sum(costs.get(name, 0.0) * count for name, count in counts.items()))
