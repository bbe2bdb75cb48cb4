"""The store's schema: one write at a time, waited for in turn, and never in doubt about whether it took effect."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from flowbook.errors import StoreError
from flowbook.postgres import DOCUMENTS, Address, Connection, Locked, Lost, Session

WHAT = "the store"
LOCK_SECONDS = 30.0
"""How long to wait while nothing is saved by another process that has the lock."""
ASKED_SECONDS = 30.0
"""How long to ask whether a save took effect whose connection broke just then."""

Found = TypeVar("Found")


class PostgresRows:
    """The documents' part of the schema at ``address``; may be used from any number of threads."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._session = Session(address, WHAT, part="documents")
        self._guard = threading.RLock()
        self._connection: Connection | None = None
        self._dirty = False

    @property
    def writing(self) -> bool:
        """Whether a transaction is under way, which may yet be taken back."""
        return self._connection is not None

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads, safe from writers in other threads."""
        with self._guard:
            yield

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query; asked again once when the connection turns out to be broken."""
        with self._guard:
            return self._again(lambda: self._read(sql, values))

    def write(self, sql: str, values: Sequence[Any]) -> None:
        """Change something, within the transaction."""
        if self._connection is None:
            raise StoreError("the store was changed outside of a transaction.", "This is a mistake in Flowbook.")
        with self._session.errors():
            self._connection.execute(sql, values)
        self._dirty = True

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything within is committed together; an exception takes it back. May be nested."""
        with self._guard:
            if self._connection is not None:
                yield
                return
            number: int | None = None
            try:
                with contextlib.ExitStack() as held:
                    self._connection = self._begun(held)
                    yield
                    number = self._noted()
            except Lost:
                if number is None or not self._took_effect(number):
                    raise
            finally:
                self._connection, self._dirty = None, False

    def close(self) -> None:
        """Let go of the connection; it is made anew at the next use."""
        with self._guard:
            if self._connection is None:
                self._session.close()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _read(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with self._session.errors():
            connection = self._connection or self._session.connection()
            rows: list[Any] = connection.execute(sql, values).fetchall()
            return rows

    def _again(self, ask: Callable[[], Found]) -> Found:
        """What is asked outside of a transaction harms nobody when it is asked twice."""
        try:
            return ask()
        except Lost:
            if self._connection is not None:
                raise
            return ask()

    def _begun(self, held: contextlib.ExitStack) -> Connection:
        """The connection, once no other writer is at it: waited for as long as the others get on."""
        before, since = self._changes(), time.monotonic()
        while True:
            try:
                return self._again(lambda: held.enter_context(self._session.transaction()))
            except Locked:
                now = self._changes()
                if now != before:
                    before, since = now, time.monotonic()
                elif time.monotonic() > since + LOCK_SECONDS:
                    raise

    def _changes(self) -> int:
        """How often something was saved."""
        return int(self.read("SELECT number FROM changes")[0]["number"])

    def _noted(self) -> int | None:
        """Count the save and tell who listens; the number of the transaction, None when nothing was changed."""
        if not self._dirty or self._connection is None:
            return None
        with self._session.errors():
            self._session.tell(self._connection, DOCUMENTS)
            made = self._connection.execute("UPDATE changes SET number = number + 1 RETURNING txid_current() AS it")
            return int(made.fetchone()["it"])

    def _took_effect(self, number: int) -> bool:
        """Whether the transaction was committed, asked of the database when the connection broke at that moment."""
        until = time.monotonic() + ASKED_SECONDS
        self._connection = None
        while True:
            with contextlib.suppress(Lost):
                status = self._read("SELECT txid_status(?) AS it", (number,))[0]["it"]
                if status != "in progress":
                    return bool(status == "committed")
            if time.monotonic() > until:
                raise StoreError(
                    f"the connection to the store in PostgreSQL ({self._address}) broke while something was saved, and"
                    " the database does not come back: it is not known whether that took effect.",
                    "Look at what is stored once the database is back, before you save it again.",
                )
            time.sleep(0.1)
