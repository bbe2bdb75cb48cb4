"""HTTP, at urllib3's pools: what requests and botocore both send by.

vcrpy and betamax were looked at for this part. Both keep one cassette for a process, and vcrpy takes its patches off
for a moment at each new connection, in which requests of other threads leave the machine (its issues 212, 849, 1052).
"""

from __future__ import annotations

import hashlib
import io
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from flowbook.cassettes import failures
from flowbook.cassettes.content import bytes_of, told
from flowbook.cassettes.places import here, is_kept, keeping, tape_here
from flowbook.cassettes.tape import Tape
from flowbook.errors import TaskFailed

LARGEST = 50_000_000
"""Bytes of an answer that is kept."""
SHOWN = 20_000
"""Bytes of a request's body that stand in the cassette; of a longer one its digest does."""

# Of the query: what AWS signs with, which is another one each time, or a credential.
_SIGNED = re.compile(
    r"x-amz-(signature|credential|date|security-token|content-sha256)|signature|awsaccesskeyid|expires"
)
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_LEFT_OUT = frozenset({"set-cookie", "connection", "keep-alive", "transfer-encoding", "content-encoding"})


def changes(module: Any) -> Iterator[tuple[Any, str, Callable[[Any], Any]]]:
    """What is changed in ``urllib3.connectionpool``."""
    yield module.HTTPConnectionPool, "urlopen", _taped


def _taped(urlopen: Any) -> Any:
    def taped(
        self: Any, method: str, url: str, body: Any = None, headers: Any = None, *rest: Any, **options: Any
    ) -> Any:
        tape = tape_here()
        if tape is None or is_kept():
            return urlopen(self, method, url, body, headers, *rest, **options)
        content, body = _content(body)
        given = headers if headers is not None else self.headers
        request = _request(self, method, url, content, given, tape.clean)
        stream = not options.get("preload_content", True)
        if tape.replaying:
            return _played(self, tape.answer(here(), "http", request), method, url, stream)
        with keeping():
            return _kept(self, tape, request, stream, lambda: urlopen(
                self, method, url, body, headers, *rest, **{**options, "preload_content": False}
            ))  # fmt: skip

    return taped


def _content(body: Any) -> tuple[bytes, Any]:
    """The bytes of a body, and what is sent in its place where they can be read only once."""
    if body is None or isinstance(body, (bytes, bytearray, str)):
        return (body.encode() if isinstance(body, str) else bytes(body or b"")), body
    if hasattr(body, "read"):
        if not hasattr(body, "seek"):
            content = body.read()
            return content, io.BytesIO(content)
        start = body.tell()
        content = body.read()
        body.seek(start)
        return (content.encode() if isinstance(content, str) else content), body
    content = b"".join(one.encode() if isinstance(one, str) else bytes(one) for one in body)
    return content, iter([content])


def _request(
    pool: Any, method: str, url: str, content: bytes, headers: Any, clean: Callable[[Any], Any]
) -> dict[str, Any]:
    """A request as it is looked for: without headers, which hold credentials, times and names of programs."""
    parts = urlsplit(url)
    path = parts.path or "/"
    query = [(name, "…" if _SIGNED.fullmatch(name.lower()) else value) for name, value in
             parse_qsl(parts.query, keep_blank_values=True)]  # fmt: skip
    found: dict[str, Any] = {"method": method.upper(), "url": f"{pool.scheme}://{pool.host}:{pool.port}{path}"}
    if query:
        found["query"] = "&".join(f"{quote(name, safe='')}={value}" for name, value in query)
    if content:
        kind = next(
            (str(value) for name, value in dict(headers or {}).items() if str(name).lower() == "content-type"), ""
        )
        found["body"] = _body(content, kind, clean)
    return found


def _body(content: bytes, kind: str, clean: Callable[[Any], Any]) -> Any:
    boundary = _BOUNDARY.search(kind)
    if boundary:  # a random one each time
        content = content.replace(boundary[1].encode(), b"boundary")
    if len(content) <= SHOWN:
        return told(content)
    content = clean(content)  # a digest lets a guess at a secret be tried
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _kept(pool: Any, tape: Tape, request: dict[str, Any], stream: bool, send: Callable[[], Any]) -> Any:
    """Send it, and keep what comes of it."""
    import urllib3

    try:
        response = send()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        tape.keep(here(), "http", request, {"failed": _failure(error)})
        raise
    try:
        content, cut = _all_of(response)
    finally:
        response.release_conn()
    headers = [[name, value] for name, value in response.headers.items() if name.lower() not in _LEFT_OUT]
    answer = {"status": response.status, "reason": response.reason or "", "headers": headers, "body": told(content)}
    if cut:
        answer["cut"] = True
    tape.keep(here(), "http", request, answer)
    cookies = [("Set-Cookie", value) for value in response.headers.getlist("set-cookie")]
    return _response(pool, answer, request["method"], stream, cookies)


def _all_of(response: Any) -> tuple[bytes, bool]:
    """The decoded body, and whether it ended before its end."""
    import urllib3

    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.stream(65_536, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST:
                raise TaskFailed(f"an answer is larger than {LARGEST:,} bytes, which a cassette does not keep.")
    except (urllib3.exceptions.ProtocolError, OSError):
        return b"".join(chunks), True
    return b"".join(chunks), False


def _played(pool: Any, answer: Any, method: str, url: str, stream: bool) -> Any:
    if "failed" in answer:
        raise _raised(pool, url, answer["failed"])
    return _response(pool, answer, method, stream, [])


def _response(pool: Any, answer: Any, method: str, stream: bool, cookies: list[tuple[str, str]]) -> Any:
    """An answer as urllib3 gives it, made of what is kept."""
    from urllib3 import HTTPHeaderDict
    from urllib3.response import HTTPResponse

    content = bytes_of(answer["body"])
    headers = HTTPHeaderDict([*((name, value) for name, value in answer["headers"]), *cookies])
    if "content-length" in headers and not answer.get("cut") and method.upper() != "HEAD":
        headers["Content-Length"] = str(len(content))  # a secret left out of it has made it shorter
    return HTTPResponse(
        body=io.BytesIO(content), headers=headers, status=answer["status"], reason=answer["reason"], version=11,
        version_string="HTTP/1.1", preload_content=not stream, decode_content=False, request_method=method,
        enforce_content_length=True,
    )  # fmt: skip


def _failure(error: BaseException) -> dict[str, Any]:
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, BaseException) else error
    wrapped = "MaxRetryError" if cause is not error else ""
    return {"error": type(cause).__name__, "message": str(cause), "within": wrapped, "cause": failures.told(cause)}


def _raised(pool: Any, url: str, failed: Any) -> Exception:
    """The error that urllib3 raised, as far as what catches it can tell."""
    from urllib3 import exceptions as known

    words, name = failed["message"], failed["error"]
    made: dict[str, Callable[[], Exception]] = {
        "NewConnectionError": lambda: known.NewConnectionError(pool, words),
        "NameResolutionError": lambda: known.NameResolutionError(pool.host, pool, socket.gaierror(words)),
        "ConnectTimeoutError": lambda: known.ConnectTimeoutError(pool, words),
        "ReadTimeoutError": lambda: known.ReadTimeoutError(pool, url, words),
        "SSLError": lambda: known.SSLError(words),
        "ProxyError": lambda: known.ProxyError(words, OSError(words)),
    }
    error = made.get(name, lambda: known.ProtocolError(words))()
    if failed.get("cause"):
        error.__cause__ = failures.made(failed["cause"])
    return known.MaxRetryError(pool, url, error) if failed["within"] else error
