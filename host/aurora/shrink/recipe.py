"""A recipe: everything that, with data and a seed, decides a model's bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aurora.compress.distill import DistilSpec
from aurora.compress.prune import PruneSpec
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.student import StudentSpec
from aurora.errors import InputError
from aurora.shrink.plain_data import read_plain, write_plain
from aurora.spec.chain import ChainSpec
from aurora.train.teacher import TeacherSpec


@dataclass(frozen=True)
class Recipe:
    """``chain`` computes the features; ``distil`` and ``prune`` None leave that step out. ``teacher`` is what
    ``distil`` learns from, and what a comparison shows beside the students in any case."""

    chain: ChainSpec
    student: StudentSpec = field(default_factory=StudentSpec)
    quant: QuantSpec = field(default_factory=QuantSpec)
    distil: DistilSpec | None = None
    prune: PruneSpec | None = None
    teacher: TeacherSpec = field(default_factory=TeacherSpec)

    def to_dict(self) -> dict[str, Any]:
        """In JSON's own types."""
        document: dict[str, Any] = write_plain(self)
        return document

    @staticmethod
    def from_dict(document: Any) -> Recipe:
        """The inverse of ``to_dict``; raises InputError on a missing, unknown or ill-typed key."""
        recipe = read_plain(Recipe, document, "recipe")
        if not isinstance(recipe, Recipe):
            raise InputError("is not a recipe")
        return recipe
