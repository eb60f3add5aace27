"""The application, built once: sources, flags and generated files decide whether a build may be kept."""

from pathlib import Path

import pytest
from app_board import AppBoard, build
from small_model import SmallModel, small_model


@pytest.fixture(scope="session")
def model() -> SmallModel:
    return small_model()


@pytest.fixture(scope="session")
def app_library(model: SmallModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(model, tmp_path_factory.mktemp("app"))


@pytest.fixture
def app(app_library: Path) -> AppBoard:
    """A board that has not been started."""
    return AppBoard(app_library)
