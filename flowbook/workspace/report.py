"""A run as static text and HTML: what a notebook keeps, a code host shows and a pipe gets."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flowbook.engine import NodeResult
from flowbook.events import NodeOutput

if TYPE_CHECKING:
    from flowbook.workspace.run import Run

MARKS = {
    "succeeded": ("✓", "#2e7d32"), "failed": ("✗", "#c62828"), "skipped": ("–", "#757575"),
    "running": ("▶", "#1565c0"), "cancelled": ("◼", "#ef6c00"), "pending": ("·", "#9e9e9e"),
    "unknown": ("?", "#6a1b9a"), "interrupted": ("!", "#6a1b9a"),
}  # fmt: skip
MESSAGE_SHOWN = 300
DATA_SHOWN = 5_000


def duration(seconds: float | None) -> str:
    """Seconds for people: "0.12 s", "3 min 20 s"; a dash for what never ran."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def run_text(run: Run) -> str:
    """One line for the run and one for each node."""
    lines = [f"{run.workflow}: {run.status} in {duration(run.seconds)} (run {run.id})"]
    width = max((len(node) for node in run), default=0)
    for node in run:
        result = run[node]
        mark = MARKS[result.status][0]
        took = duration(result.seconds) if result.started_at else ""
        lines.append(f"  {mark} {node:<{width}}  {result.status:<9}  {took:>7}  {first_line(result.message)}".rstrip())
    return "\n".join(lines)


def first_line(message: str) -> str:
    """The first line of a message, shortened."""
    line = message.strip().partition("\n")[0]
    return line if len(line) <= MESSAGE_SHOWN else line[: MESSAGE_SHOWN - 1] + "…"


def run_html(run: Run) -> str:
    """A table of the nodes with status, time and message; plain HTML that needs no script and no style sheet."""
    mark, colour = MARKS[run.status]
    head = (
        f'<div style="font-weight:600">{_e(run.workflow)} '
        f'<span style="color:{colour}">{mark} {run.status}</span> '
        f'<span style="font-weight:400;opacity:.7">{duration(run.seconds)} · run {_e(run.id)}</span></div>'
    )
    rows = "".join(_row(node, run[node], run.output(node)) for node in run)
    heads = "".join(f'<th style="text-align:left;padding:2px 12px 2px 0">{name}</th>' for name in _COLUMNS)
    return (
        f'<div class="flowbook-run" style="max-width:900px">{head}'
        f'<table style="border-collapse:collapse;margin-top:4px"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


_COLUMNS = ("Node", "Status", "Time", "Attempts", "Message")


def _row(node: str, result: NodeResult, output: Sequence[NodeOutput]) -> str:
    mark, colour = MARKS[result.status]
    took = duration(result.seconds) if result.started_at else ""
    message = _e(first_line(result.message))
    trace = "".join(piece.text for piece in output if piece.stream == "traceback")
    if trace:
        message += f"<details><summary>traceback</summary><pre>{_e(trace[-DATA_SHOWN:])}</pre></details>"
    cells = (
        f"<b>{_e(node)}</b>",
        f'<span style="color:{colour}">{mark} {result.status}</span>',
        took,
        str(result.attempts) if result.attempts > 1 else "",
        message,
    )
    style = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"
    return "<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"


class NodeView:
    """What a node printed, displayed and gave; a notebook shows it richly, a terminal as text."""

    def __init__(
        self, node: str, result: NodeResult, output: Sequence[NodeOutput], redact_json: Callable[[Any], Any]
    ) -> None:
        self.node = node
        self.result = result
        self.output = output
        self._redact_json = redact_json

    def __repr__(self) -> str:
        printed = "".join(piece.text for piece in self.output if piece.stream != "display")
        head = f"{self.node}: {self.result.status} in {duration(self.result.seconds)} {self.result.message}".rstrip()
        return "\n".join(part for part in (head, printed.rstrip(), self._data_text()) if part)

    def _data_text(self) -> str:
        from flowbook.workspace.run import jsonable

        if self.result.data is None:
            return ""
        text = json.dumps(jsonable(self.result.data, self._redact_json), indent=2, ensure_ascii=False)
        return text if len(text) <= DATA_SHOWN else text[:DATA_SHOWN] + "\n…"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        mark, colour = MARKS[self.result.status]
        parts = [
            f'<div><b>{_e(self.node)}</b> <span style="color:{colour}">{mark} {self.result.status}</span> '
            f'<span style="opacity:.7">{duration(self.result.seconds)}</span> {_e(self.result.message)}</div>'
        ]
        parts += [_piece_html(piece) for piece in self.output]
        parts.append(self._data_html())
        return {"text/html": "".join(parts), "text/plain": repr(self)}

    def _data_html(self) -> str:
        data = self.result.data
        table = getattr(data, "_repr_html_", None)
        if callable(table):
            drawn = table()
            if isinstance(drawn, str):
                return str(self._redact_json(drawn))
        text = self._data_text()
        return f"<pre>{_e(text)}</pre>" if text else ""


def _piece_html(piece: NodeOutput) -> str:
    if piece.stream != "display" or not piece.data:
        return f"<pre>{_e(piece.text)}</pre>"
    for kind in ("image/png", "image/jpeg"):
        if kind in piece.data:
            return f'<img src="data:{kind};base64,{_e(str(piece.data[kind]).strip())}" style="max-width:100%">'
    if "image/svg+xml" in piece.data:
        return str(piece.data["image/svg+xml"])
    if "text/html" in piece.data:
        return str(piece.data["text/html"])
    return f"<pre>{_e(piece.text)}</pre>"


def _e(text: str) -> str:
    return html.escape(text)
