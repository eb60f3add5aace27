"""Students: seeds side by side, resumed after a kill, and what a teacher adds to their loss."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.compress.distill import DistilSpec, TeacherSignal
from aurora.compress.student import Student, StudentSpec, fit_student, fit_students
from aurora.compress.student_loss import REGRESSOR, hint_start, make_loss
from aurora.compress.student_rows import gather_rows
from aurora.errors import InputError, SplitError
from aurora.train.loop_nets import Stack, fresh_stack, stack_networks
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD, score_units
from aurora.train.rows import normalisation
from student_samples import HEADS, teacher_of, unit, units
from train_samples import table

SPEC = StudentSpec(hidden=(12,), epochs=150, batch=64, l2=1e-4)
SHORT = replace(SPEC, epochs=4)


def same(one: Student, other: Student) -> bool:
    a, b = stack_networks([one.network]), stack_networks([other.network])
    return all(np.array_equal(a[name], b[name]) for name in a)


def test_learns_units_it_never_saw() -> None:
    student, tests = fit_student(units(), HEADS, SPEC, 1), [unit(90), unit(91)]
    scores = score_units(tests, {each.id: student.logits(each) for each in tests})
    assert scores.auroc_mean is not None and scores.auroc_mean > 0.85
    assert scores.accuracy is not None and scores.accuracy > 0.75


def test_same_seeds_same_bytes_and_seeds_beside_it_are_no_matter() -> None:
    first, again = (fit_students(units(), HEADS, SHORT, [3, 7]) for _ in range(2))
    assert same(first[0], again[0]) and same(first[1], again[1]) and not same(first[0], first[1])
    alone = fit_student(units(), HEADS, SHORT, 7)  # but for the last bits: see train/loop_nets.py
    assert np.allclose(alone.network.hidden[0].weights, first[1].network.hidden[0].weights, atol=1e-5)
    assert not np.allclose(alone.network.hidden[0].weights, first[0].network.hidden[0].weights, atol=1e-2)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from student_samples import HEADS, units
from test_student import LONG
from aurora.compress.student import fit_students

def kill(share):
    if share > 0.4:
        os.kill(os.getpid(), signal.SIGKILL)

fit_students(units(), HEADS, LONG, [1, 2], checkpoint=Path(sys.argv[1]), progress=kill)
"""
LONG = replace(SPEC, epochs=300)


def test_killed_training_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    checkpoint, here = tmp_path / "half.npz", Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent / "support"), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(checkpoint), str(here)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["half.npz"]
    shares: list[float] = []
    resumed = fit_students(units(), HEADS, LONG, [1, 2], checkpoint=checkpoint, progress=shares.append)
    assert shares[0] > 0.4 and len(shares) < 4  # it did not start anew
    straight = fit_students(units(), HEADS, LONG, [1, 2])
    assert all(same(one, other) for one, other in zip(resumed, straight, strict=True))


def test_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "c.npz"
    fit_student(units(), HEADS, SHORT, 1, checkpoint=checkpoint)
    for spec, seed, tables in (
        (SHORT, 2, units()),
        (replace(SHORT, l2=0.1), 1, units()),
        (SHORT, 1, units(5)),
    ):
        with pytest.raises(InputError, match="another training"):
            fit_student(tables, HEADS, spec, seed, checkpoint=checkpoint)


@pytest.mark.parametrize("keep", [0, 40, -7])
def test_damaged_checkpoint_is_refused(tmp_path: Path, keep: int) -> None:
    checkpoint = tmp_path / "c.npz"
    fit_student(units(), HEADS, SHORT, 1, checkpoint=checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"c\.npz"):
        fit_student(units(), HEADS, SHORT, 1, checkpoint=checkpoint)


def test_units_without_labels_change_nothing_without_a_teacher() -> None:
    plain = fit_student(units(), HEADS, SHORT, 1)
    assert same(plain, fit_student(units(), HEADS, SHORT, 1, unlabelled=[unit(50)]))


def test_labels_of_unlabelled_units_are_not_read() -> None:
    tables, spec = units(), DistilSpec(2.0, 0.5)
    told, untold = (
        fit_student(tables, HEADS, SHORT, 1, teacher=teacher_of([*tables, other]), distil=spec,
                    unlabelled=[other])
        for other in (unit(50), unit(50, labelled=False))
    )  # fmt: skip
    assert same(told, untold)
    assert not same(told, fit_student(tables, HEADS, SHORT, 1, teacher=teacher_of(tables), distil=spec))


def test_soft_targets_alone_teach_what_the_labels_hide() -> None:
    """Labels of one small unit, a teacher's answers on four more."""
    tables, others = [unit(0, 24)], [unit(number, labelled=False) for number in range(1, 5)]
    signal_ = teacher_of([*tables, *others])
    tests, spec = [unit(90), unit(91)], replace(SPEC, epochs=1200)
    arms = {
        "plain": fit_students(tables, HEADS, spec, [1, 2, 3]),
        "distilled": fit_students(
            tables, HEADS, spec, [1, 2, 3], teacher=signal_, unlabelled=others, distil=DistilSpec(1.0, 0.9)
        ),
    }
    means = {}
    for name, students in arms.items():
        scores = [score_units(tests, {t.id: each.logits(t) for t in tests}) for each in students]
        means[name] = float(np.mean([score.accuracy for score in scores]))
    assert means["distilled"] > means["plain"] + 0.05


