"""Small data sets for the tests of recordings: a folder that is right, to be made wrong in one place."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aurora.signals.dataset import DataSet, Unit, write_dataset

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("AURORA_SHARED", ROOT.parent / "shared")) / "data"
RATE_HZ, N, AXES = 1000.0, 64, ("x", "y")


def shared(name: str) -> Path:
    """A recording that is not part of the product; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is absent (set AURORA_SHARED)")
    return path


def unit(unit_id: str = "a", windows: int = 8, seed: int = 1, **changes: Any) -> Unit:
    """A contiguous unit of noise that runs to failure; ``changes`` replace whole columns."""
    rng = np.random.default_rng([seed, *unit_id.encode()])
    time_s = np.arange(windows) * N / RATE_HZ
    columns: dict[str, Any] = {
        "samples": rng.integers(-9000, 9000, (windows, len(AXES), N), dtype=np.int16),
        "scale_g": np.full((windows, len(AXES)), 1e-4, np.float32),
        "rpm": np.full(windows, 1500, np.float32),
        "load": np.full(windows, 0.5, np.float32),
        "time_s": time_s,
        "stands_for_s": np.full(windows, N / RATE_HZ, np.float32),
        "fault": np.array([0] * (windows // 2) + [1] * (windows - windows // 2), np.int16),
        "ttf_s": (time_s[-1] - time_s + 0.01).astype(np.float32),
        "healthy_start_windows": 2,
    }
    return Unit(id=unit_id, **{**columns, **changes})


def write(path: Path, *units: Unit, **changes: Any) -> DataSet:
    """Write ``units`` (two of noise by default) as a data set."""
    facts: dict[str, Any] = {
        "name": "noise", "rate_hz": RATE_HZ, "n": N, "axes": AXES, "horizon_s": 0.2,
        "fault_types": ("healthy", "outer_race"), "nominal_rpm": 1500.0, "provenance": {"source": "test"},
    }  # fmt: skip
    return write_dataset(path, units or (unit("a"), unit("b")), **{**facts, **changes})


def edit_manifest(folder: Path, **changes: Any) -> None:
    """Overwrite keys of a written manifest, as a careless or hostile hand would."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def leftovers(folder: Path) -> list[str]:
    """What lies in ``folder``, hidden files included."""
    return sorted(entry.name for entry in folder.iterdir())
