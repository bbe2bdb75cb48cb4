"""A bounded look at any data, as plain JSON that a view or a report draws: a table, a tree or a text.

A preview is one of::

    {"kind": "table", "columns": [text], "rows": [[cell]], "count": rows in all, "width": columns in all}
    {"kind": "tree", "value": branch, "about": "list of 3"}
    {"kind": "text", "text": the beginning, "length": characters in all}

A cell is a text, or ``{"v": text}`` for a number, a truth value or nothing. A branch is
``["o", [[key, branch]], size]`` for an object, ``["a", [branch], size]`` for a list, ``["s", text, length]`` for a
text, ``["v", text]`` for a number, a truth value or null, and ``["x", text]`` for anything else; ``size`` and
``length`` are those of the whole.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from flowbook.counting import counted
from flowbook.errors import ExpressionError
from flowbook.expressions import plain as _plain

ROWS = 100
COLUMNS = 50
CELL = 300
TEXT = 20_000
TREE_TEXT = 2_000
TREE_ITEMS = 100
TREE_DEPTH = 12
TREE_LEAVES = 2_000
ROOM = 200_000  # characters of all texts together, after which each is cut to a few
_SCANNED = 1_000_000  # characters of one text in which secrets are looked for

Preview: TypeAlias = dict[str, Any]
Clean: TypeAlias = Callable[[Any], Any]


def preview(data: Any, clean: Clean = lambda value: value, *, tree: bool = False) -> Preview | None:
    """What there is to see of ``data``; None for no data. ``clean`` takes secrets out of texts and numbers.

    With ``tree`` rows are a tree too, in which all that is inside of them can be unfolded.

    Never raises for what the data is like: what cannot be looked at becomes a word about it. Only what is shown is
    touched, so that a look at a million rows costs as much as one at a hundred.
    """
    if data is None:
        return None
    try:
        return _Looker(clean).look(data, tree)
    except Exception as error:  # noqa: BLE001 - data of any kind, which a task may be changing at this moment
        return {"kind": "text", "text": f"<{type(data).__name__}: no preview ({type(error).__name__})>", "length": 0}


def plain(value: Any) -> Any:
    """The plain-JSON view of a value, or the value itself when it has none (bytes, an object of a class)."""
    try:
        return _plain(value)
    except ExpressionError:
        return value


def is_frame(data: Any) -> bool:
    """Whether that is a pandas DataFrame; pandas is not imported for it."""
    kind = type(data)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


def scalar_text(value: Any) -> str | None:
    """A number, a truth value or None as JSON writes it; None for what is none of these."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < 10_000 else f"<a number of {value.bit_length():,} bits>"
    if isinstance(value, (float, decimal.Decimal)):
        return repr(value) if isinstance(value, float) else str(value)
    return None


