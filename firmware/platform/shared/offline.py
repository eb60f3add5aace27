"""Keeps PlatformIO away from its registry: what it would fetch is here already.

The core looks for its package tool-scons in ``packages_dir``: any folder with a package.json and a .piopm
that names the owner "platformio" and a version in the core's range. SCons from PyPI is that tool, so a folder
whose scons.py imports it is enough. PlatformIO numbers SCons 4.11.1 as 4.41101.0.
"""

import json
import os
import shutil
from pathlib import Path

import semantic_version
from platformio import app
from platformio.dependencies import get_core_dependencies
from platformio.exception import UserSideException

TOOL = "tool-scons"
SCONS_PY = "import sys\n\nsys.path.pop(0)\nimport SCons.Script\n\nSCons.Script.main()\n"
NEVER_DAYS = 36500


def require_program(program, packages):
    """Stop with one line where ``program`` is missing; the registry could not help offline."""
    if shutil.which(program) is None:
        raise UserSideException(f"aurora: {program} is not on the PATH (apt-get install {packages})")


def go_offline(package_manager):
    """Provide SCons and switch off the periodic look-ups that hang without a network."""
    _provide_scons(package_manager)
    for name, value in (("enable_telemetry", False), ("check_platformio_interval", NEVER_DAYS)):
        if app.get_setting(name) != value:
            app.set_setting(name, value)


def _provide_scons(package_manager):
    wanted = get_core_dependencies()[TOOL]
    try:
        from SCons import __version__ as installed
    except ImportError:
        raise UserSideException("aurora: SCons is missing (pip install -r requirements.txt)") from None
    version = _platformio_number(installed)
    if semantic_version.Version(version) not in semantic_version.SimpleSpec(wanted):
        raise UserSideException(
            f"aurora: SCons {installed} is not what this PlatformIO wants, {TOOL} {wanted} "
            "(pip install -r requirements.txt)"
        )
    folder = Path(package_manager.package_dir, TOOL)
    identity = {"owner": "platformio", "id": None, "name": TOOL, "requirements": None, "uri": None}
    files = {
        "scons.py": SCONS_PY,
        "package.json": json.dumps({"name": TOOL, "version": version, "system": "*"}),
        ".piopm": json.dumps({"type": "tool", "name": TOOL, "version": version, "spec": identity}),
        ".piokeep": "",  # `pio system prune` leaves the folder alone
    }
    folder.mkdir(parents=True, exist_ok=True)
    changed = [_write_if_changed(folder / name, text) for name, text in files.items()]
    if any(changed):
        package_manager.memcache_reset()


def _platformio_number(version):
    major, minor, patch = (int(part) for part in [*version.split("."), "0", "0"][:3])
    return f"{major}.{major}{minor:02d}{patch:02d}.0"


def _write_if_changed(path, text):
    """Two builds may start at once: each file is replaced whole."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return True
