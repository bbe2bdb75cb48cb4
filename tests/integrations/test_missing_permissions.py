"""What every task of the databases says where its user may not do what it asks: what, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.testing import load_folder, run_task
from tests.integrations.mysql_server import MysqlServer
from tests.integrations.postgres_server import PostgresServer

FOLDERS = Path(__file__).resolve().parent.parent.parent / "integrations"
SECRET = "guest-password"
TABLE = "closed_goods"
# What each task is asked, about a table that its user may not touch.
ASKED: dict[str, dict[str, Any]] = {
    "call": {"statements": [f"DELETE FROM {TABLE}"]},
    "copy_from_csv": {"table": TABLE, "file_path": "rows.csv"},
    "copy_to_csv": {"query": f"SELECT * FROM {TABLE}", "file_path": "out.csv"},
    "delete_rows": {"table": TABLE, "where": {"id": 1}},
    "describe_table": {"table": TABLE},
    "execute_many": {"query": f"INSERT INTO {TABLE} (id) VALUES (%s)", "rows": [[1]]},
    "execute_query": {"query": f"SELECT * FROM {TABLE}"},
    "insert_rows": {"table": TABLE, "rows": [{"id": 1}]},
    "select_rows": {"table": TABLE},
    "update_rows": {"table": TABLE, "where": {"id": 1}, "values": {"id": 2}},
}
NEEDS_NOTHING = {("postgres", "describe_table")}  # its catalog is everybody's
NEEDS_NOTHING |= {(kind, task) for kind in ("postgres", "mysql") for task in ("test_connection", "list_tables")}


def asked(kind: str, task: str, credentials: dict[str, Any], **params: Any) -> Any:
    return run_task((FOLDERS / kind, task), credentials, params)


@pytest.fixture(scope="module")
def guests(postgres_server: PostgresServer, mysql_server: MysqlServer) -> dict[str, dict[str, Any]]:
    """For each kind of server the credentials of somebody who may sign in, and no more."""
    owner = postgres_server.credentials()
    for kind, credentials in (("postgres", owner), ("mysql", mysql_server.credentials())):
        made = asked(kind, "execute_query", credentials, query=f"CREATE TABLE {TABLE} (id int PRIMARY KEY)")
        assert made.success, made.message
    return {
        "postgres": postgres_server.credentials(username="guest", password=SECRET),
        "mysql": mysql_server.credentials(username="guest", password=SECRET),
    }


def cases() -> Iterator[Any]:
    for kind in ("postgres", "mysql"):
        for spec in load_folder(FOLDERS / kind).tasks.values():
            if (kind, spec.function_name) not in NEEDS_NOTHING:
                yield pytest.param(kind, spec.function_name, id=f"{kind}.{spec.function_name}")


@pytest.mark.parametrize(("kind", "task"), list(cases()))
def test_a_missing_permission_is_told_with_what_to_do_and_not_tried_again(
    kind: str, task: str, guests: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows.csv").write_text("id\n1\n")
    monkeypatch.chdir(tmp_path)
    result = asked(kind, task, guests[kind], **ASKED[task])
    assert not result.success
    assert result.permanent
    assert TABLE in result.message
    assert result.message.endswith("Ask the owner for the privilege (GRANT).")
    assert SECRET not in str(result)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("postgres", "CREATE ROLE somebody"),
        ("postgres", "CREATE SCHEMA its_own"),
        ("postgres", "SELECT pg_read_file('/etc/passwd')"),
        ("postgres", "DROP TABLE closed_goods"),
        ("postgres", "SELECT * FROM pg_authid"),
        ("mysql", "CREATE USER somebody"),
        ("mysql", "CREATE DATABASE its_own"),
        ("mysql", "SET GLOBAL max_connections = 5"),
        ("mysql", "DROP TABLE closed_goods"),
        ("mysql", "SELECT * FROM mysql.user"),
        ("mysql", "SELECT * FROM closed.nothing"),
    ],
)
def test_so_is_one_for_something_else_than_a_table(
    kind: str, statement: str, guests: dict[str, dict[str, Any]]
) -> None:
    result = asked(kind, "execute_query", guests[kind], query=statement)
    assert (result.success, result.permanent) == (False, True), result.message
    assert result.message.endswith("Ask the owner for the privilege (GRANT)."), result.message
