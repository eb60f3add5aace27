"""The comparison of a shrink's arms as plain data: what report.json holds and every report is made from.

An arm is one way to the same task: the teacher, the student trained plainly, distilled, pruned, quantised
after training (ptq) or in it (qat), the linear form chosen inside the training units, and the release on the
device. Each is trained with several seeds and judged on test units once. The choice between arms rests on the
validation units alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aurora.errors import InputError
from aurora.shrink.plain_data import read_plain, write_plain
from aurora.train.alarm import Threshold
from aurora.train.calibration import Calibration
from aurora.train.events import EventScores

#: every report shows these, or says why one is absent
ARMS = ("teacher", "plain", "distilled", "pruned", "ptq", "qat", "linear", "device")
PRECISIONS = ("float", "int8", "board")
#: key of a budget -> field of ArmCost
COSTS = {"flash": "flash_bytes", "ram": "ram_bytes", "instructions": "instructions"}
REPORT_FORMAT, REPORT_VERSION = "aurora-comparison", 1


@dataclass(frozen=True)
class SeedResult:
    """One arm trained with one seed, judged on the test units.

    ``validation_score``: mean over validation units of AUROC and accuracy, as models that did not train on
    them score; None where none was spared. Per test unit: AUROC of "fails within H", accuracy and macro F1 of
    the fault type, F1 of "the threshold is reached" as a forecast of a failure within H; None where a unit
    has one class only. ``accuracy`` is pooled over time. ``calibration`` is by head. ``threshold`` is the
    lowest that keeps to the stated false alarms on the validation units, in steps of ``threshold_scale``
    logits (of the int8 output; of 255 steps over the validated range for a float arm).
    """

    seed: int
    validation_score: float | None = None
    auroc_per_unit: dict[str, float | None] = field(default_factory=dict)
    accuracy_per_unit: dict[str, float | None] = field(default_factory=dict)
    fault_f1_per_unit: dict[str, float | None] = field(default_factory=dict)
    alarm_f1_per_unit: dict[str, float | None] = field(default_factory=dict)
    accuracy: float | None = None
    calibration: dict[str, Calibration] = field(default_factory=dict)
    threshold: Threshold | None = None
    threshold_scale: float | None = None
    events: EventScores | None = None

    @property
    def auroc(self) -> float | None:
        """Mean AUROC over test units."""
        return _mean(self.auroc_per_unit)

    @property
    def fault_f1(self) -> float | None:
        """Mean macro F1 over test units."""
        return _mean(self.fault_f1_per_unit)

    @property
    def alarm_f1(self) -> float | None:
        """Mean F1 of the thresholded windows over test units."""
        return _mean(self.alarm_f1_per_unit)


@dataclass(frozen=True)
class ArmCost:
    """What the arm takes of a board, None where nobody knows; ``source`` is "predicted" or "measured".

    ``instructions`` are those of one inference; ``flash_bytes`` counts code and constants of engine and
    network, ``ram_bytes`` everything an inference needs.
    """

    source: str
    parameters: int | None = None
    model_bytes: int | None = None
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    instructions: int | None = None


@dataclass(frozen=True)
class Arm:
    """``precision`` is one of PRECISIONS. ``ships``: it could be released (a teacher could not). ``note`` is
    a sentence on how it was made."""

    name: str
    precision: str
    seeds: tuple[SeedResult, ...]
    cost: ArmCost | None = None
    ships: bool = False
    note: str = ""


@dataclass(frozen=True)
class Timeline:
    """A test unit's windows [w] on the device for the picture; ``threshold`` in int8 steps."""

    unit: str
    time_s: tuple[float, ...]
    score: tuple[int, ...]
    alarm: tuple[bool, ...]
    threshold: int
    horizon_s: float
    failure_s: float | None


@dataclass(frozen=True)
class ParetoPoint:
    """One model that the search found; ``front``: none is better in everything."""

    name: str
    score: float
    flash_bytes: int
    ram_bytes: int
    instructions: int
    front: bool = True
    chosen: bool = False


