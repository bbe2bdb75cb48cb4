"""PostgreSQL, against a real server."""

from __future__ import annotations

import csv
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from integrations import postgres
from tests.integrations.postgres_server import PASSWORD, PostgresServer
from tests.integrations.silent import silent_server
from tests.ports import refusing_port
from tests.waiting import until

Credentials = dict[str, Any]


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer) -> Credentials:
    """Credentials of the database "shop"."""
    return postgres_server.credentials()


@pytest.fixture
def table(shop: Credentials) -> str:
    """An empty table (id, name, price, tags, extra) of its own."""
    name = f"goods_{uuid.uuid4().hex[:8]}"
    query(
        shop,
        f"CREATE TABLE {name} (id int PRIMARY KEY, name text NOT NULL DEFAULT 'nameless', price numeric(12,2),"
        " tags text[], extra jsonb, photo bytea, added timestamptz)",
    )
    return name


def query(credentials: Credentials, text: str, parameters: Any = None, **params: Any) -> Any:
    """The data of a query that must succeed."""
    result = postgres.execute_query(credentials, {"query": text, "parameters": parameters, **params})
    assert result["success"], result["message"]
    return result["data"]


def value(credentials: Credentials, expression: str, parameters: Any = None) -> Any:
    return query(credentials, f"SELECT {expression} AS value", parameters)[0]["value"]


# --- test_connection ---------------------------------------------------------------------------------------------


def test_a_connection_that_works_names_version_database_role_and_tls(shop: Credentials) -> None:
    result = postgres.test_connection(shop)
    assert result["success"]
    assert result["data"]["database"] == "shop"
    assert result["data"]["user"] == "flowbook"
    assert result["data"]["tls"].startswith("TLS")
    assert result["data"]["version"] in result["message"]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"password": "not-my-secret"}, "unauthorized"),
        ({"password": ""}, "unauthorized"),
        ({"username": "nobody_here"}, "unauthorized"),
        ({"database": "no_such_database"}, "not_found"),
        ({"database": "role x does not exist"}, "not_found"),
        ({"username": "guest", "password": "guest-password", "database": "closed"}, "forbidden"),
        ({"host": "no-such-host.invalid"}, "wrong_address"),
        ({"port": None}, "unreachable"),
        ({"sslmode": "verify-full", "sslrootcert": "/no/such/file.pem"}, "tls"),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    shop: Credentials, changed: dict[str, Any], kind: str
) -> None:
    with refusing_port() as port:
        changed = {name: port if name == "port" else given for name, given in changed.items()}
        result = postgres.test_connection({**shop, **changed}, {})
    assert not result["success"]
    assert result["data"]["kind"] == kind
    assert PASSWORD not in str(result)
    assert "not-my-secret" not in str(result)


def test_a_failed_connection_says_why_once_and_in_a_sentence(shop: Credentials) -> None:
    with refusing_port() as port:
        refused = postgres.test_connection({**shop, "host": "localhost", "port": port}, {})
    assert refused["message"].startswith(f"The server cannot be reached (localhost:{port}): Connection refused. Check")
    wrong = postgres.test_connection({**shop, "password": "not-my-secret"}, {})
    assert f'({shop["host"]}:{shop["port"]}): password authentication failed for user "{shop["username"]}". ' in str(
        wrong["message"]
    )


