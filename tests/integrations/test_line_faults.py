"""Every task of every folder that speaks a protocol of its own: what it makes of a line that fails.

Against the real servers. A new folder whose credentials name a ``host`` has to say here where its server is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from flowbook.catalog import Catalog
from flowbook.testing import check_line_faults, run_task
from tests.ports import free_port

FOLDERS = {
    folder.name: folder
    for folder in Catalog(environ={}).folders()
    if any(parameter.name == "host" for parameter in folder.credentials)
}
SERVERS = {
    "imap": "imap_server",
    "mongodb": "mongo_server",
    "mysql": "mysql_server",
    "postgres": "postgres_server",
    "redis": "redis_server",
    "smtp": "smtp_server",
    "ssh": "ssh_server",
}
MAIL = {"host": "127.0.0.1", "security": "none", "from_email": "ann@example.org", "timeout": 2}


@pytest.fixture
def smtp_server() -> Iterator[SimpleNamespace]:
    """A mail server that takes everything from everybody."""
    server = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        yield SimpleNamespace(credentials=lambda: {**MAIL, "port": server.port})
    finally:
        server.stop()


SQL: dict[str, Any] = {
    "select_rows": {"table": "line_faults"},
    "insert_rows": {"table": "line_faults", "rows": [{"a": 1}]},
    "update_rows": {"table": "line_faults", "values": {"a": 2}, "where": {"a": 1}},
    "execute_query": {"query": "INSERT INTO line_faults VALUES (3)"},
    "execute_many": {"query": "INSERT INTO line_faults VALUES (%s)", "rows": [[4], [5]]},
}
TABLES = "CREATE TABLE IF NOT EXISTS line_faults (a INTEGER)"
PARAMS: dict[str, dict[str, dict[str, Any]]] = {
    "mysql": SQL,
    "postgres": SQL,
    "redis": {
        "wait_for_message": {"channels": "news", "wait": 0.2},
        "read_stream": {"stream": "orders", "wait": 0.1},
        "pop": {"key": "orders"},
    },
}
SECONDS = {"mongodb": 20}  # signing in takes it what a busy machine does not do in two


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_task_stands_a_line_that_fails(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server = request.getfixturevalue(SERVERS[name])
    given = server.credentials()
    if "execute_query" in FOLDERS[name].tasks:
        assert run_task((FOLDERS[name].path, "execute_query"), given, {"query": TABLES}).success
    port = getattr(server, "tls_port", None) if name == "imap" else None
    problems = check_line_faults(
        FOLDERS[name],
        port or given["port"],
        lambda port: {**given, "port": port, **({"timeout": SECONDS.get(name, 2)} if "timeout" in given else {})},
        params=PARAMS.get(name),
        root=tmp_path,
        share=0.1 if name == "postgres" else 0.35,  # it has the most tasks, each with many bytes
    )
    assert [str(problem) for problem in problems] == []
