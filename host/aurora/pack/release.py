"""From a release to the pack of one class of board."""

from __future__ import annotations

from aurora import __version__
from aurora.compile.program import Program
from aurora.compress.release import Release
from aurora.errors import InputError
from aurora.pack.build import PackContents, build_pack
from aurora.spec.board import Board

__all__ = ["pack_release"]

MANIFEST_FORMAT = 1


def pack_release(release: Release, board: Board, program: Program, sequence: int = 1) -> bytes:
    """The pack that runs ``release`` on ``board`` with firmware whose program has ``program.layout_id``.

    ``program`` is compile_model's of release.tflite for the board's core, or compile_tflm's where the
    firmware runs TFLite Micro. The same release, program and sequence give the same bytes. Raises InputError
    where the release contradicts itself.
    """
    given = sum(output.bytes for output in program.outputs)
    if release.decision.output_bytes != given:
        raise InputError(
            f"decision.json is for {release.decision.output_bytes} output bytes, the model gives {given}",
            where=release.path,
            hint="train again",
        )
    baseline = release.drift.baseline
    return build_pack(
        PackContents(
            board_class=board.class_id,
            layout_id=program.layout_id,
            features_id=release.features_id,
            chain=release.chain,
            constants=program.constants,
            constants_alignment=program.constants_alignment,
            decision=release.decision.to_bytes(),
            labels=release.labels,
            drift=baseline.to_bytes(),
            golden=(release.golden_inputs, release.golden_outputs),
            manifest={
                "format": MANIFEST_FORMAT,
                "model": release.name,
                "version": release.version,
                "release": bytes.fromhex(release.id),
                "channels": list(baseline.names),
                "aurora": __version__,
            },
            sequence=sequence,
        )
    )