def test_verify_full_trusts_the_given_authority_and_refuses_any_other(
    shop: Credentials, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    from tests.integrations.postgres_server import make_certificate

    verified = {**shop, "host": "localhost", "sslmode": "verify-full"}
    known = postgres.test_connection({**verified, "sslrootcert": str(postgres_server.folder / "server.crt")})
    (tmp_path / "other.crt").write_bytes(make_certificate("localhost")[0])
    unknown = postgres.test_connection({**verified, "sslrootcert": str(tmp_path / "other.crt")})
    assert known["success"], known["message"]
    assert unknown["data"] == {"kind": "tls"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>", "wrong_address"), (b"", "unreachable"), (None, "timeout")],
)
def test_what_is_not_a_postgresql_server_is_told_apart(answer: bytes | None, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()
        server = threading.Thread(target=_answer, args=(listener, answer, stop))
        server.start()
        credentials = {
            "host": "127.0.0.1",
            "port": listener.getsockname()[1],
            "username": "u",
            "password": "hidden-one",
        }
        result = postgres.test_connection({**credentials, "database": "d", "connect_timeout": 2, "sslmode": "disable"})
        stop.set()
        server.join()
    assert result["data"]["kind"] == kind
    assert "hidden-one" not in str(result)


def _answer(listener: socket.socket, answer: bytes | None, stop: threading.Event) -> None:
    listener.settimeout(0.1)
    kept = []
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        kept.append(connection)
        if answer is not None:
            connection.recv(1024)
            connection.sendall(answer)
            connection.close()
    for connection in kept:
        connection.close()


def test_empty_optional_credentials_count_as_not_given(shop: Credentials) -> None:
    empty = {"sslmode": "", "sslrootcert": "", "sslcert": None, "connect_timeout": "", "port": str(shop["port"])}
    assert postgres.test_connection({**shop, **empty})["success"]


# --- execute_query -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT %s::int + %s AS n, %s AS t", [1, 2, "O'Hara; DROP TABLE x --"]),
        ("SELECT %(a)s::int + %(b)s AS n, %(t)s AS t", {"a": 1, "b": 2, "t": "O'Hara; DROP TABLE x --"}),
    ],
)
def test_parameters_travel_apart_from_the_query(shop: Credentials, sql: str, parameters: Any) -> None:
    assert query(shop, sql, parameters) == [{"n": 3, "t": "O'Hara; DROP TABLE x --"}]


def test_a_percent_sign_needs_no_care_without_parameters(shop: Credentials) -> None:
    assert query(shop, "SELECT 'a' LIKE 'a%' AS yes") == [{"yes": True}]


@pytest.mark.parametrize(
    ("sql", "parameters", "words"),
    [
        ("SELECT %s, %s", [1], "placeholders"),
        ("SELECT %s", [1, 2], "placeholders"),
        ("SELECT %(a)s", {"b": 1}, "%(a)s"),
        ("SELECT 10 % 3, %s", [1], "placeholders"),
    ],
)
def test_parameters_that_do_not_fit_are_explained(shop: Credentials, sql: str, parameters: Any, words: str) -> None:
    result = postgres.execute_query(shop, {"query": sql, "parameters": parameters})
    assert not result["success"]
    assert words in result["message"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("12::numeric", 12),
        ("12.50::numeric", 12.5),
        ("0.1234567890123456789::numeric", "0.1234567890123456789"),
        ("'NaN'::numeric", "NaN"),
        ("9223372036854775807::bigint", 9223372036854775807),
        ("'infinity'::float8", "Infinity"),
        ("2.5::float4", 2.5),
        ("true", True),
        ("NULL::int", None),
        ("'2026-01-31 09:30:00.25+02'::timestamptz AT TIME ZONE 'UTC'", "2026-01-31T07:30:00.25"),
        ("'2026-01-31'::date", "2026-01-31"),
        ("'0044-03-15 BC'::date", "0044-03-15 BC"),
        ("'infinity'::timestamp", "infinity"),
        ("'09:30'::time", "09:30:00"),
        ("'1 year 2 days 3 hours'::interval", "P1Y2DT3H"),
        ("""'{"a": [1, 2.5, null]}'::jsonb""", {"a": [1, 2.5, None]}),
        ("'1e400'::jsonb", 10**400),
        ("'\\x00ff'::bytea", b"\x00\xff"),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("ARRAY[[1,2],[3,NULL]]", [[1, 2], [3, None]]),
        ("ARRAY['a,b', NULL, '']", ["a,b", None, ""]),
        ("ARRAY[1.5::numeric]", [1.5]),
        ("ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]", ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        ("""ARRAY['{"a": 1}'::jsonb]""", [{"a": 1}]),
        ("ARRAY['2026-01-31'::date]", ["2026-01-31"]),
        ("'192.0.2.1'::inet", "192.0.2.1"),
        ("'[1,5)'::int4range", "[1,5)"),
        ("ROW(1,'a')", "(1,a)"),
    ],
)
def test_every_type_becomes_plain_json_by_its_rule(shop: Credentials, expression: str, expected: Any) -> None:
    assert value(shop, expression) == expected


def test_moments_with_a_time_zone_are_iso_8601(shop: Credentials) -> None:
    got = query(shop, "SET timezone TO 'Europe/Berlin'; SELECT '2026-01-31 12:00+00'::timestamptz AS at")
    assert got == [{"at": "2026-01-31T13:00:00+01:00"}]


