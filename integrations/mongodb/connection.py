"""One client for one task: made, asked, ended when the run is cancelled.

PyMongo's asynchronous client is used, since it alone can be interrupted while it waits for an answer. Facts:
https://www.mongodb.com/docs/manual/reference/error-codes/ and https://pymongo.readthedocs.io/en/stable/api/.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timezone
from typing import Any, TypeVar

from flowbook import TaskFailed, current, how_to_install, tunnels

from .addresses import address_of, checked, parent_of, place_of, through
from .failures import failure_of, half_done, not_usable
from .models import Credentials

T = TypeVar("T")

_WRITES = {"insert", "update", "delete", "findAndModify", "createIndexes", "drop"}


class Line:
    """A client whose server is found at the first call."""

    def __init__(self, client: Any, credentials: Credentials, place: str, database: str) -> None:
        self.client = client
        self.place = place
        self._database = database

    def database(self, name: str | None) -> Any:
        """A database by its name, or the integration's. TaskFailed where neither is named."""
        chosen = name or self._database
        if not chosen:
            hint = "Give 'database' in the node, or in the integration."
            raise TaskFailed("No database is named.", hint=hint, permanent=True)
        return self.client[chosen]

    def about_to(self, action: str, database: Any, collection: str, **detail: Any) -> None:
        """In a dry run, remember a change and end the task."""
        if current().rehearsing:
            from .values import got

            shown = {name: got(value, "extended") for name, value in detail.items()}
            current().about_to("mongodb", self.place, f"{action} {database.name}.{collection}", **shown)


def asked(credentials: Credentials, work: Callable[[Line], Awaitable[T]], timeout: float | None = None) -> T:
    """What ``work`` gives, which asks the server; TaskFailed says which kind of failure it was.

    Kinds: unauthorized, forbidden, unreachable, wrong_address, timeout, tls, cancelled. ``timeout`` is in seconds, for
    all of it; the server gives up by then as well. Cancelling the run ends the connection that waits.
    """
    _library()
    with tunnels.through(credentials, credentials.timeout) as tunnel:
        return _asked(_Call(credentials, timeout or credentials.timeout, tunnel), work)


def _asked(call: _Call, work: Callable[[Line], Awaitable[T]]) -> T:
    loop = asyncio.new_event_loop()
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((True, loop.run_until_complete(call.done(work))))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            outcome.append((False, error))
        finally:
            _end(loop)

    def cancel() -> None:
        call.cancelled = True
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(call.stop)

    # A thread of its own: in a notebook, this one has a loop that runs already.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="flowbook-mongodb", daemon=True)
    with current().on_cancel(cancel):
        thread.start()
        try:
            thread.join()
        except BaseException:  # a notebook's Stop
            cancel()
            raise
    succeeded, value = outcome[0]
    if not succeeded:
        raise value
    return value  # type: ignore[no-any-return]


