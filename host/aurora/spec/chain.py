"""The signal chain as a user writes it, and the chain bytes that every board and this host interpret.

The bytes are the only thing that computes features: ``firmware/lib/features`` checks and runs them, here
through ``aurora._device``. Their layout is written down once, in firmware/lib/features/chain.h.

``features_id`` names what the features mean: signal, steps without normalisation, library version. Two chains
with the same id give the same features, so a unit's self-calibration outlives a retrained model.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from aurora._device import ffi, lib
from aurora.errors import InputError
from aurora.spec import chain_bytes
from aurora.spec.toml_table import from_table

STATISTICS = ("rms", "crest", "kurtosis")
WINDOWS = ("rectangular", "hann", "hamming")
PEAK_MODES = ("orders", "strongest")
DEFAULT_ORDERS = (3.585, 5.415, 4.714)  # outer race, inner race, ball of a 6205 bearing: a place to start


class Signal(Protocol):
    """What a chain needs to know of a signal (``spec.signal.SignalSpec`` has it)."""

    @property
    def n(self) -> int: ...

    @property
    def axes(self) -> tuple[str, ...]: ...

    @property
    def rate_hz(self) -> float: ...


@dataclass(frozen=True)
class EnvelopeSpec:
    """Peaks in the spectrum of the envelope of one frequency band.

    The band starts at ``low_hz`` and is rate / (2 * ``decimation``) wide. Needs a Hann window and a hop of
    half a segment, at most 1024 long: their overlap adds up to one, so the envelope is put together from the
    segments' own spectra (see firmware/lib/features/envelope.c).

    ``mode`` "orders": for each of ``orders`` (cycles per shaft turn) the amplitudes at ``harmonics``
    multiples, each the largest line within +-(``search`` * f + one line) of f = order * harmonic * rpm / 60.
    A window without rpm is searched at ``nominal_rpm`` within +-``search_nominal`` instead, and flagged;
    without nominal speed (0) its peaks take the floor value, and are flagged.
    ``mode`` "strongest" needs no speed: the len(orders) * harmonics strongest local maxima, strongest first.
    """

    low_hz: float
    decimation: int = 4
    mode: str = "orders"
    orders: tuple[float, ...] = DEFAULT_ORDERS
    harmonics: int = 3
    nominal_rpm: float = 0.0
    search: float = 0.01
    search_nominal: float = 0.05
    log: bool = True


@dataclass(frozen=True)
class ChainSpec:
    """Steps of the chain; every value but ``calibration_windows`` is the same for each axis.

    Features of an axis, in this order: ``statistics`` (log2 of those in ``log_statistics``), log2 power (g^2)
    between neighbours of ``band_edges_hz`` (Welch: ``segment``, ``hop``, ``window``), envelope peaks.
    Edges, orders and rates are in Hz, so a window whose rate differs from the signal's keeps its bands.
    ``calibration_windows``: the mean of the unit's own first so many windows is subtracted; 0 = off.
    """

    remove_dc: bool = True
    statistics: tuple[str, ...] = STATISTICS
    log_statistics: tuple[str, ...] = STATISTICS
    segment: int = 0  # 0: no spectrum; else 256, 512, 1024, 2048 or 4096
    hop: int = 0
    window: str = "hann"
    band_edges_hz: tuple[float, ...] = ()
    envelope: EnvelopeSpec | None = None
    calibration_windows: int = 0

    def __post_init__(self) -> None:
        _refuse_unknown_names("chain.statistics", self.statistics, STATISTICS)
        _refuse_unknown_names("chain.log_statistics", self.log_statistics, self.statistics)
        _refuse_unknown_names("chain.window", (self.window,), WINDOWS)
        if self.envelope is not None:
            _refuse_unknown_names("chain.envelope.mode", (self.envelope.mode,), PEAK_MODES)

    @staticmethod
    def from_dict(table: Mapping[str, Any]) -> ChainSpec:
        """The chain that a TOML table [chain] describes; InputError names an unknown or ill-typed key."""
        values = dict(table)
        envelope = values.pop("envelope", None)
        if envelope is not None:
            values["envelope"] = from_table(EnvelopeSpec, "chain.envelope", envelope)
        chain: ChainSpec = from_table(ChainSpec, "chain", values)
        return chain

    def to_dict(self) -> dict[str, Any]:
        """The inverse of ``from_dict``: lists and numbers only, without a table for an absent envelope."""
        table = dataclasses.asdict(self)
        if self.envelope is None:
            del table["envelope"]
        return {key: _plain(value) for key, value in table.items()}


def default_chain(
    signal: Signal,
    nominal_rpm: float | None = None,
    *,
    orders: Sequence[float] = DEFAULT_ORDERS,
    calibration_windows: int = 20,
    bands: int = 12,
    most: int = lib.FEATURES_MAX,
) -> ChainSpec:
    """A chain that suits most machines: log RMS, crest, kurtosis, log-spaced bands, envelope peaks.

    The segment is the largest power of two <= n / 2, at most 1024 and at least 256; the bands run from the
    fourth line to half the rate. The envelope's band is rate / 4 .. 3/8 rate: above gear meshes, where
    housings resonate, and below the converter's own filter. Windows of less than 256 samples get the
    statistics only; with more than 5 axes, bands are left out until at most ``most`` features are left. A
    signal whose rpm is "unknown", without ``nominal_rpm``, takes the strongest peaks, not those at orders.

    Measured on whole bearings left out (bench rigs, no wind turbine): FEMTO "fails within 10 min" AUROC 0.94
    with logistic regression on these features; CWRU fault type 0.6 with the peaks alone, and far more or less
    (0.26-0.81) with other envelope bands: where a machine's resonance is known, say so in ``low_hz``.
    """
    segment = min(1024, max(256, 1 << (signal.n.bit_length() - 2)))
    if signal.n < segment:
        return ChainSpec(calibration_windows=calibration_windows)
    per_axis = most // len(signal.axes) - len(STATISTICS)
    harmonics = 3 if per_axis >= 6 + 3 * len(orders) else 1
    bands = min(bands, per_axis - harmonics * len(orders))
    if bands < 1:
        what = f"{len(signal.axes)} axes and {len(orders)} orders take more than {most} features"
        raise InputError(what, hint="import fewer axes, or name fewer orders")
    unknown = getattr(signal, "rpm", "known") == "unknown" and not nominal_rpm
    envelope = EnvelopeSpec(
        low_hz=_round_hz(signal.rate_hz / 4),
        mode="strongest" if unknown else "orders",
        orders=tuple(float(order) for order in orders),
        harmonics=harmonics,
        nominal_rpm=float(nominal_rpm or 0.0),
    )
    line = signal.rate_hz / segment
    edges = np.geomspace(4 * line, signal.rate_hz / 2, bands + 1)
    return ChainSpec(
        segment=segment,
        hop=segment // 2,
        band_edges_hz=tuple(_round_hz(float(edge)) for edge in edges),
        envelope=envelope,
        calibration_windows=calibration_windows,
    )


def compile_chain(spec: ChainSpec, signal: Signal) -> bytes:
    """The chain bytes of ``spec`` for ``signal``, without normalisation; refused by the C library's check.

    Raises InputError with the check's reason.
    """
    chain = chain_bytes.encode(spec, n=signal.n, axes=len(signal.axes), rate_hz=signal.rate_hz)
    check_chain(chain)
    return chain


def check_chain(chain: bytes, where: object = "") -> None:
    """Raise InputError with the reason if ``chain_check`` of the firmware's library refuses these bytes."""
    code = lib.chain_check(ffi.from_buffer("uint8_t[]", chain), len(chain), ffi.NULL)
    if code:
        raise InputError(f"chain refused: {chain_bytes.reason(code)}", where=where, hint="see spec/chain.py")


