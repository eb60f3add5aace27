"""Boots an image in QEMU, feeds it inputs and takes back outputs, tensors and counts; waits are bounded."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.build.elf import read_elf
from aurora.emulator.plugin import compile_plugin
from aurora.errors import BitsDiffer, EmulatorFailed, EmulatorMissing, WriteFailed
from aurora.verify.image import Image

PLUGIN = "profile_plugin"
RUN_SECONDS = 900
FINISHED, USED = 0xFFFFFFFF, 0xFFFFFFFE  # firmware/bench/main.c
INFERENCE, RESET = "nn_model_run", "nn_model_reset"  # functions of program.c

#: One address of one inference: times executed, times it ended with a jump, and, where it lies in the
#: program itself, the instructions spent from there until the program goes on.
COUNTS = np.dtype([("address", "<u8"), ("executed", "<u8"), ("jumped", "<u8"), ("account", "<u8")])


@dataclass(frozen=True)
class Run:
    """What one boot gave. ``outputs`` uint8 [n, bytes]; ``tensors`` a dict of traced tensors by number for
    each input; ``counts`` an array of COUNTS for each call of the counted function."""

    outputs: NDArray[np.uint8]
    tensors: tuple[dict[int, bytes], ...]
    counts: tuple[NDArray[np.void], ...]
    stack_bytes: int

    def instructions(self) -> list[int]:
        """Of each counted call."""
        return [int(count["executed"].sum()) for count in self.counts]


def run_image(image: Image, inputs: NDArray[np.uint8], *, count: str | None = None) -> Run:
    """Run each row of ``inputs`` (bytes); ``count`` names the function whose calls are counted.

    Raises EmulatorMissing, EmulatorFailed, BitsDiffer, or WriteFailed where the results did not fit the disk.
    """
    program = shutil.which("qemu-system-arm")
    if program is None:
        raise EmulatorMissing("qemu-system-arm is not on the PATH", hint="apt-get install qemu-system-arm")
    (image.folder / "in.bin").write_bytes(np.ascontiguousarray(inputs).tobytes())
    (image.folder / "out.bin").unlink(missing_ok=True)
    machine = image.board.emulators["qemu"].machine
    command = [program, "-machine", machine, "-display", "none", "-monitor", "none", "-serial", "null",
               "-nodefaults", "-semihosting-config", "enable=on,target=native",
               "-kernel", image.elf.name, *(_plugin(image, count) if count else ())]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=image.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise EmulatorFailed(
            f"{len(inputs)} inferences took longer than {RUN_SECONDS} s", where=f"qemu {machine}"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EmulatorFailed(f"the board faulted: {said[0] if said else 'no message'}", where=machine)
    try:
        counts = tuple(_read_counts(image.folder / "counts.bin")) if count else ()
        run = _parse((image.folder / "out.bin").read_bytes(), image, len(inputs), counts)
    except (struct.error, ValueError, FileNotFoundError) as error:
        hint = "free space there, or set TMPDIR"
        raise WriteFailed("what QEMU wrote is cut short", where=image.folder.parent, hint=hint) from error
    if count == INFERENCE and len(counts) != len(inputs):
        raise EmulatorFailed(f"{len(counts)} of {len(inputs)} inferences were counted", where=machine)
    return run


def _parse(results: bytes, image: Image, rows: int, counts: tuple[NDArray[np.void], ...]) -> Run:
    size = sum(port.bytes for port in image.program.outputs)
    outputs, tensors, at, traced, stack = [], [], 0, dict[int, bytes](), 0
    while at < len(results):
        first, second = struct.unpack_from("<II", results, at)
        at += 8
        if first == USED:
            stack = second
        elif first == FINISHED:
            if second:
                raise BitsDiffer(f"the program refused to run: {second - (1 << 32)}", where=image.board.id)
            outputs.append(np.frombuffer(results, np.uint8, size, at))
            tensors.append(traced)
            at, traced = at + size, {}
        else:
            traced[first] = results[at : at + second]
            at += second
    if len(outputs) != rows:
        raise EmulatorFailed(f"{len(outputs)} of {rows} inferences came back", where=image.board.id)
    return Run(np.array(outputs), tuple(tensors), counts, stack)


def _plugin(image: Image, function: str) -> list[str]:
    """Arguments that load the counter, compiled into the image's folder."""
    library = compile_plugin(PLUGIN, image.folder)
    elf, app = read_elf(image.elf), image.board.regions["app"].origin
    watched = elf.symbol(function)
    code = sum(image.sizes.sections.get(name, 0) for name in (".info", ".text"))
    words = [f"{library.name},out=counts.bin", f"code={app:#x}", f"bytes={code}",
             f"watch={watched.address:#x}", f"size={watched.bytes}"]  # fmt: skip
    return ["-plugin", f"./{','.join(words)}"]


def _read_counts(path: Path) -> Iterator[NDArray[np.void]]:
    data, at = path.read_bytes(), 0
    while at < len(data):
        (rows,) = struct.unpack_from("<Q", data, at)
        yield np.frombuffer(data, COUNTS, rows, at + 8)
        at += 8 + rows * COUNTS.itemsize
