"""From what the arms put out to the arms of a report, judged alike, with their costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aurora.shrink.arms import LINEAR, TEACHER, Outputs, Part, merged
from aurora.shrink.compare import ArmOutputs, Bench, judge_seeds
from aurora.shrink.comparison import Arm
from aurora.shrink.context import Context
from aurora.shrink.cost import Cost, cost_of
from aurora.shrink.make import Made, spec_of
from aurora.shrink.recipe import Recipe


@dataclass(frozen=True)
class Shippable:
    """An arm that can be released: the first seed's model, its predicted cost, and its arm as judged.

    ``validation``: what models made alike put out on validation units that they did not train on, as it was
    judged (see arms.Part).
    """

    arm: Arm
    recipe: Recipe
    made: Made
    cost: Cost
    validation: Outputs

    @property
    def score(self) -> float | None:
        """Mean over seeds on validation units; None where none could be scored."""
        known = [one.validation_score for one in self.arm.seeds if one.validation_score is not None]
        return float(np.mean(known)) if known else None


def bench_of(context: Context, recipe: Recipe) -> Bench:
    """What every arm of ``recipe``'s chain is judged on; reads the test units."""
    split = context.task.split
    units = dict.fromkeys((*(unit for turn in context.task.turns for unit in turn), *split.test))
    return Bench(
        tables={table.id: table for table in context.tables(recipe.chain, units)},
        ttf_s={unit: context.dataset.unit(unit).ttf_s for unit in split.test},
        decision=context.spec.decision,
        horizon_s=context.spec.labels.horizon_s,
    )


def judge_arms(
    context: Context, recipes: Mapping[str, Recipe], parts: Sequence[Part]
) -> tuple[list[Arm], list[Shippable]]:
    """All arms of a comparison but the device's, and those among them that could ship."""
    bench = bench_of(context, recipes["ptq"])
    floats = {"plain": "ptq", TEACHER: TEACHER}
    arms = []
    for name, source in floats.items():
        found = merged(parts, source, "floats", context.task)
        by_seed = {seed: ArmOutputs(test, validation) for seed, (validation, test) in found.items()}
        arms.append(Arm(name, "float", judge_seeds(by_seed, bench), note=_note(name, recipes["ptq"])))
    shippable = [shippable_of(context, name, recipe, parts, bench) for name, recipe in recipes.items()]
    return [*arms, *(one.arm for one in shippable)], shippable


def shippable_of(
    context: Context, name: str, recipe: Recipe, parts: Sequence[Part], bench: Bench
) -> Shippable:
    made = next(part.made for part in parts if part.arm == name and part.turn is None)
    outputs = merged(parts, name, "bytes", context.task)
    by_seed = {
        seed: ArmOutputs(test, validation, made[seed].model.heads)
        for seed, (validation, test) in outputs.items()
    }
    first = min(made)
    cost = cost_of(made[first].model, spec_of(context, recipe), context.board)
    network = made[first].student.network
    arm = Arm(
        name, "int8", judge_seeds(by_seed, bench), ships=True, note=_note(name, recipe),
        cost=cost.of_arm(network.parameters, len(made[first].model.tflite)),
    )  # fmt: skip
    return Shippable(arm, recipe, made[first], cost, outputs[first][0])


def _note(name: str, recipe: Recipe) -> str:
    student, teacher = recipe.student, recipe.teacher
    widths = "-".join(map(str, student.hidden)) or "no hidden layer"
    words = {
        TEACHER: f"{teacher.members} nets of {'-'.join(map(str, teacher.hidden))}, each ended early by units "
        "that it left out; too large to ship",
        "plain": f"{widths}, {student.epochs} epochs on labels alone, in float",
        LINEAR: "linear, form and strength chosen by leaving training units out in turn, int8 by PTQ, "
        f"ranges by {recipe.quant.clipping}; nothing is random, so every seed gives the same model",
        "ptq": f"the plain students in int8, ranges by {recipe.quant.clipping}",
    }
    if name in words:
        return words[name]
    parts = [widths]
    if recipe.distil is not None:
        parts.append(
            f"beside the first seed's teacher (T = {recipe.distil.temperature:g}, weight "
            f"{recipe.distil.soft_weight:g}, hint {recipe.distil.hint_weight:g})"
        )
    if recipe.prune is not None:
        aim = f"{recipe.prune.target_instructions} instructions"
        aim = aim if recipe.prune.keep is None else f"{100 * recipe.prune.keep:.0f} % of the units"
        parts.append(f"pruned to {aim} in {recipe.prune.rounds} rounds")
    method = f"QAT, {recipe.quant.qat_epochs} epochs" if recipe.quant.method == "qat" else "PTQ"
    parts.append(f"int8 by {method}, ranges by {recipe.quant.clipping}")
    return ", ".join(parts)
