"""Tables as integrations take them in: each gets the same rows out of the same DataFrame."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import tables
from flowbook.errors import TaskFailed
from integrations.files.frames import rows_of

FRAME = pd.DataFrame({"id": [1, 2], "at": pd.to_datetime(["2026-01-31", None]), "name": ["Ann", None]})


@pytest.mark.parametrize(
    ("given", "gives"),
    [
        (10.0, 10),
        ("10.0", "10"),
        (" -7.00 ", " -7 "),
        ("10.", "10"),
        ("1e3", "1e3"),
        ("x", "x"),
        ("10", "10"),
        (None, None),
        (True, True),
        (7, 7),
    ],
)
def test_for_a_whole_number_what_is_whole_or_no_number_is_taken(given: Any, gives: Any) -> None:
    assert tables.whole(given) == gives


@pytest.mark.parametrize("given", [10.5, "10.5", " 1e-3 ", float("nan"), Decimal("0.1")])
def test_for_a_whole_number_a_fraction_is_refused(given: Any) -> None:
    with pytest.raises(TaskFailed, match="is no whole number"):
        tables.whole(given)


def test_a_number_of_a_million_digits_is_not_written_out() -> None:
    assert tables.whole(Decimal("1e999999")) == Decimal("1e999999")


TAKING = [pytest.param(tables.mappings, id="databases"), pytest.param(rows_of, id="files")]


@pytest.mark.parametrize("rows", TAKING)
def test_every_integration_that_takes_rows_takes_those_of_a_dataframe_with_missing_cells_as_none(rows) -> None:
    first, second = list(rows(FRAME))
    assert (first["id"], first["name"]) == (1, "Ann")
    assert (second["at"], second["name"]) == (None, None)


@pytest.mark.parametrize("rows", TAKING)
def test_two_columns_of_one_name_are_refused_by_every_integration_as_one_of_them_would_be_lost(rows) -> None:
    with pytest.raises(TaskFailed, match="same name"):
        list(rows(pd.DataFrame([[1, 2]], columns=["id", "id"])))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (3, "The rows are a int, not a list"), (None, "The rows are nothing"), ("ab", "The rows are a str"),
        ({"a": 1}, "The rows are a dict"), ([{"a": 1}, [2]], "Row 2 is a list, not an object"),
    ],
)  # fmt: skip
def test_rows_that_are_none_are_refused_in_the_same_words_by_every_database(given: Any, says: str) -> None:
    with pytest.raises(TaskFailed, match=says):
        list(tables.mappings(given))


def test_the_columns_of_rows_are_all_that_any_of_them_has() -> None:
    assert tables.columns_of([{"b": 1}, {"a": 2, "b": 3}]) == ["b", "a"]
    assert tables.columns_of(FRAME) == ["id", "at", "name"]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.array([1, 2]), [1, 2]),
        (pd.Timestamp("2026-01-31T08:00:00Z"), "2026-01-31T08:00:00+00:00"), (pd.NaT, None), (pd.NA, None),
        ("text", "text"),
    ],
)  # fmt: skip
def test_a_value_of_numpy_or_pandas_becomes_one_of_pythons(value: Any, plain: Any) -> None:
    found = tables.scalar(value)
    assert (type(found), found) == (type(plain), plain)


def test_a_column_name_that_comes_again_is_numbered() -> None:
    assert tables.column_names(["a", "b", "a", "a_2"]) == ["a", "b", "a_2", "a_2_2"]


RUNS = re.compile(r"[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2060-\u2064\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)*", text) is not None
    return True


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1+1",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b=1",
        "\x00=1",
        "\uff1d1",
        "-1;text",
        "-1,5;cmd|' /C calc'!A1",
        "+49 170; -3",
        "-1;-5",
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_shown_whatever_stands_before_it(text: str) -> None:
    shown = tables.no_formula(text)
    assert shown.startswith("'")
    assert shown.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    "text", ["", "a", "-5", "+1.5e3", "a=1", "a, =1", "'=1", "x@example.org", "a; b", "1;5", "-5,5", "-1.234,56"]
)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert tables.no_formula(text) == text


@pytest.mark.parametrize(
    ("text", "own"), [("-1,cmd|' /C calc'!A1", ";"), ("-1;a", ","), ("-1\ta", ","), ("-1,a", "|"), ("-1\n1;a", ",")]
)
def test_a_negative_number_before_other_text_makes_no_number_of_the_cell(text: str, own: str) -> None:
    assert tables.no_formula(text, own) == f"'{text}"


@given(st.lists(st.text("ab,;\t\"'\n\r =+-@\ufeff1", max_size=8), min_size=1, max_size=4))
def test_no_cell_runs_whatever_a_spreadsheet_takes_for_the_end_of_one(cells: list[str]) -> None:
    for own in (",", ";"):
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=own).writerow(["first", *(tables.no_formula(cell, own) for cell in cells)])
        for mark in (",", ";", "\t"):
            for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=mark):
                assert not [cell for cell in row if RUNS.match(cell) and not is_number(cell)], (out.getvalue(), row)
