"""The teacher: repeatable, blind to the units it leaves out, and ended by them."""

from dataclasses import replace

import numpy as np
import pytest
from aurora.errors import InputError, SplitError
from aurora.train.early import mean_loss
from aurora.train.graded import graded_targets
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD
from aurora.train.rows import stack
from aurora.train.table import UnitTable
from aurora.train.teacher import Member, Teacher, TeacherSpec, fit_teacher, signal_of
from train_samples import table

HEADS = {FAILS_HEAD: 1, FAULT_HEAD: 3}
SPEC = TeacherSpec(hidden=(12, 6), members=2, epochs=20, batch=32, checks=10, patience=2, learning_rate=0.01)


def unit(name: str, seed: int, *, labelled: bool = True) -> UnitTable:
    """120 windows of four features; the first tells the failure, the second and third the fault."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(120, 4))
    fails, fault = (rows[:, 0] > 0).astype(float), np.digitize(rows[:, 1] + rows[:, 2], [-0.6, 0.6])
    return table(name, rows, fails=fails, fault=fault) if labelled else table(name, rows)


UNITS = [unit(name, place) for place, name in enumerate("abcd")]


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return fit_teacher(UNITS, HEADS, SPEC, seed=3)


def nets(teacher: Teacher) -> list[Member]:
    found = [member for member in teacher.members if member.network.hidden]
    assert len(found) == SPEC.members
    return found


def test_linear_members_stand_beside_the_nets_and_give_no_hint(teacher: Teacher) -> None:
    linear = [member for member in teacher.members if not member.network.hidden]
    assert {member.left_out for member in linear} == {member.left_out for member in nets(teacher)}
    assert all(member.hint(UNITS[0]).shape == (120, 0) for member in linear)
    alone = fit_teacher(UNITS, HEADS, replace(SPEC, linear_l2=0.0), seed=3)
    assert [member.network.hidden for member in alone.members].count(()) == 0


def test_noise_on_the_inputs_gives_another_net(teacher: Teacher) -> None:
    still = fit_teacher(UNITS, HEADS, replace(SPEC, jitter=0.0), seed=3)
    assert (
        nets(still)[0].network.hidden[0].weights.tobytes()
        != nets(teacher)[0].network.hidden[0].weights.tobytes()
    )


def test_it_learns_and_puts_out_every_window(teacher: Teacher) -> None:
    new = unit("new", 9)
    logits = teacher.logits(new)
    assert {name: values.shape for name, values in logits.items()} == {
        FAILS_HEAD: (120, 1),
        FAULT_HEAD: (120, 3),
    }
    assert ((logits[FAILS_HEAD][:, 0] > 0) == (new.fails == 1)).mean() > 0.85
    assert (logits[FAULT_HEAD].argmax(axis=1) == new.fault).mean() > 0.75


def test_the_same_seed_gives_the_same_bits(teacher: Teacher) -> None:
    again = fit_teacher(UNITS, HEADS, SPEC, seed=3)
    for one, other in zip(teacher.members, again.members, strict=True):
        assert (
            one.network.heads[FAILS_HEAD].weights.tobytes()
            == other.network.heads[FAILS_HEAD].weights.tobytes()
        )
    different = fit_teacher(UNITS, HEADS, SPEC, seed=4)
    assert different.logits(UNITS[0])[FAILS_HEAD].tobytes() != teacher.logits(UNITS[0])[FAILS_HEAD].tobytes()


def test_every_unit_is_left_out_by_a_member_that_never_saw_it(teacher: Teacher) -> None:
    """A member's normalisation and weights do not change with what it left out, but its end may."""
    assert set().union(*(member.left_out for member in teacher.members)) == set("abcd")
    gone = teacher.members[0].left_out
    strange = [unit(u.id, 50 + i) if u.id in gone else u for i, u in enumerate(UNITS)]
    other = fit_teacher(strange, HEADS, SPEC, seed=3)
    for one, own in zip(other.members, teacher.members, strict=True):
        assert (one.norm.center.tobytes() == own.norm.center.tobytes()) == (own.left_out == gone)


def test_a_member_keeps_its_best_check(teacher: Teacher) -> None:
    """The loss that it reports is the loss of the network that it kept."""
    for member in nets(teacher):
        spared = [u for u in UNITS if u.id in member.left_out]
        held = graded_targets(spared, HEADS, SPEC.spread, least_classes=1)
        assert mean_loss(member.network, stack(spared, member.norm), held) == pytest.approx(member.loss)


def test_a_net_that_only_gets_worse_is_kept_as_it_was_at_first() -> None:
    """Left-out units with turned labels: the best check is an early one, and patience ends the rest."""
    turned = [
        table(u.id, u.features, fails=1 - u.fails) if u.id in "bd" else table(u.id, u.features, fails=u.fails)
        for u in UNITS
    ]
    short = fit_teacher(turned, {FAILS_HEAD: 1}, SPEC, seed=3)
    losses = [member.loss for member in nets(short)]
    assert all(loss is not None and loss < 1.5 for loss in losses), losses


def test_soft_targets_of_a_training_unit_may_come_from_those_that_left_it_out(teacher: Teacher) -> None:
    unlabelled = unit("far", 7, labelled=False)
    soft, hint = signal_of(teacher, [*UNITS, unlabelled])
    unseen, same_hint = signal_of(teacher, [*UNITS, unlabelled], unseen=True)
    for place, u in enumerate(UNITS):
        alone = [m.logits(u)[FAILS_HEAD] for m in teacher.members if u.id in m.left_out]
        assert len(alone) == 2, place
        assert unseen[u.id][FAILS_HEAD] == pytest.approx(np.mean(alone, axis=0), abs=1e-5)
        assert not np.array_equal(unseen[u.id][FAILS_HEAD], soft[u.id][FAILS_HEAD])
    assert np.array_equal(unseen["far"][FAILS_HEAD], soft["far"][FAILS_HEAD])
    assert hint["far"].shape == (120, 12) and np.array_equal(hint["far"], same_hint["far"])


def test_unlabelled_units_teach_nothing(teacher: Teacher) -> None:
    more = fit_teacher([*UNITS, unit("far", 7, labelled=False)], HEADS, SPEC, seed=3)
    assert more.logits(UNITS[0])[FAILS_HEAD].tobytes() == teacher.logits(UNITS[0])[FAILS_HEAD].tobytes()


def test_one_labelled_unit_or_one_class_is_refused() -> None:
    with pytest.raises(SplitError, match="1 labelled unit"):
        fit_teacher([UNITS[0], unit("b", 1, labelled=False)], HEADS, SPEC, seed=1)
    healthy = [table(u.id, u.features, fails=np.zeros(120)) for u in UNITS]
    with pytest.raises(SplitError, match="one class"):
        fit_teacher(healthy, {FAILS_HEAD: 1}, SPEC, seed=1)


@pytest.mark.parametrize(
    "change",
    [{"members": 1}, {"patience": 0}, {"patience": 30}, {"checks": 90}, {"jitter": -1.0}, {"spread": np.nan}],
    ids=str,
)
def test_a_spec_that_cannot_be_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(InputError, match="teacher of"):
        TeacherSpec(**change)
