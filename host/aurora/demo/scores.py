"""The same windows judged three times: float network, int8 by TFLite Micro on the host, int8 on the board."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aurora.compress.int8 import Head
from aurora.compress.produce import compare
from aurora.demo.answers import Answers
from aurora.demo.board_run import BoardRun
from aurora.signals.dataset import DataSet, Unit
from aurora.train.fit import TrainedModel
from aurora.train.metrics import Scores, score_units
from aurora.train.table import UnitTable, unit_table


def score_arms(
    trained: TrainedModel,
    dataset: DataSet,
    units: Sequence[Unit],
    runs: Sequence[BoardRun],
    heads: Sequence[Head],
) -> dict[str, Any]:
    """auroc_mean, auroc_per_unit, accuracy and accuracy_per_unit, each with its three arms."""
    tables = [unit_table(trained.chain, dataset, unit) for unit in units]
    floats = {table.id: trained.network(trained.norm(table.calibrated)) for table in tables}
    arms = {
        "float": score_units(tables, floats),
        "int8_host": _int8(tables, [run.host for run in runs], heads),
        "board": _int8(tables, [run.board for run in runs], heads),
    }
    return compare(arms)


def _int8(tables: Sequence[UnitTable], answers: Sequence[Answers], heads: Sequence[Head]) -> Scores:
    outputs = {
        table.id: {head.name: head.of(answer.outputs) for head in heads}
        for table, answer in zip(tables, answers, strict=True)
    }
    return score_units(tables, outputs)
