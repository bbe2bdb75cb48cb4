"""A PostgreSQL that is stopped, crashes and comes back while servers and runs go on with it."""

from __future__ import annotations

import io
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
import requests

from flowbook.cli import run as command
from flowbook.errors import StoreError
from flowbook.journal import batches
from flowbook.journal.leases import LeaseOwner
from flowbook.models import Workflow
from flowbook.postgres import Address, Lost, Session
from flowbook.serving.carrying import Carrier
from flowbook.serving.logs import Log
from flowbook.serving.metrics import Metrics
from flowbook.triggers import Queue, Queued
from flowbook.workspace import Workspace
from tests import forks
from tests.integrations.postgres_server import PASSWORD, PostgresServer, prepare_postgres, running_postgres
from tests.ledgers import add_ledger, ledger_lines
from tests.served import Servers, servers_of
from tests.test_serving import NOON
from tests.waiting import until

NODES = 5


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_postgres(tmp_path_factory.mktemp("postgres") / "data")


@pytest.fixture
def database(prepared: Path) -> Iterator[PostgresServer]:
    """A server of the test's own, which may do with it what it likes."""
    with running_postgres(durable=True, prepared=prepared) as server:
        yield server


@pytest.fixture
def ws(tmp_path: Path, database: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)  # servers and commands need it too
    url = f"postgresql://flowbook@127.0.0.1:{database.port}/shop"
    assert command(["init", str(tmp_path), "--store", url]) == 0
    add_ledger(tmp_path)
    flow = Workflow(name="noting")
    for number in range(NODES):
        flow.add(f"n{number}", "ledger.note", params={"seconds": 0.2})
        if number:
            flow.connect(f"n{number - 1}", f"n{number}")
    with Workspace(tmp_path) as ws:
        ws.save(flow)
        yield ws


@pytest.fixture
def servers(ws: Workspace, tmp_path: Path) -> Iterator[Servers]:
    with servers_of(tmp_path, NOON) as made:
        yield made


def written_once(folder: Path, runs: list[str]) -> None:
    assert ledger_lines(folder) == {(run, f"n{number}"): 1 for run in runs for number in range(NODES)}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_server_goes_on_when_its_database_is_back(
    ws: Workspace, database: PostgresServer, servers: Servers, tmp_path: Path, how: signal.Signals
) -> None:
    _, known = ws.add_hook("noting")
    server, accepted = servers(), list[str]()

    def send() -> int:
        answer = requests.post(f"{server.address}/hooks/{known}", json={}, timeout=60)
        if answer.status_code == 202:
            accepted.append(answer.json()["run"])
        return answer.status_code

    assert [send() for _ in range(3)] == [202] * 3
    until(lambda: server.all("run_began"))
    database.stop(how)
    assert {send() for _ in range(3)} == {503}
    assert requests.get(f"{server.address}/health", timeout=30).status_code == 503
    database.start()
    until(lambda: send() == 202)
    for run in accepted:
        server.told("run_ended", run=run, status="succeeded")
    assert {one.run for one in ws.queue.all(done=True)} == set(accepted)
    written_once(tmp_path, accepted)
    for run in accepted:
        record = ws.run_record(run)
        assert record.summary.status == "succeeded"
        assert all(one.success for one in record.nodes.values())
    database.stop(how)
    database.start()
    assert server.stop() == 0  # its connections are those from before
    assert server.events[-1]["event"] == "stopped"


def test_a_server_begins_and_ends_while_its_database_is_away(
    ws: Workspace, database: PostgresServer, servers: Servers
) -> None:
    database.stop()
    server = servers()
    assert "cannot be reached" in server.told("store_failed")["message"]
    database.start()
    run = until(lambda: ws.enqueue("noting"))
    server.told("run_ended", run=run, status="succeeded")
    database.stop()
    assert server.stop() == 0


