"""Opening a connection, watching over what runs on it, and saying in words what went wrong."""

from __future__ import annotations

import math
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flowbook import TaskFailed, current, tunnels

from .models import Credentials

WATCH_SECONDS = 0.1
CANCEL_GRACE_SECONDS = 3.0
TIMEOUT_GRACE_SECONDS = 5.0

# libpq and the server report a failed connection only as text: the first pattern that is found in it decides.
# Source of the texts: src/interfaces/libpq/fe-connect.c and src/backend/libpq/auth.c of PostgreSQL 15 to 17.
_CONNECT_FAILURES: tuple[tuple[str, str, str, str], ...] = (
    (
        r"authentication failed|no password supplied|role \"[^\"]*\" does not exist",
        "unauthorized",
        "The server refused the username or the password",
        "Check both; PostgreSQL answers the same for a wrong password and for a role that is not there.",
    ),
    (
        r"no pg_hba.conf entry|permission denied for database|is not permitted to log in",
        "forbidden",
        "The server knows the role but does not let it in here",
        "Ask its administrator for the CONNECT privilege or an entry in pg_hba.conf; it may want TLS (sslmode).",
    ),
    (
        r"database \".*\" does not exist",
        "not_found",
        "There is no such database on the server",
        "Check the database's name, upper and lower case too.",
    ),
    (
        r"could not translate host name|Name or service not known|nodename nor servname",
        "wrong_address",
        "The host's name is not known",
        "Check the host for a typing mistake.",
    ),
    (
        r"invalid response to SSL|expected authentication request|expected SSL response",
        "wrong_address",
        "Something answers there, but it is not PostgreSQL",
        "Check the port; PostgreSQL's own is 5432.",
    ),
    (
        r"SSL|TLS|certificate",
        "tls",
        "No TLS connection as asked for could be made",
        "Check sslmode and sslrootcert: verify-full needs the authority's certificate and the server's exact name.",
    ),
    (
        r"timeout expired|timed out",
        "timeout",
        "The server did not answer in time",
        "Check host and port, and whether a firewall lets this machine through.",
    ),
    (
        r"too many connections|remaining connection slots|too many clients",
        "rate_limited",
        "The server has no connection left",
        "Try again later, or ask for a higher max_connections.",
    ),
    (r"starting up|shutting down|in recovery mode", "unreachable", "The server is not ready", "Try again in a moment."),
)
_PREAMBLE = re.compile(r"^connection to server (at|on socket) .*? failed: (FATAL: +)?")
_UNREACHABLE = ("unreachable", "The server cannot be reached", "Check host and port, and that the server is running.")

# SQLSTATE (appendix A of PostgreSQL's manual): data that do not fit, syntax and access, what is not supported, NULL and
# CHECK. What other rows or sessions decide (23503, 23505, 40001, 55P03 …) may be otherwise at the next try.
_WILL_NOT_PASS = ("0A", "22", "42", "23502", "23514")
_STATEMENT_HINTS = {
    "42P01": "The task list_tables shows the tables there are.",
    "42703": "The task describe_table shows the columns there are.",
    "42501": "Ask the owner for the privilege (GRANT).",
    "22P02": (
        "A text is no value of its column's type. Of whole numbers that end in .0, as a table with gaps writes them, "
        "insert_rows takes the .0 away: give it what files.read_csv reads."
    ),
    "22021": (
        "Bytes are no text in UTF-8, which a database in SQL_ASCII may hold. Read a value as "
        "convert_from(convert(convert_to(column, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'SQL_ASCII'), with the "
        "encoding it was written in; rename a table or column of such a name with psql."
    ),
    "22P05": "The database's encoding (SHOW server_encoding) has no such character. Take it out, or move to UTF8.",
    "25006": "read_only is on: turn it off to change data.",
    "25001": "Turn on autocommit for statements that cannot run inside a transaction.",
    "42P10": "conflict_keys must be exactly the columns of a unique index or of the primary key.",
    "40001": "Another transaction was in the way: retry the node.",
    "40P01": "Another transaction was in the way: retry the node.",
    "53300": "Try again later.",
}


def connect(
    credentials: Credentials, *, readonly: bool = False, autocommit: bool = False, through: int | None = None
) -> Any:
    """An open connection; TaskFailed says which kind of failure it was (``data["kind"]``).

    Kinds: unauthorized, forbidden, not_found, unreachable, wrong_address, timeout, tls, rate_limited. ``through`` is a
    port of this machine that leads to the server: a tunnel's.
    """
    import psycopg2

    for host in credentials.host.split(","):  # libpq tries each of several
        current().check_host(host, None if host.startswith(("/", "@")) else credentials.port)
    for name in ("sslrootcert", "sslcert", "sslkey"):
        path = getattr(credentials, name)
        if path and path != "system" and not current().credential_file(path).is_file():
            raise TaskFailed(
                f"The file given as {name} is not there: {path}.", {"kind": "tls"}, "Check its path.", permanent=True
            )
    try:
        given = {**_arguments(credentials, through), **_for_rehearsal()}
        doing = f"connecting to {credentials.host}:{credentials.port}"
        connection = current().wait_for(lambda: psycopg2.connect(**given), doing, lambda late: late.close())
    except psycopg2.OperationalError as error:
        raise _connect_failure(credentials, str(error)) from None
    connection.set_client_encoding("UTF8")
    connection.set_session(readonly=readonly or current().rehearsing, autocommit=autocommit)
    return connection


