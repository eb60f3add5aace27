"""A small complete pack, and means to spoil it, for the tests of packs on host and in C."""

import zlib
from dataclasses import replace
from functools import cache

import numpy as np
from aurora.pack import FirmwareInfo, PackContents, build_pack
from aurora.pack.layout import Extension, Part, assemble, part_types, records
from aurora.spec.baseline import build_baseline
from aurora.spec.chain import compile_chain, default_chain, feature_names, features_id, with_normalisation
from aurora.spec.decision import Decision, FailsWithin, FaultType
from aurora.spec.signal import SignalSpec

SIGNAL = SignalSpec(n=1024, axes=("x",), rate_hz=12_800.0, rpm="known")
OUTPUTS = 4


@cache
def contents() -> PackContents:
    """One axis, one fails_within logit and three fault types, two golden vectors."""
    spec = default_chain(SIGNAL, 1500.0)
    features = len(feature_names(spec, SIGNAL.axes))
    chain = with_normalisation(compile_chain(spec, SIGNAL), np.zeros(features), np.full(features, 16.0), 0)
    random = np.random.default_rng(0)
    inputs = random.integers(-128, 128, (2, features)).astype(np.int8)
    outputs = random.integers(-128, 128, (2, OUTPUTS)).astype(np.int8)
    names = tuple(f"f{i}" for i in range(features)) + tuple(f"o{i}" for i in range(OUTPUTS))
    baseline = build_baseline(random.normal(size=(99, features)), np.repeat(outputs, 50, 0)[:99], names)
    return PackContents(
        board_class=7,
        layout_id=bytes(range(32)),
        features_id=features_id(chain),
        chain=chain,
        constants=random.bytes(333),
        constants_alignment=64,
        decision=Decision(OUTPUTS, FaultType(1, 3), FailsWithin(0, 20, 5, 3, 2, 5)).to_bytes(),
        labels=("healthy", "inner_race", "überlast"),
        drift=baseline.to_bytes(),
        golden=(inputs, outputs),
        manifest={"model": "sample", "version": "1.0.0", "channels": list(names)},
        sequence=5,
        security_version=3,
    )


@cache
def sample() -> bytes:
    return build_pack(contents())


def changed(**fields: object) -> bytes:
    """The sample with some contents replaced."""
    return build_pack(replace(contents(), **fields))


def firmware(**fields: object) -> FirmwareInfo:
    """A firmware that runs the sample."""
    known = FirmwareInfo(
        board_class=7,
        layout_id=bytes(range(32)),
        security_floor=3,
        features_version=1,
        features_n_max=4096,
        features_workspace_bytes=20480,
        constants_bytes=333,
        constants_alignment=64,
        input_bytes=contents().golden[0].shape[1],
        output_bytes=OUTPUTS,
    )
    return replace(known, **fields)


HEADER_FIELDS = {
    "board_class": 7, "sequence": 5, "security_version": 3, "signature_algorithm": 0, "confirm_policy": 0,
    "key_id": bytes(8), "layout_id": bytes(range(32)), "features_id": bytes(32),
}  # fmt: skip


def parts_of_sample() -> list[Part]:
    from aurora.pack import parse_pack

    pack = parse_pack(sample())
    return [Part(part_types()[name], data, pack.alignments[name]) for name, data in pack.parts.items()]


def assembled(
    extensions: tuple[Extension, ...] = (), extra: tuple[Part, ...] = (), **fields: int | bytes
) -> bytes:
    """The sample's parts under a header of one's own, unchecked."""
    return assemble(HEADER_FIELDS | fields, [*parts_of_sample(), *extra], extensions)


def header_field(name: str) -> int:
    """Offset of a header field."""
    return records()["HEADER"].fields[name][0]


def part_field(index: int, name: str) -> int:
    """Offset of a field of the index-th part entry."""
    return records()["HEADER"].size + index * records()["PART"].size + records()["PART"].fields[name][0]


def overwritten(at: int, new: bytes, pack: bytes | None = None) -> bytes:
    """The pack with bytes replaced and the header's CRC made right again: checks behind it are reached."""
    spoiled = bytearray(sample() if pack is None else pack)
    spoiled[at : at + len(new)] = new
    start, size = records()["HEADER"].fields["header_bytes"]
    end = int.from_bytes(spoiled[start : start + size], "little") - 4
    if 0 < end <= len(spoiled) - 4:
        spoiled[end : end + 4] = zlib.crc32(spoiled[:end]).to_bytes(4, "little")
    return bytes(spoiled)
