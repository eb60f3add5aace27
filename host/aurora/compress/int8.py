"""The int8 model: conversion, and the chain whose int8 features are exactly the network's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.binding import FLATBUFFER_ERRORS, bind
from aurora.compress.convert import convert
from aurora.errors import InputError
from aurora.features import quantize
from aurora.spec.chain import features_id, with_normalisation
from aurora.train.fit import TrainedModel
from aurora.train.network import Network
from aurora.train.rows import Normalisation, stack
from aurora.train.table import UnitTable

REPRESENTATIVE_ROWS = 3000


@dataclass(frozen=True)
class Head:
    """One output of the model within the concatenated output block; real = (int8 - zero_point) * scale."""

    name: str
    offset: int
    count: int
    scale: float
    zero_point: int

    def of(self, outputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """This head's part [w, count] of output blocks [w, bytes]."""
        return outputs[:, self.offset : self.offset + self.count]

    def quantised(self, logits: NDArray[np.float32]) -> NDArray[np.int8]:
        """Float logits as this head would put them out."""
        steps = np.clip(np.round(logits / self.scale) + self.zero_point, -128, 127)
        return np.asarray(steps, np.int8)


@dataclass(frozen=True)
class Int8Model:
    """``chain`` is normalised: features_normalise of it gives the bytes of the network's input."""

    tflite: bytes
    chain: bytes
    features_id: bytes
    heads: tuple[Head, ...]
    input_scale: float
    input_zero_point: int

    def head(self, name: str) -> Head | None:
        return next((head for head in self.heads if head.name == name), None)

    def inputs(self, table: UnitTable) -> NDArray[np.int8]:
        """[w, F]: the network's input for every window of a unit, by the C library."""
        inputs: NDArray[np.int8] = quantize(self.chain, table.features, table.calibration)
        return inputs


def quantise_model(trained: TrainedModel) -> Int8Model:
    """Post-training quantisation of the float network, with the training units as representative set."""
    norm = trained.norm
    representative = representative_rows(trained)
    tflite = convert(trained.network, representative)
    heads, (scale, zero_point) = read_quantisation(tflite)
    # float32 as the board holds it: one int8 step of the input in the feature's own unit
    gain = (1.0 / (norm.spread.astype(np.float64) * scale)).astype(np.float32)
    chain = with_normalisation(trained.chain, norm.center, gain, zero_point)
    return Int8Model(tflite, chain, features_id(chain), heads, scale, zero_point)


def representative_rows(trained: TrainedModel) -> NDArray[np.float32]:
    """``coverage_rows`` of the training units."""
    tables = [trained.tables[unit_id] for unit_id in trained.split.train]
    return coverage_rows(stack(tables, trained.norm), trained.network, trained.norm)


def coverage_rows(x: NDArray[np.float32], network: Network, norm: Normalisation) -> NDArray[np.float32]:
    """Of ``x`` [rows, F] some spread evenly, those with the extreme logits, and both ends of the input."""
    even = np.unique(np.linspace(0, len(x) - 1, min(len(x), REPRESENTATIVE_ROWS)).astype(int))
    logits = np.concatenate(list(network(x).values()), axis=1)
    chosen = np.unique(np.concatenate([even, logits.argmin(axis=0), logits.argmax(axis=0)]))
    rows = x[chosen]
    # one value at each end fixes the input's scale to norm.scale without stretching any layer's range: they
    # replace the values that are nearest to the ends already
    low, high = np.unravel_index(rows.argmin(), rows.shape), np.unravel_index(rows.argmax(), rows.shape)
    rows[low], rows[high] = -norm.clamp_sigma, norm.clamp_sigma - norm.scale
    return np.asarray(rows, np.float32)


def read_quantisation(tflite: bytes) -> tuple[tuple[Head, ...], tuple[float, int]]:
    """Heads in the order of their names, and (scale, zero point) of the one input.

    Raises InputError where the model is not full int8 with one input.
    """
    from ai_edge_litert import schema_py_generated as schema

    binding = bind(tflite)
    if len(binding.inputs) != 1:
        raise InputError(
            f"the model has {len(binding.inputs)} inputs", hint="it must take the feature vector"
        )
    try:
        graph = schema.Model.GetRootAs(tflite, 0).Subgraphs(0)
        heads, offset = [], 0
        for port in binding.outputs:
            scale, zero_point = _per_tensor(graph.Tensors(port.tensor), schema)
            count = int(np.prod(port.shape))
            heads.append(Head(port.name, offset, count, scale, zero_point))
            offset += count
        return tuple(heads), _per_tensor(graph.Tensors(binding.inputs[0].tensor), schema)
    except FLATBUFFER_ERRORS as error:
        raise InputError("damaged TFLite model: its quantisation cannot be read") from error


def _per_tensor(tensor: Any, schema: Any) -> tuple[float, int]:
    quantisation = tensor.Quantization()
    if tensor.Type() != schema.TensorType.INT8 or quantisation is None or quantisation.ScaleLength() != 1:
        raise InputError(f"{tensor.Name().decode()} is not quantised to int8", hint="convert to full int8")
    return float(quantisation.Scale(0)), int(quantisation.ZeroPoint(0))
