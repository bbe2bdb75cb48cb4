"""``flowbook serve``: real servers, real requests, real kills, and a clock that the test sets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
import requests

from flowbook.errors import StoreError
from flowbook.events import RunStarted
from flowbook.journal.recorder import Recorder
from flowbook.models import Workflow
from flowbook.serving import carrying, server
from flowbook.serving.accepting import Acceptance, Taken
from flowbook.serving.arriving import Arrivals
from flowbook.serving.asking import Request
from flowbook.serving.carrying import Carrier
from flowbook.serving.logs import Log
from flowbook.serving.metrics import Metrics
from flowbook.workspace import Workspace
from flowbook.workspace.backends import keep_in
from tests.databases import do, emptied_schema
from tests.integrations.postgres_server import PASSWORD
from tests.served import Servers, servers_of, written
from tests.waiting import until

DESK = '''
"""What the workflows of these tests do: each call is a line in a file."""

import os
import time
from pathlib import Path


def test_connection(credentials):
    """Nothing to try."""
    return {"success": True, "message": ""}


def note(credentials, params):
    """Write a line."""
    with open(params["file"], "a") as file:
        file.write(params.get("line", "x") + "\\\\n")
    return {"success": True, "message": "", "data": params.get("line", "x")}


def hold(credentials, params):
    """Write a line, then wait until a file is there."""
    from flowbook import current

    note(credentials, params)
    while not os.path.exists(params["until"]):
        if current().cancelled:
            return {"success": False, "message": "cancelled"}
        time.sleep(0.01)
    return {"success": True, "message": ""}
'''.replace("\\\\n", "\\n")

NOTING = """\
flowbook: 1
name: noting
inputs:
  line: {type: string, default: x}
  count: {type: integer}
  rows: {type: json}
nodes:
  note: {task: desk.note, params: {file: noted.txt, line: "${{ inputs.line }}"}}
"""
HOLDING = """\
flowbook: 1
name: holding
nodes:
  first: {task: desk.note, params: {file: first.txt}}
  hold: {task: desk.hold, params: {file: held.txt, until: go}}
  last: {task: desk.note, params: {file: last.txt}}
