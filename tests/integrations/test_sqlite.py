"""SQLite, on real database files."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook import Workflow
from flowbook.catalog import Catalog
from flowbook.engine import Execution
from flowbook.plan import make_plan
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract, run_task
from integrations import sqlite

DB = "shop.db"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
SAME_FOLDER = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    """The workspace's folder, with the database shop.db and its table goods (id, name, price)."""
    folder = tmp_path / "root"
    folder.mkdir()
    with closing(sqlite3.connect(folder / DB)) as connection:
        connection.executescript(
            "CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL);"
            "INSERT INTO goods VALUES (1, 'tea', 2.5), (2, 'cup', NULL), (3, 'pot', 20);"
        )
    with running_as(Context(root=folder)):
        yield folder


def done(task: Callable[..., Any], **params: Any) -> Any:
    """The data of a task that must succeed."""
    result = task({}, {"database": DB, **params})
    assert result["success"], result["message"]
    return result["data"]


def refused(task: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """The message and the kind of a task's failure."""
    result = task({}, {"database": DB, **params})
    assert not result["success"]
    return str(result["message"]), (result["data"] or {}).get("kind", "")


def names() -> list[str]:
    return [row["name"] for row in done(sqlite.query, sql="SELECT name FROM goods ORDER BY id")]


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(sqlite.__file__).parent) == []


# --- opening -----------------------------------------------------------------------------------------------------


def test_the_connection_test_opens_the_database() -> None:
    result = sqlite.test_connection({"database": DB}, {})
    assert result["data"] == {"version": sqlite3.sqlite_version, "tables": 1}
    assert sqlite.test_connection()["success"]


def test_a_failed_connection_says_which_kind_of_failure_it_was(root: Path) -> None:
    (root / "text.db").write_text("this is no database, but it is long enough to be looked at" * 20)
    damaged = bytearray((root / DB).read_bytes())
    damaged[100:200] = b"\xff" * 100
    (root / "damaged.db").write_bytes(damaged)
    assert refused(sqlite.test_connection, database="none.db")[1] == "not_found"
    assert refused(sqlite.test_connection, database="text.db")[1] == "not_a_database"
    assert refused(sqlite.test_connection, database="damaged.db")[1] == "damaged"


def test_the_integration_may_name_database_and_folder(root: Path) -> None:
    (root / "data").mkdir()
    credentials = {"database": "own.db", "root": "data"}
    assert sqlite.execute(credentials, {"sql": "CREATE TABLE t (a)"})["success"]
    assert (root / "data" / "own.db").exists()
    assert "No database is named" in sqlite.query({"database": ""}, {"sql": "SELECT 1"})["message"]


WRITING: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (sqlite.execute, {"sql": "CREATE TABLE t (a)"}),
    (sqlite.execute_many, {"sql": "SELECT ?", "rows": [[1]]}),
    (sqlite.insert_rows, {"table": "t", "rows": [{"a": 1}]}),
]


@pytest.mark.parametrize(("task", "params"), [*WRITING, (sqlite.query, {"sql": "SELECT 1"}), (sqlite.list_tables, {})])
@pytest.mark.parametrize("database", ["../new.db", "link.db", "/tmp/new.db", ".flowbook/runs.sqlite"])
def test_no_database_outside_is_opened(
    root: Path, task: Callable[..., Any], params: dict[str, Any], database: str
) -> None:
    (root / "link.db").symlink_to(root.parent / "new.db")
    refused(task, database=database, **params)
    assert [path.name for path in root.parent.iterdir()] == ["root"]
    assert not (root / ".flowbook").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH 'new.db' AS other",
        "ATTACH 'file:new.db?mode=rwc' AS other",
        "VACUUM INTO 'new.db'",
        "PRAGMA temp_store_directory = '/'",
        "SELECT load_extension('x')",
        "SELECT writefile('new.db', 'x')",
    ],
)
@pytest.mark.parametrize("database", [DB, ":memory:"])
def test_sql_reaches_no_other_file(root: Path, monkeypatch: pytest.MonkeyPatch, sql: str, database: str) -> None:
    monkeypatch.chdir(root)
    for task in (sqlite.execute, sqlite.query):
        refused(task, sql=sql, database=database)
    assert not (root / "new.db").exists()


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "a#b.db", "ü.db", "file:x.db"])
def test_any_file_name_can_be_a_database(root: Path, name: str) -> None:
    done(sqlite.execute, database=name, sql="CREATE TABLE t (a)")
    assert (root / name).is_file()
    assert done(sqlite.query, database=name, sql="SELECT count(*) AS n FROM t") == [{"n": 0}]


