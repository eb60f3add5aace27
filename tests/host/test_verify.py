"""The parts of `aurora verify` that need no emulator: weights of instructions, inputs, the link map."""

import numpy as np
import pytest
from aurora.build.map_file import LinkMap, Piece
from aurora.compile import TensorIO
from aurora.errors import EmulatorMissing, ModelRefused
from aurora.spec.board import load_board
from aurora.verify.cycles import parse_listing, weight, weighted_cycles
from aurora.verify.image import build_image, flash_region
from aurora.verify.inputs import make_inputs
from aurora.verify.machine import COUNTS
from aurora.verify.sizes import Image, sizes_of
from tflite_networks import conv_net, two_heads

WEIGHTS = {
    ("add.w", "r0, r1, r2"): 1,
    ("smlad", "r0, r1, r2, r3"): 1,
    ("strb.w", "r0, [r1], #1"): 1,
    ("ldr.w", "r0, [r1, #4]"): 2,
    ("ldrsb.w", "r0, [r1]"): 2,
    ("ldrd", "r0, r1, [r2]"): 3,
    ("ldmia.w", "r0!, {r1, r2, r3, r4}"): 5,
    ("stmdb", "sp!, {r4, r5, r6, r7, r8, r9, sl, fp, lr}"): 10,
    ("push", "{r4-r7, lr}"): 6,
    ("vpush", "{d8-d9}"): 5,
    ("vldr", "s0, [r0]"): 2,
    ("vldr", "d0, [r0]"): 3,
    ("vldrb.u32", "q0, [r0]"): 2,
    ("bne.n", "1234 <run>"): 1,
    ("pop", "{r4, pc}"): 3,
}
PORT = TensorIO("input", (1, 6), "int8", 1.0, 0, 0, 6)


@pytest.mark.parametrize(("instruction", "cycles"), WEIGHTS.items(), ids=lambda value: str(value))
def test_weights(instruction: tuple[str, str], cycles: int) -> None:
    assert weight(*instruction) == cycles


def test_listings_are_read_at_low_and_high_addresses() -> None:
    listing = "00010000 <run>:\n   10000:\tldr\tr0, [r1]\n10010002:\tpop\t{r4, pc}\n\n"
    assert parse_listing(listing) == {0x10000: ("ldr", "r0, [r1]"), 0x10010002: ("pop", "{r4, pc}")}
    (unknown,) = parse_listing("11008fd2:\t\t\t@ <UNDEFINED> instruction: 0xea5090a0\n").values()
    assert weight(*unknown) == 1


def test_a_taken_branch_takes_three_cycles() -> None:
    code = {0: ("ldr", "r0, [r1]"), 2: ("bne.n", "0")}
    counts = np.array([(0, 10, 0, 0), (2, 10, 9, 0)], COUNTS)
    assert weighted_cycles(code, counts) == 10 * 2 + 9 * 3 + 1


def test_inputs_hold_golden_seeded_and_extreme_blocks_and_repeat() -> None:
    golden = np.arange(60, dtype=np.int8).reshape(10, 6)
    blocks = make_inputs((PORT,), 40, golden)
    assert blocks.shape == (40, 6)
    assert np.array_equal(blocks[:10].view(np.int8), golden)
    signed = blocks.view(np.int8)
    assert (signed == -128).all(axis=1).any() and (signed == 127).all(axis=1).any()
    assert len({row.tobytes() for row in blocks}) > 30
    assert np.array_equal(blocks, make_inputs((PORT,), 40, golden))


def test_golden_blocks_of_another_size_are_left_out() -> None:
    blocks = make_inputs((PORT,), 8, np.full((4, 5), 3, np.int8))
    assert np.array_equal(blocks, make_inputs((PORT,), 8))


def test_inputs_of_floats_are_finite_floats() -> None:
    port = TensorIO("input", (1, 3), "float32", 1.0, 0, 0, 12)
    values = make_inputs((port,), 20).view(np.float32)
    assert values.shape == (20, 3) and np.isfinite(values).all()


def test_code_is_told_by_origin(tmp_path) -> None:
    from aurora.compile import compile_model

    pieces = (Piece(".text", "run", "program.o", 100), Piece(".text", "nn_conv", "conv_2d-12.o", 50),
              Piece(".rodata", "table", "softmax-34.o", 8),
              Piece(".text", "memcpy", "libc_nano.a(memcpy.o)", 20),
              Piece(".bss", "arena", "main.o", 4096), Piece(".rodata", "", "constants.o", 999))  # fmt: skip
    program = compile_model(two_heads(), "cortex-m4f")
    image = Image(load_board("mps2_an386"), program, tmp_path, tmp_path, LinkMap({}, pieces), False)
    sizes = sizes_of(image)
    assert (sizes.program, sizes.engine, sizes.libc, sizes.code, sizes.static_ram) == (100, 58, 20, 158, 0)
    assert sizes.ram(200) == program.arena_bytes + 12 + 4 + 200


def test_code_and_constants_may_take_the_slots_too() -> None:
    board = load_board("mps2_an386")
    assert flash_region(board).bytes == sum(board.regions[name].bytes for name in ("app", "slot_a", "slot_b"))


def test_a_model_too_big_for_the_board_is_refused_without_op_and_tensor(tmp_path) -> None:
    import dataclasses

    from aurora.compile import compile_model

    board, program = load_board("mps2_an386"), compile_model(conv_net(1), "cortex-m4f")
    for field, value in (("constants", bytes(2 << 20)), ("arena_bytes", 1 << 20)):
        big = dataclasses.replace(program, **{field: value})
        with pytest.raises(ModelRefused, match="too big for mps2_an386") as caught:
            build_image(big, board, tmp_path)
        assert (caught.value.op, caught.value.tensor, caught.value.exit_code) == (None, None, 20)


def test_a_board_without_qemu_is_told(tmp_path) -> None:
    from aurora.compile import compile_model

    with pytest.raises(EmulatorMissing, match="native"):
        build_image(compile_model(two_heads(), "host"), load_board("native"), tmp_path)
