"""Program and constants are apart: the layout id names the program, training changes only the constants."""

import hashlib
import subprocess
import sys

import cbor2
import numpy as np
import pytest
from aurora.compile import compile_model, variant
from aurora.compile.emit import c_string
from aurora.compile.layout import layout_id
from aurora.compile.m4 import sums
from aurora.errors import InputError, ModelRefused
from engine_host import ROOT
from tflite_file import TfliteFile
from tflite_networks import conv_net, every_other_kernel, two_heads


@pytest.mark.parametrize("make", [two_heads, conv_net, every_other_kernel], ids=["dense", "conv", "other"])
def test_training_again_changes_only_the_constants(make) -> None:
    programs = [compile_model(make(seed), "cortex-m4f") for seed in range(1, 21)]
    assert len({program.layout_id for program in programs}) == 1
    assert len({program.source + program.header for program in programs}) == 1
    assert len({program.constants for program in programs}) == 20
    assert len({len(program.constants) for program in programs}) == 1


def test_heads_in_the_other_order_are_the_same_program() -> None:
    """The same network, written by the converter in another order: same program, same constants."""
    plain, swapped = (compile_model(two_heads(3, swapped=swapped), "host") for swapped in (False, True))
    assert [port.name for port in plain.outputs] == ["fails_within_h", "fault_type"]
    assert [(port.offset, port.bytes) for port in plain.outputs] == [(0, 1), (1, 3)]
    assert plain.layout_id == swapped.layout_id
    assert plain.source == swapped.source
    assert plain.constants == swapped.constants


@pytest.mark.parametrize("change", [{"taps": 7}, {"channels": 9}], ids=str)
def test_another_architecture_is_another_layout(change: dict[str, int]) -> None:
    assert (
        compile_model(conv_net(1), "host").layout_id != compile_model(conv_net(1, **change), "host").layout_id
    )


def test_layout_id_is_sha256_of_canonical_cbor() -> None:
    program = compile_model(two_heads(), "host")
    expected = hashlib.sha256(cbor2.dumps(program.layout, canonical=True)).digest()
    assert program.layout_id == layout_id(program.layout) == expected
    assert program.layout["variant"] == "portable"
    assert program.layout["abi"] == variant.KERNEL_ABI


FACTS = ["variant", "abi", "arena_bytes", "constants_alignment"]
STEP_FACTS = ["function", "fields", "constants", "inputs", "outputs", "facts"]


@pytest.mark.parametrize("key", FACTS + STEP_FACTS)
def test_every_fact_enters_the_layout_id(key: str) -> None:
    layout = compile_model(two_heads(), "host").layout
    target = dict(layout) if key in FACTS else dict(layout["steps"][0])
    assert key in target
    target[key] = "changed"
    changed = target if key in FACTS else {**layout, "steps": [target, *layout["steps"][1:]]}
    assert layout_id(changed) != layout_id(layout)


def test_constants_lie_where_the_layout_says() -> None:
    program = compile_model(conv_net(1), "host")
    end = 0
    for step in program.layout["steps"]:
        for constant in step["constants"].values():
            assert constant["offset"] % constant["alignment"] == 0
            assert constant["offset"] >= end
            end = constant["offset"] + constant["bytes"]
    assert end == len(program.constants) == program.layout["constants_bytes"]


def test_no_value_of_the_model_is_in_the_program() -> None:
    """Numbers in the text are those of the layout; it names neither tensors nor scales."""
    program = compile_model(conv_net(1), "host")
    assert "serving_default" not in program.source + str(program.layout)
    assert "scale" not in program.source


def test_same_bytes_in_another_process() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/support'); from tflite_networks import two_heads\n"
        "from aurora.compile import compile_model; print(compile_model(two_heads(), 'host').layout_id.hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.strip() == compile_model(two_heads(), "host").layout_id.hex()


