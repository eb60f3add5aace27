"""The predictor's counts of loops, against loops written out; what it does not know it says so."""

import itertools
import json

import pytest
from aurora.compile import compile_model
from aurora.compile.predict import predict_steps, trips
from aurora.compile.predict.m55 import tile_instructions
from aurora.compile.predict.portable import conv_2d, depthwise_conv_2d, spans
from tflite_networks import conv_net, two_heads

TILE = """
NN_M55_TILE(tile_1)
{
    __asm__ volatile(
        "push {r4-r11, lr}\\n"
        "movw r0, #4\\n"
        "str r0, [sp, #4]\\n"
        "movw r0, #8\\n"
        "str r0, [sp, #0]\\n"
        "1:\\n"
        "vmladav.s8 r0, q0, q2\\n"
        "ldr r0, [sp, #0]\\n"
        "subs r0, r0, #1\\n"
        "str r0, [sp, #0]\\n"
        "bne 1b\\n"
        "ldr r0, [sp, #4]\\n"
        "subs r0, r0, #1\\n"
        "str r0, [sp, #4]\\n"
        "bne 1b\\n"
        "movw r5, #6\\n"
        "2: nop\\n"
        "subs r5, r5, #2\\n"
        "bne 2b\\n"
        "pop {r4-r11, pc}\\n"
        ".align 2\\n"
        "3:\\n"
        ".byte 0, 1\\n");
}
"""


def test_a_tile_is_counted_through_its_loops() -> None:
    assert tile_instructions(TILE) == 5 + 4 * (8 * 5 + 4) + 1 + 3 * 3 + 1


WINDOWS = [
    {"in_h": h, "in_w": 9, "in_c": c, "out_h": -(-h // stride), "out_w": -(-9 // stride),
     "out_c": 3, "taps_h": taps,
     "taps_w": 3, "stride_h": stride, "stride_w": stride, "dilation_h": dilation, "dilation_w": dilation,
     "pad_h": (taps - 1) * dilation // 2, "pad_w": dilation}
    for h, c, taps, stride, dilation in ((1, 3, 1, 1, 1), (8, 4, 3, 2, 1), (7, 5, 5, 1, 2))
]  # fmt: skip


def inside(g: dict, oy: int, ox: int) -> list[list[int]]:
    """For each row of taps with any inside: its taps inside."""
    rows = []
    for ty in range(g["taps_h"]):
        y = oy * g["stride_h"] - g["pad_h"] + ty * g["dilation_h"]
        taps = [tx for tx in range(g["taps_w"])
                if 0 <= ox * g["stride_w"] - g["pad_w"] + tx * g["dilation_w"] < g["in_w"]]  # fmt: skip
        rows += [taps] if 0 <= y < g["in_h"] else []
    return rows


@pytest.mark.parametrize("g", WINDOWS, ids=["row", "strided", "dilated"])
def test_windows_are_counted_like_the_loops_of_the_kernels(g: dict) -> None:
    fours = rest = dots = taps = whole = 0
    places = list(itertools.product(range(g["out_h"]), range(g["out_w"])))
    for oy, ox in places:
        rows = inside(g, oy, ox)
        for row in rows:
            lengths = [len(row) * g["in_c"]] if g["dilation_w"] == 1 else [g["in_c"]] * len(row)
            dots += len(lengths)
            fours += sum(length // 4 for length in lengths)
            rest += sum(length % 4 for length in lengths)
            taps += len(row)
        whole += sum(map(len, rows)) == g["taps_h"] * g["taps_w"]
    counts = conv_2d({"fields": {"window": g}})
    expected = {
        "dots": dots,
        "fours": fours,
        "rest": rest,
        "padded": len(places) - whole,
        "outputs": len(places),
    }
    assert {name: counts[name] for name in expected} == {n: v * g["out_c"] for n, v in expected.items()}
    deep = depthwise_conv_2d({"fields": {"window": g}})
    assert deep["taps"] == taps * g["out_c"] and deep["padded"] == counts["padded"]


def test_spans_never_run_backwards() -> None:
    assert spans(3, 5, 9, 1, 2, 4) == [(2, 2), (2, 2), (0, 2)]


@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m55f", "cortex-m3"])
def test_every_layer_of_a_network_has_a_prediction_in_report_and_source(core: str) -> None:
    program = compile_model(two_heads(), core)
    each = predict_steps(program.layout, program.constants)
    assert all(value is not None and value > 50 for value in each)
    assert [layer["predicted_instructions"] for layer in program.report["layers"]] == each
    assert program.report["predicted_instructions"] == sum(filter(None, each))
    assert f"about {each[0]:,} instructions */" in program.source


def test_what_was_never_measured_has_no_prediction() -> None:
    layout = compile_model(conv_net(1), "cortex-m4f").layout
    strange = json.loads(json.dumps(layout))
    strange["steps"][0]["function"] = "nn_made_up"
    assert predict_steps(strange)[0] is None
    assert predict_steps({**layout, "variant": "made up"}) == [None] * len(layout["steps"])
    assert trips(strange["steps"][0])["once"] == 1
