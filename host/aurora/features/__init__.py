"""Features of windows, computed by the firmware's own C through the compiled extension."""

from aurora.features.device import ChainInfo, calibrate, chain_info, extract, normalise, quantize
from aurora.features.units import UnitFeatures, extract_dataset, extract_unit

__all__ = [
    "ChainInfo", "UnitFeatures", "calibrate", "chain_info", "extract", "extract_dataset", "extract_unit",
    "normalise", "quantize",
]  # fmt: skip