edges:
- {from: first, to: hold}
- {from: hold, to: last}
"""
NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc).timestamp()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Workspace:
    """A workspace with the workflows of these tests; in PostgreSQL when that is asked for."""
    monkeypatch.chdir(tmp_path)
    if getattr(request, "param", "") == "in postgres":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        Workspace(tmp_path).close()
        keep_in(tmp_path / ".flowbook", emptied_schema())
    folder = tmp_path / "integrations" / "desk"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(DESK)
    with Workspace(tmp_path) as ws:
        for text in (NOTING, HOLDING):
            (tmp_path / "one.flow.yaml").write_text(text)
            ws.import_workflow(ws.read(tmp_path / "one.flow.yaml"))
        return ws


@pytest.fixture
def servers(desk: Workspace, tmp_path: Path) -> Iterator[Servers]:
    with servers_of(tmp_path, NOON) as made:
        yield made
    desk.close()


def hook(ws: Workspace, **how) -> str:
    made, known = ws.add_hook("noting", **how)
    return f"/hooks/{made.id if made.sealed else known}"


def schedule(ws: Workspace, workflow: str = "noting", **how):
    made = ws.schedules.add(
        workflow, "* * * * *", "UTC", {}, how.get("if_running", "skip"), how.get("catch_up", "last"), NOON
    )
    return made.id


class TestSchedules:
    @pytest.mark.parametrize("desk", ["in files", "in postgres"], indirect=True)
    def test_what_is_due_runs_once_though_two_servers_look(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        schedule(desk)
        both = [servers(), servers()]
        servers.clock.set(NOON + 61)
        until(lambda: written(tmp_path / "noted.txt"))
        until(lambda: any(one.all("run_ended") for one in both))
        servers.clock.set(NOON + 121)
        until(lambda: sum(len(one.all("run_ended", status="succeeded")) for one in both) == 2)
        assert len(written(tmp_path / "noted.txt")) == 2
        (times,) = {len(one.all("schedule_queued")) for one in [both[0]]} or {0}
        assert times + len(both[1].all("schedule_queued")) == 2
        assert [run.status for run in desk.runs("noting")] == ["succeeded"] * 2

    def test_while_its_last_run_goes_on_a_time_is_left_out(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        schedule(desk, "holding")
        server = servers()
        servers.clock.set(NOON + 61)
        until(lambda: written(tmp_path / "held.txt"))
        servers.clock.set(NOON + 121)
        server.told("schedule_skipped")
        (tmp_path / "go").touch()
        server.told("run_ended", status="succeeded")
        assert len(written(tmp_path / "first.txt")) == 1

    def test_a_run_that_a_person_started_counts_too(self, desk: Workspace, servers: Servers, tmp_path: Path) -> None:
        schedule(desk, "holding", if_running="skip")
        run = desk.start("holding")
        until(lambda: written(tmp_path / "held.txt"))
        server = servers()
        servers.clock.set(NOON + 61)
        assert "running already" in server.told("run_ended", status="skipped")["message"]
        (tmp_path / "go").touch()
        run.wait()

    def test_a_time_that_came_without_a_server_is_caught_up_on(self, desk: Workspace, servers: Servers) -> None:
        schedule(desk)
        servers.clock.set(NOON + 3600)
        server = servers()
        server.told("run_ended", status="succeeded")
        assert server.told("schedule_queued")["late_seconds"] == 0
        assert len(server.all("schedule_queued")) == 1

    def test_what_is_not_trusted_does_not_run_and_that_is_recorded(
        self, desk: Workspace, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flow = Workflow(name="brought")
        flow.add("note", "desk.note", params={"file": "noted.txt"})
        desk.save(flow, trusted=False)
        schedule(desk, "brought")
        monkeypatch.delenv("FLOWBOOK_TRUST")
        server = servers()
        servers.clock.set(NOON + 61)
        ended = server.told("run_ended", status="refused")
        assert ended["code"] == 3
        assert "trust" in ended["message"]
        (row,) = desk.queue.all(done=True)
        assert (row.outcome, row.code) == ("refused", 3)


class TestKilled:
    def test_what_was_queued_outlives_a_server_that_is_killed(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        run = desk.enqueue("noting", line="kept")
        servers().kill()
        server = servers()
        server.told("run_ended", run=run) if not written(tmp_path / "noted.txt") else None
        until(lambda: desk.queue.find(run).status == "done")
        assert written(tmp_path / "noted.txt") == ["kept"]

    @pytest.mark.parametrize("desk", ["in files", "in postgres"], indirect=True)
    def test_a_run_that_was_going_on_is_gone_on_with_where_that_is_safe(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        """What was in flight and may have taken effect is held for a person; what is done is not done again."""
        run = desk.enqueue("holding")
        server = servers()
        until(lambda: written(tmp_path / "held.txt"))
        server.kill()
        if desk.address is not None:
            do(desk.address, "DELETE FROM leases")  # as when half a minute has passed
        other = servers()
        ended = other.told("run_ended", run=run)
        assert (ended["status"], ended["code"]) == ("held", 2)
        assert len(written(tmp_path / "first.txt")) == len(written(tmp_path / "held.txt")) == 1
        (tmp_path / "go").touch()
        assert desk.resume(run, rerun=["hold"]).status == "succeeded"

    def test_one_that_was_taken_and_had_not_begun_is_taken_again(self, desk: Workspace, servers: Servers) -> None:
        run = desk.enqueue("noting")
        with desk._triggered.rows.transaction() as rows:
            rows.execute("UPDATE queue SET status = 'taken', owner = ?", ("0" * 32,))
        server = servers()
        server.told("run_taken_over", run=run)
        server.told("run_ended", run=run, status="succeeded")

    def test_one_of_a_schedule_is_not_left_out_because_of_the_server_that_had_taken_it(
        self, desk: Workspace, servers: Servers
    ) -> None:
        id = schedule(desk)
        (fired,) = desk.schedules.fire(NOON + 61)
        with desk._triggered.rows.transaction() as rows:
            rows.execute("UPDATE queue SET status = 'taken', owner = ?", ("0" * 32,))
        with desk.turn("noting"):  # as it is for a while after its process was killed
            server = servers()
            server.told("run_taken_over", run=fired.run)
            server.told("run_waits", run=fired.run)
        assert server.told("run_ended", run=fired.run)["status"] == "succeeded"
        assert desk.queue.find(fired.run).schedule == id

    def test_a_run_that_ends_its_servers_is_not_begun_for_ever(self, desk: Workspace, servers: Servers) -> None:
        run = desk.enqueue("noting")
        with desk._triggered.rows.transaction() as rows:
            rows.execute("UPDATE queue SET status = 'taken', owner = ?", ("0" * 32,))
        desk.start_queued(desk.queue.find(run)).wait()
        with desk.journal._database.transaction() as connection:
            connection.execute("UPDATE runs SET status = 'interrupted', attempt = 3")
        assert "by hand" in servers().told("run_ended", run=run)["message"]

    def test_an_accepted_hook_outlives_a_server_that_is_killed(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        address = hook(desk)
        server = servers(at_once=1)
        desk.enqueue("holding")
        until(lambda: written(tmp_path / "held.txt"))
        runs = [
            requests.post(server.address + address, json={"line": str(number)}, timeout=30).json()["run"]
            for number in range(5)
        ]
        server.kill()
        servers(at_once=2)
        until(lambda: all(desk.queue.find(run).status == "done" for run in runs))
        assert sorted(written(tmp_path / "noted.txt")) == list("01234")

    @pytest.mark.parametrize("desk", ["in postgres"], indirect=True)
    def test_a_run_whose_server_was_taken_for_gone_is_what_the_history_says_it_is(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        """The server lives, and could record nothing more: what it thinks of the run nobody else knows."""
        run = desk.enqueue("holding")
        server = servers()
        until(lambda: written(tmp_path / "held.txt"))
        do(desk.address, "DELETE FROM leases WHERE owner IN (SELECT owner FROM runs)")  # as when it was silent
        (tmp_path / "go").touch()
        server.told("run_unrecorded", run=run)
        assert server.told("run_ended", run=run)["status"] == "held"
        assert desk.run_record(run).summary.status == "interrupted"
        assert (len(written(tmp_path / "held.txt")), written(tmp_path / "last.txt")) == (1, [])
        assert desk.resume(run, accept=["hold"]).status == "succeeded"

    @pytest.mark.parametrize("desk", ["in files", "in postgres"], indirect=True)
    def test_a_run_whose_beginning_was_recorded_though_that_was_said_to_have_failed_is_gone_on_with(
        self, desk: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when the connection breaks just as the database has committed it."""
        begin, broken = Recorder._run_started, [True]

        def break_once(recorder: Recorder, event: RunStarted) -> None:
            begin(recorder, event)
            if broken:
                broken.clear()
                raise StoreError("the connection broke.", "Try again.")

        monkeypatch.setattr(Recorder, "_run_started", break_once)
        monkeypatch.setattr(carrying, "LEFT_SECONDS", 0.1)
        run, log = desk.enqueue("noting"), Log(lambda: NOON)
        carrier = Carrier(desk, log, Metrics())
        carrier.start()
        until(lambda: desk.queue.find(run).status == "done")
        carrier.stop(10)
        assert desk.queue.find(run).outcome == "succeeded"
        assert len(written(tmp_path / "noted.txt")) == 1
        desk.close()


