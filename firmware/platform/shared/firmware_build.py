"""The part of the build that both platforms share: generated sources, our folders, flags, reproducible paths."""

import os
import subprocess
import sys

from SCons.Script import COMMAND_LINE_TARGETS

# -ffp-contract=off, no vectoriser: the host's extension and every board round alike
CODE_FLAGS = ["-std=c11", "-O2", "-g", "-gno-record-gcc-switches", "-ffp-contract=off", "-fno-tree-vectorize"]
CODE_FLAGS += ["-fno-math-errno", "-ffunction-sections", "-fdata-sections", "-fno-common"]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wdate-time", "-Werror"]
LIBRARIES = ("core", "features", "nn", "drift", "link", "pack", "port")


def aurora_environment(project):
    """Environment of our Python steps: this checkout's package, wherever another one may be installed."""
    package = os.path.join(project, "host")
    inherited = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "AURORA_ROOT": project,
        "PYTHONPATH": f"{package}:{inherited}" if inherited else package,
    }


def tell_platformio_the_sizes(board):
    """PlatformIO prints flash and RAM from keys of its own; the record has them as regions."""
    regions = board.get("aurora.regions")
    flash = sum(size * count for name in ("boot", "app") for size, count in regions[name]["erase"])
    board.update("upload.maximum_size", flash)
    board.update("upload.maximum_ram_size", board.get("aurora.ram.bytes"))


def generate(env, board_id):
    """Write all generated sources into $BUILD_DIR/gen; a failure has printed its line and ends the build."""
    folder = os.path.join(env.subst("$BUILD_DIR"), "gen")
    if {"clean", "idedata", "__idedata"} & set(COMMAND_LINE_TARGETS) or env.GetOption("clean"):
        return folder
    project = env.subst("$PROJECT_DIR")
    command = [sys.executable, "-m", "aurora.build.generate", "--board", board_id, "--out", folder]
    command += ["--app", env.subst("$PROJECT_SRC_DIR")]
    done = subprocess.run(command, env=aurora_environment(project), check=False)
    if done.returncode != 0:
        env.Exit(done.returncode)
    return folder


def set_flags(env, machine, generated):
    """Flags for every source: no path of this checkout reaches the objects."""
    project, build = env.subst("$PROJECT_DIR"), env.subst("$BUILD_DIR")
    places = [
        (project, "."),
        (os.path.realpath(project), "."),
        (build, "build"),
        (os.path.realpath(build), "build"),
    ]
    source = env.subst("$PROJECT_SRC_DIR")
    places += [(source, "firmware/app"), (os.path.realpath(source), "firmware/app")]
    maps = [f"-ffile-prefix-map={path}={name}" for path, name in dict(places).items()]
    env.Replace(CPPPATH=[], CPPDEFINES=[], ARFLAGS=["rcsD"])
    env.Append(
        CCFLAGS=[*machine, *CODE_FLAGS, *WARNINGS, *maps],
        CPPPATH=[
            "$PROJECT_SRC_DIR",
            os.path.join(project, "firmware", "lib"),
            os.path.join(project, "firmware", "ports"),
            generated,
        ],
    )


def add_sources(env, ports, generated):
    """Objects of lib, ports and the generated code; PlatformIO itself adds firmware/app."""
    firmware = os.path.join(env.subst("$PROJECT_DIR"), "firmware")
    for name in LIBRARIES:
        env.BuildSources(
            os.path.join("$BUILD_DIR", "lib", name), os.path.join(firmware, "lib", name), "+<**/*.c>"
        )
    for name in ports:
        folder = os.path.join(firmware, "ports", name)
        if not os.path.isdir(folder):
            sys.stderr.write(
                f"aurora: the family {name!r} has no port (copy firmware/ports/template to {folder})\n"
            )
            env.Exit(34)
        env.BuildSources(os.path.join("$BUILD_DIR", "ports", name), folder, "+<*.c>")
    env.BuildSources(os.path.join("$BUILD_DIR", "gen_objects"), generated, "+<*.c>")
