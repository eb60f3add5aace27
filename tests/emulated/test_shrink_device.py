"""The device arm: a release on the emulated board answers as TFLite Micro does; its counts are measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.compress.produce import produce_release
from aurora.compress.release import Release
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import InputError
from aurora.features import quantize
from aurora.shrink.device import DeviceRun, refuse_unemulated, run_device
from aurora.train.derive import derive_spec
from aurora.train.fit import TrainedModel, train_model
from aurora.train.metrics import score_units
from aurora.train.split import split_units
from train_samples import small_fleet

BOARD = "mps2_an386"


@pytest.mark.emulated
def test_the_board_answers_as_the_host_and_is_measured(tmp_path: Path) -> None:
    dataset = small_fleet(tmp_path / "data")
    spec = derive_spec(dataset, "small")
    spec = replace(spec, training=replace(spec.training, form="linear"))
    trained = train_model(dataset, spec, split_units(dataset, 1), 1)
    release = produce_release(trained, dataset, tmp_path / "release")
    units = trained.split.test
    run = run_device(release, dataset, BOARD, units)
    device = run.device
    assert device.windows == sum(dataset.unit(unit).windows for unit in units)
    assert device.bytes_differing == 0
    assert device.verified_exact == device.verified_inputs >= 40
    _scores_are_the_hosts(run, release, trained)
    # the network's share lies within the whole firmware, and a weight is a byte and an instruction at least
    assert trained.network.parameters < device.flash_bytes
    assert 0 < device.instructions < (device.feature_instructions or 0)
    assert 0 < device.ram_bytes < (device.firmware_ram_bytes or 0)
    assert (run.cost.source, run.cost.instructions) == ("measured", device.instructions)
    assert run.timeline is not None and run.timeline.unit in units
    assert len(run.timeline.score) == len(run.timeline.alarm) > 0


def _scores_are_the_hosts(run: DeviceRun, release: Release, trained: TrainedModel) -> None:
    tables = [trained.tables[unit] for unit in run.outputs]
    interpreter = TflmInterpreter(release.tflite)
    host = {}
    for table in tables:
        rows = quantize(release.chain, table.features, table.calibration)
        block = interpreter.run(rows)
        host[table.id] = {head.name: head.of(block) for head in release.heads}
        for head, values in host[table.id].items():
            assert np.array_equal(values[table.scored], run.outputs[table.id][head][table.scored])
    assert score_units(tables, run.outputs) == score_units(tables, host)


def test_a_board_that_counts_nothing_is_refused_before_the_work() -> None:
    with pytest.raises(InputError, match="no emulator"):
        refuse_unemulated("native")
