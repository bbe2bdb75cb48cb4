"""Rows in the forms they are given in; pandas is imported only to make a DataFrame."""

from __future__ import annotations

import base64
from typing import Any

from flowbook import TaskFailed, how_to_install, tables

BYTES = (bytes, bytearray, memoryview)


def base64_of(content: bytes | bytearray | memoryview) -> str:
    """Bytes as the text that stands for them where only text can."""
    return base64.b64encode(content).decode("ascii")


def pandas() -> Any:
    """The pandas module; TaskFailed says how to get it."""
    try:
        import pandas as pd
    except ImportError:
        raise TaskFailed("This needs pandas.", hint=how_to_install("pandas"), permanent=True) from None
    return pd


def rows_of(given: Any) -> list[dict[str, Any]]:
    """The rows of a DataFrame or of a list of objects, as dicts; TaskFailed for anything else."""
    if tables.is_frame(given):
        return [{name: tables.scalar(value) for name, value in row.items()} for row in tables.rows(given)]
    return [{str(name): value for name, value in row.items()} for row in tables.mappings(given)]
