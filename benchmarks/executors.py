"""Executors beside Dask's own graph, ``client.map`` and ``pool.map``, each the same calls in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.measuring import print_rows, rounds
from flowbook.calling.executors import usable_processors
from flowbook.models import Workflow
from flowbook.workspace import Workspace

ROUNDS = 3
NODES = 1_000
ITEMS = 5_000
HEAVY = (100, 0.02)
"""Items that compute, and for how many seconds each."""
WIDTH = 50
FOLDER = '''
"""Calls that do nothing, and calls that compute."""

from benchmarks.executors import compute
from flowbook import Result, task


def test_connection(credentials):
    return Result.ok("fine")


@task(effects="read")
def nothing(credentials, params):
    return Result.ok("", params.get("n"))


@task(effects="read")
def heavy(credentials, params):
    compute(params["seconds"])
    return Result.ok("", params.get("n"))
'''


def nothing(*given: Any) -> Any:
    """What a no-op call does."""
    return given[0] if given else None


def compute(seconds: float) -> None:
    """Use a processor for so long, by its own time."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        sum(range(200))


def heavy(seconds: float) -> None:
    """As the task."""
    compute(seconds)


def graph(shape: str, size: int) -> Workflow:
    """A graph of no-op calls: a fan, layers of fifty of which each waits for two, or a chain."""
    flow = Workflow(name=shape)
    for i in range(size):
        flow.add(f"n{i}", "bench.nothing")
        for source in before(shape, i):
            flow.connect(f"n{source}", f"n{i}")
    return flow


def before(shape: str, i: int) -> list[int]:
    """The nodes that node ``i`` waits for."""
    if i == 0:
        return []
    if shape == "fan":
        return [0]
    if shape == "chain":
        return [i - 1]
    row, place = divmod(i, WIDTH)
    return [(row - 1) * WIDTH + place, (row - 1) * WIDTH + (place + 1) % WIDTH] if row else []


def dask_graph(client: Any, shape: str, size: int) -> Callable[[], object]:
    """The same graph as Dask's own, with keys of its own each time."""
    from dask import delayed

    def run() -> object:
        made: list[Any] = []
        for i in range(size):
            made.append(delayed(nothing, pure=False)(*[made[source] for source in before(shape, i)]))
        return client.gather(client.compute(made))

    return run


def each(task: str, count: int, **params: Any) -> Workflow:
    """A ``for_each`` over so many items."""
    flow = Workflow(name="each")
    flow.add("a", f"bench.{task}", for_each=list(range(count)), params={"n": "${{ item }}", **params})
    return flow


def main() -> None:
    """Measure, and print ratios."""
    from distributed import Client, LocalCluster

    workers = max(2, usable_processors())
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(workers, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as local,
        Client(local, set_as_default=False) as client,
        get_context("spawn").Pool(workers) as pool,
    ):
        place = Path(folder) / "integrations" / "bench"
        with Workspace(folder) as ws:
            place.mkdir(parents=True)
            (place / "__init__.py").touch()
            (place / "tasks.py").write_text(FOLDER)
            _measure(ws, client, pool, f"processes={workers}")


def _measure(ws: Workspace, client: Any, pool: Any, processes: str) -> None:
    rows = []
    for shape in ("fan", "layers", "chain"):
        flow = graph(shape, NODES)
        rows.append(_row(f"{shape}, {NODES:,} nodes, Dask", lambda flow=flow: ws.run(flow, executor=client),
                         "its own graph", dask_graph(client, shape, NODES)))  # fmt: skip
    quick, (count, seconds) = each("nothing", ITEMS), HEAVY
    slow = each("heavy", count, seconds=seconds)
    rows += [
        _row(f"for_each of {ITEMS:,} quick items, Dask", lambda: ws.run(quick, executor=client), "client.map",
             lambda: client.gather(client.map(nothing, range(ITEMS), pure=False))),
        _row(f"for_each of {ITEMS:,} quick items, processes", lambda: ws.run(quick, executor=processes), "pool.map",
             lambda: pool.map(nothing, range(ITEMS), chunksize=1)),
        _row(f"{count} items of {seconds * 1000:.0f} ms, Dask", lambda: ws.run(slow, executor=client), "client.map",
             lambda: client.gather(client.map(heavy, [seconds] * count, pure=False))),
        _row(f"{count} items of {seconds * 1000:.0f} ms, processes", lambda: ws.run(slow, executor=processes),
             "threads", lambda: ws.run(slow, executor="threads")),
    ]  # fmt: skip
    print_rows("Executors, history on", ["", "seconds", "beside", "seconds", "ratio"], rows)


def _row(what: str, ours: Callable[[], object], beside: str, theirs: Callable[[], object]) -> list[str]:
    ours()
    theirs()  # both warm
    taken = rounds(ROUNDS, lambda: {"ours": ours, "theirs": theirs})
    ratio = taken["ours"] / taken["theirs"]
    return [what, f"{taken['ours']:.2f}", beside, f"{taken['theirs']:.2f}", f"{ratio:.2f}"]
