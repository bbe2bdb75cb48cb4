"""n8n's AI nodes: a chain or an agent, with the model and the parts that hang on it, as one ``llm.chat``."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow, Out
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder

_CHATS = frozenset({
    "lc:agent", "lc:chainLlm", "lc:openAi", "lc:informationExtractor", "lc:textClassifier", "lc:chainSummarization",
    "lc:sentimentAnalysis", "lc:anthropic", "lc:googleGemini",
})  # fmt: skip
_OTHER_THAN_TEXT = ("image", "audio", "file", "assistant", "video")


def convert_ai(flow: Flow, step: Step) -> None:
    """A node of n8n's AI package."""
    params = params_of(step)
    if step.kind not in _CHATS or params.get("resource") in _OTHER_THAN_TEXT:
        placeholder(flow, step)
        return
    given: dict[str, Any] = {}
    for kind, child in flow.sub_nodes.get(step.name, []):
        _take(flow, step, kind, child, given)
    if "modelId" in params:
        given["model"] = flow.value(params["modelId"], step.name)
    id = flow.put(step, "llm.chat", {**given, "messages": _messages(flow, step, params)})
    last = max((edge.output for edge in flow.edges if edge.source == step.name), default=0)
    for place in range(1, last + (0 if step.on_error == "continueErrorOutput" else 1)):
        flow.outs[step.name, place] = Out(f"nodes.{id}.data", "same")
        flow.report.note(step.name, "several outputs", "every one gets all items: let an edge's when part them")
    flow.give(step, Out(f"nodes.{id}.data"), "llm.chat")


def _messages(flow: Flow, step: Step, params: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    if (options or {}).get("systemMessage"):
        found.append({"role": "system", "content": flow.value((options or {})["systemMessage"], step.name)})
    several = params.get("messages")
    rows = (several.get("values") or several.get("messageValues") or []) if isinstance(several, dict) else []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            content = row.get("content", row.get("message", ""))
            found.append({"role": str(row.get("role", "user")), "content": flow.value(content, step.name)})
    text = params.get("text") or (None if found and found[-1]["role"] != "system" else "={{ $json.chatInput }}")
    if text:
        found.append({"role": "user", "content": flow.value(text, step.name)})
    return found


def _take(flow: Flow, step: Step, kind: str, child: Step, given: dict[str, Any]) -> None:
    """A part that hangs on an AI node."""
    params = params_of(child)
    if kind == "ai_languageModel":
        given["model"] = flow.value(params.get("model") or params.get("modelName") or "", step.name)
        return
    schema = params.get("inputSchema") or params.get("jsonSchema") or params.get("jsonSchemaExample")
    if kind == "ai_outputParser" and isinstance(schema, str):
        flow.report.note(child.name, "an output parser", f"give its schema as schema of llm.chat: {schema[:200]}")
    else:
        flow.report.note(
            child.name, child.type, f"{kind[3:]} of {step.name}: not carried over, look at the tools of llm.chat"
        )