class TestStopping:
    def test_what_goes_on_ends_before_the_server_does(self, desk: Workspace, servers: Servers, tmp_path: Path) -> None:
        desk.enqueue("holding")
        server = servers()
        until(lambda: written(tmp_path / "held.txt"))
        server.process.terminate()
        server.told("stopping")
        (tmp_path / "go").touch()
        assert server._gone() == 0
        assert server.all("run_ended", status="succeeded")

    def test_what_does_not_end_in_time_is_handed_on(self, desk: Workspace, servers: Servers, tmp_path: Path) -> None:
        run = desk.enqueue("holding")
        server = servers(grace=0)
        until(lambda: written(tmp_path / "held.txt"))
        assert server.stop() == 0
        assert server.all("run_handed_on", run=run)
        assert desk.queue.find(run).status == "taken"
        (tmp_path / "go").touch()
        ended = servers().told("run_ended", run=run)
        assert ended["status"] in ("succeeded", "held")
        assert len(written(tmp_path / "first.txt")) == 1


class TestHooks:
    def test_body_query_and_headers_become_inputs(self, desk: Workspace, servers: Servers, tmp_path: Path) -> None:
        address, server = hook(desk), servers()
        answer = requests.post(
            f"{server.address}{address}?count=3&other=1", json={"line": "hi", "more": [1]}, timeout=30
        )
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        server.told("run_ended", run=answer.json()["run"], status="succeeded")
        assert written(tmp_path / "noted.txt") == ["hi"]
        assert desk.run_record(answer.json()["run"]).inputs == {"line": "hi", "count": 3, "rows": None}
        form = requests.post(server.address + address, data={"line": "of a form"}, timeout=30)
        server.told("run_ended", run=form.json()["run"])
        assert written(tmp_path / "noted.txt")[-1] == "of a form"

    def test_the_result_is_the_answer_when_it_is_asked_for(self, desk: Workspace, servers: Servers) -> None:
        address, server = hook(desk, respond="when-done"), servers()
        answer = requests.post(server.address + address, json={"line": "now"}, timeout=60)
        assert (answer.status_code, answer.json()["data"]) == (200, {"note": "now"})
        slow = hook(desk, name="slow", respond="when-done")
        impatient = servers(wait=0)
        assert requests.post(impatient.address + slow, json={}, timeout=30).status_code == 202

    def test_a_delivery_that_comes_again_runs_once(self, desk: Workspace, servers: Servers, tmp_path: Path) -> None:
        address, server = hook(desk), servers()
        given = {"url": server.address + address, "json": {"line": "once"}, "headers": {"Idempotency-Key": "k1"}}
        first, second = (requests.post(timeout=30, **given).json() for _ in range(2))
        assert (first["run"], first["again"], second["again"]) == (second["run"], False, True)
        server.told("run_ended", run=first["run"])
        assert len(desk.runs()) == 1

    @pytest.mark.parametrize("kind", ["github", "stripe", "slack"])
    def test_only_what_is_signed_is_taken(self, desk: Workspace, servers: Servers, kind: str) -> None:
        secret = "the-secret-that-signs"
        address, server = hook(desk, kind=kind, secret=secret), servers()
        body = json.dumps({"id": "evt_1", "event_id": "Ev1", "line": "signed"}).encode()

        def sent(content: bytes = body, key: str = secret, moment: float = NOON) -> int:
            headers = {"Content-Type": "application/json", **signed(kind, key, body, int(moment))}
            return requests.post(server.address + address, data=content, headers=headers, timeout=30).status_code

        assert sent() == 202
        assert sent(key="another") == 401
        assert sent(content=body.replace(b"signed", b"forged")) == 401
        assert sent() == 202
        if kind != "github":
            assert sent(moment=NOON - 301) == 401
        assert requests.post(server.address + address, data=body, timeout=30).status_code == 401
        until(lambda: desk.queue.all(done=True)[0].status == "done")
        assert len(desk.runs()) == 1
        assert secret not in "".join(server.lines)

    def test_a_service_that_tries_the_address_is_answered_and_nothing_runs(
        self, desk: Workspace, servers: Servers
    ) -> None:
        slack, github = (hook(desk, name=kind, kind=kind, secret="s") for kind in ("slack", "github"))
        server, body = servers(), b'{"type": "url_verification", "challenge": "c1"}'
        said = requests.post(
            server.address + slack, data=body, headers=signed("slack", "s", body, int(NOON)), timeout=30
        )
        assert said.json() == {"challenge": "c1"}
        ping = {**signed("github", "s", body, 0), "X-GitHub-Event": "ping"}
        assert requests.post(server.address + github, data=body, headers=ping, timeout=30).status_code == 200
        assert desk.queue.all(done=True) == []

    def test_bad_requests_are_told_what_is_wrong(self, desk: Workspace, servers: Servers) -> None:
        address, server = hook(desk), servers(most=1000)
        url = server.address + address

        def told(code: int, to: str = url, **sent) -> str:
            answer = requests.post(to, timeout=30, **sent)
            assert answer.status_code == code, answer.text
            return answer.json()["error"]

        assert "at most 1000 bytes" in told(413, data=b"x" * 2000)
        assert "too large" in told(413, data=(b"x" * 600 for _ in range(3)))
        assert "no hook" in told(404, to=f"{server.address}/hooks/guessed")
        assert "not JSON" in told(400, data=b"{", headers={"Content-Type": "application/json"})
        assert "not UTF-8" in told(400, data=b"\xff", headers={"Content-Type": "application/json"})
        assert "count" in told(422, json={"count": "many"})
        assert "rows: begins like JSON and is none" in told(422, params={"rows": "[1"})
        assert "column 3" in told(422, data={"rows": "[1"})
        assert "nothing here" in told(404, to=f"{server.address}/")
        assert "a hook takes POST" in requests.get(url, timeout=30).json()["error"]
        assert desk.queue.all(done=True) == []
        sent = requests.post(url, json={"rows": "[WIP] in a body a text is data"}, timeout=30)
        assert sent.status_code == 202
        secret = address.rpartition("/")[2]
        assert secret not in "".join(server.lines)
        assert server.all("request_refused", code=413)


