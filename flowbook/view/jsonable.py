"""Data as plain JSON, for documents that leave the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowbook.errors import FlowbookError
from flowbook.expressions import plain
from flowbook.journal.glance import glance


def jsonable(data: Any, redact_json: Callable[[Any], Any]) -> Any:
    """``data`` as plain JSON without secrets; a table becomes its rows, what JSON cannot hold its repr.

    A number that is none ("NaN", "Infinity") becomes that word.
    """

    def convert(value: Any) -> Any:
        try:
            view = plain(value)
        except FlowbookError:
            return glance(value)
        if isinstance(view, Mapping):
            return dict(view)
        if isinstance(view, Sequence) and not isinstance(view, str):
            return list(view)
        return view if isinstance(view, (str, int, float, bool, type(None))) else glance(value)

    try:
        return redact_json(json.loads(json.dumps(data, default=convert), parse_constant=str))
    except (TypeError, ValueError, RecursionError):
        return redact_json(glance(data))[:10_000]  # cut last: half of a secret would not be found