# --- query -------------------------------------------------------------------------------------------------------


def test_rows_come_as_objects() -> None:
    assert done(sqlite.query, sql="SELECT * FROM goods WHERE id < 3") == [
        {"id": 1, "name": "tea", "price": 2.5},
        {"id": 2, "name": "cup", "price": None},
    ]


@pytest.mark.parametrize(("sql", "parameters"), [("name = ?", ["tea"]), ("name = :n", {"n": "tea"})])
def test_parameters_fill_the_places(sql: str, parameters: Any) -> None:
    assert done(sqlite.query, sql=f"SELECT id FROM goods WHERE {sql}", parameters=parameters) == [{"id": 1}]


@SAME_FOLDER
@given(
    value=st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
def test_whatever_a_parameter_holds_it_stays_a_value(value: Any) -> None:
    found = done(sqlite.query, database=":memory:", sql="SELECT ? AS value", parameters=[value])[0]["value"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (True, 1),
        (date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.10"), "1.10"),
        ([1, "ä"], '[1, "ä"]'),
        ({"a": None}, '{"a": null}'),
        (float("nan"), None),
        (pd.NA, None),
        (pd.Timestamp("2026-01-02T03:04"), "2026-01-02T03:04:00"),
        (pd.Series([5])[0], 5),
        (b"\x00\xff", b"\x00\xff"),
        ([b"\x00\xff"], '["AP8="]'),
        ("a\ud800", "a\\ud800"),
        (["a\ud800"], '["a\\ud800"]'),
    ],
)
def test_values_that_sqlite_lacks_have_a_plain_form(value: Any, stored: Any) -> None:
    assert done(sqlite.query, sql="SELECT ? AS v", parameters=[value]) == [{"v": stored}]


def test_values_that_cannot_be_stored_are_told() -> None:
    assert "too large" in refused(sqlite.query, sql="SELECT ?", parameters=[2**63])[0]
    assert "A object cannot be stored" in refused(sqlite.query, sql="SELECT ?", parameters=[object()])[0]


def test_too_few_parameters_are_told() -> None:
    assert "Give as many parameters" in refused(sqlite.query, sql="SELECT ?, ?", parameters=[1])[0]
    assert "Give as many parameters" in refused(sqlite.query, sql="SELECT :a", parameters={"b": 1})[0]


def test_infinity_is_no_json_and_comes_as_nothing() -> None:
    assert done(sqlite.query, sql="SELECT 9e999 AS much, -9e999 AS little") == [{"much": None, "little": None}]


def test_columns_of_the_same_name_are_kept_apart() -> None:
    assert done(sqlite.query, sql="SELECT 1 AS a, 2 AS a, 3 AS a_2") == [{"a": 1, "a_2": 2, "a_2_2": 3}]


def test_a_dataframe_keeps_whole_numbers_whole() -> None:
    frame = done(sqlite.query, sql="SELECT id, nullif(id, 2) AS some, name FROM goods", **{"as": "dataframe"})
    assert [str(frame[name].dtype) for name in ("id", "some")] == ["int64", "Int64"]
    assert frame["name"].tolist() == ["tea", "cup", "pot"]
    empty = done(sqlite.query, sql="SELECT id, name FROM goods WHERE 0", **{"as": "dataframe"})
    assert list(empty.columns) == ["id", "name"]


def test_without_pandas_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert "jupyter-flowbook[data]" in refused(sqlite.query, sql="SELECT 1", **{"as": "dataframe"})[0]


def test_a_limit_cuts_and_says_so() -> None:
    result = sqlite.query({}, {"database": DB, "sql": "SELECT id FROM goods", "limit": 2})
    assert len(result["data"]) == 2
    assert "cut at the limit of 2" in result["message"]
    assert sqlite.query({}, {"database": DB, "sql": "SELECT id FROM goods", "limit": 3})["message"] == "3 rows"
    assert len(done(sqlite.query, sql="SELECT id FROM goods", limit=None)) == 3


@pytest.mark.parametrize("sql", ["DELETE FROM goods", "DROP TABLE goods", "INSERT INTO goods VALUES (9, 'x', 1)"])
@pytest.mark.parametrize("before", ["", "PRAGMA query_only = OFF"])
def test_a_query_changes_nothing(sql: str, before: str) -> None:
    if before:
        refused(sqlite.query, sql=before)
    assert refused(sqlite.query, sql=sql)[1] == "read_only"
    assert names() == ["tea", "cup", "pot"]


@pytest.mark.parametrize(
    ("sql", "part"), [("SELECT 1; SELECT 2", "one statement at a time"), ("-- nothing", "gives no rows")]
)
def test_what_is_no_query_is_told_in_words(sql: str, part: str) -> None:
    assert part in refused(sqlite.query, sql=sql)[0]


def words_of_sqlite(sql: str) -> str:
    """What this version of SQLite says, where there is one table."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE goods (id, name, price)")
    with closing(connection), pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute(sql)
    return str(caught.value)


@pytest.mark.parametrize("sql", ["SELECT * FROM good", "SELECT nam FROM goods", "SELEC 1"])
def test_a_bad_statement_is_told_in_sqlite_s_words(sql: str) -> None:
    assert words_of_sqlite(sql) in refused(sqlite.query, sql=sql)[0]


# --- execute -----------------------------------------------------------------------------------------------------


def test_execute_tells_what_changed() -> None:
    assert done(sqlite.execute, sql="UPDATE goods SET price = 1 WHERE id > ?", parameters=[1])["row_count"] == 2
    added = done(sqlite.execute, sql="INSERT INTO goods (name) VALUES ('lid')")
    assert (added["row_count"], added["last_row_id"], added["rows"]) == (1, 4, [])
    assert names()[-1] == "lid"


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 35), reason="RETURNING came with SQLite 3.35")
def test_execute_hands_back_what_returning_gives() -> None:
    data = done(sqlite.execute, sql="DELETE FROM goods WHERE id < 3 RETURNING id, name")
    assert data["rows"] == [{"id": 1, "name": "tea"}, {"id": 2, "name": "cup"}]
    assert names() == ["pot"]


def test_a_statement_that_fails_changes_nothing() -> None:
    refused(sqlite.execute, sql="INSERT INTO goods SELECT id + 3, CASE id WHEN 3 THEN NULL ELSE name END, 0 FROM goods")
    assert names() == ["tea", "cup", "pot"]


def test_maintenance_is_possible() -> None:
    assert done(sqlite.execute, sql="VACUUM")["row_count"] is None


def test_a_transaction_does_not_outlive_its_node() -> None:
    assert "cannot go on in another node" in refused(sqlite.execute, sql="BEGIN")[0]


def test_a_locked_database_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.sqlite.connection.BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(root / DB, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert refused(sqlite.execute, sql="DELETE FROM goods")[1] == "locked"
        assert refused(sqlite.insert_rows, table="goods", rows=[{"name": "x"}])[1] == "locked"


def test_execute_many_runs_all_or_nothing() -> None:
    rows = [{"id": 1, "name": "green tea"}, {"id": 3, "name": "can"}]
    sql = "UPDATE goods SET name = :name WHERE id = :id"
    assert done(sqlite.execute_many, sql=sql, rows=rows) == {"runs": 2, "row_count": 2}
    assert done(sqlite.execute_many, sql=sql, rows=pd.DataFrame(rows)) == {"runs": 2, "row_count": 2}
    refused(sqlite.execute_many, sql=sql, rows=[{"id": 1, "name": "x"}, {"id": 3, "name": None}])
    assert names() == ["green tea", "cup", "can"]
    assert done(sqlite.execute_many, sql="DELETE FROM goods WHERE id = ?", rows=[[1], [2]])["row_count"] == 2


# --- insert_rows -------------------------------------------------------------------------------------------------


def test_a_table_is_made_with_types_that_fit() -> None:
    rows = [{"n": 1, "x": 1, "t": "a", "b": b"1", "yes": True}, {"n": None, "x": 0.5, "t": 5, "more": [1]}]
    assert done(sqlite.insert_rows, table="new", rows=rows) == {"table": "new", "rows": 2}
    found = next(table for table in done(sqlite.list_tables) if table["name"] == "new")
    assert {column["name"]: column["type"] for column in found["columns"]} == {
        "n": "INTEGER", "x": "REAL", "t": "TEXT", "b": "BLOB", "yes": "INTEGER", "more": "TEXT",
    }  # fmt: skip


def test_rows_are_added_to_a_table_that_is_there() -> None:
    done(sqlite.insert_rows, table="goods", rows=[{"name": "lid"}, {"name": "mug", "price": 3}])
    assert names() == ["tea", "cup", "pot", "lid", "mug"]


def test_replace_makes_the_table_anew_or_empties_it() -> None:
    done(sqlite.insert_rows, table="goods", rows=[{"name": "lid"}], replace=True, create=False)
    assert done(sqlite.query, sql="SELECT id, name FROM goods") == [{"id": 1, "name": "lid"}]
    done(sqlite.insert_rows, table="goods", rows=[{"only": 1}], replace=True)
    assert done(sqlite.query, sql="SELECT * FROM goods") == [{"only": 1}]


STRICT = "CREATE TABLE kept (id INTEGER PRIMARY KEY, Name TEXT NOT NULL, state TEXT DEFAULT 'new')"


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("rows", [[], [{"id": 7, "name": "a"}], [{"state": "x", "Name": "a", "id": 7}], pd.DataFrame()])
def test_replace_keeps_the_table_as_it_is_declared(rows: Any, create: bool) -> None:
    done(sqlite.execute, sql=STRICT)
    done(sqlite.execute, sql="CREATE UNIQUE INDEX kept_names ON kept (name)")
    done(sqlite.insert_rows, table="kept", rows=[{"id": 1, "name": "old"}])
    result = sqlite.insert_rows({}, {"database": DB, "table": "kept", "rows": rows, "replace": True, "create": create})
    assert result["success"], result["message"]
    assert "anew" not in result["message"]
    assert len(done(sqlite.query, sql="SELECT * FROM kept")) == len(rows)
    assert done(sqlite.query, sql="SELECT sql FROM sqlite_master WHERE name = 'kept'") == [{"sql": STRICT}]
    assert done(sqlite.query, sql="SELECT name FROM sqlite_master WHERE name = 'kept_names'")
    done(sqlite.execute, sql="INSERT INTO kept (name) VALUES ('b')")
    assert done(sqlite.query, sql="SELECT state FROM kept WHERE name = 'b'") == [{"state": "new"}]


def test_replace_with_another_column_makes_the_table_anew_and_says_so() -> None:
    done(sqlite.execute, sql=STRICT)
    params = {"database": DB, "table": "kept", "rows": [{"id": 1, "colour": "red"}], "replace": True}
    result = sqlite.insert_rows({}, params)
    assert "made anew, without the keys, constraints and indexes it had: it had no column 'colour'" in result["message"]
    assert done(sqlite.query, sql="SELECT * FROM kept") == [{"id": 1, "colour": "red"}]


def test_replace_of_nothing_in_a_table_that_is_not_there_makes_none() -> None:
    assert done(sqlite.insert_rows, table="absent", rows=[], replace=True) == {"table": "absent", "rows": 0}
    assert "no such table" in refused(sqlite.query, sql="SELECT * FROM absent")[0]


@pytest.mark.parametrize(
    ("sql", "parameters", "found"),
    [
        ("id IN (:ids)", {"ids": [1, 3]}, [1, 3]),
        ("id in ( @ids ) AND name <> :name", {"ids": (1, 3), "name": "tea"}, [3]),
        ("name <> ? AND id IN (?) AND id < ?", ["cup", [1, 2, 3], 3], [1]),
        ("id NOT IN (:ids)", {"ids": []}, [1, 2, 3]),
        ("id IN (?)", [[]], []),
        ("id IN :ids AND name <> :name", {"ids": [1, 3], "name": "tea"}, [3]),
        ("id NOT IN ? AND id < ?", [[1], 3], [2]),
        ("id in:ids", {"ids": []}, []),
        ("id IN (?)", [pd.Series([2])], [2]),
        ("id IN (?) AND '?' <> ? -- ?", [2, "x"], [2]),
        ("'a IN (?)' <> ? AND id IN (?)", ["?", [1]], [1]),
        ("id IN (SELECT value FROM json_each(:ids))", {"ids": [1, 3]}, [1, 3]),
    ],
)
def test_a_list_alone_in_in_is_its_items(sql: str, parameters: Any, found: list[int]) -> None:
    rows = done(sqlite.query, sql=f"SELECT id FROM goods WHERE {sql}\n ORDER BY id", parameters=parameters)
    assert [row["id"] for row in rows] == found
    changed = done(sqlite.execute_many, sql=f"UPDATE goods SET id = id WHERE {sql}", rows=[parameters])
    assert changed["row_count"] == len(found)


def test_bytes_stay_bytes_from_one_table_to_another() -> None:
    raw = bytes(range(256))
    done(sqlite.insert_rows, table="one", rows=[{"raw": raw}])
    done(sqlite.insert_rows, table="two", rows=done(sqlite.query, sql="SELECT raw FROM one"))
    done(sqlite.insert_rows, table="two", rows=done(sqlite.query, sql="SELECT raw FROM one", **{"as": "dataframe"}))
    assert done(sqlite.query, sql="SELECT DISTINCT raw, typeof(raw) AS t FROM two") == [{"raw": raw, "t": "blob"}]


@pytest.mark.parametrize("params", [{}, {"replace": True, "create": False}])
def test_when_one_row_does_not_fit_none_is_there_and_nothing_is_gone(params: dict[str, Any]) -> None:
    refused(sqlite.insert_rows, table="goods", rows=[{"name": "a"}, {"name": None}], **params)
    assert names() == ["tea", "cup", "pot"]


def test_without_create_the_table_must_be_there() -> None:
    assert (
        words_of_sqlite("SELECT * FROM new")
        in refused(sqlite.insert_rows, table="new", rows=[{"a": 1}], create=False)[0]
    )
    assert "replace makes the table anew" in refused(sqlite.insert_rows, table="goods", rows=[{"new": 1}])[0]


@SAME_FOLDER
@given(table=st.text(min_size=1), column=st.text(min_size=1), value=st.text())
def test_any_text_can_name_a_table_and_a_column(table: str, column: str, value: str) -> None:
    result = sqlite.insert_rows({}, {"database": "any.db", "table": table, "rows": [{column: value}], "replace": True})
    if "\0" in table + column or table.lower().startswith("sqlite_"):
        assert not result["success"]
        return
    assert result["success"], result["message"]
    tables = done(sqlite.list_tables, database="any.db")
    assert [column] in [[field["name"] for field in each["columns"]] for each in tables if each["name"] == table]


def test_names_cannot_smuggle_in_sql() -> None:
    done(sqlite.insert_rows, table='x"; DROP TABLE goods; --', rows=[{'a" TEXT); DROP TABLE goods; --': 1}])
    assert names() == ["tea", "cup", "pot"]


def test_a_dataframe_is_inserted_with_its_missing_cells_as_null() -> None:
    frame = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "d": pd.to_datetime(["2026-01-02", None])})
    done(sqlite.insert_rows, table="new", rows=frame)
    assert done(sqlite.query, sql="SELECT * FROM new") == [
        {"n": 1, "d": "2026-01-02T00:00:00"},
        {"n": None, "d": None},
    ]


@pytest.mark.parametrize("rows", [None, "text", {"a": 1}, [1]])
def test_what_is_no_list_of_rows_is_refused(rows: Any) -> None:
    assert "ow" in refused(sqlite.insert_rows, table="new", rows=rows)[0]


def test_no_rows_are_fine_and_make_no_table_without_columns() -> None:
    assert done(sqlite.insert_rows, table="new", rows=[])["rows"] == 0
    assert [table["name"] for table in done(sqlite.list_tables)] == ["goods"]
    done(sqlite.insert_rows, table="new", rows=pd.DataFrame({"a": []}))
    assert [table["name"] for table in done(sqlite.list_tables)] == ["goods", "new"]


def test_progress_is_told_while_rows_go_in(root: Path) -> None:
    rows = [{"n": n} for n in range(2_500)]
    result = run_task(sqlite.insert_rows, None, {"database": DB, "table": "new", "rows": rows}, root=root)
    assert [done for done, _, _ in result.progress] == [1_000, 2_000, 2_500]


# --- stopping ----------------------------------------------------------------------------------------------------


def test_a_statement_is_interrupted_when_the_run_is_cancelled(root: Path) -> None:
    stop = Stop()
    timer = threading.Timer(0.1, stop.set)
    timer.start()
    result = run_task(sqlite.query, None, {"database": DB, "sql": ENDLESS}, root=root, stop=stop)
    timer.join()
    assert not result.success
    assert result.data == {"kind": "cancelled"}


def test_a_statement_that_starts_after_the_cancelling_ends_too(root: Path) -> None:
    stop = Stop()
    stop.set()
    result = run_task(sqlite.query, None, {"database": DB, "sql": ENDLESS}, root=root, stop=stop)
    assert result.data == {"kind": "cancelled"}


def test_a_statement_is_interrupted_at_the_node_s_timeout(root: Path) -> None:
    flow = Workflow(name="endless")
    flow.add("count", "sqlite.query", params={"database": DB, "sql": ENDLESS}, timeout=0.1)
    threads = set(threading.enumerate())
    result = Execution(make_plan(flow, Catalog(environ={})), run_id="r", root=root).run().results["count"]
    assert result.status == "failed"
    for thread in set(threading.enumerate()) - threads:
        thread.join(60)
        assert not thread.is_alive(), "the statement went on after its node timed out"


def test_bulk_work_stops_and_takes_everything_back(root: Path) -> None:
    stop = Stop()

    def rows() -> list[dict[str, int]]:
        return [{"n": n} for n in range(5_000)]

    def progress(done: float, total: float | None, text: str) -> None:
        stop.set()

    context = Context(root=root, stop=stop, progress=progress)
    with running_as(context):
        result = sqlite.insert_rows({}, {"database": DB, "table": "new", "rows": rows()})
    assert not result["success"]
    assert [table["name"] for table in done(sqlite.list_tables)] == ["goods"]