def test_arrays_of_the_databases_own_enums_are_lists(shop: Credentials) -> None:
    query(shop, "DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad', 'glad')")
    assert value(shop, "ARRAY['sad','glad']::mood[]") == ["sad", "glad"]


@settings(max_examples=40)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_numeric_values_lose_no_digit(shop: Credentials, number: Decimal) -> None:
    got = value(shop, "%s::numeric", [number])
    assert Decimal(repr(got) if isinstance(got, float) else got) == number


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text("abcä\"'\\%", max_size=4), json_values, max_size=4))
def test_objects_come_back_as_they_were_sent(shop: Credentials, given: dict[str, Any]) -> None:
    assert value(shop, "%s::jsonb", [given]) == given


def test_columns_of_the_same_name_are_all_kept(shop: Credentials) -> None:
    assert query(shop, "SELECT 1 AS a, 2 AS a, 3 AS b") == [{"a": 1, "a_2": 2, "b": 3}]


def test_a_dataframe_has_typed_columns(shop: Credentials) -> None:
    frame = query(
        shop,
        "SELECT n, nullif(n, 2) AS m, n::numeric / 2 AS half, n = 1 AS one, '\\x00'::bytea AS b,"
        " '2026-01-31 09:00+00'::timestamptz AS at, '2026-01-31'::date AS day, ARRAY[n] AS list"
        " FROM generate_series(1, 3) AS n",
        **{"as": "dataframe"},
    )
    assert isinstance(frame, pd.DataFrame)
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (kinds["n"], kinds["m"], kinds["half"], kinds["one"]) == ("int64", "Int64", "float64", "bool")
    assert kinds["at"].startswith("datetime64")
    assert kinds["at"].endswith("UTC]")
    assert kinds["day"].startswith("datetime64")
    assert frame["m"].isna().tolist() == [False, True, False]
    assert frame["b"][0] == b"\x00"
    assert frame["list"].tolist() == [[1], [2], [3]]


def test_a_dataframe_of_no_rows_still_has_its_columns(shop: Credentials) -> None:
    frame = query(shop, "SELECT 1 AS a, now() AS b WHERE false", **{"as": "dataframe"})
    assert list(frame.columns) == ["a", "b"]
    assert len(frame) == 0


def test_rows_beyond_the_limit_are_cut_and_the_message_says_so(shop: Credentials) -> None:
    result = postgres.execute_query(shop, {"query": "SELECT * FROM generate_series(1, 11) n", "limit": 10})
    assert len(result["data"]) == 10
    assert "cut at the limit of 10" in result["message"]
    whole = postgres.execute_query(shop, {"query": "SELECT * FROM generate_series(1, 10) n", "limit": 10})
    assert "cut" not in whole["message"]
    assert len(query(shop, "SELECT * FROM generate_series(1, 30000) n", limit=5, all=True)) == 30000


def test_a_limited_query_leaves_the_other_rows_in_the_server(shop: Credentials) -> None:
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t"
    assert query(shop, endless, limit=3, timeout=20) == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_statement_without_rows_says_how_many_it_touched(shop: Credentials, table: str) -> None:
    result = postgres.execute_query(shop, {"query": f"INSERT INTO {table} (id) VALUES (1), (2)"})
    assert result["data"] == {"row_count": 2, "status": "INSERT 0 2"}
    assert query(shop, f"SELECT count(*) AS n FROM {table}") == [{"n": 2}]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH new AS (INSERT INTO {} (id) VALUES (1) RETURNING id) SELECT id FROM new",
        "with new AS (SELECT 1 AS id) INSERT INTO {} SELECT id FROM new RETURNING id",
        "INSERT INTO {} (id) VALUES (1) RETURNING id;",
        "SELECT 5; INSERT INTO {} (id) VALUES (1) RETURNING id",
        "/* a ; comment */ -- another\n SELECT 1 AS id INTO TEMPORARY x; INSERT INTO {} (id) VALUES (1) RETURNING id",
    ],
)
def test_writing_statements_that_look_like_reading_ones_run_once(shop: Credentials, table: str, sql: str) -> None:
    assert query(shop, sql.format(table)) == [{"id": 1}]
    assert query(shop, f"SELECT id FROM {table}") == [{"id": 1}]