def _for_rehearsal() -> dict[str, Any]:
    """What a connection is opened with besides, in a dry run."""
    if not current().rehearsing:
        return {}
    from .rehearsing import Cursor

    return {"cursor_factory": Cursor}


def _arguments(credentials: Credentials, through: int | None) -> dict[str, Any]:
    """What libpq is told; a dead network is noticed within about a minute even in the middle of a query."""
    files = {name: getattr(credentials, name) for name in ("sslrootcert", "sslcert", "sslkey")}
    # The name stays what the server's certificate is for
    here = {} if through is None else {"hostaddr": "127.0.0.1", "port": through}
    return {
        "host": credentials.host,
        "port": credentials.port,
        **here,
        "user": credentials.username,
        "password": credentials.password.reveal(),
        "dbname": credentials.database,
        "sslmode": credentials.sslmode,
        "connect_timeout": credentials.connect_timeout,
        "application_name": "flowbook",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        **{
            name: path if path == "system" else str(current().credential_file(path))
            for name, path in files.items()
            if path
        },
    }


def _connect_failure(credentials: Credentials, said: str) -> TaskFailed:
    where = f"{credentials.host}:{credentials.port}"
    if current().cancelled:
        return TaskFailed(f"Cancelled while connecting to {where}.", {"kind": "cancelled"})
    words = _without(credentials.password.reveal(), _reasons(said))
    known = (one for one in _CONNECT_FAILURES if re.search(one[0], said))
    _, kind, message, hint = next(known, ("", *_UNREACHABLE))
    permanent = kind in ("unauthorized", "forbidden", "not_found")
    return TaskFailed(f"{message} ({where}): {words}.", {"kind": kind}, hint, permanent=permanent)


def _reasons(said: str) -> str:
    """What libpq said, without what our own message says: the place, and its question whether a server runs there."""
    text = re.sub(r"\s*\n\t(?=[A-Z])", ". ", said.strip()).replace("\n\t", " ")
    text = re.sub(r"\. Is the server running[^\n]*", "", text)
    return "; ".join(dict.fromkeys(_PREAMBLE.sub("", line).strip().rstrip(".") for line in text.splitlines()))


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "***") if len(secret) >= 3 else text


@contextmanager
def session(
    credentials: Credentials, *, readonly: bool = False, autocommit: bool = False, timeout: float | None = None
) -> Iterator[Any]:
    """A connection for one task: committed at the end, rolled back on any error, always closed.

    ``timeout`` is the server's statement_timeout in seconds. Cancelling the run cancels what is being executed.
    psycopg2's errors become TaskFailed with the server's own words, its hint and ``data["sqlstate"]``.
    """
    import psycopg2

    with tunnels.through(credentials, credentials.connect_timeout) as tunnel:
        port = None if tunnel is None else tunnel.listening(credentials.host, credentials.port)
        connection = connect(credentials, readonly=readonly, autocommit=autocommit, through=port)
        watch = _Watch(connection, credentials, timeout, port)
        committing = False
        try:
            with watch, current().on_cancel(watch.cancel):
                set_timeout(connection, timeout)
                yield connection
                if current().cancelled:
                    raise TaskFailed("Cancelled; nothing was changed." if not autocommit else "Cancelled.")
                committing = True
                connection.commit()
        except psycopg2.Error as error:
            if committing and error.pgcode is None:
                raise _unanswered(readonly) from None
            failure = _statement_failure(error, watch.reason, timeout)
            if autocommit and failure.data == {"kind": "unreachable"}:
                failure.warn()
            raise failure from None
        finally:
            print_notices(connection)
            with suppress(psycopg2.Error):
                connection.close()  # an open transaction is rolled back by the server


