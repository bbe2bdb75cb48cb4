"""Opening a connection, ending what runs on it, and saying in words what went wrong.

Facts: https://dev.mysql.com/doc/refman/8.4/en/using-encrypted-connections.html and
https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html; MariaDB's numbers below 1900 are the same.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NoReturn

from flowbook import TaskFailed, current, how_to_install, tunnels

from .models import Credentials
from .values import READERS
from .watching import Watch

# The server's number, and what it means for who connects.
_CONNECT_FAILURES: dict[int, tuple[str, str, str]] = {
    **dict.fromkeys(
        (1045, 1698, 1251),
        ("unauthorized", "The server refused the username or the password", "Check both, and from where the user may."),
    ),
    1044: ("forbidden", "The server knows the user but does not let it into this database", "Ask for a GRANT."),
    1049: ("not_found", "There is no such database on the server", "Check the database's name."),
    1130: ("forbidden", "The server lets nobody in from this machine", "Ask its administrator for a user@host."),
    **dict.fromkeys(
        (1040, 1203, 1226),
        ("rate_limited", "The server has no connection left", "Try again later, or ask for more max_connections."),
    ),
    1053: ("unreachable", "The server is shutting down", "Try again in a moment."),
    2026: ("tls", "No TLS connection as asked for could be made", "The server offers none; or set tls to prefer."),
    3159: ("tls", "The server lets this user in only over TLS", "Set tls to require, or verify-full."),
}
# What other rows or sessions decide may be otherwise at the next try; all else of a statement will not be.
_MAY_PASS = {1040, 1062, 1203, 1205, 1206, 1213, 1226, 1451, 1452, 1637, 2006, 2013, 3572, 1317, 1969, 3024, 1021, 1041}
# Ways to sign in at which the password goes to the server as it is (MariaDB: "Authentication with PAM").
_IN_CLEAR = ("mysql_clear_password", "dialog")
GRANT = "Ask the owner for the privilege (GRANT)."
_HINTS = {
    1146: "The task list_tables shows the tables there are.",
    1054: "The task describe_table shows the columns there are.",
    # On a table, a column, a routine, for the whole server, in a database.
    **dict.fromkeys((1142, 1143, 1370, 1227, 1044), GRANT),
    1792: "read_only is on: turn it off to change data.",
    1205: "Another transaction was in the way: retry the node.",
    1213: "Another transaction was in the way: retry the node.",
    1062: "on_conflict of insert_rows says what becomes of rows that are there already.",
    1153: "Insert fewer or smaller rows at once, or raise the server's max_allowed_packet.",
}


@contextmanager
def session(
    credentials: Credentials, *, readonly: bool = False, timeout: float | None = None, found_rows: bool = False
) -> Iterator[Any]:
    """A connection in a transaction for one task: committed at the end, rolled back on any error, always closed.

    ``timeout`` is in seconds, for all that is done. Cancelling the run, and the timeout, end the statement in the
    server too. ``found_rows`` counts rows that fit, not rows that changed. PyMySQL's errors become TaskFailed with the
    server's own words and ``data["code"]``.
    """
    pymysql = _library()
    with ExitStack() as stack:
        tunnel = stack.enter_context(tunnels.through(credentials, credentials.connect_timeout))
        connection, line = _connect(credentials, found_rows, tunnel)
        stack.callback(line.close)
        stack.callback(_close, connection)
        watch = Watch(line, timeout, lambda: _kill(credentials, connection.thread_id(), tunnel))
        committing = False
        try:
            with watch, current().on_cancel(watch.cancel):
                _begin(connection, readonly or current().rehearsing)
                yield connection
                if current().cancelled:
                    raise TaskFailed("Cancelled; nothing was changed.", {"kind": "cancelled"})
                committing = True
                connection.commit()
        except pymysql.err.Error as error:
            if committing and error.args and error.args[0] in _BROKEN:
                raise _unanswered(readonly) from None
            raise _statement_failure(error, watch.reason, timeout) from None


def _begin(connection: Any, readonly: bool) -> None:
    """Nothing is cut or bent to fit a column, and no statement takes effect before all of them do."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
        cursor.execute("START TRANSACTION READ ONLY" if readonly else "START TRANSACTION")


