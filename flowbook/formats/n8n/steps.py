"""The nodes of n8n that begin, wait, call and end; and the placeholder for those that are not known here."""

from __future__ import annotations

import json
import re
from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.starting import offered
from flowbook.formats.n8n.ways import Out
from flowbook.models import kebab

_TRIGGERS = frozenset({
    "manualTrigger", "start", "webhook", "cron", "interval", "emailReadImap", "lc:chatTrigger", "lc:manualChatTrigger",
})  # fmt: skip
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def is_trigger(kind: str) -> bool:
    """Whether a node of that kind begins a workflow."""
    return kind in _TRIGGERS or kind.lower().endswith("trigger")


def convert_trigger(flow: Flow, step: Step) -> None:
    """A trigger: what it brings is the input ``items``."""
    triggers = [name for name in flow.names if name in flow.export.steps and is_trigger(flow.export.steps[name].kind)]
    inputs, fields = flow.document["inputs"], {}
    pinned = flow.export.pins.get(step.name)
    items = [one.get("json", one) for one in pinned if isinstance(one, dict)] if isinstance(pinned, list) else []
    inputs.setdefault(
        "items", {"type": "json", "default": items or [{}], "description": "What the trigger brings: a list of objects"}
    )
    if len(triggers) > 1:
        choices = [flow.ids[name] for name in triggers]
        inputs.setdefault(
            "trigger",
            {
                "type": "select",
                "choices": choices,
                "default": choices[0],
                "description": "Which trigger starts the run",
            },
        )
        fields["when"] = f"inputs.trigger == {flow.ids[step.name]!r}"
    told = json.dumps(step.params, ensure_ascii=False)[:500] if step.params else ""
    id = flow.put(
        step,
        "core.set",
        {"values": "${{ inputs.items }}"},
        each=False,
        notes=f"n8n: {step.kind} {told}".strip(),
        **fields,
    )
    if step.kind not in ("manualTrigger", "start", "executeWorkflowTrigger"):
        flow.report.note(step.name, step.kind, offered(step, flow.document["name"], flow.export.zone))
    flow.give(step, Out(f"nodes.{id}.data", "same"), "core.set")


def passes_on(flow: Flow, step: Step) -> Out:
    """What a node gives that hands its list on: the list itself, in a node of its own where several meet."""
    edges = flow.into(step.name)
    if len(edges) == 1 and step.name not in flow.entries:
        out = flow.out(edges[0])
        return Out(out.text, "same", "", out.may_be_empty)
    return Out(flow.lists[step.name], "same", "", bool(edges))


def convert_noop(flow: Flow, step: Step) -> None:
    """No Operation, and what is disabled: a place where branches meet."""
    if len(flow.into(step.name)) > 1:
        id = flow.put(step, "core.set", {"values": f"${{{{ {flow.lists[step.name]} }}}}"}, each=False)
        flow.give(step, Out(f"nodes.{id}.data", "same", "", True), "core.set")
        return
    flow.put(step, "core.noop", {}, each=False)
    flow.give(step, passes_on(flow, step), "core.noop")


def convert_disabled(flow: Flow, step: Step) -> None:
    """A disabled node: its task stays, disabled, and its list is handed on."""
    flow.put(step, "core.noop", {}, each=False, disabled=True, notes=f"n8n: disabled {step.kind}")
    flow.report.note(step.name, "disabled", f"it does nothing here: what it would do ({step.kind}) is not carried over")
    flow.give(step, passes_on(flow, step), "core.noop")


def convert_wait(flow: Flow, step: Step) -> None:
    """Wait, for a time."""
    params = params_of(step)
    if params.get("resume") != "timeInterval":
        placeholder(flow, step)
        return
    old = step.version < 1.1
    unit = _SECONDS.get(str(params.get("unit", "hours" if old else "seconds")), 1)
    amount = params.get("amount", 1 if old else 5)
    plain = isinstance(amount, (int, float))
    seconds: Any = amount * unit if plain else f"${{{{ ({flow.bare(amount, step.name, each=False)}) * {unit} }}}}"
    flow.put(step, "core.wait", {"seconds": seconds}, each=False)
    flow.give(step, passes_on(flow, step), "core.wait")


