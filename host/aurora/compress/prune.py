"""Structured pruning: whole units and filters go, so that tensor shapes shrink."""

from __future__ import annotations

from dataclasses import dataclass

from aurora.errors import InputError

SALIENCIES = ("taylor", "batch_norm")


@dataclass(frozen=True)
class PruneSpec:
    """Either ``keep``, the share of units that stay, or ``target_instructions`` of the device.

    The removal is spread over ``rounds``, each followed by ``recovery_epochs`` of training. ``saliency``:
    "taylor" (Molchanov et al. 2019, first order) or "batch_norm" (Liu et al. 2017).
    """

    keep: float | None = None
    target_instructions: int | None = None
    saliency: str = "taylor"
    rounds: int = 4
    recovery_epochs: int = 10

    def __post_init__(self) -> None:
        if (self.keep is None) == (self.target_instructions is None):
            raise InputError("prune needs either keep or target_instructions", hint="give one of the two")
        if self.keep is not None and not 0 < self.keep <= 1:
            raise InputError(f"prune keep is {self.keep}", hint="0 < keep <= 1")
        if self.target_instructions is not None and self.target_instructions < 1:
            raise InputError(f"prune target_instructions is {self.target_instructions}", hint="1 or more")
        if self.saliency not in SALIENCIES:
            raise InputError(f"prune saliency is {self.saliency!r}", hint=f"one of {', '.join(SALIENCIES)}")
        if self.rounds < 1 or self.recovery_epochs < 0:
            raise InputError("prune rounds must be 1 or more, recovery_epochs 0 or more")
