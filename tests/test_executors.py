"""Where calls are made: the same workflow on threads, on processes and on a cluster."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import pytest
from click.testing import CliRunner
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from distributed import Client, LocalCluster

from flowbook.calling import joining, there, warm
from flowbook.calling.executors import asked_for
from flowbook.calling.joining import reachable_by_others
from flowbook.calling.line import Line
from flowbook.calling.processes import _Process
from flowbook.calling.processors import usable_processors
from flowbook.calling.sealing import Secrets, public_key, seal_for, unseal
from flowbook.cli.main import cli as main
from flowbook.engine.batches import Batches
from flowbook.engine.pace import Pace
from flowbook.errors import InputError, RunHeld
from flowbook.models import Parameter, Workflow
from flowbook.results import Cause
from flowbook.workspace import Workspace
from tests.folders import add_folder
from tests.waiting import ended, until

TASKS = '''
"""Tasks that say where they are called."""

import os, signal, sys, threading, time
from pathlib import Path

from flowbook import Result, current, task


def test_connection(credentials):
    return Result.ok("fine")


@task(effects="read")
def where(credentials, params):
    return Result.ok("here", {"pid": os.getpid(), "n": params.get("n"), "index": current().index})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def serve(credentials, params):
    return Result.ok("here", {"pid": os.getpid()})


@task(effects="read")
def slow_for_some(credentials, params):
    """Quick, but for one item, which waits for a later one that was called."""
    folder = current().path("seen")
    folder.mkdir(exist_ok=True)
    (folder / str(params["n"])).touch()
    if params["n"] == params["slow"]:
        ends = time.monotonic() + 60
        while not (folder / str(params["n"] + 1)).exists() and time.monotonic() < ends:
            time.sleep(0.01)
        return Result((folder / str(params["n"] + 1)).exists(), "waited")
    return Result.ok("quick")


@task(effects="write")
def note_and_die(credentials, params):
    """Writes into a ledger, and takes its process along at one item."""
    with current().path("ledger").open("a") as ledger:
        ledger.write(f"{params['n']}\\n")
    if params["n"] == params["die"]:
        os._exit(9)
    return Result.ok("noted", params["n"])


@task(effects="write")
def note_slowly(credentials, params):
    with current().path("ledger").open("a") as ledger:
        ledger.write(f"{params['n']} {os.getpid()}\\n")
    time.sleep(0.3)
    return Result.ok("noted", params["n"])


@task(effects="read")
def talk(credentials, params):
    print("to out", params["secret"])
    current().progress(1, 2, "half")
    return Result.ok("said", params["secret"])


@task(effects="read")
def lock(credentials, params):
    return Result.ok("made", threading.Lock())


@task(effects="read")
def version(credentials, params):
    return Result.ok("VERSION")


@task(effects="read")
def draw(credentials, params):
    """What the one before drew and one more, each time another; takes its process along where it is to, once."""
    sign = current().path("died")
    if params.get("die") and not sign.exists():
        sign.touch()
        time.sleep(0.3)  # what was told before gets out
        os.kill(os.getpid(), signal.SIGKILL)  # as a system short of memory does
    return Result.ok("drawn", [*params["before"], os.urandom(8).hex()])


@task(effects="read")
def die_at(credentials, params):
    """Reads, and takes its process along at one item, each time."""
    if params["n"] == params["die"]:
        os._exit(9)
    return Result.ok("looked", params["n"])


def hold(credentials, params):
    current().path("held").touch()
    return Result(current().sleep(60), "stopped")


def hold_out(credentials, params):
    current().path("held").touch()
    ends = time.monotonic() + 60
    while not current().path("go").exists() and time.monotonic() < ends:
        time.sleep(0.01)
    return Result.ok("held out")
'''


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    add_folder(tmp_path, "place", TASKS)
    with Workspace(tmp_path) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client of a cluster of threads, as quick to begin as it can be: what is sent there is pickled all the same."""
    with (
        LocalCluster(n_workers=1, threads_per_worker=4, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def real() -> Iterator[Any]:
    """A client of a cluster of two processes, which are begun anew when they are killed, however long that takes."""
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as cluster,
        Client(cluster, set_as_default=False) as made,
    ):
        yield made


@pytest.fixture(params=["processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Any:
    """Each executor that is not this process's threads."""
    return "processes=2" if request.param == "processes" else request.getfixturevalue("client")


def flow_of(task: str, **fields: Any) -> Workflow:
    flow = Workflow(name="flow")
    flow.add("a", f"place.{task}", **fields)
    return flow


# --- what is asked for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["thread", "threads=2", "processes=", "processes=0", "processes=two", "dask=", 3])
def test_what_is_no_executor_is_refused_in_words_and_nothing_runs(ws: Workspace, given: Any) -> None:
    with pytest.raises(InputError, match="processes=N, dask, dask=ADDRESS"):
        ws.run(flow_of("where"), executor=given)
    assert not ws.runs()


def test_without_a_number_there_are_as_many_processes_as_processors() -> None:
    assert asked_for("processes") == ("processes", None, None)
    assert asked_for("processes=3").processes == 3
    assert usable_processors() >= 1


def test_a_node_for_the_cluster_in_a_run_without_one_is_refused_before_anything_runs(ws: Workspace) -> None:
    flow = flow_of("where")
    flow.add("b", "place.where", where="cluster")
    with pytest.raises(InputError, match="this run has no cluster"):
        ws.run(flow)
    assert not ws.runs()


# --- where calls are made ----------------------------------------------------------------------------------------


def test_the_processes_make_the_calls_and_the_history_names_them(ws: Workspace) -> None:
    ran = ws.run(flow_of("where", params={"n": "${{ item }}"}, for_each=list(range(40))), executor="processes=2")
    assert [each["n"] for each in ran["a"].data] == [each["index"] for each in ran["a"].data] == list(range(40))
    workers = {f"process {each['pid']}" for each in ran["a"].data}
    assert f"process {os.getpid()}" not in workers
    assert 1 <= len(workers) <= 2
    assert set(ran["a"].worker.split(", ")) == workers
    assert ws.last("flow")["a"].worker == ran["a"].worker
    assert ran.to_dict()["nodes"]["a"]["worker"] == ran["a"].worker
    said = CliRunner().invoke(main, ["-C", str(ws.root), "runs", "show", "last"])
    assert f"on {ran['a'].worker}" in said.output


def test_a_node_says_itself_where_it_is_called(ws: Workspace) -> None:
    flow = Workflow(name="flow")
    flow.add("sent", "place.where")
    flow.add("kept", "place.where", where="here")
    flow.add("waits", "place.serve")
    flow.add("told", "place.serve", where="processes")
    ran = ws.run(flow, executor="processes=1")
    assert {id for id in ran if ran[id].data["pid"] != os.getpid()} == {"sent", "told"}
    assert {id for id in ran if ran[id].worker} == {"sent", "told"}
    ran = ws.run(flow)
    assert {id for id in ran if ran[id].worker} == {"told"}


def test_the_settings_of_the_workspace_say_where_when_the_run_does_not(ws: Workspace) -> None:
    settings = ws.root / ".flowbook" / "settings.json"
    settings.write_text(json.dumps({"executor": "processes=1"}))
    assert ws.run(flow_of("where"))["a"].worker
    assert not ws.run(flow_of("where"), executor="threads")["a"].worker
    settings.write_text(json.dumps({"executor": 3}))
    with pytest.raises(InputError, match="not understood"):
        ws.run(flow_of("where"))


def test_runs_inside_of_a_run_have_its_executor(ws: Workspace, executor: Any) -> None:
    ws.save(flow_of("where"))
    outer = Workflow(name="outer")
    outer.add("inner", "core.run_workflow", params={"workflow": "flow"})
    ws.run(outer, executor=executor)
    assert ws.last("flow")["a"].worker


def test_a_dry_run_asks_no_executor(ws: Workspace) -> None:
    assert ws.run(flow_of("serve", where="cluster"), dry_run=True)["a"].status == "succeeded"


def test_the_command_line_says_where(ws: Workspace) -> None:
    ws.save(flow_of("where"))
    arguments = ["-C", str(ws.root), "run", "flow", "--json", "--executor"]
    done = CliRunner().invoke(main, [*arguments, "processes=1"])
    assert json.loads(done.stdout)["nodes"]["a"]["worker"].startswith("process ")
    refused = CliRunner().invoke(main, [*arguments, "cloud"])
    assert json.loads(refused.stdout)["error"]["kind"] == "InputError"
    assert isinstance(refused.exception, InputError)


# --- calls that travel together ----------------------------------------------------------------------------------


def test_quick_calls_travel_together_and_each_has_its_own_result(
    ws: Workspace, executor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    make = Batches.make

    def noted(self: Batches, sent: Any, after: Any) -> bool:
        sizes.append(len(sent))
        return make(self, sent, after)

    monkeypatch.setattr(Batches, "make", noted)
    flow = flow_of("where", params={"n": "${{ item }}"}, for_each=list(range(600)))
    ran = ws.run(flow, executor=executor)
    assert [each["n"] for each in ran["a"].data] == [each["index"] for each in ran["a"].data] == list(range(600))
    assert max(sizes) > 1
    sizes.clear()
    fan = Workflow(name="fan")
    for number in range(100):
        fan.add(f"n{number}", "place.where", params={"n": number})
    ran = ws.run(fan, executor=executor)
    assert [ran[f"n{number}"].data["n"] for number in range(100)] == list(range(100))
    assert max(sizes) > 1


@pytest.mark.parametrize("asks", [False, True], ids=["reads", "writes"])
def test_what_came_of_calls_that_read_is_told_once_for_all_that_travelled_together(
    asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message costs the scheduler a moment of the processors on which the calls compute."""
    monkeypatch.setattr(there, "ANSWERS_SECONDS", 60)
    events: list[Any] = []

    class Worker:
        address = "here"

        def log_event(self, topic: str, message: Any) -> None:
            events.append(message)

    batch = there.Batch("b", "s", "topic", there.versions(), asks, b"")
    told = there._Told(batch, Secrets(), Worker())
    told.say(0, "ok", "")
    assert bool(events) == asks  # that a write is over is known at once
    for place in range(1, 5):
        told.say(place, "ok", "")
    told.say(4, "took", 0.1)
    told.close()
    assert asks or len(events) == 1


def test_that_the_way_is_long_is_no_reason_to_go_it_more_often(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a busy machine, or to a cluster that is far away: how quick calls are is told by who makes them."""
    parcels: list[int] = []
    receive, answer = Line.receive, _Process.answer

    def late(self: Line) -> bytes:
        message = receive(self)
        time.sleep(0.06)
        return message

    def counted(self: _Process, parcel: bytes, calls: Any, *more: Any, **named: Any) -> bool:
        parcels.append(len(calls))
        return answer(self, parcel, calls, *more, **named)

    monkeypatch.setattr(Line, "receive", late)
    monkeypatch.setattr(_Process, "answer", counted)
    ran = ws.run(flow_of("where", params={"n": "${{ item }}"}, for_each=list(range(200))), executor="processes=2")
    assert [each["n"] for each in ran["a"].data] == list(range(200))
    assert len(parcels) < 100, parcels


def test_calls_behind_a_slow_one_do_not_wait_for_it(ws: Workspace, executor: Any) -> None:
    params = {"n": "${{ item }}", "slow": 60}
    ran = ws.run(flow_of("slow_for_some", params=params, for_each=list(range(80))), executor=executor)
    assert ran["a"].message == "80 calls succeeded"


def test_no_more_go_on_at_the_same_time_than_max_parallel_says(ws: Workspace) -> None:
    fields: dict[str, Any] = {"params": {"n": "${{ item }}"}, "for_each": list(range(30)), "max_parallel": 1}
    ran = ws.run(flow_of("where", **fields), executor="processes=2")
    assert len({each["pid"] for each in ran["a"].data}) == 1


def test_a_process_that_is_lost_repeats_no_write_and_holds_what_it_was_doing(ws: Workspace) -> None:
    params = {"n": "${{ item }}", "die": 25}
    flow = flow_of("note_and_die", params=params, for_each=list(range(40)))
    run = ws.start(flow, executor="processes=2")
    run.wait()
    noted = sorted(map(int, (ws.root / "ledger").read_text().split()))
    assert noted == list(range(40))
    assert run["a"].message.startswith("1 of 40 calls failed; the first was index 25: its process ended by itself")
    record = ws.run_record(run.id)
    unsure = {item for item, one in record.items["a"].items() if one.result.unsure}
    assert unsure == {25}


def test_of_quick_reads_the_one_that_ends_its_process_fails_alone(ws: Workspace) -> None:
    params = {"n": "${{ item }}", "die": 25}
    run = ws.start(flow_of("die_at", params=params, for_each=list(range(60))), executor="processes=2")
    run.wait()
    assert run["a"].message.startswith("1 of 60 calls failed; the first was index 25: its process ended by itself")
    record = ws.run_record(run.id)
    assert [item for item, one in record.items["a"].items() if not one.result.success] == [25]


# --- processes are kept for the next run -------------------------------------------------------------------------


def pids(ws: Workspace) -> set[int]:
    flow = flow_of("where", params={"n": "${{ item }}"}, for_each=list(range(40)))
    return {each["pid"] for each in ws.run(flow, executor="processes=2")["a"].data}


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_next_run_has_the_processes_of_the_one_before_until_the_workspace_is_closed(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pids(ws)
    assert pids(ws) == first
    monkeypatch.setenv("SOMETHING", "else")  # which a process only has that is begun now
    other = pids(ws)
    assert other.isdisjoint(first)
    assert all(map(gone, first))
    ws.close()
    assert all(map(gone, other))


def test_a_process_that_was_kept_and_has_ended_is_not_taken(ws: Workspace) -> None:
    first = pids(ws)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(map(ended, first)))
    assert pids(ws).isdisjoint(first)


def test_calls_that_a_kept_process_was_given_and_never_got_are_made_by_another(ws: Workspace) -> None:
    params: dict[str, Any] = {"n": "${{ item }}", "die": -1}
    first = pids(ws)
    for pid in first:
        os.kill(pid, signal.SIGSTOP)  # as one that has been ended by the system, and does not show it yet
    run = ws.start(flow_of("note_and_die", params=params, for_each=list(range(40))), executor="processes=2")
    time.sleep(0.3)  # the calls are in their pipes by now
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    run.wait()
    assert run["a"].status == "succeeded"
    assert sorted(map(int, (ws.root / "ledger").read_text().split())) == list(range(40))


def test_processes_that_no_run_takes_end_after_a_while(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "KEPT_SECONDS", 0.1)
    first = pids(ws)
    until(lambda: all(map(gone, first)))


# --- what it says, and how it ends -------------------------------------------------------------------------------


def test_what_it_says_comes_live_and_without_secrets(ws: Workspace, executor: Any) -> None:
    flow = flow_of("talk", params={"secret": "${{ inputs.key }}"})
    flow.set_input("key", "password")
    ran = ws.run(flow, key="s3cr3t-value", executor=executor)
    assert ran.output("a")[0].text == "to out ***\n"
    assert ran["a"].worker


def test_a_cancelled_run_ends(ws: Workspace, executor: Any) -> None:
    run = ws.start(flow_of("hold"), executor=executor)
    until(lambda: (ws.root / "held").exists())
    run.cancel()
    run.wait()
    assert run["a"].status == "cancelled"


def test_a_call_that_takes_too_long_is_given_up(ws: Workspace, executor: Any) -> None:
    run = ws.start(flow_of("hold", timeout=0.5), executor=executor)
    run.wait()
    assert run["a"].cause is Cause.TIMED_OUT


def test_what_cannot_travel_fails_in_words(ws: Workspace, executor: Any) -> None:
    run = ws.start(flow_of("lock"), executor=executor)
    run.wait()
    assert run["a"].message.startswith("result.data (a _thread.lock) cannot be sent to another process: ")
    assert run["a"].message.endswith("or have the node's calls made here: 'where: here' and no 'isolate'")


def test_code_that_was_changed_is_used_by_the_next_run(ws: Workspace, executor: Any) -> None:
    flow = flow_of("version")
    assert ws.run(flow, executor=executor)["a"].message == "VERSION"
    tasks = ws.root / "integrations" / "place" / "tasks.py"
    tasks.write_text(TASKS.replace("VERSION", "the next one"))
    assert ws.run(flow, executor=executor)["a"].message == "the next one"


# --- only of a cluster -------------------------------------------------------------------------------------------


def test_large_data_stays_where_it_was_made_and_what_touches_it_goes_there(ws: Workspace, client: Any) -> None:
    flow = Workflow(name="flow")
    flow.add("made", "core.python", params={"code": "[0] * 7_000_000"})
    flow.add("more", "core.python", params={"code": "[*nodes.made.data, 1]"})
    flow.add("count", "place.where", params={"n": "${{ len(nodes.more.data) }}"})
    flow.connect("made", "more")
    flow.connect("more", "count")
    ran = ws.run(flow, executor=client)
    assert ran["count"].data["n"] == 7_000_001
    assert [ran[id].stays for id in ran] == [True, True, False]
    kept = ws.last("flow")["more"]
    assert kept.omitted is not None
    assert kept.omitted["why"].startswith("not kept: it stayed on the cluster, ")
    assert len(ran["made"].data) == 7_000_000


def test_a_run_on_a_cluster_names_the_page_that_shows_the_cluster(ws: Workspace, client: Any) -> None:
    flow = flow_of("where")
    assert ws.run(flow, executor=client).dashboard == client.dashboard_link
    assert client.dashboard_link.startswith("http")
    assert ws.run(flow).dashboard == ""


def test_middling_data_comes_here_and_is_kept_by_the_history(ws: Workspace, client: Any) -> None:
    flow = Workflow(name="flow")
    flow.add("made", "core.python", params={"code": "list(range(100_000))"})
    ran = ws.run(flow, executor=client)
    assert ran["made"].data == ws.last("flow")["made"].data == list(range(100_000))


def test_a_worker_killed_in_the_middle_repeats_no_write_and_the_run_goes_on(ws: Workspace, real: Any) -> None:
    flow = Workflow(name="flow")
    flow.add("a", "place.note_slowly", params={"n": "${{ item }}"}, for_each=list(range(12)), on_error="continue")
    flow.add("b", "place.where")
    flow.connect("a", "b")
    run = ws.start(flow, executor=real)
    until(lambda: (ws.root / "ledger").exists() and (ws.root / "ledger").read_text().endswith("\n"))
    os.kill(int((ws.root / "ledger").read_text().split()[1]), signal.SIGKILL)
    run.wait()
    noted = [int(line.split()[0]) for line in (ws.root / "ledger").read_text().splitlines()]
    assert sorted(noted) == sorted(set(noted)), "a write was repeated"
    assert run["b"].success
    record = ws.run_record(run.id)
    items = {item: one.result for item, one in record.items["a"].items()}
    lost = {item for item, one in items.items() if not one.success}
    assert lost
    assert all(items[item].unsure for item in lost)
    assert {item for item in items if items[item].success} <= set(noted)
    assert set(range(12)) - lost == {item for item in items if items[item].success}


def test_what_goes_along_sees_what_is_recorded_also_when_its_worker_is_lost(
    ws: Workspace, real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask does anew what a lost worker did, and comes to other data; what was recorded by then stands."""
    monkeypatch.setattr(Pace, "room", lambda self, node: 8)
    flow = Workflow(name="flow")
    flow.add("n0", "place.draw", params={"before": []})
    for i in range(1, 8):
        flow.add(f"n{i}", "place.draw", params={"before": f"${{{{ nodes.n{i - 1}.data }}}}", "die": i == 5})
        flow.connect(f"n{i - 1}", f"n{i}")
    ran = ws.run(flow, executor=real)
    drawn = [ran[f"n{i}"].data for i in range(8)]
    assert [drawn[i][:-1] for i in range(8)] == [[], *drawn[:-1]]
    assert len({ran[id].worker for id in ran}) > 1


def test_nothing_that_the_scheduler_knows_has_a_secret_in_it(ws: Workspace, client: Any) -> None:
    ws.create_type("place", [Parameter(name="token", type="password", required=True)])
    ws.create_integration("Mine", "place", {"token": "t0ken-of-mine"})
    flow = flow_of("talk", params={"secret": "${{ inputs.key }}"}, integration="Mine", where="cluster")
    flow.set_input("key", "password")
    seen: list[bytes] = []
    scheduler = client.cluster.scheduler
    note = scheduler.log_event
    scheduler.log_event = lambda topic, message: (seen.append(pickle.dumps((topic, message))), note(topic, message))[1]
    update = scheduler.update_graph

    async def graph(*given: Any, **options: Any) -> Any:
        seen.append(pickle.dumps(repr(options) + repr(given)))
        return await update(*given, **options)

    scheduler.stream_handlers["update-graph"] = graph
    try:
        ran = ws.run(flow, key="s3cr3t-value", executor=client)
    finally:
        scheduler.log_event, scheduler.stream_handlers["update-graph"] = note, update
    assert ran["a"].success
    assert len(seen) > 2
    assert not [one for one in seen if b"s3cr3t-value" in one or b"t0ken-of-mine" in one]


def test_credentials_do_not_go_to_a_cluster_that_others_may_listen_to() -> None:
    def at(address: str) -> Any:
        return SimpleNamespace(scheduler_info=lambda: {"address": address})

    reach = {address: reachable_by_others(at(address)) for address in (
        "tcp://127.0.0.1:8786", "tcp://[::1]:8786", "inproc://10.0.0.5/1/1", "tls://10.0.0.5:8786",
        "tcp://10.0.0.5:8786", "tcp://scheduler:8786",
    )}  # fmt: skip
    assert [address for address, others in reach.items() if others] == ["tcp://10.0.0.5:8786", "tcp://scheduler:8786"]


def test_a_cluster_that_is_not_there_is_said_before_anything_runs(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"there is no cluster at 'tcp://127\.0\.0\.1:1'"):
        ws.run(flow_of("where"), executor="dask=tcp://127.0.0.1:1")
    assert not ws.runs()


@pytest.mark.parametrize("address", ["foo", "http://127.0.0.1:1", "tcp://127.0.0.1", "tcp://host:port", " "])
def test_what_is_no_address_of_a_cluster_is_refused_without_a_client(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """One that finds out leaves a traceback of its own, after 20 seconds."""
    made: list[object] = []
    monkeypatch.setattr("distributed.Client", lambda *given, **options: made.append(given))
    with pytest.raises(InputError, match="there is no cluster at ") as refused:
        ws.run(flow_of("where"), executor=f"dask={address}")
    assert "such as tcp://" in refused.value.hint
    assert not made


def test_workers_of_another_version_are_refused_by_name(
    ws: Workspace, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "versions", lambda: ("3.99", "0.0"))
    client.run = lambda function, **options: Client.run(client, there.versions, **options)
    try:
        with pytest.raises(InputError, match=r"the worker inproc://.* has Python .* and Flowbook .*, here are 3.99"):
            ws.run(flow_of("where"), executor=client)
    finally:
        del client.run


SAYS_SO = """    try:
        import onlyhere
    except ImportError:
        raise flowbook.TaskFailed("onlyhere is not installed.", hint="Run: pip install onlyhere") from None
"""


@pytest.mark.parametrize("where", ["at the top", "in the task", "as our folders say it", "in code"])
def test_a_library_that_a_worker_has_not_is_said_with_the_node_and_the_worker(
    ws: Workspace, real: Any, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (ws.root / "here").mkdir()
    (ws.root / "here" / "onlyhere.py").touch()
    monkeypatch.syspath_prepend(str(ws.root / "here"))
    at_top = "import onlyhere\n" if where == "at the top" else ""
    folder = ws.root / "integrations" / "lacking"
    folder.mkdir()
    (folder / "tasks.py").write_text(
        f"{at_top}import flowbook\nfrom flowbook import Result, task\n\n\ndef test_connection(credentials):\n"
        "    return Result.ok('')\n\n\n@task(effects='read')\ndef use(credentials, params):\n"
        f"{SAYS_SO if where == 'as our folders say it' else '    import onlyhere'}\n    return Result.ok('used')\n"
    )
    flow = Workflow(name="flow")
    if where == "in code":
        flow.add("uses", "core.python", params={"code": "import onlyhere"})
    else:
        flow.add("uses", "lacking.use")
    assert ws.run(flow)["uses"].success
    run = ws.start(flow, executor=real)
    run.wait()
    worker = run["uses"].worker
    assert worker in real.nthreads()
    said = "onlyhere is not installed" if where == "as our folders say it" else "No module named 'onlyhere'"
    assert said in run["uses"].message
    remedy = f"Install it where the worker {worker} runs, or call the node here by 'where: here'"
    assert run["uses"].message.endswith(remedy)
    assert run.message.startswith("node 'uses' failed: ")


def test_a_box_is_opened_by_the_process_alone_that_it_was_sealed_for() -> None:
    box = seal_for(public_key(), b"credentials")
    assert b"credentials" not in box
    assert unseal(box) == b"credentials"
    other = seal_for(X25519PrivateKey.generate().public_key().public_bytes_raw(), b"credentials")
    with pytest.raises(InvalidTag):
        unseal(other)
    assert Secrets(b"k" * 32).open(Secrets(b"k" * 32).seal(b"x")) == b"x"


def test_a_scheduler_that_is_gone_fails_what_was_under_way_and_keeps_what_was_done(ws: Workspace) -> None:
    flow = Workflow(name="flow")
    flow.add("done", "place.where")
    flow.add("write", "place.hold_out")
    flow.add("after", "place.where")
    flow.connect("done", "write")
    flow.connect("write", "after")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),  # how long a client looks for it
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as lost,
    ):
        run = ws.start(flow, executor=lost)
        until(lambda: (ws.root / "held").exists())
        cluster.sync(cluster.scheduler.close)
        run.wait()
        (ws.root / "go").touch()
        lost.close()
        with pytest.raises(InputError, match="its client is closed") as refused:
            ws.run(flow, executor=lost)
        assert "connect a new client" in str(refused.value)
    assert "resume the run once its scheduler runs again" in run["write"].message
    assert {id: run[id].status for id in flow.nodes} == {"done": "succeeded", "write": "failed", "after": "skipped"}
    assert run["write"].message.endswith("what it was doing may have taken effect")
    record = ws.run_record(run.id)
    assert record.nodes["done"].success
    assert record.nodes["write"].unsure
    with pytest.raises(RunHeld):
        ws.resume(run.id)
    assert ws.resume(run.id, accept=["write"], executor="threads")["after"].success


@pytest.mark.parametrize("place", ["processes", "dask"])
def test_a_killed_driver_leaves_a_run_that_is_resumed_and_a_write_that_is_held(
    ws: Workspace, request: pytest.FixtureRequest, place: str
) -> None:
    flow = Workflow(name="flow")
    flow.add("done", "place.where")
    flow.add("write", "place.hold_out")
    flow.add("after", "place.where")
    flow.connect("done", "write")
    flow.connect("write", "after")
    ws.save(flow)
    real = request.getfixturevalue("real") if place == "dask" else None
    executor = "processes=1" if real is None else f"dask={real.scheduler.address}"
    script = f"from flowbook.workspace import Workspace; Workspace({str(ws.root)!r}).run('flow', executor={executor!r})"
    with subprocess.Popen([sys.executable, "-c", script]) as driver:
        until(lambda: (ws.root / "held").exists())
        driver.kill()
    (ws.root / "go").touch()
    (run,) = ws.runs()
    assert run.status == "interrupted"
    with pytest.raises(RunHeld):
        ws.resume(run.id)
    went_on = ws.resume(run.id, accept=["write"], executor=real or executor)
    assert went_on["after"].success
    assert went_on["after"].worker
