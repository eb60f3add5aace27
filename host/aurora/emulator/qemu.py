"""QEMU behind the one interface: command line from the board's record, control by QMP, UART over TCP."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from aurora.build.elf import read_elf
from aurora.emulator.base import MemoryBlock, Setup
from aurora.emulator.process import ChildProcess
from aurora.emulator.qmp import Qmp
from aurora.errors import EmulatorFailed, EmulatorMissing, InputError

PROGRAM = "qemu-system-arm"
END_SECONDS = 1.0  # for a process to end whose control channel broke
SEED_SYMBOL = "port_kept"  # firmware/ports/cortex_m/cortex_m.h


def find_qemu() -> str:
    """Path of QEMU; raises EmulatorMissing."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise EmulatorMissing(f"{PROGRAM} is not on the PATH", hint="apt-get install qemu-system-arm")
    return program


class QemuEmulator:
    """One qemu-system-arm. Raises EmulatorMissing, EmulatorFailed, or InputError for overlapping memory."""

    def __init__(self, setup: Setup) -> None:
        program = find_qemu()
        self._folder = tempfile.TemporaryDirectory(prefix="aurora-qemu-")
        ours, theirs = socket.socketpair()
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.url = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        self._child: ChildProcess | None = None
        self._qmp: Qmp | None = None
        try:
            arguments = _arguments(setup, Path(self._folder.name), listener.fileno(), theirs.fileno())
            name = f"qemu {setup.board.emulators['qemu'].machine}"
            self._child = ChildProcess(
                program, arguments, name=name, pass_fds=(listener.fileno(), theirs.fileno())
            )
            listener.close()  # QEMU holds the only copies now: they close when it ends
            theirs.close()
            with self._or_its_end():
                self._qmp = Qmp(ours, setup.timeout_s)
            if not setup.paused:
                self.resume()
        except BaseException:
            listener.close()
            theirs.close()
            ours.close()
            self.close()
            raise

    @property
    def _process(self) -> ChildProcess:
        assert self._child is not None
        return self._child

    @contextmanager
    def _or_its_end(self) -> Iterator[None]:
        """A control channel that breaks because QEMU ended is told as that end."""
        try:
            yield
        except EmulatorFailed as error:
            if self._process.wait(END_SECONDS):
                raise self._process.failure() from error
            raise

    def _execute(self, command: str) -> None:
        assert self._qmp is not None
        with self._or_its_end():
            self._qmp.execute(command)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        return self._process.exit_status

    def alive(self) -> bool:
        return self._process.alive()

    def resume(self) -> None:
        self._execute("cont")

    def reset(self) -> None:
        self.check()
        self._execute("system_reset")

    def check(self) -> None:
        if not self.alive():
            raise self._process.failure()

    def close(self) -> None:
        if self._child is not None:
            self._child.close()
            if self._qmp is not None:
                self._qmp.close()
        self._folder.cleanup()

    def stop_in_order(self, timeout_s: float) -> None:
        """Quit by QMP, so that a plugin writes its results; raises EmulatorFailed if QEMU does not end."""
        self._execute("quit")
        if not self._process.wait(timeout_s):
            self._process.signal(signal.SIGKILL)
            raise EmulatorFailed(f"QEMU did not quit within {timeout_s:g} s")


def _arguments(setup: Setup, folder: Path, uart_fd: int, control_fd: int) -> list[str]:
    emulator = setup.board.emulators["qemu"]
    serial = ["-serial", "null"] * emulator.serial_index + ["-serial", "chardev:uart"]
    return [
        *("-machine", emulator.machine, "-display", "none", "-monitor", "none", "-nodefaults", "-S"),
        *emulator.arguments,
        *("-chardev", f"socket,id=uart,fd={uart_fd},server=on,wait=off,nodelay=on", *serial),
        *("-chardev", f"socket,id=control,fd={control_fd}", "-mon", "chardev=control,mode=control"),
        *("-kernel", str(setup.elf)),
        *_memory_arguments(setup, folder),
        *setup.extra,
    ]


def _memory_arguments(setup: Setup, folder: Path) -> list[str]:
    """Loader devices for pack, preloaded memory and seed, once nothing overlaps."""
    elf = read_elf(setup.elf)
    blocks = list(setup.memory)
    if setup.pack is not None:
        blocks.insert(0, MemoryBlock(setup.board.regions["slot_a"].origin, setup.pack))
    _refuse_overlaps(blocks, elf.segments)
    arguments = []
    for number, block in enumerate(blocks):
        path = folder / f"block{number}.bin"
        path.write_bytes(block.data)
        name = str(path).replace(",", ",,")  # QEMU splits options at single commas
        arguments += ["-device", f"loader,file={name},addr=0x{block.address:x},force-raw=on"]
    seed = f"loader,addr=0x{elf.symbol(SEED_SYMBOL).address:x},data=0x{setup.seed:x},data-len=4"
    return [*arguments, "-device", seed]


def _refuse_overlaps(blocks: list[MemoryBlock], segments: tuple[tuple[int, int], ...]) -> None:
    places = [(block.address, block.end, "preloaded memory") for block in blocks if block.data]
    places += [(address, address + size, "the firmware") for address, size in segments]
    for (_, end, lower), (start, _, upper) in pairwise(sorted(places)):
        if start < end:
            raise InputError(f"{lower} and {upper} overlap at 0x{start:08X}", hint="give fewer windows")
