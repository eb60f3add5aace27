"""The compiled extension (cffi, made by host/build_backend): the firmware's own C on the host."""

from typing import Any

ffi: Any
lib: Any
