"""Making a DataFrame of a query's columns; the only module here that needs pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import TaskFailed, how_to_install

_INTEGERS = (20, 21, 23, 26)
_BOOLEAN = 16
_FLOATS = (700, 701, 1700)
_MOMENTS = (1082, 1114, 1184)
_WITH_ZONE = 1184


def frame(columns: Mapping[str, tuple[int, Sequence[Any]]]) -> tuple[Any, list[str]]:
    """A DataFrame of columns given as name: (PostgreSQL's type oid, values), and what of them is worth saying."""
    try:
        import pandas as pd
    except ImportError:
        raise TaskFailed("A DataFrame needs pandas.", hint=how_to_install("pandas"), permanent=True) from None

    made: dict[str, Any] = {}
    notes: list[str] = []
    for name, (oid, values) in columns.items():
        made[name] = _series(pd, oid, values)
        if oid in _MOMENTS and not str(made[name].dtype).startswith("datetime64"):
            notes.append(_left_as_text(pd, name, oid, values))
    return pd.DataFrame(made), notes


def _series(pd: Any, oid: int, values: Sequence[Any]) -> Any:
    missing = None in values
    if oid in _INTEGERS:
        return pd.Series(values, dtype="Int64" if missing else "int64")
    if oid == _BOOLEAN:
        return pd.Series(values, dtype="boolean" if missing else "bool")
    if oid in _FLOATS:
        return pd.Series(values, dtype="float64")
    texts = pd.Series(values, dtype="object")
    if oid in _MOMENTS:
        moments = _moments(pd, oid, texts)
        return moments if moments.isna().equals(texts.isna()) else texts
    return texts


def _moments(pd: Any, oid: int, texts: Any) -> Any:
    """The texts as datetime64, NaT for those that it has no place for."""
    return pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=oid == _WITH_ZONE)


def _left_as_text(pd: Any, name: str, oid: int, values: Sequence[Any]) -> str:
    texts = pd.Series(values, dtype="object")
    lost = texts[_moments(pd, oid, texts).isna() & texts.notna()]
    more = f" and {len(lost) - 1:,} more" if len(lost) > 1 else ""
    return f"{name} stays text: a DataFrame has no date for {lost.iloc[0]}{more}."
