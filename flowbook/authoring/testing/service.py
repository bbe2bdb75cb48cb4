"""A service that answers as told: a real HTTP server on 127.0.0.1 that records what it is asked."""

from __future__ import annotations

import json as json_module
import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flowbook.internal import internal
from flowbook.json_text import parse_json

_NOTHING: Any = object()


class Headers(Mapping[str, str]):
    """Header fields by name, in any case."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): value for name, value in fields.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)


@dataclass(frozen=True)
class Request:
    """A request that the service received.

    ``path`` is decoded and without the query; ``query`` maps each name to its last value, ``query_lists`` to all of
    them; ``match`` holds what the route's placeholders stood for; ``body`` is its bytes, and ``headers`` are found in
    any case.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    body: bytes = b""
    query_lists: dict[str, list[str]] = field(default_factory=dict)
    match: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON; None when there is no body. Raises ValueError when it is not JSON."""
        return parse_json(self.body) if self.body else None

    @property
    def form(self) -> dict[str, str]:
        """The body as an urlencoded form: each name with its last value."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class Answer:
    """What the service answers: ``json``, or ``body`` (text or bytes), with status and headers.

    ``delay`` is the seconds before it is sent. ``truncate`` sends only so many bytes of the body, though the header
    announces all of them, and closes the connection; with ``stall`` it is held open for so many seconds more. ``drop``
    closes it without any answer, ``reset`` breaks it off there, so that what was sent may be lost on its way. ``raw``
    are bytes that are sent in place of an answer, as by a server that does not speak HTTP.
    """

    status: int = 200
    json: Any = _NOTHING
    body: str | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    truncate: int | None = None
    drop: bool = False
    stall: float = 0
    reset: bool = False
    raw: bytes | None = None

    def content(self, json_type: str = "application/json") -> tuple[bytes, dict[str, str]]:
        """The body's bytes and all header fields; JSON is of ``json_type`` unless ``headers`` say otherwise."""
        headers = dict(self.headers)
        given = {name.lower() for name in headers}
        if self.json is not _NOTHING:
            body, kind = json_module.dumps(self.json).encode(), json_type
        else:
            body = self.body.encode() if isinstance(self.body, str) else self.body
            kind = "text/plain; charset=utf-8" if isinstance(self.body, str) else "application/octet-stream"
        if body and "content-type" not in given:
            headers["Content-Type"] = kind
        if self.status >= 200 and self.status != 204 and "content-length" not in given:
            headers["Content-Length"] = str(len(body))
        return body, headers


Answers = Answer | Callable[[Request], Answer] | Sequence["Answer | Callable[[Request], Answer]"]


class _Route:
    """A method and a path pattern with its answers: one after another, the last one again and again."""

    def __init__(self, method: str, path: str, answers: Sequence[Answer | Callable[[Request], Answer]]) -> None:
        self.method = method.upper()
        pieces = re.split(r"\{(\w+)(:path)?\}", path)
        pattern = ""
        for at in range(0, len(pieces), 3):
            pattern += re.escape(pieces[at])
            if at + 2 < len(pieces):
                pattern += f"(?P<{pieces[at + 1]}>{'.+' if pieces[at + 2] else '[^/]+'})"
        self.pattern = re.compile(pattern)
        self.answers = list(answers)

    def next(self) -> Answer | Callable[[Request], Answer]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class FakeService:
    """``url`` is its address, ``requests`` what it was asked so far, ``unexpected`` that for which it had no route.

    ``json_type`` is the content type of its JSON answers: vendors write it in their own ways.
    """

    def __init__(self) -> None:
        self.json_type = "application/json"
        self.requests: list[Request] = []
        self.unexpected: list[Request] = []
        self._routes: list[_Route] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Handler,), {"service": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address, as in ``http://127.0.0.1:40123``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, answers: Answers | None = None, **answer: Any) -> FakeService:
        """Answer ``method path`` so; the route that was added last wins, and the service is returned.

        ``path`` may have placeholders: ``/repos/{owner}/{name}``, and ``{rest:path}`` for several segments. ``method``
        may be ``*``. ``answers`` is an :class:`Answer`, a function of the :class:`Request` that gives one, or a list of
        these (the last one repeats); or give the fields of a single Answer: ``on("GET", "/me", json={"id": 1})``.
        Raises TypeError for both at once, and ValueError for an empty list.
        """
        if answers is not None and answer:
            raise TypeError("give answers, or the fields of one answer, not both")
        if answers is None:
            answers = Answer(**answer)
        several = list(answers) if isinstance(answers, Sequence) else [answers]
        if not several:
            raise ValueError("a route needs at least one answer")
        with self._lock:
            self._routes.insert(0, _Route(method, path, several))
        return self

    def forget(self) -> None:
        """Have no routes and no requests any more."""
        with self._lock:
            self._routes.clear()
            self.requests.clear()
            self.unexpected.clear()

    def close(self) -> None:
        """Stop answering; requests that are being delayed are let go."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @internal
    def answer(self, request: Request) -> Answer:
        """Record a request and choose its answer: 404 in plain words when there is no route."""
        chosen: Any = None
        with self._lock:
            for route in self._routes:
                found = route.pattern.fullmatch(request.path)
                if found and route.method in ("*", request.method):
                    request.match.update(found.groupdict())
                    chosen = route.next()
                    break
            self.requests.append(request)
            if chosen is None:
                self.unexpected.append(request)
        if chosen is None:
            return Answer(404, json={"message": f"the fake service has no route for {request.method} {request.path}"})
        result: Answer = chosen(request) if callable(chosen) else chosen
        self.wait(result.delay)
        return result

    @internal
    def wait(self, seconds: float) -> None:
        """Let an answer wait, no longer than until the service is closed."""
        if seconds:
            self._closing.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    service: FakeService
    protocol_version = "HTTP/1.1"
    timeout = 30

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client went away, as clients with a timeout do
            self.close_connection = True

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        self._serve()
        return False  # the base class has nothing left to do

    def _serve(self) -> None:
        self.close_connection = True
        address = urlsplit(self.path)
        lists = parse_qs(address.query, keep_blank_values=True)
        query = {name: values[-1] for name, values in lists.items()}
        headers = Headers(dict(self.headers.items()))
        request = Request(self.command, unquote(address.path), query, headers, self._read(), lists)
        answer = self.service.answer(request)
        if answer.raw is not None:
            self.wfile.write(answer.raw)
        elif not answer.drop:
            self._send(answer)
        self.service.wait(answer.stall)
        if answer.reset:  # closing sends RST then, as a machine does that was switched off and on
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

    def _send(self, answer: Answer) -> None:
        body, fields = answer.content(self.service.json_type)
        self.send_response(answer.status)
        for name, value in {**fields, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if answer.truncate is None else body[: answer.truncate])

    def _read(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a test's output is its own."""


@contextmanager
def fake_service() -> Iterator[FakeService]:
    """A running :class:`FakeService`, for the length of a ``with`` block; a proxy of the environment is kept out."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    listed = [value for value in (before["no_proxy"] or before["NO_PROXY"], "127.0.0.1") if value]
    os.environ.update(dict.fromkeys(before, ",".join(listed)))
    service = FakeService()
    try:
        yield service
    finally:
        service.close()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
