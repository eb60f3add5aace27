"""Geometry of convolutions and pools, the fields of nn_window (window.h), with the padding of TFLite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aurora.compile.ir import Graph, Operation, refused, shape_text

SAME, VALID = 0, 1
FIELD_MAX = 65535  # uint16_t


@dataclass(frozen=True)
class Window:
    fields: Mapping[str, int]
    text: str


def window_of(graph: Graph, op: Operation, taps: tuple[int, int], channels: int) -> Window:
    """The window of ``op`` with ``taps`` (rows, columns) and ``channels`` outputs; refuses what does not
    fit."""
    x, out = graph.activation(op), graph.result(op)
    if len(x.shape) != 4 or len(out.shape) != 4 or x.shape[0] != 1 or out.shape[0] != 1:
        raise refused(op, x, f"needs 4 axes and a batch of 1, not {shape_text(x.shape)}")
    rows = _axis(op, x.shape[1], taps[0], "h")
    columns = _axis(op, x.shape[2], taps[1], "w")
    expected = (1, rows["out"], columns["out"], channels)
    if out.shape != expected:
        shapes = f"{shape_text(x.shape)} gives {shape_text(expected)}, not {shape_text(out.shape)}"
        raise refused(op, out, f"shapes do not agree: {shapes}")
    fields = {"in_h": x.shape[1], "in_w": x.shape[2], "in_c": x.shape[3]}
    fields |= {"out_h": rows["out"], "out_w": columns["out"], "out_c": channels}
    for name in ("taps", "stride", "dilation", "pad"):
        fields |= {f"{name}_h": rows[name], f"{name}_w": columns[name]}
    if max(fields.values()) > FIELD_MAX:
        raise refused(op, x, f"a size beyond {FIELD_MAX} in {shape_text(x.shape)} -> {shape_text(out.shape)}")
    return Window(fields, f"{taps[0]}x{taps[1]} taps, stride {rows['stride']}x{columns['stride']}")


def _axis(op: Operation, size: int, taps: int, axis: str) -> dict[str, int]:
    """Output size and leading padding along one axis."""
    stride = int(op.options[f"stride_{axis}"])
    dilation = int(op.options.get(f"dilation_{axis}", 1))
    padding = op.options["padding"]
    if stride < 1 or dilation < 1 or taps < 1 or padding not in (SAME, VALID):
        raise refused(op, None, f"stride {stride}, dilation {dilation}, padding {padding}: not a window")
    reach = (taps - 1) * dilation + 1
    out = -(-size // stride) if padding == SAME else (size + stride - reach) // stride
    pad = max((out - 1) * stride + reach - size, 0) // 2
    return {"out": out, "taps": taps, "stride": stride, "dilation": dilation, "pad": pad}
