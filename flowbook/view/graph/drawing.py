"""The canvas as one self-contained SVG drawing, for files that are read where nothing runs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from html import escape
from itertools import pairwise
from typing import Any, TypeAlias

from flowbook.counting import counted
from flowbook.view.graph.condition import ROOM, edge_words, fitted, short_words
from flowbook.view.graph.elements import Elements, Keyed, keyed, look

MARGIN = 28.0
Ends: TypeAlias = tuple[float, float, float, float]  # where a line begins and ends: x, y, x, y
FONT = "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\""


def svg(elements: Elements | Mapping[str, Any], status: Mapping[str, str] | None = None) -> str:
    """``elements`` with each node's ``status`` as an ``<svg>`` element, in light colours.

    Every text is escaped, nothing is fetched, and no id is used, so that many drawings fit in one page.
    Raises what :func:`flowbook.view.graph.elements.keyed` raises.
    """
    state = keyed(elements)
    left, top, width, height = _bounds(state)
    notes = list(state["notes"].values())
    parts = [_note(note) for note in notes if note.get("frame")]
    parts += [_edge(edge, state, _colours()) for edge in state["edges"].values()]
    parts += [_note(note) for note in notes if not note.get("frame")]
    parts += [_card(node, (status or {}).get(id, "")) for id, node in state["nodes"].items()]
    title = f"Workflow graph: {counted(len(state['nodes']), 'node')}, {counted(len(state['edges']), 'edge')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:g}" height="{height:g}" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'style="max-width:100%;height:auto;background:{_colours()["canvas"]}" {FONT}>'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )


def outline(elements: Elements | Mapping[str, Any], status: Mapping[str, str] | None = None) -> str:
    """The same graph as lines of plain text: each node, its status and task, and where its edges lead."""
    state = keyed(elements)
    lines = [f"Workflow graph: {counted(len(state['nodes']), 'node')}, {counted(len(state['edges']), 'edge')}"]
    leads: dict[str, list[str]] = {}
    for edge in state["edges"].values():
        words = edge_words(edge)
        leads.setdefault(edge["source"], []).append(f"{edge['target']} ({words})" if words else edge["target"])
    for id, node in state["nodes"].items():
        state_word = (status or {}).get(id, "")
        text = f"  {id}" + (f" [{state_word}]" if state_word else "")
        text += f" {node['task']}" if node.get("task") else ""
        text += f" -> {', '.join(leads[id])}" if id in leads else ""
        lines.append(text)
    return "\n".join(lines)


def ellipsis(text: str, width: float, size: float) -> str:
    """``text`` cut to about ``width`` pixels in letters of ``size`` pixels; no drawing knows its reader's font."""
    used = 0.0
    for index, letter in enumerate(text):
        used += _wide(letter, size)
        if used > width:
            return text[: max(index - 1, 1)].rstrip() + "…"
    return text


def _wide(text: str, size: float) -> float:
    """About how many pixels ``text`` takes in letters of ``size`` pixels."""
    shares = (0.32 if c in "iljtf.,:;'|!I " else 0.9 if c in "mwMW@" or ord(c) > 0x2E80 else 0.57 for c in text)
    return size * sum(shares)


def note_lines(text: str) -> list[str]:
    """The lines of a note, wrapped to its width."""
    size = look()["note"]
    wrapped = [line for part in text.splitlines() or [""] for line in textwrap.wrap(part, 28) or [""]]
    return wrapped if len(wrapped) <= size["lines"] else [*wrapped[: size["lines"] - 1], "…"]


def _colours() -> dict[str, str]:
    colours: dict[str, str] = look()["light"]
    return colours


def _note_height(note: Mapping[str, Any]) -> float:
    size = look()["note"]
    if note.get("frame"):
        return float(note["frame"][1])
    return float(len(note_lines(str(note.get("text") or ""))) * size["line"] + 2 * size["padding"])


def _note_width(note: Mapping[str, Any]) -> float:
    return float(note["frame"][0] if note.get("frame") else look()["note"]["width"])


