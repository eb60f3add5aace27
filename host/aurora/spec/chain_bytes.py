"""Encoder and decoder of chain bytes; the layout is firmware/lib/features/chain.h's.

Nothing here judges values: ``chain_check`` of the C library is the only gate. Encoding refuses only what does
not fit a field.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora._device import ffi, lib
from aurora.errors import InputError

MAGIC = b"ACHN"
HEADER = struct.Struct("<4sHHIHBBfHH")
STEP = struct.Struct("<BBH")
ENVELOPE_FIXED = struct.Struct("<fBBBBB3xfff")  # low_hz .. search_nominal; the orders follow
REMOVE_DC, STATISTICS, WELCH, BANDS, ENVELOPE, CALIBRATION, NORMALISATION = range(1, 8)
STATISTIC_NAMES = ("rms", "crest", "kurtosis")
WINDOW_NAMES = ("rectangular", "hann", "hamming")
MODE_NAMES = ("orders", "strongest")

REASONS = {
    "CHAIN_E_LENGTH": "truncated, or longer than it says",
    "CHAIN_E_MAGIC": "not a chain",
    "CHAIN_E_VERSION": "another format or library version",
    "CHAIN_E_CRC": "altered (CRC)",
    "CHAIN_E_SIGNAL": "n, axes or rate out of bounds",
    "CHAIN_E_STEP": "an unknown step, a wrong order or size",
    "CHAIN_E_VALUE": "a step's value is out of bounds",
    "CHAIN_E_FEATURES": "no feature, or more than 128",
    "FEATURES_E_WORK": "workspace too small",
    "FEATURES_E_RATE": "a window's rate is not within half and twice the chain's",
    "FEATURES_E_COUNT": "another number of features, or not finite",
    "FEATURES_E_NO_NORMALISATION": "the chain has no normalisation",
}


def reason(code: int) -> str:
    """What a negative return value of the feature library means."""
    names = (name for name in REASONS if getattr(lib, name) == code)
    return REASONS.get(next(names, ""), f"code {code}")


def encode(spec: Any, *, n: int, axes: int, rate_hz: float) -> bytes:
    """Chain bytes of a ``ChainSpec`` without normalisation."""
    per_axis = len(spec.statistics) + max(0, len(spec.band_edges_hz) - 1)
    if spec.envelope is not None:
        per_axis += len(spec.envelope.orders) * spec.envelope.harmonics
    try:
        return _assemble(_steps(spec), n=n, axes=axes, rate_hz=rate_hz, features=per_axis * axes)
    except (struct.error, OverflowError) as error:
        raise InputError(f"a value of the chain does not fit its field: {error}") from error


def with_normalisation(
    chain: bytes, center: NDArray[np.float32], gain: NDArray[np.float32], zero_point: int
) -> bytes:
    """``chain`` with its normalisation step added or replaced."""
    info = ffi.new("chain_info *")
    code = lib.chain_check(ffi.from_buffer("uint8_t[]", chain), len(chain), info)
    if code:
        raise InputError(f"chain refused: {reason(code)}")
    if center.shape != (info.features,) or gain.shape != (info.features,):
        raise InputError(f"center {center.shape} and gain {gain.shape} for {info.features} features")
    if not -128 <= zero_point <= 127:
        raise InputError(f"zero point {zero_point} is no int8")
    steps = [(kind, payload) for kind, payload in _split(chain) if kind != NORMALISATION]
    steps.append((NORMALISATION, struct.pack("<i", zero_point) + center.tobytes() + gain.tobytes()))
    return _assemble(steps, n=info.n, axes=info.axes, rate_hz=info.rate_hz, features=info.features)


def decode(chain: bytes) -> tuple[dict[str, Any], int, int, float]:
    """Fields of a ``ChainSpec``, n, axes and rate of chain bytes that ``chain_check`` accepts."""
    header = HEADER.unpack_from(chain)
    fields: dict[str, Any] = {"remove_dc": False, "statistics": (), "log_statistics": ()}
    for kind, payload in _split(chain):
        fields |= _decode_step(kind, payload)
    return fields, header[4], header[5], _decimal(header[7])


def _steps(spec: Any) -> list[tuple[int, bytes]]:
    steps: list[tuple[int, bytes]] = []
    if spec.remove_dc:
        steps.append((REMOVE_DC, b""))
    if spec.statistics:
        masks = [_mask(spec.statistics), _mask(spec.log_statistics)]
        steps.append((STATISTICS, struct.pack("<BBH", *masks, 0)))
    if spec.segment:
        window = WINDOW_NAMES.index(spec.window)
        steps.append((WELCH, struct.pack("<HHBBH", spec.segment, spec.hop, window, 0, 0)))
    if spec.band_edges_hz:
        edges = np.asarray(spec.band_edges_hz, dtype="<f4")
        steps.append((BANDS, struct.pack("<HH", len(edges) - 1, 0) + edges.tobytes()))
    if spec.envelope is not None:
        e = spec.envelope
        mode = MODE_NAMES.index(e.mode)
        fixed = ENVELOPE_FIXED.pack(e.low_hz, e.decimation, mode, len(e.orders), e.harmonics, e.log,
                                    e.nominal_rpm, e.search, e.search_nominal)  # fmt: skip
        steps.append((ENVELOPE, fixed + np.asarray(e.orders, dtype="<f4").tobytes()))
    if spec.calibration_windows:
        steps.append((CALIBRATION, struct.pack("<HH", spec.calibration_windows, 0)))
    return steps


def _decode_step(kind: int, payload: bytes) -> dict[str, Any]:
    if kind == REMOVE_DC:
        return {"remove_dc": True}
    if kind == STATISTICS:
        return {"statistics": _names(payload[0]), "log_statistics": _names(payload[1])}
    if kind == WELCH:
        segment, hop, window = struct.unpack_from("<HHB", payload)
        return {"segment": segment, "hop": hop, "window": WINDOW_NAMES[window]}
    if kind == BANDS:
        return {"band_edges_hz": _float_tuple(payload[4:])}
    if kind == ENVELOPE:
        return {"envelope": _decode_envelope(payload)}
    return {"calibration_windows": struct.unpack_from("<H", payload)[0]} if kind == CALIBRATION else {}


def _decode_envelope(payload: bytes) -> dict[str, Any]:
    low_hz, decimation, mode, _, harmonics, log, rpm, search, nominal = ENVELOPE_FIXED.unpack_from(payload)
    return {
        "low_hz": _decimal(low_hz),
        "decimation": decimation,
        "mode": MODE_NAMES[mode],
        "orders": _float_tuple(payload[ENVELOPE_FIXED.size :]),
        "harmonics": harmonics,
        "nominal_rpm": _decimal(rpm),
        "search": _decimal(search),
        "search_nominal": _decimal(nominal),
        "log": bool(log),
    }


def _assemble(steps: list[tuple[int, bytes]], *, n: int, axes: int, rate_hz: float, features: int) -> bytes:
    body = b"".join(STEP.pack(kind, 0, STEP.size + len(payload)) + payload for kind, payload in steps)
    header = HEADER.pack(
        MAGIC, lib.CHAIN_FORMAT, lib.FEATURES_LIBRARY_VERSION, HEADER.size + len(body) + 4, n, axes,
        len(steps), rate_hz, features, 0,
    )  # fmt: skip
    return header + body + struct.pack("<I", zlib.crc32(header + body))


def _split(chain: bytes) -> list[tuple[int, bytes]]:
    """(type, payload) of each step of checked chain bytes."""
    steps, at = [], HEADER.size
    for _ in range(HEADER.unpack_from(chain)[6]):
        kind, _, size = STEP.unpack_from(chain, at)
        steps.append((kind, chain[at + STEP.size : at + size]))
        at += size
    return steps


def _mask(names: tuple[str, ...]) -> int:
    return sum(1 << STATISTIC_NAMES.index(name) for name in names)


def _names(mask: int) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(STATISTIC_NAMES) if mask >> bit & 1)


def _decimal(value: float) -> float:
    """The shortest decimal that is this float32: what a user wrote, 0.01 and not 0.009999999776."""
    return float(str(np.float32(value)))


def _float_tuple(data: bytes) -> tuple[float, ...]:
    return tuple(_decimal(value) for value in np.frombuffer(data, dtype="<f4"))
