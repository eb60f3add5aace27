"""The firmware's application in the test's own process: firmware/app, firmware/lib, app_port.c as its port.

All that happens between the bytes of the line is the firmware's; only the hardware is not.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from aurora.build.board_header import board_header
from aurora.build.build_id import build_id_header
from aurora.build.link_codec import generate_link_codec
from aurora.device.codec import encode
from aurora.device.framing import FrameDecoder, encode_frame
from aurora.device.messages import Reply, decode_reply
from aurora.spec.board import load_board
from numpy.typing import NDArray
from small_model import RATE_HZ, RPM, SmallModel

ROOT = Path(__file__).resolve().parents[2]
APP, LIB, SUPPORT = ROOT / "firmware" / "app", ROOT / "firmware" / "lib", ROOT / "tests" / "support"
BOARD = "native"
BUILD_ID = bytes(range(8))
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-tree-vectorize", *WARNINGS]
PARTS = ("core", "features", "drift", "pack", "link", "nn", "nn/kernels")
SENT_BYTES = 1 << 20
WINDOW, END, NONE, DAMAGED = 1, 0, -1, -2  # PORT_SENSOR_*


def generate(model: SmallModel, out: Path) -> None:
    """What `aurora.build.generate` makes for a board, for the small model."""
    board = load_board(BOARD)
    program = model.program(board.core)
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "program.h": program.header, "program.c": program.source, "board.h": board_header(board),
        "build_id.h": build_id_header(BUILD_ID),
    }  # fmt: skip
    for name, text in texts.items():
        (out / name).write_text(text)
    generate_link_codec(out)


def sources(gen: Path) -> list[Path]:
    libraries = [path for part in PARTS for path in sorted((LIB / part).glob("*.c"))]
    return [
        *sorted(APP.glob("*.c")),
        *libraries,
        gen / "program.c",
        gen / "link_codec.c",
        SUPPORT / "app_port.c",
    ]


def build(
    model: SmallModel, folder: Path, extra: Sequence[str] = ("-shared", "-fPIC"), main: Path | None = None
) -> Path:
    """Compile application, libraries and test port; ``main`` makes a program of it."""
    gen = folder / "gen"
    generate(model, gen)
    name = hashlib.sha256(" ".join([*extra, str(main)]).encode()).hexdigest()[:8]
    target = folder / (f"app-{name}" if main else f"app-{name}.so")
    includes = [f"-I{path}" for path in (LIB, APP, gen, SUPPORT)]
    files = [*sources(gen), *([main] if main else [])]
    subprocess.run(["gcc", *FLAGS, *extra, *includes, *map(str, files), "-o", str(target)], check=True)
    return target


class AppBoard:
    """The application with a line, a slot and a sensor that the test holds."""

    def __init__(self, library: Path) -> None:
        self._lib = ctypes.CDLL(str(library))
        self._lib.app_sent.restype = ctypes.c_size_t
        self._lib.app_boot.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
        self._lib.app_receive.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
        self._lib.app_sent.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
        u32, f32, pointer = ctypes.c_uint32, ctypes.c_float, ctypes.c_void_p
        self._lib.app_sensor.argtypes = [ctypes.c_int, pointer, u32, u32, pointer, f32, f32, u32]
        self._ids = itertools.count(1)
        self.last_id = 0

    def boot(self, slot: bytes) -> list[Reply]:
        """Start with ``slot`` in slot A; what the board says unasked."""
        self._lib.app_boot(slot, len(slot))
        return self._replies()

    def sensor(
        self, samples: NDArray[np.int16], scale_g: NDArray[np.float32], *, result: int = WINDOW,
        sequence: int = 0, rate_hz: float = RATE_HZ, rpm: float = RPM,
    ) -> None:  # fmt: skip
        """The sensor's next window, int16 [axes, n]; ``result`` is what port_sensor_next says of it."""
        block, scale = np.ascontiguousarray(samples), np.ascontiguousarray(scale_g, np.float32)
        axes, n = block.shape
        done = self._lib.app_sensor(
            result, block.ctypes.data, n, axes, scale.ctypes.data, rate_hz, rpm, sequence
        )
        assert done == 0, "the sensor's script is full"

    def feed(self, data: bytes) -> list[Reply]:
        """Any bytes to the line; the board's messages. A frame that does not decode fails the test."""
        self._lib.app_receive(data, len(data))
        return self._replies()

    def ask(self, request: str, request_id: int | None = None, **fields: Any) -> list[Reply]:
        """One request, by name and fields of aurora.cddl; ``request_id`` repeats an earlier one."""
        self.last_id = next(self._ids) if request_id is None else request_id
        return self.feed(encode_frame(encode(request, request_id=self.last_id, **fields)))

    def one(self, request: str, request_id: int | None = None, **fields: Any) -> Any:
        """The only reply to a request."""
        (reply,) = self.ask(request, request_id, **fields)
        return reply

    def _replies(self) -> list[Reply]:
        buffer = ctypes.create_string_buffer(SENT_BYTES)
        count = self._lib.app_sent(buffer, SENT_BYTES)
        decoder = FrameDecoder()
        payloads = decoder.feed(buffer.raw[:count])
        assert decoder.frames_bad == 0
        return [decode_reply(payload) for payload in payloads]
