"""No byte stream and no pack makes the application read or write where it should not, or hang.

The whole application runs under AddressSanitizer and UndefinedBehaviorSanitizer. What is fed to it: frames of
every request with fields at their limits and beyond, the same frames damaged, and noise.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import zlib
from pathlib import Path

import cbor2
import numpy as np
import pytest
from app_board import BOARD, SUPPORT, build
from aurora.device.codec import encode
from aurora.device.framing import encode_frame
from aurora.spec.link import Field, MessageType, link_schema
from small_model import SmallModel

SANITISERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
LIMIT_SECONDS = 120


@pytest.fixture(scope="session")
def program(model: SmallModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "pack").write_bytes(model.pack(BOARD))
    return build(model, folder, SANITISERS, SUPPORT / "app_fuzz.c")


def value(rng: random.Random, field: Field) -> object:
    """Mostly what the field may hold, its limits above all; sometimes something else."""
    if rng.random() < 0.03:
        return rng.choice([None, True, -1, 2**63, b"", "x", 1.5, [1], {1: 2}, 0, 1])
    if field.kind == "bool":
        return rng.random() < 0.5
    if field.kind in ("float32", "float64"):
        return rng.choice([0.0, 12800.0, 1500.0, -1.0, 1e-30, 3e38, float("nan"), float("inf")])
    if field.kind in ("bytes", "text"):
        size = rng.choice([field.low, field.high, rng.randint(field.low, field.high), min(field.high, 8)])
        return rng.randbytes(size) if field.kind == "bytes" else "x" * size
    near = [field.low, field.high, 0, 1, 2, 3, 48, 256, 384, 192, 1024, rng.randrange(64) * 8]
    return rng.choice([x for x in near if field.low <= x <= field.high])


def request(rng: random.Random, message: MessageType) -> bytes:
    values = {field.name: value(rng, field) for field in message.fields.values()}
    values["request_id"] = rng.choice([1, 2, 3, rng.randrange(2**32)])  # ids come back: repeats and transfers
    if rng.random() < 0.9:
        with contextlib.suppress(ValueError):  # a value that no host would write
            return encode(message.name, **values)
    fields = {0: message.number} | {key: values[field.name] for key, field in message.fields.items()}
    if rng.random() < 0.5:
        fields[rng.randrange(40)] = rng.randbytes(rng.randrange(20))
    return cbor2.dumps(fields)


def window(rng: random.Random) -> list[bytes]:
    """A whole injected window, now and then with a piece missing or doubled."""
    samples, first = rng.randbytes(1024), rng.randrange(1, 2**31)
    messages = [
        encode(
            "window_begin", request_id=first, window_n=256, window_axes=2, rate_hz=12800.0, rpm=1500.0,
            scale_g=np.float32([1e-3, 2e-3]).tobytes() if rng.random() < 0.9 else rng.randbytes(8),
            window_crc32=zlib.crc32(samples), with_vectors=rng.random() < 0.5,
        )
    ]  # fmt: skip
    for offset in range(0, 1024, 192):
        chunk = encode(
            "window_chunk", request_id=first + 1 + offset, transfer_id=first, offset=offset,
            chunk=samples[offset : offset + 192],
        )  # fmt: skip
        messages += [chunk] * rng.choice([0, 1, 1, 1, 1, 1, 1, 1, 1, 2])
    return messages


def stream(rng: random.Random, messages: int) -> bytes:
    requests = list(link_schema().towards(board=True).values())
    blocks = []
    for _ in range(messages):
        kind = rng.random()
        payloads = window(rng) if kind < 0.05 else [request(rng, rng.choice(requests))]
        for payload in payloads:
            data = bytearray(encode_frame(payload[:250] or b"x") if kind < 0.9 else rng.randbytes(60))
            if kind > 0.8:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            blocks += [bytes([len(part)]) + bytes(part) for part in (data[:200], data[200:]) if part]
        if rng.random() < 0.002:
            blocks.append(b"\0")
    return b"".join(blocks)


def run(program: Path, pack: Path, data: bytes) -> None:
    done = subprocess.run([str(program), str(pack)], input=data, capture_output=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]


@pytest.mark.parametrize("seed", range(4))
def test_streams(program: Path, seed: int) -> None:
    run(program, program.parent / "pack", stream(random.Random(seed), 4000))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_streams(program: Path, seed: int) -> None:
    run(program, program.parent / "pack", stream(random.Random(seed), 20000))


@pytest.mark.parametrize("seed", range(2))
def test_damaged_packs(program: Path, tmp_path: Path, seed: int) -> None:
    """A pack with any bytes changed is refused or run, and never read outside."""
    rng, good = random.Random(seed), (program.parent / "pack").read_bytes()
    data = stream(rng, 20)
    for _ in range(25):
        bad = bytearray(good[: rng.choice([len(good), rng.randrange(len(good))])])
        for _ in range(rng.randrange(1, 4)):
            if bad:
                bad[rng.randrange(min(len(bad), rng.choice([128, 600, len(bad)])))] = rng.choice(
                    [0, 255, 1, 128]
                )
        (tmp_path / "pack").write_bytes(bytes(bad))
        run(program, tmp_path / "pack", data)
