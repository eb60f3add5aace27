"""Random networks of every operation, compiled for this machine, against TFLite Micro.

A network that fails is kept in build/failures, and the failure names the command that runs it again.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from aurora.compile import Program
from engine_exact import assert_exact
from engine_host import ROOT, HostEngine
from hypothesis import HealthCheck, given, settings
from random_network import LAYERS, networks
from random_network import build as build_network

Build = Callable[[Program], HostEngine]
FAILURES = ROOT / "build" / "failures"
ROWS = 12
CORES = ["host", "cortex-m4f"]  # those whose kernels have a form for this machine
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def compare(tflite: bytes, build: Build, core: str = "host") -> None:
    """`assert_exact`; keeps the model and says how to run it again where that fails."""
    try:
        assert_exact(tflite, build, rows=ROWS, core=core)
    except Exception as error:
        FAILURES.mkdir(parents=True, exist_ok=True)
        path = FAILURES / f"{hashlib.sha256(tflite).hexdigest()[:12]}.tflite"
        path.write_bytes(tflite)
        test = Path(__file__).relative_to(ROOT)
        error.add_note(
            f"model: {path}\nagain: AURORA_MODEL={path} .venv/bin/python -m pytest {test} -k saved"
        )
        raise


@pytest.mark.parametrize("core", CORES)
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=QUIET, database=None)
@given(tflite=networks)
def test_random_networks(tflite: bytes, core: str, build: Build) -> None:
    compare(tflite, build, core)


@pytest.mark.soak
@pytest.mark.parametrize("core", CORES)
@settings(max_examples=3000, deadline=None, suppress_health_check=QUIET, database=None, print_blob=True)
@given(tflite=networks)
def test_many_random_networks(tflite: bytes, core: str, build: Build) -> None:
    compare(tflite, build, core)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_each_layer_stands_on_its_own(name: str, build: Build) -> None:
    """So that no layer is missed by chance."""
    for seed, core in enumerate(CORES):
        compare(build_network(seed, [name]), build, core)


def test_saved_model(build: Build) -> None:
    """The model in AURORA_MODEL, which a failure above has printed."""
    path = os.environ.get("AURORA_MODEL")
    if path is None:
        pytest.skip("AURORA_MODEL names no model")
    for core in CORES:
        compare(Path(path).read_bytes(), build, core)


def test_a_failure_names_model_and_command(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import test_engine_differential as module

    def wrong(*args: object, **kwargs: object) -> None:
        raise AssertionError("1 byte differs")

    monkeypatch.setattr(module, "assert_exact", wrong)
    monkeypatch.setattr(module, "FAILURES", tmp_path)
    tflite = build_network(1, ["dense"])
    with pytest.raises(AssertionError) as caught:
        module.compare(tflite, build)
    note = "\n".join(caught.value.__notes__)
    (saved,) = tmp_path.iterdir()
    assert saved.read_bytes() == tflite
    assert f"AURORA_MODEL={saved} .venv/bin/python -m pytest" in note
