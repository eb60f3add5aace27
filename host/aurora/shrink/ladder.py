"""The known-good recipe, without a search: the richest rung of a short ladder that the budget allows.

What a network costs is known before it is trained, so the rungs are tried with random weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from aurora.compress.clipping import find_ranges
from aurora.compress.int8 import Int8Model
from aurora.compress.quantise import int8_model, quantise_network
from aurora.compress.quantised_net import Grid
from aurora.compress.student import StudentSpec
from aurora.shrink.budget import Budget
from aurora.shrink.choose import Contender, binding, unfit
from aurora.shrink.context import Context
from aurora.shrink.cost import Cost, cost_of
from aurora.shrink.features import feature_sets
from aurora.shrink.make import spec_of
from aurora.shrink.recipe import Recipe
from aurora.spec.chain import feature_names
from aurora.train.network import Layer, Network
from aurora.train.rows import Normalisation
from aurora.train.teacher import TeacherSpec

#: found on the synthetic fleet's training units (tests/bench/shrink.py has the figures)
WIDTHS: tuple[tuple[int, ...], ...] = ((32,), (16,), (8,), (4,), ())
TEACHER = TeacherSpec(members=3, epochs=40)
#: weights decide a little of a kernel's form, and so of its cost
SLACK = 1.03
ROWS = 256


def known_good(context: Context, budget: Budget) -> Recipe:
    """The recipe of --no-search: all features and the widest student that the budget allows, else fewer
    features; trained plainly, for the arms of the comparison add what may make it better. Raises BudgetUnfit
    where not even the smallest rung fits."""
    tried = []
    for name, recipe in _rungs(context):
        cost = cost_untrained(context, recipe)
        if not binding(_with_slack(cost), budget, context.board):
            return recipe
        tried.append(Contender(name, None, cost))
    raise unfit(tried, budget, context.board)


def cost_untrained(context: Context, recipe: Recipe) -> Cost:
    """What ``recipe``'s unpruned student will cost, from one with random weights."""
    return cost_of(_untrained(context, recipe), spec_of(context, recipe), context.board)


def _rungs(context: Context) -> Iterator[tuple[str, Recipe]]:
    for features, chain in feature_sets(context.spec.chain).items():
        for hidden in WIDTHS:
            shape = "-".join(map(str, hidden)) or "no hidden layer"
            yield f"{shape} on features {features!r}", Recipe(
                chain=chain, student=StudentSpec(hidden=hidden), teacher=TEACHER
            )


def _with_slack(cost: Cost) -> Cost:
    more = None if cost.instructions is None else round(SLACK * cost.instructions)
    return replace(cost, instructions=more)


def _untrained(context: Context, recipe: Recipe) -> Int8Model:
    rng = np.random.default_rng(0)
    inputs = len(feature_names(recipe.chain, context.spec.signal.axes))

    def layer(rows: int, columns: int) -> Layer:
        weights = rng.normal(0, rows**-0.5, (rows, columns))
        return Layer(weights.astype(np.float32), rng.normal(0, 0.1, columns).astype(np.float32))

    widths = (inputs, *recipe.student.hidden)
    hidden = tuple(layer(*pair) for pair in pairwise(widths))
    network = Network(hidden, {name: layer(widths[-1], size) for name, size in context.heads.items()})
    clamp = recipe.student.clamp_sigma
    norm = Normalisation(np.zeros(inputs, np.float32), np.ones(inputs, np.float32), clamp)
    rows = np.clip(rng.normal(0, 1, (ROWS, inputs)), -clamp, clamp - norm.scale).astype(np.float32)
    ranges = find_ranges(network, rows, recipe.quant.clipping, recipe.quant.weight_bits)
    grid = Grid(np.float32(norm.scale), 0)
    quantised = quantise_network(network, grid, ranges, recipe.quant.weight_bits)
    return int8_model(norm, context.chain(recipe.chain), quantised)
