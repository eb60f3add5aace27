import sys
from pathlib import Path

from platformio.platform.base import PlatformBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "shared"))
from offline import go_offline, require_program


class Aurora_nativePlatform(PlatformBase):  # noqa: N801 - PlatformIO makes this name from platform.json's
    def configure_default_packages(self, options, targets):
        super().configure_default_packages(options, targets)
        require_program("gcc", "gcc")
        go_offline(self.pm)
