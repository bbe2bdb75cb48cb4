"""The store in one TinyDB file, or in memory."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from flowbook.errors import StoreDamaged, StoreError
from flowbook.store.documents import DocumentStore, Tables
from flowbook.store.files import FileMedium, Medium, MemoryMedium

if TYPE_CHECKING:
    from flowbook.store.storage import AtomicStorage


class TinyStore(DocumentStore):
    """A :class:`~flowbook.store.protocol.WorkspaceStore` in the file at ``path``; in memory alone when it is None.

    Nothing is read, and TinyDB is not imported, before the first use. Each method that changes something is one locked
    read-modify-write; several of them within :meth:`transaction` are one together.
    """

    def __init__(self, path: Path | str | None) -> None:
        self._medium: Medium = MemoryMedium() if path is None else FileMedium(Path(path))
        self.place = uuid.uuid4().hex if path is None else str(path)
        self._opened: tuple[AtomicStorage, Tables] | None = None
        self._opening = threading.Lock()

    @property
    def path(self) -> Path | None:
        """The file, None for a store in memory."""
        return self._medium.path if isinstance(self._medium, FileMedium) else None

    @contextmanager
    def transaction(self, *, replace_backup: bool = False) -> Iterator[Self]:
        """Everything within is one atomic write under the store's lock; an exception leaves all as it was.

        ``replace_backup`` leaves nothing of the old in the last-good copy either. May be nested.
        """
        with self._storage.transaction(replace_backup=replace_backup):
            yield self

    def reload(self) -> None:
        """Read from the disk again at the next use, trusting nothing that is in memory."""
        self._storage.forget()

    def recover(self) -> Path | None:
        """Restore the last-good copy of a damaged store; returns where the damaged file is kept (None: it was gone).

        Raises StoreError when the store is not damaged, StoreDamaged when the copy cannot be read either.
        """
        from flowbook.store.storage import read_backup

        if not isinstance(self._medium, FileMedium):
            raise StoreError("a store in memory has no last-good copy.")
        with self._medium.lock():
            self._storage.forget()
            try:
                self._storage.read()
            except StoreDamaged:
                if read_backup(self._medium) is None:
                    raise
                return self._medium.recover(self._medium.read_backup())
        raise StoreError(f"{self._medium.path} is not damaged; nothing was changed.")

    def __repr__(self) -> str:
        return f"<TinyStore {self._medium.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is None:
            raise TypeError("a store in memory cannot be pickled or copied")
        return TinyStore, (str(self.path),)  # another process opens it anew

    def close(self) -> None:
        """Nothing is held between uses."""

    # -- inside ----------------------------------------------------------------------------------------------------

    def _open(self) -> tuple[AtomicStorage, Tables]:
        with self._opening:
            if self._opened is None:
                from flowbook.store.records import KINDS
                from flowbook.store.storage import AtomicStorage, Database
                from flowbook.store.tiny_records import TinyMeta, TinyRecords

                storage = AtomicStorage(self._medium)
                database = Database(storage=lambda: storage)
                meta = TinyMeta(database)
                tables = (TinyRecords(storage, database, kind, meta, self._medium.name) for kind in KINDS)
                self._opened = storage, Tables(meta, *tables)
            return self._opened

    @property
    def _storage(self) -> AtomicStorage:
        return self._open()[0]

    def _tables(self) -> Tables:
        return self._open()[1]

    def reading(self) -> AbstractContextManager[None]:
        """Several reads, safe from writers in other threads."""
        return self._storage.reading()