def _end(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    with suppress(Exception):
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


class _Call:
    """What one task asks, and what became of it meanwhile."""

    def __init__(self, credentials: Credentials, seconds: float, tunnel: tunnels.Open | None) -> None:
        self.cancelled = False
        self._tunnel = tunnel
        self._credentials = credentials
        self._seconds = seconds
        self._place = place_of(credentials)
        self._work: asyncio.Future[Any] | None = None
        self._seeds: set[tuple[str, int | None]] = set()
        self._refused: dict[Any, Exception] = {}
        self._sent = False  # a command, so that the connection was good
        self._changing = False  # a change was sent last, and its answer did not come

    async def done(self, work: Callable[[Line], Awaitable[T]]) -> T:
        import pymongo
        from bson.errors import BSONError
        from pymongo.errors import ConfigurationError, PyMongoError

        client = None
        try:
            client, database = self._made()
            with pymongo.timeout(self._seconds):
                self._work = asyncio.ensure_future(work(Line(client, self._credentials, self._place, database)))
                if self.cancelled:
                    self.stop()
                return await self._work  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            error = next(iter(self._refused.values()), None)
            raise self._failure(error) from None
        except ConfigurationError as error:
            raise not_usable(self._credentials, error) from None
        except (PyMongoError, OSError) as error:
            raise self._failure(error) from None
        except (BSONError, OverflowError):
            hint = "Look for a key with a null character, nesting deeper than 100, or damaged data."
            raise TaskFailed("A document cannot be written or read as BSON.", hint=hint, permanent=True) from None
        finally:
            if client is not None:
                with suppress(Exception):
                    await asyncio.wait_for(client.close(), 2)

    def _made(self) -> tuple[Any, str]:
        try:
            return self._client()
        except OSError as error:  # nothing is connected yet: these are the files
            reason = error.strerror or "it holds no certificate or key"
            message = f"A file given as tls_ca or tls_cert cannot be used: {reason}."
            hint = "Check their paths; they are in PEM form, tls_cert with its key."
            raise TaskFailed(message, {"kind": "tls"}, hint, permanent=True) from None

    def stop(self) -> None:
        """Give up what is waited for."""
        if self._work is not None:
            self._work.cancel()

    def _client(self) -> tuple[Any, str]:
        import bson
        from pymongo import AsyncMongoClient

        address, options, database = address_of(self._credentials)
        self._seeds = checked(address)
        if self._tunnel is not None:
            address, self._seeds = through(self._tunnel, self._seeds)
        context = current()
        parent = parent_of(address)

        def allowed(servers: list[Any]) -> list[Any]:
            for server in servers:  # members of the set that the servers named themselves
                host, port = server.address
                if (host, port) not in self._seeds and not (parent and host.lower().endswith(parent)):
                    context.check_host(host, port)
            return servers

        client = AsyncMongoClient(
            address, **options, server_selector=allowed, event_listeners=_listeners(self),
            connectTimeoutMS=self._milliseconds, serverSelectionTimeoutMS=self._milliseconds,
            retryReads=False, retryWrites=False, serverMonitoringMode="poll", maxPoolSize=1, appname="flowbook",
            tz_aware=True, tzinfo=timezone.utc, uuidRepresentation="unspecified",
            datetime_conversion=bson.DatetimeConversion.DATETIME_AUTO,
        )  # fmt: skip
        return client, self._credentials.database or database

    @property
    def _milliseconds(self) -> int:
        return max(1, round(min(self._seconds, self._credentials.timeout) * 1000))

    def not_reached(self, address: Any, error: Exception) -> None:
        """A server cannot be reached; when none can, there is nothing to wait for."""
        self._refused[address] = error
        if not self._sent and self._seeds and self._seeds <= set(self._refused):
            self.stop()

    def about_to_send(self, command: str, writes: bool) -> None:
        self._sent = True
        self._changing = writes

    def answered(self) -> None:
        self._changing = False

    def _failure(self, error: Exception | None) -> TaskFailed:
        failure = failure_of(
            self._credentials, self._place, error, self.cancelled or current().cancelled, self._seconds
        )
        if self._changing or half_done(error):
            failure.warn()
        return failure


def _listeners(call: _Call) -> list[Any]:
    from pymongo.monitoring import CommandListener, ServerHeartbeatListener

    class Commands(CommandListener):
        def started(self, event: Any) -> None:
            call.about_to_send(event.command_name, event.command_name in _WRITES)

        def succeeded(self, event: Any) -> None:
            call.answered()

        def failed(self, event: Any) -> None:
            if "errtype" not in event.failure:  # PyMongo's word where there is no answer, but an error of its own
                call.answered()

    class Beats(ServerHeartbeatListener):
        def started(self, event: Any) -> None: ...

        def succeeded(self, event: Any) -> None: ...

        def failed(self, event: Any) -> None:
            call.not_reached(event.connection_id, event.reply)

    return [Commands(), Beats()]


def _library() -> Any:
    try:
        import pymongo
    except ImportError:
        raise TaskFailed("PyMongo is not installed.", hint=how_to_install("pymongo"), permanent=True) from None
    return pymongo
