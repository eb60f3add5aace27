"""The linker script of a Cortex-M board, from the regions of its record.

Flash: the vector table in ``boot``, everything else in ``app``; there first what the firmware says of itself
(``.info``: at the region's start, so that a tool finds it in any image). RAM, from its start: the stack,
which grows down, so that an overflow leaves the RAM and faults instead of overwriting data; data; bss; what
survives a reset (``.kept``). Only sections with content get a program header: QEMU would otherwise clear the
RAM that is meant to survive.
"""

from __future__ import annotations

from aurora.spec.board import Board

_TEXT = """\
/* Generated from {board_id}.json by aurora.build.linker_script: edit the record. */
ENTRY(Reset_Handler)
MEMORY
{{
    BOOT (rx) : ORIGIN = 0x{boot.origin:08X}, LENGTH = {boot.bytes}
    APP (rx) : ORIGIN = 0x{app.origin:08X}, LENGTH = {app.bytes}
    RAM (rw) : ORIGIN = 0x{ram.origin:08X}, LENGTH = {ram.bytes}
}}
PHDRS
{{
    boot PT_LOAD FLAGS(5);
    code PT_LOAD FLAGS(5);
    data PT_LOAD FLAGS(6);
}}
SECTIONS
{{
    .vectors : {{ KEEP(*(.vectors)) }} > BOOT :boot
    .info : {{ KEEP(*(.aurora_info)) }} > APP :code
    .text : {{ *(.text .text.*) . = ALIGN(8); }} > APP :code
    .rodata : {{ *(.rodata .rodata.*) . = ALIGN(8); }} > APP :code
    .stack (NOLOAD) :
    {{
        linker_stack_bottom = .;
        . += {stack_bytes};
        linker_stack_top = .;
    }} > RAM :NONE
    .data :
    {{
        linker_data_start = .;
        *(.data .data.*)
        . = ALIGN(8);
        linker_data_end = .;
    }} > RAM AT> APP :data
    linker_data_load = LOADADDR(.data);
    linker_image_end = ALIGN(LOADADDR(.data) + SIZEOF(.data), 32);
    .bss (NOLOAD) :
    {{
        linker_bss_start = .;
        *(.bss .bss.* COMMON)
        . = ALIGN(8);
        linker_bss_end = .;
    }} > RAM :NONE
    .kept (NOLOAD) : {{ *(.kept) . = ALIGN(8); }} > RAM :NONE
    linker_ram_free_start = .;
    linker_ram_free_end = ORIGIN(RAM) + LENGTH(RAM);
    /DISCARD/ : {{ *(.ARM.exidx*) *(.ARM.extab*) *(.comment) *(.init_array*) }}
}}
ASSERT(SIZEOF(.vectors) > 0, "the vector table is missing")
"""


def linker_script(board: Board) -> str:
    """The text of firmware.ld."""
    return _TEXT.format(
        board_id=board.id,
        boot=board.regions["boot"],
        app=board.regions["app"],
        ram=board.ram,
        stack_bytes=board.stack_bytes,
    )
