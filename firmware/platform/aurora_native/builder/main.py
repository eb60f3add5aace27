"""SCons script of the firmware as a process."""

import os
import sys

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
sys.path.insert(0, os.path.realpath(os.path.join(env.PioPlatform().get_dir(), "..", "shared")))
from firmware_build import add_sources, generate, set_flags, tell_platformio_the_sizes  # noqa: E402

board = env.BoardConfig()
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
    LINKFLAGS=["-Wl,--gc-sections,--build-id=none", "-Wl,-Map," + os.path.join("$BUILD_DIR", "firmware.map")],
    LIBS=["m"],
)
add_sources(env, ("native",), generated)
program = env.BuildProgram()
env.AddPlatformTarget(
    "exec", [program], env.VerboseAction("$SOURCE $PROGRAM_ARGS", "Executing $SOURCE"), "Execute"
)
Default([env.Alias("buildprog", program)])
