"""Recordings: the data set folder, importers, the synthetic fleet, and the checks."""