def test_read_only_refuses_to_change_anything(shop: Credentials, table: str) -> None:
    result = postgres.execute_query(shop, {"query": f"DELETE FROM {table}", "read_only": True})
    assert not result["success"]
    assert result["data"]["sqlstate"] == "25006"
    assert "read_only" in result["message"]
    assert query(shop, "SELECT 1 AS a", read_only=True) == [{"a": 1}]


def test_autocommit_runs_what_no_transaction_can(shop: Credentials, table: str) -> None:
    refused = postgres.execute_query(shop, {"query": f"VACUUM {table}"})
    assert "autocommit" in refused["message"]
    assert postgres.execute_query(shop, {"query": f"VACUUM {table}", "autocommit": True, "timeout": 30})["success"]


def test_a_statement_is_given_up_after_its_timeout(shop: Credentials) -> None:
    result = postgres.execute_query(shop, {"query": "SELECT pg_sleep(60)", "timeout": 0.2})
    assert result["data"]["kind"] == "timeout"
    assert "0.2 seconds" in result["message"]


def test_errors_carry_the_servers_words_its_code_and_the_line(shop: Credentials) -> None:
    result = postgres.execute_query(shop, {"query": "SELECT 1,\n  2\nFORM nowhere"})
    assert result["data"]["sqlstate"] == "42601"
    assert 'near "nowhere"' in result["message"]
    assert "line 3" in result["message"]
    missing = postgres.execute_query(shop, {"query": "SELECT * FROM no_such_table"})
    assert "no_such_table" in missing["message"]
    assert "list_tables" in missing["message"]


def test_notices_are_the_nodes_output(shop: Credentials, capsys: pytest.CaptureFixture[str]) -> None:
    query(shop, "DO $$ BEGIN RAISE NOTICE 'half-way there'; END $$")
    assert "half-way there" in capsys.readouterr().out


def test_cancelling_the_run_stops_the_query_in_the_server(shop: Credentials) -> None:
    running = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"  # a cursor's query has no text
    stop = threading.Event()

    def cancel_once_it_runs() -> None:
        until(lambda: query(shop, running))
        stop.set()

    canceller = threading.Thread(target=cancel_once_it_runs)
    canceller.start()
    with running_as(Context("run", node_id="n", stop=stop)):
        result = postgres.execute_query(shop, {"query": "SELECT pg_advisory_lock(4711), pg_sleep(61)"})
    canceller.join()
    assert not result["success"]
    assert "Cancelled" in result["message"]
    until(lambda: not query(shop, running))  # the server ends a session a moment after its client has gone


