"""Does a board compute what TFLite Micro computes, tensor by tensor, and what does it take?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compile import Program, compile_model
from aurora.files import scratch_folder
from aurora.spec.board import Board
from aurora.verify.compare import Difference, Oracle
from aurora.verify.cycles import instructions_of, weighted_cycles
from aurora.verify.image import Image, build_image
from aurora.verify.inputs import make_inputs
from aurora.verify.machine import INFERENCE, RESET, Run, run_image
from aurora.verify.profile import Profile, profile_of
from aurora.verify.sizes import Sizes, sizes_of

DEFAULT_INPUTS = 40


@dataclass(frozen=True)
class Verdict:
    """``exact`` of ``inputs`` agree in every tensor and output byte. ``instructions`` and
    ``weighted_cycles`` are the largest over the inputs; ``per_input`` holds the instructions of each,
    ``profile`` where those of the slowest went, if that was asked for."""

    model: str
    board: str
    core: str
    inputs: int
    exact: int
    first_difference: Difference | None
    instructions: int
    weighted_cycles: int
    sizes: Sizes
    stack_bytes: int
    init_instructions: int
    per_input: tuple[int, ...]
    profile: Profile | None

    def record(self) -> dict[str, Any]:
        """What `aurora verify --json` prints."""
        difference = self.first_difference
        return {
            "model": self.model,
            "board": self.board,
            "inputs": self.inputs,
            "exact": self.exact,
            "first_difference": difference.record() if difference else None,
            "instructions": self.instructions,
            "weighted_cycles": self.weighted_cycles,
            "code_bytes": self.sizes.code,
            "constants_bytes": self.sizes.constants,
            "ram_bytes": self.sizes.ram(self.stack_bytes),
        }


def verify_model(
    tflite: bytes,
    board: Board,
    *,
    name: str = "model",
    inputs: int = DEFAULT_INPUTS,
    golden: NDArray[np.int8] | None = None,
    profile: bool = False,
) -> Verdict:
    """Compile ``tflite`` for ``board`` with and without tracing, run both images, compare, measure.

    ``golden`` is int8 [g, bytes], inputs to be among those tried. Raises ModelRefused where the engine cannot
    run the model or it does not fit, InputError for a damaged file or one TFLite Micro does not run,
    EmulatorMissing, EmulatorFailed, ToolchainMissing, BuildFailed, or WriteFailed where TMPDIR has no room.
    """
    with scratch_folder("aurora-verify-") as folder:
        program = compile_model(tflite, board.core, name=name)
        image = build_image(program, board, folder / "measured")
        blocks = make_inputs(program.inputs, inputs, golden)
        measured = run_image(image, blocks, count=INFERENCE)
        traced_program, traced = _traced(tflite, board, name, blocks, folder / "traced")
        oracle = Oracle(tflite, blocks, set(traced_program.report["traced_tensors"]))
        wrong = oracle.rows_that_differ(traced_program, traced)
        wrong |= oracle.rows_that_differ(program, replace(measured, tensors=traced.tensors))
        difference = None
        if wrong:
            fused = oracle.first_difference(traced_program, traced) or oracle.first_difference(
                program, measured
            )
            difference = _unfused(tflite, board, name, blocks, folder / "unfused") or fused
            if difference is fused and fused is not None:
                difference = replace(fused, only_fused=True)
        return _verdict(image, measured, inputs - len(wrong), difference, profile)


def _traced(
    tflite: bytes, board: Board, name: str, blocks: NDArray[np.uint8], folder: Path, *, fuse: bool = True
) -> tuple[Program, Run]:
    program = compile_model(tflite, board.core, trace=True, name=name, fuse=fuse)
    return program, run_image(build_image(program, board, folder, trace=True), blocks)


def _unfused(
    tflite: bytes, board: Board, name: str, blocks: NDArray[np.uint8], folder: Path
) -> Difference | None:
    """The first layer that differs where every operation is a step of its own; None where none does."""
    program, run = _traced(tflite, board, name, blocks, folder, fuse=False)
    oracle = Oracle(tflite, blocks, set(program.report["traced_tensors"]))
    return oracle.first_difference(program, run)


def _verdict(image: Image, run: Run, exact: int, difference: Difference | None, profile: bool) -> Verdict:
    code = instructions_of(image.elf)
    counts = run.instructions()
    return Verdict(
        model=image.program.name,
        board=image.board.id,
        core=image.board.core,
        inputs=len(counts),
        exact=exact,
        first_difference=difference,
        instructions=max(counts),
        weighted_cycles=max(weighted_cycles(code, count) for count in run.counts),
        sizes=sizes_of(image),
        stack_bytes=run.stack_bytes,
        init_instructions=_init_instructions(image),
        per_input=tuple(counts),
        profile=profile_of(image, run.counts[counts.index(max(counts))]) if profile else None,
    )


def _init_instructions(image: Image) -> int:
    """What must run once before the first inference: the reset of a network that keeps state."""
    if not any(step.get("state") for step in image.program.layout["steps"]):
        return 0
    size = sum(port.bytes for port in image.program.inputs)
    return sum(run_image(image, np.zeros((1, size), np.uint8), count=RESET).instructions())
