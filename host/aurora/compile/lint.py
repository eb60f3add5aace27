"""Lint: what in a graph wastes the device, and what to write in Keras instead. Nothing here refuses a model.

Each rule is a function from the graph as it was read, and the steps it became, to findings; a new rule joins
RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from aurora.compile.ir import Graph, KernelCall, Operation, Tensor
from aurora.compile.operands import MAX_NUMBERS
from aurora.compile.variant import Variant

PLAIN_STEPS = ("nn_copy", "nn_lookup", "nn_quantize", "nn_dequantize", "nn_strided_copy")
SHARE_SHOWN = 0.02  # of the multiply-accumulates; below, a step on portable code is not worth a word
MACS_SHOWN, ELEMENTS_SHOWN = 1000, 512
SCORES = 32
NAME_SHOWN = 60
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")
FUSES = (*CONVOLUTIONS, "FULLY_CONNECTED", "ADD", "SUB", "MUL")


@dataclass(frozen=True)
class Finding:
    """``op`` and ``tensor`` say where, ``reason`` what it costs, ``instead`` what to write."""

    rule: str
    op: str
    tensor: str
    reason: str
    instead: str

    def line(self) -> str:
        name = self.tensor if len(self.tensor) <= NAME_SHOWN else f"{self.tensor[:NAME_SHOWN]}..."
        where = f"{self.op} ({name})" if name else self.op
        return f"{where}: {self.reason}; {self.instead}"

    def record(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Subject:
    """``graph`` is as the file has it; ``calls`` are the steps of the program."""

    graph: Graph
    calls: Sequence[KernelCall]
    variant: Variant

    def producer(self, tensor: Tensor) -> Operation | None:
        return next((op for op in self.graph.operations if tensor.index in op.outputs), None)

    def readers(self, tensor: Tensor) -> list[Operation]:
        return [op for op in self.graph.operations if tensor.index in op.inputs]

    def is_output(self, tensor: Tensor) -> bool:
        return any(port.tensor == tensor.index for port in self.graph.outputs)


def lint(graph: Graph, calls: Sequence[KernelCall], variant: Variant) -> tuple[Finding, ...]:
    """Findings in the order of RULES, then of the file."""
    subject = Subject(graph, calls, variant)
    return tuple(finding for rule in RULES for finding in rule(subject))


def _finding(rule: str, op: Operation, tensor: Tensor, reason: str, instead: str) -> Finding:
    return Finding(rule, op.kind, tensor.name, reason, instead)


def dynamic_batch(subject: Subject) -> Iterator[Finding]:
    for op in subject.graph.operations:
        if op.kind == "SHAPE":
            yield _finding(
                "dynamic_batch", op, subject.graph.result(op),
                "the batch is dynamic: the model works out shapes that never change",
                "export with keras.InputSpec(shape=(1, ...)) in model.export's input_signature",
            )  # fmt: skip
            return


def mean_for_pooling(subject: Subject) -> Iterator[Finding]:
    for op in subject.graph.operations:
        if op.kind != "MEAN":
            continue
        x, axes = subject.graph.activation(op), subject.graph.operand(op, 1)
        if axes is None or axes.data is None or axes.elements > MAX_NUMBERS or len(x.shape) not in (3, 4):
            continue
        averaged = sorted(int(axis) % len(x.shape) for axis in axes.data.reshape(-1))
        if averaged == list(range(1, len(x.shape) - 1)):
            pool = (
                f"AveragePooling2D({x.shape[1:3]})" if len(x.shape) == 4 else "AveragePooling2D at height 1"
            )
            yield _finding(
                "mean_for_pooling", op, subject.graph.result(op),
                "a global mean rescales every channel and has no fast kernel, where a pool would do",
                f"write {pool} and Reshape instead of GlobalAveragePooling",
            )  # fmt: skip


def portable_code(subject: Subject) -> Iterator[Finding]:
    """Steps that a variant with kernels of its own leaves to plain C, once per kind."""
    if not subject.variant.package:
        return
    total = max(sum(call.macs for call in subject.calls), 1)
    seen: set[str] = set()
    for call in subject.calls:
        kind = call.summary.split(" ")[0]
        own = "/" in call.header or call.function in PLAIN_STEPS or not call.outputs
        out = subject.graph.tensors[call.outputs[0]] if call.outputs else None
        if own or out is None or kind in seen:
            continue
        if call.macs > max(SHARE_SHOWN * total, MACS_SHOWN) or (
            not call.macs and out.elements > ELEMENTS_SHOWN
        ):
            seen.add(kind)
            share = f"{100 * call.macs / total:.0f} % of the MACs" if call.macs else f"{out.elements} values"
            yield Finding(
                "portable_code", kind, out.name,
                f"{share} on portable C, which the {subject.variant.name} kernels do not take over",
                FASTER.get(kind, "prefer Conv2D, DepthwiseConv2D, Dense, pooling and Add"),
            )  # fmt: skip


FASTER = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "strided Conv2D layers of height 1 see as far at a fraction of the cost",
    "TRANSPOSE_CONV": "repeat with UpSampling2D and convolve after it",
    "SVDF": "strided Conv2D layers of height 1 do the same work",
    "MEAN": "write AveragePooling2D and Reshape",
    "CONV_2D": "use a stride of 1 or 2 and no dilation",
    "DEPTHWISE_CONV_2D": "use a stride of 1 or 2, no dilation and a depth multiplier of 1",
}


def conv1d_round_trip(subject: Subject) -> Iterator[Finding]:
    """EXPAND_DIMS or RESHAPE around a convolution of height 1: what Keras makes of Conv1D."""
    for op in subject.graph.operations:
        if op.kind not in CONVOLUTIONS:
            continue
        x, out = subject.graph.activation(op), subject.graph.result(op)
        before = subject.producer(x)
        after = [reader.kind for reader in subject.readers(out)]
        if before is None or before.kind not in ("EXPAND_DIMS", "RESHAPE") or 1 not in x.shape[1:3]:
            continue
        if any(kind in ("SQUEEZE", "RESHAPE") for kind in after):
            yield _finding(
                "conv1d_round_trip", op, out,
                "Conv1D, wrapped in reshapes that keep its neighbours from being fused with it",
                "write Conv2D of height 1, and MaxPooling2D((1, n)) for MaxPooling1D, from the Input on",
            )  # fmt: skip
            return


def needless_softmax(subject: Subject) -> Iterator[Finding]:
    for op in subject.graph.operations:
        if op.kind not in ("SOFTMAX", "LOGISTIC"):
            continue
        out = subject.graph.result(op)
        feeds = {reader.kind for reader in subject.readers(out)}
        if op.kind == "LOGISTIC" and out.elements > SCORES:
            continue  # more likely a picture or a reconstruction than scores
        if subject.is_output(out) or feeds == {"DEQUANTIZE"}:
            layer = "softmax" if op.kind == "SOFTMAX" else "sigmoid"
            yield _finding(
                "needless_softmax", op, out,
                f"the last {layer} changes no decision: the largest logit is the largest score",
                "leave it out, train with from_logits=True and set thresholds on logits",
            )  # fmt: skip


def float_edges(subject: Subject) -> Iterator[Finding]:
    for op in subject.graph.operations:
        x, out = subject.graph.activation(op), subject.graph.result(op)
        if (op.kind == "QUANTIZE" and x.dtype == "float32") or (
            op.kind == "DEQUANTIZE" and out.dtype == "float32"
        ):
            tensor = x if op.kind == "QUANTIZE" else out
            yield _finding(
                "float_edges", op, tensor,
                f"{tensor.elements} floats at the edge: 4 bytes each, and a conversion for each value",
                "convert with inference_input_type and inference_output_type = tf.int8",
            )  # fmt: skip


def separate_activation(subject: Subject) -> Iterator[Finding]:
    for op in subject.graph.operations:
        if op.kind not in ACTIVATIONS:
            continue
        before = subject.producer(subject.graph.activation(op))
        if (
            before is not None
            and before.kind in FUSES
            and len(subject.readers(subject.graph.activation(op))) == 1
        ):
            yield _finding(
                "separate_activation", op, subject.graph.result(op),
                f"a pass of its own over {subject.graph.result(op).elements} values after {before.kind}",
                "let the converter fuse it: activation='relu' in the layer itself",
            )  # fmt: skip


RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    dynamic_batch,
    mean_for_pooling,
    portable_code,
    conv1d_round_trip,
    needless_softmax,
    float_edges,
    separate_activation,
)
