"""The arena planner: disjoint, aligned, near the lower bound; and the proof catches a plan that is not."""

import itertools

import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.compile.passes.arena import Buffer, Overlap, Plan, plan_arena, prove
from aurora.compile.passes.spare import gap
from aurora.errors import AuroraError
from tflite_file import RELU, SAME, TfliteFile

ALIGNMENT = 8
TWO = (Buffer("a", 10, 0, 2), Buffer("b", 10, 1, 3))


def random_buffers(seed: int) -> list[Buffer]:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 30, 40)
    lives = rng.integers(0, 6, 40)
    sizes = rng.integers(1, 500, 40)
    return [Buffer(f"t{i}", int(sizes[i]), int(first[i]), int(first[i] + lives[i])) for i in range(40)]


@pytest.mark.parametrize("seed", range(20))
def test_plans_are_disjoint_and_close_to_the_bound(seed: int) -> None:
    buffers = random_buffers(seed)
    plan = plan_arena(buffers, ALIGNMENT)
    memory = np.zeros((40, plan.bytes), int)
    for buffer in buffers:
        at = plan.offsets[buffer.key]
        assert at % ALIGNMENT == 0
        memory[buffer.first : buffer.last + 1, at : at + buffer.size] += 1
    assert memory.max() == 1
    bound = max(sum(b.size for b in buffers if b.first <= step <= b.last) for step in range(40))
    assert bound <= plan.bytes <= 1.3 * bound + 8 * ALIGNMENT


@pytest.mark.parametrize(
    "offsets, size",
    [({"a": 0, "b": 8}, 32), ({"a": 0, "b": 16}, 24), ({"a": 0, "b": 12}, 32), ({"a": -8, "b": 16}, 32)],
    ids=["overlap", "beyond", "unaligned", "before"],
)
def test_proof_refuses_a_wrong_plan(offsets: dict[str, int], size: int) -> None:
    with pytest.raises(AuroraError, match="arena plan"):
        prove(TWO, Plan(offsets, size), ALIGNMENT)


def test_proof_accepts_a_right_plan() -> None:
    prove(TWO, Plan({"a": 0, "b": 16}, 32), ALIGNMENT)
    prove((TWO[0], Buffer("c", 10, 3, 4)), Plan({"a": 0, "c": 0}, 16), ALIGNMENT)


def test_two_buffers_serve_a_deep_net() -> None:
    """Eight dense layers of 64 alternate between two places."""
    rng = np.random.default_rng(1)
    file = TfliteFile()
    numbers = [file.tensor((1, 64), 0.1, -128) for _ in range(9)]
    for x, y in itertools.pairwise(numbers):
        file.dense(rng, x, 64, y, activation=RELU)
    assert compile_model(file.bytes(numbers[:1], numbers[-1:]), "host").arena_bytes == 128


@pytest.mark.parametrize("distance, size", [(-100, 96), (0, 96), (16, 112), (64, 160), (200, 160)])
def test_output_over_its_input(distance: int, size: int) -> None:
    """A step that may write over what it has read shares memory at its distance, or not at all."""
    chain = (Buffer("a", 96, 0, 1), Buffer("b", 64, 1, 2))
    pair = (Overlap("a", "b", distance),)
    plan = plan_arena(chain, ALIGNMENT, pair)
    assert plan.bytes == size
    if distance > -64:
        too_near = Plan({"a": 0, "b": 8}, 160) if distance <= 0 else Plan({"a": distance - 8, "b": 0}, 160)
        with pytest.raises(AuroraError, match="arena plan"):
            prove(chain, too_near, ALIGNMENT, pair)


@pytest.mark.parametrize("size", [64, 96, 128])
def test_output_byte_on_byte_over_its_input(size: int) -> None:
    """A step that works in place shares the start, and no other place."""
    chain = (Buffer("a", 96, 0, 1), Buffer("b", size, 1, 2))
    pair = (Overlap("a", "b", None),)
    assert plan_arena(chain, ALIGNMENT, pair).bytes == max(96, size)
    assert plan_arena(chain, ALIGNMENT).bytes == 96 + size
    for offset in (8, 40):
        with pytest.raises(AuroraError, match="arena plan"):
            prove(chain, Plan({"a": 0, "b": offset}, 256), ALIGNMENT, pair)
        with pytest.raises(AuroraError, match="arena plan"):
            prove(chain, Plan({"a": offset, "b": 0}, 256), ALIGNMENT, pair)


def test_what_ends_highest_is_tried_first() -> None:
    """Pairs of layers in place and over their inputs: by size or by step alone this takes 80 bytes."""
    lives = {"e": (32, 0, 1), "f": (32, 1, 2), "a": (64, 2, 3), "b": (16, 3, 4), "c": (32, 4, 5),
             "g": (32, 5, 6), "s": (8, 3, 3), "h": (8, 1, 1)}  # fmt: skip
    buffers = [Buffer(key, *life) for key, life in lives.items()]
    pairs = [Overlap("e", "f", None), Overlap("f", "a", 32), Overlap("a", "b", None), Overlap("b", "c", 16),
             Overlap("c", "g", None)]  # fmt: skip
    assert plan_arena(buffers, ALIGNMENT, pairs).bytes == 72


def test_the_room_of_a_buffer_is_the_largest_gap_beside_those_that_live_with_it() -> None:
    buffers = [Buffer("a", 12, 0, 2), Buffer("b", 16, 1, 3), Buffer("c", 100, 2, 2), Buffer("s", 8, 1, 1)]
    plan = Plan({"a": 0, "b": 56, "c": 72, "s": 16}, 176)
    assert gap("s", 1, buffers, plan, ALIGNMENT) == (72, 104)
    assert gap("s", 2, buffers, plan, ALIGNMENT) == (16, 40)
    assert gap("s", 9, buffers, plan, ALIGNMENT) == (0, 176)


def test_steps_use_the_room_that_the_largest_leaves_them() -> None:
    """An early layer needs much memory; a late one expands all of its rows in that room."""
    file, rng = TfliteFile(), np.random.default_rng(0)
    sizes = [(48, 48, 4), (48, 48, 12), (12, 12, 12), (12, 12, 12)]
    tensors = [file.tensor((1, *size), 0.05 * (1 + i), -128) for i, size in enumerate(sizes)]
    for i, stride in enumerate((1, 4, 1)):
        file.conv(rng, tensors[i], (3, 3), tensors[i + 1], rng.uniform(0.002, 0.02, sizes[i + 1][2]),
                  strideH=stride, strideW=stride, padding=SAME, fusedActivationFunction=RELU)  # fmt: skip
    program = compile_model(file.bytes([tensors[0]], [tensors[-1]]), "cortex-m4f")
    last = program.layout["steps"][-1]
    assert last["function"] == "nn_m4_conv_strips" and last["fields"]["rows"] == 12
