"""DuckDB, on real files; and what SQL may not reach."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract, run_task
from integrations import duckdb
from tests.integrations.examples import examples

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="there is no DuckDB 2 for Python 3.10")

ORDERS = "id,customer,total,placed\n1,tea,2.5,2026-01-02\n2,cup,,2026-01-03\n3,tea,20,2026-02-01\n"
ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7"


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    """The workspace's folder, with orders.csv in it, beside a file outside."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "other.csv").write_text("a\n1\n")
    (tmp_path / "outside.csv").write_text("a\nSECRET\n")
    with running_as(Context(root=folder)):
        yield folder


def done(task: Callable[..., Any], **params: Any) -> Any:
    result = task({}, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(task: Callable[..., Any], **params: Any) -> tuple[str, str]:
    result = task({}, params)
    assert not result["success"], result
    return str(result["message"]), (result["data"] or {}).get("kind", "")


def rows(sql: str, **more: Any) -> Any:
    return done(duckdb.query, **{"tables": {"orders": "orders.csv"}, "sql": sql, **more})


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(duckdb.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(duckdb.__file__).parent)) == sorted(duckdb.__all__)


# --- tables ------------------------------------------------------------------------------------------------------


def test_a_file_is_a_table() -> None:
    assert rows("SELECT customer, sum(total) AS total FROM orders GROUP BY ALL ORDER BY ALL") == [
        {"customer": "cup", "total": None},
        {"customer": "tea", "total": 22.5},
    ]


def test_files_rows_and_dataframes_are_joined() -> None:
    people = [{"customer": "tea", "country": "NO"}, {"customer": "cup"}]
    tables = {"orders": "orders.csv", "people": people, "rates": pd.DataFrame({"country": ["NO"], "rate": [2]})}
    joined = "orders JOIN people USING (customer) JOIN rates USING (country)"
    sql = f"SELECT id, total * rate AS cost FROM {joined} ORDER BY id"
    assert done(duckdb.query, tables=tables, sql=sql) == [{"id": 1, "cost": 5.0}, {"id": 3, "cost": 40.0}]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "json", "jsonl", "jsonl.gz"])
def test_what_is_written_in_each_format_is_read_back(root: Path, ending: str) -> None:
    path = f"out/made.{ending}"
    told = done(
        duckdb.query_to_file, tables={"o": "orders.csv"}, sql="FROM o WHERE id < ?", parameters=[3], file_path=path
    )
    assert told == {"file_path": str(root / path), "rows": 2, "bytes": (root / path).stat().st_size}
    assert done(duckdb.query, tables={"o": path}, sql="SELECT id, total, placed FROM o ORDER BY id") == [
        {"id": 1, "total": 2.5, "placed": "2026-01-02"},
        {"id": 2, "total": None, "placed": "2026-01-03"},
    ]
    assert [one.name for one in (root / "out").iterdir()] == [f"made.{ending}"]


def test_a_pattern_is_one_table_of_all_its_files(root: Path) -> None:
    (root / "days").mkdir()
    for day in (1, 2):
        (root / "days" / f"{day}.csv").write_text(f"day\n{day}\n" if day == 1 else "day,more\n2,x\n")
    assert done(duckdb.query, tables={"d": "days/*.csv"}, sql="FROM d ORDER BY day") == [
        {"day": 1, "more": None}, {"day": 2, "more": "x"},
    ]  # fmt: skip
    assert "no file like" in refused(duckdb.query, tables={"d": "days/*.parquet"}, sql="FROM d")[0]


def test_how_a_file_is_to_be_read_can_be_said(root: Path) -> None:
    (root / "odd.dat").write_bytes("nr;name\n007;Bjørn\n-;-\n".encode("latin-1"))
    table = {"path": "odd.dat", "format": "csv", "delimiter": ";", "text": True, "null": "-", "encoding": "latin-1"}
    assert done(duckdb.query, tables={"t": table}, sql="FROM t") == [
        {"nr": "007", "name": "Bjørn"}, {"nr": None, "name": None},
    ]  # fmt: skip
    assert "does not say what is in it" in refused(duckdb.query, tables={"t": "odd.dat"}, sql="FROM t")[0]
    assert "delimitr" in refused(duckdb.query, tables={"t": {"path": "a.csv", "delimitr": ";"}}, sql="FROM t")[0]


