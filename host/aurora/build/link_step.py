"""Linking, with the sizes held against the board's record.

``python -m aurora.build.link_step --board B --map M -- LINKER...`` is what our PlatformIO platform calls
instead of the linker. A firmware over a region or a budget leaves no ELF file; the table of what is big comes
from the map, which ld writes in that case too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from aurora.build.map_file import FLASH_SECTIONS, RAM_SECTIONS, LinkMap, parse_map
from aurora.errors import AuroraError, BuildFailed, OverBudget
from aurora.spec.board import Board, load_board

LINK_SECONDS = 120
TABLE_ROWS = 12
OVERFLOW = ("will not fit in region", "overflowed by", "ld returned 1 exit status")


def check_sizes(board: Board, usage: LinkMap) -> None:
    """Raise OverBudget, naming what is over and by how much, unless the firmware fits its board."""
    limits = (
        ("the region boot", usage.sections.get(".vectors", 0), board.regions["boot"].bytes),
        ("the region app", usage.flash_bytes - usage.sections.get(".vectors", 0), board.regions["app"].bytes),
        ("the flash budget", usage.flash_bytes, board.budget_flash_bytes),
        ("the RAM", usage.ram_bytes, board.ram.bytes),
        ("the RAM budget", usage.ram_bytes, board.budget_ram_bytes),
    )
    over = [
        f"{used - limit:,} bytes over {name} of {limit:,}" for name, used, limit in limits if used > limit
    ]
    if over:
        raise OverBudget(
            f"the firmware is {', '.join(over)}",
            where=f"board {board.id}",
            hint="the table says what is big",
        )


def size_table(usage: LinkMap) -> str:
    """The largest symbols of flash and RAM, one a line."""
    lines = []
    for title, sections, total in (
        ("flash", FLASH_SECTIONS, usage.flash_bytes),
        ("RAM", RAM_SECTIONS, usage.ram_bytes),
    ):
        lines.append(f"{title}: {total:,} bytes")
        biggest = usage.biggest(sections, TABLE_ROWS)
        lines += [
            f"  {piece.bytes:>9,}  {piece.symbol}  ({piece.object}, {piece.section})" for piece in biggest
        ]
        if title == "RAM" and usage.sections.get(".stack"):
            lines.append(f"  {usage.sections['.stack']:>9,}  stack")
    return "\n".join(lines)


def link(board: Board, map_path: Path, command: list[str]) -> LinkMap:
    """Run the linker and check the sizes; raises BuildFailed or, with the table on stdout, OverBudget."""
    map_path.unlink(missing_ok=True)
    elf = Path(command[command.index("-o") + 1])
    done = subprocess.run(command, capture_output=True, text=True, timeout=LINK_SECONDS, check=False)
    messages = done.stderr.strip().splitlines()
    overflow = done.returncode != 0 and messages and all(any(o in m for o in OVERFLOW) for m in messages)
    if done.returncode != 0 and not (overflow and map_path.is_file()):
        print(done.stderr, file=sys.stderr)
        reasons = [message for message in messages if "undefined reference" in message or "error" in message]
        reason = (reasons or messages or ["no message"])[0]
        raise BuildFailed(f"the linker failed: {reason}", where=elf.name)
    usage = parse_map(map_path.read_text(encoding="utf-8", errors="replace"))
    try:
        check_sizes(board, usage)
        if overflow:
            raise OverBudget(messages[0], where=f"board {board.id}")
    except OverBudget:
        elf.unlink(missing_ok=True)
        print(size_table(usage), flush=True)
        raise
    if messages:
        print(done.stderr, file=sys.stderr)
    return usage


def main() -> int:
    """Command line of the PlatformIO builder: prints one line on failure and returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", required=True)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        board = load_board(options.board)
        usage = link(board, options.map, options.command)
    except AuroraError as error:
        print(f"aurora: {error} [{type(error).__name__}]", file=sys.stderr, flush=True)
        return error.exit_code
    print(
        f"Flash {usage.flash_bytes:,} of {board.budget_flash_bytes:,} bytes, "
        f"RAM {usage.ram_bytes:,} of {board.budget_ram_bytes:,} bytes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
