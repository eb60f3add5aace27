"""SCons script of the firmware as a process."""

import sys
from pathlib import Path

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
sys.path.insert(0, str(Path(env.PioPlatform().get_dir()).resolve().parent / "shared"))
from firmware_build import add_sources, generate, set_flags, tell_platformio_the_sizes  # noqa: E402

tell_platformio_the_sizes(board)
generated = generate(env, board.id)
env.Replace(
    CC="gcc",
    LINK="gcc",
    AR="gcc-ar",
    RANLIB="gcc-ranlib",
    SIZETOOL="",
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
)
set_flags(env, [], generated)
env.Append(
    LINKFLAGS=["-Wl,--gc-sections,--build-id=none", "-Wl,-Map," + env.subst("$BUILD_DIR/firmware.map")],
    LIBS=["m"],
)
add_sources(env, ("native",), generated)
program = env.BuildProgram()
run = env.VerboseAction("$SOURCE $PROGRAM_ARGS", "Executing $SOURCE")
env.AddPlatformTarget("exec", [program], run, "Execute")
Default([env.Alias("buildprog", program)])
