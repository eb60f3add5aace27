"""Budgets in words, what binds, and which model ships: by validation score, then by cost."""

from dataclasses import replace

import pytest
from aurora.compile import compile_model
from aurora.compress.int8 import Int8Model, read_quantisation
from aurora.compress.student import StudentSpec
from aurora.errors import BudgetUnfit, InputError
from aurora.pack.build import build_pack
from aurora.shrink.arms import arm_recipes
from aurora.shrink.budget import Budget, parse_budget
from aurora.shrink.choose import Contender, binding, ranked
from aurora.shrink.context import Context, context_of, make_task
from aurora.shrink.cost import CODE, Cost, cost_of, pack_bytes, predicted_code_bytes
from aurora.shrink.features import FEATURE_SETS, feature_sets
from aurora.shrink.ladder import cost_untrained, known_good
from aurora.shrink.make import make, spec_of
from aurora.shrink.recipe import Recipe
from aurora.spec.board import load_board
from aurora.spec.chain import ChainSpec, compile_chain, feature_names
from aurora.train.derive import derive_spec
from aurora.train.split import split_units
from small_model import small_model
from tflite_networks import conv_net
from train_samples import small_fleet

BOARD = load_board("mps2_an386")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    dataset = small_fleet(tmp_path_factory.mktemp("fleet") / "data")
    return context_of(make_task(dataset, derive_spec(dataset, "tiny"), split_units(dataset, 1), BOARD.id))


SPOKEN = {
    "": Budget(),
    "flash=24k": Budget(flash_bytes=24_000),
    "ram=8Ki,instructions=1.5M": Budget(ram_bytes=8192, instructions=1_500_000),
    " flash=1Mi , ram=700 ,": Budget(flash_bytes=1 << 20, ram_bytes=700),
    "instructions=2K": Budget(instructions=2000),
}