def _library() -> Any:
    try:
        import pymysql
    except ImportError:
        raise TaskFailed("PyMySQL is not installed.", hint=how_to_install("pymysql"), permanent=True) from None
    return pymysql


def _connect(
    credentials: Credentials, found_rows: bool = False, tunnel: tunnels.Open | None = None
) -> tuple[Any, socket.socket]:
    """An open connection, and a second handle on its socket; TaskFailed says which kind of failure it was.

    Kinds: unauthorized, forbidden, not_found, unreachable, wrong_address, timeout, tls, rate_limited.
    """
    pymysql = _library()
    trusted = _trusted(credentials)
    connection = pymysql.connect(
        host=credentials.host, user=credentials.username, password=credentials.password.reveal(),
        database=credentials.database, port=credentials.port, charset="utf8mb4", autocommit=False, ssl=trusted,
        ssl_disabled=credentials.tls == "disable", conv={**pymysql.converters.encoders, **READERS}, defer_connect=True,
        client_flag=pymysql.constants.CLIENT.FOUND_ROWS if found_rows else 0, program_name="flowbook",
        auth_plugin_map=dict.fromkeys(_IN_CLEAR, _Refusal) if credentials.tls in {"disable", "prefer"} else None,
    )  # fmt: skip
    line = _socket(credentials, tunnel)
    twin = line.dup()  # TLS takes the socket over; shutting this one shuts both
    shut = _Deadline(twin, credentials.connect_timeout)
    try:
        with shut, current().on_cancel(shut.now):
            connection.connect(line)
    except TaskFailed:
        line.close()
        twin.close()
        raise
    except (pymysql.err.Error, OSError, UnicodeError, ValueError, IndexError) as error:
        line.close()
        twin.close()
        raise _connect_failure(credentials, error, shut.passed) from None
    return connection, twin


class _Refusal:
    """Answers a server that asks for the password as it is, over a line that need not be encrypted: not at all."""

    def __init__(self, connection: object) -> None:
        pass

    def authenticate(self, packet: object) -> NoReturn:
        raise TaskFailed(
            "The server asks for the password in clear; it was not sent.",
            hint="Set tls to verify-full, or to require where the network is trusted.", permanent=True,
        )  # fmt: skip


def _socket(credentials: Credentials, tunnel: tunnels.Open | None) -> socket.socket:
    host, port = credentials.host, credentials.port
    if tunnel is not None:
        current().check_host(host, port)
        return tunnel.line(host, port)
    local = host.startswith("/")
    current().check_host(host, None if local else port)
    try:
        if local:
            return _local(host, credentials.connect_timeout)
        line = current().wait_for(
            lambda: socket.create_connection((host, port), credentials.connect_timeout),
            f"connecting to {host}:{port}",
            socket.socket.close,
        )
    except (OSError, UnicodeError) as error:
        raise _connect_failure(credentials, error, False) from None
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):  # a dead network is noticed within about a minute
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
    return line


def _local(path: str, seconds: float) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(seconds)
        line.connect(path)
    except OSError:
        line.close()
        raise
    return line


class _Deadline:
    """Shuts a socket when too much time has passed, or at once when told to."""

    def __init__(self, line: socket.socket, seconds: float) -> None:
        self.passed = False
        self._line = line
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()

    def _pass(self) -> None:
        self.passed = True
        self.now()

    def now(self) -> None:
        """Shut it."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)


def _trusted(credentials: Credentials) -> ssl.SSLContext | None:
    """How the server's certificate is looked at; None leaves TLS to what the server offers."""
    if credentials.tls in ("disable", "prefer"):
        return None
    try:
        authority = credentials.tls_ca and str(current().credential_file(credentials.tls_ca))
        context = ssl.create_default_context(cafile=authority or None)
        context.check_hostname = credentials.tls == "verify-full"
        if credentials.tls == "require":
            context.verify_mode = ssl.CERT_NONE
        if credentials.tls_cert:
            key = credentials.tls_key and str(current().credential_file(credentials.tls_key))
            context.load_cert_chain(str(current().credential_file(credentials.tls_cert)), key or None)
    except OSError as error:
        reason = error.strerror or "it holds no certificate or key"
        message = f"A file given as tls_ca, tls_cert or tls_key cannot be used: {reason}."
        raise TaskFailed(message, {"kind": "tls"}, "Check their paths; they are in PEM form.", permanent=True) from None
    return context


