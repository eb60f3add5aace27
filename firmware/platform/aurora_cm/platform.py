import os
import sys

from platformio.platform.base import PlatformBase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "shared"))
from offline import go_offline, require_program  # noqa: E402


class Aurora_cmPlatform(PlatformBase):  # PlatformIO wants this name
    def configure_default_packages(self, options, targets):
        super().configure_default_packages(options, targets)
        require_program("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
        go_offline(self.pm)
