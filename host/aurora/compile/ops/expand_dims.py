"""EXPAND_DIMS: no step at all, like RESHAPE."""

from __future__ import annotations

from aurora.compile.ops import OpSupport
from aurora.compile.ops.reshape import check, lower

SUPPORT = OpSupport(kind="EXPAND_DIMS", check=check, lower=lower, alias=True)
