"""Rows in the forms they are given in; pandas is imported only to make a DataFrame."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import TaskFailed, tables

BYTES = (bytes, bytearray, memoryview)


def base64_of(content: bytes | bytearray | memoryview) -> str:
    """Bytes as the text that stands for them where only text can."""
    return base64.b64encode(content).decode("ascii")


def pandas() -> Any:
    """The pandas module; TaskFailed says how to get it."""
    try:
        import pandas as pd
    except ImportError:
        raise TaskFailed("This needs pandas.", hint='Install it: pip install "jupyter-flowbook[data]"') from None
    return pd


def rows_of(given: Any) -> list[dict[str, Any]]:
    """The rows of a DataFrame or of a list of objects, as dicts; TaskFailed for anything else."""
    if tables.is_frame(given):
        return [{name: tables.scalar(value) for name, value in row.items()} for row in tables.rows(given)]
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        kind = "nothing" if given is None else f"a {type(given).__name__}"
        raise TaskFailed(f"The rows are {kind}, not a list of objects.", hint="Give a list of objects or a DataFrame.")
    for number, row in enumerate(given, 1):
        if not isinstance(row, Mapping):
            raise TaskFailed(
                f"Row {number} is a {type(row).__name__}, not an object.", hint='Each row is {"column": value, ...}.'
            )
    return [{str(name): value for name, value in row.items()} for row in given]
