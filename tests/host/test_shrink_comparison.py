"""The comparison as data: every arm judged alike, checked when read, honest about what is absent."""

import copy
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from aurora.compress.int8 import Head
from aurora.errors import InputError
from aurora.shrink.compare import ArmOutputs, judge_seed
from aurora.shrink.comparison import Arm, ArmCost, Comparison, SeedResult
from aurora.shrink.figures import base_of, difference, figure, over_seeds, over_units, unit_means, verdict
from aurora.train.interval import Interval
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD, score_units
from comparison_sample import HEADS, TEST, VALIDATION, bench, comparison, outputs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def sample() -> Comparison:
    return comparison()


def test_json_gives_an_equal_comparison_back(sample: Comparison) -> None:
    text = json.dumps(sample.to_dict(), allow_nan=False)
    assert Comparison.from_dict(json.loads(text)) == sample


BROKEN = {
    "another format": lambda d: d.update(format="aurora-release"),
    "another version": lambda d: d.update(version=99),
    "unknown key": lambda d: d.update(surprise=1),
    "missing key": lambda d: d.pop("model"),
    "text for a number": lambda d: d["arms"][0]["seeds"][0].update(seed="one"),
    "true for a number": lambda d: d["arms"][0]["seeds"][0].update(accuracy=True),
    "infinity": lambda d: d["arms"][0]["seeds"][0].update(accuracy=float("inf")),
    "a number of 400 digits": lambda d: d["arms"][0]["seeds"][0].update(accuracy=10**400),
    "a list for a table": lambda d: d.update(budget=[1]),
    "a number for a text": lambda d: d.update(limits=[1]),
    "no seeds": lambda d: d["arms"][0].update(seeds=[]),
    "a seed twice": lambda d: d["arms"][0]["seeds"].append(d["arms"][0]["seeds"][0]),
    "an arm twice": lambda d: d["arms"].append(d["arms"][0]),
    "an arm gone without a reason": lambda d: d["arms"].pop(1),
    "an arm there and absent": lambda d: d["absent"].update(plain="why"),
    "a choice that is no arm": lambda d: d.update(chosen="qat"),
    "a precision of its own": lambda d: d["arms"][0].update(precision="int2"),
    "a budget of money": lambda d: d.update(budget={"euro": 5}),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_a_broken_document_is_refused_in_one_line(sample: Comparison, breaks: Any) -> None:
    document = copy.deepcopy(sample.to_dict())
    breaks(document)
    with pytest.raises(InputError) as caught:
        Comparison.from_dict(document)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "x", 3], ids=str)
def test_what_is_no_object_is_refused(document: Any) -> None:
    with pytest.raises(InputError, match="not a comparison"):
        Comparison.from_dict(document)


def test_window_scores_are_those_of_every_other_report() -> None:
    one, where = outputs("plain", 3), bench()
    found = judge_seed(3, one, where)
    expected = score_units([where.tables[unit] for unit in TEST], one.test)
    assert found.auroc_per_unit == expected.auroc_per_unit
    assert (found.accuracy, found.auroc) == (expected.accuracy, pytest.approx(expected.auroc_mean))
    assert found.auroc_per_unit["t4"] is None and found.alarm_f1_per_unit["t4"] is None


def test_int8_bytes_are_judged_as_what_they_stand_for() -> None:
    # float logits that lie on the int8 grid and the bytes themselves are one and the same arm
    quantised = outputs("plain", 1, int8=True)
    real = {
        unit: {
            h.name: ((heads[h.name].astype(float) - h.zero_point) * h.scale).astype(np.float32) for h in HEADS
        }
        for unit, heads in {**quantised.test, **quantised.validation}.items()
    }
    floats = ArmOutputs({u: real[u] for u in TEST}, {u: real[u] for u in VALIDATION}, HEADS)
    one, other = judge_seed(1, quantised, bench()), judge_seed(1, floats, bench())
    assert one == other


