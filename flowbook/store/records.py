"""Named, revisioned documents of one kind, wherever they are kept, and how they become models."""

from __future__ import annotations

import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

from pydantic import ValidationError

from flowbook.errors import AlreadyExists, Conflict, InputError, NotFound, StoreDamaged, StoreError
from flowbook.json_text import parse_json
from flowbook.models import Integration, IntegrationType, Workflow, explain
from flowbook.records import NamedTuple
from flowbook.store.protocol import Revision

_OTHER_WAYS = {"workflow": ", save it under another name, or overwrite what is there: ws.save(…, overwrite=True)"}

Model = TypeVar("Model", Integration, IntegrationType, Workflow)

KINDS = {"integration_types": "integration type", "integrations": "integration", "workflows": "workflow"}
"""The kinds of documents that a store keeps, and what a person calls one of each."""

DELETED = "deleted_revisions"
"""Under what key the revisions are kept that names had when they went."""


class Record(NamedTuple):
    """A document as it is kept; ``document`` is only ever replaced, never changed."""

    id: str
    name: str
    revision: int
    saved_at: str
    document: dict[str, Any]


class Contents(NamedTuple):
    """All that a store keeps: the records by kind, and the documents of the workspace's own by key."""

    records: dict[str, list[Record]]
    meta: dict[str, Any]


class Meta(ABC):
    """Documents of the workspace's own, one for each key."""

    @abstractmethod
    def all(self) -> dict[str, Any]:
        """All of them, by key."""

    @abstractmethod
    def get(self, key: str, default: Any = None) -> Any:
        """A copy of what is kept under ``key``."""

    @abstractmethod
    def write(self, key: str, value: Any) -> None:
        """Keep ``value`` under ``key``; None removes it."""

    def set(self, key: str, value: Any) -> None:
        """Keep ``value`` (plain JSON) under ``key``; None removes it. Nothing is written for what is there already."""
        if value is None or self.get(key) != value:
            self.write(key, None if value is None else plain({"value": value}, f"the workspace's {key!r}")["value"])


class Records(ABC):
    """The documents of one kind; what is asked of where they are kept is abstract here."""

    def __init__(self, kind: str, meta: Meta, where_from: str) -> None:
        self.kind = kind
        self.what = KINDS[kind]
        self._meta = meta
        self._where_from = where_from

    @abstractmethod
    def all(self) -> list[Record]:
        """Every record, by name."""

    @abstractmethod
    def names(self) -> list[str]:
        """The names of all records, sorted."""

    @abstractmethod
    def find(self, name: str) -> Record | None:
        """The record of that name, None when there is none."""

    @abstractmethod
    def find_id(self, id: str) -> Record | None:
        """The record of that id, None when there is none."""

    @abstractmethod
    def write(self, record: Record, *, new: bool) -> None:
        """Insert a record, or replace the one of its id."""

    @abstractmethod
    def delete(self, record: Record) -> None:
        """Delete the record of that id."""

    def get(self, name: str) -> Record:
        """The record of that name. Raises NotFound, which suggests the nearest."""
        found = self.find(name)
        if found is None:
            raise NotFound(self.what, name, self.names())
        return found

    def check_revision(self, name: str, existing: Record | None, revision: Revision) -> None:
        """Refuse to overwrite what the caller has not seen."""
        if revision is None or revision == "any":
            return
        current = existing.revision if existing is not None else 0
        if revision == current:
            return
        if revision == 0:
            article = "an" if self.what[0] in "aeiou" else "a"
            raise AlreadyExists(
                f"there is {article} {self.what} {name!r} already.", "Choose another name, or change that one."
            )
        meanwhile = (
            f"it is now at revision {current}, saved at {existing.saved_at}"
            if existing is not None
            else "it was deleted or renamed meanwhile"
        )
        raise Conflict(
            f"the {self.what} {name!r} was changed elsewhere: you started from revision {revision}, {meanwhile}.",
            mine=revision,
            theirs=current,
            hint=f"Load it again and repeat the change{_OTHER_WAYS.get(self.what, '')}.",
        )

    def put(self, name: str, document: dict[str, Any], existing: Record | None, id: str | None = None) -> int:
        """Insert the record, or replace ``existing``; returns its new revision."""
        last = existing.revision if existing is not None else 0
        before = existing.name if existing is not None else None
        revision = (last if before == name else max(last, self._deleted().get(name, 0))) + 1
        given = existing.id if existing is not None else id or uuid.uuid4().hex
        self.write(Record(given, name, revision, _now(), document), new=existing is None)
        if before is not None and before != name:
            self._remember(before, last)
        return revision

    def remove(self, record: Record) -> None:
        """Delete a record. Its name's revisions go on from where they were, should it come back."""
        self.delete(record)
        self._remember(record.name, record.revision)

    def read(self, record: Record, build: Callable[[dict[str, Any]], Model]) -> Model:
        """The model of a record. Raises StoreDamaged when the document is not one (edited by hand, say)."""
        try:
            model = build(plain(record.document, record.name))
            why = "" if getattr(model, "name", "") == record.name else "it says that it has another name"
            if getattr(model, "id", record.id) != record.id:  # else what one name means would be found by another
                why = "it says that it has another id"
        except (ValidationError, InputError, KeyError, TypeError) as error:
            why = explain(error) if isinstance(error, ValidationError) else str(error)
        if why:
            raise StoreDamaged(
                f"the {self.what} {record.name!r} in {self._where_from} cannot be read: {why.rstrip('.')}.",
                "Mend it there, or delete it and make it again.",
            ) from None
        return model

    def _deleted(self) -> dict[str, int]:
        return dict(self._meta.get(DELETED, {}).get(self.kind, {}))

    def _remember(self, name: str, revision: int) -> None:
        deleted = self._meta.get(DELETED, {})
        self._meta.set(DELETED, {**deleted, self.kind: {**deleted.get(self.kind, {}), name: revision}})


def plain(document: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A copy of ``document`` that shares nothing with it. Raises StoreError when it is not plain JSON (NaN)."""
    try:
        copied: dict[str, Any] = parse_json(json.dumps(document, allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise StoreError(f"{what} cannot be stored: {why}.", "Use plain JSON values; NaN is none.") from None
    return copied


def type_document(type_: IntegrationType) -> dict[str, Any]:
    """What is stored of an integration type."""
    parameters = [{"name": parameter.name, **parameter.to_document()} for parameter in type_.parameters]
    return {"name": type_.name, "description": type_.description, "parameters": parameters}


def is_sealed(value: Any) -> bool:
    """Whether a field's value is a sealed record, which the vault made."""
    return isinstance(value, dict) and "sealed" in value and "data" in value


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
