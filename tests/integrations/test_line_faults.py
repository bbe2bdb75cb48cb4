"""Every task of every folder that speaks a protocol of its own: what it makes of a line that fails.

Against the real servers. A new folder whose credentials name a ``host`` has to say here where its server is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from flowbook.authoring.testing.examples import Examples, put_files
from flowbook.catalog import Catalog
from flowbook.testing import check_line_faults, run_task
from tests.crosses import WHOLE
from tests.integrations.mongo_server import LEFT_BEHIND
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
NAMES = sorted(FOLDERS)
pytestmark = LEFT_BEHIND
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


WRONG: dict[str, dict[str, Any]] = {
    "the password": {"password": "wrong-password-of-the-test"},
    "the port": {"port": 1},
    "the host": {"host": "nowhere.invalid"},
}
SLOW = ("imap",)  # a server that makes one wait after a wrong password
TO_DO = re.compile(r"(?i:[.:;,] (?:Check|Give|Ask|Try|Some providers want)\b)")


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_password_port_and_host_are_told_with_where_and_what_to_do(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """By every task; a wrong password of a server that makes one wait, by one of them."""
    folder, examples, unclear = FOLDERS[name], Examples(FOLDERS[name]), []
    given = request.getfixturevalue(SERVERS[name]).credentials()
    for what, changed in WRONG.items():
        if what == "the password" and not given.get("password"):
            continue  # a key signs in, or nobody has to
        credentials = {**given, **changed}
        tasks = list(folder.tasks.values())
        for spec in tasks[:1] if what == "the password" and name in SLOW else tasks:
            params = PARAMS.get(name, {}).get(spec.function_name) or examples.params_of(spec) or {}
            put_files(tmp_path, spec, params)
            told = run_task(spec, credentials, params, root=tmp_path)
            place = f"{credentials['host']}:{credentials['port']}"
            shown = told.success or told.traceback or "[Errno" in told.message or "b'" in told.message
            if shown or place not in told.message or not TO_DO.search(told.message):
                unclear.append(f"{spec.name}, {what}: {told.message}")
    assert unclear == []


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


@pytest.mark.parametrize("name", NAMES)
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
        share=0.1 if name == "postgres" else 1.0 if WHOLE else 0.2,  # it has the most tasks, each with many bytes
    )
    assert [str(problem) for problem in problems] == []
