"""SSH tunnels of mysql, postgres and mongodb, by a real OpenSSH server to real servers of theirs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from flowbook import tunnels
from flowbook.tasks.stop import Stop
from flowbook.testing import run_task
from integrations import mongodb, mysql, postgres
from tests.integrations.mongo_server import MongoServer
from tests.integrations.mysql_server import MysqlServer
from tests.integrations.postgres_server import PostgresServer
from tests.integrations.ssh_server import SshServer

SLOW = {"mysql": "SELECT SLEEP(600)", "postgres": "SELECT pg_sleep(600)"}


@pytest.fixture(params=["mysql", "postgres"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(name: str) -> Any:
    return {"mysql": mysql, "postgres": postgres}[name]


@pytest.fixture
def tunnelled(
    name: str, mysql_server: MysqlServer, postgres_server: PostgresServer, ssh_server: SshServer
) -> Callable[..., dict[str, Any]]:
    """Credentials of the database, by the SSH server; with what is changed in them."""
    server = {"mysql": mysql_server, "postgres": postgres_server}[name]
    by = {f"ssh_{name}": value for name, value in ssh_server.credentials().items() if name != "timeout"}
    return lambda **changed: {**server.credentials(), **by, **changed}


def query(folder: Any, who: dict[str, Any], text: str = "SELECT 42 AS answer", **more: Any) -> Any:
    return run_task(folder.execute_query, who, {"query": text}, **more)


def left() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith(("flowbook-tunnel", "flowbook-ssh"))]


def test_a_query_goes_through_the_tunnel_and_nothing_of_it_stays(
    name: str, folder: Any, tunnelled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    whole = tunnels.Open

    def watched(*given: Any) -> Any:
        opened.append(whole(*given))
        return opened[-1]

    monkeypatch.setattr(tunnels, "Open", watched)
    result = query(folder, tunnelled())
    assert result.success, result.message
    assert result.data == [{"answer": 42}]
    assert len(opened) == 1
    assert not opened[0]._transport.is_active(), "the tunnel ends with the call"
    until = time.monotonic() + 60
    while left() and time.monotonic() < until:
        time.sleep(0.02)
    assert left() == []


def test_much_goes_both_ways(folder: Any, tunnelled: Any) -> None:
    text = "x" * 300_000
    result = run_task(folder.execute_query, tunnelled(), {"query": "SELECT %s AS a", "parameters": [text]})
    assert result.success, result.message
    assert result.data == [{"a": text}]


def test_the_server_s_host_is_as_the_machine_sees_it(folder: Any, tunnelled: Any) -> None:
    result = query(folder, tunnelled(host="localhost", **_by_name(folder)))
    assert result.success, result.message


def _by_name(folder: Any) -> dict[str, str]:
    """TLS all the way to the database, too: its certificate is for the name, not for the tunnel's end."""
    return {"sslmode": "require"} if folder is postgres else {"tls": "require"}


def test_a_machine_with_another_key_gets_nothing(folder: Any, tunnelled: Any, ssh_server: SshServer) -> None:
    other = (ssh_server.folder / "stranger.pub").read_text()
    result = query(folder, tunnelled(ssh_host_key=other))
    assert result.data["kind"] in ("host_changed", "unknown_host")
    assert "shows another key than the known one" in result.message
    nothing = query(folder, tunnelled(ssh_host_key=None, ssh_known_hosts=str(ssh_server.folder / "none")))
    assert nothing.data["kind"] == "unknown_host"


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"ssh_private_key": "STRANGER"}, "unauthorized", "The machine refused"),
        ({"ssh_port": 1}, "unreachable", "The machine cannot be reached"),
        ({"port": 1}, "unreachable", "does not reach 127.0.0.1:1"),
        ({"password": "wrong-password"}, "unauthorized", "The server refused the username or the password"),
        ({"ssh_username": None}, "", "ssh_host is given, so give ssh_username too"),
    ],
)
def test_what_fails_is_said_in_words(
    folder: Any, tunnelled: Any, ssh_server: SshServer, changed: dict[str, Any], kind: str, words: str
) -> None:
    if changed.get("ssh_private_key"):
        changed = {"ssh_private_key": (ssh_server.folder / "stranger").read_text()}
    result = query(folder, tunnelled(**changed))
    assert not result.success
    assert words in result.message
    assert (result.data or {}).get("kind", "") == kind
    assert "PRIVATE KEY" not in str(result)


def test_a_query_in_the_tunnel_is_stopped_with_the_run(name: str, folder: Any, tunnelled: Any) -> None:
    stop = Stop()
    timer = threading.Timer(1, stop.set)
    timer.start()
    begun = time.monotonic()
    result = query(folder, tunnelled(), SLOW[name], stop=stop)
    timer.join()
    assert not result.success
    assert "ancelled" in result.message
    assert time.monotonic() - begun < 300, "not when the query would have ended by itself"


def test_without_a_machine_there_is_no_tunnel(folder: Any, tunnelled: Any) -> None:
    who = {name: value for name, value in tunnelled().items() if not name.startswith("ssh_")}
    assert query(folder, who).success


def test_a_line_that_nobody_waits_for_is_closed_with_the_tunnel(ssh_server: SshServer) -> None:
    given = {f"ssh_{name}": value for name, value in ssh_server.credentials().items() if name != "timeout"}
    with tunnels.through(tunnels.Tunnel(**given)) as tunnel:
        assert tunnel is not None
        line = tunnel.line("127.0.0.1", ssh_server.port)
        assert line.recv(4) == b"SSH-"
        port = tunnel.listening("127.0.0.1", ssh_server.port)
        with socket.create_connection(("127.0.0.1", port), 5) as other:
            assert other.recv(4) == b"SSH-"
    with line:
        line.settimeout(5)
        while line.recv(4096):
            pass
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()


def of_mongodb(server: MongoServer, machine: SshServer, **changed: Any) -> dict[str, Any]:
    by = {f"ssh_{name}": value for name, value in machine.credentials().items() if name != "timeout"}
    return {**server.credentials(), **by, **changed}


def test_mongodb_is_reached_by_a_tunnel_too(mongo_server: MongoServer, ssh_server: SshServer) -> None:
    who = of_mongodb(mongo_server, ssh_server)
    tunnelled = {"collection": "tunnelled"}
    assert run_task(mongodb.insert_one, who, {**tunnelled, "document": {"n": 1}}).success
    assert run_task(mongodb.count, who, tunnelled).data == 1
    until = time.monotonic() + 60
    while left() and time.monotonic() < until:
        time.sleep(0.02)
    assert left() == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"port": 1}, "does not reach 127.0.0.1:1"),
        ({"ssh_port": 1}, "The machine cannot be reached"),
        ({"password": "wrong-password"}, "The server refused the username or the password"),
        ({"replica_set": "rs0"}, "leads to one server"),
        ({"host": "a.test,b.test"}, "leads to one server"),
        ({"tls": "verify-full"}, "set tls to verify-ca"),
    ],
)
def test_a_tunnel_to_mongodb_that_cannot_be_is_told(
    mongo_server: MongoServer, ssh_server: SshServer, changed: dict[str, Any], words: str
) -> None:
    result = run_task(mongodb.list_collections, of_mongodb(mongo_server, ssh_server, **changed))
    assert (result.success, result.traceback) == (False, "")
    assert words in result.message


def test_mongodb_behind_a_tunnel_may_be_cancelled(mongo_server: MongoServer, ssh_server: SshServer) -> None:
    stop = Stop()
    stop.set()
    assert not run_task(mongodb.list_collections, of_mongodb(mongo_server, ssh_server), stop=stop).success
