"""What a check says: one finding, one line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from aurora.errors import InputError, NotFiniteError

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing found. Equal findings in a unit's windows are one, with the first window and their number."""

    severity: Severity
    code: str  # stable word for machines, such as "clipped"
    what: str
    do: str  # what to do about it
    unit: str = ""  # "" = the whole data set
    window: int | None = None  # the first one
    windows: int = 0  # how many have it

    def line(self) -> str:
        """``severity unit window: what; what to do``."""
        place = self.unit or "data set"
        if self.window is not None:
            more = f" and {self.windows - 1} more" if self.windows > 1 else ""
            place += f" window {self.window}{more}"
        return f"{self.severity} {place}: {self.what}; {self.do}"


@dataclass(frozen=True)
class Report:
    """All findings of one data set, errors first."""

    path: Path
    units: int
    windows: int
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def summary(self) -> str:
        """One line: what was looked at and how much was found."""
        counts = ", ".join(
            f"{self.count(severity)} {severity}{'' if self.count(severity) == 1 else 's'}"
            for severity in ("error", "warning", "note")
            if self.count(severity)
        )
        return f"{self.path}: {self.units} units, {self.windows} windows: {counts or 'nothing found'}"

    def to_json(self) -> dict[str, Any]:
        """The report for machines; ``ok`` is false when there is an error."""
        return {
            "path": str(self.path),
            "ok": not self.count("error"),
            "units": self.units,
            "windows": self.windows,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def raise_errors(self, *, strict: bool = False) -> None:
        """InputError (NotFiniteError where NaN is among them) for errors; ``strict``: for warnings too."""
        bad = [f for f in self.findings if f.severity == "error" or (strict and f.severity == "warning")]
        if not bad:
            return
        kind = NotFiniteError if any(finding.code == "not_finite" for finding in bad) else InputError
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise kind(f"{bad[0].line()}{more}", where=self.path, hint="aurora data check lists all")
