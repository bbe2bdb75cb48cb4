"""flowbook mcp: workflows as the tools of agents, and an agent that drafts, checks, runs and mends one."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Iterator
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


@pytest.mark.parametrize("tool", ["slow", "dry_run_workflow"])
def test_a_cancelled_call_ends_its_run_and_is_not_answered(ws: Workspace, tool: str) -> None:
    flow = Workflow("slow")
    flow.add("wait", "core.wait", params={"seconds": 100})
    ws.save(flow)
    begun, answers = threading.Event(), []
    one = server(ws, edit=True)
    params = {"name": tool, "arguments": {"name": "slow"} if tool != "slow" else {}}

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
    if tool == "slow":
        assert ws.run_record("last").summary.status == "cancelled"


def test_lines_are_answered_by_lines(ws: Workspace) -> None:
    out = io.BytesIO()
    lines = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    serve_lines(server(ws), io.BytesIO(lines), out)
    assert out.getvalue() == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


class Http:
    """A server over HTTP, and what a client asks of it."""

    def __init__(self, ws: Workspace) -> None:
        self.listening = http_server(server(ws), 0, "t0ken")
        self.serving = threading.Thread(target=self.listening.serve_forever, args=(0.02,))
        self.serving.start()

    def open(self, message: Any, *, method: str = "POST", token: str = "t0ken", **headers: str) -> Any:
        """The answer, which is not read yet."""
        body = None if message is None else json.dumps({"jsonrpc": "2.0", **message}).encode()
        about = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
        about |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{self.listening.server_address[1]}/mcp"
        return urlopen(Request(url, body, about, method=method), timeout=20)

    def post(self, message: Any, **more: str) -> tuple[int, bytes]:
        try:
            with self.open(message, **more) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, b""

    def session(self) -> str:
        with self.open({"id": 0, "method": "initialize", "params": {}}) as answer:
            return str(answer.headers["Mcp-Session-Id"])


@pytest.fixture
def http(ws: Workspace) -> Iterator[Http]:
    one = Http(ws)
    yield one
    one.listening.shutdown()
    one.listening.server_close()
    one.serving.join()


def test_over_http_only_who_has_the_token_is_answered(http: Http) -> None:
    assert http.post({"id": 1, "method": "ping"}) == (200, b'{"jsonrpc": "2.0", "id": 1, "result": {}}')
    assert http.post({"method": "notifications/initialized"}) == (202, b"")
    assert http.post({"id": 1, "method": "ping"}, token="other")[0] == 401
    assert http.post({"id": 1, "method": "ping"}, Origin="https://evil.example.com")[0] == 403
    assert http.post({"id": 1, "method": "ping"}, Host="evil.example.com:80")[0] == 403
    params = {"name": "greet-all", "arguments": {"who": "Ada"}, "_meta": {"progressToken": 1}}
    assert http.post({"id": 2, "method": "tools/call", "params": params})[1].startswith(b"event: message\ndata: {")
    alone = http.post({"id": 2, "method": "tools/call", "params": params}, Accept="application/json")
    assert json.loads(alone[1])["result"]["structuredContent"]["status"] == "succeeded"


def held(ws: Workspace, tmp_path: Path) -> Path:
    """A workflow whose second node goes on until the file is there."""
    flow, gate = Workflow("held"), tmp_path / "gate"
    flow.add("first", "core.set", params={"values": 1})
    code = f"import pathlib, time\n\nwhile not pathlib.Path({str(gate)!r}).exists():\n    time.sleep(0.01)"
    flow.add("second", "core.python", params={"code": code})
    flow.connect("first", "second")
    ws.save(flow)
    return gate


HELD = {"name": "held", "arguments": {}, "_meta": {"progressToken": 1}}


def test_over_http_progress_is_told_while_the_run_goes_on(http: Http, ws: Workspace, tmp_path: Path) -> None:
    """It came together with the answer."""
    gate = held(ws, tmp_path)
    try:
        with http.open({"id": 2, "method": "tools/call", "params": HELD}) as answer:
            first = [answer.readline() for _ in range(3)]
            gate.touch()
            rest = answer.read()
    finally:
        gate.touch()
    assert json.loads(first[1].removeprefix(b"data: "))["params"]["message"] == "first: succeeded"
    assert b'"structuredContent"' in rest


def test_a_client_ends_its_own_calls_and_not_those_of_another(http: Http, ws: Workspace, tmp_path: Path) -> None:
    """Each counts its requests by itself: the same number was the same call."""
    gate = held(ws, tmp_path)
    one, other = http.session(), http.session()
    cancel = {"method": "notifications/cancelled", "params": {"requestId": 7}}
    try:
        with (
            http.open({"id": 7, "method": "tools/call", "params": HELD}, Mcp_Session_Id=one) as first,
            http.open({"id": 7, "method": "tools/call", "params": HELD}, Mcp_Session_Id=other) as second,
        ):
            assert http.post(cancel, Mcp_Session_Id=one)[0] == 202
            assert b'"result"' not in first.read()
            gate.touch()
            assert b'"result"' in second.read()
    finally:
        gate.touch()


def test_a_client_that_ends_its_session_ends_its_calls(http: Http, ws: Workspace, tmp_path: Path) -> None:
    gate, session = held(ws, tmp_path), http.session()
    try:
        with http.open({"id": 7, "method": "tools/call", "params": HELD}, Mcp_Session_Id=session) as answer:
            assert http.post(None, method="DELETE", Mcp_Session_Id=session)[0] == 204
            assert b'"result"' not in answer.read()
    finally:
        gate.touch()
    assert ws.run_record("last").summary.status == "cancelled"
    assert http.post({"id": 8, "method": "ping"}, Mcp_Session_Id=session)[0] == 404
    assert http.post(None, method="DELETE", Mcp_Session_Id="none")[0] == 404
    assert http.post(None, method="DELETE", token="other")[0] == 401


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
