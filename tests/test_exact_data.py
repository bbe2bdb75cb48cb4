"""What the history keeps of a node's data comes back exactly as it was, or is said not to be kept."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.journal.contents import DATA_LIMIT, PARQUET_LIMIT, Content, keep
from flowbook.journal.exact import same
from flowbook.journal.inputs import keep_inputs, keep_params
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
        np.zeros(2, dtype=[("a", "i4")]),
        {math.nan},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_is_not_kept_and_says_why(value: Any) -> None:
    content = Content(*keep(value, None, str))
    assert content.kind == "omitted"
    assert content.lost.startswith("not kept: it ")


@pytest.mark.parametrize("of", [dt.datetime(2026, 10, 25, 2, 30, fold=1), dt.time(2, 30, fold=1)], ids=repr)  # noqa: DTZ001
def test_the_second_of_two_equal_times_comes_back_as_that(of: Any) -> None:
    """In the night in which clocks go back there are two; they are compared as equal."""
    assert kept(of)[1].fold == 1
    assert kept({"in": [of]})[1]["in"][0].fold == 1
    assert kept(pd.DataFrame({"at": pd.Series([of, "x"], dtype=object)}))[1]["at"][0].fold == 1
    assert not same(of, of.replace(fold=0))


def test_what_is_noted_beside_a_table_is_kept_or_it_is_not() -> None:
    def noted(**attrs: Any) -> Any:
        table = pd.DataFrame({"a": [1]})
        table.attrs = {"unit": "m", **attrs}
        return table

    kind, back = kept(noted())
    assert kind == "omitted" or back.attrs == {"unit": "m"}  # older ones write none
    assert Content(*keep(noted(pair=(1, 2)), None, str)).lost == "not kept: it would not come back as it is"


LABELS = {
    "categories": pd.CategoricalIndex(["a", "b"], categories=["b", "a"]),
    "spans of numbers": pd.IntervalIndex.from_breaks([0, 1, 2]),
    "a name of several parts": pd.Index(["a", "b"], name=("t", 1)),
    "truth and text": pd.Index([True, "x"], dtype=object),
    "dates": pd.Index([dt.date(2026, 1, 1), dt.date(2026, 1, 2)], dtype=object),
    "decimal numbers": pd.Index([decimal.Decimal("1.5"), decimal.Decimal("2")], dtype=object),
    "fields": pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("form", ["table", "objects", "in a dict"])
def test_labels_of_columns_come_back_or_the_table_is_not_kept(labels: Any, form: str) -> None:
    """Some of them pandas writes and cannot read again, as those of a crosstab of categories."""
    table = pd.DataFrame([[1, "x" if form == "objects" else 2], [3, 4]], columns=labels)
    content = Content(*keep({"of": table} if form == "in a dict" else table, None, str))
    if content.kind == "omitted":
        assert content.lost.startswith("not kept: ")
    else:
        back = content.load()
        back = back["of"] if form == "in a dict" else back
        assert same(table, back)
        assert list(map(type, back.columns)) == list(map(type, labels))


class Sullen:
    """An object that says nothing of itself, whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError


class Endless(list[Any]):
    def __len__(self) -> int:
        raise LookupError


@pytest.mark.parametrize(
    "data", [Sullen(), [Sullen()], {"a": Endless([1])}, Endless([Sullen()])], ids=["1", "2", "3", "4"]
)
def test_what_cannot_be_looked_at_is_not_kept_and_says_so(data: Any) -> None:
    redact = Redactor([SECRET])
    for content in (Content(*keep(data, None, str)), Content(*keep(data, redact.redact_json, redact))):
        assert content.lost.startswith("not kept: ")
    for given_ in (keep_params({"data": data}, redact.redact_json), keep_inputs({"data": data}, redact.redact_json)[0]):
        assert given_ is not None


@pytest.mark.parametrize("data", ["sullen()", "[sullen()]", "categories()"])
def test_a_node_that_gave_it_is_recorded_as_done(data: str, tmp_path: Path) -> None:
    """Else it would be done again when the run is resumed."""
    tasks = tmp_path / "integrations" / "odd" / "tasks.py"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(
        "import pandas as pd\n"
        "class Sullen:\n"
        "    def __getattr__(self, name):\n        raise RuntimeError(name)\n"
        "    def __repr__(self):\n        raise RuntimeError\n"
        "sullen = Sullen\n"
        "def categories():\n"
        "    return pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(['a', 'b']))\n"
        "def test_connection(credentials):\n    return {'success': True, 'message': ''}\n"
        f"def make(credentials, params):\n    return {{'success': True, 'message': 'made', 'data': {data}}}\n"
        "def take(credentials, params):\n    return {'success': True, 'message': str(type(params['data']))}\n"
    )
    flow = Workflow(name="odd")
    flow.add("make", "odd.make")
    flow.add("take", "odd.take", params={"data": "${{ nodes.make.data }}"})
    flow.connect("make", "take")
    with Workspace(tmp_path) as ws:
        run = ws.run(flow)
        assert run.problems == []
        record = ws.run_record(run.id)
        assert {id: result.status for id, result in record.nodes.items()} == {"make": "succeeded", "take": "succeeded"}
        assert record.nodes["make"].lost.startswith("not kept: ")


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
    "made",
    [
        lambda plain, exact: {"log": "x" * (plain * 20)},
        lambda plain, exact: [[["y" * 1000] * 200] * 200] * 20,
        lambda plain, exact: bytes(exact),
        lambda plain, exact: {"a": [(bytes(exact // 2), b"x"), bytes(exact // 2)]},
        lambda plain, exact: [np.zeros(exact // 8), 1],
        lambda plain, exact: [[1] * (plain // 4)] * 3,
        lambda plain, exact: {"a": dict.fromkeys(map(str, range(plain // 4)), 1)},
    ],
    ids=["a text", "lists of texts", "bytes", "bytes in data", "an array", "numbers", "names"],
)
def test_what_is_over_the_limit_is_not_encoded_to_find_that_out(
    made: Callable[[int, int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With limits of a quarter: what follows the memory takes long for each object that is made."""
    plain, exact = DATA_LIMIT // 4, PARQUET_LIMIT // 4
    monkeypatch.setattr("flowbook.journal.contents.DATA_LIMIT", plain)
    monkeypatch.setattr("flowbook.journal.contents.PARQUET_LIMIT", exact)
    data = made(plain, exact)
    tracemalloc.start()
    try:
        kind, _ = keep(data, None, str)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kind == "omitted"
    assert peak < plain * 4 + 4_000_000  # that, whatever the limit is
