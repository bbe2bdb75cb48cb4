"""Edit Fields (Set), Rename Keys, and the nodes of code."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.javascript import Untranslatable, blocks
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import Out
from flowbook.json_text import parse_json

_WHOLE = re.compile(r"\$\{\{ (.*) \}\}", re.DOTALL)
_NAMED = re.compile(r"""\$\(\s*(["'`])(.*?)\1\s*\)|\$node\[\s*(["'])(.*?)\3\s*\]|\$items\(\s*(["'])(.*?)\5""")
_OUTSIDE = {
    "require()": r"\brequire\(", "requests of its own": r"\bfetch\(|\baxios\b|httpRequest|\$helpers|this\.helpers",
    "binary data": r"\.binary\b|\$binary|\bBuffer\b", "data that stay from run to run": r"StaticData",
    "the environment": r"process\.env|\$env\b|\$vars\b", "Luxon's dates": r"\bDateTime\.|\$now\b|\$today\b",
    "a timer": r"\bsetTimeout\(",
}  # fmt: skip


def convert_set(flow: Flow, step: Step) -> None:
    """Edit Fields (Set): fields of each item."""
    params = params_of(step)
    values, keeps = _raw(flow, step, params) if params.get("mode") == "raw" else _fields(flow, step, params)
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    dots = (options or {}).get("dotNotation") is not False
    if not keeps and not (dots and isinstance(values, dict) and any("." in key for key in values)):
        id = flow.put(step, "core.set", {"values": values})
        flow.give(step, Out(f"nodes.{id}.data"), "core.set")
        return
    given: dict[str, Any] = (
        {"fields": values} | ({"item": "${{ item }}"} if keeps else {}) | ({} if dots else {"dots": False})
    )
    include = params.get("include")
    for key, name, wanted in (("includeFields", "keep", "selected"), ("excludeFields", "drop", "except")):
        if keeps and include == wanted and params.get(key):
            given[name] = _names(flow, step, params[key])
    id = flow.put(step, "lists.with_fields", given)
    flow.give(step, Out(f"nodes.{id}.data"), "lists.with_fields")


def _names(flow: Flow, step: Step, given: Any) -> Any:
    """Names of fields, which n8n has in one text, with commas between them."""
    if isinstance(given, str) and given.startswith("="):
        return f"${{{{ [strip(one) for one in split(str({flow.bare(given, step.name)}), ',')] }}}}"
    return [one.strip() for one in given.split(",") if one.strip()] if isinstance(given, str) else given


def _raw(flow: Flow, step: Step, params: dict[str, Any]) -> tuple[Any, bool]:
    given = params.get("jsonOutput", "{}")
    if isinstance(given, str) and not given.startswith("="):
        try:
            return parse_json(given), _keeps(step, params)
        except ValueError:
            flow.report.note(step.name, "the JSON of its fields", "it is no JSON: it is kept as text")
            return {"raw": flow.value(given, step.name)}, _keeps(step, params)
    return (json_of(flow, step, given) if isinstance(given, str) else flow.value(given, step.name)), _keeps(
        step, params
    )


def json_of(flow: Flow, step: Step, template: str) -> str:
    """A template that makes JSON, as one expression of its value."""
    parts = [part for part in blocks(template[1:]) if part[0] or part[1].strip()]
    text = flow.bare(template, step.name)
    if len(parts) == 1 and parts[0][0]:
        return f"${{{{ {text} }}}}"
    return f"${{{{ parse_json({text}) }}}}"


def _keeps(step: Step, params: dict[str, Any]) -> bool:
    if step.version >= 3.3:
        return bool(params.get("includeOtherFields"))
    return params.get("include", "all") != "none" if step.version >= 3 else not params.get("keepOnlySet")


def _fields(flow: Flow, step: Step, params: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    rows: list[tuple[str, str, Any]] = []
    if step.version >= 3:
        new = params.get("assignments") if isinstance(params.get("assignments"), dict) else {}
        old = params.get("fields") if isinstance(params.get("fields"), dict) else {}
        rows += [
            (str(row.get("name", "")), str(row.get("type", "string")), row.get("value"))
            for row in _dicts((new or {}).get("assignments"))
        ]
        for row in _dicts((old or {}).get("values")):
            kind = str(row.get("type", "stringValue"))
            rows.append((str(row.get("name", "")), kind.removesuffix("Value"), row.get(kind)))
    else:
        given = params.get("values") if isinstance(params.get("values"), dict) else {}
        for kind, several in (given or {}).items():
            empty = {"string": "", "number": 0, "boolean": True}.get(kind, "")
            rows += [(str(row.get("name", "propertyName")), kind, row.get("value", empty)) for row in _dicts(several)]
    return {name: _typed(flow, step, kind, value) for name, kind, value in rows}, _keeps(step, params)


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _typed(flow: Flow, step: Step, kind: str, value: Any) -> Any:
    """A value as the kind that n8n makes of it."""
    found = flow.value(value, step.name)
    if not isinstance(found, str):
        return found
    whole = _WHOLE.fullmatch(found)
    if whole and found.count("${{") == 1:
        forms = {"string": "str({})", "number": "number({})"}
        text = whole[1]
        return (
            f"${{{{ {forms[kind].format(text)} }}}}"
            if kind in forms and not text.startswith("not_carried_over(")
            else found
        )
    if "${{" in found:
        return found
    try:
        if kind == "number":
            return float(found) if "." in found or "e" in found.lower() else int(found)
        if kind == "boolean":
            return found.strip().lower() == "true"
        return parse_json(found) if kind in ("array", "object") and found.strip() else found
    except ValueError:
        flow.report.note(step.name, f"a field of kind {kind}", f"{found[:100]!r} is none: it is kept as text")
        return found


def convert_rename(flow: Flow, step: Step) -> None:
    """Rename Keys."""
    params = params_of(step)
    keys = params.get("keys") if isinstance(params.get("keys"), dict) else {}
    names = {str(row.get("currentKey", "")): str(row.get("newKey", "")) for row in _dicts((keys or {}).get("key"))}
    if params.get("additionalOptions"):
        flow.report.note(step.name, "renaming by patterns", "not carried over: name the fields")
    id = flow.put(step, "lists.rename_fields", {"item": "${{ item }}", "names": names})
    flow.give(step, Out(f"nodes.{id}.data"), "lists.rename_fields")


def convert_code(flow: Flow, step: Step) -> None:
    """Code, Function and Function Item: JavaScript runs in QuickJS, Python has to be looked over."""
    params = params_of(step)
    if str(params.get("language", "")).lower().startswith("python"):
        placeholder(flow, step)
        return
    code = str(params.get("jsCode") or params.get("functionCode") or "return items")
    each = params.get("mode") == "runOnceForEachItem" or step.kind == "functionItem"
    for what, pattern in _OUTSIDE.items():
        if re.search(pattern, code):
            flow.report.note(
                step.name, f"code that uses {what}", "it is not there in javascript.run_items: change the code"
            )
    given: dict[str, Any] = {"code": code.replace("${{", "$${{"), "items": f"${{{{ {flow.lists[step.name]} }}}}"}
    given |= {"mode": "each"} if each else {}
    given |= {"style": step.kind} if step.kind != "code" else {}
    if nodes := _nodes_in(flow, step, code):
        given["nodes"] = nodes
    id = flow.put(step, "javascript.run_items", given, each=False)
    flow.give(step, Out(f"nodes.{id}.data", "same" if each else "unknown", "", True), "javascript.run_items")


def _nodes_in(flow: Flow, step: Step, code: str) -> dict[str, str]:
    """The lists of the nodes that code names."""
    found = {}
    for match in _NAMED.finditer(code):
        name = match[2] or match[4] or match[6]
        try:
            found[name] = f"${{{{ default({flow.resolver(step.name, False)('all', name)}, []) }}}}"
        except Untranslatable as error:
            flow.report.note(step.name, f"code that names {name!r}", f"not carried over: {error}")
    return found