@pytest.mark.parametrize("name", ["a b.csv", "it's.csv", "ü%?.csv".replace("?", ""), "x{1}.csv"])
def test_any_file_name_can_be_a_table(root: Path, name: str) -> None:
    (root / name).write_text("a\n1\n")
    assert done(duckdb.query, tables={'odd "name"': name}, sql='FROM "odd ""name"""') == [{"a": 1}]


def test_rows_whose_values_have_no_type_in_common_are_text() -> None:
    given = [{"a": 1, "b": [1], "c": date(2026, 1, 2)}, {"a": "x", "b": {"k": None}, "d": Decimal("1.10")}]
    assert done(duckdb.query, tables={"t": given}, sql="FROM t") == [
        {"a": "1", "b": "[1]", "c": "2026-01-02", "d": None},
        {"a": "x", "b": '{"k": null}', "c": None, "d": 1.1},
    ]
    assert "which columns" in refused(duckdb.query, tables={"t": []}, sql="FROM t")[0]
    assert "Row 1 is a int" in refused(duckdb.query, tables={"t": [1]}, sql="FROM t")[0]


def test_tables_are_described() -> None:
    found = done(duckdb.describe, tables={"orders": "orders.csv", "t": [{"x": 1}]}, summary=False)
    assert [(one["table"], one["rows"]) for one in found] == [("orders", 3), ("t", 1)]
    assert found[0]["columns"][0] == {"name": "id", "type": "BIGINT"}
    total = done(duckdb.describe, tables={"orders": "orders.csv"}, summary=True)[0]["columns"][2]
    assert (total["least"], total["greatest"], total["missing"]) == ("2.5", "20.0", 33.33)


# --- rows --------------------------------------------------------------------------------------------------------


def test_values_travel_as_parameters() -> None:
    assert rows("SELECT ? AS a, ? AS b", parameters=["'; DROP", [1, 2]]) == [{"a": "'; DROP", "b": [1, 2]}]
    assert rows("SELECT id FROM orders WHERE id IN $ids ORDER BY id", parameters={"ids": [1, 3]}) == [
        {"id": 1},
        {"id": 3},
    ]
    assert "kind" in duckdb.query({}, {"sql": "SELECT ?"})["data"]


def test_every_type_comes_as_plain_json() -> None:
    sql = """SELECT {'a': 1, 'b': [1.5]} AS struct, MAP {'k': 1} AS map, 1.10::DECIMAL(9, 2) AS decimal,
        12345678901234567890.123456789::DECIMAL(38, 9) AS exact, INTERVAL 1 DAY AS span, TIME '01:02:03' AS clock,
        TIMESTAMPTZ '2026-01-02 03:04:05+00' AS moment, 'nan'::DOUBLE AS nan,
        170141183460469231731687303715884105727 AS huge,
        '{"a": 1}'::JSON AS json, 'x'::BLOB AS blob, 'f0e1d2c3-0000-0000-0000-000000000000'::UUID AS uuid, 1 AS map"""
    [row] = rows(sql)
    assert row.pop("blob") == b"x"
    assert json.loads(json.dumps(row)) == row
    assert (row["struct"], row["decimal"], row["exact"]) == (
        {"a": 1, "b": [1.5]},
        1.1,
        "12345678901234567890.123456789",
    )
    assert (row["clock"], row["nan"], row["huge"]) == ("01:02:03", None, 2**127 - 1)
    assert len(row) == 12, "a name that comes twice loses no value"


def test_rows_come_as_a_dataframe_too() -> None:
    frame = rows("SELECT id, placed FROM orders ORDER BY id DESC", limit=2, **{"as": "dataframe"})
    assert frame["id"].tolist() == [3, 2]


