"""How a student becomes int8: the choices that a search varies."""

from __future__ import annotations

from dataclasses import dataclass

from aurora.errors import InputError

METHODS = ("ptq", "qat")
CLIPPINGS = ("minmax", "percentile", "mse")
WEIGHT_BITS = (8, 4)


@dataclass(frozen=True)
class QuantSpec:
    """``method``: "ptq" takes ranges from the float network, "qat" trains network and ranges on with fake
    quantisation for ``qat_epochs`` (Jacob et al. 2018). ``clipping`` sets activation ranges (of "qat": those
    it starts from). ``weight_bits`` 4 needs an engine that runs int4 weights."""

    method: str = "ptq"
    clipping: str = "minmax"
    weight_bits: int = 8
    qat_epochs: int = 10
    qat_learning_rate: float = 0.0005

    def __post_init__(self) -> None:
        known = {"method": METHODS, "clipping": CLIPPINGS, "weight_bits": WEIGHT_BITS}
        for name, allowed in known.items():
            value = getattr(self, name)
            if value not in allowed:
                raise InputError(
                    f"quantise {name} is {value!r}", hint=f"one of {', '.join(map(str, allowed))}"
                )
        if self.qat_epochs < 1 or not self.qat_learning_rate > 0:
            raise InputError("quantise qat_epochs and qat_learning_rate must be above zero")
