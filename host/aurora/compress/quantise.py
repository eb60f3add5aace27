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
from aurora.spec.chain import features_id, with_normalisation
from aurora.train.loop import Progress
from aurora.train.network import Layer
from aurora.train.rows import stack
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
    (with the teacher, where the students had one). Raises what ``fit_students`` raises.
    """
    norm = students[0].norm
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
    return [int8_model(student, chain, quantise_network(student, ranges, spec.weight_bits))
            for student, ranges in found]  # fmt: skip


def quantise_network(student: Student, ranges: Ranges, weight_bits: int) -> QuantisedNetwork:
    """The student's network on the grids that ``ranges`` gives."""
    grids = {name: grid_of(low, high) for name, (low, high) in ranges.activations.items()}
    entering = start = Grid(np.float32(student.norm.scale), 0)

    def layer(name: str, source: Layer, *, relu: bool) -> QuantisedLayer:
        return quantise_layer(
            source, ranges.reach[name], entering, grids[name], relu=relu, weight_bits=weight_bits
        )

    hidden = []
    for place, source in enumerate(student.network.hidden):
        hidden.append(layer(f"hidden_{place}", source, relu=True))
        entering = hidden[-1].output
    heads = {name: layer(name, source, relu=False) for name, source in student.network.heads.items()}
    return QuantisedNetwork(start, tuple(hidden), heads, weight_bits)


def int8_model(student: Student, chain: bytes, network: QuantisedNetwork) -> Int8Model:
    """The .tflite with the chain whose bytes are its input."""
    norm, tflite = student.norm, tflite_bytes(network)
    heads, (scale, zero_point) = read_quantisation(tflite)
    # float32 as the board holds it: one int8 step of the input in the feature's own unit
    gain = (1.0 / (norm.spread.astype(np.float64) * scale)).astype(np.float32)
    normalised = with_normalisation(chain, norm.center, gain, zero_point)
    return Int8Model(tflite, normalised, features_id(normalised), heads, scale, zero_point)
