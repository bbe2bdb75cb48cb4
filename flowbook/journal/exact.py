"""Values that JSON has no form for, as JSON that brings them back exactly as they were: type for type.

A value that is no plain JSON becomes ``{"§": its kind, …}``; a mapping that has such a key itself becomes
a list of pairs. What comes back is compared with what was given, so nothing is changed unannounced.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import math
from collections.abc import Callable
from typing import Any

MARK = "§"
_PLAIN = frozenset({str, int, bool, type(None)})


class NotExact(ValueError):
    """Why a value cannot be kept so that it comes back as it was."""


class Encoder:
    """Makes JSON of values; ``clean`` takes secrets out of plain data: what holds one is refused, not changed."""

    def __init__(self, clean: Callable[[Any], Any] | None = None) -> None:
        self._clean = clean

    def __call__(self, value: Any) -> Any:
        """``value`` as JSON. Raises NotExact for what has no form here."""
        kind = type(value)
        if kind in _PLAIN:
            return self.checked(value)
        if kind is float:
            return self.checked(value) if math.isfinite(value) else {MARK: "float", "v": repr(value)}
        if kind is dict:
            return self._dict(value)
        if kind is list:
            return [self(inner) for inner in value]
        found = _ENCODE.get(f"{kind.__module__.partition('.')[0]}.{kind.__name__}")
        if found is not None:
            return {MARK: kind.__name__, **found(value, self)}
        if kind.__module__ == "numpy" and hasattr(value, "dtype"):
            self.checked(str(value))
            return {MARK: "numpy", "dtype": value.dtype.str, "v": _text(value.tobytes())}
        raise NotExact(f"it holds a {kind.__name__}, which would not come back as it is")

    def checked(self, value: Any) -> Any:
        """``value`` itself; NotExact when there is a secret in it."""
        if self._clean is not None and self._clean(value) is not value:
            raise NotExact("it holds a secret")
        return value

    def check_frame(self, frame: Any) -> None:
        """NotExact when there is a secret anywhere in a table."""
        if self._clean is not None:
            from flowbook.journal.frames import cleaned

            if cleaned(frame, self._clean) is not frame:
                raise NotExact("it holds a secret")

    def _dict(self, value: dict[Any, Any]) -> dict[str, Any]:
        if any(type(key) is not str for key in value):
            raise NotExact("it has keys that are not text, which JSON would change")
        if MARK in value:
            return {MARK: "dict", "v": [[self(key), self(inner)] for key, inner in value.items()]}
        return {self.checked(key): self(inner) for key, inner in value.items()}


def decode(value: Any) -> Any:
    """The value that an :class:`Encoder` made this of."""
    if isinstance(value, list):
        return [decode(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(MARK)
    if kind is None:
        return {key: decode(inner) for key, inner in value.items()}
    return _DECODE[kind](value)


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same, type for type; a NaN is the same as a NaN."""
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is dict:
        return len(a) == len(b) and all(same(x, y) and same(a[x], b[y]) for x, y in zip(a, b, strict=True))
    if kind in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    name = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
    if name in ("pandas.DataFrame", "pandas.Series"):
        return _same_table(a, b)
    if kind.__module__ == "numpy":
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        return (
            all(map(same, a.ravel().tolist(), b.ravel().tolist())) if a.dtype.hasobject else a.tobytes() == b.tobytes()
        )
    if kind is float and math.isnan(a):
        return math.isnan(b)
    # Which of two equal times of the night in which clocks go back is no part of what they are compared by.
    return bool(a == b and getattr(a, "fold", 0) == getattr(b, "fold", 0))


def _same_table(a: Any, b: Any) -> bool:
    if a.ndim == 2:
        if not same(list(a.columns), list(b.columns)) or not _same_index(a.columns, b.columns):
            return False
        columns = [(a.iloc[:, place], b.iloc[:, place]) for place in range(a.shape[1])]
    else:
        columns = [(a, b)]
        if a.name != b.name:
            return False
    if a.index.dtype != b.index.dtype or not _same_index(a.index, b.index) or a.flags != b.flags:
        return False
    if not same(a.attrs, b.attrs):
        return False
    for one, other in columns:
        if one.dtype != other.dtype or not one.equals(other):
            return False
        if one.dtype == object and not all(map(same, one.tolist(), other.tolist())):
            return False
    return True


def _same_index(a: Any, b: Any) -> bool:
    """Whether two indexes are the same: their values, names and, of moments, the step from one to the next."""
    return bool(
        a.equals(b)
        and a.names == b.names
        and getattr(a, "freq", None) == getattr(b, "freq", None)
        and (a.nlevels == 1 or list(a.dtypes) == list(b.dtypes))
        and (a.dtype != object or same(a.tolist(), b.tolist()))
    )


def _steps_of(frame: Any) -> list[str | None]:
    """The steps of the index and of the columns, of moments or spans of time: Parquet keeps those of periods only.

    https://pandas.pydata.org/docs/reference/api/pandas.DatetimeIndex.freq.html. NotExact for one that no text names.
    """
    from pandas.tseries.frequencies import to_offset

    steps: list[str | None] = []
    for axis in (frame.index, frame.columns):
        freq = getattr(axis, "freq", None) if axis.dtype.kind in "Mm" else None
        try:
            named = None if freq is None or to_offset(freq.freqstr) != freq else freq.freqstr
        except ValueError:
            named = None
        if freq is not None and named is None:
            raise NotExact(f"its index has the step {freq!r}, which would not come back as it is")
        steps.append(named)
    return steps


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _parquet(frame: Any) -> str:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return _text(buffer.getvalue())


