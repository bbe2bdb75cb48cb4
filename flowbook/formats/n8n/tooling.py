"""The tools of n8n's agents: what a model may call becomes a workflow of its own, with an input for each choice.

A tool that is a node of n8n's (``httpRequestTool``, ``gmailTool``, …) is that node, by itself. What the model fills in
(``$fromAI``, a placeholder of the older HTTP tool) is an input, described as n8n describes it to the model.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.report import Carried
from flowbook.formats.n8n.source import Step
from flowbook.json_text import parse_json
from flowbook.models import kebab

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TYPES = {"string": "string", "number": "number", "boolean": "boolean", "json": "json"}
_MCP = "lc:mcpClientTool"
_OLD_HTTP = "lc:toolHttpRequest"
_BY_ITSELF = "[{}]"
"""The list that a tool's node runs over: one item, which holds nothing."""

Convert = Callable[[Flow, Step], None]
Known = Callable[[str], bool]


def is_tool(step: Step, known: Known) -> bool:
    """Whether a part of an agent is a tool that becomes a workflow; ``known`` says of a kind of node whether it is."""
    return step.kind in (_MCP, _OLD_HTTP) or (step.kind.endswith("Tool") and known(step.kind.removesuffix("Tool")))


def convert_tool(flow: Flow, agent: Step, tool: Step, convert: Convert) -> list[str]:
    """Write the workflows of a tool as parts of ``flow``; their names."""
    if tool.kind == _MCP:
        return _of_mcp(flow, agent, tool)
    step = _old_http(tool) if tool.kind == _OLD_HTTP else dataclasses.replace(tool, type=tool.type.removesuffix("Tool"))
    inner = _flow(flow, tool, tool.name)
    inner.lists[tool.name] = _BY_ITSELF
    convert(inner, step)
    for name, spec in _described(tool).items():
        inner.document["inputs"][name] = spec
    return [_added(flow, agent, tool, inner)]


def _flow(flow: Flow, tool: Step, title: str) -> Flow:
    name = kebab(f"{flow.name[:60].strip('-')} {title}")[:90].strip("-")
    made = Flow(flow.export, flow.free(name), [tool.name], [], flow.report)
    description = tool.params.get("toolDescription") or tool.params.get("description")
    if isinstance(description, str) and description.strip():
        made.document["description"] = description.strip().lstrip("=")[:2000]
    return made


def _added(flow: Flow, agent: Step, tool: Step, inner: Flow) -> str:
    flow.report.nodes[:] = [one for one in flow.report.nodes if one.node != tool.name or one.task]  # told here
    flow.parts += [inner.document, *inner.parts]
    why = f"{agent.name} may run it with inputs that the model chooses"
    flow.report.note(tool.name, f"the workflow {inner.name!r} as a tool", why)
    return inner.name


def _old_http(tool: Step) -> Step:
    """The older HTTP tool as the node that it was made of: {placeholders} are what the model fills in."""
    params = parse_json(json.dumps(tool.params))
    for fields, key in (("parametersQuery", "queryParameters"), ("parametersHeaders", "headerParameters"),
                        ("parametersBody", "bodyParameters")):  # fmt: skip
        rows = (params.pop(fields, None) or {}).get("values") or []
        pairs = [{"name": row["name"], "value": row.get("value") or f"{{{row['name']}}}"} for row in rows]
        params[key] = {"parameters": pairs}
    return dataclasses.replace(tool, type="n8n-nodes-base.httpRequest", version=4.2, params=_filled(params))


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner) for name, inner in value.items() if name != "placeholderDefinitions"}
    if isinstance(value, list):
        return [_filled(inner) for inner in value]
    if not isinstance(value, str) or value.startswith("=") or not _PLACEHOLDER.search(value):
        return value
    return "=" + _PLACEHOLDER.sub(lambda found: f"{{{{ $fromAI('{found[1]}') }}}}", value)


def _described(tool: Step) -> dict[str, dict[str, Any]]:
    """The inputs that the older HTTP tool describes."""
    given = tool.params.get("placeholderDefinitions")
    rows = given.get("values") if isinstance(given, dict) else None
    found = {}
    for row in rows or []:
        name = re.sub(r"[^a-z0-9_]", "_", str(row.get("name", "")).lower()).strip("_")
        if name:
            about = {"description": str(row["description"])[:300]} if row.get("description") else {}
            found[name] = {"type": _TYPES.get(str(row.get("type")), "string"), "required": True, **about}
    return found


def _of_mcp(flow: Flow, agent: Step, tool: Step) -> list[str]:
    """A server of MCP: a workflow for each tool that is chosen, else one that lists all, and one that calls any."""
    chosen = tool.params.get("includeTools")
    names = [one for one in chosen if isinstance(one, str) and one] if isinstance(chosen, list) else []
    if tool.params.get("include") != "selected" or not names:
        lists, calls = _flow(flow, tool, f"{tool.name} tools"), _flow(flow, tool, f"{tool.name} call")
        _mcp_node(lists, tool, "mcp.list_tools", {})
        lists.document["description"] = f"Which tools {tool.name} has, and what each of them is given"
        calls.document["description"] = f"Call a tool of {tool.name}"
        calls.document["inputs"]["tool"] = {"type": "string", "required": True, "description": "The tool's name"}
        _mcp_node(calls, tool, "mcp.call_tool", {"tool": "${{ inputs.tool }}", "arguments": _arguments(calls)})
        flow.report.note(tool.name, "all tools of a server", "the model asks which there are, and then calls one")
        made = [lists, calls]
    else:
        made = []
        for name in names:
            one = _flow(flow, tool, f"{tool.name} {name}")
            one.document["description"] = f"The tool {name} of {tool.name}"
            _mcp_node(one, tool, "mcp.call_tool", {"tool": name, "arguments": _arguments(one)})
            made.append(one)
    address = tool.params.get("endpointUrl") or tool.params.get("sseEndpoint")
    if isinstance(address, str) and address:
        flow.report.note(tool.name, "its address", f"give it to an integration of mcp called {tool.name!r}: {address}")
    flow.report.nodes.append(Carried(tool.name, tool.type, "mcp.call_tool", "carried"))
    return [_added(flow, agent, tool, one) for one in made]


def _arguments(flow: Flow) -> str:
    about = {
        "type": "json",
        "default": {},
        "description": "What the tool is given: a mapping, as the tool describes it",
    }
    flow.document["inputs"]["arguments"] = about
    return "${{ inputs.arguments }}"


def _mcp_node(flow: Flow, tool: Step, task: str, params: dict[str, Any]) -> None:
    id = flow.put(tool, task, params, each=False)
    flow.document["nodes"][id].setdefault("integration", tool.name[:200])
