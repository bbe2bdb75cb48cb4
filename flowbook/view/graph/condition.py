"""When an edge is taken, in the room that its line has; ``canvas-look.js`` writes it so on the canvas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

ROOM = 170.0  # pixels that a condition may take on a long line
SIZES = (11.0, 10.0, 9.0)  # pixels of its letters: the smaller where there is little room
LEAST = 4  # letters of a row of it
_BRACED = re.compile(r"\$\{\{((?:(?!\}\}).)*)\}\}")


def edge_words(edge: Mapping[str, Any]) -> str:
    """What is written on an edge: when it is taken, if that is not plain success."""
    return _with_kind(edge, str(edge.get("label") or ""))


def short_words(edge: Mapping[str, Any]) -> str:
    """The same without braces, and without the name of the node that the edge comes from: that is seen."""
    label = str(edge.get("label") or "")
    braced = _BRACED.fullmatch(label)
    label = braced[1].strip() if braced else label
    source = f"nodes.{edge['source']}."
    return _with_kind(edge, label.replace(f"{source}data.", "").replace(source, ""))


def in_rows(text: str, most: int) -> list[str]:
    """``text`` in one row of ``most`` letters or two, cut in the middle: what is compared with stands at the end."""
    if len(text) <= most:
        return [text]
    blanks = [index for index, letter in enumerate(text) if letter == " "]
    if not blanks:
        return [_cut(text, most)]
    at = min(blanks, key=lambda index: max(index, len(text) - index - 1))
    return [_cut(text[:at], most), _cut(text[at + 1 :], most)]


def fitted(text: str, room: float, width: Callable[[str, float], float]) -> tuple[list[str], float]:
    """The rows, and the pixels of their letters, for ``room`` pixels; ``width(text, size)`` says how wide a text is."""
    rows, size = [text], SIZES[0]
    for size in SIZES if room < ROOM else SIZES[:1]:
        most = max(LEAST, len(text))
        while most > LEAST and max(width(row, size) for row in in_rows(text, most)) > room:
            most -= 1
        rows = in_rows(text, most)
        if not any("…" in row for row in rows):
            break
    return rows, size


def _with_kind(edge: Mapping[str, Any], label: str) -> str:
    kind = {"failure": "on failure", "always": "always"}.get(str(edge.get("on", "")), "")
    return " · ".join(word for word in (kind, label) if word)


def _cut(row: str, most: int) -> str:
    if len(row) <= most:
        return row
    end = (most - 1) // 2
    return f"{row[: most - 1 - end]}…{row[len(row) - end :]}"
