"""Windows read one by one, gathered into units."""

from __future__ import annotations

import numpy as np

from aurora.signals.dataset import Unit
from aurora.signals.importers.csv_window import Window
from aurora.signals.importers.labels import fault_index
from aurora.signals.importers.mapping import Mapping
from aurora.signals.importers.recording import times_and_spans


def assemble(unit_id: str, windows: list[Window], faults: tuple[str, ...], mapping: Mapping) -> Unit:
    """The unit of these windows; without a time column they follow one another without a gap."""
    count = len(windows)
    length_s = mapping.n / float(mapping.rate_hz)
    told_s = np.array([w.time_s for w in windows], np.float64)
    time_s, stands_for_s = times_and_spans(told_s, length_s, mapping.stands_for_s)
    return Unit(
        id=unit_id,
        samples=np.stack([w.counts for w in windows]),
        scale_g=np.stack([w.scale_g for w in windows]),
        rpm=np.array([w.rpm for w in windows], np.float32),
        load=np.array([w.load for w in windows], np.float32),
        time_s=time_s,
        stands_for_s=stands_for_s,
        fault=fault_index([w.fault for w in windows], faults),
        ttf_s=np.array([w.ttf_s for w in windows], np.float32),
        healthy_start_windows=min(mapping.healthy_start_windows, count),
    )
