"""Quantised students: the fake quantisation trains exactly what TFLite Micro computes, int4 included."""

from dataclasses import replace

import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.compress.clipping import Ranges, find_ranges
from aurora.compress.convert import convert
from aurora.compress.distill import DistilSpec
from aurora.compress.fake_quant import fake_activation, fake_layer
from aurora.compress.int8 import Int8Model, coverage_rows
from aurora.compress.qat import QuantisedForward, stack_ranges, train_quantised
from aurora.compress.quantise import int8_model, quantise_network, quantise_student, quantise_students
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.quantised_net import BIAS_MOST, Grid, grid_of, quantise_layer
from aurora.compress.student import Student, StudentSpec, fit_students
from aurora.compress.student_rows import gather_rows
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import InputError
from aurora.train.loop_nets import stack_networks, tensorflow
from aurora.train.metrics import FAILS_HEAD
from aurora.train.network import Layer, Network
from aurora.train.rows import stack
from student_samples import CHAIN, FEATURES, HEADS, teacher_of, unit, units

SPEC = StudentSpec(hidden=(12, 8), epochs=60, batch=64, l2=1e-4)
SEEDS = [1, 2]


@pytest.fixture(scope="module")
def students() -> list[Student]:
    return fit_students(units(), HEADS, SPEC, SEEDS)


def as_trained(pairs: list[tuple[Student, Ranges]], weight_bits: int, x: np.ndarray) -> dict[str, np.ndarray]:
    """The logits [seeds, rows, outputs] that quantisation-aware training sees."""
    tf, heads = tensorflow(), list(HEADS)
    first = pairs[0][0]
    stacked = stack_networks([s.network for s, _ in pairs]) | stack_ranges([r for _, r in pairs], heads)
    forward = QuantisedForward(first.norm.scale, len(first.network.hidden), heads, weight_bits)
    weights = {name: tf.constant(array) for name, array in stacked.items()}
    return {
        name: z.numpy() for name, z in forward(weights, tf.constant(np.stack([x] * len(pairs))))[1].items()
    }


@pytest.mark.parametrize("bits, most_apart, equal", [(8, 1, 0.95), (4, 2, 0.65)], ids=["int8", "int4"])
def test_training_sees_what_tflm_computes(
    students: list[Student], bits: int, most_apart: int, equal: float
) -> None:
    spec, norm = QuantSpec("qat", "minmax", bits, qat_epochs=6), students[0].norm
    x = stack(units(), norm)
    ranges = [find_ranges(student.network, x, "minmax", bits) for student in students]
    pairs = train_quantised(students, ranges, gather_rows(units(), HEADS, norm), spec, SEEDS)
    seen = as_trained(pairs, bits, x)
    for place, (student, trained) in enumerate(pairs):
        grid = Grid(np.float32(norm.scale), 0)
        model = int8_model(norm, CHAIN, quantise_network(student.network, grid, trained, bits))
        inputs = np.concatenate([model.inputs(each) for each in units()])
        outputs = TflmInterpreter(model.tflite).run(inputs)
        for head in model.heads:
            apart = np.abs(head.quantised(seen[head.name][place]).astype(int) - head.of(outputs))
            assert apart.max() <= most_apart, head.name
            assert (apart == 0).mean() >= equal, head.name


def test_training_moves_weights_and_ranges(students: list[Student]) -> None:
    spec, norm = QuantSpec("qat", qat_epochs=6), students[0].norm
    x = stack(units(), norm)
    ranges = [find_ranges(student.network, x, "percentile") for student in students]
    pairs = train_quantised(students, ranges, gather_rows(units(), HEADS, norm), spec, SEEDS)
    for (student, trained), start, before in zip(pairs, ranges, students, strict=True):
        assert not np.array_equal(student.network.hidden[0].weights, before.network.hidden[0].weights)
        assert trained.activations["hidden_0"] != start.activations["hidden_0"]
        assert trained.activations["hidden_0"][0] == 0.0
        assert not np.array_equal(trained.reach["hidden_0"], start.reach["hidden_0"])


