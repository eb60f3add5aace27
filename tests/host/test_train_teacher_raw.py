"""The teacher on raw windows: levelled by the machine's own start, repeatable, ended by units left out."""

from dataclasses import replace

import numpy as np
import pytest
from aurora.errors import InputError, SplitError
from aurora.signals.dataset import Unit
from aurora.train.augment import AugmentSpec, convert
from aurora.train.metrics import FAILS_HEAD, auroc
from aurora.train.raw_windows import Recording
from aurora.train.table import UnitTable
from aurora.train.teacher_raw import RawTeacher, RawTeacherSpec, fit_teacher_raw
from train_samples import table

HEADS = {FAILS_HEAD: 1}
SPEC = RawTeacherSpec(
    filters=(4, 8, 8), hidden=8, epochs=6, steps=30, batch=32, learning_rate=0.01, patience=6,
    reference_windows=5, augment=AugmentSpec(missing_axis=0.0),
)  # fmt: skip
N, WINDOWS = 256, 60


def machine(name: str, seed: int, level: float) -> tuple[Unit, UnitTable]:
    """Noise of the machine's own level; a fast tone grows in its last third, which is its failing."""
    rng = np.random.default_rng(seed)
    fails = (np.arange(WINDOWS) >= 40).astype(np.float32)
    tone = np.sin(2 * np.pi * 0.2 * np.arange(N) + rng.uniform(0, 6, (WINDOWS, 1)))
    g = level * (rng.normal(size=(WINDOWS, 2, N)) + 1.5 * (fails[:, None] * tone)[:, None])
    samples, scale = convert(g)
    column = np.zeros(WINDOWS, np.float32)
    unit = Unit(
        id=name, samples=samples, scale_g=scale, rpm=column + 1500, load=column, time_s=column.astype(float),
        stands_for_s=column + 1, fault=column.astype(np.int16) - 1, ttf_s=column, healthy_start_windows=5,
    )  # fmt: skip
    scored = np.arange(WINDOWS) >= 5
    return unit, table(name, np.zeros((WINDOWS, 1)), fails=fails, scored=scored)


MACHINES = [machine(name, seed, 10.0**seed) for seed, name in enumerate("abcd")]


@pytest.fixture(scope="module")
def teacher() -> RawTeacher:
    return fit_teacher_raw(MACHINES, HEADS, SPEC, seed=1)


def test_it_tells_a_machine_of_another_level(teacher: RawTeacher) -> None:
    unit, labels = machine("new", 9, 0.03)
    logits = teacher.logits(unit)[FAILS_HEAD]
    assert logits.shape == (WINDOWS, 1) and logits.dtype == np.float32
    score = auroc(labels.fails == 1, logits[:, 0], labels.weight)
    assert score is not None and score > 0.9


def test_the_same_seed_gives_the_same_bits(teacher: RawTeacher) -> None:
    again = fit_teacher_raw(MACHINES, HEADS, SPEC, seed=1)
    unit = MACHINES[0][0]
    assert again.logits(unit)[FAILS_HEAD].tobytes() == teacher.logits(unit)[FAILS_HEAD].tobytes()
    assert again.loss == teacher.loss and again.spared == teacher.spared and len(teacher.spared) == 1


def test_a_window_is_levelled_by_the_units_start_or_by_itself() -> None:
    unit, _ = MACHINES[2]
    loud = replace(unit, scale_g=unit.scale_g * np.float32(8.0))
    rows = np.arange(50, 55)
    own, same = Recording(unit, 5).windows(rows), Recording(loud, 5).windows(rows)
    assert own.shape == (5, N, 2) and own == pytest.approx(same, abs=1e-4)
    later = replace(
        unit, scale_g=np.where(np.arange(WINDOWS)[:, None] >= 40, 8.0, 1.0).astype(np.float32) * unit.scale_g
    )
    assert np.abs(Recording(later, 5).windows(rows)).mean() > 1.5 * np.abs(own).mean()
    assert Recording(later, 0).windows(rows) == pytest.approx(Recording(unit, 0).windows(rows), abs=1e-4)


def test_a_dead_axis_stays_finite() -> None:
    unit, _ = MACHINES[1]
    dead = replace(unit, samples=np.zeros_like(unit.samples))
    for reference in (0, 5):
        assert not Recording(dead, reference).windows(np.arange(3)).any()


def test_one_labelled_unit_is_refused() -> None:
    unit, labels = MACHINES[0]
    blind = replace(labels, fails=np.full(WINDOWS, np.nan, np.float32))
    with pytest.raises(SplitError, match="1 labelled unit"):
        fit_teacher_raw([MACHINES[1], (unit, blind)], HEADS, SPEC, seed=1)


@pytest.mark.parametrize("values", [{"patience": 0}, {"patience": 99}, {"copies": -1}, {"steps": 0}], ids=str)
def test_a_spec_that_cannot_be_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(InputError, match="raw teacher"):
        RawTeacherSpec(**values)
