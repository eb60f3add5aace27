"""The demo's stages, in the order in which a recording becomes a prediction on a board."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from aurora import __version__
from aurora.build.firmware import BuildResult, build_firmware
from aurora.build.toolchain import compiler
from aurora.compile import compile_model
from aurora.compress.produce import produce_release
from aurora.compress.release import Release
from aurora.demo.board_run import BoardRun, run_board
from aurora.demo.clock import Clock
from aurora.demo.drift_trial import DriftTrial, judge_trial, plan_trial
from aurora.demo.instructions import count_instructions
from aurora.demo.picture import DriftBars, Timeline, draw
from aurora.demo.report import report_text
from aurora.demo.scores import score_arms
from aurora.demo.selection import select_windows
from aurora.demo.timeline import timeline_of
from aurora.emulator.qemu import find_qemu
from aurora.files import sole_writer, write_atomic
from aurora.pack.release import pack_release
from aurora.signals.checks import check_dataset
from aurora.signals.dataset import DataSet, Unit, load_dataset
from aurora.signals.synth.fleet import Fleet, synthesise
from aurora.spec.board import load_board
from aurora.train.derive import derive_spec
from aurora.train.fit import TrainedModel, train_model
from aurora.train.split import split_units

PACKAGES = ("keras", "numpy", "platformio", "tensorflow-cpu", "tflite_micro", "zcbor")


@dataclass(frozen=True)
class Options:
    """``data``: a data set folder, None synthesises a fleet. ``windows``: most held-out windows to run."""

    board: str
    out: Path
    data: Path | None = None
    windows: int | None = None
    seed: int = 1


@dataclass
class Made:
    """What the stages hand on."""

    dataset: DataSet
    trained: TrainedModel
    release: Release
    firmware: BuildResult
    pack: Path
    units: list[Unit] = field(default_factory=list)
    runs: list[BoardRun] = field(default_factory=list)
    drift: dict[str, Any] | None = None
    drift_differing: int = 0


def run_demo(options: Options) -> dict[str, Any]:
    """Run every stage; writes report.json and report.png below ``options.out`` and returns the report.

    Raises what its stages raise; files of finished stages stay for a look.
    """
    board = load_board(options.board)  # what is missing is said before minutes of work
    compiler(board)
    if "qemu" in board.emulators:
        find_qemu()
    with sole_writer(options.out):
        return _run(options)


def _run(options: Options) -> dict[str, Any]:
    clock = Clock()
    dataset = _data(options, clock)
    made = _model(options, dataset, clock)
    bars = _board(options, made, clock)
    with clock.stage("instructions", "count instructions"):
        counts = count_instructions(made.firmware, made.pack, made.units[0], dataset.rate_hz)
    report = _report(options, made, counts)
    with clock.stage("report", "report and picture"):
        picture = draw(report, _timeline(made), bars)
    report["seconds"] = clock.rounded()
    write_atomic(options.out / "report.png", picture)
    write_atomic(options.out / "report.json", report_text(report))
    return report


def _data(options: Options, clock: Clock) -> DataSet:
    folder = options.data or options.out / "data"
    if options.data is None:
        fleet = Fleet(seed=options.seed)
        with clock.stage("synth", f"synthesise {fleet.units} turbines") as tell:
            done = 0

            def count() -> None:
                nonlocal done
                done += 1
                tell(done / fleet.units, "")

            synthesise(folder, fleet, overwrite=True, progress=count)
    dataset = load_dataset(folder)
    with clock.stage("check", "check the recordings") as tell:
        seen = 0

        def look(windows: int) -> None:
            nonlocal seen
            seen += windows
            tell(seen / dataset.windows, "")

        check_dataset(folder, progress=look).raise_errors(strict=False)
    return dataset


def _model(options: Options, dataset: DataSet, clock: Clock) -> Made:
    spec = derive_spec(dataset, dataset.name)
    split = split_units(dataset, options.seed)
    with clock.stage("train", f"train on {len(split.train)} units") as tell:
        trained = train_model(dataset, spec, split, options.seed, tell)
    with clock.stage("int8", "int8, thresholds, scores") as tell:
        target = options.out / "release"
        release = produce_release(trained, dataset, target, replace=True, progress=tell)
    with clock.stage("compile", "compile and pack"):
        board = load_board(options.board)
        program = compile_model(release.tflite, board.core)
        pack = options.out / "model.pack"
        write_atomic(pack, pack_release(release, board, program))
    with clock.stage("build", f"build firmware for {options.board}"):
        firmware = build_firmware(options.board, release.path)
    return Made(dataset, trained, release, firmware, pack)


def _board(options: Options, made: Made, clock: Clock) -> DriftBars | None:
    dataset, release = made.dataset, made.release
    learning = release.spec.chain.calibration_windows
    test = made.trained.split.test
    made.units = select_windows(dataset, test, options.windows, learning)
    total, done = sum(unit.windows for unit in made.units), 0
    with clock.stage("board", f"{total} windows on {options.board}") as tell:

        def count(windows: int) -> None:
            nonlocal done
            done += windows
            tell(done / total, "")

        for unit in made.units:
            made.runs.append(
                run_board(made.firmware, made.pack, release.tflite, unit, dataset.rate_hz, progress=count)
            )
    # a short run on a board that holds few windows is no place for 400 more
    trial = plan_trial(release, dataset, test) if options.windows is None else None
    return _drift(options, made, clock, trial) if trial else None


def _drift(options: Options, made: Made, clock: Clock, trial: DriftTrial) -> DriftBars:
    done = 0
    with clock.stage("drift", f"drift of {trial.unit.id}") as tell:

        def count(windows: int) -> None:
            nonlocal done
            done += windows
            tell(done / trial.unit.windows, "")

        run = run_board(
            made.firmware, made.pack, made.release.tflite, trial.unit, made.dataset.rate_hz, ends=trial.ends,
            progress=count,
        )  # fmt: skip
        made.drift, bars = judge_trial(trial, run)
        made.drift_differing = run.differing
    return bars


def _report(options: Options, made: Made, counts: dict[str, int] | None) -> dict[str, Any]:
    firmware, board = made.firmware, made.firmware.board
    scores = score_arms(made.trained, made.dataset, made.units, made.runs, made.release.heads)
    return {
        "windows": sum(run.windows for run in made.runs),
        "bytes_differing": sum(run.differing for run in made.runs) + made.drift_differing,
        "auroc_mean": scores["auroc_mean"],
        "auroc_per_unit": scores["auroc_per_unit"] if scores["auroc_mean"] else None,
        "auroc_leaky": made.release.document["metrics"]["auroc_leaky"],
        "accuracy": scores["accuracy"],
        "accuracy_per_unit": scores["accuracy_per_unit"] if scores["accuracy"] else None,
        "instructions": counts,
        "flash_bytes": firmware.flash_bytes,
        "flash_limit_bytes": board.budget_flash_bytes,
        "ram_bytes": firmware.ram_bytes,
        "ram_limit_bytes": board.budget_ram_bytes,
        "stack_used_bytes": max(run.health.stack_used_bytes for run in made.runs),
        "pack_bytes": made.pack.stat().st_size,
        "drift": made.drift,
        "units": {unit.id: run.windows for unit, run in zip(made.units, made.runs, strict=True)},
        "limits": made.release.document["limits"],
        "board": options.board,
        "build_id": firmware.build_id,
        "pack_id": made.runs[0].hello.pack_id.hex(),
        "seed": options.seed,
        "versions": {
            "aurora": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
    }


def _timeline(made: Made) -> Timeline | None:
    return timeline_of(made.units, made.runs, made.release, made.dataset.horizon_s)
