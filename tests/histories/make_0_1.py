"""Makes the workspace ``made_by_0_1``: a store and a run history as Flowbook 0.1 wrote them, with every way to end.

To be run by the code of 0.1 (commit 7c8a2b0), in a copy of that folder that has nothing but ``integrations/``::

    PYTHONPATH=CHECKOUT python make_0_1.py
"""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from flowbook import Workflow, Workspace
from flowbook.errors import FlowbookError

PASSPHRASE = "correct horse battery staple"


def every_end() -> Workflow:
    """A workflow whose nodes end in every way that a whole run allows."""
    flow = Workflow(name="every-end")
    flow.set_input("who", type="string", default="Ada")
    flow.add("given", "step.read", params={"gives": "${{ inputs.who }}"})
    flow.add("pinned", "step.write", pinned={"n": 1})
    flow.add("disabled", "step.write", disabled=True)
    flow.add("unmet", "step.read", when="false")
    flow.add("not_chosen", "step.read")
    flow.add("failed", "step.write", params={"fails": True}, retry={"attempts": 2, "wait": 0})
    flow.add("after_failed", "step.read")
    flow.add("raised", "step.write", params={"raises": True}, on_error="continue")
    flow.add("handler", "step.read")
    flow.add("timed_out", "step.write", params={"waits": 2}, timeout=0.2)
    flow.add("unevaluated", "step.read", params={"gives": "${{ nodes.given.data.nothing }}"})
    flow.add("unmet_until", "step.read", retry={"attempts": 2, "wait": 0, "until": "result.data == 'x'"})
    flow.add("broken_when", "step.read", when="nodes.given.data.nothing > 1")
    flow.add("broken_edge", "step.read")
    flow.add("broken_list", "step.read", for_each="${{ nodes.given.data.nothing }}")
    flow.add("each", "step.write", for_each=[1, 2, 3], params={"gives": "${{ item }}"})
    flow.add("each_late", "step.write", for_each=[0, 2], timeout=0.3, params={"waits": "${{ item }}"})
    flow.add("table", "step.table")
    flow.add("odd", "step.odd")
    flow.add("sealed", "safe.sealed", integration="mine")
    flow.connect("given", "disabled")
    flow.connect("given", "unevaluated")
    flow.connect("given", "broken_when")
    flow.connect("given", "broken_list")
    flow.connect("given", "broken_edge", when="nodes.given.data.nothing > 1")
    flow.connect("given", "not_chosen", when="nodes.given.data == 'Bob'")
    flow.connect("failed", "after_failed")
    flow.connect("raised", "handler")
    return flow


def chain(name: str, **middle: Any) -> Workflow:
    """first → middle → last."""
    flow = Workflow(name=name)
    flow.add("first", "step.write", params={"gives": "one"})
    flow.add("middle", "step.write", params={"gives": "${{ nodes.first.data }}", **middle})
    flow.add("last", "step.read", params={"gives": "${{ nodes.middle.data }}"})
    flow.connect("first", "middle")
    flow.connect("middle", "last")
    return flow


def killed() -> None:
    """Run a workflow that writes and reads, until it is killed."""
    ws = Workspace()
    flow = Workflow(name="killed")
    flow.add("done", "step.write", params={"gives": 1})
    flow.add("writing", "step.write", params={"waits": 60})
    flow.add("reading", "step.read", params={"waits": 60})
    flow.connect("done", "writing")
    flow.connect("done", "reading")
    ws.run(flow)


def main() -> None:
    """Make all of it."""
    ws = Workspace(passphrase=PASSPHRASE)
    ws.init_key(PASSPHRASE, "passphrase")
    ws.create_type("safe")
    ws.create_integration("mine", "safe", {"token": "tok-5ecret-9876543210"})
    ws.save(every_end())
    ws.save(chain("chain"))
    ws.start("every-end").wait()
    ws.run("chain")
    ws.run("chain", to="middle")
    ws.run("chain", only="last")
    going = ws.start(chain("cancelled", waits=30))
    time.sleep(0.5)
    going.cancel()
    going.wait()
    Path("bad").touch()
    with contextlib.suppress(FlowbookError):
        ws.run(chain("to-resume", may_fail=True))
    flow = chain("accepted", waits=2)
    flow.change("middle", timeout=0.2)
    flow.add("end", "step.read", params={"may_fail": True})
    flow.connect("middle", "end")
    flow.change("last", params={})
    run = ws.start(flow).wait().id
    with contextlib.suppress(FlowbookError):
        ws.resume(run, accept=["middle"])
    Path("bad").unlink()
    ws.close()
    process = subprocess.Popen([sys.executable, __file__, "killed"])
    journal = Path(".flowbook/runs.sqlite")
    while True:
        time.sleep(0.2)
        with contextlib.closing(sqlite3.connect(journal)) as connection:
            found = connection.execute(
                "SELECT COUNT(*) FROM nodes JOIN runs ON number = run WHERE workflow = 'killed'"
                " AND nodes.status = 'running'"
            ).fetchone()
        if found[0] == 2:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    with contextlib.closing(sqlite3.connect(journal)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")


if __name__ == "__main__":
    killed() if sys.argv[1:] == ["killed"] else main()
