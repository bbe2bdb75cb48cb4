"""The tables of the history in PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from flowbook.errors import StoreError
from flowbook.journal.batches import Batch, Batches, Busy, Hurried, never, settled
from flowbook.journal.leases import LeaseOwner
from flowbook.journal.retention import TABLES_OF_A_RUN
from flowbook.journal.statements import STATEMENTS
from flowbook.journal.tables import asked
from flowbook.postgres import RUNS, Address, Connection, Lost, Session

Found = TypeVar("Found")
_UNIQUE = {"finished": 2, "item": 3, "item started": 3}
"""Kinds of rows of which one statement takes one of a key only, and how many columns that is."""


class PostgresDatabase(Batches):
    """The history in the schema at ``address``, as the owner ``id`` records in it.

    **A batch once.** Each has a number, which is written into the owner's lease with it: when the connection breaks
    while it is committed, the lease tells whether it was. **Nothing after the lease.** The same row is what others
    take away from an owner that they take for gone; from then on no batch of it goes in.
    """

    def __init__(self, address: Address, id: str) -> None:
        super().__init__()
        self._session = Session(address, "the run history")
        self.owner = LeaseOwner(address, self._session, self._db, id)
        self._number = 0
        self._unsure: Batch | None = None

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written; known once something was read."""
        return self._session.read_only

    @contextlib.contextmanager
    def transaction(self, hurried: Hurried = never) -> Iterator[Connection]:
        """The connection, inside a transaction that no other one gets between; what waited was written before."""
        held = contextlib.ExitStack()

        def begin() -> None:
            self._commit()
            with contextlib.ExitStack() as entered:
                self._db.acquire()  # first, and so let go of last: whoever else uses the connection comes after its end
                entered.callback(self._db.release)
                with _busy():
                    entered.enter_context(self._session.transaction(wait=not getattr(self._thread, "at_once", False)))
                held.enter_context(entered.pop_all())

        self._patiently(begin, hurried)
        connection = self._session.connection()
        with held:
            yield connection
            self._session.tell(connection, RUNS)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query, including all that was appended before."""
        found: list[Any] = []

        def read() -> None:
            self._commit()
            with _busy(), self._session.errors():
                found.extend(self._session.connection().execute(sql, asked(values)).fetchall())

        self._patiently(read, never)
        return found

    def commit(self, hurried: Hurried = never) -> None:
        """Write all that waits; StoreError when it cannot be, or when this owner may record nothing any more."""
        super().commit(hurried)
        if self.owner.lost:
            raise StoreError(
                "this process was silent for so long that others took it for gone, so it records nothing more of the"
                " runs that it had then.",
                "They are shown as interrupted: look at them, and resume them.",
            )

    def space(self, connection: Any) -> _Sizes:
        """What the runs take up, within a transaction."""
        return _Sizes(connection)

    def number_on(self, connection: Any) -> None:
        """Number runs on from the highest that is there: some came with their numbers."""
        connection.execute("SELECT setval(pg_get_serial_sequence('runs', 'number'), max(number)) FROM runs")

    def deleting(self, act: Callable[[Any, Callable[[], object]], Found]) -> Found:
        """What ``act`` gives, in one transaction: the database has its own ways when its disk is full."""
        with self.transaction() as connection:
            return act(connection, lambda: None)

    def keep_reserve(self) -> None:
        """Nothing is kept: it is the database's disk."""

    def give_back(self, *, rewrite: bool) -> None:
        """The database's own autovacuum does that."""

    def close(self) -> None:
        """Write what waits and let go of the connection, even when that cannot be written: StoreError then."""
        try:
            super().commit(lambda: self._in_haste)
        finally:
            with self._db, self._lock:
                self._closed = True
                self._filled.notify_all()
                self._session.close()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _has_rows(self) -> bool:
        return self._unsure is not None or super()._has_rows()

    def _commit(self) -> None:
        while self._has_rows():
            self._closed = False
            if self._unsure is None:
                self._unsure = settled(self._taken())
                self._number += 1
            if not self.owner.lost:
                with _busy():
                    self._insert(self._unsure)
            self._unsure = None

    def _insert(self, batch: Batch) -> None:
        with self._session.transaction(alone=False) as connection:
            mark = "UPDATE leases SET batch = ? WHERE owner = ? AND batch < ?"
            if not connection.execute(mark, (self._number, self.owner.id, self._number)).rowcount:
                there = connection.execute("SELECT batch FROM leases WHERE owner = ?", (self.owner.id,)).fetchone()
                self.owner.lost = there is None
                return
            for kind, sql in STATEMENTS.items():
                rows = batch.get(kind)
                if not rows:
                    continue
                if kind in _UNIQUE:
                    rows = list({row[: _UNIQUE[kind]]: row for row in rows}.values())
                (connection.insert if sql.startswith("INSERT") else connection.executemany)(sql, rows)
            if batch.get("run"):
                self._session.tell(connection, RUNS)


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    """What may be different in a moment is waited for."""
    try:
        yield
    except Lost as error:
        raise Busy(error.message, error.hint) from None


class _Sizes:
    """The characters that the rows of each run hold, counted once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_run: dict[int, int] | None = None

    def used(self) -> int:
        """How many there are."""
        return sum(self._counted().values())

    def deleted(self, number: int) -> None:
        """A run was deleted."""
        self._counted().pop(number, None)

    def _counted(self) -> dict[int, int]:
        if self._by_run is None:
            sizes = " UNION ALL ".join(
                f"SELECT run, sum(octet_length({table}.*::text)) AS size FROM {table} GROUP BY run"  # noqa: S608 - literals
                for table in TABLES_OF_A_RUN
            )
            rows = self._connection.execute(f"SELECT run, sum(size) AS size FROM ({sizes}) AS all_of_it GROUP BY run")  # noqa: S608 - literals
            self._by_run = {row["run"]: int(row["size"]) for row in rows.fetchall()}
        return self._by_run
