"""What a model takes of a board, predicted without building anything (``device`` measures the same).

    flash         its whole pack (constants, chain, drift baseline, golden vectors, ...) and the code of its
                  program: straight-line C and the kernels that it calls. The rest of the firmware (features,
                  link, drivers) is the same whatever the model, and not counted.
    RAM           arena, input and output block, and the stack of one inference.
    instructions  of one inference of the network. The chain's features cost far more (a million for three
                  axes of 4,096 samples) and depend on the chain alone; they are not counted.

Instructions come from the compiler's predictor. Code and stack come from the table below: sizes of the
kernels' functions as GCC made them for the emulated boards, and of programs of one to five layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aurora.compile import Program, compile_model
from aurora.compress.int8 import Int8Model
from aurora.pack.build import PackContents, build_pack
from aurora.shrink.comparison import ArmCost
from aurora.spec.baseline import BINS, Baseline
from aurora.spec.board import Board
from aurora.spec.chain import feature_names
from aurora.spec.decision import Decision, FailsWithin, FaultType
from aurora.spec.model import ModelSpec
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD

GOLDEN_ROWS = 14  # what a release holds: compress.judge


@dataclass(frozen=True)
class CodeSizes:
    """Bytes by core variant. ``kernels``: function or tile -> what it adds once; a program of n steps takes
    ``program`` + (n - 1) * ``step``; ``stack`` is the most that an inference used."""

    kernels: dict[str, int]
    program: int
    step: int
    stack: int


#: `aurora verify` of seven dense networks (none to three hidden layers, one or two heads) on mps2_an386,
#: mps2_an385 and mps3_an547: within 5 % of each (tests/emulated/test_shrink_cost.py measures again)
CODE: dict[str, CodeSizes] = {
    "m4": CodeSizes(
        {"nn_fully_connected": 428, "nn_m4_dense": 620, "nn_m4_dense_packed": 636,
         "nn_m4_dense_packed_relu": 604, "nn_m4_dense_wide": 540, "nn_m4_dense_wide_relu": 508},
        program=206, step=54, stack=228,
    ),
    "m3": CodeSizes(
        {"nn_fully_connected": 412, "nn_m3_dense": 154, "nn_m3_dense_relu": 558, "nn_m3_dense_any": 622},
        program=218, step=52, stack=156,
    ),
    "portable": CodeSizes({"nn_fully_connected": 412}, program=206, step=56, stack=156),
    "m55": CodeSizes(
        {"nn_m55_fully_connected_rows": 400, "nn_m55_fully_connected": 44}, program=214, step=60, stack=216
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Bytes and instructions as above; ``flash_bytes`` and ``instructions`` None where a kernel is unknown.

    ``pack_bytes``, ``code_bytes``, ``arena_bytes`` and ``stack_bytes`` are what the sums are made of.
    """

    flash_bytes: int | None
    ram_bytes: int
    instructions: int | None
    pack_bytes: int = 0
    code_bytes: int | None = None
    arena_bytes: int = 0
    stack_bytes: int = 0

    def of_arm(self, parameters: int | None = None, model_bytes: int | None = None) -> ArmCost:
        """In the words of a comparison."""
        return ArmCost(
            source="predicted", parameters=parameters, model_bytes=model_bytes, flash_bytes=self.flash_bytes,
            ram_bytes=self.ram_bytes, instructions=self.instructions,
        )  # fmt: skip


def cost_of(model: Int8Model, spec: ModelSpec, board: Board) -> Cost:
    """Predicted cost of ``model``, whose features ``spec`` names, on ``board``.

    Raises ModelRefused where the engine cannot run the model.
    """
    program = compile_model(model.tflite, board.core)
    pack = pack_bytes(model, spec, program, board)
    code, stack = predicted_code_bytes(program), CODE[program.variant].stack
    blocks = sum(port.bytes for port in (*program.inputs, *program.outputs))
    return Cost(
        flash_bytes=None if code is None else pack + code,
        ram_bytes=program.arena_bytes + blocks + stack,
        instructions=program.report["predicted_instructions"],
        pack_bytes=pack,
        code_bytes=code,
        arena_bytes=program.arena_bytes,
        stack_bytes=stack,
    )


def predicted_code_bytes(program: Program) -> int | None:
    """Bytes of the program's own code and of the kernels it calls; None where one of them is not known."""
    sizes, steps = CODE[program.variant], program.layout["steps"]
    called = {step["function"] for step in steps}
    called |= {step["fields"]["tile"] for step in steps if "tile" in step["fields"]}
    if not called <= sizes.kernels.keys():
        return None
    return sum(sizes.kernels[name] for name in called) + sizes.program + (len(steps) - 1) * sizes.step


def pack_bytes(model: Int8Model, spec: ModelSpec, program: Program, board: Board) -> int:
    """Size of the pack that a release of ``model`` would make: one is built, with statistics and golden
    vectors of the right number and no meaning."""
    features = feature_names(spec.chain, spec.signal.axes)
    outputs = sum(head.count for head in model.heads)
    names = (*features, *(f"{head.name}.{place}" for head in model.heads for place in range(head.count)))
    baseline = Baseline(
        names, len(features), np.full(len(names), -np.inf, np.float32),
        np.full(len(names), np.inf, np.float32), np.zeros((len(names), BINS - 1), np.float32),
    )  # fmt: skip
    golden = (np.zeros((GOLDEN_ROWS, len(features)), np.int8), np.zeros((GOLDEN_ROWS, outputs), np.int8))
    return len(
        build_pack(
            PackContents(
                board_class=board.class_id,
                layout_id=program.layout_id,
                features_id=model.features_id,
                chain=model.chain,
                constants=program.constants,
                constants_alignment=program.constants_alignment,
                decision=_decision(model, spec).to_bytes(),
                labels=spec.labels.fault_types,
                drift=baseline.to_bytes(),
                golden=golden,
                manifest={"model": spec.name, "version": spec.version, "release": bytes(32),
                          "channels": list(names)},
            )
        )
    )  # fmt: skip


def _decision(model: Int8Model, spec: ModelSpec) -> Decision:
    fault, fails, votes = model.head(FAULT_HEAD), model.head(FAILS_HEAD), spec.decision
    return Decision(
        output_bytes=sum(head.count for head in model.heads),
        fault_type=FaultType(fault.offset, fault.count) if fault else None,
        fails_within=FailsWithin(
            fails.offset, 0, 0, votes.raise_votes, votes.clear_votes, votes.windows
        ) if fails else None,
    )  # fmt: skip
