"""SCons script of a Cortex-M firmware; all facts come from the board's record."""

import os
import sys

from SCons.Script import ARGUMENTS, COMMAND_LINE_TARGETS, AlwaysBuild, Builder, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
sys.path.insert(0, os.path.realpath(os.path.join(env.PioPlatform().get_dir(), "..", "shared")))
from firmware_build import add_sources, aurora_environment, generate, set_flags, tell_platformio_the_sizes  # noqa: E402

TOOLS = "arm-none-eabi-"
family = board.get("aurora.family")
tell_platformio_the_sizes(board)
generated = generate(env, board.id)
machine = [f"-mcpu={board.get('build.cpu')}", "-mthumb"]
if board.get("build.fpu", ""):
    machine += [f"-mfpu={board.get('build.fpu')}", f"-mfloat-abi={board.get('build.float_abi', 'hard')}"]

env.Replace(
    AR=TOOLS + "gcc-ar", AS=TOOLS + "gcc", CC=TOOLS + "gcc", LINK=TOOLS + "gcc", OBJCOPY=TOOLS + "objcopy",
    RANLIB=TOOLS + "gcc-ranlib", SIZETOOL=TOOLS + "size", GDB="gdb-multiarch",
    PROGNAME="firmware", PROGSUFFIX=".elf", SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
)  # fmt: skip
set_flags(env, machine, generated)
env.Append(
    ASFLAGS=machine,
    ASPPFLAGS=["-x", "assembler-with-cpp", "$CCFLAGS"],
    LINKFLAGS=[
        *machine, "-O2", "--specs=nano.specs", "-nostartfiles", "-T", os.path.join(generated, "firmware.ld"),
        "-Wl,--gc-sections,--fatal-warnings,--no-warn-rwx-segments,--build-id=none",
        "-Wl,-Map," + os.path.join("$BUILD_DIR", "firmware.map"),
    ],
    BUILDERS={
        name: Builder(action=env.VerboseAction(f"$OBJCOPY -O {kind} $SOURCES $TARGET", "Building $TARGET"), suffix=end)
        for name, kind, end in (("ElfToBin", "binary", ".bin"), ("ElfToHex", "ihex", ".hex"))
    },
)  # fmt: skip
# our step runs the linker, then holds the sizes against the record
env.Replace(
    ENV={**env["ENV"], **aurora_environment(env.subst("$PROJECT_DIR"))},
    LINKCOM=f'"{sys.executable}" -m aurora.build.link_step --board {board.id} --map $BUILD_DIR/firmware.map -- '
    + env["LINKCOM"],
)
add_sources(env, ("cortex_m", family), generated)

elf = env.BuildProgram()
env.Depends(elf, os.path.join(generated, "firmware.ld"))
images = [elf]
for make in (env.ElfToBin, env.ElfToHex):
    images.append(make(os.path.join("$BUILD_DIR", "${PROGNAME}"), elf))
AlwaysBuild(env.Alias("nobuild", images))
buildprog = env.Alias("buildprog", images)
env.AddPlatformTarget(
    "size",
    elf,
    env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE"),
    "Program Size",
    "Calculate program size",
)

protocol = env.subst("$UPLOAD_PROTOCOL")
if protocol == "emulator":
    upload = [env.VerboseAction(lambda target, source, env: None, "Nothing to flash: `aurora sim` runs it")]
elif protocol in ("stlink", "cmsis-dap", "jlink") and board.get("debug.openocd_target", ""):
    transport = "hla_swd" if protocol == "stlink" else "swd"
    env.Replace(
        UPLOADER="openocd",
        UPLOADERFLAGS=[
            f"-d{2 if int(ARGUMENTS.get('PIOVERBOSE', 0)) else 1}",
            "-f", f"interface/{protocol}.cfg", "-c", f"transport select {transport}",
            "-f", f"target/{board.get('debug.openocd_target')}.cfg",
            "-c", "program {$SOURCE} verify reset; shutdown",
        ],
        UPLOADCMD="$UPLOADER $UPLOADERFLAGS",
    )  # fmt: skip
    upload = [env.VerboseAction("$UPLOADCMD", "Uploading $SOURCE")]
else:
    upload = []
    if "upload" in COMMAND_LINE_TARGETS:
        sys.stderr.write(f"aurora: the board {board.id} cannot be flashed with {protocol!r}\n")
        env.Exit(2)
env.AddPlatformTarget("upload", elf, upload, "Upload")
Default([buildprog])
