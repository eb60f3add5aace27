"""New constants for a deployed program: does a model compile to the very layout that the program was built
from, and if not, what differs first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aurora.compile.layout import layout_id
from aurora.errors import InputError, ModelRefused

ID_DIGITS = 64

#: A layout's description (layout.json), or its id in hexadecimal digits.
Deployed = Mapping[str, Any] | str


def deployed_facts(deployed: Deployed | None) -> list[Mapping[str, int]]:
    """The facts of each step of the deployed program; none where only its id is known. Raises InputError."""
    if deployed is None or isinstance(deployed, str):
        return []
    steps = deployed.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise InputError("not a layout: it has no steps", hint="give the layout.json of the deployed program")
    facts = [step.get("facts") for step in steps]
    if not all(isinstance(fact, Mapping) and _are_numbers(fact) for fact in facts):
        raise InputError("a step of the layout has no facts", hint="give the layout.json that was deployed")
    return [fact for fact in facts if isinstance(fact, Mapping)]


def _are_numbers(facts: Mapping[Any, Any]) -> bool:
    return all(isinstance(name, str) and isinstance(value, int) for name, value in facts.items())


def check_fit(layout: Mapping[str, Any], deployed: Deployed | None) -> None:
    """Raises ModelRefused, naming the first difference, where ``layout`` is not the deployed program's."""
    if deployed is None:
        return
    identity = layout_id(layout).hex()
    if isinstance(deployed, str):
        if deployed.lower() != identity:
            hint = "give the deployed program's layout.json to learn what differs"
            raise ModelRefused(f"its layout is {identity}, not {deployed}", hint=hint)
        return
    wanted = {name: value for name, value in deployed.items() if name != "layout_id"}
    difference = first_difference(wanted, layout)
    if difference is None:
        return
    path, old, new = difference
    op = _operation(layout, path)
    where = f"{path}" + (f" ({op})" if op else "")
    raise ModelRefused(f"needs a new program: {_short(new)}, not {_short(old)}", op=op, where=where,
                       hint="build firmware for this model, or train within the deployed layout")  # fmt: skip


def first_difference(old: Any, new: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """(path, old, new) of the first place where two descriptions differ; steps before all else."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = sorted({*old, *new}, key=lambda name: (name != "steps", str(name)))
        for name in names:
            inner = f"{path}.{name}" if path else str(name)
            found = first_difference(old.get(name), new.get(name), inner)
            if found:
                return found
        return None
    if isinstance(old, Sequence) and isinstance(new, Sequence) and not isinstance(old, str):
        for number, (before, after) in enumerate(zip(old, new, strict=False)):
            found = first_difference(before, after, f"{path}[{number}]")
            if found:
                return found
        return (path, f"{len(old)} entries", f"{len(new)} entries") if len(old) != len(new) else None
    return None if old == new else (path, old, new)


def _operation(layout: Mapping[str, Any], path: str) -> str | None:
    """The kind of operation of the step that ``path`` lies in."""
    if not path.startswith("steps["):
        return None
    number = int(path[len("steps[") : path.index("]")])
    steps = layout["steps"]
    return str(steps[number]["summary"]).split(" ", 1)[0] if number < len(steps) else None


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