def set_timeout(connection: Any, timeout: float | None) -> None:
    """Let the server give up any statement after ``timeout`` seconds, for the rest of the transaction."""
    if timeout is None:
        return
    milliseconds = str(max(1, round(timeout * 1000)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, %s)", [milliseconds, not connection.autocommit])


def print_notices(connection: Any) -> None:
    """Show what the server said meanwhile (RAISE NOTICE and warnings) as the node's output."""
    for notice in connection.notices:
        print(notice.strip())
    connection.notices.clear()


class _Watch:
    """A thread that lives as long as a task's connection and ends what runs there when the run is cancelled.

    The server is asked to cancel first; if nothing has come back soon after (a dead network), the socket is shut, so
    that the waiting task ends anyhow. The same happens when the server ignores its own statement_timeout.
    """

    def __init__(self, connection: Any, credentials: Credentials, timeout: float | None, port: int | None) -> None:
        self.reason = ""
        self._credentials = credentials.model_copy(update={"connect_timeout": math.ceil(CANCEL_GRACE_SECONDS)})
        self._port = port
        self._backend = connection.info.backend_pid
        self._connection = connection
        self._context = current()
        self._timeout = timeout
        self._active_since: float | None = None
        self._over = threading.Event()
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._look, name="flowbook-postgres-watch", daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._told.set()
        self._thread.join(timeout=CANCEL_GRACE_SECONDS)

    def cancel(self) -> None:
        """Have the thread look at once: the process may be about to end."""
        self._told.set()

    def _look(self) -> None:
        while not self._over.is_set():
            self._told.wait(WATCH_SECONDS)
            if self._over.is_set():
                return
            if self._context.cancelled:
                self.reason = "cancelled"
                break
            if self._overdue():
                self.reason = "silent"
                break
        else:
            return
        threading.Thread(target=self._ask_to_cancel, name="flowbook-postgres-cancel", daemon=True).start()
        if not self._over.wait(CANCEL_GRACE_SECONDS):
            self._shut_socket()

    def _overdue(self) -> bool:
        """Whether one statement has been waited for much longer than the server was told to run it."""
        import psycopg2.extensions as extensions

        if self._timeout is None or self._connection.info.transaction_status != extensions.TRANSACTION_STATUS_ACTIVE:
            self._active_since = None
            return False
        if self._active_since is None:
            self._active_since = time.monotonic()
        return time.monotonic() - self._active_since > self._timeout + TIMEOUT_GRACE_SECONDS

    def _ask_to_cancel(self) -> None:
        """Cancel over a second connection.

        psycopg2's own cancel() holds the interpreter's lock while it waits for the server, so on a dead network it
        would stop the whole program; it is used only where an answer shows that the network is alive (behind a
        pooler, whose backend numbers are not the server's, and when the server has no connection left).
        """
        import psycopg2

        try:
            with connect(self._credentials, autocommit=True, through=self._port) as second, second.cursor() as cursor:
                cursor.execute("SELECT pg_catalog.pg_cancel_backend(%s)", [self._backend])
                done = cursor.fetchone()[0]
            second.close()
        except TaskFailed as refused:
            done = refused.data["kind"] in ("timeout", "unreachable", "wrong_address")
        except psycopg2.Error:
            done = True
        # Through a tunnel it would never end: our threads carry it, and wait for the same lock
        if not done and self._port is None and not self._over.is_set():
            with suppress(psycopg2.Error):
                self._connection.cancel()

    def _shut_socket(self) -> None:
        import psycopg2

        with suppress(OSError, psycopg2.Error), socket.socket(fileno=os.dup(self._connection.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)


def _unanswered(readonly: bool) -> TaskFailed:
    """The failure of a COMMIT whose answer did not come."""
    failure = TaskFailed("The connection to the server broke at the end.", {"kind": "unreachable"}, "Retry the node.")
    if not readonly:
        failure.hint = ""
        failure.warn()
    return failure


def _statement_failure(error: Any, reason: str, timeout: float | None) -> TaskFailed:
    code = error.pgcode
    if reason == "cancelled":
        return TaskFailed("Cancelled: the server was told to stop, and the transaction was rolled back.")
    if code == "57014" and timeout is not None:
        message = f"The statement was given up after {timeout:g} seconds and rolled back."
        return TaskFailed(message, {"kind": "timeout", "sqlstate": code}, "Raise 'timeout', or make the query do less.")
    if reason == "silent":
        return TaskFailed("The server stopped answering.", {"kind": "timeout"}, "Check the network and the server.")
    if code is None:
        return _failure_without_code(error)
    return _refusal(error, code)


def _failure_without_code(error: Any) -> TaskFailed:
    """What psycopg2 itself reports: a value it cannot send, or a connection that broke."""
    import psycopg2

    words = " ".join(str(error).split())
    if isinstance(error, psycopg2.OperationalError) or "connection" in words:
        return TaskFailed(f"The connection to the server broke: {words}", {"kind": "unreachable"}, "Retry the node.")
    return TaskFailed(f"The statement could not be sent: {words}", None, "Check its parameters.", permanent=True)


def _refusal(error: Any, code: str) -> TaskFailed:
    said = error.diag
    where = getattr(error, "flowbook_where", "")
    place = said.context if (said.context or "").startswith("COPY ") else None  # names line and column of the data
    message = ": ".join(part.strip() for part in (said.message_primary, said.message_detail, place) if part)
    hint = said.message_hint or _STATEMENT_HINTS.get(code, "")
    words = f"PostgreSQL refused it: {where}{message.rstrip('.')}{_line(error)}."
    return TaskFailed(words, {"sqlstate": code}, hint, permanent=code.startswith(_WILL_NOT_PASS))


def _line(error: Any) -> str:
    """The line of the SQL that the server points to; empty when there is just one."""
    position = error.diag.statement_position
    query = getattr(error.cursor, "query", None)
    if not position or not query or b"\n" not in query.strip():
        return ""
    return f" (line {query.decode('utf-8', 'replace')[: int(position) - 1].count(chr(10)) + 1})"
