"""report.html: the whole report in one file, pictures included, nothing fetched from anywhere."""

from __future__ import annotations

import base64
from html import escape

from aurora.shrink.comparison import Comparison
from aurora.shrink.report_cells import Table
from aurora.shrink.report_pictures import pictures_of
from aurora.shrink.report_tables import tables_of, verdict_lines

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #22303c; max-width: 76em; margin: 2em auto }
h1 { font-size: 1.6em } h2 { font-size: 1.15em; margin-top: 2em }
.verdict { background: #eef3f6; border-left: .3em solid #e07a1f; padding: .6em 1em }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid #d8dee4; padding: .25em .8em .25em 0; text-align: left }
td { white-space: nowrap }
tr.chosen td { font-weight: 600; background: #fdf3ea }
figure { margin: 2em 0 } figcaption { margin-bottom: .4em } img { width: 100%; height: auto }
"""
#: the page may show what it holds and do nothing else, whatever a name in it says
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def report_html(comparison: Comparison) -> str:
    """The page as text; everything that came from data is escaped, pictures are embedded as data."""
    title = f"{comparison.model} {comparison.release}: the arms compared"
    verdicts = "".join(f"<p>{escape(line)}</p>" for line in verdict_lines(comparison))
    limits = "".join(f"<li>{escape(line)}</li>" for line in comparison.limits)
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<div class="verdict">{verdicts}</div>',
        *(_figure(caption, svg) for caption, svg in pictures_of(comparison)),
        *(_section(table, comparison.chosen) for table in tables_of(comparison)),
        f"<h2>Limits</h2><ul>{limits}</ul>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _figure(caption: str, svg: str) -> str:
    # as an image a picture can neither run anything nor share its ids with the next one
    data = base64.b64encode(svg.encode()).decode()
    text = escape(caption)
    return (
        f"<figure><figcaption>{text}</figcaption>"
        f'<img alt="{text}" src="data:image/svg+xml;base64,{data}"></figure>'
    )


def _section(table: Table, chosen: str | None) -> str:
    before = "".join(f"<p>{escape(line)}</p>" for line in table.before)
    if not table.rows:
        return f"<h2>{escape(table.title)}</h2>{before}"
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(_row(row, marked=table.head[0] == "arm" and row[0] == chosen) for row in table.rows)
    return (
        f"<h2>{escape(table.title)}</h2>{before}"
        f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'
    )


def _row(cells: tuple[str, ...], *, marked: bool) -> str:
    opening = '<tr class="chosen">' if marked else "<tr>"
    return opening + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
