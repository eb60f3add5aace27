import pytest
from emulated_boards import Boards


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Boards:
    """Firmware, packs and sessions of emulated boards, for the small model."""
    return Boards(tmp_path_factory.mktemp("boards"))