def _connect_failure(credentials: Credentials, error: Exception, late: bool) -> TaskFailed:
    """The error of an attempt to connect, in words; its cause is what PyMySQL kept of it."""
    where = credentials.host if credentials.host.startswith("/") else f"{credentials.host}:{credentials.port}"
    if current().cancelled:
        return TaskFailed(f"Cancelled while connecting to {where}.", {"kind": "cancelled"})
    kind, message, hint = _kind_of(error, late)
    code, said = error.args if len(error.args) == 2 else (0, "")
    secret = credentials.password.reveal()
    words = str(said).replace(secret, "***") if len(secret) >= 3 else str(said)
    words = f": {words.rstrip('.')}" if (isinstance(code, int) and 1000 <= code < 2000) or code > 3000 else ""
    permanent = kind in ("unauthorized", "forbidden", "not_found")
    return TaskFailed(f"{message} ({where}){words}.", {"kind": kind}, hint, permanent=permanent)


def _kind_of(error: Exception, late: bool) -> tuple[str, str, str]:
    cause = getattr(error, "original_exception", error)
    if late or isinstance(cause, TimeoutError):
        return "timeout", "The server did not answer in time", "Check host and port, and the firewall."
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        hint = "verify-ca and verify-full need the authority's certificate (tls_ca); verify-full the exact name too."
        return "tls", "No TLS connection as asked for could be made", hint
    if isinstance(cause, (socket.gaierror, UnicodeError)):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    if isinstance(cause, OSError):
        return "unreachable", "The server cannot be reached", "Check host and port, and that the server is running."
    code = error.args[0] if error.args else 0
    if code in _CONNECT_FAILURES:
        return _CONNECT_FAILURES[code]
    return (
        "wrong_address",
        "Something answers there, but not as MySQL does",
        "Check the port; MySQL's own is 3306.",
    )


_BROKEN = (2006, 2013, 0)  # the client's codes of a connection that is gone, and PyMySQL's of one that it closed


def _unanswered(readonly: bool) -> TaskFailed:
    """The failure of a COMMIT whose answer did not come."""
    failure = TaskFailed("The connection to the server broke at the end.", {"kind": "unreachable"}, "Retry the node.")
    if not readonly:
        failure.hint = ""
        failure.warn()
    return failure


def _statement_failure(error: Any, reason: str, timeout: float | None) -> TaskFailed:
    code, said = error.args if len(error.args) == 2 else (0, str(error))
    if reason == "cancelled":
        return TaskFailed("Cancelled: the server was told to stop; nothing was changed.", {"kind": "cancelled"})
    if reason == "timeout":
        message = f"The statement was given up after {timeout:g} seconds; nothing was changed."
        return TaskFailed(message, {"kind": "timeout"}, "Raise 'timeout', or make the query do less.")
    if code in _BROKEN:
        return TaskFailed(f"The connection to the server broke: {said}.", {"kind": "unreachable"}, "Retry the node.")
    words = " ".join(str(said).split()).rstrip(".")
    where = getattr(error, "flowbook_where", "")
    hint = _HINTS.get(code, "")
    permanent = code not in _MAY_PASS
    return TaskFailed(f"MySQL refused it: {where}{words}.", {"code": code}, hint, permanent=permanent)


def _kill(credentials: Credentials, thread: int, tunnel: tunnels.Open | None) -> None:
    """Have the server give up what another connection of this user runs: over a connection of its own."""
    hurried = credentials.model_copy(update={"connect_timeout": 3})
    connection, line = _connect(hurried, tunnel=tunnel)
    try:
        with connection.cursor() as cursor:
            cursor.execute("KILL QUERY %s", [thread])
    finally:
        _close(connection)
        line.close()


def _close(connection: Any) -> None:
    """An open transaction is rolled back by the server."""
    pymysql = _library()
    with suppress(pymysql.err.Error, OSError):
        connection.close()