def test_the_limit_is_kept_and_said() -> None:
    result = duckdb.query({}, {"sql": "FROM range(20)", "limit": 5})
    assert (len(result["data"]), result["message"]) == (5, "5 rows, cut at the limit of 5: there are more (raise "
                                                          "'limit', or empty it for all)")  # fmt: skip
    assert len(done(duckdb.query, sql="FROM range(20000)", limit=None)) == 20000
    assert done(duckdb.query, sql="FROM range(9) ORDER BY range DESC -- the last", limit=1) == [{"range": 8}]


# --- what SQL may not reach --------------------------------------------------------------------------------------

READING = [
    "FROM read_csv('{place}')",
    "FROM read_text('{place}')",
    "FROM read_blob('{place}')",
    "FROM '{place}'",
    "FROM sniff_csv('{place}')",
    "FROM glob('{folder}/*')",
    "FROM read_parquet('{place}')",
    "FROM parquet_metadata('{place}')",
    "FROM read_duckdb('{place}')",
    "FROM read_json(['{place}'])",
    "FROM query('FROM read_text(''{place}'')')",
    "FROM read_csv('flowbook://0/../{place}')",
    "FROM read_csv('flowbook://{place}')",
    "FROM glob('flowbook://*')",
    "FROM read_csv('file://{place}')",
]  # fmt: skip
DOING = [
    "COPY (SELECT 1) TO '{folder}/new.csv'",
    "COPY orders TO 'flowbook://0/orders.csv'",
    "ATTACH '{folder}/new.db'",
    "INSTALL httpfs",
    "INSTALL httpfs FROM '{folder}'",
    "LOAD httpfs",
    "LOAD '{folder}/x.so'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "SET allowed_paths = ['/']",
    "PRAGMA enable_profiling",
    "SET profiling_output = '{folder}/new'",
    "EXPORT DATABASE '{folder}/new'",
    "IMPORT DATABASE '{folder}'",
    "CREATE SECRET s (TYPE s3)",
    "CALL enable_logging(storage = 'file', storage_path = '{folder}/new')",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/new.csv'",
    "PREPARE p AS COPY (SELECT 1) TO '{folder}/new.csv'",
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW orders",
    "SELECT 1; COPY (SELECT 1) TO '{folder}/new.csv'",
    "FROM query('COPY (SELECT 1) TO ''{folder}/new.csv''')",
    "FROM enable_logging(storage = 'file', storage_path = '{folder}/new')",
    "FROM enable_profiling(save_location = '{folder}/new')",
    "SELECT getenv('HOME')",
    "SELECT 1) TO '{folder}/new.csv' --",
    # What DuckDB 2.0 calls a SELECT, and writes a file that it may read (allowed_paths):
    "WITH t AS (COPY (SELECT 1) TO 'flowbook://0/orders.csv' (USE_TMP_FILE false)) SELECT * FROM t",
    "WITH t AS (COPY (SELECT 1) TO '{folder}/orders.csv' (USE_TMP_FILE false)) SELECT * FROM t",
    "WITH t AS (COPY (SELECT 1) TO '{folder}/new.csv' (USE_TMP_FILE false)) SELECT * FROM t",
    "FROM json_execute_serialized_sql(json_serialize_sql("
    "'WITH t AS (COPY (SELECT 1) TO ''{folder}/new.csv'') SELECT 1'))",
    "FROM 'http://127.0.0.1:9/a.csv'",
    "FROM 's3://bucket/a.parquet'",
]  # fmt: skip


