"""`aurora verify` end to end: exact where it is, and where it is not, the layer that differs is named."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.spec.board import load_board
from aurora.verify import verdict as verdict_module
from aurora.verify import verify_model
from aurora.verify.image import build_image
from aurora.verify.inputs import make_inputs
from aurora.verify.machine import INFERENCE, run_image
from tflite_networks import conv_net, two_heads

pytestmark = pytest.mark.emulated
BOARDS = ("mps2_an385", "mps2_an386", "mps2_an500", "mps2_an505", "mps3_an547", "disco_f407vg")
KEYS = """model board inputs exact first_difference instructions weighted_cycles code_bytes constants_bytes
ram_bytes""".split()


@pytest.mark.parametrize("board", BOARDS)
def test_a_network_is_exact_in_every_tensor(board: str) -> None:
    verdict = verify_model(conv_net(1), load_board(board), inputs=12)
    assert (verdict.exact, verdict.inputs, verdict.first_difference) == (12, 12, None)
    record = verdict.record()
    assert list(record) == KEYS
    assert 0 < record["instructions"] < record["weighted_cycles"]
    assert record["instructions"] == max(verdict.per_input)
    assert record["code_bytes"] == verdict.sizes.engine + verdict.sizes.program > 500
    assert record["ram_bytes"] > verdict.sizes.arena + verdict.sizes.blocks
    assert verdict.init_instructions == 0


def test_counts_repeat_and_add_up(tmp_path: Path) -> None:
    program = compile_model(conv_net(1), "cortex-m4f")
    image = build_image(program, load_board("mps2_an386"), tmp_path)
    blocks = make_inputs(program.inputs, 3)
    first, second = (run_image(image, blocks, count=INFERENCE) for _ in range(2))
    assert first.instructions() == second.instructions()
    for counts in first.counts:
        assert counts["account"].sum() == counts["executed"].sum()
        assert (counts["jumped"] <= counts["executed"]).all()


def test_the_counter_sees_what_a_hand_can_count(tmp_path: Path) -> None:
    """Five rounds of three instructions, and what surrounds them once."""
    program = compile_model(two_heads(), "cortex-m4f")
    start = program.source.index("static int nn_model_run(")
    end = program.source.index("\n}\n", start)
    body = """static int nn_model_run(const void *constants, void *arena, const void *in, void *out,
                        const nn_trace *trace)
{
    int left = 5;
    (void)constants, (void)arena, (void)in, (void)out, (void)trace;
    __asm__ volatile("1: nop\\n subs %0, %0, #1\\n bne 1b" : "+r"(left)::"cc");
    return left;"""
    source = program.source[:start] + body + program.source[end:]
    quiet = '#pragma GCC diagnostic ignored "-Wunused-const-variable"\n'
    by_hand = dataclasses.replace(program, source=quiet + source)
    image = build_image(by_hand, load_board("mps2_an386"), tmp_path)
    run = run_image(image, make_inputs(program.inputs, 1), count=INFERENCE)
    (counts,) = run.counts
    loop = np.sort(counts["executed"])[::-1]
    assert list(loop[:3]) == [5, 5, 5] and (loop[3:] == 1).all()
    assert counts["jumped"].sum() == 4 + 1  # four rounds and the return


def damaged(program: Program, step: int, of: str) -> Program:
    """Another constant in one step, which the program reads like the right one."""
    constant = program.layout["steps"][step]["constants"][of]
    data = bytearray(program.constants)
    data[constant["offset"] + constant["bytes"] // 2] ^= 0x55
    return dataclasses.replace(program, constants=bytes(data))


def test_the_layer_that_differs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(tflite: bytes, core: str, **options: object) -> Program:
        program = compile_model(tflite, "host", **options)  # one step an operation
        return damaged(program, 1, "weights")

    monkeypatch.setattr(verdict_module, "compile_model", compiled)
    verdict = verify_model(conv_net(1), load_board("mps2_an386"), inputs=8)
    assert verdict.exact < 8
    difference = verdict.first_difference
    assert difference is not None
    assert (difference.op, difference.position, difference.only_fused) == ("DEPTHWISE_CONV_2D", 1, False)
    assert difference.expected != difference.got


def test_a_difference_of_the_fused_program_alone_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(tflite: bytes, core: str, *, fuse: bool = True, **options: object) -> Program:
        program = compile_model(tflite, "host", fuse=fuse, **options)
        return damaged(program, 0, "weights") if fuse else program

    monkeypatch.setattr(verdict_module, "compile_model", compiled)
    difference = verify_model(conv_net(1), load_board("mps2_an386"), inputs=4).first_difference
    assert difference is not None
    assert difference.only_fused and difference.op == "CONV_2D"


def run_command(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aurora", "verify", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_command_speaks_json_also_when_it_refuses(tmp_path: Path) -> None:
    good, big = tmp_path / "good.tflite", tmp_path / "big.tflite"
    good.write_bytes(two_heads())
    big.write_bytes(two_heads(inputs=1024, hidden=1200))
    done = run_command(str(good), "--board", "mps2_an386", "--inputs", "5", "--json")
    record = json.loads(done.stdout)
    assert done.returncode == 0 and list(record) == KEYS
    assert (record["model"], record["inputs"], record["exact"]) == ("good", 5, 5)
    done = run_command(str(big), "--board", "mps2_an386", "--json")
    refused = json.loads(done.stdout)["refused"]
    assert done.returncode == 20
    assert (refused["op"], refused["tensor"]) == (None, None) and "flash" in refused["reason"]
    assert len(done.stderr.splitlines()) == 1


def test_the_profile_gives_every_instruction_to_a_layer() -> None:
    verdict = verify_model(conv_net(1), load_board("mps2_an386"), inputs=2, profile=True)
    assert verdict.profile is not None
    *layers, between = verdict.profile.layers
    assert sum(layer.instructions for layer in verdict.profile.layers) == verdict.instructions
    assert all(layer.instructions > 0 for layer in layers) and between.instructions < 100
    assert max(layers, key=lambda layer: layer.instructions).macs > 0
    text = verdict.profile.text()
    assert "CONV_2D" in text and "nn_" in text
