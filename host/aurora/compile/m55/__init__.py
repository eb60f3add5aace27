"""Lowerings for Cortex-M55 (Helium); kernels in firmware/lib/nn/kernels/m55."""
