"""An installed Aurora finds the messages without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 300


def test_a_wheel_carries_messages_and_codes(tmp_path: Path) -> None:
    source, wheels, installed = tmp_path / "source", tmp_path / "wheels", tmp_path / "site" / "installed"
    unwanted = shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info", "_firmware")
    for name in ("host", "firmware/lib"):
        shutil.copytree(ROOT / name, source / name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-build-isolation"]
    subprocess.run([*pip, "--no-deps", "-w", str(wheels), str(source)], check=True, timeout=SECONDS)
    assert not (source / "host" / "aurora" / "_firmware").exists()  # the copy lives in the wheel only
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    program = (
        "import aurora; from aurora.spec.link import codes, link_schema\n"
        "from aurora.device.codec import encode\n"
        "print(aurora.__file__, len(link_schema().messages), len(codes('pack/errors.def')) > 0,\n"
        "      encode('health_query', request_id=1).hex())"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=SECONDS, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(installed / "aurora" / "__init__.py"), "17", "True", "a200090101"]
