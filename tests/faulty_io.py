"""Saves and runs while the C library's calls fail by chance, as libfiu has it; says what came of each, as JSON lines.

Run as ``fiu-run -x python faulty_io.py saves|runs FOLDER ROUNDS SEED``. Faults are turned on around what is attacked
alone, so that no import and no look at what is left fails by them.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from flowbook.errors import FlowbookError, StoreDamaged, StoreError
from flowbook.models import Workflow
from flowbook.store import Store
from flowbook.workspace import Workspace
from tests.folders import add_folder

SAVES = (
    "posix/io/oc/open",
    "posix/io/rw/read",
    "posix/io/rw/read/reduce",  # gives less than was asked for, as a signal or a network's disk makes it
    "posix/io/rw/write",
    "posix/io/rw/write/reduce",
    "posix/io/sync/fsync",
    "posix/io/dir/rename",
    "posix/io/dir/unlink",
    "posix/io/oc/close",
)
RUNS = (
    *SAVES,
    "posix/io/sync/fdatasync",
    "posix/io/rw/pread",
    "posix/io/rw/pwrite",
    "posix/io/rw/pwrite/reduce",
    "posix/io/rw/ftruncate",
)
CODES = (errno.EIO, errno.ENOSPC)
LEDGER: list[tuple[str, str]] = []
"""(run id, node id) of each call of a task that writes: in memory, where no fault reaches it."""
NODES = 8
BEGUN = ("succeeded", "unknown")

_TASKS = """
import sys

from flowbook import current, task

@task(effects="write")
def note(credentials, params):
    \"\"\"Something that must not happen twice.\"\"\"
    sys.modules["__main__"].LEDGER.append((current().run_id, current().node_id))
    return {"success": True, "message": "", "data": current().node_id}
"""


class Faults:
    """What libfiu was preloaded for: calls that fail by chance."""

    def __init__(self, seed: int) -> None:
        self._fiu = ctypes.CDLL(None)
        self._fiu.fiu_enable_random.argtypes = (
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_float,
        )
        self._fiu.fiu_init(0)
        self._fiu.fiu_set_prng_seed(seed)

    @contextlib.contextmanager
    def on(self, name: str, code: int, chance: float) -> Iterator[None]:
        """Let calls of this name fail with this number, each with this chance."""
        assert self._fiu.fiu_enable_random(name.encode(), 1, code, 0, chance) == 0, name
        try:
            yield
        finally:
            self._fiu.fiu_disable(name.encode())


def saves(folder: Path, rounds: int, some: random.Random, faults: Faults) -> Iterator[dict[str, object]]:
    """Save; what was said to be saved is there, and else the old or the new."""
    path = folder / "flowbook.json"
    known: dict[str, str] = {}
    Store(path).save_workflow(Workflow(name="before"))
    for number in range(rounds):
        point, code = some.choice(SAVES), some.choice(CODES)
        name, text = f"w{some.randrange(20)}", "x" * some.randrange(100_000) + str(number)
        store, said = Store(path), ""
        with faults.on(point, code, some.choice((0.02, 0.1, 0.3, 1))):
            try:
                store.save_workflow(Workflow(name=name, description=text))
            except StoreDamaged:
                raise  # it is not
            except StoreError as error:
                said = str(error)
        again = Store(path)
        found = {one.name: again.workflow(one.name).description for one in again.workflows()}
        del found["before"]
        if not said or found.get(name) == text:
            known[name] = text
        assert found == known, f"{point}, {errno.errorcode[code]}, said {said!r}: another than what was saved"
        yield {"point": point, "failed": bool(said)}
    left = [one.name for one in folder.iterdir() if one.name not in (path.name, f"{path.name}.bak")]
    assert all("lock" in one for one in left), f"left behind: {left}"


def runs(folder: Path, rounds: int, some: random.Random, faults: Faults) -> Iterator[dict[str, object]]:
    """Run, and go on with it; no write is made twice, and none is made that the history does not know of."""
    add_folder(folder, "ledger", _TASKS)
    flow = Workflow(name="chain")
    for number in range(NODES):
        flow.add(f"n{number}", "ledger.note")
        if number:
            flow.connect(f"n{number - 1}", f"n{number}")
    with Workspace(folder) as ws:
        ws.save(flow)
        ws.run("chain")
    for _ in range(rounds):
        LEDGER.clear()
        point, code = some.choice(RUNS), some.choice(CODES)
        with Workspace(folder) as ws:
            before = {one.id for one in ws.runs()}
            flow, said = ws.workflow("chain"), ""
            with faults.on(point, code, some.choice((0.02, 0.1, 0.3, 1))):
                try:
                    status = ws.run(flow).status
                except FlowbookError as error:
                    status, said = "refused", str(error)
        where = f"{point}, {errno.errorcode[code]}, {status} {said}"
        held = False
        with Workspace(folder) as ws:
            mine = [one for one in ws.runs() if one.id not in before]
            assert {run for run, _ in LEDGER} <= {one.id for one in mine}, f"{where}: written without a record"
            for one in mine:
                nodes = ws.run_record(one.id).nodes
                made = {node for run, node in LEDGER if run == one.id}
                lost = [id for id in made if nodes[id].status not in BEGUN]
                assert not lost, f"{where}: {lost} were called, and the history does not know"
                unknown = [id for id, node in nodes.items() if node.status == "unknown"]
                held = held or bool(unknown)
                if one.status != "succeeded":
                    again = ws.resume(one.id, accept=unknown)
                    assert again.status == "succeeded", f"{where}: {again.message}"
        twice = [entry for entry, count in Counter(LEDGER).items() if count > 1]
        assert not twice, f"{where}: twice {twice}"
        yield {"point": point, "status": status, "held": held}


if __name__ == "__main__":
    what, where, count, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    attack = {"saves": saves, "runs": runs}[what]
    for line in attack(where, count, random.Random(seed), Faults(seed)):
        print(json.dumps(line), flush=True)
