"""What a cancelled run had not called yet never is, is not said to have taken effect, and is not held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from flowbook.events import NodeRetried, NodeStarted
from flowbook.models import Workflow
from flowbook.workspace import Run, Workspace
from tests.folders import add_folder
from tests.waiting import until

TASKS = '''"""Writes into a ledger."""

from flowbook import Result, current, task


def test_connection(credentials):
    return Result.ok("fine")


@task(effects="write")
def note(credentials, params):
    if current().path("broken").exists():
        return Result.failed("broken")
    with current().path("ledger").open("a") as ledger:
        ledger.write("noted\\n")
    return Result.ok("noted")
'''
ONE_EACH = [{}, {"for_each": [0]}]


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    add_folder(tmp_path, "place", TASKS)
    with Workspace(tmp_path) as workspace:
        yield workspace


def flow_of(**fields: Any) -> Workflow:
    flow = Workflow(name="flow")
    flow.add("a", "place.note", **fields)
    return flow


def resumed_at_once(ws: Workspace, run: Run, executor: Any = None) -> None:
    """Nothing has taken effect, which nobody has to say, and now it does, once."""
    ledger = ws.root / "ledger"
    assert run.status == run["a"].status == "cancelled"
    assert not ledger.exists()
    assert ws.resume(run.id, executor=executor).status == "succeeded"
    assert ledger.read_text() == "noted\n"


@pytest.mark.parametrize("fields", ONE_EACH)
@pytest.mark.parametrize("place", [{"isolate": True}, {"where": "processes"}])
def test_what_waits_for_its_process_to_begin_is_never_called(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], place: dict[str, Any]
) -> None:
    slow = ws.root / "slow"
    slow.mkdir()
    # https://docs.python.org/3/library/site.html: it is imported before anything else is done
    (slow / "sitecustomize.py").write_text(
        f"import os, time\nopen({str(slow)!r} + f'/{{os.getpid()}}.pid', 'w').close()\n"
        f"while not os.path.exists({str(slow / 'go')!r}): time.sleep(0.01)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(slow))
    executor = "processes=1" if "where" in place else None
    run = ws.start(flow_of(**place, **fields), executor=executor)
    until(lambda: list(slow.glob("*.pid")))
    run.cancel()
    run.wait()
    (slow / "go").touch()
    (process,) = [int(one.stem) for one in slow.glob("*.pid")]
    until(lambda: not _lives(process))
    resumed_at_once(ws, run, executor)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("fields", ONE_EACH)
def test_what_waits_for_a_worker_of_the_cluster_is_never_called(ws: Workspace, fields: dict[str, Any]) -> None:
    with (
        LocalCluster(n_workers=0, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        run = ws.start(flow_of(**fields), executor=client)
        until(lambda: client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))
        run.cancel()
        run.wait()
        cluster.scale(1)
        client.wait_for_workers(1)
        resumed_at_once(ws, run, client)


@pytest.mark.parametrize("place", [{}, {"isolate": True}])
def test_what_is_cancelled_as_it_starts_is_never_called(ws: Workspace, place: dict[str, Any]) -> None:
    """As a person does who sees it start: it is told before it is called."""
    runs = list[Run]()

    def listen(event: Any) -> None:
        if isinstance(event, NodeStarted):
            until(lambda: runs)
            runs[0].cancel()

    runs.append(ws.start(flow_of(**place), watch=listen))
    runs[0].wait()
    assert runs[0]["a"].message == "cancelled before it was called"
    resumed_at_once(ws, runs[0])


@pytest.mark.parametrize("fields", ONE_EACH)
def test_what_waits_for_its_next_attempt_is_not_called_again(ws: Workspace, fields: dict[str, Any]) -> None:
    (ws.root / "broken").touch()
    tried = list[NodeRetried]()
    flow = flow_of(retry={"attempts": 3, "wait": 600}, **fields)
    run = ws.start(flow, watch=lambda event: tried.append(event) if isinstance(event, NodeRetried) else None)
    until(lambda: tried)
    run.cancel()
    run.wait()
    (ws.root / "broken").unlink()
    resumed_at_once(ws, run)
