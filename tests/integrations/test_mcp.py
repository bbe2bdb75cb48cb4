"""The tools of MCP servers: one of the official library, started by a command, and Flowbook's own, over HTTP."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from flowbook import Workspace
from flowbook import mcp as library
from flowbook.agents.protocol import Server
from flowbook.agents.serving import http_server
from flowbook.agents.tools import workflow_tools
from flowbook.mcp import SESSIONS
from flowbook.models import Workflow
from flowbook.testing import Answer, fake_service, run_task
from integrations import mcp
from tests.waiting import ended, until

pytest.importorskip("mcp")
SERVER = '''
import os
import subprocess
import sys
import time

from mcp.server import MCPServer
from mcp.types import ImageContent

server = MCPServer("test")


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    """Add two numbers."""
    return {"sum": a + b, "process": os.getpid()}


@server.tool()
def say(text: str) -> str:
    """Say it back, with a variable of the environment."""
    return text + os.environ.get("GREETING", "")


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("no luck")


@server.tool()
def picture() -> list[ImageContent]:
    """Draw."""
    return [ImageContent(type="image", data="aGk=", mime_type="image/png")]


@server.tool()
def slow(note: str) -> str:
    """Write down which processes there are, and take long."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(note + ".new", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.replace(note + ".new", note)
    time.sleep(600)
    return "late"


@server.tool()
def die_at_first(note: str) -> str:
    """End the process, unless it did before."""
    if not os.path.exists(note):
        open(note, "w").close()
        os._exit(3)
    return "well"


@server.tool()
def die() -> str:
    """End the process."""
    os._exit(3)


