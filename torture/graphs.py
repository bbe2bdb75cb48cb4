"""Random graphs whose calls fail and whose runs are cancelled and gone on with, on threads, processes and a cluster:
everywhere the same comes of them, and no write happens twice.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flowbook.errors import RunHeld
from flowbook.models import Workflow
from flowbook.workspace import Workspace
from flowbook.workspace.run import Run
from tests.folders import add_folder

GRAPHS = 250
ATTEMPTS = 12
"""So often a run is begun or gone on with; the last times nothing is in its way any more."""
SEEN_SECONDS = 5.0
"""How long a busy machine may take to write what a call was doing whose run is over."""
_TASKS = '''
import os, time

from flowbook import Result, current, task

def test_connection(credentials):
    """Try."""
    return Result.ok("fine")

def _do(params, write):
    name = f"{params['at']}/{params['item']}"
    if name in current().path("failing").read_text().split():
        return Result.failed(f"{name} is to fail")
    if write:
        file = os.open(current().path("ledger"), os.O_WRONLY | os.O_APPEND)
        os.write(file, f"{name}\\n".encode())
        os.close(file)
    time.sleep(params["seconds"])
    return Result.ok(f"did {name}", [name, "x" * params["size"]])

@task(effects="read")
def look(credentials, params):
    """Something that may happen twice."""
    return _do(params, False)

@task(effects="write")
def send(credentials, params):
    """Something that must not."""
    return _do(params, True)
'''


class Graph(NamedTuple):
    """A workflow and the one that some of its nodes run; ``calls`` are the names of all calls that may be made."""

    outer: Workflow
    inner: Workflow
    calls: list[str]


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Run each graph everywhere, and compare."""
    import dask
    from distributed import Client, LocalCluster

    graphs, found = max(int(GRAPHS * scale), 1), Counter[str]()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it tells of every batch that is called off
    with (
        dask.config.set({"distributed.admin.log-length": 0}),
        LocalCluster(n_workers=2, threads_per_worker=2, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        places = {"threads": "threads", "processes": "processes=2", "a cluster": client}
        for number in range(graphs):
            name = f"graph {number} of seed {seed}"
            graph = _graph(random.Random(f"{name}: shape"))
            ends = {}
            for place, executor in places.items():
                home = folder / f"{number}-{place.replace(' ', '-')}"
                some = random.Random(f"{name}: trouble")
                ends[place] = _gone_through(graph, home, executor, some, found, cancels=number % 2 == 0)
            for place, (statuses, ledger) in ends.items():
                twice = {call: times for call, times in ledger.items() if times > 1}
                assert not twice, f"{name}, {place}: sent twice: {twice}"
                assert (statuses, ledger) == ends["threads"], f"{name}: {place} and threads: {ends}"
    yield (
        f"{graphs:,} graphs, each on threads, processes and a cluster: {found['cancelled']:,} cancelled and"
        f" {found['failed']:,} failed attempts were gone on with, {found['held']:,} writes of {found['sent']:,} were"
        " held; everywhere the same came of them, and none happened twice"
    )


# -- what is run -----------------------------------------------------------------------------------------------------


def _graph(some: random.Random) -> Graph:
    outer, inner, calls = Workflow(name="outer"), Workflow(name="inner"), list[str]()
    inner.set_input("item", "integer")
    for number in range(some.randint(1, 3)):
        _add(inner, f"i{number}", "${{ inputs.item }}", some, [])
    for number in range(some.randint(2, 10)):
        _add(outer, f"n{number}", "top", some, calls)
    for number in range(some.randint(0, 2)):
        items = range(100 * number, 100 * number + some.choice((1, 2, 8)))
        several = some.random() < 0.6
        given = "${{ item }}" if several else items[0]
        fields: dict[str, Any] = {"for_each": list(items), "max_parallel": some.choice((None, 2))} if several else {}
        outer.add(f"s{number}", "core.run_workflow", params={"workflow": "inner", "inputs": {"item": given}}, **fields)
        for item in items if several else items[:1]:
            calls += [name for id in inner.nodes for name in _names(inner, id, str(item))]
        if some.random() < 0.6:
            outer.connect(some.choice([id for id in outer.nodes if id[0] == "n"]), f"s{number}", on="always")
    return Graph(outer, inner, calls)


def _add(flow: Workflow, id: str, top: str, some: random.Random, calls: list[str]) -> None:
    """Add a node, behind some of those that are there."""
    before, fields = list(flow.nodes), dict[str, Any]()
    if some.random() < 0.45:
        fields |= {"for_each": list(range(some.choice((0, 1, 3, 20)))), "max_parallel": some.choice((None, None, 1, 3))}
    if some.random() < 0.2:
        fields["retry"] = {"attempts": 2, "wait": some.choice((0, 0.02))}
    fields |= some.choice(({}, {}, {"isolate": True}, {"where": "here"}, {"timeout": 600}))
    fields["on_error"] = some.choice(("stop", "stop", "continue"))
    if len(before) > 1:
        fields["join"] = some.choice((None, None, "any"))
    params = {
        "at": f"{id}@{top}", "item": "${{ item }}" if "for_each" in fields else "one",
        "seconds": some.choice((0, 0, 0.01) if "for_each" in fields else (0, 0, 0.01, 1)),
        "size": some.choice((0, 10, 70_000, 1_100_000) if top == "top" else (0,)),
    }  # fmt: skip
    flow.add(id, some.choice(("ledger.look", "ledger.send")), params=params, **fields)
    for one in before:
        if some.random() < (0.6 if one == before[-1] else 0.15):
            flow.connect(one, id, on=some.choice(("success", "success", "always")))
    calls += _names(flow, id, top)


def _names(flow: Workflow, id: str, top: str) -> list[str]:
    """The names of the calls of a node, as the ledger has them."""
    items = flow.nodes[id].for_each
    return [f"{id}@{top}/{item}" for item in (["one"] if items is None else items)]


# -- how it is run ---------------------------------------------------------------------------------------------------


def _gone_through(
    graph: Graph, home: Path, executor: Any, some: random.Random, found: Counter[str], *, cancels: bool
) -> tuple[Mapping[str, str], Counter[str]]:
    """Run a graph, cancel it or have it fail, and go on until all is done: how its nodes ended, and the ledger.

    Not both: what fails while it is handled stands, so that it would be a matter of when it was cancelled.
    """
    add_folder(home, "ledger", _TASKS)
    (home / "ledger").touch()
    with Workspace(home) as ws:
        ws.save(graph.inner)
        run: Any = None
        for attempt in range(ATTEMPTS):
            left = 1 - attempt / (ATTEMPTS - 4)
            failing = [call for call in graph.calls if some.random() < 0.2 * left]
            (home / "failing").write_text("" if cancels else "\n".join(failing))
            run = ws.start(graph.outer, executor=executor) if run is None else _resumed(ws, run, graph, executor, found)
            if cancels and some.random() < left:
                time.sleep(some.uniform(0, 0.5))
                run.cancel()
            run.wait()
            if run.status == "succeeded":
                break
            found[run.status] += 1
        ledger = Counter((home / "ledger").read_text().split())
        found["sent"] += ledger.total()
        return {id: run[id].status for id in graph.outer.nodes}, ledger


def _resumed(ws: Workspace, run: Run, graph: Graph, executor: Any, found: Counter[str]) -> Run:
    """Go on with a run, as a person does who looks into the ledger for what is held."""
    said: dict[bool, set[str]] = {True: set(), False: set()}
    while True:
        try:
            return ws.start_resuming(run.id, accept=said[True], rerun=said[False], executor=executor)
        except RunHeld as error:
            held = {name: _call_of(graph, name) for name in error.nodes}
        repeated = held.keys() & (said[True] | said[False])
        assert not repeated, f"held, whatever is said of it: {repeated}"
        found["held"] += len(held)
        ledger, ends = set[str](), time.monotonic() + SEEN_SECONDS
        while not ledger.issuperset(held.values()) and time.monotonic() < ends:
            time.sleep(0.05)
            ledger = set((ws.root / "ledger").read_text().split())
        for name, call in held.items():
            said[call in ledger].add(name)


def _call_of(graph: Graph, name: str) -> str:
    """The name in the ledger of what is held as ``n1``, ``n1[3]``, ``s0/i1`` or ``s0[2]/i1[3]``."""
    flow, top = graph.outer, "top"
    while True:
        place, _, name = name.partition("/")
        id, _, position = place.rstrip("]").partition("[")
        items = flow.nodes[id].for_each
        assert (items is not None) == bool(position), f"{place} is held, and not a call of it"
        item = items[int(position)] if items is not None else "one"
        if not name:
            return f"{id}@{top}/{item}"
        given = item if position else flow.nodes[id].params["inputs"]["item"]
        flow, top = graph.inner, str(given)
