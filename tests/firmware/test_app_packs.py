"""Which packs the firmware runs, and what it says of those that it refuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from app_board import BOARD, AppBoard
from aurora.demo.answers import refuse_other_pack
from aurora.errors import PackIncompatible, PackWrongChain, PackWrongClass
from aurora.pack.build import PackContents, build_pack
from aurora.pack.read import parse_pack
from aurora.spec.chain import features_id
from aurora.spec.link import code_number
from small_model import SmallModel, recording, small_model

STATES = "link/states.def"


def contents(model: SmallModel, **changes: object) -> PackContents:
    return dataclasses.replace(model.contents(BOARD), **changes)


def altered_golden(model: SmallModel) -> tuple[np.ndarray, np.ndarray]:
    outputs = model.golden_outputs.copy()
    outputs[-1, -1] ^= 1
    return model.golden_inputs, outputs


def longer_chain() -> dict[str, object]:
    other = small_model(n=512)
    assert len(other.names) == len(small_model().names)
    return {"chain": other.chain}  # of another features id than the pack says


REFUSALS: dict[str, Callable[[SmallModel], bytes]] = {
    "CLASS": lambda m: build_pack(contents(m, board_class=99)),
    "LAYOUT": lambda m: small_model(hidden=20).pack(BOARD),
    "CONSTANTS": lambda m: build_pack(contents(m, constants=m.contents(BOARD).constants + bytes(16))),
    "CHAIN": lambda m: build_pack(contents(m, chain=m.plain_chain)),
    "FEATURES": lambda m: build_pack(contents(m, **longer_chain())),
    "COUNT_FEATURES": lambda m: build_pack(
        contents(m, chain=small_model(axes=1).chain, features_id=features_id(small_model(axes=1).chain))
    ),
    "COUNT_LABELS": lambda m: build_pack(contents(m, labels=("one",))),
    "COUNT_DRIFT": lambda m: build_pack(contents(m, drift=small_model(axes=1).baseline.to_bytes())),
    "COUNT_GOLDEN": lambda m: build_pack(contents(m, golden=(m.golden_inputs[:, 1:], m.golden_outputs))),
    "DECISION": lambda m: build_pack(contents(m, decision=b"\1" + bytes(11))),
    "DRIFT": lambda m: build_pack(contents(m, drift=bytes(40))),
    "SELFTEST": lambda m: build_pack(contents(m, golden=altered_golden(m))),
    "HEADER_CRC, cut": lambda m: m.pack(BOARD)[:100],  # erased flash lies behind the cut
    "PART_HASH, cut": lambda m: m.pack(BOARD)[:-100],
    "MAGIC": lambda m: b"",
    "PART_HASH": lambda m: m.pack(BOARD)[:-1] + bytes([m.pack(BOARD)[-1] ^ 1]),
    "HEADER_CRC": lambda m: m.pack(BOARD)[:21] + b"\x55" + m.pack(BOARD)[22:],
}
RAISED = {"CLASS": PackWrongClass, "CHAIN": PackWrongChain, "FEATURES": PackWrongChain}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refused_pack_is_named_and_nothing_runs(app: AppBoard, model: SmallModel, reason: str) -> None:
    pack = REFUSALS[reason](model)
    (hello,) = app.boot(pack)
    reason = reason.partition(",")[0]
    assert -hello.pack_state == code_number("pack/errors.def", reason)
    assert hello.pack_id == bytes(8) and hello.feature_count == hello.window_n == 0
    recorded = recording(1)
    app.sensor(recorded.samples[0], recorded.scale_g[0])
    prediction = app.one("acquire", with_vectors=True)
    assert prediction.state == code_number(STATES, "NO_MODEL")
    assert prediction.scores == b"" and prediction.fault_class == -1 and not prediction.alarm
    assert prediction.pack_id == bytes(8)
    health = app.one("health_query")
    assert health.state == code_number(STATES, "NO_MODEL")
    assert health.selftest_failed == (1 if reason == "SELFTEST" else 0)
    for request, fields in {
        "drift_query": {"channel": 0},
        "drift_reset": {},
        "calibration_get": {"offset": 0},
        "calibration_set": {"calibration_count": 0, "total_bytes": 8, "offset": 0, "chunk": bytes(8)},
    }.items():
        error = app.one(request, **fields)
        assert (error.error_code, error.detail) == (
            code_number("link/errors.def", "NO_MODEL"),
            hello.pack_state,
        )
    with pytest.raises(RAISED.get(reason, PackIncompatible), match=f"PACK_E_{reason}"):
        refuse_other_pack(hello, parse_pack(model.pack(BOARD)))


def test_a_pack_of_whole_length_that_was_cut(app: AppBoard, model: SmallModel) -> None:
    pack = model.pack(BOARD)
    for cut in range(1, len(pack), 97):
        (hello,) = app.boot(pack[:cut])
        assert hello.pack_state != 0, cut


def test_a_retrained_pack_runs_on_the_same_firmware(app: AppBoard, model: SmallModel) -> None:
    retrained = small_model(seed=2)
    assert retrained.tflite != model.tflite
    for each in (model, retrained):
        pack = parse_pack(each.pack(BOARD))
        (hello,) = app.boot(pack.data)
        refuse_other_pack(hello, pack)
        assert hello.pack_id == pack.pack_id and hello.feature_count + hello.output_bytes == len(each.names)
    with pytest.raises(PackIncompatible, match="runs pack"):
        refuse_other_pack(hello, parse_pack(model.pack(BOARD)))


def test_without_golden_vectors_a_pack_runs(app: AppBoard, model: SmallModel) -> None:
    (hello,) = app.boot(build_pack(contents(model, golden=None)))
    assert hello.pack_state == 0
