"""The connection to a workspace's schema: made when it is first needed, and made anew when it was lost."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowbook.errors import StoreError
from flowbook.installing import how_to_install
from flowbook.postgres import texts
from flowbook.postgres.address import Address
from flowbook.postgres.connection import Connection
from flowbook.postgres.migrations import migrate

if TYPE_CHECKING:
    import psycopg2

LOCK_MS = 200
"""How long the lock of the schema is waited for at a time; meanwhile no Ctrl-C is heard."""
READ_ONLY_SECONDS = 5.0
"""After how long is asked again whether a database that was read-only can be written."""
_TEXTS = (25, 1042, 1043)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_LOCKED = ("55P03", "40001", "40P01")
_AWAY = ("57P01", "57P02", "57P03", "53300")
_READ_ONLY = "25006"
_FORBIDDEN = "42501"


def _is_of_the_database(error: BaseException) -> bool:
    """Whether psycopg2 raised it; without that being imported where it never was."""
    module = sys.modules.get("psycopg2")
    return module is not None and isinstance(error, module.Error)


class Lost(StoreError):
    """The database cannot be used just now: it is locked by others, restarts, or the connection to it broke."""


class Locked(Lost):
    """Others are changing what is kept there; it was waited for them for a moment."""


class Session:
    """The connection to the schema at ``address``; ``what`` is what is kept there, for errors.

    ``part`` is what of the schema a transaction that is ``alone`` has to itself.
    """

    def __init__(self, address: Address, what: str, *, part: str = "") -> None:
        self.address = address
        self.read_only = False
        self._lock = address.lock(part)
        self._what = what
        self._connection: Connection | None = None
        self._process = 0
        self._asked = 0.0
        self._was_there = False

    def connection(self) -> Connection:
        """The connection, with the schema as this Flowbook knows it. Raises StoreError, and Lost when it was there."""
        made = self._connection
        if made is not None and self._process != os.getpid():
            made = None  # it is the connection of the process that this one was forked from
        if made is not None and self.read_only and time.monotonic() >= self._asked + READ_ONLY_SECONDS:
            made.close()  # what it is told is for as long as it lasts: a new one is told anew
            made = None
        if made is None or made.raw.closed:
            made = self._connect()
            self._process = os.getpid()
            self._connection = made
            self._asked = time.monotonic()
            self._was_there = True
        return made

    @contextlib.contextmanager
    def transaction(self, *, alone: bool = True, wait: bool = True) -> Iterator[Connection]:
        """A transaction; ``alone`` no other such one goes on at the same time. Raises Lost while others have the lock.

        Without ``wait`` it is not even waited for a moment. A connection that broke while nobody used it, as when the
        server was restarted, is made anew.
        """
        with self.errors():
            taking = self._taking(wait) if alone else ""
            connection = self._begun(taking)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def tell(self, connection: Connection, what: str) -> None:
        """Tell everybody who listens, once the transaction is committed, what was changed in it."""
        connection.execute("SELECT pg_notify(?, ?)", (self.address.channel, f"{what} {self.address.sender}"))

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """What the database says within, as a StoreError."""
        try:
            yield
        except Exception as error:
            if not _is_of_the_database(error):
                raise
            raise self._error(error) from None

    def close(self) -> None:
        """Let go of the connection; it is made anew at the next use."""
        made, self._connection = self._connection, None
        if made is not None and self._process == os.getpid():
            made.close()
        self._was_there = False

    # -- inside ----------------------------------------------------------------------------------------------------

    def _begun(self, taking: str) -> Connection:
        before = self._connection
        connection = self._may_write()
        try:
            connection.begin(taking)
        except BaseException as error:
            with contextlib.suppress(Exception):
                connection.rollback()
            if connection is not before or not connection.raw.closed or not _is_of_the_database(error):
                raise
            connection = self._may_write()
            connection.begin(taking)
        return connection

    def _may_write(self) -> Connection:
        connection = self.connection()
        if self.read_only:
            raise self._refusal()
        return connection

    def _taking(self, wait: bool) -> str:
        timeout = LOCK_MS if wait else 1
        return (
            f"SET LOCAL lock_timeout = {timeout}; SELECT pg_advisory_xact_lock({self._lock});"
            " SET LOCAL lock_timeout = 0"
        )

    def _connect(self) -> Connection:
        try:
            import psycopg2
            import psycopg2.extensions
        except ImportError:
            raise StoreError(
                f"{self._what} is in PostgreSQL, and the package 'psycopg2' is not installed.",
                f"{how_to_install('psycopg2')}.",
            ) from None
        try:
            raw = psycopg2.connect(**self.address.connecting)
        except psycopg2.Error as error:
            raise self._unreachable(error) from None
        raw.autocommit = True  # transactions are begun by Connection
        psycopg2.extensions.register_type(psycopg2.extensions.new_type(_TEXTS, "MARKED_TEXT", texts.read), raw)
        made = Connection(raw, self.address.schema)
        try:
            self.read_only = made.execute("SELECT current_setting('transaction_read_only') AS it").fetchone()[0] == "on"
            migrate(made, self.address, read_only=self.read_only)
        except BaseException:
            raw.close()
            raise
        # A workspace that is dropped without a word lets go of its connection all the same.
        weakref.finalize(self, raw.close).atexit = False
        return made

    def _unreachable(self, error: psycopg2.Error) -> StoreError:
        words = " ".join(self.address.without_password(str(error)).split())
        said = words.removesuffix("?").removesuffix(".")
        return (Lost if self._was_there else StoreError)(
            f"{self._what} in PostgreSQL cannot be reached at {self.address}: {said}.",
            "Check that the server runs, and the host, user and password of the address; a password may also stand in"
            " PGPASSWORD or ~/.pgpass.",
        )

    def _refusal(self) -> StoreError:
        return StoreError(
            f"{self._what} in PostgreSQL ({self.address}) can only be read: the database is read-only.",
            "Use the address of the primary server, or ask for a role that may write.",
        )

    def _error(self, error: Any) -> StoreError:
        code = error.pgcode or ""
        said = self.address.without_password(error.diag.message_primary or str(error).strip())
        # A server that says what it minds, while a connection is made, is there: it refuses.
        gone = not code if self._connection is None else self._connection.raw.closed
        if code == _READ_ONLY:
            return self._refusal()
        if code in _LOCKED:
            return Locked(f"others are changing {self._what} in PostgreSQL ({self.address}) just now.", "Try again.")
        if gone or code in _AWAY or code.startswith("08"):
            return Lost(
                f"the connection to {self._what} in PostgreSQL ({self.address}) broke: {said}.",
                "Nothing that was acknowledged is lost. Try again when the server is back.",
            )
        hint = (
            "Ask the owner of the database, or of the schema, for the right to it."
            if code == _FORBIDDEN
            else "See the server's log."
        )
        return StoreError(f"{self._what} in PostgreSQL ({self.address}) cannot be used: {said}.", hint)
