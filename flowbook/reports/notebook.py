"""A run as a Jupyter notebook: each node's output as the outputs of a cell, which reads its data back when it is run.

The format is https://nbformat.readthedocs.io/en/latest/format_description.html, version 4.5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowbook.events import NodeOutput
from flowbook.formats.notebook import only_sets, only_shows
from flowbook.reports.contents import NodeReport, RunReport, as_json
from flowbook.reports.markdown import fenced, headline, inline, node_head, node_row, table
from flowbook.view.html import display_html, preview_html
from flowbook.view.preview import Preview, rows_shown, tree_lines
from flowbook.view.table import preview_cells
from flowbook.view.wording import first_line

_HARMLESS = frozenset({"text/plain", "text/markdown", "text/latex", "application/json", "application/geo+json"})
_ONLY_SHOW: Mapping[str, Callable[[str], bool]] = {
    "text/markdown": only_shows,
    "text/latex": only_sets,
}
"""Whether a text that is set is no more than that: no HTML, pictures from elsewhere, links that run. Else its source is
shown."""
_STILL = frozenset({"text/html", "image/svg+xml"})  # shown where no script of it runs
_TRACES = frozenset({"traceback"})


def render(report: RunReport, drawing: str = "") -> str:
    """The notebook's JSON; ``drawing``, an ``<svg>`` of the workflow, is displayed by its first code cell."""
    cells = [_markdown("run", _head(report)), _open(report, drawing)]
    for node in report.nodes:
        cells.append(_markdown(f"{node.id[:50]}-about", _about(node)))
        if node.record.status != "pending":
            cells.append(_code(f"{node.id[:50]}-data", _source(node), list(_outputs(node, len(cells))), len(cells)))
    notebook = {
        "cells": _distinct(cells),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "flowbook": {"run": report.summary.id, "workflow": report.summary.workflow},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return as_json(notebook, 1) + "\n"


def _head(report: RunReport) -> str:
    parts = headline(report)
    if report.inputs:
        parts.append(fenced(json.dumps(report.inputs, indent=2, ensure_ascii=False), "json"))
    rows = [node_row(node, _bar(report, node)) for node in report.nodes]
    parts.append(table(("Node", "Status", "Time", "When", "Message"), rows))
    return "\n\n".join(parts)


def _bar(report: RunReport, node: NodeReport, width: int = 20) -> str:
    """When it ran, as a bar of text: Markdown cells show no styles."""
    part = report.part(node)
    if part is None:
        return ""
    start = min(int(part[0] * width), width - 1)
    length = max(round(part[1] * width), 1)
    return "`" + ("·" * start + "█" * length).ljust(width, "·")[:width] + "`"


def _open(report: RunReport, drawing: str) -> dict[str, Any]:
    source = (
        "# Read the run back from the history of the workspace, to go on working with its data.\n"
        f"from flowbook import Workspace\n\nrun = Workspace().run_record({report.summary.id!r})"
    )
    outputs: list[dict[str, Any]] = []
    if drawing:
        words = f"Workflow graph of {report.summary.workflow}"
        outputs.append(
            {"output_type": "display_data", "data": {"image/svg+xml": drawing, "text/plain": words}, "metadata": {}}
        )
    return _code("open", source, outputs, 1)


def _about(node: NodeReport) -> str:
    record = node.record
    parts = node_head(node, 2)
    for retry in node.retries:
        item = "" if retry.item is None else f" of item {retry.item}"
        parts.append(f"- {inline('attempt ' + str(retry.attempt) + item + ': ' + first_line(retry.message))}")
    if record.params:
        parts.append(fenced(json.dumps(record.params, indent=2, ensure_ascii=False)[:5_000], "json"))
    return "\n\n".join(parts)


def _source(node: NodeReport) -> str:
    return f'run.nodes["{node.id}"].data'


def _outputs(node: NodeReport, count: int) -> Iterator[dict[str, Any]]:
    failed = node.record.status == "failed"
    told = False
    for piece in node.streams():
        if piece.stream in _TRACES:
            told = True
            yield _error(node, piece.text, piece.data or {})
        elif piece.stream == "display" and piece.data:
            yield {"output_type": "display_data", "data": _bundle(piece.data, piece), "metadata": {}}
        elif piece.text:
            name = piece.stream if piece.stream in ("stdout", "stderr") else "stdout"
            yield {"output_type": "stream", "name": name, "text": piece.text}
    if failed and not told:
        yield _error(node, "", {})
    shown = node.shown
    if shown is not None:
        data = {"text/plain": _text(shown), "text/html": preview_html(shown)}
        yield {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": count}


def _error(node: NodeReport, trace: str, raised: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "output_type": "error",
        "ename": raised.get("ename", "TaskFailed"),
        "evalue": raised.get("evalue", first_line(node.record.message)),
        "traceback": trace.rstrip().splitlines() or [node.record.message],
    }


def _bundle(bundle: Mapping[str, Any], piece: NodeOutput) -> dict[str, Any]:
    """A MIME bundle as the format wants it, without what runs: texts, but for JSON types, which hold any JSON.

    A notebook that is trusted runs the scripts of its outputs, and this one holds what services said.
    """
    made = {
        str(kind): value if isinstance(value, str) or kind.endswith("json") else json.dumps(value, ensure_ascii=False)
        for kind, value in bundle.items()
        if kind in _HARMLESS or (kind.startswith("image/") and kind != "image/svg+xml") or kind in _STILL
    }
    if {"text/html", "image/svg+xml"} & made.keys():
        still = display_html({kind: made.pop(kind) for kind in ("image/svg+xml", "text/html") if kind in made}, "")
        made["text/html"] = still
    for kind, only in _ONLY_SHOW.items():
        if kind in made and not only(made[kind]):
            source = made.pop(kind)
            if "text/html" not in made:
                made["text/plain"] = source
    made.setdefault("text/plain", piece.text)
    return made


def _text(shown: Preview) -> str:
    if shown["kind"] == "table":
        rows = preview_cells(shown)
        lines = ["\t".join(row) for row in [shown["columns"], *rows]]
        return "\n".join([*lines, rows_shown(shown)])
    return shown["text"] if shown["kind"] == "text" else "\n".join(tree_lines(shown["value"]))


def _markdown(id: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": text}


def _code(id: str, source: str, outputs: list[dict[str, Any]], count: int) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": id, "metadata": {}, "execution_count": count, "source": source, "outputs": outputs,
    }  # fmt: skip


def _distinct(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cells with ids that are all different, at most 64 characters long, as the format wants them."""
    seen: set[str] = set()
    for place, cell in enumerate(cells):
        if cell["id"] in seen:
            cell["id"] = f"{cell['id']}-{place}"
        seen.add(cell["id"])
    return cells
