"""What a model may take of a board: parsed from the command line, compared with what it does take."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from aurora.errors import InputError
from aurora.shrink.cost import Cost

KEYS = {"flash": "flash_bytes", "ram": "ram_bytes", "instructions": "instructions"}
FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "ki": 1024, "mi": 1024 * 1024}
HINT = "like flash=24k,ram=8k,instructions=2000; k is 1,000 and Ki 1,024"
LARGEST = 1 << 40


@dataclass(frozen=True)
class Budget:
    """Limits in bytes and in instructions per inference; None leaves one open. ``cost`` says what counts."""

    flash_bytes: int | None = None
    ram_bytes: int | None = None
    instructions: int | None = None

    def limits(self) -> dict[str, int]:
        """Key of the command line -> limit, of those that are set."""
        found = {key: getattr(self, name) for key, name in KEYS.items()}
        return {key: limit for key, limit in found.items() if limit is not None}

    def excess(self, cost: Cost) -> dict[str, float]:
        """Key -> how many times its limit ``cost`` takes, for the limits it breaks; unknown is infinite."""
        over: dict[str, float] = {}
        for key, limit in self.limits().items():
            taken = getattr(cost, KEYS[key])
            if taken is None or taken > limit:
                over[key] = math.inf if taken is None else taken / limit
        return over

    def __str__(self) -> str:
        return ", ".join(f"{key} {limit:,}" for key, limit in self.limits().items()) or "no limit"


def parse_budget(text: str) -> Budget:
    """"flash=24k,ram=8k,instructions=2000" as a Budget; every key is optional.

    Raises InputError naming the word that is wrong.
    """
    values: dict[str, int] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        key, _, number = word.partition("=")
        if key not in KEYS:
            raise InputError(f"--budget has no key {key[:40]!r}", hint=HINT)
        if KEYS[key] in values:
            raise InputError(f"--budget names {key} twice", hint=HINT)
        values[KEYS[key]] = _number(key, number)
    return Budget(**values)


def _number(key: str, text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)([kKmM]i?|)", text.strip())
    value = float(found[1]) * FACTORS[found[2].lower()] if found else 0.0
    if not 1 <= value <= LARGEST:
        raise InputError(f"--budget {key} is {text[:40]!r}, expected a number from 1", hint=HINT)
    return int(value)
