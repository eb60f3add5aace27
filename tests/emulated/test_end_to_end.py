"""From a recording to a prediction on a board, in the emulator: every byte is what the host expects."""

from __future__ import annotations

import threading
import zlib

import numpy as np
import pytest
from aurora.build.elf import read_elf
from aurora.demo.answers import refuse_other_pack
from aurora.demo.board_run import BoardRun, run_board
from aurora.demo.expected import Reference
from aurora.device.injection import Window
from aurora.device.session import Session
from aurora.pack.read import parse_pack
from aurora.spec.link import code_number
from emulated_boards import AXES, Boards, model
from small_model import RATE_HZ, recording

pytestmark = pytest.mark.emulated
BOARDS = ("native", "mps2_an386")
OTHER_CORES = ("mps2_an385", "mps2_an500", "mps2_an505", "mps3_an547")  # M3, M7, M33, M55
FAST = "mps2_an386"


def state(name: str) -> int:
    return code_number("link/states.def", name)


def same_everywhere(run: BoardRun) -> None:
    assert run.bytes_differing == {"features": 0, "inputs": 0, "outputs": 0, "decisions": 0}
    assert run.drift_equal and run.differing == 0
    assert run.board.monitored.sum() > run.windows // 2 and run.board.outputs.any()


def whole_run(boards: Boards, board: str, n: int, windows: int, **options: object) -> BoardRun:
    chosen = model(n)
    recorded = recording(windows, n, AXES)
    pack = boards.pack(board, chosen)
    return run_board(boards.build(board), pack, chosen.tflite, recorded, RATE_HZ, **options)


@pytest.mark.parametrize("board", BOARDS)
def test_every_byte_of_a_unit_over_several_starts(boards: Boards, board: str) -> None:
    run = whole_run(boards, board, 256, 60, most_per_start=13, ends=[20, 40])
    same_everywhere(run)
    assert run.starts == (13, 26, 39, 52)
    assert [report.windows for report in run.drift] == [14, 20, 20]
    assert run.board.alarm.any()
    assert run.hello.build_id.hex() == boards.build(board).build_id


@pytest.mark.parametrize("board", OTHER_CORES)
def test_every_byte_on_the_other_cores(boards: Boards, board: str) -> None:
    """Features, inputs, outputs, decisions and drift, by another start-up, UART and instruction set."""
    same_everywhere(whole_run(boards, board, 256, 16, most_per_start=13))


def test_calibration_cut_in_three_keeps_its_bits(boards: Boards) -> None:
    """Six windows of calibration, two at each start: sums travel, so nothing is rounded on the way."""
    same_everywhere(whole_run(boards, "native", 256, 16, most_per_start=2))


def test_one_firmware_runs_chains_of_other_windows(boards: Boards) -> None:
    """A window four times as long is another chain, so another pack; the firmware stays."""
    run = whole_run(boards, FAST, 1024, 20)
    same_everywhere(run)
    assert run.hello.build_id.hex() == boards.build(FAST).build_id


def test_long_windows_on_the_small_board(boards: Boards) -> None:
    """100 windows of 3 x 4096 on 128 KB of RAM, over at least four starts."""
    run = whole_run(boards, "disco_f407vg", 4096, 100)
    same_everywhere(run)
    assert len(run.starts) >= 3
    assert run.health.ram_free_bytes > 8192 and run.health.stack_used_bytes < 8192 // 2


def test_the_reset_button_in_the_middle(boards: Boards) -> None:
    recorded = recording(12, 256, AXES)
    chosen = model()
    expected = Reference(parse_pack(chosen.pack(FAST)), chosen.tflite).expect(recorded, RATE_HZ).answers
    with boards.session(FAST, boards.pack(FAST, chosen), recorded, range(12)) as (emulator, session):
        first = [session.acquire() for _ in range(8)]
        kept = session.calibration_get()
        before = session.board
        emulator.reset()
        after = session.hello()
        assert after.boot_id != before.boot_id and after.calibration_count == 0
        assert session.health().windows_processed == 0
        session.calibration_set(kept.count, kept.sums)
        again = [session.acquire() for _ in range(12)]
    assert [i.output for i in first[6:]] == [expected.outputs[row].tobytes() for row in (6, 7)]
    assert [i.output for i in again[6:]] == [expected.outputs[row].tobytes() for row in range(6, 12)]
    assert again[0].prediction.state == state("MONITORING")  # it need not learn again
    assert len({(p.prediction.boot_id, p.prediction.sequence) for p in first + again}) == 20


