"""`aurora build`: the firmware of a board, generated, compiled, linked and held against the board's sizes.

build_firmware(board_id, release) -> BuildResult
"""

from aurora.build.firmware import BuildResult, build_firmware

__all__ = ["BuildResult", "build_firmware"]
