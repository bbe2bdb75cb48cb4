"""The store in PostgreSQL, which the processes of many machines share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from typing_extensions import Self

from flowbook.errors import StoreError
from flowbook.postgres import Address
from flowbook.store.documents import DocumentStore, Tables
from flowbook.store.postgres_rows import PostgresRows


class PostgresStore(DocumentStore):
    """A :class:`~flowbook.store.protocol.WorkspaceStore` in the schema at ``address``.

    Nothing is asked of the database before the first use. A document is a row; each method that changes something is
    one transaction that no other writer of documents gets between.
    """

    path: Path | None = None

    def __init__(self, address: Address) -> None:
        self.address = address
        self.place = str(address)
        self._rows = PostgresRows(address)
        self._opened: Tables | None = None
        self._opening = threading.Lock()

    @contextmanager
    def transaction(self, *, replace_backup: bool = False) -> Iterator[Self]:
        """Everything within is one transaction under the store's lock; an exception leaves all as it was.

        No copy of the old is kept, so there is none that ``replace_backup`` would have to replace. May be nested.
        """
        with self._rows.transaction():
            yield self

    def reload(self) -> None:
        """Fetch everything again at the next use."""
        with self._opening:
            self._opened = None

    def recover(self) -> Path | None:
        """Raises StoreError: the database itself sees to it that it is whole."""
        raise StoreError(
            f"the store in PostgreSQL ({self.address}) keeps no last-good copy; nothing was changed.",
            "Put back a backup of the database: see 'flowbook docs postgresql'.",
        )

    def close(self) -> None:
        """Let go of the connection; it is made anew at the next use."""
        self._rows.close()

    def __repr__(self) -> str:
        return f"<PostgresStore {self.address}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a store in PostgreSQL cannot be pickled or copied: its address may hold a password")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _tables(self) -> Tables:
        with self._opening:
            if self._opened is None:
                from flowbook.store.postgres_records import PostgresMeta, PostgresRecords
                from flowbook.store.records import KINDS

                where = f"PostgreSQL ({self.address})"
                meta = PostgresMeta(self._rows, where)
                self._opened = Tables(meta, *(PostgresRecords(self._rows, kind, meta, where) for kind in KINDS))
            return self._opened

    def reading(self) -> AbstractContextManager[object]:
        """Several reads, safe from writers in other threads."""
        return self._rows.reading()
