"""Mutated and truncated packs, decisions and baselines in C: refused or harmless, under ASan and UBSan."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from aurora.pack.layout import Extension, Part
from fuzz_campaign import campaign
from pack_samples import assembled, changed, sample

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "firmware" / "lib"
FLAGS = ["-std=c11", "-O1", "-g", "-ffp-contract=off", "-fno-sanitize-recover=all",
         "-fsanitize=address,undefined,float-cast-overflow", f"-I{LIB}"]  # fmt: skip
SOURCES = ("core/crc32.c", "core/sha256.c", "pack/*.c", "drift/*.c", "nn/decision.c")


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The compiled driver, and the packs it starts from."""
    folder = tmp_path_factory.mktemp("pack_fuzz")
    sources = [str(path) for pattern in SOURCES for path in sorted(LIB.glob(pattern))]
    driver = str(Path(__file__).with_name("pack_fuzz.c"))
    subprocess.run(["gcc", *FLAGS, driver, *sources, "-o", str(folder / "fuzz")], check=True, timeout=120)
    extended = assembled(
        (Extension(3, b"abcde"), Extension(9, b"")), (Part(77, b"later"),), security_version=3
    )
    for i, pack in enumerate((sample(), extended, changed(labels=("a", "b", "c"), manifest={}))):
        (folder / f"{i}.pack").write_bytes(pack)
    return [str(folder / "fuzz"), *map(str, sorted(folder.glob("*.pack")))]


def test_hostile_packs_do_no_harm(fuzzer: list[str]) -> None:
    accepted, refused = campaign(fuzzer, seed=1, rounds=3000)
    assert accepted > 100, "the mutations must reach what lies behind the checksums"
    assert refused > 3000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_more_hostile_packs_do_no_harm(fuzzer: list[str], seed: int) -> None:
    campaign(fuzzer, seed, 300_000)