@pytest.mark.parametrize("bits", [8, 4], ids=["int8", "int4"])
@pytest.mark.parametrize("clipping", ["minmax", "percentile", "mse"])
def test_engine_runs_what_is_written(students: list[Student], clipping: str, bits: int) -> None:
    """Compiles for every core, and TFLite Micro's logits are those of the float network to some steps."""
    model = quantise_student(students[0], CHAIN, units(), QuantSpec("ptq", clipping, bits), 1)
    for core in ("host", "cortex-m4f", "cortex-m55f"):
        assert compile_model(model.tflite, core).report["macs"] == 12 * (8 + FEATURES) + 8 * 4
    assert [head.name for head in model.heads] == sorted(HEADS)
    inputs = model.inputs(unit(90))
    outputs = TflmInterpreter(model.tflite).run(inputs)
    for head in model.heads:
        logits = students[0].logits(unit(90))[head.name]
        spread = np.abs((head.of(outputs).astype(float) - head.zero_point) * head.scale - logits).mean()
        assert spread < (0.12 if bits == 8 else 0.8) * logits.std()


def test_minmax_is_the_converters_own(students: list[Student]) -> None:
    """The same ranges, weights and biases as TFLite's converter gives for the same rows."""
    norm, network = students[0].norm, students[0].network
    rows = coverage_rows(stack(units(), norm), network, norm)
    ours = quantise_student(students[0], CHAIN, units(), QuantSpec(), 1)
    theirs = convert(network, rows)
    inputs = np.concatenate([ours.inputs(each) for each in units()])
    apart = TflmInterpreter(theirs).run(inputs).astype(int) - TflmInterpreter(ours.tflite).run(inputs)
    assert np.abs(apart).max() <= 1 and (apart == 0).mean() > 0.97


def test_same_student_same_bytes_and_qat_repeats(students: list[Student]) -> None:
    for spec in (QuantSpec(), QuantSpec("qat", qat_epochs=2)):
        one, other = (quantise_students(students, CHAIN, units(), spec, SEEDS) for _ in range(2))
        assert [model.tflite for model in one] == [model.tflite for model in other]


def test_students_that_differ_are_not_trained_on_together(students: list[Student]) -> None:
    narrow = fit_students(units(), HEADS, replace(SPEC, hidden=(5,), epochs=1), [1])
    others = fit_students(units(3), HEADS, replace(SPEC, epochs=1), [1])
    for pair, spec in (([students[0], *narrow], QuantSpec("qat")), ([students[0], *others], QuantSpec())):
        with pytest.raises(InputError, match="one by one"):
            quantise_students(pair, CHAIN, units(), spec, SEEDS)
    assert len(quantise_students([students[0], *narrow], CHAIN, units(), QuantSpec(), SEEDS)) == 2


def test_qat_takes_a_teacher(students: list[Student]) -> None:
    spec, tables = QuantSpec("qat", qat_epochs=2), units()
    plain, taught = (
        quantise_student(students[0], CHAIN, tables, spec, 1, **extra)
        for extra in ({}, {"teacher": teacher_of(tables), "distil": DistilSpec(2.0, 0.5, 0.1)})
    )
    assert plain.tflite != taught.tflite


def test_clipping_narrows_what_a_rare_value_stretches() -> None:
    rng = np.random.default_rng(0)
    network = Network((Layer(np.eye(4, dtype=np.float32), np.zeros(4, np.float32)),),
                      {FAILS_HEAD: Layer(np.ones((4, 1), np.float32), np.zeros(1, np.float32))})  # fmt: skip
    rows = rng.normal(0, 1, (4000, 4)).astype(np.float32)
    rows[7, 2] = 40.0
    found = {each: find_ranges(network, rows, each).activations for each in ("minmax", "percentile", "mse")}
    tops = {each: activations["hidden_0"][1] for each, activations in found.items()}
    assert tops["minmax"] == 40.0 and tops["percentile"] < 5 and tops["mse"] < 40.0
    heads = {activations[FAILS_HEAD] for activations in found.values()}
    assert len(heads) == 1  # the alarm's ranking is never clipped


