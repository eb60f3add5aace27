"""Forms of activations in the arena: with the border that windows read, by pixels or by planes.

A form other than the plain one is private to this variant's steps: the step that writes the tensor fills the
border with the zero point, those that read it find their patches in place. It is chosen where a step of this
variant writes the tensor and all its readers are of one mind; every other reader copies what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from aurora.compile.ir import Graph, Operation, Tensor
from aurora.compile.passes.storage import Storage, assign_storage
from aurora.compile.variant import Variant

VECTOR = 16


@dataclass(frozen=True)
class Form:
    """Bytes: of the buffer, to the first pixel, to the next row, column and channel, and where a byte is free
    for outputs that nobody wants (relative to ``start``)."""

    rows: int
    columns: int
    channels: int
    border: tuple[int, int, int, int]  # above, left, below, right
    planes: bool
    bytes: int
    start: int
    row: int
    column: int
    channel: int
    spare: int

    @property
    def plain(self) -> bool:
        return not (self.planes or any(self.border))

    @property
    def contiguous(self) -> bool:
        return self.rows == 1 or self.row == self.columns * self.column

    def border_bytes(self) -> dict[str, int]:
        """nn_m55_border_bytes: both ends of a single row, else the whole buffer."""
        end = self.start + self.columns * self.column
        if self.plain:
            return {"before": 0, "end": 0, "after": 0}
        if self.rows > 1 or self.planes or self.border[0] or self.border[2]:
            return {"before": self.bytes, "end": 0, "after": 0}
        return {"before": self.start, "end": end, "after": self.border[3] * self.column}

    def place(self, row: int, column: int) -> int:
        return row * self.row + column * self.column

    def covers(self, border: tuple[int, int, int, int], planes: bool) -> bool:
        return self.planes == planes and all(
            have >= need for have, need in zip(self.border, border, strict=True)
        )


def make_form(
    shape: tuple[int, ...], border: tuple[int, int, int, int] = (0, 0, 0, 0), *, planes: bool = False
) -> Form:
    """The form of NHWC ``shape`` (batch 1). The right border of a row is the left border of the next."""
    _, rows, columns, channels = shape
    above, left, below, right = border
    column = 1 if planes else channels
    several = rows > 1 or above > 0 or below > 0
    row = (columns + (max(left, right) if several else 0)) * column
    start = above * row + left * column
    end = start + (rows - 1 + below) * row + (columns + right) * column
    size = -(-(end + column) // VECTOR) * VECTOR if planes else end
    return Form(
        rows, columns, channels, border, planes,
        bytes=size * channels if planes else end + channels,
        start=start, row=row, column=column, channel=size if planes else 1, spare=end - start,
    )  # fmt: skip


def window_border(fields: dict[str, int]) -> tuple[int, int, int, int]:
    """The border that the windows of nn_window ``fields`` read."""

    def axis(name: str) -> tuple[int, int]:
        last = (fields[f"out_{name}"] - 1) * fields[f"stride_{name}"] - fields[f"pad_{name}"]
        last += (fields[f"taps_{name}"] - 1) * fields[f"dilation_{name}"]
        return fields[f"pad_{name}"], max(0, last + 1 - fields[f"in_{name}"])

    above, below = axis("h")
    left, right = axis("w")
    return above, left, below, right


@lru_cache(maxsize=4)
def forms(graph: Graph, variant: Variant) -> dict[int, Form]:
    """Tensor -> its form, for those that are not plain. Without ``variant.fuse`` all are plain, so that a
    trace shows them."""
    from aurora.compile.m55.taken import reads, writes

    found: dict[int, Form] = {}
    if not variant.fuse:
        return found
    given_out = {port.tensor for port in graph.outputs}
    for tensor in _activations(graph):
        readers = [op for op in graph.operations if tensor.index in op.inputs]
        if not readers or tensor.index in given_out or not writes(graph, tensor, variant):
            continue
        wanted = [reads(graph, op, tensor, variant) for op in readers]
        if any(want is None for want in wanted):
            continue
        borders = [want.border for want in wanted if want is not None]
        kinds = {want.planes for want in wanted if want is not None}
        if len(kinds) > 1 or (True in kinds and writes(graph, tensor, variant) != "any"):
            continue
        above, left, below, right = (max(border[side] for border in borders) for side in range(4))
        form = make_form(tensor.shape, (above, left, below, right), planes=True in kinds)
        if not form.plain:
            found[tensor.index] = form
    return found


def form_of(graph: Graph, tensor: Tensor, variant: Variant) -> Form:
    return forms(graph, variant).get(tensor.index) or make_form(tensor.shape)


def in_arena(graph: Graph, tensor: Tensor) -> bool:
    """Whether the tensor's bytes lie in the arena, where a step may read or write a little beyond them."""
    storage = _storage(graph)
    root = storage.roots[tensor.index]
    if graph.tensors[root].data is not None:
        return False
    return root not in storage.inputs and root not in storage.outputs


@lru_cache(maxsize=4)
def _storage(graph: Graph) -> Storage:
    return assign_storage(graph)


def _activations(graph: Graph) -> list[Tensor]:
    return [graph.tensors[index] for op in graph.operations for index in op.outputs
            if len(graph.tensors[index].shape) == 4]  # fmt: skip


def producer(graph: Graph, tensor: Tensor) -> Operation | None:
    return next((op for op in graph.operations if tensor.index in op.outputs), None)
