"""The statements by which batches of rows are written, the same for every database."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

Row = tuple[Any, ...]

_NODE = (
    "status", "message", "kind", "data", "attempts", "started_at", "seconds", "effects", "handled", "params", "cause",
    "source", "reuse", "worker",
)  # fmt: skip
_ITEM = (
    "digest", "status", "message", "kind", "data", "attempts", "started_at", "seconds", "effects", "handled", "params",
    "cause", "source", "worker",
)  # fmt: skip


def _in_place(key: str, columns: tuple[str, ...]) -> str:
    return f" ON CONFLICT ({key}) DO UPDATE SET " + ", ".join(f"{column} = excluded.{column}" for column in columns)


_NODE_ENDED = "INSERT INTO nodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NODE_IN_PLACE = _in_place("run, node", _NODE)
_ITEM_IN_PLACE = _in_place("run, node, item", _ITEM)
_ITEM_STARTED = (
    "INSERT INTO items VALUES (?, ?, ?, ?, 'running', '', 'none', NULL, 1, ?, 0, ?, 0, NULL, NULL, 'run', '')"
)
_ITEM_ENDED = "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

ENDED = _NODE_ENDED + _NODE_IN_PLACE
"""Records how a node ended, in place of what is recorded of it."""


class Usual:
    """Rows of nodes that ended as most do: what columns hold then is a part of the statement, not given with each row.

    ``holds`` is that, by the names of the columns.
    """

    def __init__(self, rows: int, **holds: str | int | None) -> None:
        columns = ("run", "node", *_NODE)
        usual, own = [columns.index(name) for name in holds], [name for name in columns if name not in holds]
        self._values = tuple(holds.values())
        self._usual = operator.itemgetter(*usual)
        self.own: Callable[[Row], Row] = operator.itemgetter(*map(columns.index, own))
        """What is given of a row."""
        row = "(" + ", ".join(_literal(holds[name]) if name in holds else "?" for name in columns) + ")"
        self.rows = rows
        """How many the statement takes."""
        self.statement = f"INSERT INTO nodes VALUES {', '.join([row] * rows)}{_NODE_IN_PLACE}"  # noqa: S608 - literals

    def fits(self, row: Row) -> bool:
        """Whether a row is one of these."""
        return bool(self._usual(row) == self._values)


def _literal(value: str | int | None) -> str:
    return "NULL" if value is None else repr(value)


# In the order in which a batch is written, which is that in which these rows come about.
STATEMENTS = {
    "started": "INSERT INTO nodes"
    " VALUES (?, ?, 'running', '', 'none', NULL, 1, ?, 0, ?, 0, NULL, NULL, 'run', NULL, '') ON CONFLICT DO NOTHING",
    "finished": ENDED,
    "item started": _ITEM_STARTED + _ITEM_IN_PLACE,
    "item": _ITEM_ENDED + _ITEM_IN_PLACE,
    "items done": "DELETE FROM items WHERE run = ? AND node = ?",
    "output": "INSERT INTO output VALUES (?, ?, ?, ?, ?, ?, ?)",
    "attempt": "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "items left": "UPDATE items SET status = 'unknown', cause = 'cancelled', message = ?"
    " WHERE run = ? AND status = 'running'",
    "run": "UPDATE runs SET status = ?, seconds = ?, message = ? WHERE number = ?",
}
"""By the kind of row."""
