"""A real local HTTP server that stands in for a service, for the tests of integrations."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flowbook.http import waiting


@dataclass
class Call:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass
class Answer:
    """What the service answers: JSON, or bytes of a content type."""

    json: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "text/plain"


class Service(ThreadingHTTPServer):
    """``routes`` holds an Answer, a list of them (the last stays), or a function of the Call, by "METHOD /path"."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.routes: dict[str, Any] = {}
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def named(self, route: str) -> list[Call]:
        """The calls of one route."""
        return [call for call in self.calls if f"{call.method} {call.path}" == route]

    def answer(self, call: Call) -> Answer:
        known: Any = self.routes.get(f"{call.method} {call.path}", Answer({"message": "no such route"}, 404))
        if isinstance(known, list):
            known = known.pop(0) if len(known) > 1 else known[0]
        return known if isinstance(known, Answer) else known(call)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        call = Call(self.command, parts.path, query, dict(self.headers), body)
        self.server.calls.append(call)
        answer = self.server.answer(call)
        content = answer.body if answer.body is not None else json.dumps(answer.json).encode()
        kind = answer.content_type if answer.body is not None else "application/json"
        self.send_response(answer.status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if int(answer.headers.get("Content-Length", 0)) > len(content):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = respond

    def log_message(self, *args: Any) -> None:
        """Keep the output quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    """A running service without routes."""
    one = Service()
    threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield one
    one.shutdown()
    one.server_close()


@pytest.fixture
def answer() -> type[Answer]:
    """How to write an answer: ``answer({"ok": True}, status=200)``."""
    return Answer


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between tries that there would have been, in seconds; none of them happens."""
    waited: list[float] = []

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr(waiting, "pause", pause)
    return waited
