"""Passes over the graph, one file each, in the order in which the compiler runs them."""
