"""A workspace's workflows as tools: inputs become a JSON Schema, a call is a run, a run that fails is an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flowbook.errors import InputError, NotFound
from flowbook.events import Event, NodeFinished
from flowbook.models import Workflow, schema_of_inputs
from flowbook.workspace import Run, Workspace

MOST_TEXT = 200_000

Tell = Callable[[int, int, str], None]
"""Told how far a call is: done, of how many, and what was just done."""


@dataclass(frozen=True)
class Call:
    """One call of a tool: what it is given, whom it tells how far it is, and ``on_cancel``, told what ends it."""

    arguments: Mapping[str, Any]
    tell: Tell = lambda done, total, message: None
    on_cancel: Callable[[Callable[[], None]], None] = lambda action: None

    def text(self, name: str, *, required: bool = True) -> str:
        """A text among the arguments; InputError when it is none, or is missing."""
        value = self.arguments.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value):
            raise InputError(f"{name} must be a text.", "See the tool's input schema.")
        return value


@dataclass(frozen=True)
class Tool:
    """A tool: its schema, and the function that does it. ``reads`` says that it changes nothing."""

    name: str
    description: str
    schema: dict[str, Any]
    act: Callable[[Call], dict[str, Any]] = field(repr=False, compare=False)
    reads: bool = False

    def described(self) -> dict[str, Any]:
        """As ``tools/list`` tells of it."""
        return {
            "name": self.name, "description": self.description, "inputSchema": self.schema,
            "annotations": {"readOnlyHint": self.reads},
        }  # fmt: skip


def workflow_tools(ws: Workspace, names: Collection[str] = ()) -> list[Tool]:
    """A tool for each stored workflow, or for those of ``names``. Raises NotFound."""
    if names:
        return [_tool(ws, ws.workflow(name)) for name in names]
    made = []
    for summary in ws.workflows():
        with suppress(NotFound):  # another process has deleted it
            made.append(_tool(ws, ws.workflow(summary.name)))
    return made


def _tool(ws: Workspace, flow: Workflow) -> Tool:
    about = flow.description or f"Run the workflow {flow.name}."
    return Tool(flow.name, about, schema_of_inputs(flow.inputs), lambda call: run(ws, flow.name, call, call.arguments))


def run(ws: Workspace, name: str, call: Call, inputs: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Run a workflow to its end; what came of it. Raises what keeps it from starting."""
    total = len(ws.workflow(name).nodes)
    done = 0

    def watch(event: Event) -> None:
        nonlocal done
        if isinstance(event, NodeFinished):
            done += 1
            call.tell(done, total, f"{event.node_id}: {event.result.status}")

    going = ws.start(name, dict(inputs), watch=watch, **options)
    call.on_cancel(going.cancel)
    return outcome(ws.workflow(name), going.wait())


def outcome(flow: Workflow, ended: Run) -> dict[str, Any]:
    """A run as an agent is told of it: the data of the nodes that end it, and what failed; without secrets."""
    told = ended.to_dict()
    sources = {edge.source for edge in flow.edges}
    nodes = told["nodes"]
    found = {
        "run": told["run"], "status": told["status"],
        "results": {id: node["data"] for id, node in nodes.items() if id not in sources},
        "failed": {id: node["message"] for id, node in nodes.items() if node["status"] == "failed"},
    }  # fmt: skip
    if len(json.dumps(found, default=str)) > MOST_TEXT:
        found["results"] = {}
        found["note"] = f"The results are too large to be told: flowbook runs show {told['run']} --json"
    return found
