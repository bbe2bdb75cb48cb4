"""The store's documents as rows of PostgreSQL: one for each, so that a save costs what it changes.

They are kept as text and not as jsonb, which would put their keys into another order, drop what is there twice and
refuse what JSON can hold (``\\u0000``): what was written is what is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from flowbook.errors import StoreDamaged
from flowbook.json_text import parse_json
from flowbook.store.records import Meta, Record, Records

_COLUMNS = "id, name, revision, saved_at, document"
_AT_A_TIME = 200


class Rows(Protocol):
    """The schema, as the tables use it."""

    @property
    def writing(self) -> bool:
        """Whether a transaction is under way, which may yet be taken back."""

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query."""

    def write(self, sql: str, values: Sequence[Any]) -> None:
        """Change something, within the transaction."""


class PostgresMeta(Meta):
    """Documents of the workspace's own."""

    def __init__(self, rows: Rows, where_from: str) -> None:
        self._rows = rows
        self._where_from = where_from

    def all(self) -> dict[str, Any]:
        """All of them, by key."""
        rows = self._rows.read("SELECT key, value FROM meta")
        return {row["key"]: _parsed(row["value"], f"the workspace's {row['key']!r}", self._where_from) for row in rows}

    def get(self, key: str, default: Any = None) -> Any:
        """A copy of what is kept under ``key``."""
        found = self._rows.read("SELECT value FROM meta WHERE key = ?", (key,))
        return _parsed(found[0]["value"], f"the workspace's {key!r}", self._where_from) if found else default

    def write(self, key: str, value: Any) -> None:
        """Keep ``value`` under ``key``; None removes it."""
        if value is None:
            self._rows.write("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._rows.write(
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, _text(value)),
            )


class PostgresRecords(Records):
    """The documents of one kind. Those that were read once are fetched again only when they were saved meanwhile."""

    def __init__(self, rows: Rows, kind: str, meta: Meta, where_from: str) -> None:
        super().__init__(kind, meta, where_from)
        self._rows = rows
        self._known: dict[str, Record] = {}

    def all(self) -> list[Record]:
        """Every record, by name."""
        heads = self._rows.read("SELECT id, revision, saved_at FROM documents WHERE kind = ?", (self.kind,))
        found: dict[str, Record] = {}
        for head in heads:
            known = self._known.get(head["id"])
            if known is not None and (known.revision, known.saved_at) == (head["revision"], head["saved_at"]):
                found[known.id] = known
        missing = [head["id"] for head in heads if head["id"] not in found]
        for at in range(0, len(missing), _AT_A_TIME):
            ids = missing[at : at + _AT_A_TIME]
            places = ", ".join("?" * len(ids))
            found |= {one.id: one for one in self._read(f"id IN ({places})", ids)}
        if not self._rows.writing:  # what is taken back again must not be known
            self._known = dict(found)
        return sorted(found.values(), key=lambda record: record.name)

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        rows = self._rows.read("SELECT name FROM documents WHERE kind = ?", (self.kind,))
        return sorted(row["name"] for row in rows)

    def find(self, name: str) -> Record | None:
        """The record of that name, None when there is none."""
        return next(iter(self._read("name = ?", (name,))), None)

    def find_id(self, id: str) -> Record | None:
        """The record of that id, None when there is none."""
        return next(iter(self._read("id = ?", (id,))), None)

    def write(self, record: Record, *, new: bool) -> None:
        """Insert a record, or replace the one of its id."""
        values = (record.name, record.revision, record.saved_at, _text(record.document), self.kind, record.id)
        self._rows.write(
            "INSERT INTO documents (name, revision, saved_at, document, kind, id) VALUES (?, ?, ?, ?, ?, ?)"
            if new
            else "UPDATE documents SET name = ?, revision = ?, saved_at = ?, document = ? WHERE kind = ? AND id = ?",
            values,
        )

    def delete(self, record: Record) -> None:
        """Delete the record of that id."""
        self._rows.write("DELETE FROM documents WHERE kind = ? AND id = ?", (self.kind, record.id))

    def _read(self, which: str, values: Sequence[Any]) -> list[Record]:
        sql = f"SELECT {_COLUMNS} FROM documents WHERE kind = ? AND {which}"  # noqa: S608 - literals
        return [self._record(row) for row in self._rows.read(sql, (self.kind, *values))]

    def _record(self, row: Any) -> Record:
        document = _parsed(row["document"], f"the {self.what} {row['name']!r}", self._where_from)
        return Record(row["id"], row["name"], row["revision"], row["saved_at"], document)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _parsed(text: str, what: str, where_from: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise StoreDamaged(
            f"{what} in {where_from} cannot be read: {error}.", "Put back a backup of the database, or mend the row."
        ) from None
