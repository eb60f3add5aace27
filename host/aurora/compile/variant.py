"""Core variants: which kernels a core runs, and the facts about memory that go with them.

The variant's name enters the layout id. All cores run the portable C kernels so far; a variant with kernels
of its own adds a record here and packs its weights in `weights.packed`.
"""

from __future__ import annotations

from dataclasses import dataclass

KERNEL_ABI = 1  # NN_KERNEL_ABI of firmware/lib/nn/nn.h; the program asserts that they agree


@dataclass(frozen=True)
class Variant:
    """Alignments in bytes: of the constants and the arena as wholes, of a buffer in the arena, of weights."""

    name: str
    constants_alignment: int
    arena_alignment: int
    buffer_alignment: int
    weights_alignment: int


PORTABLE = Variant(
    "portable", constants_alignment=16, arena_alignment=16, buffer_alignment=8, weights_alignment=4
)


def variant_of(core: str) -> Variant:
    """The variant that ``core`` (a board record's name, like "cortex-m4f", or "host") runs."""
    return PORTABLE
