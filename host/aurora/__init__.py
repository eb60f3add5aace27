"""Aurora: from a vibration recording to a proven int8 prediction on a Cortex-M sensor board."""

import os

__version__ = "0.1.0"

# Before numpy starts: our matrices are small, and OpenBLAS's threads cost them 50 times their time on a busy
# machine. One thread also adds in one order, whatever the number of cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
