"""What the tests of a release share: data, a trained model and its release, made once a session."""

import pytest
from aurora.compress.produce import produce_release
from aurora.compress.release import Release
from aurora.signals.dataset import DataSet
from aurora.train.fit import TrainedModel
from train_samples import small_fleet, train_small


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


@pytest.fixture(scope="session")
def trained(fleet: DataSet) -> TrainedModel:
    return train_small(fleet)


@pytest.fixture(scope="session")
def release(fleet: DataSet, trained: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return produce_release(trained, fleet, tmp_path_factory.mktemp("models") / "1.0.0")
