"""The Model Context Protocol, as far as a server of tools speaks it: messages in, messages out.

Facts: https://modelcontextprotocol.io/specification/2025-06-18 (basic/lifecycle, basic/utilities, server/tools).
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowbook import __version__
from flowbook.agents.tools import Call, Tool
from flowbook.errors import FlowbookError
from flowbook.json_text import parse_json
from flowbook.view.jsonable import jsonable

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
_PARSE, _INVALID, _NO_METHOD, _BAD_PARAMS = -32700, -32600, -32601, -32602
_MOST_SESSIONS = 1000
_INSTRUCTIONS = "Workflows of a Flowbook workspace. Each call is one run; the answer has its id, and what failed."

Message = dict[str, Any]
Send = Callable[[Message], None]


class Server:
    """Answers messages. ``tools()`` is asked anew each time, so that a workflow that was saved meanwhile is one."""

    def __init__(self, tools: Callable[[], Iterable[Tool]]) -> None:
        self._tools = tools
        self._going: dict[tuple[str, Any], _Going] = {}
        self._sessions: dict[str, None] = {}
        self._lock = threading.Lock()

    def open_session(self) -> str:
        """The id of a new session, for a transport that several clients share: each counts its requests by itself."""
        id = secrets.token_urlsafe(24)
        with self._lock:
            self._sessions[id] = None
            if len(self._sessions) > _MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
        return id

    def knows(self, session: str) -> bool:
        """Whether a session was opened here, and has not ended."""
        return session in self._sessions

    def end_session(self, session: str) -> None:
        """Forget a session; what goes on in it is cancelled."""
        with self._lock:
            self._sessions.pop(session, None)
            going = [one for (of, _), one in self._going.items() if of == session]
        for one in going:
            one.cancel()

    def take(self, text: str | bytes, send: Send, session: str = "") -> None:
        """Answer one message, by way of ``send``: none for a notification, any number of progress before an answer."""
        try:
            message = parse_json(text)
        except ValueError:
            send(_error(None, _PARSE, "this is not JSON"))
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            send(_error(None, _INVALID, "this is no message of JSON-RPC 2.0"))
        elif "method" in message:
            self._request(message, send, session)

    def _request(self, message: Message, send: Send, session: str) -> None:
        method, id, params = message["method"], message.get("id"), message.get("params")
        params = params if isinstance(params, dict) else {}
        if "id" not in message:
            if method == "notifications/cancelled":
                self._cancel((session, params.get("requestId")))
        elif method == "initialize":
            send(_answer(id, _hello(params)))
        elif method == "ping":
            send(_answer(id, {}))
        elif method == "tools/list":
            send(_answer(id, {"tools": [tool.described() for tool in self._tools()]}))
        elif method == "tools/call":
            self._call((session, id), params, send)
        else:
            send(_error(id, _NO_METHOD, f"there is no method {str(method)[:60]}"))

    def _call(self, key: tuple[str, Any], params: Mapping[str, Any], send: Send) -> None:
        id = key[1]
        tool = next((one for one in self._tools() if one.name == params.get("name")), None)
        arguments = params.get("arguments") or {}
        if tool is None or not isinstance(arguments, dict):
            send(_error(id, _BAD_PARAMS, f"there is no tool {str(params.get('name'))[:60]!r}"))
            return
        going = _Going()
        with self._lock:
            self._going[key] = going
        meta = params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, dict) else None

        def tell(done: int, total: int, message: str) -> None:
            if token is not None and not going.cancelled:
                facts = {"progressToken": token, "progress": done, "total": total, "message": message}
                send({"jsonrpc": "2.0", "method": "notifications/progress", "params": facts})

        result = _result(tool, Call(arguments, tell, going.ends_with))
        with self._lock:
            self._going.pop(key, None)
        if not going.cancelled:
            send(_answer(id, result))

    def _cancel(self, key: tuple[str, Any]) -> None:
        with self._lock:
            going = self._going.get(key)
        if going is not None:
            going.cancel()

    def close(self) -> None:
        """Cancel what is going on."""
        with self._lock:
            all_of_them = list(self._going.values())
        for going in all_of_them:
            going.cancel()


class _Going:
    """A call that goes on, and what ends it."""

    def __init__(self) -> None:
        self.cancelled = False
        self._action: Callable[[], None] | None = None

    def ends_with(self, action: Callable[[], None]) -> None:
        self._action = action
        if self.cancelled:
            action()

    def cancel(self) -> None:
        self.cancelled = True
        if self._action is not None:
            self._action()


def _hello(params: Mapping[str, Any]) -> dict[str, Any]:
    wanted = params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "flowbook", "version": __version__},
        "instructions": _INSTRUCTIONS,
    }


def _result(tool: Tool, call: Call) -> dict[str, Any]:
    """What a call gives; an error that Flowbook tells of is a result, too, for the agent to act upon."""
    try:
        found = jsonable(tool.act(call), lambda value: value)
    except FlowbookError as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}
    failed = bool(found.get("failed")) or found.get("status") in ("failed", "cancelled")
    text = json.dumps(found, ensure_ascii=False)
    return {"content": [{"type": "text", "text": text}], "structuredContent": found, "isError": failed}


def _answer(id: Any, result: dict[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "id": id, "result": result}


def _error(id: Any, code: int, words: str) -> Message:
    return {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": words}}
