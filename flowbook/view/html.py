"""Outputs and data as self-contained HTML: every text escaped, no script, no style sheet, light and dark alike."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from flowbook.counting import counted
from flowbook.events import NodeOutput
from flowbook.view.markup import LINE, PRE, QUIET, escape
from flowbook.view.preview import Preview, rows_shown, tree_lines
from flowbook.view.statuses import TONES, Tone
from flowbook.view.table import frame_of, preview_cells, table_html
from flowbook.view.wording import display_words

TEXT_SHOWN = 5_000
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:"
"""The Content-Security-Policy of what we show of any origin: it runs nothing and fetches nothing."""
_EDGES: dict[str, Tone] = {"stderr": "warn", "traceback": "error"}  # the tone of the line at the left


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
            left_out = f'<div style="{QUIET}">a display of {counted(len(one), "character")} is left out here</div>'
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
    edge = f";border-left:3px solid {TONES[_EDGES[stream]].colour}" if stream in _EDGES else ""
    box = f'<pre style="{PRE}{edge}">{escape(cut.rstrip())}</pre>'
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
        counted = f'<div style="{QUIET};font-size:12px">{rows_shown(shown)}</div>'
        return table_html(shown["columns"], preview_cells(shown)) + counted
    text = shown["text"] if shown["kind"] == "text" else "\n".join(tree_lines(shown["value"]))
    return f'<pre style="{PRE}">{escape(text[:TEXT_SHOWN] + ("…" if len(text) > TEXT_SHOWN else ""))}</pre>'


def _image(address: str) -> str:
    return f'<img src="{escape(address)}" alt="display" style="max-width:100%">'


def _sandboxed(given: str, text: str) -> str:
    """HTML of unknown origin, which fetches nothing wherever it is shown; its words below it too, for where a frame
    is not shown.
    """
    height = 80 if len(given) < 400 else 240  # nothing can be measured here
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    frame = (
        f'<iframe sandbox="" srcdoc="{escape(policy + given)}" title="display" '
        f'style="width:100%;height:{height}px;resize:vertical;border:{LINE};border-radius:6px;background:#fff"></iframe>'
    )
    known = text and not text.startswith("<IPython.")
    return frame + (stream_html("stdout", text) if known else "")