@pytest.mark.parametrize("by", ["cancel", "timeout"])
def test_a_network_that_went_dead_does_not_hold_the_task(
    shop: Credentials, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import integrations.postgres.connection as connection

    monkeypatch.setattr(connection, "CANCEL_GRACE_SECONDS", 0.3)
    monkeypatch.setattr(connection, "TIMEOUT_GRACE_SECONDS", 0.3)
    stop = threading.Event()
    dead = stop if by == "cancel" else threading.Event()
    with _dying_line(int(shop["port"]), b"pg_sleep", dead) as port, running_as(Context("run", stop=stop)):
        result = postgres.execute_query(
            {**shop, "port": port, "sslmode": "disable"},
            {"query": "SELECT pg_sleep(62)", "timeout": 0.5 if by == "timeout" else None},
        )
    assert not result["success"]
    assert ("Cancelled" if by == "cancel" else "stopped answering") in result["message"]


@contextmanager
def _dying_line(port: int, word: bytes, dead: threading.Event) -> Iterator[int]:
    """A line to the server that carries nothing any more, in either direction, once ``word`` has come."""
    over = threading.Event()
    open_sockets: list[socket.socket] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        while not over.is_set():
            try:
                piece = source.recv(65536)
            except OSError:
                return
            if word in piece:
                dead.set()
            if not piece:
                return
            if not dead.is_set():
                target.sendall(piece)

    def accept() -> None:
        while not over.is_set():
            try:
                near, _ = listener.accept()
            except TimeoutError:
                continue
            open_sockets.append(near)
            if dead.is_set():
                continue
            far = socket.create_connection(("127.0.0.1", port))
            open_sockets.append(far)
            for pair in ((near, far), (far, near)):
                threads.append(threading.Thread(target=carry, args=pair))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        yield int(listener.getsockname()[1])
        over.set()
        threads[0].join()
        for one in open_sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in threads:
            thread.join()


def test_an_unknown_param_is_a_mistake_that_is_named(shop: Credentials) -> None:
    result = postgres.execute_query(shop, {"query": "SELECT 1", "fetch": "all"})
    assert not result["success"]
    assert "fetch" in result["message"]


# --- several statements ------------------------------------------------------------------------------------------


def test_execute_many_runs_once_for_each_row(shop: Credentials, table: str) -> None:
    rows = [{"id": n, "name": f"thing {n}"} for n in range(450)]
    result = postgres.execute_many(
        shop, {"query": f"INSERT INTO {table} (id, name) VALUES (%(id)s, %(name)s)", "rows": rows}
    )
    assert result["data"] == {"runs": 450}
    frame = pd.DataFrame({"id": [1, 2], "name": ["one", None]})
    update = f"UPDATE {table} SET name = coalesce(%(name)s, 'none') WHERE id = %(id)s"
    assert postgres.execute_many(shop, {"query": update, "rows": frame})["success"]
    assert query(shop, f"SELECT name FROM {table} WHERE id IN (0, 1, 2) ORDER BY id") == [
        {"name": "thing 0"}, {"name": "one"}, {"name": "none"},
    ]  # fmt: skip


def test_execute_many_keeps_nothing_when_one_row_fails(shop: Credentials, table: str) -> None:
    rows = [[n] for n in range(300)] + [[0]]
    result = postgres.execute_many(shop, {"query": f"INSERT INTO {table} (id) VALUES (%s)", "rows": rows})
    assert result["data"]["sqlstate"] == "23505"
    assert query(shop, f"SELECT count(*) AS n FROM {table}") == [{"n": 0}]


def test_call_does_all_or_nothing(shop: Credentials, table: str) -> None:
    good = [
        f"INSERT INTO {table} (id) VALUES (1)",
        {"query": f"SELECT id FROM {table} WHERE id = %s", "parameters": [1]},
    ]
    result = postgres.call(shop, {"statements": good})
    assert result["data"] == [{"row_count": 1, "status": "INSERT 0 1"}, [{"id": 1}]]
    bad = postgres.call(shop, {"statements": [f"INSERT INTO {table} (id) VALUES (2)", "SELECT 1/0"]})
    assert "statement 2: division by zero" in bad["message"]
    assert bad["permanent"]
    assert query(shop, f"SELECT count(*) AS n FROM {table}") == [{"n": 1}]


# --- bulk --------------------------------------------------------------------------------------------------------


def test_rows_of_objects_are_inserted_with_all_their_types(shop: Credentials, table: str) -> None:
    rows = [
        {
            "id": 1,
            "name": "tab\there\nand \\N",
            "price": "12.50",
            "tags": ['a "b"', "c,d", None, "\\"],
            "extra": {"k": [1]},
        },
        {"id": 2, "name": "ä", "price": Decimal("0.10"), "tags": [], "extra": [1, "x"], "photo": b"\x00\xff"},
        {"id": 3, "name": "", "added": "2026-01-31T09:30:00+00:00"},
    ]
    result = postgres.insert_rows(shop, {"table": table, "rows": rows})
    assert result["data"] == {"table": f"public.{table}", "given": 3, "written": 3, "skipped": 0, "rows": []}
    got = query(shop, f"SELECT * FROM {table} ORDER BY id")
    assert got[0]["name"] == rows[0]["name"]
    assert got[0]["tags"] == rows[0]["tags"]
    assert [row["price"] for row in got] == [12.5, 0.1, None]
    assert [row["extra"] for row in got] == [{"k": [1]}, [1, "x"], None]
    assert got[1]["photo"] == b"\x00\xff"
    assert got[2]["added"].startswith("2026-01-31T09:30:00")
    assert got[2]["name"] == ""


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5),
    json_values,
)
def test_any_text_list_and_json_survives_being_inserted(
    shop: Credentials, table: str, tags: list[str | None], extra: Any
) -> None:
    query(shop, f"TRUNCATE {table}")
    wrapped = {"it": extra}
    result = postgres.insert_rows(
        shop, {"table": table, "rows": [{"id": 1, "name": "x", "tags": tags, "extra": wrapped}]}
    )
    assert result["success"], result["message"]
    assert query(shop, f"SELECT tags, extra FROM {table}") == [{"tags": tags, "extra": wrapped}]


