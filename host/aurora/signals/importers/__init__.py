"""One module per file format; registry.py picks."""
