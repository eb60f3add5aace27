"""The bench's rows as Markdown and as a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aurora.verify.bench import Bench

HEAD = ("model", "core", "instructions", "fewer than peer", "weighted cycles", "code B", "constants B",
        "RAM B", "RAM of peer", "exact")  # fmt: skip


def markdown(result: Bench) -> str:
    """One table of all rows, then what was refused and why."""
    lines = [_line(HEAD), _line(["---"] * 2 + ["---:"] * (len(HEAD) - 2))]
    lines += [table_row(row) for row in result.rows]
    if result.no_peers:
        lines += ["", f"No peers: {result.no_peers}."]
    if result.refused:
        lines += ["", "Refused:", ""]
        lines += [f"- {row['model']} on {row['board']}: {row['reason']}" for row in result.refused]
    return "\n".join(lines) + "\n"


def table_row(row: dict[str, Any]) -> str:
    """One row of the table."""
    ram = f"{row['ram_bytes'] / row['peer_ram_bytes']:.2f}" if row["peer_ram_bytes"] else "-"
    numbers = [f"{row[name]:,}" for name in ("weighted_cycles", "code_bytes", "constants_bytes", "ram_bytes")]
    exact = f"{row['exact']}/{row['inputs']}"
    return _line([row["model"], row["core"], f"{row['instructions']:,}", _fewer(row), *numbers, ram, exact])


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def picture(result: Bench) -> bytes:
    """A PNG: instructions as a share of the peer's, by model and core."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in result.rows if row["ratio"]]
    models = list(dict.fromkeys(row["model"] for row in rows))
    cores = list(dict.fromkeys(row["core"] for row in rows))
    figure, axes = pyplot.subplots(figsize=(9, 4.5))
    width = 0.8 / len(cores)
    for place, core in enumerate(cores):
        shares = {row["model"]: row["ratio"] for row in rows if row["core"] == core}
        at = [i + (place - (len(cores) - 1) / 2) * width for i in range(len(models))]
        axes.bar(at, [shares.get(model, 0) for model in models], width, label=core)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(models)), models, rotation=20, ha="right", fontsize=8)
    axes.set_ylabel("instructions, share of TFLite Micro with CMSIS-NN")
    axes.legend(fontsize=8)
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    return buffer.getvalue()


README_MARKS = ("<!-- engine: tests/bench/engine.py --readme -->", "<!-- /engine -->")
README_BOARDS = ("mps2_an386", "mps3_an547")
README_MODELS = ("vib_a", "vib_b", "vib_c", "vib_ae", "mlperf_kws_dscnn_int8", "mlperf_ad01_int8",
                 "mlperf_ic_resnet8_int8", "mlperf_vww96_int8")  # fmt: skip
README_HEAD = ("model", "Cortex-M4F instructions", "fewer than peer", "weighted cycles", "code", "RAM",
               "Cortex-M55 instructions", "fewer than peer")  # fmt: skip


def readme_table(rows: list[dict[str, Any]]) -> str:
    """The README's table, between its marks: a row for each of README_MODELS that has been measured."""
    found = {(row["model"], row["board"]): row for row in rows}
    lines = [_line(README_HEAD), _line(["---"] + ["---:"] * (len(README_HEAD) - 1))]
    for model in README_MODELS:
        m4, m55 = (found.get((model, board)) for board in README_BOARDS)
        if m4 is not None and m55 is not None:
            lines.append(readme_row(m4, m55))
    return "\n".join([README_MARKS[0], *lines, README_MARKS[1]])


def readme_row(m4: dict[str, Any], m55: dict[str, Any]) -> str:
    """One model on the two boards; only what is exact on every input may stand there."""
    if not all(row["exact"] == row["inputs"] for row in (m4, m55)):
        raise ValueError(f"{m4['model']} is not exact: nothing to be shown")
    sizes = [f"{m4[name]:,} B" for name in ("code_bytes", "ram_bytes")]
    return _line([m4["model"], f"{m4['instructions']:,}", _fewer(m4), f"{m4['weighted_cycles']:,}", *sizes,
                  f"{m55['instructions']:,}", _fewer(m55)])  # fmt: skip


def _fewer(row: dict[str, Any]) -> str:
    return f"{1 / row['ratio']:.2f}x" if row["ratio"] else "-"
