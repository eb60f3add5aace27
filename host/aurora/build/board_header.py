"""board.h: what the C sources know of their board, from the board's record."""

from __future__ import annotations

from aurora.spec.board import Board


def board_header(board: Board) -> str:
    """The text of board.h: identity, clock, memory regions, UART and the preloaded windows' place."""
    lines = [
        f"/* Generated from {board.id}.json by aurora.build.board_header: edit the record. */",
        "#pragma once",
        f'#define BOARD_ID "{board.id}"',
        f'#define BOARD_CORE "{board.core}"',
        f'#define BOARD_CLASS_NAME "{board.class_name}"',
        f"#define BOARD_CLASS_ID {board.class_id}u",
        f"#define BOARD_CLOCK_HZ {board.clock_hz}u",
        f"#define BOARD_RAM_ORIGIN 0x{board.ram.origin:08X}u",
        f"#define BOARD_RAM_BYTES {board.ram.bytes}u",
        f"#define BOARD_STACK_BYTES {board.stack_bytes}u",
    ]
    for name, region in board.regions.items():
        macro = f"BOARD_{name.upper()}"
        lines.append(f"#define {macro}_ORIGIN 0x{region.origin:08X}u")
        lines.append(f"#define {macro}_BYTES {region.bytes}u")
        lines.append(f"#define {macro}_ERASE_BYTES {max(region.erase_bytes)}u")
    if board.uart:
        lines += [
            f"#define BOARD_UART_BASE 0x{board.uart.base:08X}u",
            f"#define BOARD_UART_IRQ {board.uart.irq}u",
            f"#define BOARD_UART_BAUD {board.uart.baud}u",
        ]
    return "\n".join([*lines, *_windows(board)]) + "\n"


def _windows(board: Board) -> list[str]:
    """One place for preloaded windows serves all emulators of a board; without one there is no sensor."""
    places = [emulator.windows for emulator in board.emulators.values() if emulator.windows]
    if not places:
        return []
    place = places[0]
    first = "linker_image_end" if place.first is None else f"0x{place.first:08X}u"
    return [
        f"#define BOARD_WINDOWS_DESCRIPTOR 0x{place.descriptor:08X}u",
        f"#define BOARD_WINDOWS_FIRST {first}",
        f"#define BOARD_WINDOWS_END 0x{place.end:08X}u",
    ]
