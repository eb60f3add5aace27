"""Packs: everything a board needs to run one model, in one file. Byte layout: firmware/lib/pack/*.def."""

from aurora.pack.build import PackContents, build_pack
from aurora.pack.check import FirmwareInfo, check_compatible
from aurora.pack.read import Pack, parse_pack
from aurora.pack.release import pack_release

__all__ = [
    "FirmwareInfo", "Pack", "PackContents", "build_pack", "check_compatible", "pack_release", "parse_pack",
]  # fmt: skip