def test_float_arm_alarms_on_255_steps_of_its_validated_range() -> None:
    one = outputs("teacher", 2)
    seen = np.concatenate([heads[FAILS_HEAD].ravel() for heads in one.validation.values()])
    found = judge_seed(2, one, bench())
    assert found.threshold_scale == pytest.approx((seen.max() - seen.min()) / 255)
    assert found.threshold is not None and found.threshold.failing_units == 1


def test_macro_f1_by_hand() -> None:
    where = bench()
    table = replace(
        where.tables["t1"], fault=np.array([0, 0, 1, 1], np.int16), scored=np.ones(4, bool),
        weight=np.array([1, 1, 1, 3], np.float32), fails=np.full(4, np.nan, np.float32),
    )  # fmt: skip
    told = np.eye(3, dtype=np.float32)[[0, 1, 1, 2]]
    found = judge_seed(1, ArmOutputs({"t1": {FAULT_HEAD: told}}), replace(where, tables={"t1": table}))
    # class 0: 1 s right, 1 s missed: 2/3; class 1: 1 s right, 1 s false, 3 s missed: 2/6
    assert found.fault_f1_per_unit == {"t1": pytest.approx((2 / 3 + 1 / 3) / 2)}
    assert found.accuracy == pytest.approx(2 / 6)
    assert (found.events, found.threshold, found.validation_score) == (None, None, None)


def test_threshold_rests_on_validation_units_alone() -> None:
    one = outputs("plain", 1)
    worse = {unit: {**heads, FAILS_HEAD: -heads[FAILS_HEAD]} for unit, heads in one.test.items()}
    first, second = judge_seed(1, one, bench()), judge_seed(1, replace(one, test=worse), bench())
    assert first.threshold == second.threshold
    assert first.validation_score == second.validation_score
    assert first.auroc != second.auroc


def test_without_validation_there_is_no_threshold() -> None:
    found = judge_seed(1, replace(outputs("plain", 1), validation={}), bench())
    assert (found.threshold, found.events, found.validation_score) == (None, None, None)
    assert found.auroc is not None


def two_arms(ours: list[float], theirs: list[float]) -> Comparison:
    def arm(name: str, values: list[float]) -> Arm:
        results = [SeedResult(seed, auroc_per_unit={"a": v, "b": v, "c": v}) for seed, v in enumerate(values)]
        return Arm(name, "float", tuple(results))

    absent = dict.fromkeys(("teacher", "pruned", "ptq", "qat", "linear", "device"), "not asked for")
    arms = (arm("plain", theirs), arm("distilled", ours))
    return Comparison("m", "1.0.0", "b", {}, arms, None, "r", ("a", "b", "c"), (), absent=absent)


def test_differences_are_paired_by_seed() -> None:
    made = two_arms([0.91, 0.81, 0.712], [0.9, 0.8, 0.7])
    found = difference(made, "distilled", figure("auroc"))
    assert found is not None and found.mean == pytest.approx(0.032 / 3)
    assert verdict(found) == "better" and verdict(found, higher=False) == "worse"
    assert difference(made, "plain", figure("auroc")) is None
    assert difference(made, "teacher", figure("auroc")) is None


