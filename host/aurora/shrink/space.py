"""What a search varies, as Optuna's distributions and back: parameters to a recipe."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from aurora.compress.distill import DistilSpec
from aurora.compress.prune import PruneSpec
from aurora.compress.quantise_spec import CLIPPINGS, QuantSpec
from aurora.compress.student import StudentSpec
from aurora.shrink.features import feature_sets
from aurora.shrink.recipe import Recipe
from aurora.spec.chain import ChainSpec
from aurora.train.teacher import TeacherSpec

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Parameters = dict[str, Any]

#: a third of the default's work: a search trains one for every feature set and turn
SEARCH_TEACHER = TeacherSpec(members=3, epochs=40)
KEEP_ALL = 100


def space(chain: ChainSpec) -> dict[str, BaseDistribution]:
    """Name -> distribution, the same parameters in every trial: a recipe leaves unused what it has no use
    for (the second width of one layer, the temperature without a teacher)."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    return {
        "features": CategoricalDistribution(tuple(feature_sets(chain))),
        "layers": IntDistribution(0, 2),
        "width_0": IntDistribution(4, 64, step=4),
        "width_1": IntDistribution(4, 32, step=4),
        "epochs": IntDistribution(20, 100, step=20),
        "learning_rate": FloatDistribution(1e-3, 1e-2, log=True),
        "l2": FloatDistribution(1e-4, 1e-1, log=True),
        "distil": CategoricalDistribution(("none", "soft", "soft_and_hint")),
        "temperature": FloatDistribution(1.0, 6.0),
        "soft_weight": FloatDistribution(0.3, 0.9),
        "keep_percent": IntDistribution(30, KEEP_ALL, step=10),
        "quant": CategoricalDistribution(("ptq", "qat")),
        "clipping": CategoricalDistribution(CLIPPINGS),
    }


def recipe_of(chain: ChainSpec, parameters: Parameters) -> Recipe:
    """The recipe that ``parameters`` of ``space(chain)`` stand for."""
    widths = (parameters["width_0"], parameters["width_1"])
    hint_weight = 0.1 if parameters["distil"] == "soft_and_hint" and parameters["layers"] else 0.0
    distil = DistilSpec(parameters["temperature"], parameters["soft_weight"], hint_weight)
    pruned = parameters["layers"] > 0 and parameters["keep_percent"] < KEEP_ALL
    return Recipe(
        chain=feature_sets(chain)[parameters["features"]],
        student=StudentSpec(
            hidden=widths[: parameters["layers"]], epochs=parameters["epochs"],
            learning_rate=parameters["learning_rate"], l2=parameters["l2"],
        ),
        quant=QuantSpec(method=parameters["quant"], clipping=parameters["clipping"]),
        distil=None if parameters["distil"] == "none" else distil,
        prune=PruneSpec(keep=parameters["keep_percent"] / 100) if pruned else None,
        teacher=SEARCH_TEACHER,
    )  # fmt: skip


def first_parameters(chain: ChainSpec) -> list[Parameters]:
    """Where every search begins: the defaults, and the smallest of each feature set, so that a tight budget
    is met early or shown to be out of reach."""
    plain: Parameters = {
        "features": next(iter(feature_sets(chain))), "layers": 1, "width_0": 16, "width_1": 16, "epochs": 40,
        "learning_rate": 0.003, "l2": 0.01, "distil": "none", "temperature": 2.0, "soft_weight": 0.5,
        "keep_percent": KEEP_ALL, "quant": "ptq", "clipping": "minmax",
    }  # fmt: skip
    return [plain, *({**plain, "features": name, "layers": 0} for name in feature_sets(chain))]


def space_id(chain: ChainSpec) -> str:
    """SHA-256 of all that turns numbers into recipes here."""
    from optuna.distributions import distribution_to_json

    words = {name: distribution_to_json(one) for name, one in space(chain).items()}
    first = first_parameters(chain)
    recipes = [recipe_of(chain, parameters).to_dict() for parameters in first]
    return hashlib.sha256(json.dumps([words, first, recipes]).encode()).hexdigest()
