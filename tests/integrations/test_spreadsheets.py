"""Workbooks read as rows and written from rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.tasks import Context, running_as
from flowbook.testing import check_contract
from integrations import spreadsheets
from tests.integrations.examples import examples

ROWS = [{"id": 1, "name": "Ada", "day": date(2026, 1, 31), "paid": True}, {"id": 2, "name": None, "total": 1.5}]


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with running_as(Context(root=tmp_path)):
        yield tmp_path


def done(task: str, **params: Any) -> Any:
    result = getattr(spreadsheets, task)({}, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(task: str, **params: Any) -> str:
    result = getattr(spreadsheets, task)({}, params)
    assert not result["success"]
    return str(result["message"])


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(spreadsheets.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(spreadsheets.__file__).parent)) == sorted(spreadsheets.__all__)


def test_rows_come_back_as_they_were_written_and_other_sheets_stay(root: Path) -> None:
    done("write_sheet", path="a/b.xlsx", sheet="One", rows=ROWS)
    done("write_sheet", path="a/b.xlsx", sheet="Two", rows=pd.DataFrame({"x": [1, None]}))
    done("write_sheet", path="a/b.xlsx", sheet="One", rows=ROWS, columns=["id", "day", "total"])
    assert [one["name"] for one in done("list_sheets", path="a/b.xlsx")] == ["One", "Two"]
    assert done("read_sheet", path="a/b.xlsx") == [
        {"id": 1, "day": "2026-01-31", "total": None}, {"id": 2, "day": None, "total": 1.5},
    ]  # fmt: skip
    held = (root / "a/b.xlsx").read_bytes()
    assert done("read_sheet", content=held, sheet="Two", header=False) == [["x"], [1]]
    assert done("read_sheet", content=held, **{"as": "dataframe"})["id"].tolist() == [1, 2]
    assert done("read_sheet", path="a/b.xlsx", range="B1:C3", limit=1) == [{"day": "2026-01-31", "total": None}]
    assert [one.name for one in (root / "a").iterdir()] == ["b.xlsx"]


def test_rows_are_added_by_the_names_of_the_columns() -> None:
    done("append_rows", path="log.xlsx", rows=[{"a": 1}])
    done("append_rows", path="log.xlsx", rows=[{"b": "new", "a": 2}])
    assert done("read_sheet", path="log.xlsx") == [{"a": 1, "b": None}, {"a": 2, "b": "new"}]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=20) | st.sampled_from(["=1+1", "_x0041_", "\r\n", "#N/A", "\x07", "\ufffe", "12"]))
def test_a_text_stays_the_text_that_it_is(text: str) -> None:
    done("write_sheet", path="t.xlsx", rows=[{"n": 1, "t": text}])
    assert done("read_sheet", path="t.xlsx") == [{"n": 1, "t": text}]


def test_what_a_workbook_cannot_hold_is_text_and_a_formula_only_where_it_is_wanted() -> None:
    stamp = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
    row = {"long": 2**60, "old": date(1600, 1, 1), "zone": stamp, "inf": float("inf"), "list": [1], "f": "=1+1"}
    done("write_sheet", path="t.xlsx", rows=[row], formulas=True)
    assert done("read_sheet", path="t.xlsx", formulas=True) == [
        {"long": str(2**60), "old": "1600-01-01", "zone": stamp.isoformat(), "inf": "inf", "list": "[1]", "f": "=1+1"}
    ]
    assert done("read_sheet", path="t.xlsx")[0]["f"] is None
    assert "32,767" in refused("write_sheet", path="t.xlsx", rows=[{"a": "x" * 40_000}])


def test_a_file_that_would_lose_something_is_not_changed(root: Path) -> None:
    done("write_sheet", path="t.xlsx", rows=ROWS)
    with zipfile.ZipFile(root / "t.xlsx", "a") as archive:
        archive.writestr("xl/charts/chart1.xml", "<chart/>")
    before = (root / "t.xlsx").read_bytes()
    assert "charts, which would be lost" in refused("append_rows", path="t.xlsx", rows=ROWS)
    assert (root / "t.xlsx").read_bytes() == before
    done("append_rows", path="t.xlsx", rows=ROWS, lossy=True)


def test_a_cell_far_away_costs_nothing() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD60000"] = "a", 1
    held = io.BytesIO()
    book.save(held)
    assert len(done("read_sheet", content=held.getvalue())[0]) == 16_384


@pytest.mark.parametrize(
    ("task", "params", "words"),
    [
        ("read_sheet", {"path": "no.xlsx"}, "no file"),
        ("read_sheet", {"content": b"text"}, "no workbook"),
        ("read_sheet", {"content": b"\xd0\xcf\x11\xe0"}, "old .xls"),
        ("read_sheet", {}, "No file is given"),
        ("read_sheet", {"path": "t.xlsx", "sheet": "X"}, "no sheet 'X'"),
        ("read_sheet", {"path": "t.xlsx", "range": "??"}, "no range"),
        ("read_sheet", {"path": "t.xlsx", "max_bytes": 10}, "more than 10"),
        ("read_sheet", {"path": "../t.xlsx"}, "outside"),
        ("write_sheet", {"path": "../t.xlsx", "rows": []}, "outside"),
        ("write_sheet", {"path": "t.csv", "rows": []}, "end with .xlsx"),
        ("write_sheet", {"path": "t.xlsx", "rows": 7}, "not a list of objects"),
        ("write_sheet", {"path": "t.xlsx", "sheet": "a/b", "rows": []}, "no name for a sheet"),
        ("write_sheet", {"path": "t.xlsx", "rows": ROWS, "columns": ["z"]}, "no column 'z'"),
    ],
)
def test_bad_input_is_refused_in_words(task: str, params: dict[str, Any], words: str) -> None:
    done("write_sheet", path="t.xlsx", rows=ROWS)
    assert words in refused(task, **params)


# --- tables ------------------------------------------------------------------------------------------------------


def table_book(path: Path, *, totals: bool = False, below: str | None = None) -> None:
    """A workbook with the table Orders in B3:D5 of its second sheet: two rows, the last column a shared formula."""
    from openpyxl.worksheet.table import Table, TableColumn, TableFormula

    book = openpyxl.Workbook()
    sheet = book.create_sheet("Second")
    for place, value in {"B3": "day", "C3": "total", "D3": "double", "B4": date(2026, 1, 1), "C4": 1, "D4": "=C4*2",
                         "B5": date(2026, 1, 2), "C5": 2, "D5": "=C5*2"}.items():  # fmt: skip
        sheet[place] = value
    table = Table(displayName="Orders", ref="B3:D6" if totals else "B3:D5")
    table._initialise_columns()
    for column, name in zip(table.tableColumns, ("day", "total", "double"), strict=True):
        column.name = name
    double: TableColumn = table.tableColumns[2]
    double.calculatedColumnFormula = TableFormula(attr_text="Orders[[#This Row],[total]]*2")
    if totals:
        table.totalsRowCount = 1
        sheet["C6"] = "=SUBTOTAL(109,[total])"
        table.tableColumns[1].totalsRowFunction = "sum"
    if below:
        sheet[below] = "in the way"
    sheet.add_table(table)
    book.save(path)


def test_tables_are_listed_and_read_wherever_they_stand(root: Path) -> None:
    table_book(root / "a.xlsx", totals=True)
    assert done("list_tables", path="a.xlsx") == [
        {"name": "Orders", "sheet": "Second", "range": "B3:D6", "columns": ["day", "total", "double"], "rows": 2}
    ]
    read = done("read_table", path="a.xlsx", table="orders", formulas=True)
    assert read == [{"day": "2026-01-01", "total": 1, "double": "=C4*2"},
                    {"day": "2026-01-02", "total": 2, "double": "=C5*2"}]  # fmt: skip
    assert done("read_table", path="a.xlsx", table="Orders", limit=1) == [
        {"day": "2026-01-01", "total": 1, "double": None}
    ]
    frame = done("read_table", content=(root / "a.xlsx").read_bytes(), table="Orders", **{"as": "dataframe"})
    assert frame["total"].tolist() == [1, 2]
    assert "There are: Orders." in refused("read_table", path="a.xlsx", table="Order")
    done("write_sheet", path="b.xlsx", rows=ROWS)
    assert "has no tables" in refused("read_table", path="b.xlsx", table="Orders")
    assert done("list_tables", path="b.xlsx") == []


@pytest.mark.parametrize("totals", [False, True])
def test_a_table_grows_with_its_rows(root: Path, totals: bool) -> None:
    table_book(root / "a.xlsx", totals=totals)
    rows = [{"total": 3, "day": date(2026, 1, 3)}, {"total": 4, "double": 0}]
    told = done("append_to_table", path="a.xlsx", table="Orders", rows=rows)
    assert told == {"path": "a.xlsx", "table": "Orders", "range": "B3:D8" if totals else "B3:D7", "rows": 2}
    assert [row["total"] for row in done("read_table", path="a.xlsx", table="Orders")] == [1, 2, 3, 4]
    book = openpyxl.load_workbook(root / "a.xlsx")
    sheet = book["Second"]
    table = sheet.tables["Orders"]
    assert (table.ref, table.autoFilter and table.autoFilter.ref) == (told["range"], "B3:D7")
    assert (sheet["D6"].value, sheet["D7"].value) == ("=Orders[[#This Row],[total]]*2", 0)
    assert sheet["C8"].value == ("=SUBTOTAL(109,[total])" if totals else None)
    done("append_to_table", path="a.xlsx", table="Orders", rows=pd.DataFrame({"total": [5]}))
    assert [row["total"] for row in done("read_table", path="a.xlsx", table="Orders")] == [1, 2, 3, 4, 5]
    assert done("append_to_table", path="a.xlsx", table="Orders", rows=[])["rows"] == 0


def test_what_a_table_cannot_take_is_refused_and_the_file_stays(root: Path) -> None:
    table_book(root / "a.xlsx", below="C7")
    held = (root / "a.xlsx").read_bytes()
    assert "stands below Orders" in refused("append_to_table", path="a.xlsx", table="Orders", rows=[{"total": 1}] * 2)
    assert "no column 'tota'" in refused("append_to_table", path="a.xlsx", table="Orders", rows=[{"tota": 1}])
    assert "no file 'none.xlsx'" in refused("append_to_table", path="none.xlsx", table="Orders", rows=[{"total": 1}])
    assert (root / "a.xlsx").read_bytes() == held
    assert done("append_to_table", path="a.xlsx", table="Orders", rows=[{"total": 1}])["range"] == "B3:D6"
    assert not (root / "none.xlsx").exists()
