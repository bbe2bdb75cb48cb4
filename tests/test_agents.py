"""flowbook mcp: workflows as the tools of agents, and an agent that drafts, checks, runs and mends one."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import flowbook
from flowbook import Workflow, Workspace
from flowbook.agents.editing import editing_tools
from flowbook.agents.protocol import Server
from flowbook.agents.serving import http_server, serve_lines
from flowbook.agents.tools import workflow_tools
from flowbook.errors import NotFound

BROKEN = """flowbook: 1
name: double
inputs:
  number: {type: integer, required: true}
nodes:
  twice:
    task: core.st
    params: {values: "${{ inputs.numbr * 2 }}"}
"""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    ws = Workspace(tmp_path)
    greet = Workflow("greet-all", description="Greet someone.",
                     inputs={"who": {"type": "string", "required": True, "description": "Whom."},
                             "times": {"type": "integer", "default": 1}})  # fmt: skip
    greet.add("begin", "core.set", params={"values": "${{ inputs.who }}"})
    greet.add("end", "core.set", params={"values": "Hello ${{ nodes.begin.data }}"})
    greet.connect("begin", "end")
    ws.save(greet)
    return ws


def server(ws: Workspace, *, edit: bool = False) -> Server:
    return Server(lambda: [*workflow_tools(ws), *(editing_tools(ws) if edit else [])])


def ask(server: Server, method: str, params: Any = None, **more: Any) -> list[dict[str, Any]]:
    """All that is answered to one message."""
    answers: list[dict[str, Any]] = []
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **more}
    server.take(json.dumps(message), answers.append)
    return answers


def call(server: Server, tool: str, /, **arguments: Any) -> dict[str, Any]:
    (answer,) = ask(server, "tools/call", {"name": tool, "arguments": arguments})
    assert "error" not in answer, answer
    return answer["result"]


def test_a_workflow_is_a_tool_with_its_inputs_as_schema(ws: Workspace) -> None:
    (answer,) = ask(server(ws), "tools/list")
    (tool,) = answer["result"]["tools"]
    assert (tool["name"], tool["description"]) == ("greet-all", "Greet someone.")
    assert tool["inputSchema"] == {
        "type": "object", "required": ["who"], "additionalProperties": False,
        "properties": {"who": {"type": "string", "description": "Whom."}, "times": {"type": "integer", "default": 1}},
    }  # fmt: skip
    with pytest.raises(NotFound):
        workflow_tools(ws, ["nothing"])


def test_a_call_is_a_run_that_tells_how_far_it_is(ws: Workspace) -> None:
    params = {"name": "greet-all", "arguments": {"who": "Ada"}, "_meta": {"progressToken": "p"}}
    *progress, answer = ask(server(ws), "tools/call", params)
    assert [(one["params"]["progress"], one["params"]["total"]) for one in progress] == [(1, 2), (2, 2)]
    result = answer["result"]
    assert result["structuredContent"]["results"] == {"end": "Hello Ada"}
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert result["isError"] is False
    assert ws.run_record("last").summary.id == result["structuredContent"]["run"]


def test_what_fails_is_an_error_that_the_agent_can_read(ws: Workspace) -> None:
    wrong = call(server(ws), "greet-all")
    assert wrong["isError"]
    assert "who" in wrong["content"][0]["text"]
    flow = Workflow("bad")
    flow.add("stop", "core.fail", params={"message": "no luck"})
    ws.save(flow)
    failed = call(server(ws), "bad")
    assert failed["isError"]
    assert failed["structuredContent"]["failed"] == {"stop": "no luck"}


def test_an_agent_drafts_checks_mends_and_runs_a_workflow_by_tools_alone(ws: Workspace) -> None:
    agent = server(ws, edit=True)
    assert "core" in call(agent, "catalog")["structuredContent"]["tasks"]
    params = call(agent, "catalog", folder="core")["structuredContent"]["tasks"]["core.set"]["params"]
    assert [one["name"] for one in params] == ["values"]
    problems = call(agent, "check_workflow", yaml=BROKEN)["structuredContent"]["problems"]
    assert {(p["node"], p["field"]) for p in problems} >= {("twice", "task"), ("twice", "params.values")}
    mended = BROKEN.replace("core.st", "core.set").replace("inputs.numbr", "inputs.number")
    assert call(agent, "check_workflow", yaml=mended)["structuredContent"]["problems"] == []
    saved = call(agent, "save_workflow", yaml=mended)["structuredContent"]
    assert (saved["name"], saved["consent"]) == ("double", "")
    result = call(agent, "run_workflow", name="double", inputs={"number": 21})["structuredContent"]
    assert result["results"] == {"twice": 42}
    shown = call(agent, "show_run", run=result["run"])["structuredContent"]
    assert shown["nodes"]["twice"]["data"] == 42
    assert "double" in [one["name"] for one in call(agent, "list_workflows")["structuredContent"]["workflows"]]
    assert call(agent, "show_workflow", name="double")["structuredContent"]["yaml"] == mended
    assert call(agent, "double", number=4)["structuredContent"]["results"] == {"twice": 8}


def test_what_an_agent_drafts_does_nothing_outside_before_a_person_consents(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it takes the place of a workflow that was trusted; the earlier version is kept."""
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)
    agent = server(ws, edit=True)
    mean = 'flowbook: 1\nname: greet-all\nnodes:\n  a:\n    task: core.python\n    params: {code: \'open("x", "w")\'}\n'
    saved = call(agent, "save_workflow", yaml=mean)["structuredContent"]
    assert "flowbook trust greet-all" in saved["consent"]
    refused = call(agent, "run_workflow", name="greet-all")
    assert refused["isError"]
    assert not (ws.root / "x").exists()
    assert len(ws.versions("greet-all")) == 2


