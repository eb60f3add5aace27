"""CONV_2D and the DEPTHWISE_CONV_2D that alone reads it, where that takes less memory:
nn_m3_conv_depthwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from aurora.compile.groups import Group, only_reader
from aurora.compile.ir import Graph, KernelCall, Operation, shape_text
from aurora.compile.m3.conv import CHANNELS, matrix_of, reading, windows
from aurora.compile.m3.depthwise import Planes
from aurora.compile.m3.geometry import TOGETHER, distance, straightened
from aurora.compile.m3.streams import stream
from aurora.compile.m4.sums import sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("CONV_2D",)
PRIORITY = -1


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    then = only_reader(graph, op, variant)
    matrix = matrix_of(graph, op)
    if then is None or then.kind != "DEPTHWISE_CONV_2D" or then.inputs[0] != op.outputs[0] or matrix is None:
        return None
    planes = Planes.of(graph, then, _wish_of_second(variant), filled=True)
    fields = _fields(graph, op, planes) if planes is not None else None
    if planes is None or fields is None or not _pays(graph, op, fields, planes):
        return None
    sums = sums_of(graph, op, matrix, variant, wide=True)
    if sums is None:
        return None
    x, made, out = graph.activation(op), graph.result(op), graph.result(then)
    low, high = activation_range(op, made, int(op.options["activation"]))
    call = KernelCall(
        function="nn_m3_conv_depthwise",
        header="m3/conv_depthwise.h",
        parameters="nn_m3_conv_depthwise_params",
        summary=f"CONV_2D {shape_text(x.shape)} -> {shape_text(made.shape)} and DEPTHWISE_CONV_2D -> "
        f"{shape_text(out.shape)}, {planes.text}",
        fields={"windows": windows(fields, sums, 1), "planes": planes.members, "gather": planes.bytes},
        constants={
            "weights": stream(sums, CHANNELS)[0],
            "levels": levels_constant(x, made, low, high),
            "then": planes.streams,
            "then_levels": planes.levels,
        },
        inputs=(x.index,),
        outputs=(out.index,),
        macs=made.elements * sums.weights.shape[1] + planes.macs,
        scratch_bytes=planes.bytes + TOGETHER * sums.weights.shape[1],
        facts={"kind": sums.kind, "relu": int(sums.relu), "then_relu": int(planes.sums.relu)},
        instances=(planes.instance,),
    )
    return Group((call,), (then,))


def _wish_of_second(variant: Variant) -> Variant:
    """The facts that a deployed step has of its depthwise convolution, under the names of a step of its
    own."""
    if variant.wish is None:
        return variant
    wish = dict(variant.wish)
    return replace(variant, wish=(("kind", wish.get("kind", 0)), ("relu", wish.get("then_relu", 0))))


def _fields(graph: Graph, op: Operation, planes: Planes) -> dict[str, int] | None:
    """The convolution's window over the very image that the planes hold; None where most of its positions
    would be gathered, for that is done again for every four channels."""
    weights = graph.activation(op, 1)
    plain = dict(window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[0]).fields)
    image = (planes.fields["in_h"], planes.fields["in_w"])
    for fields in (straightened(plain), plain):
        positions = fields["out_h"] * fields["out_w"]
        if (fields["out_h"], fields["out_w"]) != image or positions < TOGETHER:
            continue
        taps = fields["taps_h"] * fields["taps_w"] * fields["in_c"]
        read = reading(fields, taps, CHANNELS)
        whole = (read["bottom"] - read["top"]) * (read["right"] - read["left"])
        return fields if 2 * whole >= positions else None
    return None


def _pays(graph: Graph, op: Operation, fields: Mapping[str, int], planes: Planes) -> bool:
    """Whether the arena needs fewer bytes than for one step after the other, each over its input as far as
    it can."""
    x, made = graph.activation(op), graph.result(op).elements
    given = any(port.tensor == x.index for port in graph.inputs)  # lies outside the arena
    source = 0 if given else x.elements
    first = max(made, source + distance(fields, fields["out_c"], 1)) if source else made
    out = planes.fields["out_h"] * planes.fields["out_w"] * planes.fields["out_c"]
    return source + out + planes.bytes < max(first, made + planes.bytes)
