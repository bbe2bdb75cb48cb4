"""A run as one page that needs nothing else: no script, no network, light and dark, good to print."""

from __future__ import annotations

from flowbook.events import NodeOutput, NodeRetried
from flowbook.reports.contents import NodeReport, RunReport, visible
from flowbook.view.html import POLICY, pieces_html, preview_html
from flowbook.view.markup import escape
from flowbook.view.preview import preview
from flowbook.view.statuses import colour_of, marked
from flowbook.view.wording import duration, first_line, moment

DISPLAYS_SHOWN = 50_000_000  # characters of displays in one page

# Displays may hold HTML of any origin. It stands in frames without scripts, and nothing on the page may fetch anything.
_STYLE = """
:root { color-scheme: light dark; --line: rgba(128,128,128,.3); --quiet: rgba(128,128,128,1); }
body { font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; max-width: 1000px; margin: 32px auto;
  padding: 0 20px; background: #fff; color: #1d2129; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 13px; margin: 14px 0 2px; color: var(--quiet); font-weight: 600; }
.about { color: var(--quiet); font-size: 13px; margin: 0 0 10px; }
.said { margin: 6px 0; overflow-wrap: anywhere; white-space: pre-line; }
.status { font-weight: 600; white-space: nowrap; }
.drawing { overflow-x: auto; margin: 18px 0; padding: 8px; border: 1px solid var(--line); border-radius: 10px;
  background: #fff; }
table.timeline { border-collapse: collapse; width: 100%; font-size: 14px; margin: 18px 0; }
table.timeline th { text-align: left; font-size: 12px; color: var(--quiet); font-weight: 600; }
table.timeline th, table.timeline td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
table.timeline td.time { white-space: nowrap; text-align: right; }
table.timeline td.bar { width: 40%; }
.lane { position: relative; height: 10px; border-radius: 5px; background: rgba(128,128,128,.14); }
.lane i { position: absolute; top: 0; bottom: 0; border-radius: 5px; }
section { border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 10px; padding: 14px 18px;
  margin: 14px 0; }
summary { cursor: pointer; }
a { color: inherit; }
@media (prefers-color-scheme: dark) { body { background: #15181d; color: #e6e8ec; } }
@media print { section { break-inside: avoid; } body { margin: 0; max-width: none; } }
"""


def render(report: RunReport, drawing: str = "") -> str:
    """The page; ``drawing`` is an ``<svg>`` of the workflow."""
    summary = report.summary
    title = f"{summary.workflow}: {summary.status}"
    sections, room = [], DISPLAYS_SHOWN
    for node in report.nodes:
        section, room = _section(node, room)
        sections.append(section)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{_header(report)}\n"
        + (f'<div class="drawing">{drawing}</div>\n' if drawing else "")
        + f"{_timeline(report)}\n{''.join(sections)}</body></html>\n"
    )


def _header(report: RunReport) -> str:
    summary = report.summary
    said = f'<p class="said">{escape(report.workflow.description)}</p>' if report.workflow.description else ""
    if summary.message:
        said += f'<p class="said" style="color:{colour_of(summary.status)}">{escape(summary.message)}</p>'
    about = [duration(summary.seconds), moment(summary.started_at, offset=True), f"run {summary.id}", report.standing]
    about += [f"called by {summary.parent}"] if summary.parent else []
    inputs = f"<h3>Inputs</h3>{preview_html(preview(report.inputs))}" if report.inputs else ""
    return (
        f"<header><h1>{escape(summary.workflow)} &nbsp;{_status(summary.status)}</h1>"
        f'<p class="about">{escape(" · ".join(about))}</p>{said}{inputs}</header>'
    )


def _status(status: str) -> str:
    return f'<span class="status" style="color:{colour_of(status)}">{escape(marked(status))}</span>'


def _timeline(report: RunReport) -> str:
    heads = "".join(f"<th>{name}</th>" for name in ("Node", "Status", "Time", "When", "Message"))
    rows = "".join(_row(report, node) for node in report.nodes)
    return f'<table class="timeline"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(report: RunReport, node: NodeReport) -> str:
    part, colour = report.part(node), colour_of(node.record.status)
    bar = ""
    if part is not None:
        bar = f'<i style="left:{part[0]:.2%};width:{part[1]:.2%};background:{colour}"></i>'
    return (
        f'<tr><td><a href="#node-{escape(node.id)}">{escape(node.title)}</a></td><td>{_status(node.record.status)}</td>'
        f'<td class="time">{duration(node.seconds)}</td><td class="bar"><div class="lane">{bar}</div></td>'
        f"<td>{escape(first_line(node.record.message))}</td></tr>"
    )


def _section(node: NodeReport, room: int) -> tuple[str, int]:
    record = node.record
    named = "" if node.title == node.id else f"{node.id} · "
    about = named + " · ".join((*node.about, duration(node.seconds)))
    parts = [
        f"<h2>{escape(node.title)} &nbsp;{_status(record.status)}</h2>",
        f'<p class="about">{escape(about)}</p>',
    ]
    if record.message:
        parts.append(f'<p class="said">{escape(record.message)}</p>')
    if node.node.notes:
        parts.append(f'<p class="said about">{escape(node.node.notes)}</p>')
    if node.retries:
        parts.append(f"<h3>Attempts that failed</h3><ol>{''.join(_retry(one) for one in node.retries)}</ol>")
    if record.params:
        parts.append(f"<details><summary>Inputs</summary>{preview_html(preview(record.params))}</details>")
    output, room = _output(node, room)
    if output:
        parts.append(f"<h3>Output</h3>{output}")
    data = preview_html(node.shown)
    if data:
        parts.append(f"<h3>Data</h3>{data}")
    tone = colour_of(record.status)
    return f'<section id="node-{escape(node.id)}" style="--tone:{tone}">{"".join(parts)}</section>\n', room


def _output(node: NodeReport, room: int) -> tuple[str, int]:
    """What it printed and displayed; of a for_each node each item's folded, in the items' order."""
    items: dict[int | None, list[NodeOutput]] = {}
    for piece in sorted(node.pieces, key=lambda piece: -1 if piece.item is None else piece.item):
        items.setdefault(piece.item, []).append(piece._replace(text=visible(piece.text)))
    parts = []
    for item, pieces in items.items():
        shown, room = pieces_html(pieces, room)
        parts.append(shown if item is None else f"<details><summary>item {item}</summary>{shown}</details>")
    return "".join(parts), room


def _retry(retry: NodeRetried) -> str:
    item = "" if retry.item is None else f" of item {retry.item}"
    waited = retry.wait
    then = f", then a wait of {duration(waited)}" if isinstance(waited, (int, float)) else ""
    return f"<li>attempt {retry.attempt}{item}: {escape(retry.message)}{then}</li>"
