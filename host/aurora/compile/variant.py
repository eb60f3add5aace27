"""Core variants: which kernels a core runs, and the facts about memory that go with them.

The variant's name enters the layout id. "portable" is plain C for any core. A variant with kernels of its own
names in ``package`` the folder of its lowerings (see groups.py): each gets a chance at every operation, alone
or with those after it, and what it leaves runs on the portable kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

KERNEL_ABI = 1  # NN_KERNEL_ABI of firmware/lib/nn/nn.h; the program asserts that they agree


@dataclass(frozen=True)
class Variant:
    """Alignments in bytes: of the constants and the arena as wholes, of a buffer in the arena, of weights.
    ``fuse``: whether several operations may become one step. ``wish``: the facts about values that the same
    step of a deployed program was specialised on, which this model's step shall keep where they hold for it,
    without the slack that a first program leaves; None where there is no such program. ``spare_bytes``:
    scratch that the step may take although its own measure is less, for the arena has that room anyway."""

    name: str
    constants_alignment: int
    arena_alignment: int
    buffer_alignment: int
    weights_alignment: int
    package: str = ""
    fuse: bool = True
    wish: tuple[tuple[str, int], ...] | None = None
    spare_bytes: int = 0


PORTABLE = Variant(
    "portable", constants_alignment=16, arena_alignment=16, buffer_alignment=8, weights_alignment=4
)
M3 = Variant(
    "m3",
    constants_alignment=16,
    arena_alignment=16,
    buffer_alignment=8,
    weights_alignment=4,
    package="aurora.compile.m3",
)
M4 = Variant(
    "m4",
    constants_alignment=16,
    arena_alignment=16,
    buffer_alignment=8,
    weights_alignment=4,
    package="aurora.compile.m4",
)

M55 = Variant(
    "m55",
    constants_alignment=16,
    arena_alignment=16,
    buffer_alignment=16,
    weights_alignment=16,
    package="aurora.compile.m55",
)

#: Cores with the DSP extension run the m4 kernels, those with Helium the m55 kernels, ARMv7-M the m3 kernels.
BY_CORE = {"cortex-m3": M3, "cortex-m4": M4, "cortex-m7": M4, "cortex-m33": M4, "cortex-m55": M55}


def variant_of(core: str) -> Variant:
    """The variant that ``core`` (a board record's name, like "cortex-m4f", or "host") runs; kernels do not
    care for a float unit."""
    return BY_CORE.get(core.removesuffix("f"), PORTABLE)
