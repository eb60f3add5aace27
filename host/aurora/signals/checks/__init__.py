"""What is wrong with a data set: one module per kind of evidence, run.py runs them all."""

from aurora.signals.checks.finding import Finding, Report
from aurora.signals.checks.run import check_dataset

__all__ = ["Finding", "Report", "check_dataset"]
