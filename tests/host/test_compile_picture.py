"""The arena's picture: every buffer where the plan has it, whatever the names are."""

from xml.etree import ElementTree

import pytest
from aurora.compile import compile_model
from aurora.compile.picture import HEIGHT_PX, TOP_PX, arena_picture
from small_model import small_model
from tflite_networks import conv_net

NS = "{http://www.w3.org/2000/svg}"
NETWORKS = {"dense": small_model().tflite, "convolutions": conv_net(1)}


@pytest.mark.parametrize("tflite", NETWORKS.values(), ids=NETWORKS)
def test_every_buffer_stands_where_the_plan_has_it(tflite: bytes) -> None:
    report = compile_model(tflite, "cortex-m4f", name="net").report
    drawn = {}
    for shape in ElementTree.fromstring(arena_picture(report)).iter(f"{NS}rect"):
        title = shape.find(f"{NS}title")
        if title is not None:
            drawn[title.text.split(":")[0]] = shape
    assert drawn.keys() == {buffer["buffer"] for buffer in report["arena"]}
    for buffer in report["arena"]:
        shape = drawn[buffer["buffer"]]
        offset = (float(shape.get("y")) - TOP_PX) / HEIGHT_PX * report["arena_bytes"]
        height = float(shape.get("height")) / HEIGHT_PX * report["arena_bytes"]
        assert abs(offset - buffer["offset"]) <= 0.001 * report["arena_bytes"]
        assert abs(height - buffer["bytes"]) <= 0.001 * report["arena_bytes"]


def test_names_are_escaped() -> None:
    report = compile_model(NETWORKS["dense"], "cortex-m4f").report | {"model": '</svg><script a="1">&'}
    assert "<script" not in arena_picture(report)
    ElementTree.fromstring(arena_picture(report))