def _bounds(state: Keyed) -> tuple[float, float, float, float]:
    card = look()["card"]
    boxes = [(node["x"], node["y"], card["width"], card["height"]) for node in state["nodes"].values()]
    boxes += [(note["x"], note["y"], _note_width(note), _note_height(note)) for note in state["notes"].values()]
    if not boxes:
        return 0.0, 0.0, 320.0, 80.0
    left, right = min(x - w / 2 for x, _, w, _ in boxes), max(x + w / 2 for x, _, w, _ in boxes)
    top, bottom = min(y - h / 2 for _, y, _, h in boxes), max(y + h / 2 for _, y, _, h in boxes)
    for edge in state["edges"].values():
        ends = _ends(edge, state)
        if _leads_back(ends):
            beside_left, beside_right, between = _ways(ends)
            left, right, bottom = min(left, beside_left), max(right, beside_right), max(bottom, between)
    return left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN


def _ends(edge: Mapping[str, Any], state: Keyed) -> Ends:
    source, target = state["nodes"][edge["source"]], state["nodes"][edge["target"]]
    half = look()["card"]["width"] / 2
    return source["x"] + half, source["y"], target["x"] - half, target["y"]


def _leads_back(ends: Ends) -> bool:
    x0, _, x1, _ = ends
    return x1 - x0 <= -20


def _ways(ends: Ends) -> tuple[float, float, float]:
    """How far left and right a line goes that leads back, and how low it runs between."""
    x0, y0, x1, y1 = ends
    return x1 - 46, x0 + 46, (y0 + y1) / 2 if abs(y1 - y0) >= 70 else max(y0, y1) + 64


def _edge(edge: Mapping[str, Any], state: Keyed, colours: Mapping[str, str]) -> str:
    x0, y0, x1, y1 = ends = _ends(edge, state)
    reach = min(max(abs(x1 - x0) / 2, 36.0), 140.0)
    colour = colours["error"] if edge.get("on") == "failure" else colours["line"]
    dash = {"failure": ' stroke-dasharray="7 4"', "always": ' stroke-dasharray="2 4"'}.get(str(edge.get("on", "")), "")
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    if not _leads_back(ends):
        line = f"M{x0:g} {y0:g}C{x0 + reach:g} {y0:g} {x1 - reach:g} {y1:g} {x1 - 8:g} {y1:g}"
    else:
        line, (middle_x, middle_y) = _way_back(ends)
    parts = [
        f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>',
        f'<path d="M{x1:g} {y1:g}l-10 -5v10z" fill="{colour}"/>',
    ]
    if words := short_words(edge):
        parts.append(_condition(words, edge_words(edge), (middle_x, middle_y), _room(ends), colours))
    return "".join(parts)


def _room(ends: Ends) -> float:
    """How wide words on a line may be, so that no card lies over their beginning."""
    x0, y0, x1, y1 = ends
    level = abs(y1 - y0) <= look()["card"]["height"] and x1 > x0
    return min(ROOM, max(44.0, x1 - x0 - 4)) if level else ROOM


def _condition(words: str, whole: str, middle: tuple[float, float], room: float, colours: Mapping[str, str]) -> str:
    """Words in the middle of a line, all of them in the title."""
    (x, y), (rows, size) = middle, fitted(words, room, _wide)
    wide, step = min(max(_wide(row, size) for row in rows) + 6, max(room, 44.0) + 4), size + 2
    top = y - step * len(rows) / 2
    return (
        f"<g><title>{escape(whole)}</title>"
        f'<rect x="{x - wide / 2:g}" y="{top - 2:g}" width="{wide:g}" height="{step * len(rows) + 4:g}" '
        f'fill="{colours["canvas"]}"/>'
        + "".join(
            _text(row, x, top + step * index + size, size, colours["muted"], anchor="middle")
            for index, row in enumerate(rows)
        )
        + "</g>"
    )


def _way_back(ends: Ends) -> tuple[str, tuple[float, float]]:
    """A line that leads back to the left, as canvas-geometry.js has it, and its middle."""
    x0, y0, x1, y1 = ends
    left, right, between = _ways(ends)
    towards = [(right, y0), (right, between), (left, between), (left, y1)]
    line = f"M{x0:g} {y0:g}"
    for here, onward in pairwise([*towards, (x1 - 8, y1)]):
        last = onward == (x1 - 8, y1)
        to = onward if last else ((here[0] + onward[0]) / 2, (here[1] + onward[1]) / 2)
        line += f"Q{here[0]:g} {here[1]:g} {to[0]:g} {to[1]:g}"
    return line, ((right + left) / 2, between)