def test_a_dataframe_is_inserted_with_missing_values_as_null(shop: Credentials, table: str) -> None:
    frame = pd.DataFrame(
        {"id": [1, 2], "name": ["a", "b"], "price": [1.5, None], "added": pd.to_datetime(["2026-01-31T00:00Z", None])}
    )
    assert postgres.insert_rows(shop, {"table": table, "rows": frame})["data"]["written"] == 2
    assert query(shop, f"SELECT price, added IS NULL AS none FROM {table} ORDER BY id") == [
        {"price": 1.5, "none": False}, {"price": None, "none": True},
    ]  # fmt: skip


def test_rows_that_are_there_already_are_skipped_updated_or_refused(shop: Credentials, table: str) -> None:
    first = [{"id": 1, "name": "old"}]
    again = [{"id": 1, "name": "new"}, {"id": 2, "name": "other"}]
    postgres.insert_rows(shop, {"table": table, "rows": first})
    refused = postgres.insert_rows(shop, {"table": table, "rows": again})
    assert refused["data"]["sqlstate"] == "23505"
    skipped = postgres.insert_rows(shop, {"table": table, "rows": again, "on_conflict": "nothing"})
    assert (skipped["data"]["written"], skipped["data"]["skipped"]) == (1, 1)
    assert query(shop, f"SELECT name FROM {table} WHERE id = 1") == [{"name": "old"}]
    updated = postgres.insert_rows(
        shop,
        {"table": table, "rows": again, "on_conflict": "update", "conflict_keys": ["id"], "returning": ["id", "name"]},
    )
    assert updated["data"]["written"] == 2
    assert sorted(row["name"] for row in updated["data"]["rows"]) == ["new", "other"]


def test_names_are_quoted_never_pasted(shop: Credentials) -> None:
    odd = 'we"ird; drop table x'
    quoted = '"' + odd.replace('"', '""') + '"'
    query(shop, f'DROP TABLE IF EXISTS {quoted}; CREATE TABLE {quoted} ("Sel""ect" int)')
    result = postgres.insert_rows(shop, {"table": odd, "schema": "public", "rows": [{'Sel"ect': 7}]})
    assert result["data"]["written"] == 1, result["message"]
    assert query(shop, f"SELECT * FROM {quoted}") == [{'Sel"ect': 7}]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"rows": [{"id": 1, "colour": "red"}]}, "no column 'colour'"),
        ({"rows": [1]}, "Row 1 is a int, not an object"),
        ({"rows": 3}, "The rows are a int, not a list"),
        ({"table": "nowhere", "rows": [{"id": 1}]}, "no table 'nowhere'"),
        ({"rows": [{"id": 1}], "on_conflict": "update"}, "conflict_keys"),
        ({"rows": [{"id": 1, "name": "a\0b"}]}, "NUL character"),
        (
            {"rows": [{"id": 1, "name": n} for n in "ab"], "on_conflict": "update", "conflict_keys": ["id"]},
            "duplicate constrained values",
        ),
    ],
)
def test_rows_that_cannot_be_inserted_are_explained(
    shop: Credentials, table: str, params: dict[str, Any], words: str
) -> None:
    result = postgres.insert_rows(shop, {"table": table, **params})
    assert not result["success"]
    assert words in result["message"]


def test_no_rows_are_no_error(shop: Credentials, table: str) -> None:
    assert postgres.insert_rows(shop, {"table": table, "rows": []})["success"]


