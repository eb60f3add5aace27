"""ChainSpec, its TOML table and its bytes: there and back, defaults, ids, and every bound of chain_check."""

from __future__ import annotations

import hashlib
import struct
import tomllib
import zlib
from dataclasses import replace

import numpy as np
import pytest
from aurora._device import ffi, lib
from aurora.errors import InputError
from aurora.features import chain_info
from aurora.spec.chain import (
    ChainSpec,
    EnvelopeSpec,
    check_chain,
    compile_chain,
    decode_chain,
    default_chain,
    feature_names,
    features_id,
    with_normalisation,
)  # fmt: skip
from aurora.spec.signal import SignalSpec
from aurora.spec.toml_text import toml_text

SIGNAL = SignalSpec(2048, ("x", "y"), 20000.0, "known")
SPEC = default_chain(SIGNAL, 1800.0)
CHAIN = compile_chain(SPEC, SIGNAL)


def variants() -> dict[str, ChainSpec]:
    assert SPEC.envelope is not None
    return {
        "default": SPEC,
        "statistics only": ChainSpec(),
        "one linear statistic": ChainSpec(statistics=("kurtosis",), log_statistics=(), remove_dc=False),
        "bands only": replace(SPEC, statistics=(), log_statistics=(), envelope=None, window="hamming"),
        "strongest peaks": replace(SPEC, envelope=replace(SPEC.envelope, mode="strongest", log=False)),
        "no calibration": replace(SPEC, calibration_windows=0),
    }


@pytest.mark.parametrize("name", variants())
def test_toml_and_bytes_give_the_same_spec_back(name: str) -> None:
    spec = variants()[name]
    assert ChainSpec.from_dict(tomllib.loads(toml_text(spec.to_dict()))) == spec
    assert decode_chain(compile_chain(spec, SIGNAL)) == (spec, 2048, 2, 20000.0)


