"""Workers that join a cluster while a run goes on, as those of an adaptive cluster do, and runs that wait for some."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from flowbook.calling import under_way
from flowbook.calling.cluster import OnCluster
from flowbook.events import NodeOutput
from flowbook.models import Workflow
from flowbook.workspace import Workspace
from tests.folders import add_folder
from tests.waiting import until

TASKS = '''"""What holds until it is let go."""

import time

from flowbook import Result, current, task


def test_connection(credentials):
    return Result.ok("fine")


@task(effects="read")
def hold(credentials, params):
    current().path(f"held-{params['n']}").touch()
    ends = time.monotonic() + 60
    while not current().path("go").exists() and time.monotonic() < ends:
        time.sleep(0.01)
    return Result.ok("held", params["n"])


@task(effects="read")
def fails_first(credentials, params):
    """Fails for numbers under 20 until it is let go."""
    well = params["n"] >= 20 or current().path("go").exists()
    return Result(well, "", params["n"])
'''


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    add_folder(tmp_path, "place", TASKS)
    with Workspace(tmp_path) as workspace:
        yield workspace


@pytest.fixture
def empty() -> Iterator[tuple[LocalCluster, Any]]:
    """A cluster that has no workers, and a client of it."""
    with (
        LocalCluster(n_workers=0, threads_per_worker=2, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield cluster, client


def held(ws: Workspace) -> int:
    return len(list(ws.root.glob("held-*")))


@pytest.mark.parametrize("shape", ["for_each", "nodes"])
def test_workers_that_join_later_are_used_and_who_waits_for_the_first_is_told(
    ws: Workspace, empty: tuple[LocalCluster, Any], monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    monkeypatch.setattr(under_way, "SILENT_SECONDS", (0.1, 0.1))
    cluster, client = empty
    flow = Workflow(name="flow")
    if shape == "for_each":
        flow.add("a", "place.hold", for_each=list(range(20)), params={"n": "${{ item }}"})
    else:
        for number in range(20):
            flow.add(f"a{number}", "place.hold", params={"n": number})
    said, told = list[str](), threading.Event()

    def listen(event: Any) -> None:
        if isinstance(event, NodeOutput):
            said.append(event.text)
            told.set()

    run = ws.start(flow, executor=client, watch=listen)
    assert told.wait(60)
    assert said[0].startswith("The cluster has no workers now: this waits until one joins it (dask worker inproc://")
    assert held(ws) == 0
    cluster.scale(1)
    until(lambda: held(ws) == 2)
    cluster.scale(4)
    until(lambda: held(ws) == 8)
    (ws.root / "go").touch()
    run.wait()
    assert run.status == "succeeded"
    if shape == "for_each":
        assert run["a"].data == list(range(20))


def test_a_cluster_that_is_given_to_many_runs_keeps_nothing_of_those_that_are_over(
    ws: Workspace, empty: tuple[LocalCluster, Any]
) -> None:
    cluster, client = empty
    cluster.scale(1)
    (ws.root / "go").touch()
    executor = OnCluster(client)
    flow = Workflow(name="flow")
    flow.add("a", "place.hold", params={"n": 1})
    for _ in range(3):
        assert ws.run(flow, executor=client).status == "succeeded"
    executor.close()
    plugins = client.run(lambda dask_worker: sorted(dask_worker.plugins))
    assert not [name for names in plugins.values() for name in names if name.startswith("flowbook")]


def test_a_resumed_for_each_sends_no_more_calls_together_than_are_to_be_made(ws: Workspace) -> None:
    flow = Workflow(name="flow")
    flow.add("a", "place.fails_first", for_each=list(range(60)), params={"n": "${{ item }}"})
    run = ws.start(flow, executor="processes=2")
    run.wait()
    assert run["a"].message.startswith("20 of 60 calls failed")
    (ws.root / "go").touch()
    assert ws.resume(run.id, executor="processes=2")["a"].data == list(range(60))
