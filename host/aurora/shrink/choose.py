"""Which arm ships: the best on validation units within the budget. Test units have no say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aurora.errors import BudgetUnfit
from aurora.shrink.budget import KEYS, Budget
from aurora.shrink.cost import Cost
from aurora.spec.board import Board

#: of a mean of AUROC and accuracy: seeds alone move the mean of five by more
TIE = 0.002


@dataclass(frozen=True)
class Contender:
    """Something that could ship: ``score`` by validation units, None where there was none to score."""

    name: str
    score: float | None
    cost: Cost


def ranked(contenders: Sequence[Contender], budget: Budget, board: Board) -> list[Contender]:
    """Those within ``budget`` and the board's own memory, best first: by score, but of those that come within
    TIE of the best that is left, the cheapest.

    Raises BudgetUnfit naming the nearest, what binds and by how much, where none fits.
    """
    left = [one for one in contenders if not binding(one.cost, budget, board)]
    if not left:
        raise unfit(contenders, budget, board)
    order = []
    while left:
        best = max(_score(one) for one in left)
        near = [one for one in left if _score(one) >= best - TIE]
        order.append(min(near, key=_expense))
        left.remove(order[-1])
    return order


def binding(cost: Cost, budget: Budget, board: Board) -> dict[str, float]:
    """Key of the budget -> how many times its limit is taken, for those that are broken; a pack that is
    larger than the board's slot, or more RAM than it has, breaks "flash" or "ram" of any budget."""
    over = budget.excess(cost)
    for key, (taken, limit) in _board_limits(cost, board).items():
        if taken > limit:
            over[key] = max(over.get(key, 0.0), taken / limit)
    return over


def unfit(contenders: Sequence[Contender], budget: Budget, board: Board) -> BudgetUnfit:
    """The error for a budget that none of ``contenders`` fits."""
    def distance(one: Contender) -> tuple[float, float]:
        return max(binding(one.cost, budget, board).values()), -_score(one)

    nearest = min(contenders, key=distance)
    over = binding(nearest.cost, budget, board)
    words = [_word(key, nearest.cost, budget, board) for key in sorted(over, key=lambda key: -over[key])]
    score = "" if nearest.score is None else f" (validation score {nearest.score:.3f})"
    return BudgetUnfit(
        f"no model fits the budget of {budget}; nearest is {nearest.name}{score}: {'; '.join(words)}",
        where=f"board {board.id}", hint="raise what binds, or record fewer axes",
    )  # fmt: skip


def _word(key: str, cost: Cost, budget: Budget, board: Board) -> str:
    taken = getattr(cost, KEYS[key])
    if taken is None:
        return f"its {key} are not known"
    limit = budget.limits().get(key)
    if limit is None or taken <= limit:
        taken, limit = _board_limits(cost, board)[key]
    unit = "" if key == "instructions" else " bytes"
    return f"{key} binds, {taken:,}{unit} is {taken - limit:,} ({100 * (taken / limit - 1):.0f} %) too much"


def _board_limits(cost: Cost, board: Board) -> dict[str, tuple[int, int]]:
    """Key -> (taken, there is) of what no budget can lift."""
    slot, limits = board.regions.get("slot_a"), {}
    if slot is not None:
        limits["flash"] = (cost.pack_bytes, slot.bytes)
    if not board.is_native:
        limits["ram"] = (cost.ram_bytes, board.ram.bytes)
    return limits


def _score(one: Contender) -> float:
    return -math.inf if one.score is None else one.score


def _expense(one: Contender) -> tuple[float, float, float]:
    cost = one.cost
    instructions = np.inf if cost.instructions is None else cost.instructions
    return float(instructions), float(cost.flash_bytes or np.inf), -_score(one)
