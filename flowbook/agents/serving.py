"""How messages come and go: over standard input and output, or over HTTP.

Facts: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
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
    """One message a POST; its answer as JSON, or as events when progress is told on the way."""

    mcp: Server
    token: str
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        refusal = self._refusal()
        if refusal:
            self._end(refusal)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answers: list[Message] = []
        self.mcp.take(body, answers.append)
        if not answers:
            self._end(202)
        elif len(answers) == 1:
            self._end(200, json.dumps(answers[0]).encode(), "application/json")
        else:
            events = "".join(f"event: message\ndata: {json.dumps(one)}\n\n" for one in answers)
            self._end(200, events.encode(), "text/event-stream")

    def do_GET(self) -> None:
        self._end(405)

    do_DELETE = do_GET  # noqa: N815 - the name that http.server calls

    def _refusal(self) -> int:
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
        if not (length.isascii() and length.isdecimal()):
            return 411
        return 413 if len(length) > 9 or int(length) > _MOST_BYTES else 0

    def _end(self, status: int, body: bytes = b"", kind: str = "") -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if status >= 400:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the runs are the record."""
