"""The oracle itself: names give the order, bad sizes and models are errors, no arena crashes the process."""

import numpy as np
import pytest
from aurora.compress import tflm
from aurora.compress.binding import bind
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import InputError
from tflite_file import TfliteFile, packed
from tflite_networks import every_kernel, two_heads


def test_outputs_are_ordered_by_name() -> None:
    """The file's order, and that of the operations, do not matter."""
    inputs = np.arange(-60, 60, dtype=np.int8).reshape(10, 12)
    plain, swapped = (TflmInterpreter(two_heads(5, swapped=swapped)) for swapped in (False, True))
    assert [port.name for port in plain.binding.outputs] == ["fails_within_h", "fault_type"]
    outputs = plain.run(inputs)
    assert outputs.shape == (10, 4)
    assert np.array_equal(outputs, swapped.run(inputs))
    assert not np.array_equal(outputs, outputs[:, [1, 2, 3, 0]])


def test_names_that_a_converter_numbers_do_not_count() -> None:
    """A single input is `input`; a single output without a signature is `output`."""
    file = TfliteFile()
    x, y = file.tensor((1, 4), 0.1, name="keras_tensor_44:0"), file.tensor((1, 3), 0.1, name="Identity_7")
    file.dense(np.random.default_rng(1), x, 4, y)
    binding = bind(file.bytes([x], [y]))
    assert (binding.inputs[0].name, binding.outputs[0].name) == ("input", "output")
    named = bind(file.bytes([x], [y], {"fault_type": y}))
    assert named.outputs[0].name == "fault_type"


def test_several_inputs_are_concatenated_by_name() -> None:
    file = TfliteFile()
    b, a = (file.tensor((1, 4), 0.1, name=name) for name in "ba")
    y = file.op("CONCATENATION", [b, a], [file.tensor((1, 8), 0.1)], axis=1)
    row = np.arange(8, dtype=np.int8)[None]
    outputs = TflmInterpreter(file.bytes([b, a], [y])).run(row)
    assert outputs.tolist() == [[4, 5, 6, 7, 0, 1, 2, 3]]


@pytest.mark.parametrize("shape", [(2, 11), (2, 13), (2, 24)], ids=str)
def test_rows_of_another_size_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="the model takes 12"):
        TflmInterpreter(two_heads()).run(np.zeros(shape, np.int8))


def test_no_rows_give_no_rows() -> None:
    assert TflmInterpreter(two_heads()).run(np.zeros((0, 12), np.int8)).shape == (0, 4)


def test_floats_go_in_and_out_as_their_bytes() -> None:
    file = TfliteFile()
    x, y = (file.tensor((1, 4), dtype=np.float32) for _ in "xy")
    file.op("RELU", [x], [y])
    interpreter = TflmInterpreter(file.bytes([x], [y]))
    row = np.array([[-1.5, 0.25, 1e9, -0.0]], np.float32)
    assert interpreter.run(row.view(np.int8)).view(np.float32).tolist() == [[0, 0.25, 1e9, 0]]
    with pytest.raises(InputError, match="the model takes 16"):
        interpreter.run(np.zeros((1, 4), np.int8))
    assert interpreter.run(np.zeros((0, 16), np.int8)).shape == (0, 16)


def test_the_arena_is_found_in_a_subprocess(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes in which TFLite Micro fails, or takes its process down, only lead to the next size."""
    tflite = every_kernel()
    monkeypatch.setattr(tflm, "ARENA_START_BYTES", 64)
    found = tflm.find_arena(tflite)
    assert found > 64
    size = 5 * 7 * 3
    rows = np.zeros((2, size), np.int8)
    expected = TflmInterpreter(tflite, arena_bytes=1 << 20).run(rows)
    assert np.array_equal(TflmInterpreter(tflite, arena_bytes=found).run(rows), expected)


def test_a_model_it_cannot_load_is_an_error() -> None:
    file = TfliteFile()
    x, y = (file.tensor((1, 6), 0.1) for _ in "xy")
    file.op("CUSTOM", [x], [y], customCode=b"magic")
    with pytest.raises(InputError, match="TFLite Micro does not run this model"):
        TflmInterpreter(file.bytes([x], [y]))


def test_a_probe_that_hangs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflm, "PROBE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(tflm, "_PROBE", "import time; time.sleep(60)")
    with pytest.raises(InputError, match="does not finish"):
        tflm.find_arena(two_heads())


@pytest.mark.parametrize(
    "junk", [b"", b"x" * 40, b"\x10\0\0\0TFL3" + b"\xff" * 40], ids=["empty", "x", "offsets"]
)
def test_not_a_model(junk: bytes) -> None:
    with pytest.raises(InputError):
        bind(junk)


def test_too_many_outputs() -> None:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(two_heads(), 0)
    model.subgraphs[0].outputs = [1] * 1000
    with pytest.raises(InputError, match="damaged"):
        bind(packed(model))
