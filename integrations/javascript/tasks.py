"""Tasks that run JavaScript."""

from __future__ import annotations

import json
import keyword

from flowbook import Result, TaskFailed, current, task

from . import items
from .engine import Machine
from .models import Credentials, Nothing, Run, RunItems


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: this always succeeds."""
    return Result.ok("Nothing to connect to: these tasks need no credentials.")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=True)
def run(credentials: object, params: Run) -> Result:
    """Run JavaScript; what it returns is the data.

    The code is the body of an async function. It computes, and reaches nothing: no files, no network, no modules. What
    it gives to console.log is the node's output.
    """
    wrong = next((name for name in params.values if not name.isidentifier() or keyword.iskeyword(name)), None)
    if wrong is not None:
        raise TaskFailed(f"{wrong!r} is no name that code can have: letters, digits and _ only", permanent=True)
    names = ", ".join(params.values)
    given = ", ".join(f"__data[{json.dumps(name)}]" for name in params.values)
    machine = Machine(params.seconds, params.megabytes)
    data = machine.run("", params.values, f"(async ({names}) => {{\n{params.code}\n}})({given})")
    return Result.ok("Done" if data is None else "Gave a value", data)


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=True)
def run_items(credentials: object, params: RunItems) -> Result:
    """Run JavaScript that was written for a Code node of n8n, over a list of objects.

    The code finds items, $input, $json, $('node') and $itemIndex; what is outside of it it does not reach: no files,
    no network, no modules, no binary data.

    Data: the list of objects that it gives.
    """
    context = current()
    data = {"items": params.items, "nodes": params.nodes, "workflow": context.workflow, "run": context.run_id}
    machine = Machine(params.seconds, params.megabytes)
    found = machine.run(items.PRELUDE, data, items.body(params.code, params.mode, params.style)) or []
    return Result.ok(f"Gave {len(found):,} item{'' if len(found) == 1 else 's'}", found)
