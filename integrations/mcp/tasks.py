"""The tasks. Facts: https://modelcontextprotocol.io/specification/2025-06-18/server/tools."""

from __future__ import annotations

from flowbook import Result, mcp, task
from flowbook.counting import counted

from .models import CallTool, Credentials, Nothing


@task(effects="read", network=True, reads_files=True, writes_files=True, runs_code=True)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Start or reach the server, and ask which tools it has."""
    return mcp.probe(credentials)


@task(effects="read", network=True, reads_files=True, writes_files=True, runs_code=True)
def list_tools(credentials: Credentials, params: Nothing) -> Result:
    """The tools of the server. Data: a list of {"name", "description", "schema"}."""
    found = [{"name": one.name, "description": one.description, "schema": one.schema} for one in mcp.tools(credentials)]
    return Result.ok(f"{counted(len(found), 'tool')}", found)


@task(effects="write", network=True, reads_files=True, writes_files=True, runs_code=True)
def call_tool(credentials: Credentials, params: CallTool) -> Result:
    """Call a tool of the server.

    Data: what it gives as data, else its text, else {"texts", "content"} when it gives several things or others. A
    server is started once, and kept for the next calls of the run.
    """
    return mcp.call(credentials, params.tool, params.arguments, params.timeout)
