"""The tables of what starts runs in PostgreSQL, which several servers share."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowbook.journal.leases import LeaseOwner
from flowbook.journal.tables import asked
from flowbook.postgres import Address, Connection, Lost, Session
from flowbook.triggers.rows import Taken, Transaction

WHAT = "schedules, hooks and the queue"
_UNIQUE_VIOLATION = "23505"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


class _Postgres:
    """A transaction of PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        import psycopg2

        try:
            return int(self._connection.execute(sql, asked(values)).rowcount)
        except psycopg2.IntegrityError as error:
            if error.pgcode != _UNIQUE_VIOLATION:
                raise
            raise Taken(error.diag.constraint_name) from None

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self._connection.execute(sql, asked(values)).fetchall()]


class PostgresRows:
    """The tables in the schema at ``address``. What is committed is on the disk of the server."""

    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, address: Address) -> None:
        self._session = Session(address, WHAT)
        self._guard = threading.RLock()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """See :class:`~flowbook.triggers.rows.Rows`."""
        with self._guard, contextlib.ExitStack() as held:
            try:
                connection = held.enter_context(self._session.transaction(alone=False))
            except Lost:  # as after a restart of the server; nothing was done yet
                connection = held.enter_context(self._session.transaction(alone=False))
            yield _Postgres(connection)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Mapping[str, Any]]:
        """See :class:`~flowbook.triggers.rows.Rows`."""
        with self._guard:
            try:
                return self._read(sql, values)
            except Lost:
                return self._read(sql, values)

    def _read(self, sql: str, values: Sequence[Any]) -> list[Mapping[str, Any]]:
        with self._session.errors():
            return _Postgres(self._session.connection()).read(sql, values)

    def close(self) -> None:
        """See :class:`~flowbook.triggers.rows.Rows`."""
        with self._guard:
            self._session.close()


class LeaseHolder:
    """This process, as the one that holds what it has taken: by a lease, and by a new one once it lost the last."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._owner = self._another()

    @property
    def id(self) -> str:
        """Its name, which no other one ever has."""
        return self._owner.id

    def claim(self) -> None:
        """Be seen to live from now on; what was held under a lease that was lost is others' now."""
        if self._owner.lost:
            self._owner = self._another()
        self._owner.claim()

    def is_gone(self, owner: str, /) -> bool:
        """Whether another one lives no more."""
        return self._owner.is_gone(owner)

    def release(self) -> None:
        """Be seen to live no more."""
        self._owner.release()

    def _another(self) -> LeaseOwner:
        return LeaseOwner(self._address, Session(self._address, WHAT), threading.RLock(), uuid.uuid4().hex)
