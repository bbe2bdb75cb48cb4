"""Executors beside Dask's own graph, ``client.map`` and ``pool.map``, each the same calls in the same run; and what
comes through this process of a large table that stays on a cluster.
"""

from __future__ import annotations

import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.measuring import print_rows, rounds
from flowbook.calling.processors import usable_processors
from flowbook.models import Workflow
from flowbook.workspace import Workspace

ROUNDS = 3
NODES = 1_000
ITEMS = 5_000
HEAVY = (100, 0.02)
"""Items that compute, and for how many seconds each."""
WIDTH = 50
TABLE_BYTES = 500_000_000
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


@task(effects="read")
def table(credentials, params):
    import numpy, pandas

    return Result.ok("", pandas.DataFrame({"a": numpy.arange(params["bytes"] // 8, dtype="float64")}))


@task(effects="read")
def doubled(credentials, params):
    return Result.ok("", params["table"] * 2)


@task(effects="read")
def total(credentials, params):
    return Result.ok("", float(params["table"]["a"].sum()))
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


def tables(size: int) -> Workflow:
    """A table of so many bytes, made, doubled and added up by three nodes."""
    flow = Workflow(name="tables")
    flow.add("made", "bench.table", params={"bytes": size})
    flow.add("twice", "bench.doubled", params={"table": "${{ nodes.made.data }}"})
    flow.add("sum", "bench.total", params={"table": "${{ nodes.twice.data }}"})
    flow.connect("made", "twice")
    flow.connect("twice", "sum")
    return flow


class Counted:
    """How many ``bytes`` came and went."""

    bytes = 0


@contextmanager
def counted_bytes() -> Iterator[Counted]:
    """Count what goes through the sockets of this process; a LocalCluster's scheduler is in it, too."""
    counted, theirs = Counted(), {}

    def counting(name: str) -> Callable[..., Any]:
        take = getattr(socket.socket, name)

        def call(self: socket.socket, *given: Any) -> Any:
            done = take(self, *given)
            counted.bytes += len(done) if isinstance(done, bytes) else done
            return done

        return call

    for name in ("recv", "recv_into", "send", "sendmsg"):
        theirs[name] = getattr(socket.socket, name)
        setattr(socket.socket, name, counting(name))
    try:
        yield counted
    finally:
        for name, method in theirs.items():
            setattr(socket.socket, name, method)


def main() -> None:
    """Measure, and print ratios."""
    from distributed import Client, LocalCluster

    workers = max(2, usable_processors())
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(workers, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as local,
        Client(local, set_as_default=False) as client,
        get_context("spawn").Pool(workers) as plain_pool,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        place = Path(folder) / "integrations" / "bench"
        with Workspace(folder) as ws:
            place.mkdir(parents=True)
            (place / "__init__.py").touch()
            (place / "tasks.py").write_text(FOLDER)
            _measure(ws, client, (pool, plain_pool), f"processes={workers}")
            _measure_table(ws, client)


def _measure(ws: Workspace, client: Any, pools: tuple[Any, Any], processes: str) -> None:
    rows, (pool, plain_pool) = [], pools
    for shape in ("fan", "layers", "chain"):
        flow = graph(shape, NODES)
        rows.append(_row(f"{shape}, {NODES:,} nodes, Dask", lambda flow=flow: ws.run(flow, executor=client),
                         "its own graph", dask_graph(client, shape, NODES)))  # fmt: skip
    quick, (count, seconds) = each("nothing", ITEMS), HEAVY
    slow = each("heavy", count, seconds=seconds)
    rows += [
        _row(f"for_each of {ITEMS:,} quick items, Dask", lambda: ws.run(quick, executor=client), "client.map",
             lambda: client.gather(client.map(nothing, range(ITEMS), pure=False))),
        _row(f"for_each of {ITEMS:,} quick items, processes", lambda: ws.run(quick, executor=processes),
             "concurrent.futures' map", lambda: list(pool.map(nothing, range(ITEMS)))),
        _row(f"for_each of {ITEMS:,} quick items, processes", lambda: ws.run(quick, executor=processes),
             "multiprocessing's map", lambda: plain_pool.map(nothing, range(ITEMS), chunksize=1)),
        _row(f"{count} items of {seconds * 1000:.0f} ms, Dask", lambda: ws.run(slow, executor=client), "client.map",
             lambda: client.gather(client.map(heavy, [seconds] * count, pure=False))),
        _row(f"{count} items of {seconds * 1000:.0f} ms, Dask", lambda: ws.run(slow, executor=client),
             "threads", lambda: ws.run(slow, executor="threads")),
        _row(f"{count} items of {seconds * 1000:.0f} ms, processes", lambda: ws.run(slow, executor=processes),
             "threads", lambda: ws.run(slow, executor="threads")),
    ]  # fmt: skip
    heads = ["", "seconds", "beside", "seconds", "ratio", "processor s", "beside", "ratio"]
    print_rows("Executors, history on", heads, rows)


def _measure_table(ws: Workspace, client: Any) -> None:
    with counted_bytes() as small:
        ws.run(tables(8), executor=client)
    with counted_bytes() as large:
        ran = ws.run(tables(TABLE_BYTES), executor=client)
    count = TABLE_BYTES // 8
    assert ran["sum"].data == float(count) * (count - 1)
    rows = [[f"{size:,} bytes", f"{counted.bytes:,}"] for size, counted in ((8, small), (TABLE_BYTES, large))]
    print_rows("A table through three nodes on Dask", ["", "bytes through this process and the scheduler"], rows)


def _row(what: str, ours: Callable[[], object], beside: str, theirs: Callable[[], object]) -> list[str]:
    ours()
    theirs()  # both warm
    used: dict[str, list[float]] = {"ours": [], "theirs": []}

    def counted(name: str, side: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            before = processor_seconds()
            side()
            used[name].append(processor_seconds() - before)

        return run

    sides = {"ours": counted("ours", ours), "theirs": counted("theirs", theirs)}
    taken = rounds(ROUNDS, lambda: sides)
    busy = {name: statistics.median(seconds) for name, seconds in used.items()}
    return [
        what, f"{taken['ours']:.2f}", beside, f"{taken['theirs']:.2f}", f"{taken['ours'] / taken['theirs']:.2f}",
        f"{busy['ours']:.2f}", f"{busy['theirs']:.2f}", f"{busy['ours'] / busy['theirs']:.2f}",
    ]  # fmt: skip


def processor_seconds() -> float:
    """The processor's time of this process and all below it that still live, which other work does not change much."""
    import psutil  # comes with Dask

    me = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (me, *me.children(recursive=True)))
