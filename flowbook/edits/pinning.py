"""Pinning data to a node: it is used in place of running the node, and kept in the workflow."""

from __future__ import annotations

import json
from typing import Any

from flowbook.counting import counted
from flowbook.edits.history import Action
from flowbook.errors import ExpressionError, InputError
from flowbook.expressions import plain
from flowbook.json_text import parse_json

PIN_LIMIT = 1_000_000
"""Characters of JSON: a workflow is read and written as a whole, and its file has at most five million."""

_SMALLER = "Pin a part of it: Edit shortens what is pinned."


def pin(id: str, data: Any) -> Action:
    """Pin data to a node, as plain JSON: of a table its rows.

    Raises InputError for data that JSON cannot hold, for too much of it, and for none.
    """
    pinned = pinnable(data)
    return Action(f"Pin data to {id}", lambda workflow: workflow.change(id, pinned=pinned))


def unpin(id: str) -> Action:
    """Have the node run again."""
    return Action(f"Unpin {id}", lambda workflow: workflow.change(id, pinned=None))


def pinnable(data: Any) -> Any:
    """Data as it is pinned. Raises InputError."""
    if data is None:
        raise InputError("there is no data to pin: null stands for none.", "Edit it to what the node is to give.")
    try:
        text = json.dumps(data, default=_plainly, allow_nan=False)
    except (TypeError, ValueError, RecursionError, ExpressionError) as error:
        why = "is nested too deeply" if isinstance(error, RecursionError) else f"cannot be written as JSON ({error})"
        raise InputError(f"the data {why}.", "Let a code node make plain values of it first.") from None
    if len(text) > PIN_LIMIT:
        raise InputError(
            f"the data has {counted(len(text), 'character')} as JSON, and at most {PIN_LIMIT:,} can be pinned.",
            _SMALLER,
        )
    return parse_json(text)


def _plainly(value: Any) -> Any:
    """The plain view of a value, made whole one level deep: what is in it is asked for in its turn."""
    view = plain(value)
    if hasattr(view, "items"):
        return dict(view.items())
    if hasattr(view, "__len__") and not isinstance(view, str):
        return list(view)
    return view
