"""The compiled extension: the firmware's C, called through cffi. Names and structs are those of the headers."""

from typing import Any

ffi: Any
lib: Any
