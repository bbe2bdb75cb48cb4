"""Making a DataFrame of a query's columns; the only module here that needs pd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import TaskFailed

_INTEGERS = (20, 21, 23, 26)
_BOOLEAN = 16
_FLOATS = (700, 701, 1700)
_MOMENTS = (1082, 1114, 1184)
_WITH_ZONE = 1184


def frame(columns: Mapping[str, tuple[int, Sequence[Any]]]) -> Any:
    """A DataFrame of columns given as name: (PostgreSQL's type oid, values)."""
    try:
        import pandas as pd
    except ImportError:
        raise TaskFailed("A DataFrame needs pd.", hint='Install it: pip install "jupyter-flowbook[data]"') from None

    return pd.DataFrame({name: _series(pd, oid, values) for name, (oid, values) in columns.items()})


def _series(pd: Any, oid: int, values: Sequence[Any]) -> Any:
    missing = None in values
    if oid in _INTEGERS:
        return pd.Series(values, dtype="Int64" if missing else "int64")
    if oid == _BOOLEAN:
        return pd.Series(values, dtype="boolean" if missing else "bool")
    if oid in _FLOATS:
        return pd.Series(values, dtype="float64")
    if oid in _MOMENTS:
        # errors="coerce": the infinities and years before Christ have no place in datetime64
        objects = pd.Series(values, dtype="object")
        return pd.to_datetime(objects, format="ISO8601", errors="coerce", utc=oid == _WITH_ZONE)
    return pd.Series(values, dtype="object")