class _Looker:
    def __init__(self, clean: Clean) -> None:
        self._clean = clean
        self._leaves = TREE_LEAVES
        self._room = ROOM

    def look(self, data: Any, tree: bool = False) -> Preview:
        if is_frame(data) and not tree:
            return self._frame(data)
        value = plain(data)
        if isinstance(value, str):
            return {"kind": "text", "text": self._text(value, TEXT), "length": len(value)}
        if _is_rows(value) and not tree:
            return self._rows(value)
        return {"kind": "tree", "value": self._branch(value, TREE_DEPTH), "about": about(data, value)}

    def _frame(self, frame: Any) -> Preview:
        rows, width = frame.shape
        head = frame.iloc[:ROWS, :COLUMNS]
        named = bool(head.index.name) or type(head.index).__name__ != "RangeIndex"
        columns = [self._name(column) for column in head.columns]
        cells = [
            [self._cell(value) for value in ((index, *values) if named else values)]
            for index, values in zip(head.index, head.itertuples(index=False, name=None), strict=True)
        ]
        if named:
            columns.insert(0, self._name(head.index.name or ""))
        return {"kind": "table", "columns": columns, "rows": cells, "count": int(rows), "width": int(width) + named}

    def _rows(self, rows: Sequence[Mapping[str, Any]]) -> Preview:
        shown = [rows[index] for index in range(min(len(rows), ROWS))]
        names = list(dict.fromkeys(name for row in shown for name in islice(row, 10 * COLUMNS)))
        columns = names[:COLUMNS]
        return {
            "kind": "table",
            "columns": [self._name(name) for name in columns],
            "rows": [[self._cell(row[name]) if name in row else "" for name in columns] for row in shown],
            "count": len(rows),
            "width": len(names),
        }

    def _cell(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value, CELL)
        if value is None or _is_missing(value):
            return {"v": ""}
        value = plain(value)
        if isinstance(value, str):
            return self._text(value, CELL)
        scalar = scalar_text(value)
        if scalar is not None:
            return {"v": self._text(scalar, CELL)}
        return self._text(_line(self._branch(value, 3)), CELL)

    def _branch(self, value: Any, depth: int) -> list[Any]:
        value = plain(value)
        if isinstance(value, str):
            self._leaves -= 1
            return ["s", self._text(value, TREE_TEXT), len(value)]
        scalar = scalar_text(value)
        if scalar is not None:
            self._leaves -= 1
            return ["v", self._text(scalar, CELL)]
        if isinstance(value, Mapping):
            inner = islice(value.items(), self._affordable(depth))
            return ["o", [[self._name(key), self._branch(one, depth - 1)] for key, one in inner], len(value)]
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
            count = min(self._affordable(depth), len(value))
            return ["a", [self._branch(value[index], depth - 1) for index in range(count)], len(value)]
        self._leaves -= 1
        return self._other(value)

    def _other(self, value: Any) -> list[Any]:
        if isinstance(value, (dt.date, dt.time, dt.timedelta)):
            return ["x", str(value)]
        if isinstance(value, (bytes, bytearray)):
            return ["x", f"<{counted(len(value), 'byte')}>"]
        return ["x", f"<{type(value).__name__}>"]

    def _affordable(self, depth: int) -> int:
        return TREE_ITEMS if depth > 0 and self._leaves > 0 else 0

    def _name(self, key: Any) -> str:
        long = isinstance(key, (bytes, bytearray)) and len(key) > CELL
        return self._text(f"<{counted(len(key), 'byte')}>" if long else str(key), CELL)

    def _text(self, text: str, limit: int) -> str:
        # Cleaned before it is cut: a cut through a secret would leave a piece that nothing recognises.
        scanned = text[:_SCANNED]
        clean = str(self._clean(scanned))
        if len(text) > _SCANNED and clean != scanned:  # what is hidden makes room for what the cut went through
            clean = str(self._clean(text))
        shown = clean[: min(limit, max(self._room, 20))]
        self._room -= len(shown)
        return shown


def about(data: Any, value: Any) -> str:
    """A few words on what data is: "list of 3", "object of 2", "number", "bytes"."""
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, Mapping):
        return f"object of {len(value):,}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"list of {len(value):,}"
    if isinstance(value, bool):
        return "truth value"
    return "number" if isinstance(value, (int, float)) else type(data).__name__


def _is_rows(value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or not len(value):
        return False
    first = [plain(value[index]) for index in range(min(len(value), ROWS))]
    return all(isinstance(row, Mapping) and len(row) for row in first)


def _is_missing(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def _line(branch: list[Any]) -> str:
    kind = branch[0]
    if kind == "s":
        return '"' + str(branch[1])[:80] + ("…" if branch[2] > 80 else "") + '"'
    if kind in ("v", "x"):
        return str(branch[1])
    more = ", …" if len(branch[1]) < branch[2] else ""
    if kind == "o":
        return "{" + ", ".join(f"{key}: {_line(inner)}" for key, inner in branch[1]) + more + "}"
    return "[" + ", ".join(_line(inner) for inner in branch[1]) + more + "]"


def tree_lines(branch: list[Any]) -> list[str]:
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
        first, *rest = tree_lines(value)
        lines += [f"  {named}{first}", *(f"  {line}" for line in rest)]
        lines[-1] += "," if number < branch[2] else ""
    if len(branch[1]) < branch[2]:
        lines.append(f"  … {branch[2] - len(branch[1]):,} more")
    return [*lines, closed]


def preview_words(shown: Preview) -> str:
    """What kind of data that is: "table of 3 rows", "object of 2", "text"."""
    if shown["kind"] == "table":
        return f"table of {shown['count']:,} row{'' if shown['count'] == 1 else 's'}"
    return str(shown["about"]) if shown["kind"] == "tree" else "text"


def rows_shown(shown: Preview) -> str:
    """How much of a table is shown: "42 rows", "first 100 of 1,000,000 rows · 50 of 80 columns"."""
    count, rows = shown["count"], len(shown["rows"])
    words = f"{counted(count, 'row')}" if rows == count else f"first {rows:,} of {counted(count, 'row')}"
    columns = len(shown["columns"])
    return words if columns == shown["width"] else f"{words} · {columns} of {shown['width']:,} columns"
