"""A float student to the int8 model of a release, with ranges of our own choice or trained along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aurora.compress.clipping import Ranges, find_ranges
from aurora.compress.distill import DistilSpec, TeacherSignal
from aurora.compress.int8 import Int8Model, coverage_rows, read_quantisation
from aurora.compress.qat import train_quantised
from aurora.compress.quantise_file import tflite_bytes
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.quantised_net import Grid, QuantisedLayer, QuantisedNetwork, grid_of, quantise_layer
from aurora.compress.student import Student
from aurora.compress.student_rows import gather_rows
from aurora.errors import InputError
from aurora.spec.chain import features_id, with_normalisation
from aurora.train.loop import Progress
from aurora.train.network import Layer, Network
from aurora.train.rows import Normalisation, stack
from aurora.train.table import UnitTable


def quantise_student(
    student: Student,
    chain: bytes,
    tables: Sequence[UnitTable],
    spec: QuantSpec,
    seed: int,
    *,
    teacher: TeacherSignal | None = None,
    distil: DistilSpec | None = None,
    unlabelled: Sequence[UnitTable] = (),
    progress: Progress | None = None,
) -> Int8Model:
    """One student; see ``quantise_students``."""
    return quantise_students(
        [student], chain, tables, spec, [seed], teacher=teacher, distil=distil, unlabelled=unlabelled,
        progress=progress,
    )[0]  # fmt: skip


def quantise_students(
    students: Sequence[Student],
    chain: bytes,
    tables: Sequence[UnitTable],
    spec: QuantSpec,
    seeds: Sequence[int],
    *,
    teacher: TeacherSignal | None = None,
    distil: DistilSpec | None = None,
    unlabelled: Sequence[UnitTable] = (),
    progress: Progress | None = None,
) -> list[Int8Model]:
    """Students of one shape and normalisation as int8 models.

    ``chain`` is the one before normalisation; ``tables`` are the training units. Of their rows those that
    cover each logit's range (``coverage_rows``) set the ranges; with method "qat" training goes on from there
    (with the teacher, where the students had one). Raises what ``fit_students`` raises, and InputError where
    students of several shapes or inputs are to be trained on together.
    """
    norm = students[0].norm
    _refuse_unlike(students, spec)
    x = stack(tables, norm)
    found = []
    for student in students:
        rows = coverage_rows(x, student.network, norm)
        found.append((student, find_ranges(student.network, rows, spec.clipping, spec.weight_bits)))
    if spec.method == "qat":
        sizes = {name: len(head.bias) for name, head in students[0].network.heads.items()}
        seen = gather_rows(tables, sizes, norm, teacher, unlabelled)
        ranges = [pair[1] for pair in found]
        found = train_quantised(students, ranges, seen, spec, seeds, distil, progress)
    grid = Grid(np.float32(norm.scale), 0)
    made = [quantise_network(student.network, grid, ranges, spec.weight_bits) for student, ranges in found]
    return [int8_model(norm, chain, network) for network in made]


def _refuse_unlike(students: Sequence[Student], spec: QuantSpec) -> None:
    first = students[0]
    shapes = {tuple(len(layer.bias) for layer in student.network.hidden) for student in students}
    inputs = all(
        np.array_equal(student.norm.center, first.norm.center)
        and np.array_equal(student.norm.spread, first.norm.spread)
        and student.norm.clamp_sigma == first.norm.clamp_sigma
        for student in students
    )
    if not inputs or (spec.method == "qat" and len(shapes) > 1):
        raise InputError("students of several shapes or inputs", hint="quantise them one by one")


def quantise_network(network: Network, start: Grid, ranges: Ranges, weight_bits: int) -> QuantisedNetwork:
    """``network`` on the grids that ``ranges`` gives; ``start`` is the input's."""
    grids = {name: grid_of(low, high) for name, (low, high) in ranges.activations.items()}
    entering = start

    def layer(name: str, source: Layer, *, relu: bool) -> QuantisedLayer:
        return quantise_layer(
            source, ranges.reach[name], entering, grids[name], relu=relu, weight_bits=weight_bits
        )

    hidden = []
    for place, source in enumerate(network.hidden):
        hidden.append(layer(f"hidden_{place}", source, relu=True))
        entering = hidden[-1].output
    heads = {name: layer(name, source, relu=False) for name, source in network.heads.items()}
    return QuantisedNetwork(start, tuple(hidden), heads, weight_bits)


def int8_model(norm: Normalisation, chain: bytes, network: QuantisedNetwork) -> Int8Model:
    """The .tflite with the chain whose bytes are its input."""
    tflite = tflite_bytes(network)
    heads, (scale, zero_point) = read_quantisation(tflite)
    # float32 as the board holds it: one int8 step of the input in the feature's own unit
    gain = (1.0 / (norm.spread.astype(np.float64) * scale)).astype(np.float32)
    normalised = with_normalisation(chain, norm.center, gain, zero_point)
    return Int8Model(tflite, normalised, features_id(normalised), heads, scale, zero_point)


def sketch_tflite(network: Network) -> bytes:
    """A .tflite of this network's shapes, for what a board would pay: its ranges are made up."""
    names = [f"hidden_{place}" for place in range(len(network.hidden))] + list(network.heads)
    layers = [*network.hidden, *network.heads.values()]
    reach = {name: np.ones(len(layer.bias), np.float32) for name, layer in zip(names, layers, strict=True)}
    ranges = Ranges({name: (-8.0 if name in network.heads else 0.0, 8.0) for name in names}, reach)
    return tflite_bytes(quantise_network(network, Grid(np.float32(1 / 32), 0), ranges, 8))
