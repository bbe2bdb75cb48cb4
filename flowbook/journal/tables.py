"""What the history asks of the database that it is in: the tables of :mod:`~flowbook.journal.schema`, in the SQL that
all databases have in common, with ``?`` for values, and rows whose columns are taken by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

_MOST = 2**63 - 1
Found = TypeVar("Found")
Row = Any
"""``row["column"]``; text is str, data str or bytes as it was given, numbers int or float."""


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Row:
        """The next row, None when there is none."""

    def fetchall(self) -> list[Row]:
        """All rows that are left."""


def asked(values: Sequence[Any]) -> list[Any]:
    """Values that a query looks for, as every database takes them.

    What people ask for may hold half of a character, a NUL, or be a number beyond all. Nothing that is kept is like
    that: it is looked for as another text or number, and not found.
    """
    return [_storable(value) for value in values]


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    if isinstance(value, int):
        return max(-_MOST, min(value, _MOST))
    return value


class Connection(Protocol):
    """What a transaction is made of."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        """Do one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Do a statement with each of the rows."""

    def rollback(self) -> None:
        """Take back what was done in the transaction."""


class Space(Protocol):
    """What the runs take up, within a transaction that deletes some."""

    def used(self) -> int:
        """How many bytes are used."""

    def deleted(self, number: int) -> None:
        """A run was deleted."""


class Tables(Protocol):
    """The database. Every method may raise StoreError, and StoreDamaged.

    ``going`` are the runs of this process that go on: as long as there are some, all is read and written where these
    are.
    """

    going: Collection[str]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written; known once something was read."""

    def renew(self) -> None:
        """Before a run begins: go on in what is there now, where that is not what it was (a file was moved away)."""

    def append(self, kind: str, row: tuple[Any, ...]) -> None:
        """Have a row written soon, by the statement of that kind."""

    def commit(self, hurried: Callable[[], bool] = ..., /) -> None:
        """Write all that waits; returns when it is committed."""

    def at_once(self) -> AbstractContextManager[None]:
        """Within, this thread waits for nobody who has the database locked."""

    def transaction(self, hurried: Callable[[], bool] = ..., /) -> AbstractContextManager[Connection]:
        """A transaction that no other one gets between; what waited was written before."""

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query, including all that was appended before."""

    def space(self, connection: Connection) -> Space:
        """What the runs take up, within a transaction."""

    def number_on(self, connection: Connection) -> None:
        """Number runs on from the highest that is there: some came with their numbers."""

    def deleting(self, act: Callable[[Any, Callable[[], object]], Found], /) -> Found:
        """What ``act(connection, in_between)`` gives, which deletes in a transaction; ``in_between`` may end that, make
        space, and begin another one, each time it is called. ``act`` may be called twice.
        """

    def keep_reserve(self) -> None:
        """Keep the space that deleting needs where there is no other."""

    def give_back(self, *, rewrite: bool) -> None:
        """Give back to the system what is free; ``rewrite`` though that takes long."""

    def close(self) -> None:
        """Write what waits and let go of all that is held."""


class RunOwner(Protocol):
    """This process, as the owner of the runs that it records."""

    @property
    def id(self) -> str:
        """Tells it from every other."""

    def claim(self) -> None:
        """Show others, from now on, that its runs go on."""

    def release(self) -> None:
        """Show that no more."""

    def is_gone(self, owner: str) -> bool:
        """Whether another owner lives no more."""
