"""Assembly functions inside the generated C: text, registers, and the loops around a body."""

from __future__ import annotations

from collections.abc import Iterable

#: VMLADAV adds up in even core registers only: eight sums at a time. lr is the last.
SUMS = ("r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr")
MAX_STEP = 4095  # that ADD and SUB take


def function(name: str, body: Iterable[str], comment: str) -> str:
    """A naked C function ``name`` of type nn_m55_tile with ``body`` between its entry and its return."""
    lines = ["push {r4-r11, lr}", "vpush {d8-d15}", *body]
    text = "\n".join(f'        "{line}\\n"' for line in lines)
    return f"/* {comment} */\nNN_M55_TILE({name})\n{{\n    __asm__ volatile(\n{text});\n}}\n"


RETURN = ("vpop {d8-d15}", "pop {r4-r11, pc}")


def moved(register: str, by: int) -> list[str]:
    """``register`` += ``by`` without touching the flags; r0 is lost where ``by`` is large."""
    if by == 0:
        return []
    operation = "addw" if by > 0 else "subw"
    if abs(by) <= MAX_STEP:
        return [f"{operation} {register}, {register}, #{abs(by)}"]
    return [*constant("r0", abs(by)), f"{operation[:3]} {register}, {register}, r0"]


def constant(register: str, value: int) -> list[str]:
    lines = [f"movw {register}, #{value & 0xFFFF}"]
    return lines + ([f"movt {register}, #{value >> 16}"] if value >> 16 else [])
