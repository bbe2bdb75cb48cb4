"""Outputs and data as self-contained HTML: every text escaped, no script, no style sheet, light and dark alike."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from flowbook.events import NodeOutput
from flowbook.view.preview import Preview, rows_shown
from flowbook.view.wording import display_words

TEXT_SHOWN = 5_000
LINE = "1px solid rgba(128,128,128,.28)"
BOX = "margin:4px 0;padding:6px 9px;border-radius:6px;background:rgba(128,128,128,.10);font-size:12px;line-height:1.45"
PRE = f"{BOX};white-space:pre-wrap;overflow-wrap:anywhere;max-height:320px;overflow:auto"
CELL = f"text-align:left;vertical-align:top;padding:3px 14px 3px 0;border:0;border-bottom:{LINE}"
QUIET = "opacity:.7"
_TONES = {"stderr": "border-left:3px solid #d98e04;", "traceback": "border-left:3px solid #d64545;"}


def escape(text: object) -> str:
    """Any text as HTML that shows it."""
    return html.escape(str(text))


def pieces_html(pieces: Iterable[NodeOutput], room: int) -> tuple[str, int]:
    """What a node printed and displayed, in order; the second is what is left of ``room`` (characters of displays)."""
    drawn: list[str] = []
    text: dict[str, str] = {}

    def flush() -> None:
        drawn.extend(stream_html(stream, words) for stream, words in text.items())
        text.clear()

    for piece in pieces:
        if piece.stream == "display" and piece.data:
            flush()
            one = display_html(piece.data, piece.text)
            room -= len(one)
            left_out = f'<div style="{QUIET}">a display of {len(one):,} characters is left out here</div>'
            drawn.append(one if room > 0 else left_out)
        else:
            if text and piece.stream not in text:
                flush()
            text[piece.stream] = text.get(piece.stream, "") + piece.text
    flush()
    return "".join(drawn), room


def stream_html(stream: str, text: str) -> str:
    """Printed text; a traceback is folded, long text shows its end."""
    cut = "…\n" + text[-TEXT_SHOWN:] if len(text) > TEXT_SHOWN else text
    box = f'<pre style="{PRE};{_TONES.get(stream, "")}">{escape(cut.rstrip())}</pre>'
    return f"<details><summary>traceback</summary>{box}</details>" if stream == "traceback" else box


def display_html(bundle: Mapping[str, Any], text: str) -> str:
    """A rich display: images as images, tables of pandas as tables, other HTML where no script of it can run."""
    for kind in ("image/png", "image/jpeg", "image/gif"):
        if isinstance(bundle.get(kind), str):
            return _image(f"data:{kind};base64,{bundle[kind].strip()}")
    if isinstance(bundle.get("image/svg+xml"), str):
        return _image("data:image/svg+xml;base64," + base64.b64encode(bundle["image/svg+xml"].encode()).decode())
    given = bundle.get("text/html")
    if isinstance(given, str):
        table = frame_of(given)
        return table_html(*table) if table else _sandboxed(given, text)
    words = display_words(bundle, text)
    return stream_html("stdout", words) if words else ""


def preview_html(shown: Preview | None) -> str:
    """Data as a table or as text (see :mod:`flowbook.view.preview`)."""
    if shown is None:
        return ""
    if shown["kind"] == "table":
        rows = [[cell["v"] if isinstance(cell, dict) else cell for cell in row] for row in shown["rows"]]
        return table_html(shown["columns"], rows) + f'<div style="{QUIET};font-size:12px">{rows_shown(shown)}</div>'
    text = shown["text"] if shown["kind"] == "text" else "\n".join(branch_lines(shown["value"]))
    return f'<pre style="{PRE}">{escape(text[:TEXT_SHOWN] + ("…" if len(text) > TEXT_SHOWN else ""))}</pre>'


def table_html(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts."""
    head = "".join(f'<th style="{CELL};font-weight:600">{escape(name)}</th>' for name in columns)
    body = "".join(
        '<tr style="background:none">' + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        '<div style="overflow:auto;max-height:320px;margin:4px 0"><table style="border-collapse:collapse;'
        f'font-size:12px;margin:0"><thead><tr style="background:none">{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def branch_lines(branch: list[Any]) -> list[str]:
    """A tree of a preview as lines that look like JSON."""
    kind = branch[0]
    if kind == "s":
        more = f"… ({branch[2]:,} characters)" if branch[2] > len(branch[1]) else ""
        return [f'"{branch[1]}"{more}']
    if kind in ("v", "x"):
        return [str(branch[1])]
    opened, closed = ("{", "}") if kind == "o" else ("[", "]")
    if not branch[2]:
        return [opened + closed]
    lines = [opened]
    for number, entry in enumerate(branch[1], 1):
        named, value = (f'"{entry[0]}": ', entry[1]) if kind == "o" else ("", entry)
        first, *rest = branch_lines(value)
        lines += [f"  {named}{first}", *(f"  {line}" for line in rest)]
        lines[-1] += "," if number < branch[2] else ""
    if len(branch[1]) < branch[2]:
        lines.append(f"  … {branch[2] - len(branch[1]):,} more")
    return [*lines, closed]


def frame_of(given: str) -> tuple[list[str], list[list[str]]] | None:
    """The heads and cells of the HTML that pandas makes of a DataFrame; None for other HTML."""
    if 'class="dataframe"' not in given[:20_000]:
        return None
    reader = _FrameReader()
    reader.feed(given)
    rows = reader.rows
    return (rows[0], rows[1:]) if len(rows) > 1 else None


class _FrameReader(HTMLParser):
    """Reads the texts of a table's cells; whatever else is there is left alone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in ("td", "th") and self._cell is not None and self.rows:
            self.rows[-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self._cell is not None:
            self._cell.append(data)


def _image(address: str) -> str:
    return f'<img src="{escape(address)}" alt="display" style="max-width:100%">'


def _sandboxed(given: str, text: str) -> str:
    """HTML of unknown origin; its words below it too, for where a frame is not shown."""
    height = 80 if len(given) < 400 else 240  # nothing can be measured here
    frame = (
        f'<iframe sandbox="" srcdoc="{escape(given)}" title="display" '
        f'style="width:100%;height:{height}px;resize:vertical;border:{LINE};border-radius:6px;background:#fff"></iframe>'
    )
    known = text and not text.startswith("<IPython.")
    return frame + (stream_html("stdout", text) if known else "")
