"""Which firmware runs a pack: the first difference is named, each check on its own."""

import numpy as np
import pytest
from aurora.errors import AuroraError, PackIncompatible, PackWrongChain, PackWrongClass
from aurora.pack import check_compatible, parse_pack
from aurora.spec.baseline import build_baseline
from aurora.spec.chain import compile_chain, default_chain
from aurora.spec.decision import Decision, FailsWithin, FaultType
from pack_samples import OUTPUTS, SIGNAL, changed, contents, firmware, sample


def test_its_own_firmware_runs_it() -> None:
    check_compatible(parse_pack(sample()), firmware())


def test_a_firmware_that_tells_only_class_and_layout_runs_it() -> None:
    known = firmware(
        constants_bytes=None,
        constants_alignment=None,
        input_bytes=None,
        output_bytes=None,
        features_version=None,
        features_n_max=None,
        features_workspace_bytes=None,
        security_floor=0,
    )
    check_compatible(parse_pack(sample()), known)


CONSTANTS = -17  # PACK_E_CONSTANTS

FIRMWARE = {
    "class": (firmware(board_class=8), PackWrongClass, "the pack has 7, the firmware 8"),
    "layout": (
        firmware(layout_id=bytes(32)),
        PackIncompatible,
        "0001020304050607, the firmware 0000000000000000",
    ),
    "constants-size": (
        firmware(constants_bytes=332),
        PackIncompatible,
        "333 bytes aligned to 64, the firmware 332",
    ),
    "constants-alignment": (firmware(constants_alignment=128), PackIncompatible, "aligned to 128"),
    "security": (firmware(security_floor=4), PackIncompatible, "the pack has 3, the firmware 4"),
    "features-version": (
        firmware(features_version=2),
        PackWrongChain,
        "library version is 1, the firmware has 2",
    ),
    "window-length": (
        firmware(features_n_max=512),
        PackWrongChain,
        "window length is 1024, the firmware has 512",
    ),
    "workspace": (
        firmware(features_workspace_bytes=64),
        PackWrongChain,
        "workspace is .* the firmware has 64",
    ),
    "inputs": (firmware(input_bytes=3), PackIncompatible, "PACK_E_COUNT_FEATURES"),
    "outputs": (firmware(output_bytes=5), PackIncompatible, "PACK_E_COUNT_OUTPUTS"),
}


@pytest.mark.parametrize("name", FIRMWARE)
def test_another_firmware_refuses_it(name: str) -> None:
    known, kind, reason = FIRMWARE[name]
    with pytest.raises(kind, match=reason) as caught:
        check_compatible(parse_pack(sample()), known, "a.pack")
    assert type(caught.value) is kind
    assert str(caught.value).startswith("a.pack: ")
    assert "\n" not in str(caught.value)


FEATURES = contents().golden[0].shape[1]


def drift_of(features: int, outputs: int) -> bytes:
    names = tuple(map(str, range(features + outputs)))
    return build_baseline(np.zeros((9, features)), np.zeros((9, outputs), np.int8), names).to_bytes()


PACKS = {
    "chain": ({"chain": b"\0" * 64}, PackWrongChain, "CHAIN_E_"),
    "not-normalised": (
        {"chain": compile_chain(default_chain(SIGNAL, 1500.0), SIGNAL)},
        PackWrongChain,
        "lacks its normalisation",
    ),
    "labels": ({"labels": ("a", "b")}, PackIncompatible, "PACK_E_COUNT_LABELS"),
    "labels-without-head": (
        {"decision": Decision(OUTPUTS, None, FailsWithin(0, 1, 1, 1, 1, 1)).to_bytes()},
        PackIncompatible,
        "PACK_E_COUNT_LABELS",
    ),
    "decision": ({"decision": b"\1\0\1\0"}, PackIncompatible, "decision part is refused"),
    "decision-outputs": (
        {"decision": Decision(OUTPUTS + 1, FaultType(1, 3)).to_bytes()},
        PackIncompatible,
        "PACK_E_COUNT_OUTPUTS",
    ),
    "drift": ({"drift": b"\1\0"}, PackIncompatible, "DRIFT_E_LENGTH"),
    "drift-features": (
        {"drift": drift_of(FEATURES - 1, OUTPUTS + 1)},
        PackIncompatible,
        "PACK_E_COUNT_DRIFT",
    ),
    "drift-one-feature-less": (
        {"drift": drift_of(FEATURES - 1, OUTPUTS)},
        PackIncompatible,
        "PACK_E_COUNT_DRIFT",
    ),
    "drift-outputs": ({"drift": drift_of(FEATURES, OUTPUTS - 1)}, PackIncompatible, "PACK_E_COUNT_DRIFT"),
    "golden-inputs": (
        {"golden": (np.zeros((1, FEATURES + 1), np.int8), np.zeros((1, OUTPUTS), np.int8))},
        PackIncompatible,
        "PACK_E_COUNT_GOLDEN",
    ),
    "golden-outputs": (
        {"golden": (np.zeros((1, FEATURES), np.int8), np.zeros((1, OUTPUTS + 1), np.int8))},
        PackIncompatible,
        "PACK_E_COUNT_GOLDEN",
    ),
}


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_that_contradicts_itself_is_refused(name: str) -> None:
    fields, kind, reason = PACKS[name]
    with pytest.raises(kind, match=reason):
        check_compatible(parse_pack(changed(**fields)), firmware(output_bytes=OUTPUTS))


def test_the_first_difference_is_named() -> None:
    """Class before layout before constants: the way out differs."""
    with pytest.raises(PackWrongClass):
        check_compatible(
            parse_pack(sample()), firmware(board_class=1, layout_id=bytes(32), constants_bytes=1)
        )


def test_constants_must_lie_as_the_program_asks_in_memory_too() -> None:
    from aurora._device import ffi, lib
    from aurora.pack.read import HeldPack

    held = HeldPack(bytes(32) + sample())  # 32 bytes off: parts aligned to 64 in the pack are not in memory
    known = ffi.new("pack_firmware *", {"board_class": 7, "constants_bytes": 333, "constants_alignment": 64})
    known.layout_id = bytes(range(32))
    assert lib.pack_open(held.base + 32, len(sample()), known, held.view) == CONSTANTS
    known.constants_alignment = 32
    assert lib.pack_open(held.base + 32, len(sample()), known, held.view) == 0


def test_every_error_has_its_own_exit_code() -> None:
    kinds: list[type[AuroraError]] = [PackIncompatible, PackWrongClass, PackWrongChain]
    assert len({kind.exit_code for kind in kinds}) == 3
