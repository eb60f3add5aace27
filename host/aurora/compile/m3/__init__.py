"""Lowerings for ARMv7-M without the DSP extension (Cortex-M3); kernels in firmware/lib/nn/kernels/m3.

Weights and activations stay int8: a multiplication is one MLA, and what is saved are loads (several channels
and positions at a time), gathering (windows are read where they lie) and requantisation.
"""
