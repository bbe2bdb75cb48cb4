"""What the history keeps of a node's data comes back exactly as it was, or is said not to be kept."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import math
import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.journal.contents import DATA_LIMIT, PARQUET_LIMIT, Content, keep
from flowbook.journal.exact import same
from flowbook.redaction import Redactor

SECRET = "tok-5ecret-9876543210"


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    pass


def kept(data: Any) -> tuple[str, Any]:
    content = Content(*keep(data, None, str))
    return content.kind, content.load()


TIME = dt.datetime(2026, 1, 2, 3, 4, 5, 678)  # noqa: DTZ001 - one without a zone
VALUES = [
    (1, 2), [(1, "a")], {"a": (1,)}, {1, 2}, frozenset({"a"}), b"\x00\xff", TIME, TIME.replace(tzinfo=dt.timezone.utc),
    dt.date(2026, 1, 2), dt.time(1, 2), dt.timedelta(days=1, microseconds=3), decimal.Decimal("1.10"), math.nan,
    math.inf, [-math.inf, 1.0], np.float64(1.5), np.int64(7), np.bool_(True), {"n": np.float32(0.1)},
    np.arange(6).reshape(2, 3), np.array(["a", "b"]), np.array([1, None, "x"], dtype=object),
    pd.Series([1, 2], name="n"), pd.Series(["a", None]), {"§": 1}, {"§": "tuple", "v": [1]},
    {"a": pd.DataFrame({"n": [1, 2]}), "b": [pd.DataFrame({"t": ["x"]})]},
    pd.DataFrame({"id": pd.Series([10000017, None], dtype=object)}),
    pd.DataFrame({"cell": [{"a": 1}, {"b": 2}]}), pd.DataFrame({"cell": [[1, 2], [3]]}),
    pd.DataFrame({"cell": [(1, 2), "x"], "n": [1.5, 2.5]}, index=pd.Index(["r", "s"], name="row")),
    pd.DataFrame({"day": [dt.date(2026, 1, 2)], "at": pd.to_datetime(["2026-01-02"]), "d": [decimal.Decimal("1.10")]}),
    pd.DataFrame({"n": [1, 2], "t": ["x", None]}), pd.DataFrame(), pd.DataFrame({"n": [1, 2]}, index=[5, 7]),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__} {str(value)[:30]!r}")
def test_it_comes_back_as_it_was(value: Any) -> None:
    kind, back = kept(value)
    assert kind != "omitted", Content(*keep(value, None, str)).lost
    assert same(value, back)


@pytest.mark.parametrize(
    "value",
    [
        Colour.RED,
        {"c": Colour.RED},
        collections.OrderedDict(a=1),
        object(),
        {1: "a"},
        iter([1]),
        type("T", (str,), {})("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_is_not_kept_and_says_why(value: Any) -> None:
    content = Content(*keep(value, None, str))
    assert content.kind == "omitted"
    assert content.lost.startswith("not kept: it ")


DAYS = pd.date_range("2024-01-01", periods=4, freq="D")
STEPS = {
    "days": DAYS,
    "business days with a name": pd.date_range("2024-01-01", periods=4, freq="B", name="day"),
    "hours of a time zone": pd.date_range("2024-03-30", periods=4, freq="12h", tz="Europe/Berlin"),
    "an offset": pd.date_range("2024-01-01", periods=4, freq="W-MON", tz="+02:00"),
    "backwards": pd.date_range("2024-01-01", periods=4, freq="-1D"),
    "spans": pd.timedelta_range("1h", periods=4, freq="30min", name="since"),
    "periods": pd.period_range("2024-01", periods=4, freq="M", name="month"),
    "no step": pd.DatetimeIndex(list(DAYS)),
}


@pytest.mark.parametrize("index", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("form", ["table", "objects", "series", "in a dict"])
def test_the_step_of_an_index_comes_back_with_it(index: Any, form: str) -> None:
    table = pd.DataFrame({"a": range(4), **({"b": [1, "x", None, 2.5]} if form == "objects" else {})}, index=index)
    given = {"series": table["a"], "in a dict": {"of": [table]}}.get(form, table)
    kind, back = kept(given)
    if pd.__version__ < "3" and isinstance(getattr(index, "tz", None), dt.timezone):
        assert kind == "omitted"  # such a pandas reads the zone of an offset as one of pytz
        return
    assert kind != "omitted"
    found = back["of"][0].index if form == "in a dict" else back.index
    assert (type(found), found.dtype, found.name, found.freq) == (type(index), index.dtype, index.name, index.freq)
    pd.testing.assert_index_equal(found, index, exact=True)


def test_the_step_of_columns_comes_back_and_none_is_made_up() -> None:
    kind, back = kept(pd.DataFrame([[1, 2, 3, 4]], columns=DAYS))
    assert kind == "exact"
    assert (back.columns.freq, back.index.dtype) == (DAYS.freq, pd.RangeIndex(1).dtype)


@pytest.mark.parametrize("freq", [pd.offsets.CustomBusinessDay(weekmask="Mon Wed"), pd.offsets.DateOffset(days=2)])
def test_a_step_that_no_text_names_is_not_kept_and_says_why(freq: Any) -> None:
    table = pd.DataFrame({"a": range(4)}, index=pd.date_range("2024-01-01", periods=4, freq=freq))
    content = Content(*keep(table, None, str))
    assert content.omitted is not None
    assert "has the step" in content.omitted["why"]


def test_flags_of_a_table_are_kept_or_it_is_not() -> None:
    table = pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    assert Content(*keep(table, None, str)).kind == "omitted"


def test_plain_data_is_kept_as_plain_json() -> None:
    assert kept({"a": [1, 2.5, "x", None, True]})[0] == "json"
    assert kept(pd.DataFrame({"n": [1], "t": ["x"]}))[0] == "parquet"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.datetimes()
    | st.decimals(allow_nan=False) | st.timedeltas(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    | st.lists(inner, max_size=3).map(tuple),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_whatever_is_kept_is_the_same(value: Any) -> None:
    kind, back = kept(value)
    assert kind == "omitted" or same(value, back)


@pytest.mark.parametrize(
    "value",
    [
        (SECRET,), {"a": (f"x {SECRET}",)}, SECRET.encode(), {SECRET: (1,)}, np.array([SECRET]), pd.Series([SECRET]),
        {"t": pd.DataFrame({"c": pd.array([SECRET], dtype="string")})}, {"f": pd.DataFrame({"c": [[SECRET]]})},
        {"n": (SECRET, math.nan)},
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_secret_is_in_no_form_of_it(value: Any) -> None:
    redact = Redactor([SECRET])
    kind, content = keep(value, redact.redact_json, redact)
    assert kind == "omitted"
    assert SECRET not in str(content)
    assert "secret" in Content(kind, content).lost


BIG = b"\0" * 30_000_000


@dataclasses.dataclass
class Bag:
    inner: Any


@pytest.mark.parametrize(
    "value",
    [
        BIG, "x" * 30_000_000, [BIG], {"a": {1: "x" * 30_000_000}}, pd.DataFrame({"a": [BIG]}),
        pd.DataFrame({"a": [{"b": BIG}]}), pd.Series([BIG], dtype=object), np.array([BIG], dtype=object), Bag(BIG),
        SimpleNamespace(inner=BIG), {"a": BIG}.values(), collections.UserList([BIG]), collections.Counter({BIG: 1}),
        ValueError(BIG), collections.UserList(range(3_000_000)), bytearray(BIG), {"a": {"b": bytearray(BIG)}},
    ],
    ids=["bytes", "text", "in a list", "in an object", "in a table", "in a cell", "in a series", "in an array",
         "in a dataclass", "in a namespace", "in a view", "in a list of another kind", "in a key", "in an error",
         "many", "changeable bytes", "changeable bytes in an object"],
)  # fmt: skip
def test_a_preview_costs_memory_bounded_by_what_it_shows(value: Any) -> None:
    from flowbook.journal.glance import glance
    from flowbook.view.preview import preview

    tracemalloc.start()
    try:
        assert len(glance(value)) < 100_000
        preview(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "data",
    [
        {"log": "x" * (DATA_LIMIT * 20)},
        [[["y" * 1000] * 200] * 200] * 20,
        bytes(PARQUET_LIMIT),
        {"a": [(bytes(PARQUET_LIMIT // 2), b"x"), bytes(PARQUET_LIMIT // 2)]},
        [np.zeros(PARQUET_LIMIT // 8), 1],
        [[1] * (DATA_LIMIT // 4)] * 3,
        {"a": dict.fromkeys(map(str, range(DATA_LIMIT // 4)), 1)},
    ],
    ids=lambda data: type(data).__name__,
)
def test_what_is_over_the_limit_is_not_encoded_to_find_that_out(data: Any) -> None:
    tracemalloc.start()
    try:
        kind, _ = keep(data, None, str)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kind == "omitted"
    assert peak < DATA_LIMIT * 4
