"""A run as Markdown that a code host renders: a diagram, a table of the nodes, a section for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from flowbook.events import NodeRetried
from flowbook.reports.contents import NodeReport, RunReport, visible
from flowbook.view.preview import Preview, rows_shown, tree_lines
from flowbook.view.statuses import appearance, colour_of, marked
from flowbook.view.table import frame_of, preview_cells
from flowbook.view.wording import display_words, duration, first_line, moment

TEXT_SHOWN = 5_000
ROWS_SHOWN = 20
DIAGRAM_NODES = 60
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_BLOCK = re.compile(r"^(\d*)([-+=.)])")  # what would begin a list or underline a heading
_ARROWS = {"success": "-->", "failure": "-.->", "always": "==>"}


def render(report: RunReport, drawing: str = "") -> str:
    """The whole report; ``drawing`` is not part of it, since code hosts show no SVG inside Markdown."""
    parts = headline(report)
    if len(report.nodes) <= DIAGRAM_NODES:
        parts.append(_diagram(report))
    if report.inputs:
        parts += ["## Inputs", fenced(_json(report.inputs), "json")]
    parts += ["## Nodes", _overview(report)]
    for node in report.nodes:
        parts += _section(node)
    return "\n\n".join(parts) + "\n"


def headline(report: RunReport) -> list[str]:
    """What stands above all: which run, how it ended, and why."""
    summary = report.summary
    parts = [
        f"# {inline(summary.workflow)}: {marked(summary.status)}",
        f"{duration(summary.seconds)} · {moment(summary.started_at, offset=True)} · run `{summary.id}` · "
        f"{report.standing}",
    ]
    if summary.message:
        parts.append(f"> {inline(first_line(summary.message))}")
    if report.workflow.description:
        parts.append(inline(report.workflow.description))
    return parts


def node_head(node: NodeReport, level: int) -> list[str]:
    """What stands above a node: how it ended, what it runs, and what is said about it."""
    record = node.record
    about = " · ".join((marked(record.status), *map(inline, node.about), duration(node.seconds)))
    parts = [f"{'#' * level} {inline(node.title)}", about]
    if record.message:
        parts.append(inline(record.message))
    if node.node.notes:
        parts.append(f"> {inline(node.node.notes)}")
    return parts


def node_row(node: NodeReport, between: str) -> tuple[str, ...]:
    """A node in the table of all; ``between`` stands between its time and its message."""
    record = node.record
    return f"`{node.id}`", marked(record.status), duration(node.seconds), between, inline(first_line(record.message))


def _overview(report: RunReport) -> str:
    rows = [node_row(node, str(node.record.attempts) if node.record.attempts > 1 else "") for node in report.nodes]
    return table(("Node", "Status", "Time", "Attempts", "Message"), rows)


def _section(node: NodeReport) -> list[str]:
    record = node.record
    parts = node_head(node, 3)
    if node.retries:
        parts += ["Attempts that failed:", "\n".join(_retry(one) for one in node.retries)]
    if record.params:
        parts += ["Inputs:", fenced(_cut(_json(record.params)), "json")]
    parts += _output(node)
    shown = node.shown
    if shown is not None:
        parts += ["Data:", _data(node, shown)]
    return parts


def _retry(retry: NodeRetried) -> str:
    item = "" if retry.item is None else f" of item {retry.item}"
    said = f"attempt {retry.attempt}{item}: {first_line(retry.message)}; waited {duration(retry.wait)}"
    return f"- {inline(said)}"


def _output(node: NodeReport) -> list[str]:
    parts: list[str] = []
    for piece in node.streams():
        if piece.stream == "display" and piece.data:
            parts.append(_display(piece.data, piece.text))
        elif piece.text.strip():
            parts += ["Traceback:" if piece.stream == "traceback" else f"Printed to {piece.stream}:"]
            parts.append(fenced(_cut(piece.text.rstrip(), end=True)))
    return parts


def _display(bundle: Any, text: str) -> str:
    if any(str(kind).startswith("image/") for kind in bundle):
        return "_An image is displayed here; the report as HTML or as a notebook shows it._"
    given = bundle.get("text/html")
    frame = frame_of(given) if isinstance(given, str) else None
    if frame is not None:
        return _cells(*frame)
    if isinstance(bundle.get("text/markdown"), str):
        return fenced(_cut(bundle["text/markdown"]), "markdown")
    return fenced(_cut(display_words(bundle, text)))


def _data(node: NodeReport, shown: Preview) -> str:
    if shown["kind"] == "tree":
        whole = _json(node.record.data)
        if len(whole) <= TEXT_SHOWN:
            return fenced(whole, "json")
    if shown["kind"] == "table":
        rows = preview_cells(shown)
        words = rows_shown({**shown, "rows": rows[:ROWS_SHOWN]})
        return f"{_cells(shown['columns'], rows[:ROWS_SHOWN])}\n\n_{words}_"
    if shown["kind"] == "text":
        return fenced(_cut(shown["text"]))
    return fenced(_cut("\n".join(tree_lines(shown["value"]))))


def _diagram(report: RunReport) -> str:
    """A Mermaid flowchart, which GitHub, GitLab and JupyterLab draw."""
    lines = ["flowchart LR"]
    ids = {node.id: f"n{place}" for place, node in enumerate(report.nodes)}
    for node in report.nodes:
        words = _quoted(f"{appearance(node.record.status).mark} {node.title}")
        lines.append(f'  {ids[node.id]}["{words}"]:::{node.record.status}')
    for edge in report.workflow.edges:
        if edge.source in ids and edge.target in ids:
            said = "when" if edge.when is not None else "" if edge.on == "success" else edge.on
            arrow = _ARROWS[edge.on] + (f"|{said}|" if said else "")
            lines.append(f"  {ids[edge.source]} {arrow} {ids[edge.target]}")
    found = sorted({node.record.status for node in report.nodes})
    lines += [f"  classDef {status} stroke:{colour_of(status)},stroke-width:2px" for status in found]
    return fenced("\n".join(lines), "mermaid")


def _quoted(text: str) -> str:
    """Text inside a Mermaid label, where only these entities end nothing."""
    return "".join(f"#{ord(letter)};" if letter in '"#<>&`[](){}|\\;' else letter for letter in " ".join(text.split()))


def inline(text: object) -> str:
    """Any text as Markdown on one line that shows it as it is."""
    line = _SPECIAL.sub(r"\\\1", " ".join(visible(str(text)).split()))
    return _BLOCK.sub(r"\1\\\2", line)


def fenced(text: str, language: str = "") -> str:
    """``text`` as a code block, with a fence that nothing in it can close."""
    text = visible(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _cells(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return table(map(inline, heads), [[inline(cell) for cell in row] for row in rows])


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already, each on one line; rows that are short are filled up."""
    names = list(heads)
    lines = [_line(names), _line(["---"] * len(names))]
    lines += [_line([*row, *[""] * (len(names) - len(row))][: len(names)]) for row in rows]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _cut(text: str, *, end: bool = False) -> str:
    if len(text) <= TEXT_SHOWN:
        return text
    return "…\n" + text[-TEXT_SHOWN:] if end else text[:TEXT_SHOWN] + "\n…"