def test_what_is_no_message_is_an_error_of_the_protocol(ws: Workspace) -> None:
    one = server(ws)
    answers: list[dict[str, Any]] = []
    for text in ("{", "[1]", '"x"', '{"id": 1}', "[" * 100_000):
        one.take(text, answers.append)
    assert [answer["error"]["code"] for answer in answers] == [-32700, -32600, -32600, -32600, -32700]
    assert ask(one, "tools/destroy")[0]["error"]["code"] == -32601
    assert ask(one, "tools/call", {"name": "nothing"})[0]["error"]["code"] == -32602
    assert ask(one, "ping")[0]["result"] == {}
    assert ask(one, "initialize", {"protocolVersion": "2025-03-26"})[0]["result"]["protocolVersion"] == "2025-03-26"
    assert ask(one, "initialize", {"protocolVersion": "1999"})[0]["result"]["protocolVersion"] == "2025-11-25"


def test_a_cancelled_call_ends_its_run_and_is_not_answered(ws: Workspace) -> None:
    flow = Workflow("slow")
    flow.add("wait", "core.wait", params={"seconds": 100})
    ws.save(flow)
    begun, answers = threading.Event(), []
    one = server(ws)
    params = {"name": "slow", "arguments": {}}

    def take() -> None:
        begun.set()
        one.take(json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}), answers.append)

    calling = threading.Thread(target=take)
    calling.start()
    begun.wait()
    while calling.is_alive():
        one.take('{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}', answers.append)
        calling.join(0.05)
    assert answers == []
    assert ws.run_record("last").summary.status == "cancelled"


def test_lines_are_answered_by_lines(ws: Workspace) -> None:
    out = io.BytesIO()
    lines = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    serve_lines(server(ws), io.BytesIO(lines), out)
    assert out.getvalue() == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


def test_over_http_only_who_has_the_token_is_answered(ws: Workspace) -> None:
    listening = http_server(server(ws), 0, "t0ken")
    serving = threading.Thread(target=listening.serve_forever, args=(0.02,))
    serving.start()
    url = f"http://127.0.0.1:{listening.server_address[1]}/mcp"

    def post(message: Any, token: str = "t0ken", **headers: str) -> tuple[int, bytes]:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            with urlopen(Request(url, body, {"Authorization": f"Bearer {token}", **headers}), timeout=20) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, b""

    try:
        assert post({"id": 1, "method": "ping"}) == (200, b'{"jsonrpc": "2.0", "id": 1, "result": {}}')
        assert post({"method": "notifications/initialized"}) == (202, b"")
        assert post({"id": 1, "method": "ping"}, "other")[0] == 401
        assert post({"id": 1, "method": "ping"}, Origin="https://evil.example.com")[0] == 403
        assert post({"id": 1, "method": "ping"}, Host="evil.example.com:80")[0] == 403
        params = {"name": "greet-all", "arguments": {"who": "Ada"}, "_meta": {"progressToken": 1}}
        assert post({"id": 2, "method": "tools/call", "params": params})[1].startswith(b"event: message\ndata: {")
    finally:
        listening.shutdown()
        listening.server_close()
        serving.join()


def test_a_client_of_the_official_library_talks_to_the_command(ws: Workspace) -> None:
    """The real thing on both sides: the process is started, asked, and gone when its input ends."""
    anyio = pytest.importorskip("anyio")
    mcp = pytest.importorskip("mcp")
    command = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "flowbook", "-C", str(ws.root), "mcp", "--edit"],
        env={**os.environ, "PYTHONPATH": str(Path(flowbook.__file__).parent.parent)},
    )

    async def session() -> tuple[list[str], Any]:
        async with mcp.Client(command) as client:
            tools = await client.list_tools()
            result = await client.call_tool("greet-all", {"who": "Ada"})
            return [tool.name for tool in tools.tools], result

    names, result = anyio.run(session)
    assert {"greet-all", "save_workflow"} <= set(names)
    assert result.structured_content["results"] == {"end": "Hello Ada"}
