"""The nodes of n8n whose services have a folder here."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import addressed, limited, taken
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.values import json_of
from flowbook.formats.n8n.ways import Out
from flowbook.json_text import parse_json

_GITHUB: dict[tuple[str, str], tuple[str, dict[str, str]]] = {
    ("issue", "create"): ("github.create_issue", {"title": "title", "body": "body"}),
    ("issue", "get"): ("github.get_issue", {"issue_number": "issueNumber"}),
    ("issue", "createComment"): ("github.add_comment", {"issue_number": "issueNumber", "body": "body"}),
    ("file", "get"): ("github.get_file", {"path": "filePath"}),
    ("repository", "get"): ("github.get_repo", {}),
    ("repository", "getIssues"): ("github.list_issues", {}),
}


def convert_http(flow: Flow, step: Step) -> None:
    """HTTP Request."""
    params = params_of(step)
    old = step.version < 3
    given: dict[str, Any] = {"url": flow.value(params.get("url", ""), step.name)}
    method = params.get("requestMethod") if old and "requestMethod" in params else params.get("method")
    given |= {"method": flow.value(method, step.name)} if method != "GET" else {}
    for name, keys, flag in (
        ("headers", ("headerParameters", "jsonHeaders", "headerParametersUi", "headerParametersJson"), "sendHeaders"),
        ("query", ("queryParameters", "jsonQuery", "queryParametersUi", "queryParametersJson"), "sendQuery"),
    ):
        if (old or params.get(flag)) and (found := _pairs(flow, step, params, keys)):
            given[name] = found
    if params.get("sendBody") or (old and (params.get("bodyParametersUi") or params.get("bodyParametersJson"))):
        given |= _body(flow, step, params)
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    given |= _answer(flow, step, params, options or {})
    _known_only(flow, step, options or {})
    id = flow.put(step, "http.request", given)
    whole = f"nodes.{id}.data"
    response = (options or {}).get("response")
    inner = response.get("response") if isinstance(response, dict) else {}
    if (inner or {}).get("fullResponse") or params.get("fullResponse") or (options or {}).get("fullResponse"):
        full = "{'body': one.body, 'headers': one.headers, 'statusCode': one.status}"
        flow.give(step, Out(f"[{full} for one in {whole}]"), "http.request")
    elif given.get("response") == "text":
        flow.give(step, Out(f"[{{'data': one.body}} for one in {whole}]"), "http.request")
    else:
        flow.give(step, flow.spread(step, f"[one.body for one in {whole}]"), "http.request")


def _pairs(flow: Flow, step: Step, params: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """What stands in a list of names and values, or as JSON."""
    for key in keys:
        given = params.get(key)
        if isinstance(given, dict):
            rows = given.get("parameters") or given.get("parameter") or []
            pairs = {
                str(flow.value(row["name"], step.name)): flow.value(row.get("value", ""), step.name)
                for row in rows
                if isinstance(row, dict) and "name" in row
            }
            if pairs:
                return pairs
        elif isinstance(given, str) and given.strip():
            return json_given(flow, step, given)
    return None


def json_given(flow: Flow, step: Step, given: str) -> Any:
    """What a param holds that is JSON, with its expressions in our language."""
    if given.startswith("="):
        return json_of(flow, step, given)
    try:
        return flow.value(parse_json(given), step.name)
    except ValueError:
        flow.report.note(step.name, "JSON", f"it is no JSON and kept as text: {given[:80]}")
        return given


def _body(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    kind = str(params.get("contentType") or (options or {}).get("bodyContentType") or "json")
    if kind == "raw":
        return {"body": flow.value(params.get("body", ""), step.name), "body_type": "text"}
    if kind == "binaryData":
        flow.report.note(step.name, "binary data as body", "not carried over: give the file's path")
        return {}
    keys = ("bodyParameters", "jsonBody", "bodyParametersUi", "bodyParametersJson")
    found = _pairs(flow, step, params, keys)
    if found is None:
        return {}
    types = {"form-urlencoded": "form", "multipart-form-data": "multipart"}
    return {"body": found} | ({"body_type": types[kind]} if kind in types else {})


def _answer(flow: Flow, step: Step, params: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    response = options.get("response")
    inner = response.get("response") if isinstance(response, dict) else {}
    kind = (inner or {}).get("responseFormat") or params.get("responseFormat")
    if kind in ("text", "string", "file"):
        given["response"] = "bytes" if kind == "file" else "text"
    if (inner or {}).get("neverError"):
        given["fail_on_error"] = False
    timeout = options.get("timeout")
    if isinstance(timeout, (int, float)) and timeout > 0:
        given["timeout"] = timeout / 1000
    return given


def _known_only(flow: Flow, step: Step, options: dict[str, Any]) -> None:
    for key in options:
        if key not in ("response", "timeout", "fullResponse", "bodyContentType"):
            flow.report.note(step.name, f"the option {key}", "not carried over: set it by hand if it matters")


def convert_slack(flow: Flow, step: Step) -> None:
    """Slack: a message."""
    params = params_of(step)
    channel = params.get("channelId") or params.get("channel") or params.get("user")
    if (params.get("resource"), params.get("operation")) == ("channel", "history") and channel:
        _slack_history(flow, step, params, channel)
        return
    if (params.get("resource"), params.get("operation")) != ("message", "post") or not channel:
        placeholder(flow, step)
        return
    given = {"channel": flow.value(channel, step.name), "text": flow.value(params.get("text", ""), step.name)}
    if params.get("blocksUi"):
        given["blocks"] = flow.value(params["blocksUi"], step.name)
    id = flow.put(step, "slack.send_message", given)
    flow.give(step, Out(f"nodes.{id}.data"), "slack.send_message")


def _slack_history(flow: Flow, step: Step, params: dict[str, Any], channel: Any) -> None:
    given = {"channel": flow.value(channel, step.name)} | limited(flow, step, params, 50)
    given |= taken(flow, step, params, {name: f"filters.{name}" for name in ("oldest", "latest", "inclusive")})
    id = flow.put(step, "slack.channel_history", given)
    flow.give(step, flow.spread(step, f"nodes.{id}.data"), "slack.channel_history")


def convert_mail(flow: Flow, step: Step) -> None:
    """Send Email, and SendGrid."""
    params = params_of(step)
    grid = step.kind == "sendGrid"
    if grid and params.get("resource") != "mail":
        placeholder(flow, step)
        return
    given = {
        "to": flow.value(params.get("toEmail", ""), step.name),
        "subject": flow.value(params.get("subject", ""), step.name),
    }
    if params.get("fromEmail"):
        given["from_email"] = flow.value(params["fromEmail"], step.name)
    text, html = params.get("text") or params.get("message") or params.get("contentValue"), params.get("html")
    given |= {"body": flow.value(text, step.name)} if text else {}
    given |= {"html": flow.value(html, step.name)} if html else {}
    given = addressed(flow, step, given, ("to", "from_email"))
    task = "sendgrid.send_email" if grid else "smtp.send_email"
    id = flow.put(step, task, given)
    flow.give(step, Out(f"nodes.{id}.data"), task)


def convert_github(flow: Flow, step: Step) -> None:
    """GitHub: issues, files, repositories."""
    params = params_of(step)
    known = _GITHUB.get((str(params.get("resource")), str(params.get("operation"))))
    if known is None:
        placeholder(flow, step)
        return
    task, names = known
    repo = "/".join(str(flow.value(params.get(key, ""), step.name)) for key in ("owner", "repository"))
    given = {"repo": repo} | {name: flow.value(params[key], step.name) for name, key in names.items() if key in params}
    id = flow.put(step, task, given)
    flow.give(step, flow.spread(step, f"nodes.{id}.data"), task)
