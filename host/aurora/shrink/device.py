"""The release on the emulated board: every window of the test units, exact counts, and what it takes.

What the board put out becomes an arm of the comparison like any other; that it is byte for byte what the host
computes is counted here, not assumed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.build.firmware import BuildResult, build_firmware
from aurora.compile import compile_model
from aurora.compress.release import Release
from aurora.demo.board_run import BoardRun, run_board
from aurora.demo.instructions import count_instructions
from aurora.demo.timeline import timeline_of
from aurora.emulator.qemu import find_qemu
from aurora.errors import InputError
from aurora.files import write_atomic
from aurora.pack.release import pack_release
from aurora.shrink.comparison import ArmCost, Device, Timeline
from aurora.signals.dataset import DataSet, Unit
from aurora.spec.board import Board, load_board
from aurora.verify import Verdict, verify_model

VERIFIED_INPUTS = 40

#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class DeviceRun:
    """``outputs``: test unit -> head -> int8 [w, outputs] as the board answered, zero on windows that it does
    not monitor (those are not scored). ``cost`` is measured; ``timeline`` is of the first failing unit."""

    device: Device
    cost: ArmCost
    outputs: dict[str, dict[str, NDArray[np.int8]]]
    timeline: Timeline | None


def refuse_unemulated(board_id: str) -> Board:
    """The board's record; InputError where no QEMU machine stands for it, EmulatorMissing without QEMU.

    To be asked before minutes of work: a board that runs as a process of the host measures nothing.
    """
    board = load_board(board_id)
    if "qemu" not in board.emulators:
        raise InputError(
            f"{board_id} has no emulator that counts instructions", hint="leave the device arm out"
        )
    find_qemu()
    return board


def run_device(
    release: Release,
    dataset: DataSet,
    board_id: str,
    units: Sequence[str],
    *,
    progress: Progress | None = None,
) -> DeviceRun:
    """Build, run all windows of ``units`` on the board, verify the network and count.

    Raises what refuse_unemulated, the build, the emulator and the link raise; a byte that differs raises
    nothing, it is in the result.
    """
    tell = progress or (lambda share, what: None)
    board = refuse_unemulated(board_id)
    tested = [dataset.unit(unit) for unit in units]
    tell(0.0, f"build firmware for {board_id}")
    firmware = build_firmware(board_id, release.path)
    with tempfile.TemporaryDirectory(prefix="aurora-device-") as folder:
        pack = Path(folder) / "model.pack"
        write_atomic(pack, pack_release(release, board, compile_model(release.tflite, board.core)))
        runs = _run_units(firmware, pack, release, dataset, tested, tell)
        tell(0.8, "count instructions")
        counts = count_instructions(firmware, pack, tested[0], dataset.rate_hz)
        pack_bytes = pack.stat().st_size
    tell(0.85, "verify against TFLite Micro")
    verdict = verify_model(
        release.tflite, board, name=release.name, inputs=VERIFIED_INPUTS, golden=release.golden_inputs
    )
    tell(1.0, "measured")
    cost = _cost(verdict, pack_bytes, len(release.tflite), release.document.get("parameters"))
    return DeviceRun(
        device=_device(board_id, runs, verdict, cost, firmware, counts),
        cost=cost,
        outputs={
            unit.id: {head.name: head.of(run.board.outputs) for head in release.heads}
            for unit, run in zip(tested, runs, strict=True)
        },
        timeline=_timeline(tested, runs, release, dataset.horizon_s),
    )


def _run_units(
    firmware: BuildResult,
    pack: Path,
    release: Release,
    dataset: DataSet,
    units: Sequence[Unit],
    tell: Progress,
) -> list[BoardRun]:
    total, done = sum(unit.windows for unit in units), 0

    def count(windows: int) -> None:
        nonlocal done
        done += windows
        tell(0.1 + 0.7 * done / total, f"{total} windows on {firmware.board.id}")

    return [
        run_board(firmware, pack, release.tflite, unit, dataset.rate_hz, progress=count) for unit in units
    ]


def _cost(verdict: Verdict, pack_bytes: int, model_bytes: int, parameters: object) -> ArmCost:
    return ArmCost(
        source="measured",
        parameters=parameters if isinstance(parameters, int) else None,
        model_bytes=model_bytes,
        flash_bytes=pack_bytes + verdict.sizes.code,
        ram_bytes=verdict.sizes.ram(verdict.stack_bytes),
        instructions=verdict.instructions,
    )


def _device(
    board_id: str,
    runs: Sequence[BoardRun],
    verdict: Verdict,
    cost: ArmCost,
    firmware: BuildResult,
    counts: dict[str, int] | None,
) -> Device:
    assert cost.flash_bytes is not None and cost.ram_bytes is not None  # measured just now
    return Device(
        board=board_id,
        windows=sum(run.windows for run in runs),
        bytes_differing=sum(run.differing for run in runs),
        verified_inputs=verdict.inputs,
        verified_exact=verdict.exact,
        instructions=verdict.instructions,
        flash_bytes=cost.flash_bytes,
        ram_bytes=cost.ram_bytes,
        feature_instructions=counts["features"] if counts is not None else None,
        firmware_flash_bytes=firmware.flash_bytes,
        firmware_ram_bytes=firmware.ram_bytes,
        stack_used_bytes=max(run.health.stack_used_bytes for run in runs),
    )


def _timeline(
    units: Sequence[Unit], runs: Sequence[BoardRun], release: Release, horizon_s: float | None
) -> Timeline | None:
    found = timeline_of(units, runs, release, horizon_s)
    if found is None:
        return None
    return Timeline(
        unit=found.unit,
        time_s=tuple(map(float, found.time_s)),
        score=tuple(map(int, found.score)),
        alarm=tuple(map(bool, found.alarm)),
        threshold=found.threshold,
        horizon_s=found.horizon_s,
        failure_s=found.failure_s,
    )
