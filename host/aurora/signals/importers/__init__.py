"""One module per file format; registry.py picks the one that fits."""
