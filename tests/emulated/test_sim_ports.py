"""What port.h promises, on both emulated boards and on the native process."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from aurora.build import BuildResult
from aurora.device.windows import windows_blocks, windows_capacity
from aurora.emulator import Emulator, MemoryBlock, open_emulator
from aurora.errors import InputError
from probe import ANSWER_SECONDS, Probe, build_probe

pytestmark = pytest.mark.emulated
POWER, SOFTWARE, FAULT, EXTERNAL = range(4)  # PORT_RESET_*
NO_SENSOR, DAMAGED, END, WINDOW = 9, 8, 10, 11  # PORT_SENSOR_* + 10
BOARDS = ("mps2_an386", "disco_f407vg", "native")
EMULATED = BOARDS[:2]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuildResult]:
    folder = tmp_path_factory.mktemp("release")
    return {board: build_probe(board, folder / board) for board in BOARDS}


@pytest.fixture(params=BOARDS)
def build(request: pytest.FixtureRequest, builds: dict[str, BuildResult]) -> BuildResult:
    return builds[request.param]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "pack,with=a comma"
    path.write_bytes(bytes([77]) * 100)
    return path


def started(
    build: BuildResult,
    pack: Path | None = None,
    windows: Sequence[MemoryBlock] = (),
    seed: int | None = None,
) -> Iterator[tuple[Emulator, Probe]]:
    """A board and its line, from the greeting on where the emulator can wait for us."""
    paused = not build.board.is_native
    with (
        open_emulator(build, pack=pack, windows=windows, seed=seed, paused=paused) as board,
        Probe(board.url) as line,
    ):
        board.resume()
        if paused:
            line.wait_ready()
        else:
            line.wake()
        yield board, line


@pytest.fixture
def running(build: BuildResult, pack: Path) -> Iterator[tuple[Emulator, Probe]]:
    yield from started(build, pack=pack)


def test_start_reset_and_its_cause(running: tuple[Emulator, Probe], build: BuildResult) -> None:
    board, line = running
    states = [line.ask(b"s")]
    line.line.write(b"r")
    line.wait_ready()
    states.append(line.ask(b"s"))
    board.reset()
    line.wait_ready()
    states.append(line.ask(b"s"))
    assert [state["cause"] for state in states] == [POWER, SOFTWARE, EXTERNAL]
    assert len({state["id"] for state in states}) == 3, "each start has a boot id of its own"
    slot = build.board.regions["slot_a"]
    assert all(state["slot"] == slot.bytes and state["slot0"] == 77 for state in states)
    assert board.alive() and board.exit_status is None


def test_bytes_arrive_whole_both_ways(running: tuple[Emulator, Probe]) -> None:
    _, line = running
    data = np.random.default_rng(3).integers(0, 256, (20, 256)).astype(np.uint8)
    for block in data:
        line.line.write(b"e" + block.tobytes())
        assert line.line.read(256) == block.tobytes()
    assert line.ask(b"s")["lost"] == 0


def test_time_goes_on_and_sleep_ends(running: tuple[Emulator, Probe]) -> None:
    _, line = running
    times = [line.ask(b"t")["us"] for _ in range(20)]
    assert all(later > earlier for earlier, later in pairwise(times))


@pytest.mark.parametrize("board_id", EMULATED)
def test_two_power_ups_differ_and_a_seed_repeats(builds: dict[str, BuildResult], board_id: str) -> None:
    ids = []
    for seed in (None, None, 7, 7):
        for _, line in started(builds[board_id], seed=seed):
            ids.append(line.ask(b"s")["id"])
    assert len(set(ids[:3])) == 3 and ids[2] == ids[3]


@pytest.mark.parametrize("board_id", EMULATED)
def test_a_fault_is_recorded_and_the_board_starts_again(
    builds: dict[str, BuildResult], board_id: str
) -> None:
    for _, line in started(builds[board_id]):
        line.line.write(b"f")
        line.wait_ready()
        state = line.ask(b"s")
        assert state["cause"] == FAULT and state["fault"] == 1
        line.line.write(b"r")
        line.wait_ready()
        assert line.ask(b"s")["cause"] == SOFTWARE, "a fault does not stay for ever"


def test_a_fault_at_each_start_becomes_slow_and_the_reset_button_still_works(
    builds: dict[str, BuildResult],
) -> None:
    """After the fifth fault in a row the board waits a minute before it starts again: kept.c."""
    for board, line in started(builds["mps2_an386"]):
        for _ in range(4):
            line.line.write(b"f")
            line.wait_ready()
        line.line.write(b"f")
        line.line.timeout = 0.5
        assert line.line.readline() == b""
        line.line.timeout = ANSWER_SECONDS
        board.reset()
        line.wait_ready()
        assert line.ask(b"s")["cause"] == FAULT


def test_stack_overflow_faults_instead_of_overwriting_data(builds: dict[str, BuildResult]) -> None:
    """Only where the emulator has nothing below the RAM: see FIDELITY.md about mps2."""
    for _, line in started(builds["disco_f407vg"]):
        line.line.write(b"o")
        line.wait_ready()
        assert line.ask(b"s")["cause"] == FAULT


@pytest.mark.parametrize("board_id", EMULATED)
def test_stack_high_water_and_free_ram_are_plausible(builds: dict[str, BuildResult], board_id: str) -> None:
    board = builds[board_id].board
    for _, line in started(builds[board_id]):
        state = line.ask(b"s")
        assert board.stack_bytes - 1024 < state["stack"] < board.stack_bytes
        assert state["ram"] == board.ram.bytes - builds[board_id].ram_bytes


def test_preloaded_windows_come_once_each(build: BuildResult) -> None:
    rng = np.random.default_rng(1)
    samples = rng.integers(-32768, 32768, (5, 3, 4096)).astype(np.int16)
    scale = np.full((5, 3), 0.125, np.float32)
    speed = np.array([0, 1200, np.nan, 1800, 900], np.float32)
    blocks = windows_blocks(build.board, build.elf, samples, scale, 25600.0, speed, first_sequence=40)
    for _, line in started(build, windows=blocks):
        for i in range(5):
            answer = line.ask(b"w")
            assert answer == {
                "result": WINDOW, "n": 4096, "axes": 3, "sequence": 40 + i, "rate": 25600, "milli_g": 125,
                "rpm": int(np.nan_to_num(speed)[i]), "first": int(samples[i, 0, 0]) + 40000,
                "last": int(samples[i, 2, -1]) + 40000,
            }  # fmt: skip
        assert line.ask(b"w") == {"result": END}


def test_no_descriptor_is_a_missing_sensor(running: tuple[Emulator, Probe]) -> None:
    assert running[1].ask(b"w") == {"result": NO_SENSOR}


def altered(blocks: tuple[MemoryBlock, ...], at_address: int) -> list[MemoryBlock]:
    """The blocks with one bit of one byte flipped."""
    changed = []
    for block in blocks:
        data = bytearray(block.data)
        if block.address <= at_address < block.end:
            data[at_address - block.address] ^= 1
        changed.append(replace(block, data=bytes(data)))
    return changed


def test_a_damaged_window_is_skipped_and_a_damaged_descriptor_is_no_sensor(build: BuildResult) -> None:
    samples = np.zeros((2, 1, 256), np.int16)
    blocks = windows_blocks(build.board, build.elf, samples, np.ones((2, 1), np.float32), 1000.0)
    place = next(iter(build.board.emulators.values())).windows
    assert place is not None
    sample = blocks[0].address + (32 if len(blocks) == 1 else 0) + 48 + 100
    for _, line in started(build, windows=altered(blocks, sample)):
        assert [line.ask(b"w")["result"] for _ in range(3)] == [DAMAGED, WINDOW, END]
    for offset in (0, 5, 13, 28):
        for _, line in started(build, windows=altered(blocks, place.descriptor + offset)):
            assert line.ask(b"w") == {"result": NO_SENSOR}, f"descriptor byte {offset}"


def test_windows_that_do_not_fit_are_refused(build: BuildResult) -> None:
    room = windows_capacity(build.board, build.elf, 4096, 3)
    assert room >= 26 if build.board.id == "disco_f407vg" else room >= 680
    samples = np.zeros((room + 1, 3, 4096), np.int16)
    with pytest.raises(InputError, match="memory takes 1 to"):
        windows_blocks(build.board, build.elf, samples, np.ones((room + 1, 3), np.float32), 1000.0)
