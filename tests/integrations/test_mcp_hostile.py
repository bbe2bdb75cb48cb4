"""Servers of MCP that break the protocol: they are refused in words and within their time, and none of them stays."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.mcp import SESSIONS, bounds, line, sessions
from flowbook.tasks.stop import Stop
from flowbook.testing import Answer, FakeService, Request, run_task
from integrations import mcp

stdio = pytest.importorskip("mcp.client.stdio")
SERVER = Path(__file__).parent / "hostile_mcp.py"
UNREADABLE = "its answer is none of the protocol's: "
LATE = "did not answer in"
AT_START = {
    "binary": bounds.NO_TEXT,
    "ends at once": "Connection closed",
    "ends in its start": "Connection closed",
    "silent at start": LATE,
    "other version": "Unsupported protocol version",
    "no server": UNREADABLE,
    "no capabilities": UNREADABLE,
    "start is text": LATE,
    "a line without end": bounds.TOO_LONG,
    "lines without end": line.TOO_MANY,
    "words without end": line.TOO_MANY,
}
IN_A_CALL = {
    "silent": LATE,
    "only words": LATE,
    "another id": LATE,
    "an id of another kind": "",  # the library takes it
    "no id": LATE,
    "twice": "",
    "before it is asked": "",
    "words before": "",
    "asks back": "",
    "ends in the middle": "Connection closed",
    "huge": bounds.TOO_LONG,
    "an answer without end": bounds.TOO_LONG,
    "progress without end": line.TOO_MANY,
    "deep": LATE,
    "error without words": LATE,
    "error is text": LATE,
    "content is text": UNREADABLE,
    "no content": UNREADABLE,
    "unknown content": UNREADABLE,
    "null": LATE,
    "tools are text": UNREADABLE,  # the library asks for them to check what a tool gives
}
LISTED = {
    "tools are text": UNREADABLE, "tool without name": UNREADABLE, "schema is text": UNREADABLE, "deep list": LATE,
    "huge list": bounds.TOO_LONG,
}  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Servers have a megabyte in place of sixteen, and ten messages a second."""
    monkeypatch.setattr(bounds, "MOST_BYTES", 1024**2)
    monkeypatch.setattr(line, "MOST_AT_ONCE", 100)
    monkeypatch.setattr(line, "A_SECOND", 10)
    for kindness in ("PROCESS_TERMINATION_TIMEOUT", "FORCE_KILL_TIMEOUT"):
        monkeypatch.setattr(stdio, kindness, 0.1)
    yield
    SESSIONS.close()


def patience(words: str) -> float:
    """Seconds that a server has: few where it is to be late, else as many as a busy machine may take."""
    return 0.7 if words == LATE else 30.0


def served(kind: str) -> dict[str, str]:
    return {"command": shlex.join([sys.executable, str(SERVER), kind])}


@pytest.mark.parametrize(("kind", "words"), AT_START.items(), ids=list(AT_START))
def test_what_is_no_start_is_no_server(kind: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "START", patience(words))
    result = run_task(mcp.list_tools, served(kind))
    assert (result.success, result.traceback) == (False, "")
    assert result.message.startswith("The server cannot be reached: ")
    assert words in result.message
    assert "pydantic" not in result.message
    assert SESSIONS.servers == []


@pytest.mark.parametrize(("kind", "words"), IN_A_CALL.items(), ids=list(IN_A_CALL))
def test_what_is_no_answer_is_no_success_and_may_have_been_done(kind: str, words: str) -> None:
    result = run_task(mcp.call_tool, served(kind), {"tool": "t", "timeout": patience(words)})
    assert result.traceback == ""
    assert result.success is (words == ""), result.message
    assert words in result.message
    assert "pydantic" not in result.message
    assert result.success or result.data["may_have_taken_effect"]


@pytest.mark.parametrize(("kind", "words"), LISTED.items(), ids=list(LISTED))
def test_what_is_no_list_is_told_as_that(kind: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "START", 3.0 if words == LATE else 30.0)
    result = run_task(mcp.list_tools, served(kind))
    assert (result.success, result.traceback) == (False, "")
    assert words in result.message


def test_a_server_that_is_silent_at_its_start_is_let_go_when_the_run_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop, found = Stop(), []
    calling = threading.Thread(
        target=lambda: found.append(run_task(mcp.list_tools, served("silent at start"), stop=stop))
    )
    calling.start()
    time.sleep(0.3)
    stop.set()
    calling.join(60)
    assert [one.message for one in found] == ["The call was cancelled."]


def test_a_server_that_floods_between_calls_is_let_go_before_the_run_ends() -> None:
    """Nobody reads what it says then, and it would keep this process busy."""
    assert run_task(mcp.list_tools, served("floods later")).success
    until = time.monotonic() + 60
    while SESSIONS.servers:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert run_task(mcp.list_tools, served("floods later")).success, "the next call starts it anew"


def on_start(then: Any) -> Any:
    """Answers an ``initialize`` as a server does, and what comes after it with ``then``."""

    def answer(request: Request) -> Answer:
        asked = request.json
        if asked.get("method") != "initialize":
            return Answer(202) if "id" not in asked else then(asked)
        about = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                 "serverInfo": {"name": "h", "version": "1"}}  # fmt: skip
        return Answer(json={"jsonrpc": "2.0", "id": asked["id"], "result": about})

    return answer


def of_json(body: str) -> Answer:
    return Answer(body=body, headers={"Content-Type": "application/json"})


def of_events(body: str) -> Answer:
    return Answer(body=body, headers={"Content-Type": "text/event-stream"})


OVER_HTTP: dict[str, Any] = {
    "a page": lambda asked: Answer(body="<html>Sign in</html>", headers={"Content-Type": "text/html"}),
    "damaged": lambda asked: of_json('{"jsonrpc": "2.0", "id'),
    "huge": lambda asked: of_json('{"jsonrpc": "2.0", "id": 1, "x": "' + "x" * 3_000_000 + '"}'),
    "a huge event": lambda asked: of_events("data: " + "x" * 3_000_000 + "\n\n"),
    "an event that is none": lambda asked: of_events("data: no message\n\n"),
    "events that end": lambda asked: of_events(": wait\n\n"),
    "500": lambda asked: Answer(500, json={"message": "no"}),
    "cut off": lambda asked: Answer(body='{"jsonrpc": "2.0"', truncate=5, headers={"Content-Type": "application/json"}),
    "nothing": lambda asked: Answer(200),
}


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_the_same_holds_over_http(kind: str, service: FakeService) -> None:
    service.on("POST", "/mcp", on_start(OVER_HTTP[kind])).on("GET", "/mcp", status=405)
    service.on("DELETE", "/mcp", status=405)
    who = {"url": f"{service.url}/mcp", "token": "t0ken-t0ken"}
    result = run_task(mcp.call_tool, who, {"tool": "t", "timeout": 30 if "huge" in kind else 1})
    assert (result.success, result.traceback) == (False, "")
    assert result.message.startswith("The server ")
    assert bounds.TOO_LONG in result.message or "huge" not in kind
    assert "t0ken" not in result.message
