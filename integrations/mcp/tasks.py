"""The tasks. Facts: https://modelcontextprotocol.io/specification/2025-06-18/server/tools."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, task

from .models import CallTool, Credentials, Nothing
from .sessions import SESSIONS

_PATIENCE = 60.0


@task(effects="read", network=True, reads_files=True, writes_files=True, runs_code=True)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Start or reach the server, and ask which tools it has."""
    names = [one["name"] for one in _tools(credentials)]
    return Result.ok(f"Connected: the server has {len(names)} tools.", {"tools": names})


@task(effects="read", network=True, reads_files=True, writes_files=True, runs_code=True)
def list_tools(credentials: Credentials, params: Nothing) -> Result:
    """The tools of the server. Data: a list of {"name", "description", "schema"}."""
    found = _tools(credentials)
    return Result.ok(f"{len(found)} tools", found)


@task(effects="write", network=True, reads_files=True, writes_files=True, runs_code=True)
def call_tool(credentials: Credentials, params: CallTool) -> Result:
    """Call a tool of the server.

    Data: what it gives as data, else its text, else {"texts", "content"} when it gives several things or others. A
    server is started once, and kept for the next calls.
    """

    async def call(client: Any) -> Any:
        return await client.call_tool(params.tool, params.arguments, read_timeout_seconds=params.timeout)

    answer = SESSIONS.use(credentials, call, params.timeout + 1)
    texts = [one.text for one in answer.content if one.type == "text"]
    others = [one.model_dump(mode="json", exclude_none=True) for one in answer.content if one.type != "text"]
    if answer.is_error:
        raise TaskFailed(f"{params.tool} failed: {' '.join(texts)[:1000] or 'it does not say why'}")
    data: Any = answer.structured_content
    if data is None:
        data = texts[0] if len(texts) == 1 and not others else {"texts": texts, "content": others}
    return Result.ok(f"{params.tool} answered", data)


def _tools(credentials: Credentials) -> list[dict[str, Any]]:
    async def ask(client: Any) -> Any:
        return await client.list_tools()

    return [
        {"name": one.name, "description": one.description or "", "schema": one.input_schema}
        for one in SESSIONS.use(credentials, ask, _PATIENCE).tools
    ]
