"""A server of MCP, started by its path, that keeps to the protocol but for what its argument names."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

KIND = sys.argv[1]
NEVER = 1000
WORTHLESS = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n'
GOOD = {"content": [{"type": "text", "text": "fine"}]}
START: dict[str, Any] = {
    "other version": {"protocolVersion": "1999-01-01"},
    "no server": {"serverInfo": "me"},
    "no capabilities": {"capabilities": None},
}
LISTS: dict[str, Any] = {
    "tools are text": "none",
    "tool without name": [{"description": "x"}],
    "schema is text": [{"name": "t", "inputSchema": "x"}],
    "huge list": [{"name": f"t{n}", "description": "d" * 100_000, "inputSchema": {}} for n in range(30)],
}
CALLS: dict[str, Any] = {
    "content is text": {"content": "fine"},
    "no content": {},
    "unknown content": {"content": [{"type": "dance"}]},
    "null": None,
}


def say(message: Any) -> None:
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def answer(id: Any, result: Any) -> None:
    say({"jsonrpc": "2.0", "id": id, "result": result})


def begin(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def without_end(piece: str) -> None:
    while True:
        begin(piece)


def at_once() -> None:
    """What is said before anything was asked."""
    if KIND == "binary":
        os.write(1, b"\xff\xfe\x00\n")
    elif KIND == "words first":
        say("Welcome to this server")
    elif KIND == "ends at once":
        sys.exit(3)
    elif KIND == "a line without end":
        without_end("x" * 1_000_000)
    elif KIND == "lines without end":
        without_end(WORTHLESS)
    elif KIND == "words without end":
        without_end("no message\n")


def start(id: Any, asked: dict[str, Any]) -> None:
    if KIND == "silent at start":
        time.sleep(NEVER)
    if KIND == "ends in its start":
        begin('{"jsonrpc": "2.0", "id"')
        sys.exit(0)
    about = {"name": "hostile", "version": "1"}
    result = {"protocolVersion": asked["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
    answer(id, "fine" if KIND == "start is text" else {**result, **START.get(KIND, {})})


def tools(id: Any) -> None:
    if KIND == "deep list":
        say(f'{{"jsonrpc":"2.0","id":{json.dumps(id)},"result":{{"tools":{"[" * 100_000}}}}}')
    else:
        answer(id, {"tools": LISTS.get(KIND, [{"name": "t", "inputSchema": {"type": "object"}}])})
    if KIND == "floods later":
        without_end(WORTHLESS)


def called(id: Any, asked: dict[str, Any]) -> None:
    opening = f'{{"jsonrpc":"2.0","id":{json.dumps(id)},"result":'
    if KIND in ("silent", "only words"):
        say("no message") if KIND == "only words" else None
        time.sleep(NEVER)
    elif KIND in ("another id", "an id of another kind", "no id"):
        say({"jsonrpc": "2.0", "result": GOOD, **{"another id": {"id": 999}, "no id": {}}.get(KIND, {"id": f"{id}"})})
    elif KIND == "ends in the middle":
        begin(opening)
        os._exit(0)
    elif KIND == "huge":
        answer(id, {"content": [{"type": "text", "text": "x" * 3_000_000}]})
    elif KIND == "an answer without end":
        begin(opening + '{"content":[{"type":"text","text":"')
        without_end("x" * 1_000_000)
    elif KIND == "progress without end":
        told = {"progressToken": asked["_meta"]["progressToken"], "progress": 1, "message": "m" * 1000}
        without_end(json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": told}) + "\n")
    elif KIND == "deep":
        say(f'{opening}{{"content":[],"structuredContent":{{"a":{"[" * 5000}{"]" * 5000}}}}}}}')
    elif KIND in ("error without words", "error is text"):
        say({"jsonrpc": "2.0", "id": id, "error": "no" if KIND == "error is text" else {"code": -32000}})
    else:
        if KIND in ("twice", "before it is asked"):
            answer(id if KIND == "twice" else id + 1, GOOD)
        elif KIND == "words before":
            say("no message\n{")
        elif KIND == "asks back":
            sampling = {"messages": [], "maxTokens": 1}
            say({"jsonrpc": "2.0", "id": "q1", "method": "sampling/createMessage", "params": sampling})
            say({"jsonrpc": "2.0", "id": "q2", "method": "roots/list"})
        answer(id, CALLS.get(KIND, GOOD))


at_once()
for line in sys.stdin:
    asked = json.loads(line)
    method, id, params = asked.get("method"), asked.get("id"), asked.get("params") or {}
    if id is None or method is None:
        continue
    if method == "initialize":
        start(id, params)
    elif method == "tools/list":
        tools(id)
    elif method == "tools/call":
        called(id, params)
    else:
        say({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no such method"}})
