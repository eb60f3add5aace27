"""Aurora: from a vibration recording to a proven int8 prediction on a Cortex-M sensor board."""

__version__ = "0.1.0"