def convert_stop(flow: Flow, step: Step) -> None:
    """Stop and Error."""
    params = params_of(step)
    message = params.get("errorMessage") or params.get("errorObject") or "Stopped"
    id = flow.put(step, "core.fail", {"message": flow.value(message, step.name) or "Stopped"})
    flow.give(step, Out(f"nodes.{id}.data"), "core.fail")


def convert_sub_workflow(flow: Flow, step: Step) -> None:
    """Execute Sub-workflow."""
    params = params_of(step)
    given = params.get("workflowId")
    title = (given.get("cachedResultName") or given.get("value")) if isinstance(given, dict) else given
    if params.get("source") != "database" or not isinstance(title, str) or title.startswith("="):
        placeholder(flow, step)
        return
    each, mine = params.get("mode") == "each", flow.lists[step.name]
    items = "${{ [item] }}" if each else f"${{{{ {mine} }}}}"
    id = flow.put(step, "core.run_workflow", {"workflow": kebab(title), "inputs": {"items": items}}, each=each)
    flow.report.note(step.name, f"the sub-workflow {title!r}", "import it too; its last node is to be called result")
    text = f"flatten([one.nodes.result for one in nodes.{id}.data])" if each else f"nodes.{id}.data.nodes.result"
    flow.give(step, Out(text, "unknown", "", True), "core.run_workflow")


def convert_response(flow: Flow, step: Step) -> None:
    """Respond to Webhook: what would be answered is kept as data."""
    params = params_of(step)
    how, mine = params.get("respondWith"), flow.lists[step.name]
    body = flow.value(params.get("responseBody"), step.name) if how in ("json", "text") else f"${{{{ {mine} }}}}"
    body = "${{ item }}" if how == "firstIncomingItem" else None if how == "noData" else body
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    status = flow.value((options or {}).get("responseCode", 200), step.name)
    flow.put(step, "core.set", {"values": {"response": body, "status": status}})
    flow.report.note(step.name, "Respond to Webhook", "nothing waits for an answer: it is this node's data")
    flow.give(step, passes_on(flow, step), "core.set")


def placeholder(flow: Flow, step: Step) -> None:
    """A node whose task is not there yet: called after n8n's, with its params in our language; ``check`` names it."""
    params = params_of(step)
    folder = _snake(step.kind.replace("lc:", "ai_")) or "unknown"
    operation = _snake(" ".join(str(params.get(key, "")) for key in ("resource", "operation"))) or "run"
    task = f"{folder}.{operation if operation[0].isalpha() else f'run_{operation}'}"
    rest = {key: one for key, one in params.items() if key not in ("resource", "operation")}
    id = flow.put(step, task[:100], flow.value(rest, step.name))
    flow.report.note(step.name, step.type, f"there is no such task here yet: {task} is a placeholder for it")
    for key, one in rest.items():
        called = one.get("cachedResultName") if isinstance(one, dict) else None
        if isinstance(called, str) and called != one.get("value"):
            flow.report.note(step.name, key, f"it is called {called[:100]!r} there; the param holds n8n's own id of it")
    last = max((edge.output for edge in flow.edges if edge.source == step.name), default=0)
    failing = step.on_error == "continueErrorOutput"
    for place in range(1, last + (0 if failing else 1)):
        flow.outs[step.name, place] = Out(f"nodes.{id}.data", "unknown")
    flow.give(step, Out(f"nodes.{id}.data", "same"), task, "placeholder")


def _snake(words: str) -> str:
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words)
    plain = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:45]
    return plain if not plain or plain[0].isalpha() else f"n_{plain}"
