"""PostgreSQL: what values become on their way in and out, and what a node's transaction refuses; a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from integrations import postgres
from integrations.postgres.lexing import statements
from tests.integrations.postgres_server import PostgresServer
from tests.waiting import until

Credentials = dict[str, Any]
MAKE = """
DROP TABLE IF EXISTS kinds; DROP DOMAIN IF EXISTS bag, amounts, whole;
CREATE DOMAIN bag AS jsonb; CREATE DOMAIN amounts AS int[]; CREATE DOMAIN whole AS int;
CREATE TABLE kinds (id int, doc jsonb, old json, docs jsonb[], numbers int[], words text[], note text,
    big bigint, small smallint, wide numeric, boxed bag, many amounts, entire whole, raw bytea)
"""


@pytest.fixture
def shop(postgres_server: PostgresServer) -> Iterator[Credentials]:
    """The credentials of a database with a table that has a column of each kind."""
    credentials = postgres_server.credentials()
    with running_as(Context()):
        done(postgres.execute_query(credentials, {"query": MAKE}))
        yield credentials


def done(result: Any) -> Any:
    assert result["success"], result["message"]
    return result["data"]


def refused(result: Any) -> str:
    assert not result["success"], result
    return str(result["message"])


def ask(credentials: Credentials, query: str, parameters: Any = None, **more: Any) -> Any:
    return done(postgres.execute_query(credentials, {"query": query, "parameters": parameters, **more}))


# --- lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [[], [1, 2], ["a", None], [[]], [[1], [2, 3]], [{"a": []}], [True, 1.5, "x"]])
@pytest.mark.parametrize("column", ["doc", "old", "boxed"])
def test_a_list_for_a_json_column_is_a_json_list(shop: Credentials, column: str, value: list[Any]) -> None:
    ask(shop, f"INSERT INTO kinds ({column}) VALUES (%s)", [value])
    ask(shop, f"UPDATE kinds SET {column} = %(v)s", {"v": value})
    assert ask(shop, f"SELECT {column} AS got FROM kinds") == [{"got": value}]


@pytest.mark.parametrize(
    ("column", "value"),
    [("numbers", []), ("numbers", [1, None]), ("words", []), ("words", ["a", ""]), ("many", []), ("many", [3]),
     ("docs", []), ("docs", [{"a": 1}, None, [1]])],
)  # fmt: skip
def test_a_list_for_an_array_is_an_array(shop: Credentials, column: str, value: list[Any]) -> None:
    ask(shop, f"INSERT INTO kinds ({column}) VALUES (%s)", [value])
    assert ask(shop, f"SELECT {column} AS got FROM kinds") == [{"got": value}]


@pytest.mark.parametrize(
    ("query", "got"),
    [
        ("SELECT %s::jsonb AS got", [1, "a"]),
        ("SELECT CAST(%s AS json) AS got", []),
        ("SELECT %s::int[] AS got", []),
        ("SELECT %s::text[] AS got", ["a"]),
        ("SELECT ('[[1]]'::jsonb || %s) AS got", [[1], 5]),
        ("WITH x AS (SELECT %s::jsonb AS got) SELECT got FROM x; ", [{"a": 1}]),
    ],
)
def test_a_cast_decides_as_a_column_does(shop: Credentials, query: str, got: list[Any]) -> None:
    value = [5] if "||" in query else got
    assert ask(shop, query, [value]) == [{"got": got}]
    assert ask(shop, query, [value], autocommit=True) == [{"got": got}]


@pytest.mark.parametrize("query", ["INSERT INTO kinds (note) VALUES (%s)", "SELECT %s", "SELECT to_jsonb(%s)"])
def test_an_empty_list_that_would_become_something_else_is_refused(shop: Credentials, query: str) -> None:
    message = refused(postgres.execute_query(shop, {"query": query, "parameters": [[]]}))
    assert message.startswith("Parameter 1 is an empty list, ")
    assert "::jsonb" in message
    assert ask(shop, "SELECT * FROM kinds") == []


def test_several_statements_with_a_list_run_once(shop: Credentials) -> None:
    """Asking what a list is to become executes nothing."""
    ask(shop, "INSERT INTO kinds (numbers) VALUES (%s); INSERT INTO kinds (id) VALUES (1) RETURNING id", [[1]])
    assert ask(shop, "SELECT count(*) AS n FROM kinds") == [{"n": 2}]
    sneaky = "SELECT %s::int[]; INSERT INTO kinds (id) VALUES (2)"
    ask(shop, sneaky, [[1]], autocommit=True)
    assert ask(shop, "SELECT count(*) AS n FROM kinds") == [{"n": 3}]


def test_execute_many_and_call_and_copy_treat_lists_alike(shop: Credentials, tmp_path: Path) -> None:
    insert = "INSERT INTO kinds (id, doc, numbers) VALUES (%s, %s, %s)"
    done(postgres.execute_many(shop, {"query": insert, "rows": [[1, [], []], [2, [1], [1]], [3, None, None]]}))
    statement = {"query": "INSERT INTO kinds (id, doc) VALUES (4, %(d)s)", "parameters": {"d": []}}
    done(postgres.call(shop, {"statements": [statement]}))
    assert [row["doc"] for row in ask(shop, "SELECT doc FROM kinds ORDER BY id")] == [[], [1], None, []]
    assert [row["numbers"] for row in ask(shop, "SELECT numbers FROM kinds ORDER BY id")] == [[], [1], None, None]
    copy = {"query": "SELECT %s::jsonb", "parameters": [[]], "file_path": str(tmp_path / "x.csv"), "header": False}
    done(postgres.copy_to_csv(shop, copy))
    assert (tmp_path / "x.csv").read_text() == "[]\n"


def test_what_is_a_list_to_pandas_and_numpy_is_one(shop: Credentials) -> None:
    for value in (np.array([1, 2]), pd.Series([1, 2]), (1, 2)):
        ask(shop, "INSERT INTO kinds (numbers) VALUES (%s)", [value])
    assert ask(shop, "SELECT DISTINCT numbers FROM kinds") == [{"numbers": [1, 2]}]


@pytest.mark.parametrize("clause", ["id IN (%(ids)s)", "id in %(ids)s", "id IN ( %(ids)s ) AND 1 IN (%(more)s)"])
@pytest.mark.parametrize(("ids", "found"), [([1, 3], [1, 3]), ([2], [2]), ([], [])])
def test_a_list_may_stand_in_in(shop: Credentials, clause: str, ids: list[int], found: list[int]) -> None:
    ask(shop, "INSERT INTO kinds (id, note) SELECT n, 'n' || n FROM generate_series(1, 3) n")
    rows = ask(shop, f"SELECT id FROM kinds WHERE {clause} ORDER BY id", {"ids": ids, "more": [1, 2]})
    assert [row["id"] for row in rows] == found
    left = ask(shop, "SELECT id FROM kinds WHERE id NOT IN (%s) AND note <> %s ORDER BY id", [ids, "x"])
    assert [row["id"] for row in left] == [n for n in (1, 2, 3) if n not in found]


def test_texts_in_in_take_the_columns_type(shop: Credentials) -> None:
    id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    query = "SELECT count(*) AS n FROM (VALUES (%s::uuid)) AS t(id) WHERE id IN (%s) AND 10 %% 3 = 1"
    assert ask(shop, query, [id, [id, id]]) == [{"n": 1}]


def test_wrong_numbers_of_parameters_are_said_with_lists_too(shop: Credentials) -> None:
    for parameters in ([[1]], [[1], 2, 3]):
        message = refused(postgres.execute_query(shop, {"query": "SELECT %s, %s", "parameters": parameters}))
        assert "placeholders" in message
    assert "no such parameter" in refused(
        postgres.execute_query(shop, {"query": "SELECT %(a)s, %(b)s", "parameters": {"a": [1]}})
    )


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [10.0, np.float64(10), Decimal("10.00"), 10, "10", "10.0"])
@pytest.mark.parametrize("column", ["id", "big", "small", "entire"])
def test_a_whole_number_is_written_into_integers(shop: Credentials, column: str, value: Any) -> None:
    done(postgres.insert_rows(shop, {"table": "kinds", "rows": [{column: value}, {column: None}]}))
    assert ask(shop, f"SELECT {column} AS got FROM kinds WHERE {column} IS NOT NULL") == [{"got": 10}]


def test_what_a_merge_leaves_is_written_as_it_was(shop: Credentials) -> None:
    left = pd.DataFrame({"id": [1, 2]})
    merged = left.merge(pd.DataFrame({"id": [1], "big": [2**40]}), how="left")
    assert merged["big"].dtype == float
    done(postgres.insert_rows(shop, {"table": "kinds", "rows": merged}))
    assert ask(shop, "SELECT id, big FROM kinds ORDER BY id") == [{"id": 1, "big": 2**40}, {"id": 2, "big": None}]
    done(postgres.insert_rows(shop, {"table": "kinds", "rows": [{"numbers": [1.0, 2.0, None], "wide": 10.5}]}))
    got = ask(shop, "SELECT numbers, wide FROM kinds WHERE numbers IS NOT NULL")
    assert got == [{"numbers": [1, 2, None], "wide": 10.5}]


@pytest.mark.parametrize("value", [10.5, float("nan"), float("inf"), Decimal("0.1")])
def test_a_fraction_for_integers_is_refused_with_its_row_and_column(shop: Credentials, value: Any) -> None:
    rows = [{"id": 1, "big": 1}, {"id": 2, "big": value}]
    message = refused(postgres.insert_rows(shop, {"table": "kinds", "rows": rows}))
    assert f"Row 2, column 'big': {value} is no whole number" in message
    nested = refused(postgres.insert_rows(shop, {"table": "kinds", "rows": [{"numbers": [1.0, value]}]}))
    assert "Row 1, column 'numbers'" in nested
    assert ask(shop, "SELECT * FROM kinds") == []


@pytest.mark.parametrize("value", [10.5, "10.5", Decimal("0.1"), np.float64(2.5)])
def test_an_update_rounds_no_fraction_into_integers(shop: Credentials, value: Any) -> None:
    done(postgres.insert_rows(shop, {"table": "kinds", "rows": [{"id": 1, "big": 1}]}))
    message = refused(postgres.update_rows(shop, {"table": "kinds", "values": {"big": value}, "where": {"id": 1}}))
    assert f"Column 'big': {value} is no whole number" in message
    done(postgres.update_rows(shop, {"table": "kinds", "values": {"big": 7.0}, "where": {"id": 1}}))
    assert ask(shop, "SELECT big FROM kinds") == [{"big": 7}]


def test_an_object_becomes_no_empty_array(shop: Credentials) -> None:
    said = refused(postgres.insert_rows(shop, {"table": "kinds", "rows": [{"numbers": {}}]}))
    assert "Row 1, column 'numbers': an object was given, and the column wants an array" in said
    query = {"query": "INSERT INTO kinds (numbers) VALUES (%s)", "parameters": [{}]}
    assert "Parameter 1 is an object, but PostgreSQL wants an array" in refused(postgres.execute_query(shop, query))
    assert ask(shop, "SELECT %s::jsonb AS got", [{}]) == [{"got": {}}]


# --- bytes, texts, dates -----------------------------------------------------------------------------------------


def test_bytes_go_from_a_query_to_a_table_as_they_are(shop: Credentials) -> None:
    raw = bytes(range(256))
    ask(shop, "INSERT INTO kinds (id, raw) VALUES (1, %s)", [raw])
    rows = ask(shop, "SELECT id + 1 AS id, raw FROM kinds")
    assert rows == [{"id": 2, "raw": raw}]
    done(postgres.insert_rows(shop, {"table": "kinds", "rows": rows}))
    frame = ask(shop, "SELECT id + 2 AS id, raw FROM kinds ORDER BY id", **{"as": "dataframe"})
    done(postgres.insert_rows(shop, {"table": "kinds", "rows": frame}))
    assert ask(shop, "SELECT DISTINCT raw FROM kinds") == [{"raw": raw}]
    assert ask(shop, "SELECT ARRAY[raw] AS got FROM kinds LIMIT 1") == [{"got": [raw]}]
    ask(shop, "UPDATE kinds SET doc = %s", [{"raw": raw}])
    assert ask(shop, "SELECT DISTINCT doc->>'raw' AS t FROM kinds")[0]["t"].startswith("AAECAwQF")


LONE = "a\ud800b"


def test_lone_surrogates_are_written_as_escapes(shop: Credentials) -> None:
    ask(shop, "INSERT INTO kinds (id, note, doc, words) VALUES (1, %s, %s, %s)", [LONE, {LONE: LONE}, [LONE]])
    done(
        postgres.insert_rows(
            shop, {"table": "kinds", "rows": [{"id": 2, "note": LONE, "doc": [LONE], "words": [LONE]}]}
        )
    )
    done(postgres.execute_many(shop, {"query": "INSERT INTO kinds (id, note) VALUES (3, %s)", "rows": [[LONE]]}))
    notes = ask(shop, "SELECT note, words FROM kinds ORDER BY id")
    assert [row["note"] for row in notes] == [r"a\ud800b"] * 3
    assert notes[0]["words"] == notes[1]["words"] == [r"a\ud800b"]
    assert ask(shop, f"SELECT '{LONE}' AS got, %s AS one", [1]) == [{"got": r"a\ud800b", "one": 1}]


@pytest.mark.parametrize("moment", ["0044-03-15 BC", "12000-01-01", "infinity", "-infinity"])
@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_a_date_without_a_place_in_a_dataframe_is_said_and_kept(shop: Credentials, kind: str, moment: str) -> None:
    query = (
        f"SELECT d::{kind} AS day, '2026-01-01'::date AS other FROM (VALUES ('{moment}'), (NULL), ('2026-01-31')) t(d)"
    )
    result = postgres.execute_query(shop, {"query": query, "as": "dataframe"})
    frame = done(result)
    rows = ask(shop, query)
    assert frame["day"].tolist() == [row["day"] for row in rows]
    assert f"day stays text: a DataFrame has no date for {rows[0]['day']}" in result["message"]
    assert str(frame["other"].dtype).startswith("datetime64")
    assert "other" not in result["message"]


# --- the transaction ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["COMMIT", "commit work;", "END", "ROLLBACK", "abort", "BEGIN", "START  TRANSACTION", "PREPARE TRANSACTION 'x'",
     "/* a */ -- b\n COMMIT", "SELECT ';'; COMMIT", "SELECT $$;$$; rollback", "COMMIT AND CHAIN"],
)  # fmt: skip
def test_nothing_ends_the_transaction_of_a_node(shop: Credentials, statement: str) -> None:
    insert = "INSERT INTO kinds (id) VALUES (1)"
    message = refused(postgres.call(shop, {"statements": [insert, statement, "SELECT 1/0"]}))
    assert "statement 2: " in message
    assert "has no place here" in message
    assert "has no place here" in refused(postgres.execute_query(shop, {"query": f"{insert};{statement}"}))
    assert "has no place here" in refused(postgres.execute_many(shop, {"query": f"{insert};{statement}", "rows": [[]]}))
    assert ask(shop, "SELECT * FROM kinds") == []


@pytest.mark.parametrize(
    "statements",
    [
        ["SAVEPOINT a", "INSERT INTO kinds (id) VALUES (1)", "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a"],
        [
            "SELECT 'COMMIT; COMMIT'",
            'SELECT 1 AS "; COMMIT"',
            "SELECT 1 -- ; COMMIT\n",
            "SELECT /* ; /* ; */ ; END */ 1",
        ],
        ["DO $do$ BEGIN PERFORM 1; END $do$", "SELECT E'it\\'s; COMMIT'", "SELECT CASE WHEN true THEN 1 END"],
        ["CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; "],
    ],
)
def test_what_only_looks_like_it_is_run(shop: Credentials, statements: list[str]) -> None:
    done(postgres.call(shop, {"statements": statements}))


def test_with_autocommit_a_transaction_is_the_querys_own(shop: Credentials) -> None:
    ask(shop, "BEGIN; INSERT INTO kinds (id) VALUES (1); COMMIT", autocommit=True)
    assert ask(shop, "SELECT id FROM kinds") == [{"id": 1}]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["'", '"', "$$", "$a$", "--", "/*", "*/", "\n", ";", "x", "\\", "E'", " ", "%s"])))
def test_any_text_is_taken_apart(pieces: list[str]) -> None:
    found = statements("".join(pieces))
    assert all(one and one == one.strip() for one in found)
    assert not any(";" in one for one in found)


# --- giving up ---------------------------------------------------------------------------------------------------

SLOW = "UPDATE kinds SET note = 'late' FROM pg_sleep(8)"


def running(credentials: Credentials, query: str) -> list[Any]:
    """The server's processes that execute a query now."""
    sql = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query = %s AND pid <> pg_backend_pid()"
    return ask(credentials, sql, [query])


