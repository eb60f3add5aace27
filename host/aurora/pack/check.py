"""Whether a firmware runs a pack: the firmware's own C decides, Python names the first difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aurora._device import ffi, lib
from aurora.errors import InputError, PackIncompatible, PackWrongChain, PackWrongClass
from aurora.pack.layout import error_name, error_text
from aurora.pack.read import Pack, read_view
from aurora.spec.baseline import check_baseline

__all__ = ["FirmwareInfo", "check_compatible"]


@dataclass(frozen=True)
class FirmwareInfo:
    """What a firmware says of itself. None: it does not say, and its layout id vouches for it.

    ``features_n_max`` and ``features_workspace_bytes`` bound the chains it can run.
    """

    board_class: int
    layout_id: bytes
    security_floor: int = 0
    features_version: int | None = None
    features_n_max: int | None = None
    features_workspace_bytes: int | None = None
    constants_bytes: int | None = None
    constants_alignment: int | None = None
    input_bytes: int | None = None
    output_bytes: int | None = None


def check_compatible(pack: Pack, firmware: FirmwareInfo, where: object = "") -> None:
    """Return if ``firmware`` runs ``pack``.

    Raises, for the first difference found: PackWrongClass, PackWrongChain, or PackIncompatible for layout,
    constants, security version, and counts that do not agree.
    """
    held = read_view(pack.data, where)
    constants = pack.parts["constants"]
    known = ffi.new("pack_firmware *")
    known.board_class = firmware.board_class
    known.security_floor = firmware.security_floor
    known.layout_id = firmware.layout_id
    size, alignment = firmware.constants_bytes, firmware.constants_alignment
    known.constants_bytes = len(constants) if size is None else size
    known.constants_alignment = pack.alignments["constants"] if alignment is None else alignment
    code = lib.pack_compatible(held.view, known)
    if code:
        kind = PackWrongClass if error_name(code) == "PACK_E_CLASS" else PackIncompatible
        raise kind(f"{error_text(code)}: {_difference(code, pack, known)}", where=where, hint=_way_out(code))
    features = _check_chain(pack, firmware, where)
    counts = _counts(pack, firmware, features, where)
    code = lib.pack_check_counts(held.view, counts)
    if code:
        raise PackIncompatible(f"{error_text(code)} ({error_name(code)})", where=where, hint="train it again")


def _difference(code: int, pack: Pack, known: Any) -> str:
    """The pack's value and the firmware's, for the check that failed."""
    firmware_layout = bytes(known.layout_id)
    differences = {
        "PACK_E_CLASS": (pack.board_class, known.board_class),
        "PACK_E_LAYOUT": (pack.layout_id[:8].hex(), firmware_layout[:8].hex()),
        "PACK_E_CONSTANTS": (
            f"{len(pack.parts['constants'])} bytes aligned to {pack.alignments['constants']}",
            f"{known.constants_bytes} bytes aligned to {known.constants_alignment}",
        ),
        "PACK_E_SECURITY": (pack.security_version, known.security_floor),
    }
    ours, theirs = differences[error_name(code)]
    return f"the pack has {ours}, the firmware {theirs}"


def _way_out(code: int) -> str:
    ways = {
        "PACK_E_CLASS": "build the pack for this board",
        "PACK_E_LAYOUT": "build the firmware for this release, or retrain with the same architecture",
    }
    return ways.get(error_name(code), "build the pack again")


def _check_chain(pack: Pack, firmware: FirmwareInfo, where: object) -> int:
    """Feature count of the chain; PackWrongChain where the firmware cannot run it."""
    chain = pack.parts["chain"]
    info = ffi.new("chain_info *")
    code = lib.chain_check(ffi.from_buffer("uint8_t[]", chain), len(chain), info)
    if code:
        reason = next(
            (n for n in dir(lib) if n.startswith("CHAIN_E_") and getattr(lib, n) == code), str(code)
        )
        raise PackWrongChain(f"the signal chain is refused ({reason})", where=where, hint="train it again")
    if not info.normalised:
        raise PackWrongChain("the signal chain lacks its normalisation", where=where, hint="train it again")
    limits = [
        ("library version", info.library_version, firmware.features_version, False),
        ("window length", info.n, firmware.features_n_max, True),
        ("workspace", info.workspace_bytes, firmware.features_workspace_bytes, True),
    ]
    for name, value, limit, is_bound in limits:
        if limit is not None and (value > limit if is_bound else value != limit):
            raise PackWrongChain(
                f"the signal chain's {name} is {value}, the firmware has {limit}", where=where,
                hint="build the firmware again, or train for it",
            )  # fmt: skip
    return int(info.features)


def _counts(pack: Pack, firmware: FirmwareInfo, features: int, where: object) -> Any:
    decision = ffi.new("decision_info *")
    part = pack.parts["decision"]
    if lib.decision_check(part, len(part), decision):
        raise PackIncompatible("its decision part is refused", where=where, hint="train it again")
    try:
        drift_channels, drift_features = check_baseline(pack.parts["drift"])
    except InputError as error:
        raise PackIncompatible(str(error), where=where) from error
    counts = ffi.new("pack_counts *")
    counts.features = features
    counts.input_bytes = features if firmware.input_bytes is None else firmware.input_bytes
    known_output = firmware.output_bytes
    counts.output_bytes = decision.output_bytes if known_output is None else known_output
    counts.decision_output_bytes = decision.output_bytes
    counts.fault_classes = decision.fault_classes
    counts.drift_channels, counts.drift_features = drift_channels, drift_features
    return counts