def test_an_int8_arm_is_held_against_the_plain_student_in_int8(sample: Comparison) -> None:
    last, pruned = sample.arm("ptq"), sample.arm("pruned")
    assert last is not None and pruned is not None
    arms = tuple(replace(arm, precision="int8") if arm.name == "pruned" else arm for arm in sample.arms)
    made = replace(sample, arms=arms)
    assert [base_of(made, name) for name in ("teacher", "distilled", "ptq", "pruned")] == [
        "plain", "plain", "plain", "ptq",
    ]  # fmt: skip
    found = difference(made, "pruned", figure("auroc"))
    expected = np.mean([p.auroc - b.auroc for p, b in zip(pruned.seeds, last.seeds, strict=True)])
    assert found is not None and found.mean == pytest.approx(expected)
    device = replace(last, name="device", precision="board", seeds=last.seeds[:1])
    run = replace(made, arms=(*made.arms, device), absent=dict.fromkeys(("qat", "linear"), "not asked for"))
    none = difference(run, "device", figure("auroc"))
    assert base_of(run, "device") == "ptq" == run.chosen
    assert base_of(replace(run, chosen="pruned"), "device") == "pruned"
    assert none is not None and verdict(none) == "the same on this seed"
    without = tuple(arm for arm in made.arms if arm.name != "ptq")
    bare = replace(made, arms=without, chosen=None, absent={**made.absent, "ptq": "not asked for"})
    assert base_of(bare, "pruned") == "plain"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Interval(0.1, -0.1, 0.3, 5), "no difference shown"),
        (Interval(0.1, None, None, 1), "one seed: nothing can be said"),
        (Interval(-0.1, -0.2, -0.01, 5), "worse"),
    ],
    ids=["across zero", "one seed", "below"],
)
def test_what_a_difference_allows_to_say(found: Interval, says: str) -> None:
    assert verdict(found) == says


def test_intervals_over_seeds_and_over_units(sample: Comparison) -> None:
    plain = sample.arm("plain")
    assert plain is not None
    values = [result.auroc for result in plain.seeds]
    seeds = over_seeds(plain, figure("auroc"))
    assert seeds is not None and seeds.n == 5 and seeds.mean == pytest.approx(np.mean(values))
    units = over_units(plain, "auroc")
    assert units is not None and units.n == 3  # t4 shows one class
    assert unit_means(plain, "auroc")["t4"] is None


def test_a_share_has_no_interval_beyond_one(sample: Comparison) -> None:
    arm = Arm("plain", "float", tuple(SeedResult(i, accuracy=v) for i, v in enumerate((1.0, 0.9))))
    found = over_seeds(arm, figure("accuracy"))
    assert found is not None and found.high == 1.0 and found.low is not None and found.low < 0.9


@pytest.mark.parametrize(
    ("cost", "broken"),
    [
        (ArmCost("predicted", flash_bytes=10, instructions=10), ()),
        (ArmCost("predicted", flash_bytes=11, instructions=10), ("flash",)),
        (ArmCost("predicted", flash_bytes=10), ("instructions",)),
        (None, ("flash", "instructions")),
    ],
    ids=["fits", "flash", "unknown instructions", "unknown"],
)
def test_an_unknown_cost_fits_no_budget(cost: ArmCost | None, broken: tuple[str, ...]) -> None:
    made = replace(two_arms([0.9], [0.8]), budget={"flash": 10, "instructions": 10})
    assert made.over_budget(replace(made.arms[0], cost=cost)) == broken


def test_a_head_elsewhere_in_the_block_changes_nothing() -> None:
    moved = tuple(Head(head.name, head.offset + 7, head.count, head.scale, head.zero_point) for head in HEADS)
    one = outputs("ptq", 1, int8=True)
    assert judge_seed(1, one, bench()) == judge_seed(1, replace(one, heads=moved), bench())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_value_anywhere_is_read_or_refused(sample: Comparison, data: st.DataObject) -> None:
    """A report.json is anybody's file: InputError is the only way to refuse it."""
    small = replace(sample, arms=tuple(replace(arm, seeds=arm.seeds[:1]) for arm in sample.arms[:2]),
                    chosen=None, pareto=sample.pareto[:1], timeline=None,
                    absent=dict.fromkeys(("distilled", "pruned", "ptq", "qat", "linear", "device"),
                                         "x"))  # fmt: skip
    document = json.loads(json.dumps(small.to_dict()))
    place: Any = document
    while True:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    try:
        found = Comparison.from_dict(document)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert Comparison.from_dict(json.loads(json.dumps(found.to_dict()))) == found
