"""Tools by which an agent drafts and mends workflows. What it writes is untrusted until a person consents to it."""

from __future__ import annotations

from typing import Any

from flowbook.agents.tools import Call, Tool, run
from flowbook.errors import InputError
from flowbook.formats.flowfile import dumps
from flowbook.models import Parameter, object_of
from flowbook.validation import Report
from flowbook.workspace import FileText, Workspace

_TEXT = {"type": "string"}
_YAML = {"type": "string", "description": "The workflow as YAML, as a .flow.yaml file has it; it begins: flowbook: 1"}
_NAME = {"type": "string", "description": "The workflow's name."}
_INPUTS = {"type": "object", "description": "The workflow's inputs by name."}


def editing_tools(ws: Workspace) -> list[Tool]:
    """All of them."""
    desk = _Desk(ws)
    node = {"type": "string", "description": "Run this node alone, with what those before it gave when they ran last."}
    found = [
        ("list_workflows", "The stored workflows.", {}, (), desk.list, True),
        ("show_workflow", "A stored workflow as YAML.", {"name": _NAME}, ("name",), desk.show, True),
        ("catalog", "The tasks there are; with a folder, those of it with their params.",
         {"folder": _TEXT}, (), desk.catalog, True),
        ("check_workflow", "All problems of a workflow, each with how to mend it. Nothing is stored.",
         {"yaml": _YAML}, ("yaml",), desk.check, True),
        ("save_workflow", "Store a workflow, new or changed; the earlier version is kept. It may not be able to run "
         "before a person consented to what it does.", {"yaml": _YAML}, ("yaml",), desk.save, False),
        ("run_workflow", "Run a stored workflow, or one node of it.",
         {"name": _NAME, "inputs": _INPUTS, "node": node}, ("name",), desk.run, False),
        ("dry_run_workflow", "Say what a run would change, and change nothing.",
         {"name": _NAME, "inputs": _INPUTS}, ("name",), desk.rehearse, True),
        ("show_run", "A run: what each node came to, with its message and data.",
         {"run": {"type": "string", "description": "The run's id, or last."}}, ("run",), desk.show_run, True),
    ]  # fmt: skip
    return [
        Tool(name, about, object_of(fields, needed), act, reads) for name, about, fields, needed, act, reads in found
    ]


class _Desk:
    """What the tools do, on one workspace."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def list(self, call: Call) -> dict[str, Any]:
        rows = self.ws.workflows()
        return {"workflows": [{"name": w.name, "nodes": w.nodes, "description": w.description} for w in rows]}

    def show(self, call: Call) -> dict[str, Any]:
        return {"yaml": dumps(self.ws.workflow(call.text("name")))}

    def catalog(self, call: Call) -> dict[str, Any]:
        name = call.text("folder", required=False)
        integrations = [{"name": one.name, "type": one.type} for one in self.ws.integrations()]
        if not name:
            tasks = {
                folder.name: {task.name: task.description for task in folder.tasks.values()}
                for folder in self.ws.listed_folders()
            }
            return {"tasks": tasks, "integrations": integrations}
        folder = self.ws.integration_folder(name)
        found = {
            task.name: {
                "description": task.description, "effects": task.effects, "doc": task.doc,
                "params": [_param(one) for one in task.parameters],
            }
            for task in folder.tasks.values()
        }  # fmt: skip
        return {"tasks": found, "integrations": [one for one in integrations if one["type"] == name]}

    def check(self, call: Call) -> dict[str, Any]:
        return _problems(self.ws.read(FileText(call.text("yaml"), "workflow")).report)

    def save(self, call: Call) -> dict[str, Any]:
        reading = self.ws.read(FileText(call.text("yaml"), "workflow"))
        if reading.workflow is None or not reading.storable:
            raise reading.refusal(what="be stored")
        self.ws.save(reading.workflow, overwrite=True, trusted=False)
        missing = [str(need) for need in self.ws.review(reading.workflow.name).missing]
        consent = f"A person has to look at it first: flowbook trust {reading.workflow.name}" if missing else ""
        return {"name": reading.workflow.name, **_problems(reading.report), "consent": consent}

    def run(self, call: Call) -> dict[str, Any]:
        node = call.text("node", required=False)
        return run(self.ws, call.text("name"), call, _inputs(call), **({"only": node} if node else {}))

    def rehearse(self, call: Call) -> dict[str, Any]:
        name = call.text("name")
        going = self.ws.start(name, _inputs(call), dry_run=True)
        call.on_cancel(going.cancel)
        ended = going.wait()
        return {"status": ended.status, "nodes": ended.to_dict()["nodes"]}

    def show_run(self, call: Call) -> dict[str, Any]:
        record = self.ws.run_record(call.text("run"))
        nodes = {
            id: {"status": result.status, "message": result.message, "data": result.data}
            for id, result in record.nodes.items()
        }
        return {"run": record.summary.id, "workflow": record.summary.workflow, "status": record.summary.status,
                "nodes": nodes}  # fmt: skip


def _inputs(call: Call) -> dict[str, Any]:
    given = call.arguments.get("inputs") or {}
    if not isinstance(given, dict):
        raise InputError("inputs must be an object.", 'For example {"city": "Oslo"}.')
    return given


def _param(one: Parameter) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": one.name,
        "type": one.type,
        "required": one.required,
        "description": one.description,
    }
    if one.default is not None:
        facts["default"] = one.default
    if one.choices:
        facts["choices"] = [*one.choices]
    return facts


def _problems(report: Report) -> dict[str, Any]:
    return {
        "problems": [
            {"severity": p.severity, "node": p.node, "field": p.field, "message": p.message, "remedy": p.remedy,
             "line": p.line}
            for p in report.problems
        ]
    }  # fmt: skip
