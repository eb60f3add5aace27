"""Every error a user can meet, and its exit code.

    AuroraError
    ├─ InputError            10  a file is missing, empty, or not what it claims to be
    │  └─ NotFiniteError     11  NaN or infinity in a recording
    ├─ SplitError            12  the units do not allow an honest split
    ├─ ModelRefused          20  the engine cannot run this .tflite (float, dynamic range, op)
    ├─ ToolchainMissing      30  a compiler or build tool is not installed
    ├─ EmulatorMissing       31  QEMU is not installed
    ├─ UnknownBoard          32  no such board record
    ├─ OverBudget            33  the firmware does not fit the board
    ├─ BuildFailed           34  the compiler or PlatformIO reported an error
    ├─ EmulatorFailed        35  the emulated board stopped or never started
    ├─ BitsDiffer            36  the board did not compute what the host computed
    ├─ BudgetUnfit           37  no model found keeps to the budget
    ├─ NotReproduced         38  a release made again has other bytes
    ├─ LinkDead              40  nothing answers at this serial URL
    ├─ LinkBusy              41  something else holds this serial port
    ├─ NotOurDevice          42  bytes arrive, but no Aurora firmware speaks
    ├─ VersionMismatch       43  the firmware speaks another version of the link
    ├─ DeviceRefused         44  the board answered a request with an error
    ├─ WorkersLost           45  a process or a Dask cluster that the work was given to is gone
    ├─ PackIncompatible      50  the pack is for another layout
    │  ├─ PackWrongClass     51  the pack is for another class of board
    │  └─ PackWrongChain     52  the firmware cannot run the pack's signal chain
    ├─ PackDamaged           53  truncated or altered pack
    ├─ WriteFailed           60  the disk is full or not writable
    └─ NotACheckout          61  the command needs a checkout of Aurora's sources

Exit code 1 is a defect of Aurora itself, 2 is a wrong command line (click), 130 an interrupt, 143 a SIGTERM,
129 a terminal that was closed.
"""

from __future__ import annotations


class AuroraError(Exception):
    """One line for the user: what happened, where, and what to try.

    ``exit_code`` is the process's exit status when the error reaches the command line.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: object = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, str(where), hint
        line = f"{where}: {what}" if self.where else what
        super().__init__(f"{line} ({hint})" if hint else line)


class InputError(AuroraError):
    exit_code = 10


class NotFiniteError(InputError):
    exit_code = 11


class SplitError(AuroraError):
    exit_code = 12


class ModelRefused(AuroraError):
    """``op`` and ``tensor`` name what the engine cannot run; None where the reason is the whole model."""

    exit_code = 20

    def __init__(
        self,
        what: str,
        *,
        op: str | None = None,
        tensor: str | None = None,
        where: object = "",
        hint: str = "",
    ) -> None:
        self.op, self.tensor = op, tensor
        super().__init__(what, where=where, hint=hint)


class ToolchainMissing(AuroraError):
    exit_code = 30


class EmulatorMissing(AuroraError):
    exit_code = 31


class UnknownBoard(AuroraError):
    exit_code = 32


class OverBudget(AuroraError):
    exit_code = 33


class BuildFailed(AuroraError):
    exit_code = 34


class EmulatorFailed(AuroraError):
    exit_code = 35


class BitsDiffer(AuroraError):
    exit_code = 36


class BudgetUnfit(AuroraError):
    exit_code = 37


class NotReproduced(AuroraError):
    exit_code = 38


class LinkDead(AuroraError):
    exit_code = 40


class LinkBusy(AuroraError):
    exit_code = 41


class NotOurDevice(AuroraError):
    exit_code = 42


class VersionMismatch(AuroraError):
    exit_code = 43


class DeviceRefused(AuroraError):
    exit_code = 44


class WorkersLost(AuroraError):
    exit_code = 45


class PackIncompatible(AuroraError):
    exit_code = 50


class PackWrongClass(PackIncompatible):
    exit_code = 51


class PackWrongChain(PackIncompatible):
    exit_code = 52


class PackDamaged(AuroraError):
    exit_code = 53


class WriteFailed(AuroraError):
    exit_code = 60


class NotACheckout(AuroraError):
    exit_code = 61
