"""numpy in, numpy out: the calls into ``aurora._device`` for features, calibration and normalisation.

Every function raises InputError where the C library refuses the chain or the arrays do not fit it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aurora._device import ffi, lib
from aurora.errors import InputError
from aurora.spec.chain_bytes import reason

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ChainInfo:
    """What a chain asks of a board; ``workspace_bytes`` is the caller's scratch memory, 8-byte aligned."""

    n: int
    axes: int
    feature_count: int
    workspace_bytes: int
    calibration_windows: int
    library_version: int
    input_zero_point: int
    normalised: bool
    rate_hz: float


def chain_info(chain: bytes) -> ChainInfo:
    """Check ``chain`` (CRC included) and tell its sizes."""
    info = ffi.new("chain_info *")
    _accept(lib.chain_check(_bytes(chain), len(chain), info))
    return ChainInfo(
        n=info.n,
        axes=info.axes,
        feature_count=info.features,
        workspace_bytes=info.workspace_bytes,
        calibration_windows=info.calibration_windows,
        library_version=info.library_version,
        input_zero_point=info.input_zero_point,
        normalised=bool(info.normalised),
        rate_hz=info.rate_hz,
    )


def extract(
    chain: bytes, samples: NDArray[np.int16], scale_g: ArrayLike, rate_hz: ArrayLike, rpm: ArrayLike
) -> tuple[Floats, NDArray[np.uint32]]:
    """Features [w, F] and flags [w] of ``samples`` int16 [w, axes, n].

    ``scale_g`` [w, axes] in g per count; ``rate_hz`` and ``rpm`` are one number or [w] (rpm NaN: unknown).
    """
    info = chain_info(chain)
    block = np.ascontiguousarray(samples)
    if block.dtype != np.int16 or block.ndim != 3 or block.shape[1:] != (info.axes, info.n):
        raise InputError(
            f"windows are {block.dtype} {block.shape}, the chain takes int16 [*, {info.axes}, {info.n}]"
        )
    w = block.shape[0]
    scale, rate, speed = _floats(scale_g, (w, info.axes)), _floats(rate_hz, (w,)), _floats(rpm, (w,))
    features = np.empty((w, info.feature_count), np.float32)
    flags = np.empty(w, np.uint32)
    work = np.empty(info.workspace_bytes // 8 + 1, np.float64)
    _accept(
        lib.features_extract_many(
            _bytes(chain), len(chain), w, _pointer("int16_t[]", block), _pointer("float[]", scale),
            _pointer("float[]", rate), _pointer("float[]", speed), _pointer("float[]", features),
            _pointer("uint32_t[]", flags), _pointer("char[]", work), work.nbytes,
        )
    )  # fmt: skip
    return features, flags


def calibrate(chain: bytes, features: Floats) -> Floats:
    """[F]: the mean over the first windows, as the board forms it; zeros where calibration is off.

    With fewer windows than the chain asks for the board is still learning: InputError.
    """
    info = chain_info(chain)
    rows = _floats(features, (len(features), info.feature_count))
    if len(rows) < info.calibration_windows:
        raise InputError(
            f"{len(rows)} windows, self-calibration takes {info.calibration_windows}",
            hint="record more healthy windows or set calibration_windows",
        )
    state = ffi.new("features_calibration *")
    lib.features_calibration_init(state, info.calibration_windows)
    for row in rows[: info.calibration_windows]:
        if lib.features_calibrate(state, _pointer("float[]", row), info.feature_count) < 0:
            raise InputError("features are not finite")
    return np.frombuffer(ffi.buffer(state.mean), np.float32)[: info.feature_count].copy()


def ready(chain: bytes, flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """[w]: self-calibration was finished before this window of a unit; faulty windows teach nothing."""
    sound = ~is_faulty(flags)
    return np.asarray(np.cumsum(sound) - sound >= chain_info(chain).calibration_windows)


def has_no_signal(flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """[w]: nothing of the machine is in the window; no model is asked about it."""
    return np.asarray((flags & np.uint32(lib.FEATURES_FLAGS_NO_SIGNAL)) != 0)


def is_faulty(flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """[w]: no signal, or clipped: neither calibration nor drift takes the window."""
    return np.asarray((flags & np.uint32(lib.FEATURES_FLAGS_FAULTY)) != 0)


def normalise(chain: bytes, features: Floats, calibration: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """(features - calibration [w, F], the int8 network input [w, F])."""
    info = chain_info(chain)
    rows = _floats(features, (len(features), info.feature_count))
    mean = _floats(calibration, (info.feature_count,))
    calibrated, inputs = np.empty_like(rows), np.empty(rows.shape, np.int8)
    data = _bytes(chain)
    for row, out, quantised in zip(rows, calibrated, inputs, strict=True):
        _accept(
            lib.features_normalise(
                data, len(chain), _pointer("float[]", row), _pointer("float[]", mean),
                _pointer("float[]", out), _pointer("int8_t[]", quantised),
            )
        )  # fmt: skip
    return calibrated, inputs


def quantize(chain: bytes, features: Floats, calibration: Floats) -> NDArray[np.int8]:
    """The int8 network input [w, F] of ``features``; the chain must be normalised."""
    return normalise(chain, features, calibration)[1]


def _accept(code: int) -> None:
    if code:
        raise InputError(f"the feature library refused: {reason(code)}")


def _bytes(chain: bytes) -> object:
    return ffi.from_buffer("uint8_t[]", chain)


def _pointer(kind: str, array: NDArray[np.generic]) -> object:
    return ffi.from_buffer(kind, array)


def _floats(values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """``values`` as contiguous float32 of ``shape``; a single number serves for all."""
    array = np.asarray(values, dtype=np.float32)
    if array.ndim and array.shape != shape:
        raise InputError(f"got values of shape {array.shape}, expected {shape}")
    return np.ascontiguousarray(np.broadcast_to(array, shape))