def test_dead_operations_are_dropped() -> None:
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x, y, unused = (file.tensor((1, 6), 0.1, name=name) for name in ("x", "y", "unused"))
    file.dense(rng, x, 6, unused)
    file.dense(rng, x, 6, y)
    program = compile_model(file.bytes([x], [y]), "host")
    assert len(program.layout["steps"]) == 1
    assert program.report["traced_tensors"] == [y]


def test_names_cannot_leave_their_string() -> None:
    assert c_string('a"); evil(); /*\n\\') == '"a\\042\\051\\073 evil\\050\\051\\073 /\\052\\012\\134"'


def test_report_names_costs_by_layer() -> None:
    report = compile_model(two_heads(), "host", name="m").report
    assert report["macs"] == 12 * 16 + 16 * 3 + 16
    assert sum(layer["constants_bytes"] for layer in report["layers"]) <= report["constants_bytes"]
    assert report["operations"] == {"FULLY_CONNECTED": 3}
    hidden = {"buffer": "tensor 1", "offset": 0, "bytes": 16, "first_step": 0, "last_step": 2}
    assert report["arena"] == [hidden]


def test_model_fits_the_layout_of_a_deployed_program() -> None:
    """The layout, its id, or what layout.json adds to it: the same program, this model's constants."""
    deployed = compile_model(conv_net(1), "cortex-m4f")
    plain = compile_model(conv_net(3), "cortex-m4f")
    identity = deployed.layout_id.hex()
    for layout in (deployed.layout, {"layout_id": identity, **deployed.layout}, identity):
        fitted = compile_model(conv_net(3), "cortex-m4f", for_layout=layout)
        assert (fitted.layout_id, fitted.source) == (deployed.layout_id, deployed.source)
        assert fitted.constants == plain.constants != deployed.constants


def test_deployed_choices_are_kept_beyond_the_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum that a first program would not pack is packed for a program that does, as long as it fits."""
    deployed = compile_model(conv_net(1), "cortex-m4f")
    monkeypatch.setattr(sums, "PACKED_SLACK", 1e-3)
    alone = compile_model(conv_net(3), "cortex-m4f")
    assert alone.layout_id != deployed.layout_id
    fitted = compile_model(conv_net(3), "cortex-m4f", for_layout=deployed.layout)
    assert fitted.layout_id == deployed.layout_id
    assert compile_model(conv_net(1), "cortex-m4f", for_layout=alone.layout).layout_id == alone.layout_id


def test_misfit_names_the_first_difference() -> None:
    deployed = compile_model(conv_net(1), "cortex-m4f")
    with pytest.raises(ModelRefused, match=r"steps\[0\].*not") as refusal:
        compile_model(conv_net(1, taps=7), "cortex-m4f", for_layout=deployed.layout)
    assert refusal.value.op == "CONV_2D"
    with pytest.raises(ModelRefused, match="its layout is"):
        compile_model(conv_net(1, taps=7), "cortex-m4f", for_layout=deployed.layout_id.hex())
    with pytest.raises(ModelRefused, match="variant"):
        compile_model(two_heads(), "cortex-m7", for_layout=compile_model(two_heads(), "host").layout)


@pytest.mark.parametrize("layout", [{}, {"steps": 3}, {"steps": [1]}, {"steps": [{}]},
                                    {"steps": [{"facts": {"kind": "x"}}]}], ids=str)  # fmt: skip
def test_what_is_no_layout_is_refused(layout: dict) -> None:
    with pytest.raises(InputError, match="layout"):
        compile_model(conv_net(1), "cortex-m4f", for_layout=layout)


def test_strange_facts_are_a_difference_not_a_crash() -> None:
    layout = compile_model(conv_net(1), "cortex-m4f").layout
    steps = [{**step, "facts": {"kind": 77, "relu": -1}} for step in layout["steps"]]
    with pytest.raises(ModelRefused):
        compile_model(conv_net(1), "cortex-m4f", for_layout={**layout, "steps": steps})
