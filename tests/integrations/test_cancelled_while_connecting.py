"""A run that is cancelled while a task connects ends at once, whatever the machine at the other end does or does not.

The folders come from the catalog: a new one whose credentials name a ``host`` is held by being there.
"""

from __future__ import annotations

import select
import socket
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowbook.authoring.testing.contract import made_up
from flowbook.authoring.testing.examples import Examples, put_files
from flowbook.authoring.testing.running import Outcome, run_in
from flowbook.catalog import Catalog
from flowbook.tasks.context import Context
from flowbook.tasks.stop import Stop
from tests.integrations.silent import full_server, silent_server
from tests.integrations.ssh_server import SshServer

CATALOG = {folder.name: folder for folder in Catalog(environ={}).folders()}
BY_HOST = sorted(name for name, folder in CATALOG.items() if any(one.name == "host" for one in folder.credentials))
BY_SSH = sorted(name for name, folder in CATALOG.items() if any(one.name == "ssh_host" for one in folder.credentials))
PATIENT = 90
"""Seconds that each of them would wait by itself: longer than the test does."""
SERVES: dict[str, Callable[[int], dict[str, Any]]] = {
    "s3": lambda port: {"access_key": "K", "secret_key": "S" * 8, "endpoint_url": f"http://127.0.0.1:{port}"},
    "azure_blob": lambda port: {
        "account": "shop",
        "account_key": b64encode(b"a key").decode(),
        "endpoint_url": f"http://127.0.0.1:{port}/shop",
    },
    "github": lambda port: {"token": "t" * 8, "base_url": f"http://127.0.0.1:{port}"},
}


def credentials_of(name: str, host: str, port: int) -> dict[str, Any]:
    """Made up, with a patience longer than the test's."""
    folder = CATALOG[name]
    given = made_up(folder.credentials, "http://127.0.0.1:1")
    named = {one.name for one in folder.credentials}
    more = {"host": host, "port": port, "security": "none", "connect_timeout": PATIENT, "timeout": PATIENT,
            "from_email": "ann@example.org", "host_key": "SHA256:nobody", "tls": "disable"}  # fmt: skip
    given = {one: value for one, value in given.items() if not one.startswith(("ssh_", "connection_"))}
    return {**given, **{one: value for one, value in more.items() if one in named}}


def cancelled(name: str, credentials: dict[str, Any], reached: threading.Event | None = None) -> Outcome:
    """What its test_connection tells when its run is cancelled: once ``reached`` is set, or soon."""
    spec, stop, outcomes = CATALOG[name].tasks["test_connection"], Stop(), []
    context = Context("run", "workflow", "node", stop=stop)
    task = threading.Thread(target=lambda: outcomes.append(run_in(context, spec, credentials, {})), daemon=True)
    task.start()
    if reached is None:
        task.join(1)
        assert not outcomes, outcomes
    else:
        assert reached.wait(60)
    stop.set()
    task.join(60)
    assert outcomes, "it is waited for still"
    return outcomes[0]


def is_said(outcome: Outcome) -> None:
    assert outcome.traceback == ""
    assert not outcome.success
    assert not outcome.permanent
    assert (outcome.data or {}).get("kind") in ("cancelled", "timeout")
    assert "ancelled" in outcome.message


pytestmark = pytest.mark.usefixtures("earlier_garbage_collected", "garbage_collected")
LEFT_BEHIND = pytest.mark.filterwarnings(r"ignore:(?s).*(socket|[Uu]nclosed):pytest.PytestUnraisableExceptionWarning")
"""PyMongo closes no socket that was still connecting."""


def marked(names: list[str]) -> list[Any]:
    return [pytest.param(name, marks=LEFT_BEHIND if name == "mongodb" else ()) for name in names]


@pytest.mark.parametrize("machine", ["silent", "unreachable"])
@pytest.mark.parametrize("name", marked(BY_HOST))
def test_a_machine_that_says_nothing_is_not_waited_for(name: str, machine: str) -> None:
    with (silent_server if machine == "silent" else full_server)() as port:
        is_said(cancelled(name, credentials_of(name, "127.0.0.1", port)))


@pytest.mark.parametrize("name", marked([*BY_HOST, "mcp"]))
def test_a_run_that_was_cancelled_before_opens_no_line(name: str, tmp_path: Path) -> None:
    """By none of the tasks."""
    examples, stop = Examples(CATALOG[name]), Stop()
    stop.set()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        given = {"url": f"http://127.0.0.1:{port}"} if name == "mcp" else credentials_of(name, "127.0.0.1", port)
        for spec in CATALOG[name].tasks.values():
            params = examples.params_of(spec) or {}
            put_files(tmp_path, spec, params)
            context = Context("run", "workflow", "node", stop=stop, root=tmp_path)
            assert not run_in(context, spec, given, params).success
        assert select.select([server], [], [], 0.5)[0] == []  # what a thread that was left behind began, too


@pytest.mark.parametrize("machine", ["silent", "unreachable"])
@pytest.mark.parametrize("name", sorted(SERVES))
def test_a_web_service_that_says_nothing_is_not_waited_for(name: str, machine: str) -> None:
    with (silent_server if machine == "silent" else full_server)() as port:
        given = SERVES[name](port)
        if any(one.name == "timeout" for one in CATALOG[name].credentials):
            given["timeout"] = PATIENT
        is_said(cancelled(name, given))


@pytest.mark.parametrize("name", marked([one for one in [*BY_HOST, *SERVES] if one != "postgres"]))
def test_a_name_that_is_looked_up_for_long_is_not_waited_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by servers of names that do not answer. libpq looks names up by itself."""
    asked, go_on = threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def slow(host: Any, *given: Any, **more: Any) -> Any:
        if host in ("slow.example", b"slow.example"):
            asked.set()
            go_on.wait(60)
        return look_up("127.0.0.1", *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    given = SERVES[name](1) if name in SERVES else credentials_of(name, "slow.example", 1)
    given = {
        one: value.replace("127.0.0.1", "slow.example") if isinstance(value, str) else value
        for one, value in given.items()
    }
    try:
        is_said(cancelled(name, given, asked))
    finally:
        go_on.set()


@pytest.mark.parametrize("name", marked(BY_SSH))
def test_a_machine_behind_a_tunnel_is_not_waited_for(name: str, ssh_server: SshServer) -> None:
    """Nor is the one that the tunnel leads by."""
    way = {f"ssh_{one}": value for one, value in ssh_server.credentials().items() if one != "timeout"}
    way = {one: value for one, value in way.items() if any(one == known.name for known in CATALOG[name].credentials)}
    with full_server() as port:
        is_said(cancelled(name, {**credentials_of(name, "127.0.0.1", port), **way}))
    with silent_server() as port:
        is_said(cancelled(name, {**credentials_of(name, "127.0.0.1", 1), **way, "ssh_port": port}))
