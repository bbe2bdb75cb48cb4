"""Sessions with servers, which are started once and kept between calls: one loop in the background has them all.

A server that nobody called for a while is let go, and all are when the process ends. One that died, or whose call was
cancelled, is let go at once; the next call starts it anew.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shlex
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError, Future, wait
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flowbook import TaskFailed, current, http

from .models import Credentials

IDLE = 30.0  # seconds
START = 60.0
_LOOK_AGAIN = 0.1
_SETTLE = 0.05  # in which the loop hears that the pipes of a process that has ended are closed, and lets go of them


class _Live(NamedTuple):
    client: Any
    manager: Any
    last: list[float]


class Sessions:
    """Those of this process, by what their servers were started with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: dict[str, _Live] = {}
        self._portal: Any = None
        self._portal_manager: Any = None
        self._sweeper: threading.Timer | None = None

    def use(self, credentials: Credentials, act: Callable[[Any], Any], timeout: float) -> Any:
        """What ``await act(client)`` gives. TaskFailed when the server fails, or takes longer."""
        key = _key(credentials)
        live = self._session(key, credentials)
        try:
            return self._finish(self._portal.start_task_soon(act, live.client), timeout)
        except TaskFailed:
            self.drop(key)
            raise
        except Exception as error:  # noqa: BLE001 - whatever the server does, it is told as its fault
            words = str(error) or type(error).__name__
            if _is_of_the_tool(error):
                raise TaskFailed(f"The server refuses the call: {words[:500]}") from None
            self.drop(key)
            raise TaskFailed(f"The server failed: {words[:500]}", hint="The next call starts it anew.") from None
        finally:
            live.last[0] = time.monotonic()
            self._sweep_later()

    def _finish(self, future: Future[Any], timeout: float) -> Any:
        end = time.monotonic() + timeout
        while not future.done():
            if current().cancelled or time.monotonic() >= end:
                future.cancel()
                raise TaskFailed(
                    "The call was cancelled." if current().cancelled else f"It took longer than {timeout:g} s."
                )
            wait([future], _LOOK_AGAIN)
        return future.result()

    def _session(self, key: str, credentials: Credentials) -> _Live:
        with self._lock:
            if key not in self._live:
                self._live[key] = self._started(credentials)
            return self._live[key]

    def _started(self, credentials: Credentials) -> _Live:
        try:
            import anyio.from_thread

            from mcp import Client
        except ImportError:
            hint = "Run: pip install 'jupyter-flowbook[mcp]'"
            raise TaskFailed("The library for MCP is not installed.", hint=hint, permanent=True) from None
        if self._portal is None:
            self._portal_manager = anyio.from_thread.start_blocking_portal()
            self._portal = self._portal_manager.__enter__()
            atexit.register(self.close)
        if credentials.url:
            parts = urlsplit(_checked(credentials.url))
            current().check_host((parts.hostname or "").lower(), parts.port or {"http": 80}.get(parts.scheme, 443))
        manager = self._portal.wrap_async_context_manager(Client(_transport(credentials), read_timeout_seconds=START))
        try:
            return _Live(manager.__enter__(), manager, [time.monotonic()])
        except Exception as error:  # noqa: BLE001 - a command or an address may be wrong in any way
            inner: BaseException = error
            while getattr(inner, "exceptions", ()):  # of a group: what happened first
                inner = inner.exceptions[0]  # type: ignore[attr-defined]
            words = (str(inner) or type(inner).__name__)[:300]
            raise TaskFailed(f"The server cannot be reached: {words}", hint="Check its command or address.") from None

    def drop(self, key: str) -> None:
        """Let a server go: its process ends."""
        with self._lock:
            live = self._live.pop(key, None)
        if live is not None:
            try:
                live.manager.__exit__(None, None, None)
            except (Exception, CancelledError):  # noqa: BLE001 - it is gone, in whatever way
                return

    def _sweep_later(self) -> None:
        with self._lock:
            if self._sweeper is None and self._live:
                self._sweeper = threading.Timer(IDLE, self._sweep)
                self._sweeper.daemon = True
                self._sweeper.start()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
            idle = [key for key, live in self._live.items() if time.monotonic() - live.last[0] >= IDLE]
        for key in idle:
            self.drop(key)
        self._sweep_later()

    def close(self) -> None:
        """Let all go."""
        with self._lock:
            sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            sweeper.cancel()
        for key in list(self._live):
            self.drop(key)
        if self._portal_manager is not None:
            self._portal_manager.__exit__(None, None, None)
            self._portal = self._portal_manager = None


SESSIONS = Sessions()


def _checked(url: str) -> str:
    reason = ""
    try:
        return http.checked_address(url)
    except ValueError as error:
        reason = str(error)
    hint = "Give it as https://host/path."
    raise TaskFailed(f"The server's address cannot be used: {reason}.", hint=hint, permanent=True)


def _key(credentials: Credentials) -> str:
    token = credentials.token.reveal() if credentials.token else ""
    facts = [credentials.command, credentials.url, token, sorted(credentials.variables().items())]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _is_of_the_tool(error: Exception) -> bool:
    """Whether the server answered, with an error: the session goes on then."""
    from mcp import MCPError
    from mcp.types import CONNECTION_CLOSED

    return isinstance(error, MCPError) and error.code != CONNECTION_CLOSED


def _transport(credentials: Credentials) -> Any:
    from mcp import StdioServerParameters

    if credentials.url:
        return _over_http(credentials)
    words = shlex.split(credentials.command)
    server = StdioServerParameters(command=words[0], args=words[1:], env=credentials.variables())
    return _over_stdio(server)


@asynccontextmanager
async def _over_stdio(server: Any) -> AsyncIterator[Any]:
    import anyio

    from mcp.client.stdio import stdio_client

    with open(os.devnull, "w") as nowhere:
        async with stdio_client(server, errlog=nowhere) as streams:
            yield streams
        await anyio.sleep(_SETTLE)


@asynccontextmanager
async def _over_http(credentials: Credentials) -> AsyncIterator[Any]:
    from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

    headers = {"Authorization": f"Bearer {credentials.token.reveal()}"} if credentials.token else {}
    async with (
        create_mcp_http_client(headers=headers) as client,
        streamable_http_client(_checked(credentials.url), http_client=client) as streams,
    ):
        yield streams