@dataclass(frozen=True)
class Device:
    """The release on the emulated board, measured.

    ``bytes_differing`` counts against the host over ``windows`` windows of the test units: features, inputs,
    outputs and decisions. ``verified_exact`` of ``verified_inputs`` agree with TFLite Micro in every tensor.
    ``instructions`` of an inference and ``feature_instructions`` of the features before it are the largest
    counts; ``flash_bytes`` and ``ram_bytes`` are the network's share, ``firmware_*`` the whole image.
    """

    board: str
    windows: int
    bytes_differing: int
    verified_inputs: int
    verified_exact: int
    instructions: int
    flash_bytes: int
    ram_bytes: int
    feature_instructions: int | None = None
    firmware_flash_bytes: int | None = None
    firmware_ram_bytes: int | None = None
    stack_used_bytes: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Everything that a report says.

    ``budget``: "flash", "ram", "instructions" -> limit (shrink.budget), of those that are set. ``asked`` says
    which false-alarm rate the thresholds keep to. ``absent``: arm of ARMS that was not made -> why not.
    ``chosen`` is None where no arm fits the budget. ``facts``: further lines of data and training.
    """

    model: str
    release: str
    board: str
    budget: dict[str, int]
    arms: tuple[Arm, ...]
    chosen: str | None
    reason: str
    test_units: tuple[str, ...]
    limits: tuple[str, ...]
    absent: dict[str, str] = field(default_factory=dict)
    asked: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    timeline: Timeline | None = None
    pareto: tuple[ParetoPoint, ...] = ()
    device: Device | None = None

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        if not set(self.budget) <= set(COSTS):
            raise InputError(f"comparison: a budget of {sorted(self.budget)}")
        for name in ARMS:
            if (name in names) == (name in self.absent):
                what = "is there and said to be absent" if name in names else "is missing without a reason"
                raise InputError(f"comparison: the arm {name} {what}")
        if len(set(names)) != len(names):
            raise InputError("comparison: two arms of one name")
        if self.chosen is not None and self.chosen not in names:
            raise InputError(f"comparison: the chosen arm {self.chosen!r} is none of them")
        for arm in self.arms:
            seeds = [result.seed for result in arm.seeds]
            if arm.precision not in PRECISIONS or not seeds or len(set(seeds)) != len(seeds):
                raise InputError(f"comparison: the arm {arm.name} has a wrong precision or wrong seeds")

    def over_budget(self, arm: Arm) -> tuple[str, ...]:
        """Which limits ``arm`` breaks; a cost that nobody knows breaks every limit."""
        broken = []
        for key, limit in self.budget.items():
            used = getattr(arm.cost, COSTS[key], None)
            if used is None or used > limit:
                broken.append(key)
        return tuple(broken)

    def arm(self, name: str) -> Arm | None:
        """The arm of this name, None where there is none."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON's own types, with format and version; ``from_dict`` gives an equal comparison back."""
        document: dict[str, Any] = {"format": REPORT_FORMAT, "version": REPORT_VERSION}
        document.update(write_plain(self))
        return document

    @classmethod
    def from_dict(cls, document: Any) -> Comparison:
        """Raises InputError naming the key that is missing, unknown or of the wrong type."""
        if not isinstance(document, dict) or document.get("format") != REPORT_FORMAT:
            raise InputError("is not a comparison", hint="give a report.json that `aurora shrink` wrote")
        if document.get("version") != REPORT_VERSION:
            raise InputError("is a comparison of another version", hint="make it again")
        rest = {key: value for key, value in document.items() if key not in ("format", "version")}
        comparison = read_plain(cls, rest, "comparison")
        assert isinstance(comparison, cls)
        return comparison


def _mean(per_unit: dict[str, float | None]) -> float | None:
    known = [value for value in per_unit.values() if value is not None]
    return sum(known) / len(known) if known else None