def _encode_frame(frame: Any, encode: Encoder) -> dict[str, Any]:
    """The columns that Parquet keeps as they are in it; those of objects cell by cell."""
    encode.check_frame(frame)
    objects = [place for place, dtype in enumerate(frame.dtypes) if dtype.kind == "O" and dtype.name == "object"]
    rest = frame.iloc[:, [place for place in range(frame.shape[1]) if place not in objects]]
    if objects and not rest.shape[1]:
        rest = rest.assign(**{MARK: 0})  # else the rows are lost
    return {
        "parquet": _parquet(rest),
        "steps": _steps_of(frame),
        "objects": [[place, encode(frame.columns[place]), encode(frame.iloc[:, place].tolist())] for place in objects],
    }


def _decode_frame(value: Any) -> Any:
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(base64.b64decode(value["parquet"])))
    if value["objects"] and list(frame.columns) == [MARK]:
        frame = frame.drop(columns=MARK)
    for place, name, cells in value["objects"]:
        frame.insert(place, decode(name), pd.Series(decode(cells), index=frame.index, dtype=object))
    for axis, step in zip((frame.index, frame.columns), value.get("steps", ()), strict=False):
        if step is not None:
            axis.freq = step  # type: ignore[attr-defined]
    return frame


def _encode_series(series: Any, encode: Encoder) -> dict[str, Any]:
    return {"name": encode(series.name), "frame": encode(series.to_frame("v"))}


def _decode_series(value: Any) -> Any:
    return decode(value["frame"])["v"].rename(decode(value["name"]))


def _encode_array(array: Any, encode: Encoder) -> dict[str, Any]:
    if array.dtype.hasobject:
        return {"shape": list(array.shape), "objects": encode(array.ravel().tolist())}
    encode.checked(array.ravel().tolist())
    return {"shape": list(array.shape), "dtype": array.dtype.str, "v": _text(array.tobytes())}


def _decode_array(value: Any) -> Any:
    import numpy as np

    if "objects" in value:
        array = np.empty(len(value["objects"]), dtype=object)
        array[:] = decode(value["objects"])
    else:
        array = np.frombuffer(base64.b64decode(value["v"]), dtype=value["dtype"]).copy()
    return array.reshape(value["shape"])


def _decode_scalar(value: Any) -> Any:
    import numpy as np

    return np.frombuffer(base64.b64decode(value["v"]), dtype=value["dtype"])[0]


def _bytes(value: bytes, encode: Encoder) -> dict[str, Any]:
    encode.checked(value)
    return {"v": _text(value)}


def _moment(value: Any, encode: Encoder) -> dict[str, Any]:
    if value.tzinfo is not None and value.tzinfo is not dt.timezone.utc:
        raise NotExact("it holds a time with a time zone other than UTC, which would not come back as it is")
    return {"v": value.isoformat(), **({"fold": 1} if value.fold else {})}


def _in_order(value: Any, encode: Encoder) -> dict[str, Any]:
    return {"v": [encode(inner) for inner in value]}


_ENCODE: dict[str, Callable[[Any, Encoder], dict[str, Any]]] = {
    "builtins.tuple": _in_order,
    "builtins.set": _in_order,
    "builtins.frozenset": _in_order,
    "builtins.bytes": _bytes,
    "datetime.datetime": _moment,
    "datetime.date": lambda value, encode: {"v": value.isoformat()},
    "datetime.time": _moment,
    "datetime.timedelta": lambda value, encode: {"v": [value.days, value.seconds, value.microseconds]},
    "decimal.Decimal": lambda value, encode: {"v": encode.checked(str(value))},
    "pandas.DataFrame": _encode_frame,
    "pandas.Series": _encode_series,
    "numpy.ndarray": _encode_array,
}
_DECODE: dict[str, Callable[[Any], Any]] = {
    "float": lambda value: float(value["v"]),
    "dict": lambda value: {decode(key): decode(inner) for key, inner in value["v"]},
    "tuple": lambda value: tuple(map(decode, value["v"])),
    "set": lambda value: set(map(decode, value["v"])),
    "frozenset": lambda value: frozenset(map(decode, value["v"])),
    "bytes": lambda value: base64.b64decode(value["v"]),
    "datetime": lambda value: dt.datetime.fromisoformat(value["v"]).replace(fold=value.get("fold", 0)),
    "date": lambda value: dt.date.fromisoformat(value["v"]),
    "time": lambda value: dt.time.fromisoformat(value["v"]).replace(fold=value.get("fold", 0)),
    "timedelta": lambda value: dt.timedelta(*value["v"]),
    "Decimal": lambda value: decimal.Decimal(value["v"]),
    "DataFrame": _decode_frame,
    "Series": _decode_series,
    "ndarray": _decode_array,
    "numpy": _decode_scalar,
}
