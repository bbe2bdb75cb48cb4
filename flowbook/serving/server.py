"""The server: one process that looks what is due, takes what waits, and answers requests."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tornado.httpserver import HTTPServer

from flowbook.errors import FlowbookError, InputError
from flowbook.records import NamedTuple
from flowbook.serving.accepting import Acceptance
from flowbook.serving.arriving import Arrivals
from flowbook.serving.carrying import Carrier
from flowbook.serving.logs import Log
from flowbook.serving.metrics import Metrics
from flowbook.serving.web import Site, application
from flowbook.workspace import Workspace

WEB_THREADS = 16
"""So many requests may wait for the disk at the same time; of those to hooks, one thread takes in all that came."""
SWITCH_SECONDS = 0.0005
"""For how long a thread that computes keeps Python's lock from one that has a request to answer (else 5 ms)."""
_NO_END = 1 << 50
"""Handlers say themselves how large a body may be, with a sentence."""


class Settings(NamedTuple):
    """How a server goes: where it listens, how many runs it has ``at_once``, how large a body may be (bytes), how long
    results are waited for and runs when it stops (seconds)."""

    host: str = "127.0.0.1"
    port: int = 8787
    at_once: int = 4
    most: int = 1_000_000
    wait: float = 60.0
    grace: float = 30.0


def serve(ws: Workspace, settings: Settings, now: Callable[[], float] = time.time) -> None:
    """Serve a workspace until SIGTERM or Ctrl-C. Raises InputError when the address cannot be used."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        asyncio.run(_serve(ws, settings, now))
    finally:
        sys.setswitchinterval(before)


async def _serve(ws: Workspace, settings: Settings, now: Callable[[], float]) -> None:
    log, metrics = Log(now), Metrics()
    acceptance = Acceptance(ws, log, now)
    with ThreadPoolExecutor(WEB_THREADS, "flowbook-web") as pool:
        arrivals = Arrivals(acceptance.hook_all, pool)
        carrier = Carrier(ws, log, metrics, now=now, at_once=settings.at_once, busy=lambda: arrivals.busy)
        site = Site(ws, carrier, acceptance, arrivals, metrics, log, pool, settings.most, settings.wait)
        http = HTTPServer(application(site), max_body_size=_NO_END, xheaders=False)
        try:
            listening = _listening(settings.host, settings.port)
        except OSError as error:
            raise InputError(
                f"{settings.host}:{settings.port} cannot be used: {error.strerror or error}.", "Choose another --port."
            ) from None
        stops = _stopped_by_signals(carrier)
        carrier.start()
        http.add_sockets([listening])
        log("serving", address=f"http://{settings.host}:{listening.getsockname()[1]}", workspace=str(ws.root))
        await stops.wait()
        log("stopping", going=carrier.going)
        http.stop()
        # In a thread of its own: the loop goes on, for those whose results come in the meantime.
        await asyncio.get_running_loop().run_in_executor(None, carrier.stop, settings.grace)
        await http.close_all_connections()
    _close(ws, log)
    log("stopped")


def _listening(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made = socket.create_server(found[0][4][:2], family=found[0][0], backlog=128)
    made.setblocking(False)
    return made


def _stopped_by_signals(carrier: Carrier) -> asyncio.Event:
    """What is set by the first signal to stop; the second one ends the patience with what goes on."""
    loop, stops = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        if stops.is_set():
            carrier.hurry()
        stops.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    return stops


def _close(ws: Workspace, log: Log) -> None:
    try:
        ws.close()
    except FlowbookError as error:
        log("store_failed", level="error", message=str(error))