@pytest.mark.parametrize("name", variants())
def test_names_and_features_agree(name: str) -> None:
    names = feature_names(variants()[name], SIGNAL.axes)
    assert len(names) == len(set(names)) == chain_info(compile_chain(variants()[name], SIGNAL)).feature_count


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"bands": 3}, "unknown key 'bands'"),
        ({"segment": 512.5}, "chain.segment is 512.5"),
        ({"remove_dc": 1}, "chain.remove_dc is 1"),
        ({"window": "kaiser"}, "chain.window is"),
        ({"statistics": ["rms", "rms"]}, "chain.statistics"),
        ({"statistics": ["rms"], "log_statistics": ["crest"]}, "chain.log_statistics"),
        ({"band_edges_hz": [1.0, "2"]}, "chain.band_edges_hz is '2'"),
        ({"band_edges_hz": [1.0, float("nan")]}, "chain.band_edges_hz is nan"),
        ({"envelope": 3}, "chain.envelope is not a table"),
        ({"envelope": {}}, "chain.envelope.low_hz is missing"),
        ({"envelope": {"low_hz": 1.0, "mode": "all"}}, "chain.envelope.mode"),
    ],
)
def test_a_wrong_table_is_refused_by_name(table: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        ChainSpec.from_dict({"statistics": ["rms"], "log_statistics": [], **table})


@pytest.mark.parametrize(
    ("n", "segment"), [(16, 0), (255, 0), (256, 256), (1023, 256), (1024, 512), (2560, 1024), (4096, 1024)]
)
def test_the_default_segment_fits_the_window(n: int, segment: int) -> None:
    spec = default_chain(SignalSpec(n, ("x",), 5000.0), 1000.0)
    assert spec.segment == segment
    assert chain_info(compile_chain(spec, SignalSpec(n, ("x",), 5000.0))).workspace_bytes <= 20480


@pytest.mark.parametrize("axes", range(1, 9))
def test_the_default_chain_fits_any_number_of_axes(axes: int) -> None:
    signal = SignalSpec(4096, tuple("abcdefgh"[:axes]), 20000.0, "unknown")
    assert chain_info(compile_chain(default_chain(signal), signal)).feature_count <= lib.FEATURES_MAX


def test_without_any_speed_the_default_takes_the_strongest_peaks() -> None:
    unknown = replace(SIGNAL, rpm="unknown")
    specs = [default_chain(unknown), default_chain(unknown, 900.0), default_chain(SIGNAL)]
    assert [spec.to_dict()["envelope"]["mode"] for spec in specs] == ["strongest", "orders", "orders"]


def test_the_features_id_knows_steps_and_signal_but_no_normalisation() -> None:
    count = chain_info(CHAIN).feature_count
    normalised = with_normalisation(CHAIN, np.zeros(count), np.ones(count), 5)
    again = with_normalisation(normalised, np.ones(count), np.ones(count), 6)
    assert len(again) == len(normalised)
    assert features_id(CHAIN) == features_id(normalised) == features_id(again)
    others = [compile_chain(spec, SIGNAL) for spec in variants().values()]
    others += [compile_chain(SPEC, replace(SIGNAL, rate_hz=19999.0))]
    assert len({features_id(chain) for chain in others}) == len(others)


def test_the_features_id_is_the_hash_it_is_said_to_be() -> None:
    identity = CHAIN[:8] + CHAIN[12:15] + CHAIN[16:22] + CHAIN[24:-4]
    assert features_id(CHAIN) == hashlib.sha256(identity).digest()


def repaired(chain: bytes) -> bytes:
    body = chain[:8] + struct.pack("<I", len(chain)) + chain[12:-4]
    return body + struct.pack("<I", zlib.crc32(body))


def code_of(chain: bytes) -> int:
    return int(lib.chain_check(ffi.from_buffer("uint8_t[]", chain), len(chain), ffi.NULL))


def patched(at: int, kind: str, value: object) -> bytes:
    data = bytearray(NORMALISED)
    struct.pack_into("<" + kind, data, at, value)
    return repaired(bytes(data))


NORMALISED = with_normalisation(CHAIN, np.zeros(48), np.ones(48), 5)
STATISTICS, WELCH, BANDS, ENVELOPE, CALIBRATION, NORMALISATION = 28, 36, 48, 108, 148, 156
NAN, INFINITY = float("nan"), float("inf")


def test_the_offsets_used_below_are_those_of_the_steps() -> None:
    offsets = (STATISTICS, WELCH, BANDS, ENVELOPE, CALIBRATION, NORMALISATION)
    assert [NORMALISED[at] for at in offsets] == [2, 3, 4, 5, 6, 7]
    assert code_of(repaired(NORMALISED)) == 0


@pytest.mark.parametrize(
    ("at", "kind", "value", "name"),
    [
        (0, "B", 0x42, "CHAIN_E_MAGIC"),
        (4, "H", 2, "CHAIN_E_VERSION"),
        (6, "H", 2, "CHAIN_E_VERSION"),
        (6, "H", 0, "CHAIN_E_VERSION"),
        (12, "H", 15, "CHAIN_E_SIGNAL"),
        (12, "H", 4097, "CHAIN_E_SIGNAL"),
        (14, "B", 0, "CHAIN_E_SIGNAL"),
        (14, "B", 9, "CHAIN_E_SIGNAL"),
        (14, "B", 3, "CHAIN_E_STEP"),  # the normalisation is then too short
        (15, "B", 6, "CHAIN_E_LENGTH"),
        (15, "B", 8, "CHAIN_E_STEP"),
        (16, "f", NAN, "CHAIN_E_SIGNAL"),
        (16, "f", 0.5, "CHAIN_E_SIGNAL"),
        (16, "f", INFINITY, "CHAIN_E_SIGNAL"),
        (20, "H", 47, "CHAIN_E_FEATURES"),
        (22, "H", 1, "CHAIN_E_SIGNAL"),
        (24, "B", 0, "CHAIN_E_STEP"),
        (25, "B", 1, "CHAIN_E_STEP"),
        (26, "H", 3, "CHAIN_E_STEP"),
        (26, "H", 60000, "CHAIN_E_STEP"),
        (STATISTICS, "B", 1, "CHAIN_E_STEP"),  # twice
        (STATISTICS, "B", 8, "CHAIN_E_STEP"),
        (STATISTICS + 4, "B", 0, "CHAIN_E_VALUE"),
        (STATISTICS + 4, "B", 8, "CHAIN_E_VALUE"),
        (STATISTICS + 4, "B", 3, "CHAIN_E_VALUE"),  # a log of what is not asked for
        (STATISTICS + 6, "B", 1, "CHAIN_E_VALUE"),
        (WELCH + 4, "H", 128, "CHAIN_E_VALUE"),
        (WELCH + 4, "H", 4096, "CHAIN_E_VALUE"),  # longer than the window
        (WELCH + 4, "H", 1000, "CHAIN_E_VALUE"),
        (WELCH + 6, "H", 0, "CHAIN_E_VALUE"),
        (WELCH + 6, "H", 127, "CHAIN_E_VALUE"),
        (WELCH + 6, "H", 1025, "CHAIN_E_VALUE"),
        (WELCH + 6, "H", 511, "CHAIN_E_VALUE"),  # the envelope needs half a segment
        (WELCH + 8, "B", 3, "CHAIN_E_VALUE"),
        (WELCH + 8, "B", 2, "CHAIN_E_VALUE"),  # and a Hann window
        (WELCH + 9, "B", 1, "CHAIN_E_VALUE"),
        (BANDS + 4, "H", 0, "CHAIN_E_VALUE"),
        (BANDS + 4, "H", 33, "CHAIN_E_VALUE"),
        (BANDS + 4, "H", 11, "CHAIN_E_STEP"),
        (BANDS + 8, "f", 0.0, "CHAIN_E_VALUE"),
        (BANDS + 8, "f", NAN, "CHAIN_E_VALUE"),
        (BANDS + 12, "f", 1.0, "CHAIN_E_VALUE"),
        (BANDS + 56, "f", 10100.0, "CHAIN_E_VALUE"),
        (ENVELOPE + 4, "f", NAN, "CHAIN_E_VALUE"),
        (ENVELOPE + 4, "f", 9000.0, "CHAIN_E_VALUE"),
        (ENVELOPE + 8, "B", 2, "CHAIN_E_VALUE"),
        (ENVELOPE + 8, "B", 12, "CHAIN_E_VALUE"),
        (ENVELOPE + 9, "B", 2, "CHAIN_E_VALUE"),
        (ENVELOPE + 10, "B", 0, "CHAIN_E_VALUE"),
        (ENVELOPE + 10, "B", 9, "CHAIN_E_VALUE"),
        (ENVELOPE + 10, "B", 2, "CHAIN_E_STEP"),
        (ENVELOPE + 11, "B", 0, "CHAIN_E_VALUE"),
        (ENVELOPE + 11, "B", 9, "CHAIN_E_VALUE"),
        (ENVELOPE + 12, "B", 2, "CHAIN_E_VALUE"),
        (ENVELOPE + 13, "B", 1, "CHAIN_E_VALUE"),
        (ENVELOPE + 16, "f", -1.0, "CHAIN_E_VALUE"),
        (ENVELOPE + 16, "f", INFINITY, "CHAIN_E_VALUE"),
        (ENVELOPE + 20, "f", 0.6, "CHAIN_E_VALUE"),
        (ENVELOPE + 24, "f", NAN, "CHAIN_E_VALUE"),
        (ENVELOPE + 28, "f", 0.0, "CHAIN_E_VALUE"),
        (ENVELOPE + 28, "f", 1e5, "CHAIN_E_VALUE"),
        (CALIBRATION + 4, "H", 0, "CHAIN_E_VALUE"),
        (CALIBRATION + 6, "H", 1, "CHAIN_E_VALUE"),
        (NORMALISATION + 4, "i", 128, "CHAIN_E_VALUE"),
        (NORMALISATION + 4, "i", -129, "CHAIN_E_VALUE"),
        (NORMALISATION + 8, "f", NAN, "CHAIN_E_VALUE"),
        (NORMALISATION + 8 + 4 * 48, "f", INFINITY, "CHAIN_E_VALUE"),
    ],
)
def test_every_bound_is_checked(at: int, kind: str, value: object, name: str) -> None:
    assert code_of(patched(at, kind, value)) == getattr(lib, name)


def test_every_truncation_and_extension_is_refused() -> None:
    for size in range(1, len(NORMALISED)):
        assert code_of(NORMALISED[:size]) < 0
        if size >= 12:
            assert code_of(repaired(NORMALISED[:size])) < 0, "with its own length and CRC"
    assert code_of(NORMALISED + bytes(4)) == lib.CHAIN_E_LENGTH
    assert code_of(bytes(5000)) == lib.CHAIN_E_LENGTH


def test_every_altered_byte_is_refused() -> None:
    for at in range(len(NORMALISED)):
        data = bytearray(NORMALISED)
        data[at] ^= 1 << at % 8
        seen_as = "MAGIC" if at < 4 else "LENGTH" if 8 <= at < 12 else "CRC"
        assert code_of(bytes(data)) == getattr(lib, f"CHAIN_E_{seen_as}")


def test_more_features_than_the_library_has_are_refused() -> None:
    signal = SignalSpec(2048, tuple("abcdefgh"), 20000.0)
    with pytest.raises(InputError, match="more than 128"):
        compile_chain(SPEC, signal)


@pytest.mark.parametrize(
    ("center", "gain", "zero_point"),
    [
        (np.zeros(47), np.ones(48), 0),
        (np.zeros(48), np.ones(49), 0),
        (np.full(48, np.nan), np.ones(48), 0),
        (np.zeros(48), np.full(48, np.inf), 0),
        (np.zeros(48), np.ones(48), 128),
    ],
)
def test_a_wrong_normalisation_is_refused(center: np.ndarray, gain: np.ndarray, zero_point: int) -> None:
    with pytest.raises(InputError):
        with_normalisation(CHAIN, center, gain, zero_point)


def test_check_chain_says_where_and_why() -> None:
    with pytest.raises(InputError, match=r"pack\.bin: chain refused: altered \(CRC\)"):
        check_chain(CHAIN[:-1] + bytes([CHAIN[-1] ^ 1]), where="pack.bin")


def test_an_envelope_of_a_long_segment_is_refused() -> None:
    signal = SignalSpec(4096, ("x",), 20000.0, "known")
    spec = replace(default_chain(signal, 1800.0), segment=2048, hop=1024)
    with pytest.raises(InputError, match="value is out of bounds"):
        compile_chain(spec, signal)
    assert compile_chain(replace(spec, envelope=None), signal)


def test_an_envelope_needs_a_spectrum() -> None:
    with pytest.raises(InputError, match="unknown step, a wrong order"):
        compile_chain(ChainSpec(envelope=EnvelopeSpec(low_hz=1000.0)), SIGNAL)