@pytest.mark.parametrize("how", ["timeout", "cancel"])
@pytest.mark.parametrize("autocommit", [True, False])
def test_what_a_run_gives_up_stops_in_the_server_though_the_process_ends(
    shop: Credentials, tmp_path: Path, how: str, autocommit: bool
) -> None:
    ask(shop, "INSERT INTO kinds (id) VALUES (1)")
    ws = Workspace(tmp_path)
    ws.create_type("postgres")
    ws.create_integration("My Database", "postgres", shop)
    flow = Workflow(name="slow")
    timeout = 1.5 if how == "timeout" else None
    params = {"query": SLOW, "autocommit": autocommit}
    flow.add("a", "postgres.execute_query", integration="My Database", params=params, timeout=timeout)
    ws.save(flow)
    ws.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "flowbook", "-C", str(tmp_path), "run", "slow", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: running(shop, SLOW) or process.poll() is not None)
    if how == "cancel":
        process.send_signal(2)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (1 if how == "timeout" else 130), out + err
    assert not running(shop, SLOW)
    assert json.loads(out)["nodes"]["a"]["status"] in ("failed", "cancelled")
    assert ask(shop, "SELECT note FROM kinds") == [{"note": None}]


def test_the_server_is_told_at_once(shop: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when the watching thread happens to look next: the process may end before."""
    monkeypatch.setattr("integrations.postgres.connection.WATCH_SECONDS", 3600)
    stop = Stop()
    result: list[Any] = []

    def execute() -> None:
        with running_as(Context("run", stop=stop)):
            result.append(postgres.execute_query(shop, {"query": SLOW}))

    thread = threading.Thread(target=execute)
    thread.start()
    until(lambda: running(shop, SLOW))
    began = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - began < 3600
    assert "Cancelled" in refused(result[0])
    assert not running(shop, SLOW)


def test_what_is_no_utf8_in_a_database_without_an_encoding_is_refused_with_a_way_to_read_it(
    postgres_server: PostgresServer,
) -> None:
    import psycopg2

    credentials = postgres_server.credentials()
    make = "CREATE DATABASE raw ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    done(postgres.execute_query(credentials, {"query": "DROP DATABASE IF EXISTS raw", "autocommit": True}))
    done(postgres.execute_query(credentials, {"query": make, "autocommit": True}))
    raw = {**credentials, "database": "raw"}
    ask(raw, "SELECT 1")
    bytes_of = "CREATE TABLE t (\"gr\xf6\xdfe\" int, b text); INSERT INTO t VALUES (1, 'gr\xfcn')".encode("latin-1")
    connection = psycopg2.connect(
        host=raw["host"], port=raw["port"], dbname="raw", user=raw["username"], password=raw.get("password")
    )
    with connection, connection.cursor() as cursor:
        connection.set_client_encoding("SQL_ASCII")
        cursor.execute(bytes_of)
    connection.close()
    for asked in ("SELECT b FROM t", "SELECT * FROM t"):  # a value, a name
        told = postgres.execute_query(raw, {"query": asked})
        assert "invalid byte sequence" in told["message"]
        assert "Read a value as convert_from(" in told["message"]
        assert told["permanent"] is True
    read = "SELECT convert_from(convert(convert_to(b, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'SQL_ASCII') AS b FROM t"
    assert ask(raw, read)[0]["b"] == "gr\u00fcn"
    done(postgres.execute_query(credentials, {"query": "DROP DATABASE raw", "autocommit": True}))
