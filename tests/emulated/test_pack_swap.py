"""Packs against built firmware: which run without a new build, and which are refused by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from aurora.build import build_firmware
from aurora.compile import compile_model
from aurora.compress.produce import produce_release
from aurora.demo.answers import refuse_other_pack
from aurora.demo.board_run import run_board
from aurora.errors import AuroraError, PackIncompatible, PackWrongChain, PackWrongClass
from aurora.pack.build import build_pack
from aurora.pack.read import parse_pack
from aurora.pack.release import pack_release
from aurora.spec.link import code_number
from aurora.train.derive import derive_spec
from aurora.train.fit import train_model
from aurora.train.split import split_units
from emulated_boards import AXES, Boards, model
from small_model import RATE_HZ, SmallModel, recording, small_model
from train_samples import small_fleet

pytestmark = pytest.mark.emulated
BOARD = "mps2_an386"


@pytest.mark.parametrize("board", ["native", BOARD])
def test_other_weights_run_on_the_built_firmware(boards: Boards, board: str) -> None:
    """Another training of the same architecture is another pack, and no other firmware."""
    recorded = recording(30, 256, AXES)
    runs = {
        seed: run_board(
            boards.build(board),
            boards.pack(board, model(seed=seed)),
            model(seed=seed).tflite,
            recorded,
            RATE_HZ,
        )
        for seed in (1, 2, 3)
    }
    assert [run.differing for run in runs.values()] == [0, 0, 0]
    assert len({run.hello.build_id for run in runs.values()}) == 1
    assert len({run.hello.pack_id for run in runs.values()}) == 3
    assert len({run.board.outputs.tobytes() for run in runs.values()}) == 3


def altered(of: SmallModel, **changes: object) -> bytes:
    return build_pack(dataclasses.replace(of.contents(BOARD), **changes))


def with_other_byte(pack: bytes, at: int) -> bytes:
    return pack[:at] + bytes([pack[at] ^ 0x10]) + pack[at + 1 :]


REFUSED: dict[str, tuple[Callable[[SmallModel], bytes | None], type[AuroraError], str]] = {
    "another layout": (
        lambda m: small_model(hidden=24, n=256, axes=AXES).pack(BOARD), PackIncompatible, "LAYOUT"
    ),
    "another class": (lambda m: m.pack("disco_f407vg"), PackWrongClass, "CLASS"),
    "another chain": (
        lambda m: altered(m, chain=model(n=512).chain), PackWrongChain, "FEATURES"
    ),
    "no normalisation": (
        lambda m: altered(m, chain=m.plain_chain), PackWrongChain, "CHAIN"
    ),
    "golden vectors": (
        lambda m: altered(m, golden=(m.golden_inputs, m.golden_outputs ^ 1)), PackIncompatible, "SELFTEST"
    ),
    "cut in the parts": (lambda m: m.pack(BOARD)[:-200], PackIncompatible, "PART_HASH"),
    "cut in the header": (lambda m: m.pack(BOARD)[:150], PackIncompatible, "HEADER_CRC"),
    "one bit": (lambda m: with_other_byte(m.pack(BOARD), 2000), PackIncompatible, "PART_HASH"),
    "none": (lambda m: None, PackIncompatible, "MAGIC"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_pack_that_does_not_fit_is_refused_by_name(boards: Boards, what: str) -> None:
    make, error, reason = REFUSED[what]
    data = make(model())
    path = None if data is None else boards.write(data)
    with boards.session(BOARD, path, recording(1, 256, AXES), [0]) as (_, session):
        hello, answer = session.board, session.acquire()
    assert -hello.pack_state == code_number("pack/errors.def", reason)
    assert answer.prediction.state == code_number("link/states.def", "NO_MODEL")
    assert answer.prediction.scores == answer.features == b"" and not answer.prediction.alarm
    with pytest.raises(error, match=f"PACK_E_{reason}"):
        refuse_other_pack(hello, parse_pack(model().pack(BOARD)))


def test_a_retrained_model_runs_on_the_built_firmware(tmp_path: Path) -> None:
    """From recordings: train, build once, train again on other units, run the new pack on that build."""
    dataset = small_fleet(tmp_path / "data")
    spec = derive_spec(dataset, "turbine")
    spec = dataclasses.replace(spec, training=dataclasses.replace(spec.training, form="linear"))
    releases = [
        produce_release(
            train_model(dataset, spec, split_units(dataset, seed), seed),
            dataset,
            tmp_path / f"release-{seed}",
        )
        for seed in (1, 2)
    ]
    build = build_firmware("native", releases[0].path)
    unit = dataset.units[0]
    for release in releases:
        pack = tmp_path / f"{release.path.name}.pack"
        program = compile_model(release.tflite, build.board.core)
        pack.write_bytes(pack_release(release, build.board, program))
        run = run_board(build, pack, release.tflite, unit, dataset.rate_hz)
        assert run.differing == 0 and run.hello.build_id.hex() == build.build_id
        assert run.windows == unit.windows and run.board.monitored.any()
    assert releases[0].tflite != releases[1].tflite
