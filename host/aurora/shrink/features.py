"""Feature sets to choose from: the model's own chain, and leaner ones made from it."""

from __future__ import annotations

from dataclasses import replace

from aurora.spec.chain import ChainSpec

FEATURE_SETS = ("all", "half_bands", "no_envelope", "bands", "half_bands_no_envelope", "statistics")


def feature_sets(chain: ChainSpec) -> dict[str, ChainSpec]:
    """Name -> chain, the richest first; those that would equal an earlier one are left out.

    "half_bands" joins neighbouring bands in pairs (an odd last one stays), "no_envelope" drops the envelope's
    peaks, "bands" the statistics too, "statistics" keeps what needs no spectrum.
    """
    made = {
        "all": chain,
        "half_bands": replace(chain, band_edges_hz=_half(chain.band_edges_hz)),
        "no_envelope": replace(chain, envelope=None),
        "bands": replace(chain, statistics=(), log_statistics=(), envelope=None),
        "half_bands_no_envelope": replace(chain, band_edges_hz=_half(chain.band_edges_hz), envelope=None),
        "statistics": replace(chain, segment=0, hop=0, band_edges_hz=(), envelope=None),
    }
    found: dict[str, ChainSpec] = {}
    for name in FEATURE_SETS:
        sound = made[name].statistics or made[name].band_edges_hz or made[name].envelope
        if sound and made[name] not in found.values():
            found[name] = made[name]
    return found


def _half(edges: tuple[float, ...]) -> tuple[float, ...]:
    """Every other edge, and the last."""
    if len(edges) < 3:
        return edges
    kept = edges[::2]
    return kept if kept[-1] == edges[-1] else (*kept, edges[-1])
