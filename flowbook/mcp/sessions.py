"""Sessions with servers, which are started once and kept between calls: one loop in the background has them all.

A run lets go of those that it used when it ends, with all runs inside of it, unless another run uses them too. What
was used outside of a run (a connection that is tried), or by a call in a process of its own, which has its runs' calls
only, is let go when nobody called it for a while, and all are when their process ends. One that died, or whose call was
cancelled, is let go at once; the next call starts it anew. So does a call that finds one at its end, or that the server
refuses since it knows the session no more: nothing was done then.
"""

from __future__ import annotations

import atexit
import functools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from typing import Any

from flowbook import json_schema
from flowbook.errors import TaskFailed
from flowbook.installing import how_to_install
from flowbook.mcp.line import Line
from flowbook.mcp.opened import LOOK_AGAIN, Opened
from flowbook.mcp.server import Server
from flowbook.tasks import current

IDLE = 30.0  # seconds
START = 60.0


class _Live:
    """A session: who uses it (a mark of each run), how many calls go on, and when the last one ended."""

    def __init__(self, client: Any, opened: Opened, line: Line) -> None:
        self.client = client
        self.opened = opened
        self.line = line
        self.used = False
        self.users: set[object] = set()
        self.going = 0
        self.last = time.monotonic()


class Sessions:
    """Those of this process, by what their servers were started with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._starting: dict[Server, threading.Lock] = {}
        self._live: dict[Server, _Live] = {}
        self._portal: Any = None
        self._portal_manager: Any = None
        self._sweeper: threading.Timer | None = None

    def use(self, server: Server, act: Callable[[Any], Any], timeout: float, *, again: bool = False) -> Any:
        """What ``await act(client)`` gives. TaskFailed when the server fails, or takes longer (seconds).

        With ``again`` nothing is changed by ``act`` that being done twice would not change: it is, when a session broke
        that was there before. Without, a failure says where it may have taken effect.
        """
        for _ in range(2):
            if current().cancelled:  # nothing begins any more, not even a session
                raise TaskFailed("The call was cancelled.", {"kind": "cancelled"})
            live = self._session(server)
            try:
                return self._finish(self._portal.start_task_soon(act, live.client), timeout, live.line)
            except TaskFailed as failure:
                self.drop(server, live)
                if not again:
                    failure.warn()
                raise
            except Exception as error:  # noqa: BLE001 - whatever the server does, it is told as its fault
                words = live.line.broken or _words_of(error)[:500]
                was_there = live.used
                if was_there and live.line.has_refused(error):
                    self.drop(server, live)
                    continue
                if _is_late(error):
                    late = TaskFailed("The server did not answer in time.", hint="Give it more time, or look at it.")
                    if not again:
                        late.warn()
                    raise late from None
                if _is_of_the_tool(error):
                    raise TaskFailed(f"The server refuses the call: {words}.") from None
                self.drop(server, live)
                if was_there and again:
                    continue
                broken = TaskFailed(f"The server failed: {words.rstrip('.')}.", hint="The next call starts it anew.")
                if not again:
                    broken.warn()
                raise broken from None
            finally:
                with self._lock:
                    live.going -= 1
                    live.used = True
                    live.last = time.monotonic()
                self._sweep_later()
        raise TaskFailed(f"The server failed: {words}")

    def _finish(self, future: Future[Any], timeout: float, line: Line) -> Any:
        end = time.monotonic() + timeout
        while not future.done():
            if line.broken:
                future.cancel()
                raise TaskFailed(f"The server failed: {line.broken}.", hint="The next call starts it anew.")
            if current().cancelled or time.monotonic() >= end:
                future.cancel()
                raise TaskFailed(
                    "The call was cancelled." if current().cancelled else f"It took longer than {timeout:g} s."
                )
            wait([future], LOOK_AGAIN)
        return future.result()

    def _session(self, server: Server) -> _Live:
        """The session with a server, for a call that is about to be made."""
        with self._lock:
            alone = self._starting.setdefault(server, threading.Lock())
        with alone:
            while True:
                with self._lock:
                    live = self._live.get(server)
                    if live is not None and not live.line.ended:
                        live.going += 1
                        break
                if live is not None:
                    self.drop(server, live)
                started = self._started(server)
                with self._lock:
                    self._live[server] = started
                started.line.when_broken(functools.partial(self._drop_soon, server, started))
        self._note_user(server, live)
        return live

    def _note_user(self, server: Server, live: _Live) -> None:
        """Have the session let go of when the run of this call ends."""

        def mark() -> object:
            one = object()
            return one if current().at_end(functools.partial(self._left, server, one)) else None

        user = current().keep(f"session with {hash(server)}", mark)
        if user is not None:
            with self._lock:
                live.users.add(user)

    def _left(self, server: Server, user: object) -> None:
        """A run has ended that used the session."""
        with self._lock:
            live = self._live.get(server)
            if live is None:
                return
            live.users.discard(user)
            if live.users or live.going:
                return
        self.drop(server)

    def _started(self, server: Server) -> _Live:
        try:
            import anyio.from_thread
            from mcp import Client
        except ImportError:
            hint = how_to_install("mcp")
            raise TaskFailed("The library for MCP is not installed.", hint=hint, permanent=True) from None
        logging.getLogger("mcp").addHandler(logging.NullHandler())  # else Python prints all that is no message
        json_schema.load()  # here, and not in the loop, where the client loads it at its own first need
        server.check()
        with self._lock:
            if self._portal is None:
                self._portal_manager = anyio.from_thread.start_blocking_portal()
                self._portal = self._portal_manager.__enter__()
                atexit.register(self.close)
        line = Line()
        opened = Opened(self._portal, Client(server.transport(line), read_timeout_seconds=START), line)
        try:
            return _Live(opened.client(), opened, line)
        except TaskFailed:
            raise
        except Exception as error:  # noqa: BLE001 - a command or an address may be wrong in any way
            inner: BaseException = error
            while getattr(inner, "exceptions", ()):  # of a group: what happened first
                inner = inner.exceptions[0]  # type: ignore[attr-defined]
            late = f"it did not answer in {START:g} s" if _is_late(inner) else ""
            words = line.broken or (late or _words_of(inner)[:300]) + server.said(line).rstrip(".")
            raise TaskFailed(f"The server cannot be reached: {words}.", hint="Check its command or address.") from None

    def drop(self, server: Server, one: _Live | None = None) -> None:
        """Let a server go: its process ends. With ``one`` only if that is still the session with it."""
        with self._lock:
            live = self._live.get(server)
            if live is not None and one in (None, live):
                del self._live[server]
            else:
                live = None
        if live is not None:
            try:
                live.opened.close()
            except (Exception, CancelledError):  # noqa: BLE001 - it is gone, in whatever way
                return

    def _drop_soon(self, server: Server, one: _Live) -> None:
        """Let one go whose line broke, also between calls; asked by the loop, which cannot wait for that."""
        threading.Thread(target=self.drop, args=[server, one], name="flowbook-mcp-end", daemon=True).start()

    def _sweep_later(self) -> None:
        with self._lock:
            if self._sweeper is None and self._live:
                self._sweeper = threading.Timer(IDLE, self._sweep)
                self._sweeper.daemon = True
                self._sweeper.start()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
            idle = [
                server for server, live in self._live.items() if not live.going and time.monotonic() - live.last >= IDLE
            ]
        for server in idle:
            self.drop(server)
        self._sweep_later()

    @property
    def servers(self) -> list[Server]:
        """Those that a session is kept with."""
        with self._lock:
            return list(self._live)

    def has_ended(self, server: Server) -> bool:
        """Whether the session with a server is seen to be at its end; the next call begins another."""
        with self._lock:
            live = self._live.get(server)
            return live is None or live.line.ended

    def close(self) -> None:
        """Let all go."""
        with self._lock:
            sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            sweeper.cancel()
        for server in self.servers:
            self.drop(server)
        if self._portal_manager is not None:
            self._portal_manager.__exit__(None, None, None)
            self._portal = self._portal_manager = None


SESSIONS = Sessions()


def _is_late(error: BaseException) -> bool:
    from mcp import MCPError
    from mcp.types import REQUEST_TIMEOUT

    return isinstance(error, MCPError) and error.code == REQUEST_TIMEOUT


def _words_of(error: BaseException) -> str:
    """Of an answer that is none of the protocol's: what is wrong with it, without pydantic's report of it."""
    errors = getattr(error, "errors", None)
    if callable(errors) and (found := errors()):
        place = ".".join(map(str, found[0]["loc"]))
        return f"its answer is none of the protocol's: {place}: {found[0]['msg']}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename!r}" if error.filename else error.strerror
    return (str(error) or type(error).__name__).rstrip(".")


def _is_of_the_tool(error: Exception) -> bool:
    """Whether the server answered, with an error: the session goes on then."""
    from mcp import MCPError
    from mcp.types import CONNECTION_CLOSED

    return isinstance(error, MCPError) and error.code != CONNECTION_CLOSED