def numpy_forward(stack: Stack, x: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    last = np.maximum(x @ stack["hidden_0.weights"][0] + stack["hidden_0.bias"][0], 0)
    return last, {name: last @ stack[f"{name}.weights"][0] + stack[f"{name}.bias"][0] for name in HEADS}


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_loss_is_the_papers() -> None:
    """Hard, T^2 soft and hint terms, against the formulae written out in numpy."""
    tables, spec = units(2), DistilSpec(3.0, 0.3, 0.7)
    rows = gather_rows(tables, HEADS, normalisation(tables, 4.0), teacher_of(tables))
    stack = fresh_stack(rows.x.shape[1], (12,), HEADS, [5]) | hint_start((12,), rows, [5])
    labelled, pool = np.arange(10, 40), np.arange(100, 130)
    given = float(make_loss(rows, 1, 0.01, spec)(stack, labelled[None], pool[None]))

    expected = 0.01 * sum(
        (stack[f"{name}.weights"] ** 2).sum() / 2 for name in ("hidden_0", FAILS_HEAD, FAULT_HEAD)
    )
    _, logits = numpy_forward(stack, rows.x[labelled])
    count = len(rows.labelled)
    fails, fault = rows.targets[FAILS_HEAD], rows.targets[FAULT_HEAD]
    z, y = logits[FAILS_HEAD][:, 0], fails.label[labelled]
    hard = (np.logaddexp(0, z) - y * z) * fails.weight[labelled] * count
    chosen = softmax(logits[FAULT_HEAD])[np.arange(30), fault.label[labelled]]
    hard = hard - np.log(chosen) * fault.weight[labelled] * count
    expected += (1 - 0.3) * hard.mean()
    last, logits = numpy_forward(stack, rows.x[pool])
    wanted = 1 / (1 + np.exp(-rows.soft[FAILS_HEAD][pool, 0] / 3))
    z = logits[FAILS_HEAD][:, 0] / 3
    soft = np.logaddexp(0, z) - wanted * z
    soft = soft - (softmax(rows.soft[FAULT_HEAD][pool] / 3) * np.log(softmax(logits[FAULT_HEAD] / 3))).sum(
        axis=1
    )
    expected += 0.3 * 9 * (soft * rows.share[pool]).mean()
    assert rows.hint is not None
    mapped = last @ stack[f"{REGRESSOR}.weights"][0] + stack[f"{REGRESSOR}.bias"][0]
    expected += 0.7 * (((mapped - rows.hint[pool]) ** 2).mean(axis=1) * rows.share[pool]).mean()
    assert given == pytest.approx(expected, rel=1e-5)


def test_soft_loss_counts_units_alike_whatever_their_length() -> None:
    tables = [unit(0, 30), unit(1, 90)]
    rows = gather_rows(tables, HEADS, normalisation(tables, 4.0))
    assert rows.share[:30].sum() == pytest.approx(rows.share[30:].sum(), rel=1e-5)
    assert rows.share.mean() == pytest.approx(1.0, rel=1e-6)


def test_rows_without_any_label_are_not_drawn() -> None:
    tables = units(2)
    gap = tables[0].fault.copy()
    gap[:50] = -1
    fails = tables[0].fails.copy()
    fails[:50] = np.nan
    holed = [replace(tables[0], fault=gap, fails=fails), tables[1]]
    rows = gather_rows(holed, HEADS, normalisation(holed, 4.0))
    assert rows.labelled.min() == 50 and len(rows.pool) == 192


def refused(**changes: object) -> None:
    tables = units(2)
    fit_student(tables, HEADS, SHORT, 1, **{"teacher": teacher_of(tables), "distil": DistilSpec(), **changes})


def test_distillation_refuses_what_it_cannot_use() -> None:
    lacking = TeacherSignal(teacher_of(units(1)).soft)
    with pytest.raises(InputError, match="unit u1"):
        refused(teacher=lacking)
    short = teacher_of([unit(0, 10), unit(1)])
    with pytest.raises(InputError, match="10 rows"):
        refused(teacher=short)
    with pytest.raises(InputError, match="no hint"):
        refused(teacher=TeacherSignal(teacher_of(units(2)).soft), distil=DistilSpec(2.0, 0.5, 1.0))
    with pytest.raises(InputError, match="both"):
        refused(distil=None)


def test_what_is_not_finite_is_told() -> None:
    broken = teacher_of(units(2))
    broken.soft["u1"][FAULT_HEAD][5, 0] = np.nan
    with pytest.raises(InputError, match="fault_type of unit u1 is not finite"):
        refused(teacher=broken)
    with pytest.raises(InputError, match="diverged"):
        fit_student(units(2), HEADS, replace(SPEC, epochs=100, learning_rate=1e30), 1)


def test_one_class_is_refused() -> None:
    x = np.random.default_rng(0).normal(0, 1, (20, 4))
    with pytest.raises(SplitError, match=FAILS_HEAD):
        fit_student([table("a", x, np.zeros(20)), table("b", x, np.zeros(20))], {FAILS_HEAD: 1}, SHORT, 1)


@pytest.mark.parametrize(
    "bad", [{"hidden": (0,)}, {"epochs": 0}, {"learning_rate": np.inf}, {"l2": -1.0}], ids=str
)
def test_impossible_spec_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        StudentSpec(**bad)


@pytest.mark.parametrize("bad", [(0.0, 0.5, 0.0), (1.0, 1.5, 0.0), (1.0, 0.5, -1.0)], ids=str)
def test_impossible_distillation_is_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(InputError):
        DistilSpec(*bad)
