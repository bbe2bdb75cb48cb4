"""The store's documents in tables of TinyDB."""

from __future__ import annotations

from typing import Any

from tinydb import where
from tinydb.table import Document

from flowbook.store.records import Meta, Record, Records, plain
from flowbook.store.storage import AtomicStorage, Database

_META = "meta"

_Rows = dict[str, dict[str, Any]]


class TinyMeta(Meta):
    """Documents of the workspace's own in a table of TinyDB."""

    def __init__(self, database: Database) -> None:
        self._table = database.table(_META)

    def all(self) -> dict[str, Any]:
        """All of them, by key."""
        return plain({row["key"]: row["value"] for row in self._table.all()}, "the workspace's own documents")

    def get(self, key: str, default: Any = None) -> Any:
        """A copy of what is kept under ``key``."""
        found = self._table.get(where("key") == key)
        return default if not isinstance(found, Document) else plain({"value": found["value"]}, key)["value"]

    def write(self, key: str, value: Any) -> None:
        """Keep ``value`` under ``key``; None removes it."""
        if value is None:
            self._table.remove(where("key") == key)
        else:
            self._table.upsert({"key": key, "value": value}, where("key") == key)


class TinyRecords(Records):
    """The documents of one kind in a table of TinyDB: ``{"name", "revision", "saved_at", "document"}`` each."""

    def __init__(self, storage: AtomicStorage, database: Database, kind: str, meta: Meta, where_from: str) -> None:
        super().__init__(kind, meta, where_from)
        self._table = database.table(kind)
        self._storage = storage
        self._indexed: tuple[_Rows, dict[str, str]] = ({}, {})

    def all(self) -> list[Record]:
        """Every record, by name."""
        rows = self._rows()
        return [_record(id, rows) for id in map(self._ids().__getitem__, self.names())]

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        return sorted(self._ids())

    def find(self, name: str) -> Record | None:
        """The record of that name, None when there is none."""
        id = self._ids().get(name)
        return None if id is None else _record(id, self._rows())

    def find_id(self, id: str) -> Record | None:
        """The record of that id, None when there is none."""
        rows = self._rows()
        return _record(id, rows) if id in rows else None

    def write(self, record: Record, *, new: bool) -> None:
        """Insert a record, or replace the one of its id."""
        row = {name: value for name, value in record._asdict().items() if name != "id"}
        if new:
            self._table.insert(Document(row, record.id))  # type: ignore[arg-type]  # ids are UUIDs here
        else:
            self._table.update(lambda old: old.update(row), doc_ids=[record.id])  # type: ignore[list-item]

    def delete(self, record: Record) -> None:
        """Delete the record of that id."""
        self._table.remove(doc_ids=[record.id])  # type: ignore[list-item]

    def _rows(self) -> _Rows:
        """The table as it is now: a new dict after each write."""
        rows: _Rows = (self._storage.read() or {}).get(self.kind, {})
        return rows

    def _ids(self) -> dict[str, str]:
        """The id of each name, found once for a version of the table and not by going through it each time."""
        rows = self._rows()
        if self._indexed[0] is not rows:
            self._indexed = rows, {str(record["name"]): id for id, record in rows.items()}
        return self._indexed[1]


def _record(id: str, rows: _Rows) -> Record:
    row = rows[id]
    return Record(id, row["name"], row["revision"], row["saved_at"], row["document"])
