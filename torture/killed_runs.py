"""``kill -9`` in the middle of runs, whose calls are counted in a ledger: no write happens twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowbook.workspace import Workspace

RUNS = 300
ENTRIES = 18  # that one run makes in the ledger: two of each of 6 writes, one of each of 6 reads
MORE = 60  # further runs, as long as no kill came before the end of one: a busy machine notices its entries late
_TASKS = '''
import os

from flowbook import current, task

def test_connection(credentials):
    """Try."""
    return {"success": True, "message": ""}

def _note(kind):
    # one for the process that is killed and for the one that goes on with its run, wherever they were started
    with open(current().root / "ledger.txt", "a") as file:
        file.write(f"{current().run_id} {current().node_id} {kind}\\n")
        file.flush()
        os.fsync(file.fileno())

@task(effects="write")
def send(credentials, params):
    """Something that must not happen twice."""
    _note("began")
    _note("done")
    return {"success": True, "message": ""}

@task(effects="read")
def look(credentials, params):
    """Something that may."""
    _note("look")
    return {"success": True, "message": ""}
'''
_RUN = "from flowbook.workspace import Workspace; Workspace().run('chain')"


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Kill runs, go on with them, and look into the ledger."""
    rounds, some = max(int(RUNS * scale), 2), random.Random(seed)
    (folder / "integrations" / "ledger").mkdir(parents=True)
    (folder / "integrations" / "ledger" / "tasks.py").write_text(_TASKS)
    ws = Workspace(folder)
    nodes = "".join(f"  n{i}: {{task: ledger.{'send' if i % 2 else 'look'}}}\n" for i in range(12))
    edges = "".join(f"- {{from: n{i}, to: n{i + 1}}}\n" for i in range(11))
    (folder / "chain.flow.yaml").write_text(f"flowbook: 1\nname: chain\nnodes:\n{nodes}edges:\n{edges}")
    ws.import_workflow(folder / "chain.flow.yaml")
    ledger_file = folder / "ledger.txt"
    ledger_file.touch()
    ends: Counter[str] = Counter()
    done = 0
    while done < rounds or (not ends["interrupted"] and done < rounds + MORE):
        _killed(folder, ledger_file, some.randint(1, ENTRIES), some.uniform(0, 0.005))
        ends += _resumed(ws)
        done += 1
    assert ends["interrupted"], f"no kill came while a run was going on: {dict(ends)}"
    ledger = Counter(tuple(line.split()) for line in ledger_file.read_text().splitlines())
    twice = {entry: count for entry, count in ledger.items() if count > 1 and entry[2] != "look"}
    assert not twice, f"sent twice: {twice}"
    ws.close()
    yield f"{done:,} kills in runs ({dict(ends)}), {len(ledger):,} entries in the ledger: no write happened twice"


def _killed(folder: Path, ledger: Path, entries: int, seconds: float) -> None:
    """Start a run, and kill it so many entries in the ledger and seconds later: so it is going on, however slow."""
    with ledger.open("rb") as read:
        read.seek(0, os.SEEK_END)
        with subprocess.Popen(
            [sys.executable, "-c", _RUN], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder
        ) as process:
            while entries > 0 and process.poll() is None:
                entries -= read.read().count(b"\n")
                time.sleep(0.0002)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)


def _resumed(ws: Workspace) -> Counter[str]:
    """Go on with what was interrupted; what may have happened is accepted, as a person does who looked."""
    found: Counter[str] = Counter()
    for summary in ws.runs(limit=3):
        if summary.status != "interrupted":
            continue
        found["interrupted"] += 1
        record: Any = ws.run_record(summary.id)
        unknown = [id for id, node in record.nodes.items() if node.status == "unknown"]
        found["held"] += bool(unknown)
        run = ws.resume(summary.id, accept=unknown)
        assert run.status == "succeeded", (run.status, run.message)
    found["all"] += 1
    return found


assert os.name == "posix", "signals are sent here as POSIX has them"