class TestManyHooks:
    """Requests that come faster than runs end: each is answered soon, and the runs go on."""

    @staticmethod
    def to(address: str, body: bytes = b"{}") -> Request:
        return Request(address.rpartition("/")[2], "", {"Content-Type": "application/json"}, body)

    def test_what_comes_at_the_same_moment_is_looked_up_and_committed_together(
        self, desk: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, other = hook(desk), hook(desk, name="other")
        taking_in = Acceptance(desk, Log(lambda: NOON, io.StringIO()), lambda: NOON)
        found, commits = [], []
        real, transaction = desk.workflow, type(taking_in._hooks._rows).transaction
        monkeypatch.setattr(desk, "workflow", lambda name: found.append(name) or real(name))
        monkeypatch.setattr(
            type(taking_in._hooks._rows), "transaction", lambda rows: commits.append(1) or transaction(rows)
        )
        asked = [self.to(one), self.to("/hooks/none"), self.to(one), self.to(one, b"{"), self.to(other), self.to(one)]
        became = taking_in.hook_all(asked)
        assert [getattr(each, "code", 202) for each in became] == [202, 404, 202, 400, 202, 202]
        runs = [each.run for each in became if isinstance(each, Taken)]
        assert sorted(runs) == sorted(each.run for each in desk.queue.all())
        assert (len(found), len(commits)) == (2, 1)  # one a hook, and one for all

    def test_those_that_come_while_others_are_taken_in_are_the_next(self) -> None:
        groups: list[list[str]] = []
        begun, goes_on = threading.Event(), threading.Event()

        def take_in(requests: Sequence[Request]) -> list[Taken | Exception]:
            groups.append([request.place for request in requests])
            begun.set()
            goes_on.wait(30)
            if "all" in groups[-1]:
                raise StoreError("the disk is full.")
            return [ValueError("bad") if one.place == "bad" else Taken(None, one.place) for one in requests]

        async def ask(places: list[str]) -> list[object]:
            with ThreadPoolExecutor(4) as pool:
                arrivals = Arrivals(take_in, pool)
                first = asyncio.ensure_future(arrivals.taken(self.to("first")))
                await asyncio.get_running_loop().run_in_executor(None, begun.wait, 30)
                later = [asyncio.ensure_future(arrivals.taken(self.to(place))) for place in places]
                await asyncio.sleep(0)
                later[0].cancel()
                assert arrivals.busy
                goes_on.set()
                became = await asyncio.gather(first, *later, return_exceptions=True)
                assert not arrivals.busy
                failed = await asyncio.gather(*(arrivals.taken(self.to("all")) for _ in "ab"), return_exceptions=True)
                return [*became, *failed]

        first, left, good, bad, *failed = asyncio.run(ask(["left", "good", "bad"]))
        assert groups == [["first"], ["left", "good", "bad"], ["all", "all"]]
        assert (first.run, good.run, type(left), type(bad)) == ("first", "good", asyncio.CancelledError, ValueError)
        assert [type(each) for each in failed] == [StoreError, StoreError]

    def test_runs_begin_slower_while_requests_wait_and_all_end(
        self, desk: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(carrying, "APART_SECONDS", 0.3)
        began: list[float] = []
        real = desk.start_queued
        monkeypatch.setattr(desk, "start_queued", lambda queued: began.append(time.monotonic()) or real(queued))
        runs = [desk.enqueue("noting") for _ in range(3)]
        carrier = Carrier(desk, Log(lambda: NOON, io.StringIO()), Metrics(), busy=lambda: True)
        carrier.start()
        until(lambda: all(desk.queue.find(run).status == "done" for run in runs))
        carrier.stop(10)
        assert began[2] - began[0] > 0.4

    def test_what_is_due_is_looked_for_however_often_something_comes(
        self, desk: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks, real = [], Carrier._look
        monkeypatch.setattr(Carrier, "_look", lambda carrier: looks.append(time.monotonic()) or real(carrier))
        carrier = Carrier(desk, Log(lambda: NOON, io.StringIO()), Metrics())
        carrier.start()
        began = time.monotonic()
        while len(looks) < 3:
            carrier.wake()
            time.sleep(0.001)
            assert time.monotonic() - began < 60
        carrier.stop(10)
        assert looks[2] - looks[0] > carrying.POLL_SECONDS  # a look asks the store for what nothing of it needs

    def test_what_computes_keeps_no_request_waiting_for_pythons_lock(
        self, desk: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, seen = sys.getswitchinterval(), []

        async def look(*about: object) -> None:
            seen.append(sys.getswitchinterval())

        monkeypatch.setattr(server, "_serve", look)
        server.serve(desk, server.Settings())
        assert seen[0] < before / 5
        assert sys.getswitchinterval() == before


class TestForms:
    PAGE = """\
flowbook: 1
name: asking
description: Ask for <it>.
inputs:
  who: {type: string, required: true, description: Who asks}
  loud: {type: boolean, default: true}
  level: {type: select, choices: [low, high], default: high}
  paper: {type: file}
  rows: {type: json}
nodes:
  read: {task: files.read_text, params: {path: "${{ inputs.paper }}"}, when: "${{ inputs.paper != None }}"}
  note: {task: desk.note, params: {file: noted.txt, line: "${{ inputs.who }} ${{ inputs.loud }} ${{ inputs.level }}"}}
"""

    @pytest.fixture
    def page(self, desk: Workspace, tmp_path: Path, servers: Servers) -> str:
        (tmp_path / "one.flow.yaml").write_text(self.PAGE)
        desk.import_workflow(desk.read(tmp_path / "one.flow.yaml"))
        made, self.key = desk.add_hook("asking", kind="form")
        self.server = servers()
        return f"{self.server.address}/forms/{made.id}"

    def test_it_shows_the_inputs_to_who_knows_its_address(self, page: str) -> None:
        shown = requests.get(page, params={"key": self.key}, timeout=30)
        for part in (
            "Ask for &lt;it&gt;.",
            'name="who" value="" required',
            'type="file"',
            "<option selected>high",
            "checked",
        ):
            assert part in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        assert shown.headers["Referrer-Policy"] == "no-referrer"
        for key in ("", "guessed"):
            refused = requests.get(page, params={"key": key}, timeout=30)
            assert (refused.status_code, "<input" in refused.text) == (404, False)
        assert self.key not in "".join(self.server.lines)

    def test_what_is_filled_in_runs_once_with_the_file_that_came_along(
        self, page: str, desk: Workspace, tmp_path: Path
    ) -> None:
        fields = {":key": self.key, ":once": "1", "who": "Ann", "level": "low"}
        files = {"paper": ("../../evil name.txt", b"written on it")}
        first, again = (requests.post(page, data=fields, files=files, timeout=30) for _ in range(2))
        assert (first.status_code, again.status_code) == (202, 202)
        ended = self.server.told("run_ended")
        assert ended["status"] == "succeeded", ended["message"]
        assert written(tmp_path / "noted.txt") == ["Ann false low"]
        kept = desk.run_record(ended["run"]).inputs["paper"]
        assert kept == f"uploads/{ended['run']}/paper-evil-name.txt"
        assert (tmp_path / kept).read_bytes() == b"written on it"
        assert len(desk.runs()) == 1

    def test_what_is_wrong_is_said_above_the_form_with_what_was_filled_in(self, page: str, desk: Workspace) -> None:
        fields = {":key": self.key, "who": "Ann & Bob", "level": "loudest"}
        shown = requests.post(page, data=fields, timeout=30)
        assert shown.status_code == 422
        assert 'role="alert">' in shown.text
        assert 'value="Ann &amp; Bob"' in shown.text
        shown = requests.post(page, data={":key": self.key, "who": "Ann", "rows": "[1"}, timeout=30)
        assert shown.status_code == 422
        assert "rows: begins like JSON" in shown.text
        assert "[1</textarea>" in shown.text
        assert requests.post(page, data={"who": "no key"}, timeout=30).status_code == 404
        sent = requests.post(page, data={":key": self.key, "who": "A"}, files={"who": ("x.txt", b"x")}, timeout=30)
        assert "no file is asked for there" in sent.text
        assert desk.queue.all(done=True) == []


class TestLookingAfterIt:
    def test_health_and_metrics_tell_how_it_is(self, desk: Workspace, servers: Servers) -> None:
        address, server = hook(desk), servers()
        requests.post(server.address + address, json={}, timeout=30)
        requests.post(server.address + "/hooks/x", json={}, timeout=30)
        server.told("run_ended")
        assert requests.get(server.address + "/health", timeout=30).json() == {"status": "ok", "waiting": 0, "going": 0}
        told = requests.get(server.address + "/metrics", timeout=30)
        assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert 'flowbook_runs_total{source="hook",status="succeeded"} 1\n' in told.text
        assert 'flowbook_requests_total{code="404",kind="hook"} 1\n' in told.text
        assert 'flowbook_queue{state="waiting"} 0\n' in told.text

    def test_a_store_that_cannot_be_used_is_said_and_lived_through(
        self, desk: Workspace, servers: Servers, tmp_path: Path
    ) -> None:
        address, server = hook(desk), servers()
        file = tmp_path / ".flowbook" / "triggers.sqlite"
        with desk._triggered.rows.transaction() as rows:
            rows.execute("ALTER TABLE queue RENAME TO queue_away")
        server.told("store_failed")
        refused = requests.post(server.address + address, json={}, timeout=30)
        assert (refused.status_code, "again later" in refused.text) == (503, True)
        assert requests.get(server.address + "/health", timeout=30).status_code == 503
        with desk._triggered.rows.transaction() as rows:
            rows.execute("ALTER TABLE queue_away RENAME TO queue")
        assert requests.post(server.address + address, json={}, timeout=30).status_code == 202
        server.told("run_ended", status="succeeded")
        assert file.exists()

    def test_the_command_serves_until_it_is_told_to_stop(self, desk: Workspace, servers: Servers) -> None:
        desk.enqueue("noting")
        server = servers.by_command()
        server.told("run_ended", status="succeeded")
        assert server.stop() == 0
        assert server.events[-1]["event"] == "stopped"
        for event in server.events:
            assert {"at", "level", "event"} <= set(event)

    def test_an_address_that_is_taken_is_said_to_be(
        self, desk: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        from flowbook.cli import run

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            assert run(["-C", str(tmp_path), "serve", "--port", port]) == 2
        assert "Choose another --port" in capfd.readouterr().err
        assert run(["-C", str(tmp_path), "serve", "--max-body", "big"]) == 2


def signed(kind: str, secret: str, body: bytes, moment: int) -> dict[str, str]:
    """The headers as the service makes them; the sources are named in flowbook/serving/signatures.py."""

    def mac(text: bytes) -> str:
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    if kind == "github":
        return {
            "X-Hub-Signature-256": f"sha256={mac(body)}",
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        }
    if kind == "stripe":
        return {"Stripe-Signature": f"t={moment},v1={mac(f'{moment}.'.encode() + body)},v0=6ffbb59b2300aae63f27"}
    return {"X-Slack-Request-Timestamp": str(moment), "X-Slack-Signature": f"v0={mac(f'v0:{moment}:'.encode() + body)}"}


def test_the_signatures_are_those_that_the_services_publish() -> None:
    """GitHub's and Slack's own examples, of the pages that flowbook/serving/signatures.py names."""
    from flowbook.serving.signatures import check

    github = {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    check("github", "It's a Secret to Everybody", github, b"Hello, World!", 0)
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
        b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    slack = {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    check("slack", "8f742231b10e8888abcd99yyyzzz85a5", slack, body, 1531420618)


@pytest.mark.parametrize("kind", ["github", "stripe", "slack"])
def test_a_signature_that_is_refused_says_what_to_do(kind: str) -> None:
    from flowbook.serving.signatures import Refused, check

    headers = signed(kind, "the secret", b"{}", 1_000)
    check(kind, "the secret", headers, b"{}", 1_000)
    name = {"github": "GitHub", "stripe": "Stripe", "slack": "Slack"}[kind]
    with pytest.raises(Refused, match=f"as {name} makes it. Give {name} the secret that was shown"):
        check(kind, "another secret", headers, b"{}", 1_000)
    if kind == "github":
        return
    with pytest.raises(Refused, match="Sign it anew"):
        check(kind, "the secret", headers, b"{}", 2_000)
    with pytest.raises(Refused, match=r"no time at which it was signed: that stands in (Stripe|X-Slack)-"):
        check(kind, "the secret", {}, b"{}", 1_000)


class TestTheFilesForServers:
    """The ready files of docs/serving/."""

    FILES = Path(__file__).resolve().parent.parent / "docs" / "serving"

    def test_the_page_shows_them_as_they_are(self) -> None:
        page = (self.FILES.parent / "how-to" / "serving.md").read_text(encoding="utf-8")
        for name in ("flowbook-serve.service", "Containerfile"):
            assert f"\n{(self.FILES / name).read_text(encoding='utf-8')}```" in page
            assert f"](../serving/{name})" in page

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
    def test_systemd_understands_the_unit(self, tmp_path: Path) -> None:
        program = tmp_path / "flowbook"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        unit = (
            (self.FILES / "flowbook-serve.service")
            .read_text()
            .replace("/srv/flowbook/.venv/bin/flowbook", str(program))
        )
        (tmp_path / "flowbook-serve.service").write_text(unit)
        command = ["systemd-analyze", "verify", str(tmp_path / "flowbook-serve.service")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert [line for line in done.stderr.splitlines() if "flowbook-serve" in line] == []

    @pytest.mark.parametrize("name", ["flowbook-serve.service", "Containerfile"])
    def test_the_command_that_they_begin_takes_their_options(self, name: str) -> None:
        from flowbook.cli.serve import serve

        text = (self.FILES / name).read_text()
        words = (
            json.loads(text.split("CMD ")[1])
            if name == "Containerfile"
            else text.split("ExecStart=")[1].split("\n")[0].split()
        )
        assert words[1] == "serve"
        context = serve.make_context("serve", words[2:])
        grace = int(context.params["grace"])
        limit = int(text.split("TimeoutStopSec=")[1].split("\n")[0]) if "TimeoutStopSec" in text else 10  # docker stop
        assert grace < limit