def with_normalisation(chain: bytes, center: ArrayLike, gain: ArrayLike, zero_point: int) -> bytes:
    """``chain`` with input = round((feature - calibration - center) * gain) + zero_point, clamped to int8.

    ``center`` and ``gain`` are float32 [features]; an earlier normalisation is replaced. Raises InputError
    for values that the C library's check refuses: not finite, or |zero_point| out of int8.
    """
    normalised = chain_bytes.with_normalisation(
        chain, np.asarray(center, dtype="<f4"), np.asarray(gain, dtype="<f4"), zero_point
    )
    check_chain(normalised)
    return normalised


def features_id(chain: bytes) -> bytes:
    """SHA-256 (32 bytes) of signal, steps without normalisation and library version, by the C library."""
    identity = ffi.new("uint8_t[32]")
    code = lib.chain_features_id(ffi.from_buffer("uint8_t[]", chain), len(chain), identity)
    if code:
        raise InputError(f"chain refused: {chain_bytes.reason(code)}")
    return bytes(identity)


def feature_names(spec: ChainSpec, axes: Sequence[str]) -> tuple[str, ...]:
    """A name per feature, in the C's order: "x.rms", "x.band_80_160" (Hz), "x.order3.585x1" (harmonic 1)."""
    per_axis = [name for name in STATISTICS if name in spec.statistics]
    edges = [f"{edge:g}" for edge in spec.band_edges_hz]
    per_axis += [f"band_{low}_{high}" for low, high in itertools.pairwise(edges)]
    if spec.envelope is not None:
        times = range(1, spec.envelope.harmonics + 1)
        if spec.envelope.mode == "strongest":
            per_axis += [f"peak{i + 1}" for i in range(len(spec.envelope.orders) * len(times))]
        else:
            per_axis += [f"order{order:g}x{i}" for order in spec.envelope.orders for i in times]
    return tuple(f"{axis}.{name}" for axis in axes for name in per_axis)


def decode_chain(chain: bytes) -> tuple[ChainSpec, int, int, float]:
    """The spec, n, number of axes and rate that checked chain bytes hold; raises InputError."""
    check_chain(chain)
    fields, n, axes, rate_hz = chain_bytes.decode(chain)
    envelope = fields.pop("envelope", None)
    return ChainSpec(**fields, envelope=EnvelopeSpec(**envelope) if envelope else None), n, axes, rate_hz


def _round_hz(value: float) -> float:
    """Four significant digits: the same on every machine, whatever its libm's last bit."""
    return float(f"{value:.4g}")


def _refuse_unknown_names(key: str, names: Sequence[str], known: Sequence[str]) -> None:
    if len(set(names)) != len(names) or not set(names) <= set(known):
        raise InputError(f"{key} is {list(names)}", hint=f"choose from {', '.join(known)}, each once")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
