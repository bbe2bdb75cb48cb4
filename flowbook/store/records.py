"""Named, revisioned documents of one kind in a TinyDB table, and how they become models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from pydantic import ValidationError
from tinydb import where
from tinydb.table import Document

from flowbook.errors import AlreadyExists, Conflict, InputError, NotFound, StoreDamaged
from flowbook.models import Integration, IntegrationType, Workflow, explain
from flowbook.store.protocol import Revision
from flowbook.store.storage import Database, plain

_OTHER_WAYS = {"workflow": ", save it under another name, or overwrite what is there: ws.save(…, overwrite=True)"}

Model = TypeVar("Model", Integration, IntegrationType, Workflow)

_Rows = dict[str, dict[str, Any]]

_META = "meta"
_DELETED = "deleted_revisions"


class Meta:
    """Documents of the workspace's own, one for each key."""

    def __init__(self, database: Database) -> None:
        self._table = database.table(_META)

    def get(self, key: str, default: Any = None) -> Any:
        """A copy of what is kept under ``key``."""
        found = self._table.get(where("key") == key)
        return default if not isinstance(found, Document) else plain({"value": found["value"]}, key)["value"]

    def set(self, key: str, value: Any) -> None:
        """Keep ``value`` (plain JSON) under ``key``; None removes it."""
        if value is None:
            self._table.remove(where("key") == key)
        elif self.get(key) != value:
            self._table.upsert(plain({"key": key, "value": value}, f"the workspace's {key!r}"), where("key") == key)


class Records:
    """The documents of one kind: ``{"name", "revision", "saved_at", "document"}`` each."""

    def __init__(self, database: Database, table: str, what: str, where_from: str) -> None:
        self._table = database.table(table)
        self._storage = database.storage
        self._meta = Meta(database)
        self._kind = table
        self.what = what
        self._where_from = where_from
        self._indexed: tuple[_Rows, dict[str, str]] = ({}, {})

    def all(self) -> list[Document]:
        """Every record, by name."""
        rows = self._rows()
        return [_document(id, rows) for id in map(self._ids().__getitem__, self.names())]

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        return sorted(self._ids())

    def find(self, name: str) -> Document | None:
        """The record of that name, None when there is none."""
        id = self._ids().get(name)
        return None if id is None else _document(id, self._rows())

    def find_id(self, id: str) -> Document | None:
        """The record of that id, None when there is none."""
        rows = self._rows()
        return _document(id, rows) if id in rows else None

    def get(self, name: str) -> Document:
        """The record of that name. Raises NotFound, which suggests the nearest."""
        found = self.find(name)
        if found is None:
            raise NotFound(self.what, name, self.names())
        return found

    def _rows(self) -> _Rows:
        """The table as it is now: a new dict after each write."""
        rows: _Rows = (self._storage.read() or {}).get(self._kind, {})
        return rows

    def _ids(self) -> dict[str, str]:
        """The id of each name, found once for a version of the table and not by going through it each time."""
        rows = self._rows()
        if self._indexed[0] is not rows:
            self._indexed = rows, {str(record["name"]): id for id, record in rows.items()}
        return self._indexed[1]

    def check_revision(self, name: str, existing: Document | None, revision: Revision) -> None:
        """Refuse to overwrite what the caller has not seen."""
        if revision is None or revision == "any":
            return
        current = int(existing["revision"]) if existing is not None else 0
        if revision == current:
            return
        if revision == 0:
            article = "an" if self.what[0] in "aeiou" else "a"
            raise AlreadyExists(
                f"there is {article} {self.what} {name!r} already.", "Choose another name, or change that one."
            )
        meanwhile = (
            f"it is now at revision {current}, saved at {existing['saved_at']}"
            if existing is not None
            else "it was deleted or renamed meanwhile"
        )
        raise Conflict(
            f"the {self.what} {name!r} was changed elsewhere: you started from revision {revision}, {meanwhile}.",
            mine=revision,
            theirs=current,
            hint=f"Load it again and repeat the change{_OTHER_WAYS.get(self.what, '')}.",
        )

    def put(self, name: str, document: dict[str, Any], existing: Document | None, id: str | None = None) -> int:
        """Insert the record, or replace ``existing``; returns its new revision."""
        last = int(existing["revision"]) if existing is not None else 0
        revision = max(last, self._deleted().get(name, 0)) + 1
        record = {"name": name, "revision": revision, "saved_at": _now(), "document": document}
        if existing is not None:
            self._table.update(lambda old: old.update(record), doc_ids=[existing.doc_id])
        elif id is not None:
            self._table.insert(Document(record, id))  # type: ignore[arg-type]  # ids are UUIDs here
        else:
            self._table.insert(record)
        if existing is not None and existing["name"] != name:
            self._remember(str(existing["name"]), last)
        return revision

    def remove(self, record: Document) -> None:
        """Delete a record. Its name's revisions go on from where they were, should it come back."""
        self._table.remove(doc_ids=[record.doc_id])
        self._remember(str(record["name"]), int(record["revision"]))

    def read(self, record: Document, build: Callable[[dict[str, Any]], Model]) -> Model:
        """The model of a record. Raises StoreDamaged when the document is not one (edited by hand, say)."""
        try:
            model = build(plain(record["document"], str(record["name"])))
            why = "" if getattr(model, "name", "") == record["name"] else "it says that it has another name"
        except (ValidationError, InputError, KeyError, TypeError) as error:
            why = explain(error) if isinstance(error, ValidationError) else str(error)
        if why:
            raise StoreDamaged(
                f"the {self.what} {record.get('name')!r} in {self._where_from} cannot be read: {why}.",
                "Mend it in the file, or delete it and make it again.",
            ) from None
        return model

    def _deleted(self) -> dict[str, int]:
        return dict(self._meta.get(_DELETED, {}).get(self._kind, {}))

    def _remember(self, name: str, revision: int) -> None:
        deleted = self._meta.get(_DELETED, {})
        self._meta.set(_DELETED, {**deleted, self._kind: {**deleted.get(self._kind, {}), name: revision}})


def _document(id: str, rows: _Rows) -> Document:
    return Document(rows[id], id)  # type: ignore[arg-type]  # ids are UUIDs here


def type_document(type_: IntegrationType) -> dict[str, Any]:
    """What is stored of an integration type."""
    parameters = [{"name": parameter.name, **parameter.to_document()} for parameter in type_.parameters]
    return {"name": type_.name, "description": type_.description, "parameters": parameters}


def is_sealed(value: Any) -> bool:
    """Whether a field's value is a sealed record, which the vault made."""
    return isinstance(value, dict) and "sealed" in value and "data" in value


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
