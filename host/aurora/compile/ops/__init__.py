"""One module per operation: what it accepts and which kernel call it becomes.

A module defines ``SUPPORT``; modules are found by themselves, so an operation is added by adding its file
here and its kernel in firmware/lib/nn/kernels.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from aurora.compile.ir import Graph, KernelCall, Operation
from aurora.compile.variant import Variant


@dataclass(frozen=True)
class OpSupport:
    """``options`` maps our names to getters of the schema's ``table``. ``check`` raises ModelRefused;
    ``lower`` is called only after it. ``operands`` numbers the inputs that are activations; None: all.
    ``takes`` and ``gives`` are the types of activations and outputs. ``alias`` is true where the output is
    the input's bytes and no step is needed; such an operation runs on any of the types. ``moves`` is true
    where the output's elements are the inputs' in another place: it runs on floats as well, which converters
    leave between a DEQUANTIZE and a QUANTIZE.
    """

    kind: str
    check: Callable[[Graph, Operation], None]
    lower: Callable[[Graph, Operation, Variant], tuple[KernelCall, ...]]
    table: str = ""
    options: Mapping[str, str] | None = None
    operands: tuple[int, ...] | None = (0,)
    takes: tuple[str, ...] = ("int8",)
    gives: tuple[str, ...] = ("int8",)
    alias: bool = False
    moves: bool = False


@cache
def supported() -> Mapping[str, OpSupport]:
    """Operation name of the schema -> support."""
    found: dict[str, OpSupport] = {}
    for module in pkgutil.iter_modules(__path__):
        support = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SUPPORT", None)
        if isinstance(support, OpSupport):
            found[support.kind] = support
    return found