@pytest.mark.parametrize("sql", [*READING, *DOING])
def test_sql_reaches_its_tables_and_nothing_else(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(root)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asked = sql.format(place=tmp_path / "outside.csv", folder=root)
    assert "SECRET" not in str(refused(duckdb.query, sql=asked, tables={"orders": "orders.csv"}, limit=None))
    refused(duckdb.query_to_file, sql=asked, tables={"orders": "orders.csv"}, file_path="made.csv")
    if sql in READING:
        refused(duckdb.query, sql=sql.format(place=root / "other.csv", folder=root), tables={"orders": "orders.csv"})
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_view_of_the_run_s_own_variables_is_not_had(root: Path) -> None:
    tables = given = params = pd.DataFrame({"a": [1]})
    assert len(tables) == len(given) == len(params)
    for name in ("tables", "given", "params", "held", "_KINDS"):
        assert "does not exist" in refused(duckdb.query, sql=f"FROM {name}")[0]


@pytest.mark.parametrize(
    "path", ["../outside.csv", "link.csv", "../*.csv", "*nk.csv", "x/../../outside.csv", "*/../../outside.csv"]
)
def test_a_table_outside_is_refused(root: Path, path: str) -> None:
    (root / "link.csv").symlink_to(root.parent / "outside.csv")
    message, _ = refused(duckdb.query, sql="FROM t", tables={"t": path})
    assert "outside" in message or "leads out" in message


def test_a_query_that_fails_leaves_the_file_as_it_was(root: Path) -> None:
    (root / "made.csv").write_text("old")
    refused(duckdb.query_to_file, sql="SELECT 'x'::INTEGER", file_path="made.csv")
    assert (root / "made.csv").read_text() == "old"
    assert "is there already" in refused(duckdb.query_to_file, sql="SELECT 1", file_path="made.csv", overwrite=False)[0]
    assert sorted(one.name for one in root.iterdir()) == ["made.csv", "orders.csv", "other.csv"]


# --- memory, time and what goes wrong ----------------------------------------------------------------------------


def test_a_query_keeps_to_its_memory(tmp_path: Path) -> None:
    message, kind = refused(duckdb.query, sql="SELECT list(range) FROM range(50000000)", memory_mb=64)
    assert kind == "memory"
    assert message.endswith("Raise memory_mb, or have the query hold less at once.")


@pytest.mark.parametrize("task", [duckdb.query, duckdb.query_to_file])
def test_a_query_is_stopped_with_the_run(root: Path, task: Callable[..., Any]) -> None:
    stop = Stop()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    more = {"file_path": "made.csv"} if task is duckdb.query_to_file else {}
    result = run_task(task, None, {"sql": ENDLESS, **more}, root=root, stop=stop)
    timer.join()
    assert result.data == {"kind": "cancelled"}
    assert not (root / "made.csv").exists()


@pytest.mark.parametrize(
    ("sql", "kind", "words"),
    [
        ("FROM nothing", "invalid", "names in 'tables'"),
        ("SELECT nothing FROM orders", "invalid", "describe shows the columns"),
        ("SELEC 1", "invalid", "Look near"),
        ("SELECT 1; SELECT 2", "", "2 statements"),
        ("SELECT 'x'::INTEGER", "invalid", "TRY_CAST"),
        ("PIVOT orders ON customer USING sum(total)", "", "Name the values"),
        ("/* nothing */", "", "0 statements"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(sql: str, kind: str, words: str) -> None:
    message, found = refused(duckdb.query, sql=sql, tables={"orders": "orders.csv"})
    assert found == kind
    assert words in message


def test_a_damaged_file_is_a_failure_in_words(root: Path) -> None:
    (root / "bad.parquet").write_text("PAR1 and nothing more")
    (root / "bad.csv.gz").write_bytes(gzip.compress(b"a\n1\n")[:-9])
    (root / "bad.json").write_text('[{"a": 1}, {')
    for name in ("bad.parquet", "bad.csv.gz", "bad.json"):
        message, _ = refused(duckdb.query, sql="FROM t", tables={"t": name})
        assert "Traceback" not in message
        assert "\n" not in message


def test_a_duckdb_that_does_not_keep_what_it_is_told_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """1.4 and 1.5 carry out FROM enable_logging(storage = 'file') though all is locked; the program is then aborted."""
    import duckdb as library

    monkeypatch.setattr(library, "__version__", "1.5.6")
    message, _ = refused(duckdb.query, sql="SELECT 1")
    assert message.startswith("DuckDB 1.5.6 is too old: 2 or newer is wanted.")
