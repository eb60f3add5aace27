"""SCons script of a Cortex-M firmware; all facts come from the board's record."""

import sys
from pathlib import Path

from SCons.Script import ARGUMENTS, COMMAND_LINE_TARGETS, AlwaysBuild, Builder, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
sys.path.insert(0, str(Path(env.PioPlatform().get_dir()).resolve().parent / "shared"))
from firmware_build import (  # noqa: E402 - the line above makes it importable
    add_sources,
    add_tflm,
    aurora_environment,
    find_tflm,
    generate,
    set_flags,
    tell_platformio_the_sizes,
)

TOOLS = "arm-none-eabi-"
MAP = env.subst("$BUILD_DIR/firmware.map")  # expanded here: SCons splits what it expands at spaces

tell_platformio_the_sizes(board)
engine = env.GetProjectOption("custom_engine", "direct")
tflm = find_tflm(env) if engine == "tflm" else None
generated = generate(env, board.id, engine)
machine = [f"-mcpu={board.get('build.cpu')}", "-mthumb"]
if board.get("build.fpu", ""):
    machine += [f"-mfpu={board.get('build.fpu')}", f"-mfloat-abi={board.get('build.float_abi', 'hard')}"]

env.Replace(
    AR=TOOLS + "gcc-ar", AS=TOOLS + "gcc", CC=TOOLS + "gcc", LINK=TOOLS + "gcc", OBJCOPY=TOOLS + "objcopy",
    RANLIB=TOOLS + "gcc-ranlib", SIZETOOL=TOOLS + "size", GDB="gdb-multiarch",
    PROGNAME="firmware", PROGSUFFIX=".elf", SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
)  # fmt: skip
set_flags(env, machine, generated)


def image_builder(format_name, suffix):
    command = env.VerboseAction(f"$OBJCOPY -O {format_name} $SOURCES $TARGET", "Building $TARGET")
    return Builder(action=command, suffix=suffix)


env.Append(
    ASFLAGS=machine,
    ASPPFLAGS=["-x", "assembler-with-cpp", "$CCFLAGS"],
    LINKFLAGS=[
        *machine, "-O2", "--specs=nano.specs", "-nostartfiles", "-T", f"{generated}/firmware.ld",
        "-Wl,--gc-sections,--fatal-warnings,--no-warn-rwx-segments,--build-id=none", f"-Wl,-Map,{MAP}",
    ],
    LIBS=["m"],  # sqrtf of a core without a float unit
    BUILDERS={"ElfToBin": image_builder("binary", ".bin"), "ElfToHex": image_builder("ihex", ".hex")},
)  # fmt: skip
# our step runs the linker, then holds the sizes against the record
step = f'"{sys.executable}" -m aurora.build.link_step --board {board.id} --map "{MAP}" -- '
env.Replace(
    ENV={**env["ENV"], **aurora_environment(env.subst("$PROJECT_DIR"))}, LINKCOM=step + env["LINKCOM"]
)
# sqrtf of a core without a float unit; nothing else of it is used
env.Append(LIBS=["m"])
if tflm is not None:
    add_tflm(env, tflm)
add_sources(env, ("cortex_m", board.get("aurora.family")), generated)

elf = env.BuildProgram()
env.Depends(elf, f"{generated}/firmware.ld")
images = [elf, *(make("$BUILD_DIR/${PROGNAME}", elf) for make in (env.ElfToBin, env.ElfToHex))]
AlwaysBuild(env.Alias("nobuild", images))
buildprog = env.Alias("buildprog", images)
show_size = env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE")
env.AddPlatformTarget("size", elf, show_size, "Program Size", "Calculate program size")

protocol = env.subst("$UPLOAD_PROTOCOL")
upload = []
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
elif "upload" in COMMAND_LINE_TARGETS:
    sys.stderr.write(f"aurora: the board {board.id} cannot be flashed with {protocol!r}\n")
    env.Exit(2)
env.AddPlatformTarget("upload", elf, upload, "Upload")
Default([buildprog])
