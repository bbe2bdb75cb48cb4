"""A failure that another try would not mend says so, whichever service it comes from: its node's retry makes none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService
from integrations import files, postgres, s3, sqlite
from tests.integrations.postgres_server import PostgresServer

S3_ERROR = "<Error><Code>{}</Code><Message>{}</Message></Error>"


@pytest.mark.parametrize(
    ("sql", "permanent"),
    [
        ("SELEC 1", True),
        ("SELECT * FROM not_there", True),
        ("SELECT 1/0", True),
        ("SELECT pg_catalog.set_config('lock_timeout', '50', true), 'x'::int", True),
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", False),
        ("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$", False),
        ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$", False),
    ],
)
def test_postgresql_tells_by_its_sqlstate(postgres_server: PostgresServer, sql: str, permanent: bool) -> None:
    result = postgres.execute_query(postgres_server.credentials(), {"query": sql})
    assert not result["success"]
    assert result.get("permanent", False) is permanent, result["message"]


def test_a_wrong_password_does_not_pass_and_a_server_that_is_away_may(postgres_server: PostgresServer) -> None:
    credentials = postgres_server.credentials()
    wrong = postgres.execute_query({**credentials, "password": "not-the-password"}, {"query": "SELECT 1"})
    away = postgres.execute_query({**credentials, "port": 1}, {"query": "SELECT 1"})
    assert (wrong["data"]["kind"], wrong.get("permanent", False)) == ("unauthorized", True)
    assert (away["data"]["kind"], away.get("permanent", False)) == ("unreachable", False)


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (403, "AccessDenied", True),
        (404, "NoSuchBucket", True),
        (400, "KeyTooLongError", True),
        (503, "SlowDown", False),
        (500, "InternalError", False),
    ],
)
def test_s3_tells_by_its_code(service: FakeService, status: int, code: str, permanent: bool) -> None:
    service.on("PUT", "/box/key", Answer(status, body=S3_ERROR.format(code, "No"), headers={"Retry-After": "0"}))
    credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": service.url}
    result = s3.put_object(credentials, {"bucket": "box", "key": "key", "data": "x"})
    assert result["data"]["code"] == code
    assert result.get("permanent", False) is permanent, result["message"]


@pytest.mark.parametrize(("sql", "permanent"), [("SELEC 1", True), ("SELECT * FROM not_there", True)])
def test_sqlite_tells_by_what_is_wrong(tmp_path: Path, sql: str, permanent: bool) -> None:
    context = Context("run", "flow", "node", 1, None, root=tmp_path)
    with running_as(context):
        sqlite.execute({}, {"database": "a.db", "sql": "CREATE TABLE a (b)"})
        result: dict[str, Any] = sqlite.query({}, {"database": "a.db", "sql": sql})
    assert not result["success"]
    assert result.get("permanent", False) is permanent, result["message"]


def test_what_a_value_is_does_not_pass(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """Also where the failure was told which of several it is."""
    given = postgres_server.credentials()
    assert postgres.execute_query(given, {"query": "CREATE TABLE IF NOT EXISTS of_numbers (a integer)"})["success"]
    rows = {"table": "of_numbers", "rows": [{"a": 1}, {"a": 10.5}]}
    unnamed = [{"query": "SELECT 1"}, {"query": "SELECT %(absent)s", "parameters": {}}]
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        for result in (
            postgres.insert_rows(given, rows),
            postgres.execute_query(given, {"query": "SELECT %(absent)s", "parameters": {}}),
            postgres.call(given, {"statements": unnamed}),
            postgres.call(given, {"statements": ["SELECT 1", "COMMIT"]}),
            postgres.execute_query(given, {"query": "SELECT %s", "parameters": [1, 2]}),
            files.write_json({}, {"path": "a.json", "data": {(1, 2): 3}}),
            s3.put_object({"access_key": "K", "secret_key": "very-secret"}, {
                "bucket": "box", "key": "a.json", "data": object(), "format": "json"}),
        ):  # fmt: skip
            assert result["success"] is False, result
            assert result.get("permanent", False) is True, result["message"]