def _note(note: Mapping[str, Any]) -> str:
    size, frame = look()["note"], bool(note.get("frame"))
    paper = look()["paper"].get(note.get("color") or "") or look()["paper"]["grey" if frame else "yellow"]
    width, height = _note_width(note), _note_height(note)
    left, top = note["x"] - width / 2, note["y"] - height / 2
    lines = note_lines(str(note.get("text") or ""))
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="8" '
        f'fill="{paper["fill"]}" stroke="{paper["border"]}" stroke-width="1.5"{_FRAME_FILL if frame else ""}/>'
    ) + "".join(
        _text(
            line, left + size["padding"], top + size["padding"] + 13 + i * size["line"],
            look()["frame"]["title"] if frame else 12.5, paper["text"], weight=700 if frame else 400,
        )
        for i, line in enumerate(lines[:2] if frame else lines)
    )  # fmt: skip


_FRAME_FILL = ' fill-opacity="0.38"'


def _card(node: Mapping[str, Any], status: str) -> str:
    colours, size = _colours(), look()["card"]
    left, top = node["x"] - size["width"] / 2, node["y"] - size["height"] / 2
    tone = look()["statuses"].get(status, "muted")
    outlined = colours["border"] if tone == "muted" else colours[tone]
    faded = ' opacity="0.5"' if node.get("disabled") or status == "skipped" else ""
    dash = ' stroke-dasharray="5 4"' if status == "skipped" else ""
    marks = [status] if status in look()["marks"] else []
    marks += ["pinned"] if node.get("pinned") else []
    room = size["width"] - size["text"] - 10
    label, task = str(node.get("label") or node["id"]), str(node.get("task") or "")
    return (
        f"<g{faded}><title>{escape(_hover(node, status))}</title>"
        f'<rect x="{left:g}" y="{top:g}" width="{size["width"]}" height="{size["height"]}" rx="{size["radius"]}" '
        f'fill="{colours["card"]}" stroke="{outlined}" stroke-width="{2 if status else 1.5}"{dash}/>'
        + _badge(node, left + 12, top + (size["height"] - size["badge"]) / 2)
        + _text(ellipsis(label, room, 13), left + size["text"], top + 24, 13, colours["text"], weight=600)
        + _text(
            ellipsis(task, size["width"] - size["text"] - 10, 11.5),
            left + size["text"],
            top + 41,
            11.5,
            colours["muted"],
        )
        + "".join(_mark(mark, left + size["width"] - 9 - 20 * i, top - 7) for i, mark in enumerate(marks))
        + (_mark("problem", left - 8, top - 8) if node.get("problem") else "")
        + "</g>"
    )


def _hover(node: Mapping[str, Any], status: str) -> str:
    words = [str(node.get("label") or node["id"]), str(node.get("task") or ""), status, str(node.get("problem") or "")]
    return " · ".join(word for word in words if word)


def _badge(node: Mapping[str, Any], x: float, y: float) -> str:
    badge, side = node.get("badge") or {}, look()["card"]["badge"]
    icon = str(badge.get("icon") or "")
    if icon.startswith("data:image/"):
        return f'<image x="{x:g}" y="{y:g}" width="{side}" height="{side}" href="{escape(icon)}"/>'
    text = str(badge.get("text") or node["id"])[:2]
    colour = escape(str(badge.get("color") or "#64748b"))
    square = f'<rect x="{x:g}" y="{y:g}" width="{side}" height="{side}" rx="7" fill="{colour}"/>'
    return square + _text(text, x + side / 2, y + side / 2 + 5, 13, "#ffffff", weight=700, anchor="middle")


def _mark(name: str, x: float, y: float) -> str:
    mark = look()["marks"][name]
    return (
        f'<g transform="translate({x:g} {y:g})"><circle cx="8" cy="8" r="8" fill="{_colours()[mark["tone"]]}"/>'
        f'<path d="{mark["path"]}" fill="none" stroke="#fff" stroke-width="1.7" stroke-linecap="round" '
        'stroke-linejoin="round"/></g>'
    )


def _text(text: str, x: float, y: float, size: float, colour: str, *, weight: int = 400, anchor: str = "start") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(text)}</text>'
    )
