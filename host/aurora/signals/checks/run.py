"""All checks of one data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from aurora.files import sha256_hex
from aurora.signals.checks.finding import Finding, Report
from aurora.signals.checks.labels import label_findings
from aurora.signals.checks.samples import sample_findings
from aurora.signals.checks.splits import load_splits, split_findings
from aurora.signals.checks.timing import timing_findings
from aurora.signals.dataset import load_dataset
from aurora.signals.manifest import read_manifest

ORDER = {"error": 0, "warning": 1, "note": 2}


def check_dataset(
    path: Path | str,
    *,
    splits: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Check a data set folder; ``progress`` is told the number of windows finished since its last call.

    Raises InputError only where the folder is no data set at all (structure, types, lengths); everything
    else is a finding.
    """
    path = Path(path)
    dataset = load_dataset(path, check_values=False)
    split_map = load_splits(splits) if splits is not None else {}
    findings = [*_changed(path), *label_findings(dataset), *timing_findings(dataset)]
    in_samples, digests = sample_findings(dataset, progress)
    findings += in_samples
    if split_map:
        findings += split_findings(dataset, split_map, digests)
    findings.sort(key=lambda finding: ORDER[finding.severity])
    return Report(path, len(dataset.units), dataset.windows, tuple(findings))


def _changed(path: Path) -> Iterator[Finding]:
    """Files that are not the ones that were written."""
    for entry in read_manifest(path).units:
        home = path / "units" / entry.id
        for name, expected in (("samples.npy", entry.samples_sha256), ("windows.npz", entry.windows_sha256)):
            if sha256_hex(home / name) != expected:
                what = f"{name} was changed after it was written"
                yield Finding("error", "changed", what, "import the data again", entry.id)
