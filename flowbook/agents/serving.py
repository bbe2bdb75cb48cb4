"""How messages come and go: over standard input and output, or over HTTP.

Facts: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports (Streamable HTTP, Session Management)
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from flowbook.agents.protocol import Message, Server

_MOST_BYTES = 10_000_000
_AT_ONCE = 8
_SESSION = "Mcp-Session-Id"
_HERE = ("127.0.0.1", "localhost", "[::1]")


def serve_stdio(server: Server) -> None:
    """Answer line by line until standard input ends; what goes on then is cancelled.

    Whatever else is printed meanwhile goes to standard error: on standard output it would be a broken message.
    """
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    serve_lines(server, sys.stdin.buffer, out)


def serve_lines(server: Server, lines: BinaryIO, out: BinaryIO) -> None:
    """Answer each line of ``lines`` with lines of ``out``; calls go on side by side."""
    writing = threading.Lock()

    def send(message: Message) -> None:
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with writing:
            out.write(line)
            out.flush()

    with ThreadPoolExecutor(_AT_ONCE, "flowbook-mcp") as pool:
        try:
            for line in lines:
                if not line.strip():
                    continue
                if b'"tools/call"' in line:
                    pool.submit(server.take, line, send)
                else:
                    server.take(line, send)
        finally:
            server.close()


def http_server(server: Server, port: int, token: str) -> ThreadingHTTPServer:
    """A server on this machine's own address, at ``/mcp``, for those who have the ``token``."""
    handler = type("_Bound", (_Handler,), {"mcp": server, "token": token})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


class _Handler(BaseHTTPRequestHandler):
    """One message a POST; its answer as JSON, or as events as soon as progress is told on the way.

    Each client has a session of its own from its ``initialize`` on, which it ends by DELETE.
    """

    mcp: Server
    token: str
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        refusal = self._refusal()
        if refusal:
            self._end(refusal)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reply = _Reply(self)
        self.mcp.take(body, reply.send, self.headers.get(_SESSION, ""))
        reply.end()

    def do_GET(self) -> None:
        self._end(405)

    def do_DELETE(self) -> None:
        refusal = self._refusal(has_body=False)
        if not refusal:
            self.mcp.end_session(self.headers.get(_SESSION, ""))
        self._end(refusal or 204)

    def _refusal(self, *, has_body: bool = True) -> int:
        """The status of a request that is not answered; 0 for one that is. A page of a browser has no business here."""
        origin = self.headers.get("Origin")
        length = self.headers.get("Content-Length", "")
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in _HERE or (origin is not None and urlsplit(origin).hostname not in ("127.0.0.1", "localhost")):
            return 403
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {self.token}".encode()):
            return 401
        if self.path.rstrip("/") != "/mcp":
            return 404
        if (session := self.headers.get(_SESSION)) and not self.mcp.knows(session):
            return 404  # the client begins another then
        if not has_body:
            return 0
        if not (length.isascii() and length.isdecimal()):
            return 411
        return 413 if len(length) > 9 or int(length) > _MOST_BYTES else 0

    def _end(self, status: int, body: bytes = b"", kind: str = "", session: str = "") -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if session:
            self.send_header(_SESSION, session)
        if status >= 400:
            self.close_connection = True
            self.send_header("Connection", "close")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the runs are the record."""


class _Reply:
    """What is sent back for one POST: events from the first progress on, for a client that takes them."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self._writing = threading.Lock()
        self._takes_events = (
            "text/event-stream" in handler.headers.get("Accept", "") and handler.request_version == "HTTP/1.1"
        )
        self._begun = self._gone = False
        self._answer: Message | None = None

    def send(self, message: Message) -> None:
        """Tell progress at once; the answer itself is kept for the end."""
        with self._writing:
            if "method" not in message:
                self._answer = message
            elif self._takes_events:
                self._event(message)

    def end(self) -> None:
        """Send the answer, if there is one."""
        with self._writing:
            if self._begun:
                if self._answer is not None:
                    self._event(self._answer)
                self._write(b"0\r\n\r\n")
            elif self._answer is None:
                self._handler._end(202)
            else:
                hello = "protocolVersion" in self._answer.get("result", {})
                session = self._handler.mcp.open_session() if hello else ""
                self._handler._end(200, json.dumps(self._answer).encode(), "application/json", session)

    def _event(self, message: Message) -> None:
        if not self._begun:
            self._begun = True
            self._handler.send_response(200)
            self._handler.send_header("Content-Type", "text/event-stream")
            self._handler.send_header("Cache-Control", "no-store")
            self._handler.send_header("Transfer-Encoding", "chunked")
            self._handler.end_headers()
        event = f"event: message\ndata: {json.dumps(message)}\n\n".encode()
        self._write(b"%x\r\n%s\r\n" % (len(event), event))

    def _write(self, content: bytes) -> None:
        """A client that went away hears nothing more; its run goes on until it is cancelled."""
        if not self._gone:
            try:
                self._handler.wfile.write(content)
            except OSError:
                self._gone = self._handler.close_connection = True
