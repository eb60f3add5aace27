"""SQUEEZE: no step at all, like RESHAPE."""

from __future__ import annotations

from aurora.compile.ops import OpSupport
from aurora.compile.ops.reshape import check, lower

SUPPORT = OpSupport(kind="SQUEEZE", check=check, lower=lower, alias=True)
