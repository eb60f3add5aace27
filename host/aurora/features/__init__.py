"""Features of windows, computed by the firmware's own C through the compiled extension."""

from aurora.features.device import (
    ChainInfo,
    calibrate,
    chain_info,
    extract,
    has_no_signal,
    is_faulty,
    normalise,
    quantize,
    ready,
)
from aurora.features.units import UnitFeatures, extract_dataset, extract_unit

__all__ = [
    "ChainInfo", "UnitFeatures", "calibrate", "chain_info", "extract", "extract_dataset", "extract_unit",
    "has_no_signal", "is_faulty", "normalise", "quantize", "ready",
]  # fmt: skip
