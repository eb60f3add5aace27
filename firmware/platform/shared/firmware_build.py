"""The part of the build that both platforms share: generated sources, our folders, flags, stable paths."""

import os
import subprocess
import sys
from pathlib import Path

from code_flags import CODE_FLAGS, WARNINGS
from SCons.Script import COMMAND_LINE_TARGETS

LIBRARIES = ("core", "features", "nn", "drift", "link", "pack", "port")
NOTHING_TO_COMPILE = {"clean", "idedata", "__idedata"}
EXIT_NO_PORT = 34  # BuildFailed of aurora.errors
EXIT_NO_TFLM = 30  # ToolchainMissing
TFLM_LIBRARY = "libtensorflow-microlite.a"
TFLM_INCLUDES = ("flatbuffers/include", "gemmlowp", "ruy")


def aurora_environment(project):
    """Environment of our Python steps: this checkout's package, wherever another one may be installed.

    A checkout whose extension was never built (`pip install .` without -e) has the installed package only.
    """
    environment = {**os.environ, "AURORA_ROOT": project}
    package = Path(project, "host")
    if any((package / "aurora").glob("_device.*.so")):
        places = [str(package), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    return environment


def tell_platformio_the_sizes(board):
    """PlatformIO prints flash and RAM from keys of its own; the record has them as regions."""
    regions = board.get("aurora.regions")
    flash = sum(size * count for name in ("boot", "app") for size, count in regions[name]["erase"])
    board.update("upload.maximum_size", flash)
    board.update("upload.maximum_ram_size", board.get("aurora.ram.bytes"))


def generate(env, board_id, engine="direct"):
    """Write all generated sources into $BUILD_DIR/gen; a failure has printed its line and ends the build."""
    folder = str(Path(env.subst("$BUILD_DIR"), "gen"))
    if NOTHING_TO_COMPILE & set(COMMAND_LINE_TARGETS) or env.GetOption("clean"):
        return folder
    command = [sys.executable, "-m", "aurora.build.generate", "--board", board_id, "--out", folder]
    command += ["--app", env.subst("$PROJECT_SRC_DIR"), "--engine", engine]
    done = subprocess.run(command, env=aurora_environment(env.subst("$PROJECT_DIR")), check=False)
    if done.returncode != 0:
        env.Exit(done.returncode)
    return folder


def set_flags(env, machine, generated):
    """Flags for every source: no path of this checkout reaches the objects."""
    names = {"$PROJECT_DIR": ".", "$BUILD_DIR": "build", "$PROJECT_SRC_DIR": "firmware/app"}
    maps, project = {}, Path(env.subst("$PROJECT_DIR"))
    for variable, name in names.items():
        path = Path(env.subst(variable))
        maps |= {str(path): name, str(path.resolve()): name}
        if path != project and path.is_relative_to(project):
            maps[str(path.relative_to(project))] = name  # SCons shortens what lies below the project
    firmware = Path(env.subst("$PROJECT_DIR"), "firmware")
    env.Replace(CPPPATH=[], CPPDEFINES=[], ARFLAGS=["rcsD"])
    maps_flags = [f"-ffile-prefix-map={path}={name}" for path, name in maps.items()]
    env.Append(
        CCFLAGS=[*machine, *CODE_FLAGS, *WARNINGS, *maps_flags],
        CPPPATH=["$PROJECT_SRC_DIR", str(firmware / "lib"), str(firmware / "ports"), generated],
    )


def add_sources(env, ports, generated):
    """Objects of lib, ports and the generated code; PlatformIO itself adds firmware/app."""
    firmware = Path(env.subst("$PROJECT_DIR"), "firmware")
    for name in LIBRARIES:
        env.BuildSources(f"$BUILD_DIR/lib/{name}", str(firmware / "lib" / name), "+<**/*.c>")
    for name in ports:
        folder = firmware / "ports" / name
        if not folder.is_dir():
            sys.stderr.write(
                f"aurora: the family {name!r} has no port (copy firmware/ports/template there)\n"
            )
            env.Exit(EXIT_NO_PORT)
        env.BuildSources(f"$BUILD_DIR/ports/{name}", str(folder), "+<*.c>")
    env.BuildSources("$BUILD_DIR/gen_objects", generated, "+<*.c>")


def find_tflm(env):
    """(library, include folders) of TFLite Micro below TFLM_DIR; without it the build ends in one line."""
    named = os.environ.get("TFLM_DIR", "")
    found = sorted(Path(named).rglob(TFLM_LIBRARY)) if named else []
    if not found:
        where = f"{named} holds no {TFLM_LIBRARY}" if named else "TFLM_DIR is not set"
        sys.stderr.write(
            f"aurora: {where}: this engine needs TFLite Micro's checkout with its built library (its own "
            "target microlite); the default engine needs nothing\n"
        )
        env.Exit(EXIT_NO_TFLM)
    if len(found) > 1:
        folders = ", ".join(str(path.parent) for path in found)
        sys.stderr.write(
            f"aurora: {named} holds {TFLM_LIBRARY} more than once ({folders}): keep the one for this board's "
            "core\n"
        )
        env.Exit(EXIT_NO_TFLM)
    root = Path(named).resolve()
    downloads = root / "tensorflow/lite/micro/tools/make/downloads"
    return found[0].resolve(), [root, *(downloads / name for name in TFLM_INCLUDES)]


def add_tflm(env, tflm):
    """The adapter in C++, without exceptions, run-time types or start-up code, and the user's library."""
    library, includes = tflm
    adapter = Path(env.subst("$PROJECT_DIR"), "firmware", "lib", "nn", "tflm")
    flags = [
        "-std=c++17",
        "-fno-exceptions",
        "-fno-rtti",
        "-fno-threadsafe-statics",
        "-DTF_LITE_STATIC_MEMORY",
    ]
    lane = env.Clone(CXX="arm-none-eabi-g++")
    lane.Replace(CCFLAGS=[flag for flag in env["CCFLAGS"] if flag not in ("-std=c11", *WARNINGS)])
    lane.Append(CXXFLAGS=flags, CPPPATH=[str(folder) for folder in includes])
    lane.BuildSources("$BUILD_DIR/lib/nn_tflm", str(adapter), "+<*.cc>")
    env.Append(PIOBUILDFILES=lane["PIOBUILDFILES"][len(env["PIOBUILDFILES"]):],
               LIBS=["stdc++", "m", "c"])  # fmt: skip
    env.Append(LIBPATH=[str(library.parent)])
    env.Prepend(LIBS=[library.name.removeprefix("lib").removesuffix(".a")])