def test_mse_reach_has_the_smaller_error_at_four_bits() -> None:
    weights = np.random.default_rng(1).standard_t(3, (64, 5)).astype(np.float32)
    network = Network((), {FAILS_HEAD: Layer(weights, np.zeros(5, np.float32))})
    rows = np.zeros((3, 64), np.float32)
    errors = []
    for clipping in ("minmax", "mse"):
        reach = find_ranges(network, rows, clipping, 4).reach[FAILS_HEAD]
        layer = quantise_layer(
            network.heads[FAILS_HEAD],
            reach,
            Grid(np.float32(1), 0),
            grid_of(-1, 1),
            relu=False,
            weight_bits=4,
        )
        errors.append(((layer.weights.T * layer.scales - weights) ** 2).sum(axis=0))
        assert np.abs(layer.weights).max() <= 7
    assert (errors[1] <= errors[0]).all() and errors[1].sum() < 0.9 * errors[0].sum()


def test_a_large_bias_on_small_weights_still_fits_32_bits() -> None:
    layer = Layer(np.full((3, 2), 1e-9, np.float32), np.array([50.0, 0.0], np.float32))
    made = quantise_layer(
        layer,
        np.full(2, 1e-9, np.float32),
        Grid(np.float32(0.01), 0),
        grid_of(-1, 60),
        relu=False,
        weight_bits=8,
    )
    assert np.abs(made.bias).max() <= BIAS_MOST
    assert made.bias[0] * made.scales[0] * 0.01 == pytest.approx(50.0, rel=1e-6)


@pytest.mark.parametrize("ends", [(-1.0, 3.0), (0.0, 5.0), (-4.0, 0.0), (2.0, 3.0), (0.0, 0.0)], ids=str)
def test_grid_holds_zero_and_both_ends(ends: tuple[float, float]) -> None:
    grid = grid_of(*ends)
    assert -128 <= grid.zero_point <= 127
    values = np.array([min(ends[0], 0), 0.0, max(ends[1], 0)], np.float32)
    assert np.abs(grid.real(grid.steps(values)) - values).max() <= grid.scale * 0.5001 + 1e-7
    assert grid.real(grid.steps(values))[1] == 0


def test_gradients_pass_rounding_and_reach_the_ends_that_clip() -> None:
    tf = tensorflow()
    x, low, high = (tf.constant(value) for value in ([-3.0, -0.51, 0.2, 5.0], [-1.0], [2.0]))
    with tf.GradientTape() as tape:
        tape.watch([x, low, high])
        total = tf.reduce_sum(fake_activation(x, low, high)[0])
    by_x, by_low, by_high = tape.gradient(total, [x, low, high])
    assert by_x.numpy().tolist() == [0, 1, 1, 0] and by_low.numpy() == [1] and by_high.numpy() == [1]

    weights, reach = tf.constant([[0.5], [-2.0]]), tf.constant([[1.0]])
    with tf.GradientTape() as tape:
        tape.watch([weights, reach])
        total = tf.reduce_sum(fake_layer(weights, tf.constant([[0.1]]), reach, tf.constant(0.01), 127)[0])
    by_weights, by_reach = tape.gradient(total, [weights, reach])
    assert by_weights.numpy().tolist() == [[1], [0]] and by_reach.numpy() == [[-1]]


@pytest.mark.parametrize(
    "bad", [{"method": "float"}, {"clipping": "none"}, {"weight_bits": 2}, {"qat_epochs": 0}], ids=str
)
def test_impossible_quantisation_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        QuantSpec(**bad)


def test_model_is_full_int8_with_the_chains_input(students: list[Student]) -> None:
    model: Int8Model = quantise_student(students[0], CHAIN, units(), QuantSpec(), 1)
    assert (model.input_scale, model.input_zero_point) == (students[0].norm.scale, 0)
    wider = replace(students[0], norm=replace(students[0].norm, clamp_sigma=6.0))
    assert quantise_student(wider, CHAIN, units(), QuantSpec(), 1).input_scale == pytest.approx(6 / 128)