@pytest.mark.parametrize(("text", "budget"), SPOKEN.items(), ids=SPOKEN)
def test_budget_in_words(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


WRONG = {
    "rom=5": "'rom'", "flash": "flash is ''", "flash=-3": "'-3'", "flash=0": "'0'", "ram=nan": "'nan'",
    "ram=1e9": "'1e9'", "ram=5Gi": "'5Gi'", "flash=1,flash=2": "twice", "flash=9999999M": "'9999999M'",
    "flash=\u0663k": "'\u0663k'", "flash=0.2": "'0.2'",
}  # fmt: skip


@pytest.mark.parametrize(("text", "named"), WRONG.items(), ids=map(ascii, WRONG))
def test_a_wrong_budget_is_one_line(text: str, named: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_budget(text)
    assert named in str(refused.value) and "\n" not in str(refused.value)


def at(name: str, score: float | None, instructions: int | None, flash: int = 9000) -> Contender:
    return Contender(name, score, Cost(flash, 500, instructions, pack_bytes=flash))


def names(found: list[Contender]) -> list[str]:
    return [one.name for one in found]


def test_best_score_first_and_a_tie_goes_to_the_cheaper() -> None:
    arms = [at("ptq", 0.9500, 2000), at("qat", 0.9512, 2000, 9100), at("pruned", 0.9495, 900)]
    arms.append(at("far", 0.91, 100))
    assert names(ranked(arms, Budget(), BOARD)) == ["pruned", "ptq", "qat", "far"]
    assert names(ranked([arms[0], arms[1], arms[3]], Budget(), BOARD)) == ["ptq", "qat", "far"]


def test_over_budget_never_ships_and_unscored_comes_last() -> None:
    arms = [at("best", 0.99, 5000), at("unknown", 0.98, None), at("small", 0.90, 900), at("blind", None, 10)]
    assert names(ranked(arms, Budget(instructions=1000), BOARD)) == ["small", "blind"]
    assert names(ranked(arms, Budget(flash_bytes=9000), BOARD))[0] == "best"


def test_unfit_names_the_nearest_what_binds_and_by_how_much() -> None:
    arms = [at("wide", 0.99, 3000, 20_000), at("near", 0.90, 1100, 9_900), at("slow", 0.95, 2500, 9_000)]
    with pytest.raises(BudgetUnfit) as refused:
        ranked(arms, parse_budget("instructions=1000,flash=9k"), BOARD)
    line = str(refused.value)
    assert "nearest is near (validation score 0.900)" in line and "instructions 1,000" in line
    assert "instructions binds, 1,100 is 100 (10 %) too much" in line
    assert "flash binds, 9,900 bytes is 900 (10 %) too much" in line and refused.value.exit_code == 37


def test_the_boards_own_memory_binds_without_a_budget() -> None:
    slot = BOARD.regions["slot_a"].bytes
    assert binding(Cost(slot + 9000, 500, 10, pack_bytes=slot + 1), Budget(), BOARD).keys() == {"flash"}
    assert binding(Cost(9000, BOARD.ram.bytes + 1, 10), Budget(), BOARD).keys() == {"ram"}
    with pytest.raises(BudgetUnfit, match="flash binds"):
        ranked([at("big", 0.9, 10, slot + 1)], Budget(), BOARD)


def test_cost_counts_the_whole_pack_and_the_program() -> None:
    made = small_model()
    heads, (scale, zero_point) = read_quantisation(made.tflite)
    model = Int8Model(made.tflite, made.chain, bytes(32), heads, scale, zero_point)
    program = made.program(BOARD.core)
    pack = build_pack(made.contents(BOARD.id))
    estimate = pack_bytes(model, made.spec, program, BOARD)
    # golden vectors and the manifest of the sample are its own; everything else is the same
    assert abs(estimate - len(pack)) < 0.06 * len(pack)
    cost = cost_of(model, made.spec, BOARD)
    code = predicted_code_bytes(program)
    assert code is not None and cost.flash_bytes == estimate + code and cost.pack_bytes == estimate
    blocks = sum(port.bytes for port in (*program.inputs, *program.outputs))
    assert cost.ram_bytes == program.arena_bytes + blocks + CODE["m4"].stack
    assert cost.instructions == program.report["predicted_instructions"]


def test_a_kernel_that_nobody_measured_has_no_size() -> None:
    assert predicted_code_bytes(compile_model(conv_net(1), BOARD.core)) is None


def test_feature_sets_are_leaner_and_different(context: Context) -> None:
    sets = feature_sets(context.spec.chain)
    counts = [len(feature_names(chain, context.spec.signal.axes)) for chain in sets.values()]
    assert tuple(sets) == FEATURE_SETS and max(counts) == counts[0] and len(set(counts)) > 3
    for chain in sets.values():
        compile_chain(chain, context.spec.signal)  # the C library takes each
    assert tuple(feature_sets(ChainSpec())) == ("all",)


def test_known_good_takes_the_richest_rung_that_fits(context: Context) -> None:
    free = known_good(context, Budget())
    assert free.chain == context.spec.chain and free.prune is None and free.distil is None
    cost = cost_untrained(context, free)
    assert cost.instructions is not None and cost.flash_bytes is not None
    tight = known_good(context, Budget(instructions=cost.instructions // 2))
    assert tight.chain == free.chain and tight.student.hidden < free.student.hidden
    small = known_good(context, Budget(flash_bytes=cost.flash_bytes // 3))
    assert small.chain != free.chain
    for budget, recipe in ((Budget(instructions=cost.instructions // 2), tight),
                           (Budget(flash_bytes=cost.flash_bytes // 3), small)):  # fmt: skip
        assert not binding(cost_untrained(context, recipe), budget, context.board)
    with pytest.raises(BudgetUnfit, match="nearest is no hidden layer on features 'statistics'"):
        known_good(context, Budget(instructions=20))


def test_a_worker_with_other_data_or_versions_is_refused(context: Context) -> None:
    from dataclasses import replace

    other = (("aurora", "0.0.1"), *context.task.versions[1:])
    with pytest.raises(InputError, match=r"a worker has aurora .*, not 0\.0\.1"):
        context_of(replace(context.task, versions=other))
    with pytest.raises(InputError, match="is not the data set that this work is about"):
        context_of(replace(context.task, manifest_sha256="0" * 64))


@pytest.mark.parametrize("hidden", [(16,), (8, 6), (3,)], ids=str)
def test_the_pruned_arm_is_cheaper_than_its_parent_and_no_dearer_than_the_plain_one(
    context: Context, hidden: tuple[int, ...]
) -> None:
    """An M4's kernels take units by fours: six that are left of sixteen cost more than the sixteen."""
    pruned = arm_recipes(Recipe(context.spec.chain, StudentSpec(hidden, epochs=1)))["pruned"]
    assert pruned.prune is not None
    quick = replace(pruned, prune=replace(pruned.prune, recovery_epochs=1))
    made = make(context, quick, (1,), context.task.fit_units(None))[0]
    spent = cost_of(made.model, spec_of(context, quick), context.board).instructions
    parent, plain = (
        cost_untrained(context, replace(quick, student=StudentSpec(widths))).instructions
        for widths in (quick.student.hidden, hidden)
    )
    assert spent is not None and parent is not None and plain is not None
    assert spent < parent and spent <= 1.03 * plain  # weights decide a little of a kernel's form
    assert all(width % 4 == 0 for width in made.student.spec.hidden)