def test_a_csv_file_goes_in_by_its_header_and_comes_out_again(shop: Credentials, table: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes('\ufeffname;id;price\r\n"a;""b""\nc";1;1.50\r\nä;2;\r\n'.encode())
    params = {"table": table, "file_path": str(source), "delimiter": ";"}
    assert postgres.copy_from_csv(shop, params)["data"]["written"] == 2
    assert query(shop, f"SELECT id, name, price FROM {table} ORDER BY id") == [
        {"id": 1, "name": 'a;"b"\nc', "price": 1.5}, {"id": 2, "name": "ä", "price": None},
    ]  # fmt: skip
    again = postgres.copy_from_csv(shop, {**params, "on_conflict": "nothing"})
    assert (again["data"]["given"], again["data"]["skipped"]) == (2, 2)
    target = tmp_path / "out.csv"
    written = postgres.copy_to_csv(
        shop,
        {
            "query": f"SELECT id, name FROM {table} WHERE id > %s ORDER BY id -- all",
            "parameters": [0],
            "file_path": str(target),
        },
    )
    assert written["data"] == {"file_path": str(target), "rows": 2, "bytes": target.stat().st_size}
    assert target.read_text() == 'id,name\n1,"a;""b""\nc"\n2,ä\n'


def test_csv_that_people_open_runs_nothing_in_a_spreadsheet(shop: Credentials, tmp_path: Path) -> None:
    values = "('=1+1', -5, E'@a;\"b\"\\n=c', NULL, E'\\t=d'), ('-', +7, 'a=b', 'x', '')"
    chosen = f'SELECT * FROM (VALUES {values}) AS t ("+name", n, "b;c", d, e)'
    written = {"query": chosen, "file_path": str(tmp_path / "out.csv"), "delimiter": ";", "null": "-", "safe": True}
    assert postgres.copy_to_csv(shop, written)["success"]
    with open(tmp_path / "out.csv", newline="") as file:
        assert list(csv.reader(file, delimiter=";")) == [
            ["'+name", "n", "b;c", "d", "e"],
            ["'=1+1", "-5", "'@a;\"b\"\n'=c", "-", "'\t'=d"],
            ["'-", "7", "a=b", "x", ""],
        ]  # fmt: skip
    assert postgres.copy_to_csv(shop, {**written, "safe": False})["success"]
    assert "\n=1+1;-5;" in (tmp_path / "out.csv").read_text()


def test_a_csv_file_of_another_encoding_is_read_as_told(shop: Credentials, table: str, tmp_path: Path) -> None:
    source = tmp_path / "latin.csv"
    source.write_bytes("1,Zoë\n".encode("cp1252"))
    params = {"table": table, "file_path": str(source), "header": False, "columns": ["id", "name"]}
    wrong = postgres.copy_from_csv(shop, params)
    assert "utf-8" in wrong["message"]
    assert postgres.copy_from_csv(shop, {**params, "encoding": "cp1252"})["success"]
    assert query(shop, f"SELECT name FROM {table}") == [{"name": "Zoë"}]


def test_whole_numbers_with_a_point_go_in_by_the_rows_of_a_csv_file(
    shop: Credentials, table: str, tmp_path: Path
) -> None:
    """As a DataFrame with gaps writes them; COPY itself takes only what PostgreSQL reads as an integer."""
    path = tmp_path / "gaps.csv"
    path.write_text("id,name\n7.0,a\n8.0,b\n", encoding="utf-8")
    refused = postgres.copy_from_csv(shop, {"file_path": str(path), "table": table})
    assert "insert_rows takes the .0 away" in refused["message"]
    with path.open(encoding="utf-8", newline="") as file:
        assert postgres.insert_rows(shop, {"table": table, "rows": list(csv.DictReader(file))})["success"]
    assert query(shop, f"SELECT id, name FROM {table} ORDER BY id") == [
        {"id": 7, "name": "a"}, {"id": 8, "name": "b"},
    ]  # fmt: skip


def test_a_broken_csv_file_loads_nothing_and_names_the_line(shop: Credentials, table: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,name\n1,a\nx,b\n")
    result = postgres.copy_from_csv(shop, {"table": table, "file_path": str(source)})
    assert 'invalid input syntax for type integer: "x"' in result["message"]
    assert "line 3" in result["message"]
    assert query(shop, f"SELECT * FROM {table}") == []


def test_a_failed_or_refused_export_leaves_no_file(shop: Credentials, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    failed = postgres.copy_to_csv(
        shop, {"query": "SELECT 1/(n-3) FROM generate_series(1,5) n", "file_path": str(target)}
    )
    assert "division by zero" in failed["message"]
    assert list(tmp_path.iterdir()) == []
    target.write_text("mine")
    refused = postgres.copy_to_csv(shop, {"query": "SELECT 1", "file_path": str(target), "overwrite": False})
    assert not refused["success"]
    assert target.read_text() == "mine"


def test_many_rows_stream_without_filling_memory(shop: Credentials, tmp_path: Path) -> None:
    import tracemalloc

    target = tmp_path / "many.csv"
    seen: list[float] = []
    context = Context("run", progress=lambda done, total, text: seen.append(done))
    query(shop, "DROP TABLE IF EXISTS many; CREATE UNLOGGED TABLE many (n int, t text)")
    tracemalloc.start()
    with running_as(context):
        out = postgres.copy_to_csv(
            shop, {"query": "SELECT n, 'row ' || n AS t FROM generate_series(1, 200000) n", "file_path": str(target)}
        )
        back = postgres.copy_from_csv(shop, {"table": "many", "file_path": str(target)})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (out["data"]["rows"], back["data"]["written"]) == (200_000, 200_000)
    assert peak < 2_000_000  # the file has three
    assert len(seen) > 10
    query(shop, "DROP TABLE many")


def test_cancelling_ends_an_import_and_keeps_nothing(shop: Credentials, table: str) -> None:
    stop = threading.Event()

    def progress(done: float, total: float | None, text: str) -> None:
        if done > 1000:
            stop.set()

    with running_as(Context("run", stop=stop, progress=progress)):
        result = postgres.insert_rows(shop, {"table": table, "rows": [{"id": n} for n in range(200_000)]})
    assert "Cancelled" in result["message"]
    assert query(shop, f"SELECT count(*) AS n FROM {table}") == [{"n": 0}]


# --- looking around ----------------------------------------------------------------------------------------------


def test_tables_are_listed_and_described(shop: Credentials) -> None:
    query(
        shop,
        "DROP SCHEMA IF EXISTS store CASCADE; CREATE SCHEMA store;"
        "CREATE TABLE store.buyer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text UNIQUE);"
        "CREATE TABLE store.sale (a int, b int DEFAULT 7 CHECK (b > 0), buyer int NOT NULL REFERENCES store.buyer,"
        " twice int GENERATED ALWAYS AS (b * 2) STORED, PRIMARY KEY (b, a));"
        "COMMENT ON TABLE store.sale IS 'what was sold';"
        "CREATE VIEW store.latest AS SELECT * FROM store.sale",
    )
    listed = postgres.list_tables(shop, {"schema": "store"})["data"]
    assert [(entry["name"], entry["kind"]) for entry in listed] == [
        ("buyer", "table"),
        ("latest", "view"),
        ("sale", "table"),
    ]
    assert listed[2]["comment"] == "what was sold"
    everything = postgres.list_tables(shop)["data"]
    assert "pg_class" not in {entry["name"] for entry in everything}
    assert "pg_class" in {entry["name"] for entry in postgres.list_tables(shop, {"system": True})["data"]}
    sale = postgres.describe_table(shop, {"table": "store.sale"})["data"]
    assert sale["primary_key"] == ["b", "a"]
    assert sale["foreign_keys"] == [{"columns": ["buyer"], "table": "store.buyer", "target_columns": ["id"]}]
    assert sale["checks"] == ["CHECK ((b > 0))"]
    columns = {column["name"]: column for column in sale["columns"]}
    assert columns["b"]["default"] == "7"
    assert columns["twice"]["generated"] == "(b * 2)"
    assert not columns["buyer"]["nullable"]
    buyer = postgres.describe_table(shop, {"table": "buyer", "schema": "store"})["data"]
    assert buyer["unique"] == [["mail"]]
    assert buyer["columns"][0]["identity"] == "always"
    assert not postgres.describe_table(shop, {"table": "Sale", "schema": "store"})["success"]


def test_every_task_leaves_no_connection_behind(shop: Credentials) -> None:
    postgres.test_connection(shop)
    postgres.execute_query(shop, {"query": "SELECT 1/0"})
    connection = psycopg2.connect(
        host=shop["host"], port=shop["port"], user=shop["username"], password=PASSWORD, dbname="postgres"
    )
    connection.autocommit = True  # within one transaction the server would tell the same all the time
    with connection.cursor() as cursor:

        def left() -> int:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'flowbook'")
            return int(cursor.fetchone()[0])

        until(lambda: left() == 0)  # the server ends a session a moment after its client has gone
    connection.close()


def test_a_run_that_is_cancelled_while_it_connects_is_said_to_be_cancelled() -> None:
    stop = Stop()
    stop.set()
    with silent_server() as port, running_as(Context("run", stop=stop)):
        who = {"host": "127.0.0.1", "port": port, "username": "u", "password": "secretpw", "database": "d"}
        result = postgres.test_connection({**who, "connect_timeout": 2}, {})
    assert (result["success"], result["data"]["kind"]) == (False, "cancelled")
    assert "Cancelled while connecting" in result["message"]
