"""One connection for one task: opened, told what to do, ended when the run is cancelled; and its failures in words.

Facts: https://redis.io/docs/latest/develop/reference/protocol-spec/ and, for the errors' first words,
https://redis.io/docs/latest/develop/clients/error-handling/.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flowbook import TaskFailed, current, how_to_install

from .models import Credentials
from .values import plain, shown

_READS = (b"readonly", "readonly")
# By the first word of the server's error: what may be otherwise at the next try, and what to do.
_MAY_PASS = {"LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "OOM", "MISCONF", "NOREPLICAS", "NOTREADY"}
_HINTS = {
    "WRONGTYPE": "The key holds another type: there are get_hash, list_items, list_members, read_stream and command.",
    "NOPERM": "Ask for it in the user's ACL.",
    "OOM": "The server's memory is full (maxmemory).",
    "READONLY": "The server is a replica: give the address of its master.",
    "MOVED": "It is a cluster, whose keys are on several servers: give the address of the one that has this key.",
    "BUSY": "A script is running in the server: retry the node.",
}


class Line:
    """A connection that is open and signed in."""

    def __init__(self, connection: Any, place: str) -> None:
        self._connection = connection
        self._place = place
        self.unanswered = False
        """Whether a change was sent whose answer did not come."""

    def ask(self, *words: Any) -> Any:
        """Send a command that changes nothing; the server's answer as it came: bytes, numbers, None, lists of these."""
        self._connection.send_command(*words)
        return self._connection.read_response()

    def change(self, *words: Any) -> Any:
        """Send a command that changes something; in a dry run it is only remembered."""
        self._about_to(words)
        self.unanswered = True
        try:
            answer = self.ask(*words)
        except _redis().ResponseError:
            self.unanswered = False
            raise
        self.unanswered = False
        return answer

    def change_together(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """Send commands that take effect together, or not at all (MULTI, EXEC); their answers."""
        for words in commands:
            self._about_to(words)
        self.unanswered = True
        self._connection.send_packed_command(self._connection.pack_commands([("MULTI",), *commands, ("EXEC",)]))
        queued = [self._answer_or_error() for _ in range(len(commands) + 1)]
        done = self._answer_or_error()  # EXECABORT where one of them was not taken: that one's error says more
        self.unanswered = False
        failed = next((one for one in (*queued, done) if isinstance(one, Exception)), None)
        if failed is not None:
            raise failed
        for answer in done:
            if isinstance(answer, Exception):
                raise answer
        return list(done)

    def run(self, *words: Any) -> Any:
        """Send a command of which only the server knows whether it changes something."""
        return self.ask(*words) if current().rehearsing and self._only_reads(words[0]) else self.change(*words)

    def listen(self, channels: list[str], patterns: list[str]) -> list[Any]:
        """Listen to channels, and to those that are like a pattern; what the server said by itself meanwhile.

        Of each that it listens to already it may send messages before it agrees to the next.
        """
        for word, names in (("SUBSCRIBE", channels), ("PSUBSCRIBE", patterns)):
            if names:
                self._connection.send_command(word, *names)
        said, agreed = [], 0
        while agreed < len(channels) + len(patterns):
            answer = self._connection.read_response()
            if answer[0] in (b"subscribe", b"psubscribe"):
                agreed += 1
            else:
                said.append(answer)
        return said

    def message(self, seconds: float) -> Any:
        """What the server says by itself, waited for; None when there was nothing."""
        return self._connection.read_response() if self._connection.can_read(timeout=seconds) else None

    def _answer_or_error(self) -> Any:
        try:
            return self._connection.read_response()
        except _redis().ResponseError as error:
            return error

    def _only_reads(self, name: Any) -> bool:
        known = self.ask("COMMAND", "INFO", name)
        return bool(known) and bool(known[0]) and any(flag in _READS for flag in known[0][2])

    def _about_to(self, words: tuple[Any, ...]) -> None:
        if current().rehearsing:
            text = [shown(word) for word in words]
            current().about_to("redis", self._place, " ".join(text[:2]), arguments=text)


@contextmanager
def session(credentials: Credentials, *, cut: bool = True) -> Iterator[Line]:
    """A connection for one task, always closed. TaskFailed says which kind of failure it was.

    Kinds: unauthorized, forbidden, not_found (the database), unreachable, wrong_address, timeout, tls, rate_limited.
    Cancelling the run shuts the connection; with ``cut`` off the task itself looks whether it was cancelled.
    """
    place = f"{credentials.host}:{credentials.port}"
    current().check_host(credentials.host, credentials.port)
    connection = _made(credentials)
    line = None
    try:
        with current().on_cancel(lambda: _shut(connection) if cut else None):
            current().wait_for(connection.connect, f"connecting to {place}", lambda _: connection.disconnect())
            if current().cancelled:  # meanwhile, when there was nothing yet to be shut
                raise ConnectionAbortedError
            line = Line(connection, place)
            yield line
    except (_redis().RedisError, OSError, UnicodeError) as error:
        failure = _failure(credentials, place, error, line is not None)
        if line is not None and line.unanswered:
            failure.warn()
        raise failure from None
    finally:
        with suppress(_redis().RedisError, OSError):
            connection.disconnect()


def _redis() -> Any:
    try:
        import redis
    except ImportError:
        raise TaskFailed("redis-py is not installed.", hint=how_to_install("redis"), permanent=True) from None
    return redis


def _made(credentials: Credentials) -> Any:
    redis = _redis()
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    given: dict[str, Any] = {
        "host": credentials.host, "port": credentials.port, "db": credentials.database,
        "username": credentials.username,
        "password": credentials.password.reveal() if credentials.password else None,
        "socket_timeout": credentials.timeout, "socket_connect_timeout": credentials.timeout,
        "socket_keepalive": True, "protocol": 2, "retry": Retry(NoBackoff(), 0),
    }  # fmt: skip
    if credentials.tls == "disable":
        return redis.Connection(**given)
    files = {
        f"ssl_{name}": str(current().credential_file(path))
        for name, path in (
            ("ca_certs", credentials.tls_ca), ("certfile", credentials.tls_cert), ("keyfile", credentials.tls_key)
        )
        if path
    }  # fmt: skip
    known = "none" if credentials.tls == "require" else "required"
    return redis.SSLConnection(
        **given, **files, ssl_cert_reqs=known, ssl_check_hostname=credentials.tls == "verify-full"
    )


def _shut(connection: Any) -> None:
    """End what waits for an answer: from another thread, so that the socket is shut and not closed."""
    line = getattr(connection, "_sock", None)
    if line is not None:
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # that of an SSLSocket would first end its encryption


def _failure(credentials: Credentials, place: str, error: Exception, opened: bool) -> TaskFailed:
    if current().cancelled:
        after = " What was asked for last may have taken effect." if opened else ""
        return TaskFailed(f"Cancelled: the connection to {place} was shut.{after}", {"kind": "cancelled"})
    refusal = _refusal(credentials, place, error, opened)
    if refusal is not None:
        return refusal
    kind, words, hint = _kind_of(error)
    after = " What was asked for last may have taken effect." if opened else ""
    return TaskFailed(f"{words} ({place}).{after}", {"kind": kind}, hint, permanent=kind == "tls")


def _refusal(credentials: Credentials, place: str, error: Exception, opened: bool) -> TaskFailed | None:
    """What the server itself said, if it did."""
    redis = _redis()
    secret = credentials.password.reveal() if credentials.password else ""
    said = " ".join(str(error).split()).rstrip(".")
    said = said.replace(secret, "***") if len(secret) >= 3 else said
    if isinstance(error, redis.AuthenticationError):
        hint = "Check both; without a username it is the default user's password."
        what = f"The server refused the username or the password ({place}): {said}."
        return TaskFailed(what, {"kind": "unauthorized"}, hint, permanent=True)
    if isinstance(error, redis.MaxConnectionsError):
        return TaskFailed("The server has no connection left.", {"kind": "rate_limited"}, "Try again later.")
    if not isinstance(error, (redis.ResponseError, redis.BusyLoadingError, redis.ReadOnlyError)):
        return None
    code = type_of(error)
    data = {"kind": "forbidden"} if code == "NOPERM" else {"code": code}
    if not opened:
        data = {"kind": "not_found"} if code in ("ERR", "DB") else data  # "DB index is out of range"
    return TaskFailed(f"Redis refused it: {said}.", data, _HINTS.get(code, ""), permanent=code not in _MAY_PASS)


_CODES = {
    "AuthenticationError": "NOAUTH",
    "BusyLoadingError": "LOADING",
    "ClusterDownError": "CLUSTERDOWN",
    "ExecAbortError": "EXECABORT",
    "MasterDownError": "MASTERDOWN",
    "MovedError": "MOVED",
    "NoPermissionError": "NOPERM",
    "NoScriptError": "NOSCRIPT",
    "OutOfMemoryError": "OOM",
    "ReadOnlyError": "READONLY",
    "TryAgainError": "TRYAGAIN",
}


def type_of(error: Exception) -> str:
    """The first word of the server's error, which redis-py takes off where it has a class of its own for it."""
    named = _CODES.get(type(error).__name__)
    first = str(error).partition(" ")[0]
    return named or (first if first.isupper() and first.isalpha() else "ERR")


_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)  # the line was at an end, which is no fault of TLS


def _kind_of(error: Exception) -> tuple[str, str, str]:
    causes = [error, error.__cause__, error.__context__]
    if any(isinstance(one, ssl.SSLError) and not isinstance(one, _ENDED) for one in causes):
        hint = "verify-ca and verify-full need the authority's certificate (tls_ca); verify-full the exact name too."
        return "tls", "No TLS connection as asked for could be made", hint
    if any(isinstance(one, (TimeoutError, _redis().TimeoutError)) for one in causes):
        return "timeout", "The server did not answer in time", "Check host and port, and the firewall."
    if any(isinstance(one, (socket.gaierror, UnicodeError)) for one in causes):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    if any(isinstance(one, FileNotFoundError) for one in causes):
        return "tls", "A file of tls_ca, tls_cert or tls_key is not there", "Check their paths."
    if isinstance(error, _redis().InvalidResponse) or plain(str(error)).startswith("Protocol Error"):
        return "wrong_address", "Something answers there, but not as Redis does", "Check the port; Redis' own is 6379."
    return "unreachable", "The server cannot be reached, or ended the connection", "Check host, port and tls."
