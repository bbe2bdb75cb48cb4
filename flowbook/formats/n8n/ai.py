"""n8n's AI nodes: a chain or an agent, with what hangs on it, as one ``llm.chat`` or ``llm.agent``."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.tooling import Convert, Known, convert_tool, is_tool
from flowbook.formats.n8n.ways import Out
from flowbook.json_text import parse_json
from flowbook.models import kebab

_CHATS = frozenset({
    "lc:agent", "lc:chainLlm", "lc:openAi", "lc:informationExtractor", "lc:textClassifier", "lc:chainSummarization",
    "lc:sentimentAnalysis", "lc:anthropic", "lc:googleGemini",
})  # fmt: skip
_ANSWER = "(one.text if default(one.value, null) == null else one.value)"
_OUTPUT = f"{{'output': {_ANSWER}}}"
_SHAPES = {
    "lc:chainLlm": f"{{'text': one.text, 'output': {_ANSWER}}}",
    "lc:openAi": f"{{'message': {{'role': 'assistant', 'content': {_ANSWER}}}}}",
    "lc:anthropic": "{'content': [{'type': 'text', 'text': one.text}]}",
}
"""What each kind of node gives, of what ``llm.chat`` does; the others give an ``output``."""
_OTHER_THAN_TEXT = ("image", "audio", "file", "assistant", "video")

_OTHER_TOOL = "the model may run workflows alone: make it one, with an input for each value that the model chooses"


def convert_ai(flow: Flow, step: Step, convert: Convert, known: Known) -> None:
    """A node of n8n's AI package. ``convert`` and ``known`` are for the nodes that are tools of it."""
    params = params_of(step)
    if step.kind not in _CHATS or params.get("resource") in _OTHER_THAN_TEXT:
        placeholder(flow, step)
        return
    given = _asked(flow, step, params)
    fields: dict[str, Any] = {}
    for kind, child in flow.sub_nodes.get(step.name, []):
        if kind == "ai_tool" and is_tool(child, known):
            given.setdefault("workflows", []).extend(convert_tool(flow, step, child, convert))
        else:
            fields |= _take(flow, step, kind, child, given)
    if "modelId" in params:
        given["model"] = flow.value(params["modelId"], step.name)
    task = "llm.agent" if "workflows" in given else "llm.chat"
    id = flow.put(step, task, given, **fields)
    out = Out(f"[{_SHAPES.get(step.kind, _OUTPUT)} for one in nodes.{id}.data]")
    last = max((edge.output for edge in flow.edges if edge.source == step.name), default=0)
    for place in range(1, last + (0 if step.on_error == "continueErrorOutput" else 1)):
        flow.outs[step.name, place] = out
        flow.report.note(step.name, "several outputs", "every one gets all items: let an edge's when part them")
    flow.give(step, out, task)


def _asked(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """What is asked: the prompt, who the model is to be, and what was said before."""
    given: dict[str, Any] = {}
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    if (options or {}).get("systemMessage"):
        given["system"] = flow.value((options or {})["systemMessage"], step.name)
    several = params.get("messages")
    rows = (several.get("values") or several.get("messageValues") or []) if isinstance(several, dict) else []
    said = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            role = str(row.get("role") or row.get("type") or "system")
            role = role if role in ("system", "user", "assistant") else "assistant" if "AI" in role else "system"
            said.append({"role": role, "content": flow.value(row.get("content", row.get("message", "")), step.name)})
    if said:
        given["messages"] = said
    if params.get("text") or not any(one["role"] == "user" for one in said):
        given["prompt"] = flow.value(params.get("text") or "={{ $json.chatInput }}", step.name)
    return given


def _take(flow: Flow, step: Step, kind: str, child: Step, given: dict[str, Any]) -> dict[str, str]:
    """A part that hangs on an AI node; the integration that it brings."""
    params = params_of(child)
    if kind == "ai_languageModel":
        given["model"] = flow.value(params.get("model") or params.get("modelName") or "", step.name)
        return flow.integration(child, "llm.chat")
    if kind == "ai_tool" and child.kind == "lc:toolWorkflow" and (title := _workflow(params)):
        given.setdefault("workflows", []).append(title)
        why = f"{step.name} may run it with inputs that the model chooses: import it too, and describe its inputs"
        flow.report.note(child.name, f"the workflow {title!r} as a tool", why)
        return {}
    if kind == "ai_tool":
        why = f"not carried over: {_OTHER_TOOL}, and name it in the workflows of {step.name}"
        flow.report.note(child.name, child.type, why)
        return {}
    if kind == "ai_memory":
        why = f"{step.name} remembers nothing from run to run: give what was said before in messages"
        flow.report.note(child.name, child.type, why)
        return {}
    schema = params.get("inputSchema") or params.get("jsonSchema")
    if kind == "ai_outputParser" and isinstance(schema, str) and isinstance(found := _schema(schema), dict):
        given["output_schema"] = found
    else:
        flow.report.note(child.name, child.type, f"{kind.removeprefix('ai_')} of {step.name}: not carried over")
    return {}


def _workflow(params: dict[str, Any]) -> str | None:
    """The name of the workflow that a tool runs, as it is called here; None where the file does not say it."""
    given = params.get("workflowId")
    title = (given.get("cachedResultName") or given.get("value")) if isinstance(given, dict) else given
    named = params.get("source", "database") == "database" and isinstance(title, str) and not title.startswith("=")
    return (kebab(str(title))[:80].strip("-") or None) if named else None


def _schema(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None
