"""``kill -9`` of a cluster's workers in runs, whose calls are counted in a ledger: no write happens twice."""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowbook.models import Workflow
from flowbook.workspace import Workspace
from flowbook.workspace.run import Run

KILLS = 100
WORKERS = 3
ITEMS, CHAIN = 10, 12
LIMIT = 240.0
"""Seconds after which a run counts as hanging."""
_TASKS = '''
import os, time

from flowbook import current, task

def test_connection(credentials):
    """Try."""
    return {"success": True, "message": ""}

def _note(params, kind):
    line = f"{current().run_id} {current().node_id}[{current().index}] {kind} {os.getpid()}\\n"
    file = os.open(params["ledger"], os.O_WRONLY | os.O_APPEND)
    os.write(file, line.encode())
    os.close(file)

@task(effects="write")
def send(credentials, params):
    """Something that must not happen twice."""
    _note(params, "began")
    time.sleep(params["seconds"])
    _note(params, "done")
    return {"success": True, "message": ""}

@task(effects="read")
def look(credentials, params):
    """Something that may."""
    _note(params, "look")
    time.sleep(params["seconds"])
    return {"success": True, "message": ""}
'''


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Kill workers in runs, go on with the runs, and look into the ledger."""
    kills, some = max(int(KILLS * scale), 2), random.Random(seed)
    (folder / "integrations" / "ledger").mkdir(parents=True)
    (folder / "integrations" / "ledger" / "tasks.py").write_text(_TASKS)
    ledger = folder / "ledger.txt"
    ledger.touch()
    found: Counter[str] = Counter()
    try:
        _killed(folder, ledger, kills, some, found)
    except TimeoutError:  # of Dask, which waits 4 s for the end of workers that a busy machine has not ended
        if found["kills"] < kills:
            raise
    entries = [tuple(line.split()[:3]) for line in ledger.read_text().splitlines()]
    twice = {entry: count for entry, count in Counter(entries).items() if count > 1 and entry[2] != "look"}
    assert not twice, f"sent twice: {twice}"
    yield (
        f"{found['kills']:,} workers killed in {found['runs']:,} runs, {found['held']:,} of them held, "
        f"{len(entries):,} entries in the ledger: no write happened twice, no recorded result was lost, every run ended"
    )


def _killed(folder: Path, ledger: Path, kills: int, some: random.Random, found: Counter[str]) -> None:
    """Kill so many workers of a cluster; ``found`` counts."""
    import dask
    from distributed import Client, LocalCluster

    with (
        Workspace(folder) as ws,
        # A cluster on one machine gives up a worker that was not begun anew within 15 s.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        LocalCluster(
            WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=logging.CRITICAL
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        ws.save(_flow(str(ledger)))
        while found["kills"] < kills:
            found.update(_round(ws, client, ledger, some))


def _flow(ledger: str) -> Workflow:
    """Writes beside reads beside a chain of both."""
    flow = Workflow(name="killed")
    params = {"ledger": ledger, "seconds": 0.01}
    flow.add("sends", "ledger.send", for_each=list(range(ITEMS)), params=params)
    flow.add("looks", "ledger.look", for_each=list(range(ITEMS)), params=params)
    for i in range(CHAIN):
        flow.add(f"n{i}", f"ledger.{'send' if i % 4 == 3 else 'look'}", params=params)
        if i:
            flow.connect(f"n{i - 1}", f"n{i}")
    return flow


def _round(ws: Workspace, client: Any, ledger: Path, some: random.Random) -> Counter[str]:
    """One run in which the worker of some entry of the ledger is killed, and what is left of it done after that."""
    client.wait_for_workers(2)
    seen = len(ledger.read_text().splitlines())
    run = ws.start("killed", executor=client)
    entry = seen + some.randrange(ITEMS + CHAIN)
    while run.status == "running" and len(lines := ledger.read_text().splitlines()) <= entry:
        time.sleep(0.0005)
    time.sleep(some.uniform(0, 0.02))
    lines = ledger.read_text().splitlines()
    killed = run.status == "running" and _kill(int(lines[min(entry, len(lines) - 1)].split()[3]))
    _ended(run)
    found = Counter(runs=1, kills=int(killed))
    done = _recorded(ws, run.id)
    for id in done:
        assert any(line.split()[:2] == [run.id, id] for line in lines + ledger.read_text().splitlines()), id
    if run.status != "succeeded":
        held = _held(ws, run.id)
        found["held"] += bool(held)
        seen = len(ledger.read_text().splitlines())
        again = ws.start_resuming(run.id, accept=held, executor=client)
        _ended(again)
        assert again.status == "succeeded", (again.status, again.message)
        repeated = {line.split()[1] for line in ledger.read_text().splitlines()[seen:]} & done
        assert not repeated, f"recorded, and made again: {repeated}"
    return found


def _kill(worker: int) -> bool:
    try:
        os.kill(worker, signal.SIGKILL)
    except ProcessLookupError:  # it is gone from an earlier round
        return False
    return True


def _ended(run: Run) -> None:
    ends = time.monotonic() + LIMIT
    while run.status == "running":
        assert time.monotonic() < ends, f"run {run.id} hangs"
        time.sleep(0.01)
    run.wait()


def _recorded(ws: Workspace, id: str) -> set[str]:
    """The calls that are recorded as having succeeded, as the ledger has them."""
    record, found = ws.run_record(id), set[str]()
    for node, one in record.nodes.items():
        if node not in ("sends", "looks"):
            found |= {f"{node}[None]"} if one.success else set()
        elif one.success:  # and the calls of it are recorded as one
            found |= {f"{node}[{i}]" for i in range(ITEMS)}
        else:
            found |= {f"{node}[{i}]" for i, call in record.items.get(node, {}).items() if call.result.success}
    return found


def _held(ws: Workspace, id: str) -> list[str]:
    """What may have taken effect: a person who looks finds that it did."""
    record = ws.run_record(id)
    items = [f"{node}[{i}]" for node, all in record.items.items() for i, one in all.items() if one.result.unsure]
    return items + [node for node, one in record.nodes.items() if one.unsure and node not in record.items]


assert os.name == "posix", "signals are sent here as POSIX has them"