def test_a_reset_while_a_window_travels(boards: Boards) -> None:
    recorded = recording(8, 1024, AXES)
    window = Window.of(recorded.samples[7], tuple(recorded.scale_g[7]), RATE_HZ, float(recorded.rpm[7]))
    with boards.session(FAST, boards.pack(FAST, model(1024))) as (emulator, session):
        button = threading.Timer(0.1, emulator.reset)
        button.start()
        try:
            answer = session.inject_window(window)
        finally:
            button.join()
        assert session.hello().boot_id != session.board.boot_id
        undisturbed = session.inject_window(window)
    assert answer.prediction.source == code_number("link/sources.def", "INJECTED")
    assert answer.features == undisturbed.features != b""


@pytest.mark.parametrize("board", BOARDS)
def test_injected_windows_give_the_same_bytes_and_leave_no_trace(boards: Boards, board: str) -> None:
    recorded, chosen = recording(16, 256, AXES), model()
    expected = Reference(parse_pack(chosen.pack(board)), chosen.tflite).expect(recorded, RATE_HZ).answers
    with boards.session(board, boards.pack(board, chosen), recorded, range(10)) as (_, session):
        for _ in range(9):
            session.acquire(detail=False)
        before = session.drift_reports(), session.calibration_get()
        window = Window.of(
            recorded.samples[15], tuple(recorded.scale_g[15]), RATE_HZ, float(recorded.rpm[15])
        )
        injected = session.inject_window(window)
        after = session.drift_reports(), session.calibration_get()
        following = session.acquire()
    assert injected.output == expected.outputs[15].tobytes()
    assert injected.features == expected.features[15].tobytes()
    assert injected.prediction.source == code_number("link/sources.def", "INJECTED")
    assert before[1] == after[1]
    assert [(r.value_count, r.mean, r.bins) for r in before[0]] == [
        (r.value_count, r.mean, r.bins) for r in after[0]
    ]
    assert (following.prediction.votes, following.prediction.alarm) == (expected.votes[9], expected.alarm[9])


@pytest.mark.parametrize("board", BOARDS)
def test_without_windows_there_is_no_sensor(boards: Boards, board: str) -> None:
    with boards.session(board, boards.pack(board, model())) as (_, session):
        assert session.acquire().prediction.state == state("NO_SENSOR")
        assert session.health().state == state("NO_SENSOR")


def test_a_damaged_window_is_a_sensor_fault(boards: Boards) -> None:
    """Bits that flip in the board's memory: the window's own checksum tells."""
    recorded, build = recording(9, 256, AXES), boards.build(FAST)
    from aurora.device.windows import windows_blocks
    from aurora.emulator import MemoryBlock, open_emulator

    (block,) = windows_blocks(
        build.board, build.elf, recorded.samples, recorded.scale_g, RATE_HZ, recorded.rpm
    )
    data = bytearray(block.data)
    at = data.find(recorded.samples[7].tobytes())
    data[at + 100] ^= 4
    with (
        open_emulator(
            build, pack=boards.pack(FAST, model()), windows=[MemoryBlock(block.address, bytes(data))]
        ) as emulator,
        Session(emulator.url) as session,
    ):
        said = [session.acquire().prediction for _ in range(9)]
        report = session.drift_report(0)
    assert [p.state == state("SENSOR_FAULT") for p in said] == [row == 7 for row in range(9)]
    assert said[7].flags == 1 << code_number("link/flags.def", "DAMAGED") and said[7].scores == b""
    assert (report.value_count, report.missing) == (2, 1)


def test_the_fixed_symbol_says_what_hello_says(boards: Boards) -> None:
    build = boards.build(FAST)
    symbol = read_elf(build.elf).symbol("aurora_firmware_info")
    assert symbol.address == build.board.regions["app"].origin
    assert build.bin is not None
    image = build.bin.read_bytes()
    at = image.find(b"AUFN")
    info = image[at : at + symbol.bytes]
    assert int.from_bytes(info[6:8], "little") == symbol.bytes == len(info)
    with boards.session(FAST, None) as (_, session):
        hello = session.board
    assert info[8:16] == hello.build_id == bytes.fromhex(build.build_id)
    assert info[16:48].rstrip(b"\0") == hello.board_id.encode() == FAST.encode()
    assert int.from_bytes(info[48:52], "little") == hello.class_id
    assert info[52:84] == hello.layout_id == build.layout_id
    assert hello.pack_state == -code_number("pack/errors.def", "MAGIC")


def test_noise_on_the_line_is_survived(boards: Boards) -> None:
    chosen, rng = model(), np.random.default_rng(3)
    with boards.session(FAST, boards.pack(FAST, chosen), recording(8, 256, AXES), range(8)) as (_, session):
        line = session._line
        assert line is not None
        for _ in range(8):
            line.write(rng.integers(0, 256, 300, dtype=np.uint8).tobytes())
            refuse_other_pack(session.hello(), parse_pack(chosen.pack(FAST)))
            session.acquire(detail=False)
        health = session.health()
    assert health.frames_bad > 0 and health.windows_processed == 8
    assert zlib.crc32(session.board.layout_id) == zlib.crc32(boards.build(FAST).layout_id)
