"""Lowerings for cores with the DSP extension (Cortex-M4, M7, M33); kernels in firmware/lib/nn/kernels/m4."""
