"""Servers of MCP: one is kept for its calls and gone after them, and what a broken one answers is told in words."""

from __future__ import annotations

import os
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flowbook.mcp import SESSIONS, sessions
from flowbook.testing import Answer, FakeService, Outcome, Request, fake_service, run_task
from integrations.mcp import call_tool, list_tools
from interop.counts import Count
from interop.hostile import changed

CALLS = 50
BROKEN = 100
"""Answers to each kind of request that are broken, or of another form."""
SECONDS = 15.0
"""Within which a broken answer is told; a server has a second to answer."""
SERVER = '''
import os
from mcp.server import MCPServer

server = MCPServer("kept")


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    """Add two numbers."""
    return {"sum": a + b, "process": os.getpid()}


server.run()
'''
FORMS: tuple[Any, ...] = (
    None,
    {},
    [],
    "fine",
    7,
    True,
    [[1]],
    {"content": None},
    {"tools": {"a": 1}},
    {"isError": "no"},
)
ANSWERS: dict[str, Any] = {
    "tools/list": {"tools": [{"name": "t", "description": "d", "inputSchema": {"type": "object"}}]},
    "tools/call": {"content": [{"type": "text", "text": "fine"}], "structuredContent": {"a": [1, 2]}},
}


def kept() -> Iterator[Count]:
    """A server of the official library's, by its command."""
    one_process = Count(f"{CALLS} calls of a server that one process answers")
    gone = Count("servers that are gone once they are let go")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "server.py"
        script.write_text(SERVER)
        credentials = {"command": shlex.join([sys.executable, str(script)])}
        processes: list[int] = []
        for number in range(CALLS):
            answer = run_task(call_tool, credentials, {"tool": "add", "arguments": {"a": number, "b": 1}})
            processes.append(answer.data["process"] if answer.success else -1)
            one_process.add(f"{number}: {answer.message}", answer.success and processes[-1] == processes[0])
        SESSIONS.close()
        gone.add(f"process {processes[0]}", not _runs(processes[0]))
    yield from (one_process, gone)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _broken(chance: random.Random, method: str) -> Callable[[Request], Answer]:
    """A server over HTTP that begins as one does, and breaks its answers to ``method``."""

    def answer(request: Request) -> Answer:
        asked = request.json
        if "id" not in asked:
            return Answer(202)
        given = dict(ANSWERS.get(asked["method"], {}))
        if asked["method"] == "initialize":
            about = {"name": "broken", "version": "1"}
            given = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                     "serverInfo": about}  # fmt: skip
        whole: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"], "result": given}
        if asked["method"] != method:
            return Answer(json=whole)
        if chance.random() < 0.4:
            return Answer(json={**whole, "result": chance.choice(FORMS)})
        content = Answer(json=whole).content()[0]
        kind = chance.choice(["application/json", "text/event-stream"])
        text = content.decode() if kind == "application/json" else f"data: {content.decode()}\n\n"
        return Answer(body=changed(chance, text).encode("utf-8", "surrogatepass"), headers={"Content-Type": kind})

    return answer


def told(service: FakeService, method: str, chance: random.Random) -> tuple[bool, str]:
    """Whether what came of one broken answer is told in words and soon, and what was told."""
    service.forget()
    service.on("POST", "/mcp", _broken(chance, method)).on("*", "/mcp", status=405)
    began = time.monotonic()
    credentials = {"url": f"{service.url}/mcp", "token": "sentinel-of-the-counts"}
    task, params = (call_tool, {"tool": "t", "timeout": 1}) if method == "tools/call" else (list_tools, {})
    found: Outcome = run_task(task, credentials, params)
    SESSIONS.close()
    soon = time.monotonic() - began < SECONDS
    plain = not found.traceback and "pydantic" not in found.message and "sentinel" not in found.message
    return soon and plain and bool(found.message), f"{found.message[:120]} {found.traceback[-120:]}"


def hostile() -> Iterator[Count]:
    """Servers over HTTP whose answers are broken at random, the same at each run."""
    before, sessions.START = sessions.START, 1.0
    try:
        for method in ("initialize", *ANSWERS):
            count = Count(f"broken answers to {method} that are told in words, within {SECONDS:g} s")
            with fake_service() as service:
                for number in range(BROKEN):
                    good, words = told(service, method, random.Random(f"{method} {number}"))
                    count.add(f"{number}: {words}", good)
            yield count
    finally:
        sessions.START = before


def counts() -> Iterator[Count]:
    """All of this subject."""
    yield from kept()
    yield from hostile()
