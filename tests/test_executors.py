"""Where calls are made: the same workflow on threads, on processes and on a cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flowbook.calling.executors import asked_for, usable_processors
from flowbook.cli.main import cli as main
from flowbook.errors import InputError
from flowbook.models import Workflow
from flowbook.workspace import Workspace
from tests.waiting import until

TASKS = '''
"""Tasks that say where they are called."""

import os, sys, threading, time
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


@task(effects="read")
def talk(credentials, params):
    print("to out", params["secret"])
    current().progress(1, 2, "half")
    return Result.ok("said", params["secret"])


def hold(credentials, params):
    current().path("held").touch()
    return Result(current().sleep(60), "stopped")
'''


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    folder = tmp_path / "integrations" / "place"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "tasks.py").write_text(TASKS)
    with Workspace(tmp_path) as workspace:
        yield workspace


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


def test_runs_inside_of_a_run_have_its_executor(ws: Workspace) -> None:
    ws.save(flow_of("where"))
    outer = Workflow(name="outer")
    outer.add("inner", "core.run_workflow", params={"workflow": "flow"})
    ws.run(outer, executor="processes=1")
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


def test_calls_behind_a_slow_one_do_not_wait_for_it(ws: Workspace) -> None:
    params = {"n": "${{ item }}", "slow": 60}
    ran = ws.run(flow_of("slow_for_some", params=params, for_each=list(range(80))), executor="processes=2")
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
    assert run["a"].message.startswith("1 of 40 calls failed; the first was number 25: its process ended by itself")
    record = ws.run_record(run.id)
    unsure = {item for item, one in record.items["a"].items() if one.result.unsure}
    assert unsure == {25}


# --- what it says, and how it ends -------------------------------------------------------------------------------


def test_what_it_says_comes_live_and_without_secrets(ws: Workspace) -> None:
    flow = flow_of("talk", params={"secret": "${{ inputs.key }}"})
    flow.set_input("key", "password")
    ran = ws.run(flow, key="s3cr3t-value", executor="processes=1")
    assert ran.output("a")[0].text == "to out ***\n"
    assert ran["a"].worker


def test_a_cancelled_run_ends_and_so_do_its_processes(ws: Workspace) -> None:
    run = ws.start(flow_of("hold"), executor="processes=1")
    until(lambda: (ws.root / "held").exists())
    run.cancel()
    run.wait()
    assert run["a"].status == "cancelled"
