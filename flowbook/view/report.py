"""A run as static text and HTML: what a notebook keeps, a code host shows and a pipe gets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from flowbook.events import NodeOutput
from flowbook.results import NodeResult
from flowbook.view.html import pieces_html, preview_html
from flowbook.view.markup import QUIET, escape
from flowbook.view.preview import preview, preview_words
from flowbook.view.statuses import appearance, colour_of, marked
from flowbook.view.table import framed_rows, row_html
from flowbook.view.timeline import part
from flowbook.view.wording import duration, first_line

if TYPE_CHECKING:
    from flowbook.workspace.past import PastRun
    from flowbook.workspace.run import Run

    Shown: TypeAlias = Run | PastRun

DATA_SHOWN = 5_000
DISPLAYS_SHOWN = 2_000_000


def run_text(run: Shown) -> str:
    """One line for the run and one for each node."""
    lines = [f"{run.workflow}: {run.status} in {duration(run.seconds)} (run {run.id})"]
    width = max((len(node) for node in run), default=0)
    for node in run:
        result = run[node]
        mark = appearance(result.status).mark
        took = duration(result.seconds) if result.started_at else ""
        lines.append(f"  {mark} {node:<{width}}  {result.status:<9}  {took:>7}  {first_line(result.message)}".rstrip())
    return "\n".join(lines)


def run_html(run: Shown) -> str:
    """The nodes with status, time and message, and once it is over what each printed and gave, folded.

    Plain HTML that needs no script and no style sheet, readable on light and dark pages.
    """
    head = (
        f'<div style="font-weight:600;font-size:14px">{escape(run.workflow)} &nbsp;{_chip(run.status)}'
        f'<span style="font-weight:400;font-size:12px;{QUIET}">&nbsp; {duration(run.seconds)} · '
        f"run {escape(run.id)}</span></div>"
    )
    if run.message:
        head += f'<div style="margin-top:4px;color:{colour_of(run.status)}">{escape(first_line(run.message))}</div>'
    head += _rescue_html(run)
    began, whole = run.started_at or 0.0, _whole(run)
    room, rows = DISPLAYS_SHOWN, []
    tried = any(run[node].attempts > 1 for node in run)
    columns = [name for name in _COLUMNS if tried or name != "Attempts"]
    for node in run:
        rows.append(_row(node, run[node], began, whole, tried=tried))
        if run.status != "running":
            inside, room = _inside(run, node, room)
            rows.append(inside)
    table = framed_rows(columns, rows, "margin:6px 0;width:100%;table-layout:auto;font-size:13px", f";{QUIET}")
    return f'<div style="max-width:1000px">{head}{table}</div>'


def _rescue_html(run: Shown) -> str:
    """How to mend what failed in a cell; nothing where nothing did."""
    wrong = [node for node in run if run[node].rescuable] if run.status == "failed" and run.in_history else []
    if not wrong:
        return ""
    call = f"ws.as_cell({json.dumps(run.id)}, {json.dumps(wrong[0])})"
    return (
        f'<div style="margin-top:4px;font-size:12px;{QUIET}">To mend {escape(wrong[0])} in a cell and go on '
        f"from there: <code>{escape(call)}</code></div>"
    )


_COLUMNS = ("Node", "Status", "", "Time", "Attempts", "Message")


def _chip(status: str) -> str:
    return f'<span style="color:{colour_of(status)};font-weight:600;white-space:nowrap">{escape(marked(status))}</span>'


def _whole(run: Shown) -> float:
    """Seconds that the time bars stand for."""
    if run.seconds is not None:
        return max(run.seconds, 1e-6)
    began = run.started_at or time.time()
    return max(time.time() - began, 1e-6)


def _row(node: str, result: NodeResult, began: float, whole: float, *, tried: bool) -> str:
    took = duration(result.seconds) if result.started_at and result.status != "running" else ""
    cells = [
        f'<b style="white-space:nowrap">{escape(node)}</b>',
        _chip(result.status),
        _bar(result, began, whole),
        f'<span style="white-space:nowrap">{took}</span>',
        *([str(result.attempts or "")] if tried else []),
        f'<span style="overflow-wrap:anywhere">{escape(first_line(result.message))}</span>',
    ]
    return row_html(cells)


def _bar(result: NodeResult, began: float, whole: float) -> str:
    """When a node ran, as part of the whole run."""
    if result.started_at is None:
        return ""
    left, width = part(result.started_at, whole if result.status == "running" else result.seconds, began, whole)
    return (
        '<div style="width:140px;height:8px;margin-top:6px;border-radius:4px;background:rgba(128,128,128,.15)">'
        f'<div style="margin-left:{left:.1%};width:{width:.1%};height:8px;border-radius:4px;'
        f'background:{colour_of(result.status)}"></div></div>'
    )


def _inside(run: Shown, node: str, room: int) -> tuple[str, int]:
    """A row with what a node printed, displayed and gave; nothing when there is none of it."""
    drawn, room = pieces_html(run.output(node), room)
    shown = preview(None if run[node].omitted is not None else run[node].data, run.clean)
    words = (["output"] if drawn else []) + ([preview_words(shown)] if shown else [])
    if not words:
        return "", room
    drawn += preview_html(shown)
    opened = " open" if run[node].status == "failed" else ""
    summary = f'<summary style="cursor:pointer;{QUIET}">{escape(" · ".join(words))}</summary>'
    folded = f"<details{opened}>{summary}{drawn}</details>"
    return row_html([folded], style=";padding-left:16px", span=len(_COLUMNS)), room


class NodeView:
    """What a node printed, displayed and gave; a notebook shows it richly, a terminal as text."""

    def __init__(
        self,
        node: str,
        result: NodeResult,
        output: Sequence[NodeOutput],
        redact_json: Callable[[Any], Any],
        task: str = "",
    ) -> None:
        self.node = node
        self.result = result
        self.output = output
        self.task = task
        self._redact_json = redact_json

    def __repr__(self) -> str:
        printed = "".join(piece.text for piece in self.output if piece.stream != "display")
        head = f"{self.node}: {self.result.status} in {duration(self.result.seconds)} {self.result.message}".rstrip()
        return "\n".join(part for part in (head, printed.rstrip(), self._data_text()) if part)

    def _data_text(self) -> str:
        from flowbook.view.jsonable import jsonable

        if self.result.data is None:
            return ""
        text = json.dumps(jsonable(self.result.data, self._redact_json), indent=2, ensure_ascii=False)
        return text if len(text) <= DATA_SHOWN else text[:DATA_SHOWN] + "\n…"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        about = [duration(self.result.seconds)] if self.result.started_at else []
        about += [f"{self.result.attempts} attempts"] if self.result.attempts > 1 else []
        about += [f"on {self.result.worker}"] if self.result.worker else []
        about += [escape(self.task)] if self.task else []
        parts = [
            f'<div style="font-size:14px"><b>{escape(self.node)}</b> &nbsp;{_chip(self.result.status)}'
            f'<span style="font-size:12px;{QUIET}">&nbsp; {" · ".join(about)}</span></div>'
        ]
        if self.result.message:
            parts.append(f'<div style="margin:4px 0">{escape(self.result.message)}</div>')
        if self.result.params is not None:
            given = preview_html(preview(self.result.params, self._redact_json))
            parts.append(f'<details><summary style="cursor:pointer;{QUIET}">params</summary>{given}</details>')
        parts.append(pieces_html(self.output, DISPLAYS_SHOWN)[0])
        parts.append(preview_html(preview(self.result.data, self._redact_json)))
        return {"text/html": f'<div style="max-width:1000px">{"".join(parts)}</div>', "text/plain": repr(self)}