@pytest.mark.parametrize("arguments", [["run", "noting"], ["run", "noting", "--queue"], ["workflows", "list"]])
def test_a_command_says_what_to_do_when_connections_are_refused(
    ws: Workspace, database: PostgresServer, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    database.stop()
    capsys.readouterr()
    assert command(arguments) == 2
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert "Check that the server runs" in said
    assert "?." not in said
    assert PASSWORD not in said


@pytest.mark.parametrize("executor", ["threads", "processes=2", "dask"])
def test_a_run_goes_on_while_its_database_restarts(
    ws: Workspace, database: PostgresServer, tmp_path: Path, executor: str
) -> None:
    running = subprocess.Popen(forks.python("-m", "flowbook", "run", "noting", "--executor", executor))
    until(lambda: (tmp_path / "ledger.txt").exists())
    database.stop()
    time.sleep(0.5)
    database.start()
    assert running.wait(100) == 0
    (run,) = until(ws.runs)
    assert run.status == "succeeded"
    written_once(tmp_path, [run.id])


@pytest.mark.parametrize("executor", ["processes=2", "dask"])
def test_items_that_are_elsewhere_are_recorded_once_while_the_database_crashes_again_and_again(
    ws: Workspace, database: PostgresServer, tmp_path: Path, executor: str
) -> None:
    flow = Workflow(name="many")
    flow.add("each", "ledger.note", for_each=list(range(40)), max_parallel=4, params={"seconds": 0.2})
    flow.add("after", "ledger.note")
    flow.connect("each", "after")
    ws.save(flow)
    running = subprocess.Popen(forks.python("-m", "flowbook", "run", "many", "--executor", executor))
    until(lambda: (tmp_path / "ledger.txt").exists())
    for _ in range(3):
        database.stop(signal.SIGQUIT)
        time.sleep(0.2)
        database.start()
        time.sleep(0.3)
    assert running.wait(100) == 0
    (run,) = until(ws.runs)
    assert run.status == "succeeded"
    assert ledger_lines(tmp_path) == {(run.id, "each"): 40, (run.id, "after"): 1}
    assert len(ws.run_record(run.id).nodes["each"].data) == 40


def test_a_database_that_was_waited_for_in_vain_is_not_waited_for_at_each_thing_that_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run of five nodes would have taken minutes to end, half a minute for each of them and for its own end."""
    monkeypatch.setattr(batches, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(batches, "AGAIN_SECONDS", 0.0)
    tries: list[bool] = []

    class Away(batches.Batches):
        there = False

        def _commit(self) -> None:
            tries.append(self.there)
            if not self.there:
                raise batches.Busy("it is away.")

    database = Away()
    for most in (1_000, 1, 1):
        tries.clear()
        with pytest.raises(batches.Busy):
            database.commit()
        assert 1 <= len(tries) <= most
    database.there = True
    database.commit()
    database.there = False
    tries.clear()
    with pytest.raises(batches.Busy):
        database.commit()
    assert len(tries) > 1, "it was back: it is waited for again"


def test_a_run_that_was_taken_as_the_answer_to_that_was_lost_is_carried_out(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, torn = Queue.take, list[object]()

    def take(self: Queue, but: Collection[str] = ()) -> Queued | None:
        found = real(self, but)
        if found is not None and not torn:
            torn.append(found)
            raise StoreError("the connection broke.")
        return found

    monkeypatch.setattr(Queue, "take", take)
    run = ws.enqueue("noting")
    carrier = Carrier(ws, Log(time.time, io.StringIO()), Metrics())
    carrier.start()
    try:
        until(lambda: ws.queue.find(run).status == "done", 30)  # type: ignore[union-attr]
    finally:
        carrier.stop(10)
    assert len(torn) == 1
    assert ws.queue.find(run).outcome == "succeeded"  # type: ignore[union-attr]


def test_a_lease_is_given_up_over_a_connection_that_broke_while_nobody_used_it(
    ws: Workspace, database: PostgresServer
) -> None:
    address = Address(f"postgresql://flowbook@127.0.0.1:{database.port}/shop")
    owner = LeaseOwner(address, Session(address, "the tests' lease"), threading.RLock(), "me")
    other = LeaseOwner(address, Session(address, "the tests' lease"), threading.RLock(), "other")
    owner.claim()
    assert not other.is_gone("me")
    database.stop()
    database.start()
    owner.release()
    assert other.is_gone("me")
    owner.claim()
    database.stop()
    owner.release()  # it runs out


def test_a_transaction_whose_owner_is_silent_is_ended_by_the_server(
    ws: Workspace, database: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine may have lost its power, and nobody else could save."""
    monkeypatch.setattr("flowbook.postgres.connection.IDLE_MS", 200)
    address = Address(f"postgresql://flowbook@127.0.0.1:{database.port}/shop")
    silent = Session(address, "the tests' rows").transaction()
    silent.__enter__()
    until(lambda: ws.save(Workflow(name="other")))
    assert ws.workflow("other").name == "other"
    with pytest.raises(Lost):
        silent.__exit__(None, None, None)