server.run()
'''

ENDLESS = """
import json
import sys

for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        about = {{"name": "endless", "version": "1"}}
        version = asked["params"]["protocolVersion"]
        result = {{"protocolVersion": version, "capabilities": {{"tools": {{}}}}, "serverInfo": about}}
    elif asked.get("method") == "tools/list":
        page = int((asked.get("params") or {{}}).get("cursor") or 0) + 1
        tools = [{{"name": f"t{{page}}_{{n}}", "inputSchema": {{"type": "object"}}}} for n in range({each})]
        result = {{"tools": tools, "nextCursor": str(page)}} if page < {pages} else {{"tools": tools}}
    elif "id" in asked:
        error = {{"code": -32601, "message": "no such method"}}
        print(json.dumps({{"jsonrpc": "2.0", "id": asked["id"], "error": error}}), flush=True)
        continue
    else:
        continue
    print(json.dumps({{"jsonrpc": "2.0", "id": asked["id"], "result": result}}), flush=True)
"""


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    script = tmp_path_factory.mktemp("server") / "server.py"
    script.write_text(SERVER)
    yield {"command": f"{sys.executable} {script}", "environment": '{"GREETING": "!"}'}
    SESSIONS.close()


def call(credentials: dict[str, str], tool: str, **arguments: Any) -> Any:
    return run_task(mcp.call_tool, credentials, {"tool": tool, "arguments": arguments})


def test_the_tools_of_a_server_are_listed(credentials: dict[str, str]) -> None:
    tools = {one["name"]: one for one in run_task(mcp.list_tools, credentials).data}
    assert set(tools) == {"add", "say", "fail", "picture", "slow", "die", "die_at_first"}
    assert tools["add"]["schema"]["required"] == ["a", "b"]
    assert run_task(mcp.test_connection, credentials).success


def test_many_calls_are_of_one_process(credentials: dict[str, str]) -> None:
    answers = [call(credentials, "add", a=number, b=1).data for number in range(50)]
    assert [one["sum"] for one in answers] == list(range(1, 51))
    assert len({one["process"] for one in answers}) == 1


def test_what_a_tool_says_is_the_data_or_the_failure(credentials: dict[str, str]) -> None:
    said = call(credentials, "say", text="hello").data
    assert said in ("hello!", {"result": "hello!"})
    failed = call(credentials, "fail")
    assert not failed.success
    assert "fail failed" in failed.message
    assert not call(credentials, "nothing").success


def test_a_server_that_died_is_started_anew(credentials: dict[str, str]) -> None:
    assert not call(credentials, "die").success
    assert call(credentials, "add", a=1, b=1).success


def test_a_server_that_ended_while_nobody_called_it_is_started_anew_for_the_call(credentials: dict[str, str]) -> None:
    first = call(credentials, "add", a=1, b=1).data["process"]
    os.kill(first, signal.SIGKILL)
    [server] = SESSIONS.servers
    until(lambda: SESSIONS.has_ended(server))
    answer = call(credentials, "add", a=1, b=1)
    assert answer.success, answer.message
    assert answer.data["process"] != first


def test_a_call_that_the_server_did_not_answer_may_have_taken_effect(
    tmp_path: Path, credentials: dict[str, str]
) -> None:
    """Only what may be called twice is, and only where a server that was good for calls before has ended."""
    assert call(credentials, "add", a=1, b=1).success
    failed = call(credentials, "die_at_first", note=str(tmp_path / "first"))
    assert "Connection closed. It may have taken effect" in failed.message
    assert failed.data["may_have_taken_effect"] is True
    server = library.Credentials.model_validate(credentials)
    given = {"note": str(tmp_path / "second")}
    assert call(credentials, "add", a=1, b=1).success
    assert library.call(server, "die_at_first", given, repeatable=True).data in ("well", {"result": "well"})


class Forgetful(BaseHTTPRequestHandler):
    """A server with sessions, of the protocol of 2025, as it answers after it was started again."""

    live: ClassVar[set[str]] = set()
    refusal: ClassVar[tuple[int, dict[str, Any] | None]] = (404, None)
    protocol_version = "HTTP/1.1"

    def log_message(self, *about: Any) -> None: ...

    def answer(self, status: int, said: Any = None, **headers: str) -> None:
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(405)

    def do_DELETE(self) -> None:
        self.answer(200)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method, session = asked["method"], self.headers.get("Mcp-Session-Id")
        told = {"jsonrpc": "2.0", "id": asked.get("id")}
        if method == "initialize":
            self.live.add(f"session-{len(self.live)}-{time.monotonic_ns()}")
            about = {"capabilities": {"tools": {}}, "serverInfo": {"name": "old", "version": "1"}}
            result = {"protocolVersion": "2025-06-18", **about}
            self.answer(200, {**told, "result": result}, **{"Mcp-Session-Id": max(self.live)})
        elif "id" not in asked:
            self.answer(202)
        elif session is None:
            self.answer(200, {**told, "error": {"code": -32601, "message": "Method not found"}})
        elif session not in self.live:
            self.answer(*self.refusal)
        elif method == "tools/list":
            self.answer(200, {**told, "result": {"tools": [{"name": "add", "inputSchema": {"type": "object"}}]}})
        else:
            self.answer(200, {**told, "result": {"content": [{"type": "text", "text": "well"}]}})


@pytest.mark.parametrize(
    "refusal",
    [
        (404, None),
        (404, {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "Session not found"}}),
        (400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "Bad Request: No valid session ID"}}),
    ],
)
def test_a_server_that_forgot_the_session_gets_another_one(
    monkeypatch: pytest.MonkeyPatch, refusal: tuple[int, dict[str, Any] | None]
) -> None:
    """https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management"""
    monkeypatch.setattr(Forgetful, "refusal", refusal)
    with ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        try:
            given = {"url": f"http://127.0.0.1:{listening.server_port}/mcp"}
            assert call(given, "add").success
            for _ in range(2):
                Forgetful.live.clear()
                again = call(given, "add")
                assert again.success, again.message
        finally:
            SESSIONS.close()
            listening.shutdown()


def test_a_run_keeps_a_server_for_its_calls_and_lets_it_go_at_its_end(
    tmp_path: Path, credentials: dict[str, str]
) -> None:
    """Also for the calls of the runs inside of it."""
    with Workspace(tmp_path) as ws:
        ws.create_type("mcp")
        ws.create_integration("Tools", "mcp", credentials)
        inner = Workflow("inner")
        inner.add("add", "mcp.call_tool", "Tools", {"tool": "add", "arguments": {"a": 1, "b": 2}})
        ws.save(inner)
        flow = Workflow("outer")
        flow.add("each", "core.run_workflow", params={"workflow": "inner"}, for_each=[1, 2], max_parallel=1)
        flow.add("own", "mcp.call_tool", "Tools", {"tool": "add", "arguments": {"a": 3, "b": 4}})
        flow.connect("each", "own")
        run = ws.run(flow)
        assert run.status == "succeeded", run
        answers = [run["own"].data, *(one["nodes"]["add"] for one in run["each"].data)]
        [process] = {one["process"] for one in answers}
        assert SESSIONS.servers == []
        assert not is_running(process)


def test_a_run_that_is_cancelled_leaves_no_process_of_a_slow_tool(tmp_path: Path, credentials: dict[str, str]) -> None:
    """Nor one that the server has started."""
    with Workspace(tmp_path) as ws:
        ws.create_type("mcp")
        ws.create_integration("Tools", "mcp", credentials)
        flow = Workflow("slow")
        note = tmp_path / "processes"
        flow.add("wait", "mcp.call_tool", "Tools", {"tool": "slow", "arguments": {"note": str(note)}})
        run = ws.start(flow)
        until(note.exists)
        processes = [int(one) for one in note.read_text().split()]
        run.cancel()
        assert run.wait().status == "cancelled"
        until(lambda: all(ended(one) for one in processes))
        assert SESSIONS.servers == []


def test_what_is_neither_data_nor_text_has_the_names_of_the_protocol(credentials: dict[str, str]) -> None:
    assert call(credentials, "picture").data in (
        {"texts": [], "content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]},
        {"result": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]},
    )


@pytest.mark.parametrize(("pages", "each"), [(1, 2_001), (101, 1)])
def test_a_list_of_tools_without_an_end_is_refused(tmp_path: Path, pages: int, each: int) -> None:
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS.format(pages=pages, each=each))
    listed = run_task(mcp.list_tools, {"command": f"{sys.executable} {script}"})
    assert not listed.success
    assert "has no end" in listed.message
    SESSIONS.close()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("given", [{"command": "no-such-command-here"}, {"url": "http://127.0.0.1:9/mcp"}, {}])
def test_a_server_that_is_not_there_is_a_clear_failure(given: dict[str, str]) -> None:
    result = run_task(mcp.test_connection, given)
    assert not result.success
    assert "reached" in result.message or "either a command or a url" in result.message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1\\\\@x/", "ftp://x", "http://a\tb/", "http://user:pw@127.0.0.1:1/x"]
)
def test_an_address_that_is_not_clear_is_refused_with_the_reason(url: str) -> None:
    result = run_task(mcp.test_connection, {"url": url, "token": "t0ken-t0ken"})
    assert result.message.startswith("The server's address cannot be used: it ")


def test_a_redirect_takes_the_token_to_no_other_server() -> None:
    with fake_service() as there, fake_service() as elsewhere:
        elsewhere.on("*", "{rest:path}", json={})
        there.on("*", "{rest:path}", Answer(307, headers={"Location": f"{elsewhere.url}/mcp"}))
        try:
            assert not run_task(mcp.test_connection, {"url": f"{there.url}/mcp", "token": "t0ken-t0ken"}).success
        finally:
            SESSIONS.close()
        assert there.requests
        assert not elsewhere.requests


def test_a_server_at_an_address_is_called_with_its_token(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    flow = Workflow("greet", inputs={"who": {"type": "string"}})
    flow.add("end", "core.set", params={"values": "Hello ${{ inputs.who }}"})
    ws.save(flow)
    listening = http_server(Server(lambda: workflow_tools(ws)), 0, "t0ken-t0ken")
    serving = threading.Thread(target=listening.serve_forever, args=(0.02,))
    serving.start()
    try:
        url = f"http://127.0.0.1:{listening.server_address[1]}/mcp"
        answer = call({"url": url, "token": "t0ken-t0ken"}, "greet", who="Ada")
        assert answer.data["results"] == {"end": "Hello Ada"}
        assert not call({"url": url, "token": "other-token"}, "greet").success
    finally:
        SESSIONS.close()
        listening.shutdown()
        listening.server_close()
        serving.join()


def test_a_dry_run_starts_no_server_and_calls_no_tool(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(f"open({str(tmp_path / 'began')!r}, 'w')\n{SERVER}")
    with Workspace(tmp_path) as ws:
        ws.create_type("mcp")
        ws.create_integration("Tools", "mcp", {"command": f"{sys.executable} {script}"})
        flow = Workflow(name="calling")
        flow.add("say", "mcp.call_tool", integration="Tools", params={"tool": "say", "arguments": {"text": "hello"}})
        run = ws.run(flow, dry_run=True)
        assert not (tmp_path / "began").exists()
        [intent] = run["say"].intents
        assert intent.kind == "code"
