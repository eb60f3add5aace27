"""Mutated, truncated and spliced chains: refused, or harmless, under AddressSanitizer and UBSan."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.spec.chain import compile_chain, default_chain, feature_names, with_normalisation
from aurora.spec.signal import SignalSpec
from fuzz_campaign import campaign

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "firmware" / "lib"
FLAGS = ["-std=c11", "-O1", "-g", "-ffp-contract=off", "-fno-sanitize-recover=all",
         "-fsanitize=address,undefined,float-cast-overflow", f"-I{LIB}"]  # fmt: skip


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The compiled driver's command up to the seed, and the chains it starts from at the end."""
    folder = tmp_path_factory.mktemp("fuzz")
    sources = [str(path) for part in ("core", "features") for path in sorted((LIB / part).glob("*.c"))]
    driver = str(Path(__file__).with_name("features_fuzz.c"))
    subprocess.run(
        ["gcc", *FLAGS, driver, *sources, "-o", str(folder / "fuzz"), "-lm"], check=True, timeout=120
    )
    for i, chain in enumerate(starting_chains()):
        (folder / f"{i}.chain").write_bytes(chain)
    return [str(folder / "fuzz"), *map(str, sorted(folder.glob("*.chain")))]


def starting_chains() -> list[bytes]:
    chains = []
    for n, axes in ((1024, 2), (300, 1), (100, 3), (777, 1)):
        signal = SignalSpec(n, tuple("xyz"[:axes]), 20000.0, "known")
        spec = default_chain(signal, 1800.0)
        chain = compile_chain(spec, signal)
        features = len(feature_names(spec, signal.axes))
        chains += [chain, with_normalisation(chain, np.zeros(features), np.ones(features), -3)]
        if spec.envelope is not None:
            strongest = replace(spec.envelope, mode="strongest", decimation=16, log=False)
            chains.append(compile_chain(replace(spec, envelope=strongest), signal))
    return chains


def test_hostile_chains_do_no_harm(fuzzer: list[str]) -> None:
    accepted, refused = campaign(fuzzer, seed=1, rounds=20000)
    assert accepted > 500, "the mutations must reach the interpreter"
    assert refused > 5000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 10))
def test_many_more_hostile_chains_do_no_harm(fuzzer: list[str], seed: int) -> None:
    campaign(fuzzer, seed, rounds=500_000)
