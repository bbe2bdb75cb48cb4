"""Steps that need no service and no credentials."""

from __future__ import annotations

import sys
import time
from typing import Any

from flowbook import Result, RunFailed, TaskFailed, current, task
from flowbook.counting import counted

from .models import Credentials, Fail, Nothing, Python, RunWorkflow, Set, Wait

_SHOWN_BITS = 190  # 57 digits
STEP = 1.0
"""Seconds between two reports of a wait's progress."""


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: this always succeeds."""
    return Result.ok("Nothing to connect to: these tasks need no credentials.")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def noop(credentials: object, params: Nothing) -> Result:
    """Do nothing: a place where branches meet or part."""
    return Result.ok("Nothing to do")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def set(credentials: object, params: Set) -> Result:
    """Set values that later nodes use.

    Data: the values, with their expressions filled in.
    """
    return Result.ok(f"Set {described(params.values)}", params.values)


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def wait(credentials: object, params: Wait) -> Result:
    """Wait for some seconds; cancelling the run ends the wait.

    Data: {"seconds"}.
    """
    context = current()
    start = time.monotonic()
    while (left := params.seconds - (time.monotonic() - start)) > 0:
        if not context.sleep(min(STEP, left)):
            raise TaskFailed(f"Told to stop after {time.monotonic() - start:.1f} of {params.seconds:g} seconds")
        context.progress(min(time.monotonic() - start, params.seconds), params.seconds, "seconds")
    return Result.ok(f"Waited {params.seconds:g} seconds", {"seconds": params.seconds})


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def fail(credentials: object, params: Fail) -> Result:
    """End this branch as failed, with a message."""
    raise TaskFailed(params.message)


@task(effects="write", network=True, reads_files=True, writes_files=True, runs_code=True, reusable=True)
def python(credentials: object, params: Python) -> Result:
    """Run Python code; the value of its last line is the data.

    In scope are ``inputs`` and ``nodes`` (``nodes.fetch.data``, ``inputs["repo"]``: the live objects), and in a
    for_each node ``index`` and, when params give it, ``item``. A key of an object is reached as in an expression:
    ``nodes.fetch.data.body`` or ``nodes.fetch.data["body"]``. What it prints and displays is the
    node's output, and so are figures of matplotlib that it leaves open.
    """
    from . import code, names  # most runs have no code node

    context = current()
    name = ".".join(part for part in (context.workflow, context.node_id) if part) or "python"
    scope = {
        "inputs": names.inputs(context.inputs),
        "nodes": names.nodes(context.nodes),
        "item": params.item,
        "index": context.index,
    }
    names.ready_for(params.code)
    data = code.run(params.code, f"<{name}>", scope)
    if context.run_id:  # a figure is this call's own then
        _show_figures()
    return Result.ok("Done" if data is None else f"Gave {described(data)}", data)


def _show_figures() -> None:
    """Show the figures that are open, as a notebook does at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and pyplot.get_fignums():
        pyplot.show()


@task(effects="write", network=False, reads_files=False, writes_files=False, runs_code=False)
def run_workflow(credentials: object, params: RunWorkflow) -> Result:
    """Run another workflow of this workspace as one step.

    Data: {"run": its id, "nodes": {node id: the node's data}}; after a failure also "failed": {node id: message}.
    """
    run = _run(params.workflow, params.inputs)
    done = sum(run[node].status == "succeeded" for node in run)
    return Result.ok(f"{params.workflow} succeeded: {done} of {counted(len(run), 'node')} ran", _outcome(run))


def ran_inside(workflow: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Run a workflow as a step: {"run": its id, "nodes": {node id: data}}. Raises TaskFailed when it fails."""
    return _outcome(_run(workflow, inputs))


def _run(workflow: str, inputs: dict[str, Any]) -> Any:
    try:
        return current().run_workflow(workflow, inputs)
    except RunFailed as error:
        data, why = _failed(error.run)
        raise TaskFailed(f"{workflow} failed: {why}" if why else str(error), data) from None


def _outcome(run: Any) -> dict[str, Any]:
    return {"run": run.id, "nodes": {node: run[node].data for node in run}}


def _failed(run: Any) -> tuple[dict[str, Any], str]:
    """The data and the reason of a failed sub-run: its failed nodes that nothing handled, with their messages."""
    failed = {
        node: run[node].message for node in run if run[node].status == "failed" and not getattr(run[node], "handled", 0)
    }
    why = "; ".join(f"{node}: {message}" for node, message in failed.items())
    return {**_outcome(run), "failed": failed}, why


def described(value: Any) -> str:
    """What a value is, in a few words: small ones themselves, larger ones by kind and size."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"text of {counted(len(value), 'character')}"
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"a number of {value.bit_length():,} bits"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)[:60]
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"a {type(value).__name__} of {' × '.join(f'{size:,}' for size in shape)}"
    if isinstance(value, bytes):
        return f"{len(value):,} byte{'' if len(value) == 1 else 's'}"
    kind = {"list": "a list", "dict": "an object"}.get(type(value).__name__, f"a {type(value).__name__}")
    if isinstance(value, (list, tuple, dict, frozenset)):
        size = f"{len(value):,}"
        return (
            f"{kind} with {size} field{'' if size == '1' else 's'}" if isinstance(value, dict) else f"{kind} of {size}"
        )
    return kind
