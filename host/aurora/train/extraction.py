"""Features of units by whichever chain a candidate reads, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aurora.signals.dataset import DataSet
from aurora.spec.chain import ChainSpec, compile_chain
from aurora.spec.signal import SignalSpec
from aurora.train.table import UnitTable, unit_table

#: called with (windows done, windows in all)
Progress = Callable[[int, int], None]


class Extraction:
    """Tables of a data set's units, kept by chain and unit."""

    def __init__(self, dataset: DataSet, signal: SignalSpec) -> None:
        self.dataset, self.signal = dataset, signal
        self._found: dict[tuple[ChainSpec, str], UnitTable] = {}

    def tables(
        self, chain: ChainSpec, unit_ids: Iterable[str], progress: Progress | None = None
    ) -> dict[str, UnitTable]:
        """Unit id -> its rows; InputError where a unit has too few usable windows to calibrate."""
        ids = list(unit_ids)
        missing = [unit_id for unit_id in ids if (chain, unit_id) not in self._found]
        compiled = compile_chain(chain, self.signal) if missing else b""
        total, done = sum(self.dataset.unit(unit_id).windows for unit_id in missing), 0

        def count(windows: int) -> None:
            nonlocal done
            done += windows
            if progress is not None:
                progress(done, total)

        for unit_id in missing:
            unit = self.dataset.unit(unit_id)
            self._found[chain, unit_id] = unit_table(compiled, self.dataset, unit, count)
        return {unit_id: self._found[chain, unit_id] for unit_id in ids}
