"""Strides: steps that pick bytes of one tensor for each position of another (walk.h), with few axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul

from aurora.compile.ir import KernelCall, Tensor

AXES = 6  # NN_AXES of walk.h, and the most that the front end reads


def steps_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Elements from one position to the next along each axis of a dense tensor."""
    return tuple(accumulate(reversed(shape[1:]), mul, initial=1))[::-1] if shape else ()


def merged(
    sizes: Sequence[int], *strides: Sequence[int]
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The same walk over AXES axes, leading ones of size 1: those of size 1 go, neighbours that continue each
    other in all ``strides`` become one."""
    axes: list[tuple[int, tuple[int, ...]]] = []
    for size, *step in reversed(list(zip(sizes, *strides, strict=True))):
        if size == 1:
            continue
        if axes and all(s == axes[-1][0] * inner for s, inner in zip(step, axes[-1][1], strict=True)):
            axes[-1] = (size * axes[-1][0], axes[-1][1])
        else:
            axes.append((size, tuple(step)))
    axes += [(1, (0,) * len(strides))] * (AXES - len(axes))
    axes.reverse()
    return tuple(size for size, _ in axes), tuple(
        tuple(step[number] for _, step in axes) for number in range(len(strides))
    )


def strided_copy(
    summary: str, x: Tensor, out: int, sizes: Sequence[int], steps: Sequence[int], start: int = 0
) -> KernelCall:
    """The step that fills tensor ``out`` of ``sizes`` from ``x``, whose elements it takes ``steps`` apart."""
    item = x.item_bytes
    extent, (walk,) = merged((*sizes, item), (*(step * item for step in steps), 1))
    return KernelCall(
        function="nn_strided_copy",
        header="strided_copy.h",
        parameters="nn_strided_copy_params",
        summary=summary,
        fields={"out": {"size": extent}, "in": {"step": walk}, "start": start * item},
        constants={},
        inputs=(x.index,),
        outputs=(out,),
    )
