"""DataFrames without needing pandas: recognised by what they can do, imported only to make one."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowbook import TaskFailed

CHUNK = 10_000
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


def is_frame(value: Any) -> bool:
    """Whether a value is a DataFrame."""
    return hasattr(value, "columns") and hasattr(value, "iloc")


def rows_of(given: Any) -> list[dict[str, Any]]:
    """The rows of a DataFrame or of a list of objects, as dicts; TaskFailed for anything else."""
    if is_frame(given):
        return list(_of_frame(given))
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        kind = "nothing" if given is None else f"a {type(given).__name__}"
        raise TaskFailed(f"The rows are {kind}, not a list of objects.", hint="Give a list of objects or a DataFrame.")
    for number, row in enumerate(given, 1):
        if not isinstance(row, Mapping):
            raise TaskFailed(
                f"Row {number} is a {type(row).__name__}, not an object.", hint='Each row is {"column": value, ...}.'
            )
    return [{str(name): value for name, value in row.items()} for row in given]


def _of_frame(frame: Any) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise TaskFailed("Two columns of the DataFrame have the same name.", hint="Rename one of them.")
    for start in range(0, len(frame), CHUNK):
        part = frame.iloc[start : start + CHUNK].astype(object)
        for row in part.where(part.notna(), None).itertuples(index=False, name=None):
            yield dict(zip(names, map(scalar, row), strict=True))


def scalar(value: Any) -> Any:
    """``value`` without what only numpy and pandas know: their scalars as Python's, times as ISO text."""
    if type(value).__module__.partition(".")[0] not in ("numpy", "pandas"):
        return value
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value
