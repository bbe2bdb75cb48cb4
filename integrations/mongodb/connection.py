"""One client for one task: made, asked, ended when the run is cancelled; and its failures in words.

PyMongo's asynchronous client is used, since it alone can be interrupted while it waits for an answer. Facts:
https://www.mongodb.com/docs/manual/reference/error-codes/ and https://pymongo.readthedocs.io/en/stable/api/.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timezone
from typing import Any, TypeVar

from flowbook import TaskFailed, current, how_to_install

from .models import Credentials

T = TypeVar("T")

_WRITES = {"insert", "update", "delete", "findAndModify", "createIndexes", "drop"}
_MECHANISMS = {"", "DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256", "MONGODB-X509", "PLAIN"}
# What a connection string may not say: files outside of what a workspace may read, and what needs other servers.
_NOT_THERE = {"tlscafile", "tlscertificatekeyfile", "tlscrlfile", "proxyhost", "authmechanismproperties"}
_UNAUTHORIZED = {11, 18, 334, 8000}
# By the server's code: what may be otherwise at the next try (elections, locks, conflicts, limits of time).
_MAY_PASS = {
    6, 7, 24, 46, 50, 63, 64, 89, 91, 94, 112, 133, 134, 150, 189, 202, 234, 251, 262, 290, 384, 462, 9001, 10107,
    11000, 11600, 11602, 13388, 13435, 13436,
}  # fmt: skip
_HINTS = {
    13: "Ask for a role that may do it.",
    11000: "There is a document with the same value already; update_one with upsert changes it.",
    48: "There is a collection of that name already.",
    85: "There is an index like it with other options: drop that first, or give another name.",
    86: "There is an index of that name already: give another name.",
    121: "The collection has rules (validator) that the document does not keep.",
    50: "Raise 'timeout', make an index for it, or ask for less.",
    292: "Make an index for the sort, or sort fewer documents.",
}


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
    call = _Call(credentials, timeout or credentials.timeout)
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

    def __init__(self, credentials: Credentials, seconds: float) -> None:
        self.cancelled = False
        self._credentials = credentials
        self._seconds = seconds
        self._place = _place(credentials)
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
            raise _not_usable(self._credentials, error) from None
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

        address, options, database = _address(self._credentials)
        self._seeds = _checked(address)
        context = current()
        parent = _parent(address)

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
        failure = _failure(self._credentials, self._place, error, self.cancelled or current().cancelled, self._seconds)
        if self._changing or _half_done(error):
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


def _place(credentials: Credentials) -> str:
    """The servers as a message names them."""
    if credentials.connection_string is not None:
        return _without_user(credentials.connection_string.reveal()) or "the connection string's servers"
    host = credentials.host
    return host if credentials.srv or "," in host or ":" in host else f"{host}:{credentials.port}"


def _without_user(address: str) -> str:
    rest = address.partition("://")[2]
    for end in "/?":
        before, found, _ = rest.rpartition("@")
        rest = rest[len(before) + 1 :] if found else rest
        rest = rest.partition(end)[0]
    return rest


def _address(credentials: Credentials) -> tuple[str, dict[str, Any], str]:
    """What the client is to connect to, its options, and the database that the address names."""
    if credentials.connection_string is not None:
        address = credentials.connection_string.reveal().strip()
        return address, _tls(credentials), _database_of(address)
    names = [one.strip() for one in credentials.host.split(",") if one.strip()]
    options: dict[str, Any] = _tls(credentials)
    if credentials.username is not None:
        options["username"] = credentials.username
        options["password"] = credentials.password.reveal() if credentials.password else ""
        options["authSource"] = credentials.auth_source or "admin"
    if credentials.replica_set:
        options["replicaSet"] = credentials.replica_set
    elif not credentials.srv:
        options["directConnection"] = len(names) == 1
    if credentials.srv:
        return f"mongodb+srv://{names[0] if names else ''}/", options, ""
    return "mongodb://" + ",".join(_with_port(one, credentials.port) for one in names) + "/", options, ""


def _with_port(name: str, port: int) -> str:
    if name.count(":") > 1 and not name.startswith("["):
        name = f"[{name}]"
    return name if ":" in name.rpartition("]")[2] else f"{name}:{port}"


def _tls(credentials: Credentials) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if credentials.tls != "disable":
        options["tls"] = True
        if credentials.tls == "require":
            options["tlsAllowInvalidCertificates"] = True
        if credentials.tls == "verify-ca":
            options["tlsAllowInvalidHostnames"] = True
    for name, path in (("tlsCAFile", credentials.tls_ca), ("tlsCertificateKeyFile", credentials.tls_cert)):
        if path:
            options[name] = str(current().credential_file(path))
    return options


def _database_of(address: str) -> str:
    """The database that a connection string names. TaskFailed for a string that cannot be used."""
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import parse_uri

    plain = address.replace("mongodb+srv://", "mongodb://", 1) if address.startswith("mongodb+srv://") else address
    try:
        said = parse_uri(plain, validate=True, warn=False, normalize=False)
    except (PyMongoError, ValueError):
        raise _wrong_string("The connection string cannot be read") from None
    options = {str(name).lower(): value for name, value in said["options"].items()}
    if taken := sorted(_NOT_THERE & set(options)):
        hint = "Give files as tls_ca and tls_cert; other ways to reach a server there are none."
        message = f"The connection string says {', '.join(taken)}, which it may not"
        raise TaskFailed(f"{message}.", {"kind": "wrong_address"}, hint, permanent=True)
    mechanism = str(options.get("authmechanism", "")).upper()
    encrypted = address.startswith("mongodb+srv://") or options.get("tls") or options.get("ssl")
    if mechanism not in _MECHANISMS:
        raise _wrong_string(f"The way to sign in, {mechanism}, is none that there is here")
    if mechanism == "PLAIN" and not encrypted:
        raise _wrong_string("PLAIN sends the password in clear, and the connection string has no tls=true")
    return said["database"] or ""


def _wrong_string(what: str) -> TaskFailed:
    hint = "It is like mongodb://USER:PASSWORD@HOST:27017/DATABASE; %, @, : and / in a password as %25, %40, %3A, %2F."
    return TaskFailed(f"{what}.", {"kind": "wrong_address"}, hint, permanent=True)


def _checked(address: str) -> set[tuple[str, int | None]]:
    """The servers that an address names, each allowed; none for names that DNS is asked about."""
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import parse_uri

    if address.startswith("mongodb+srv://"):
        current().check_host(_without_user(address))
        return set()
    try:
        nodes = parse_uri(address, warn=False)["nodelist"]
    except (PyMongoError, ValueError):
        hint = "It is a name or an address, with a port if need be: db.example.com:27017."
        raise TaskFailed("The host cannot be read.", {"kind": "wrong_address"}, hint, permanent=True) from None
    for host, port in nodes:
        current().check_host(host, None if host.startswith("/") else port)
    return set(nodes)


def _parent(address: str) -> str:
    """Below which domain the servers of a mongodb+srv name are, as its specification has it; empty for others."""
    name = _without_user(address).lower() if address.startswith("mongodb+srv://") else ""
    return f".{name.partition('.')[2]}" if name.count(".") >= 2 else ""


def _not_usable(credentials: Credentials, error: Exception) -> TaskFailed:
    """PyMongo refused the settings, or found nothing in DNS: its words may hold what was given, so they are ours."""
    srv = credentials.srv or "+srv" in (credentials.connection_string.reveal() if credentials.connection_string else "")
    data = {"kind": "wrong_address"}
    if "dns" in type(error.__context__).__module__ or (srv and "DNS" in str(error)):
        return TaskFailed(f"DNS knows no servers of {_place(credentials)}.", data, "Check the name, and srv.")
    if srv and any(isinstance(one, OSError) for one in (error.__cause__, error.__context__)):
        return TaskFailed(f"DNS could not be asked for {_place(credentials)}.", data, "Check the network.")
    if credentials.connection_string is not None:
        return _wrong_string("The connection string cannot be used as it is")
    tls = isinstance(error.__context__, (ssl.SSLError, OSError)) or "tls" in str(error).lower()
    if tls:
        hint = "Check tls_ca and tls_cert: both are files in PEM form, tls_cert with its key."
        return TaskFailed("TLS cannot be set up as asked for.", {"kind": "tls"}, hint, permanent=True)
    hint = "Check host, srv, replica_set and auth_source: they do not go together, or have letters that names have not."
    return TaskFailed("The server cannot be asked with these credentials.", data, hint, permanent=True)


def _half_done(error: Exception | None) -> bool:
    from pymongo.errors import BulkWriteError, WriteConcernError

    if isinstance(error, BulkWriteError):
        return bool(error.details.get("writeConcernErrors"))
    return isinstance(error, WriteConcernError)


def _failure(
    credentials: Credentials, place: str, error: Exception | None, cancelled: bool, seconds: float
) -> TaskFailed:
    from pymongo.errors import OperationFailure

    if cancelled:
        return TaskFailed(f"Cancelled: the connection to {place} was ended.", {"kind": "cancelled"})
    refusal = next((one for one in _causes(error) if isinstance(one, OperationFailure)), None)
    if refusal is not None and not getattr(refusal, "timeout", False):
        return _refusal(credentials, refusal)
    kind, words, hint = _kind_of(error, seconds)
    return TaskFailed(f"{words} ({place}).", {"kind": kind}, hint, permanent=kind == "tls")


def _refusal(credentials: Credentials, error: Any) -> TaskFailed:
    """What the server itself said."""
    details = error.details or {}
    code = (details.get("writeErrors") or [{}])[0].get("code", error.code)  # of many writes, that of the first refused
    said = _words_of(details) or str(error).partition(", full error")[0]
    secret = credentials.password.reveal() if credentials.password else ""
    said = said.replace(secret, "***") if len(secret) >= 3 else said
    data: dict[str, Any] = {"code": code}
    if code in _UNAUTHORIZED:
        hint = "Check both, and auth_source: the database that knows the user."
        data = {"kind": "unauthorized"}
        return TaskFailed(f"The server refused the username or the password: {said}.", data, hint, permanent=True)
    if code == 13 and credentials.username is None and credentials.connection_string is None:
        data = {"kind": "unauthorized"}
        return TaskFailed(f"The server asks to sign in: {said}.", data, "Give username and password.", permanent=True)
    if code == 13:
        data = {"kind": "forbidden"}
    if "nInserted" in details:
        data |= {"inserted": details["nInserted"], "refused": [one["index"] for one in details["writeErrors"]]}
        said += f" ({details['nInserted']} inserted all the same)"
    return TaskFailed(f"MongoDB refused it: {said}.", data, _HINTS.get(code, ""), permanent=code not in _MAY_PASS)


def _words_of(details: Mapping[str, Any]) -> str:
    failed = details.get("writeErrors") or [details]
    return " ".join(str(failed[0].get("errmsg", "")).split()).rstrip(".")


# PyMongo keeps only the words of what went wrong with a connection: those of OpenSSL and of the resolver.
_NO_TLS = re.compile(r"\[SSL(?!: UNEXPECTED_EOF)")
_NO_NAME = re.compile(r"\[Errno -\d+\]|nodename nor servname|getaddrinfo failed|label (empty|too long)|encoding with")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _kind_of(error: Exception | None, seconds: float) -> tuple[str, str, str]:
    from pymongo.errors import NetworkTimeout, ProtocolError, ServerSelectionTimeoutError

    causes = _causes(error)
    said = str(error)
    if _NO_TLS.search(said):
        hint = "verify-ca and verify-full need the authority's certificate (tls_ca); verify-full the exact name too."
        return "tls", "No TLS connection as asked for could be made", hint
    if _NO_NAME.search(said) or any(isinstance(one, UnicodeError) for one in causes):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    if any(isinstance(one, ProtocolError) for one in causes):
        hint = "Check the port; MongoDB's own is 27017."
        return "wrong_address", "Something answers there, but not as MongoDB does", hint
    late = isinstance(error, ServerSelectionTimeoutError)
    if late and ("replica set" in said.partition(", Timeout:")[0] or "primary" in said.partition(", Timeout:")[0]):
        hint = "Check replica_set: its name, and that one of its members is the primary."
        return "unreachable", "None of the servers is the one of the replica set that is asked", hint
    if (
        late
        or getattr(error, "timeout", False)
        or any(isinstance(one, (TimeoutError, NetworkTimeout)) for one in causes)
    ):
        hint = "Raise 'timeout', make an index for it, or ask for less; and check host and port, and the firewall."
        return "timeout", f"The server did not answer in {seconds:g} seconds", hint
    return "unreachable", "The server cannot be reached, or ended the connection", "Check host, port and tls."
