"""TinyDB on the store's bytes: one read and one write for each whole operation, and nothing cached past a change."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from operator import itemgetter
from typing import Any, NoReturn

from pydantic_core import from_json
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from flowbook.errors import StoreDamaged, StoreError
from flowbook.installing import distribution
from flowbook.json_text import parse_json
from flowbook.lasting import lasting
from flowbook.store.files import FileMedium, Medium, recover_hint
from flowbook.store.writing import HEAD_ID, Record, Tables, Writer

FORMAT = 1
TABLES = ("integration_types", "integrations", "workflows")
_FEW = 20
"""Changes in one transaction for which no garbage is looked for: what was read of a large store is all alive."""
_HEAD = "flowbook"  # the first table of the file: the format, and an id of the last write that tells versions apart

_RECORD = {"name": str, "revision": int, "saved_at": str, "document": dict}
_FIELDS = {**dict.fromkeys(TABLES, _RECORD), "meta": {"key": str, "value": object}}


class DocumentTable(Table):
    """A table whose ids are UUIDs, which two writers never give twice, and which caches no query."""

    document_id_class = str  # type: ignore[assignment]  # TinyDB works with any id type, and annotates int
    default_query_cache_capacity = 0

    def __init__(self, storage: Storage, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        super().__init__(storage, name, cache_size=0, persist_empty=persist_empty)

    def _get_next_id(self) -> Any:
        return uuid.uuid4().hex


class Database(TinyDB):
    """A TinyDB of such tables."""

    table_class = DocumentTable


class AtomicStorage(Storage):
    """A TinyDB storage whose writes take effect together, at the end of a transaction."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._guard = threading.RLock()
        self._tables: Tables | None = None
        self._writer = Writer(TABLES)
        self._stamp: object = None
        self._taken = False
        self._few = ExitStack(), 0
        self._depth = 0
        self._dirty = False
        self._replace_backup = False

    def read(self) -> Tables | None:
        """The tables as they are now: parsed again only when somebody wrote meanwhile."""
        with self._guard:
            if self._depth and self._tables is not None:
                return self._tables
            stamp = self._medium.stamp()
            if self._tables is None or stamp != self._stamp or stamp is None:
                data = self._medium.read()
                self._tables = {} if data is None else parse(data, self._medium)
                self._stamp, self._taken = stamp, False
            return self._tables

    def write(self, data: Tables) -> None:
        """Take over the tables; they reach the disk when the outermost transaction ends."""
        if not self._depth:
            raise StoreError("the store was changed outside of a transaction.", "This is a mistake in Flowbook.")
        self._tables = data
        self._dirty = True
        held, left = self._few
        self._few = held, left - 1
        if not left:
            held.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads, safe from writers in other threads; another process may write in between."""
        with self._guard:
            yield

    @contextmanager
    def transaction(self, *, replace_backup: bool = False) -> Iterator[None]:
        """Everything within is one read, one write and one lock; an exception leaves all as it was."""
        with self._guard:
            self._replace_backup = self._replace_backup or replace_backup
            if self._depth:
                yield
                return
            try:
                with self._medium.lock(), ExitStack() as held:
                    held.enter_context(lasting())
                    self._few = held, _FEW
                    self._take()
                    self._depth = 1
                    yield
                    self._commit()
            except BaseException:
                self.forget()
                raise
            finally:
                self._depth, self._dirty, self._replace_backup = 0, False, False

    def forget(self) -> None:
        """Read from the medium again at the next use."""
        with self._guard:
            self._tables, self._stamp = None, None

    def _take(self) -> None:
        """Read the tables, before they are changed; what their file holds is taken over as it is written."""
        tables = self.read()
        if not self._taken and tables:
            self._writer.take(self._medium.read() or b"", _head_of(tables), tables)
        self._taken = True

    def _commit(self) -> None:
        if not self._dirty and not self._replace_backup:
            return
        tables = {name: table for name, table in (self._tables or {}).items() if name != _HEAD}
        # First in the file, so that the stamp sees it.
        head = {"format": FORMAT, "write": uuid.uuid4().hex}
        with lasting():
            data, head = self._writer.dump(_HEAD, head, tables)
        self._tables = {_HEAD: {HEAD_ID: head}, **tables}
        self._medium.write(data, replace_backup=self._replace_backup)
        self._stamp = self._medium.stamp()


def _head_of(tables: Tables) -> Record:
    return tables.get(_HEAD, {}).get(HEAD_ID, {})


def parse(data: bytes, medium: Medium) -> Tables:
    """The tables that the bytes hold. Raises StoreDamaged, StoreError for a newer format."""
    value, problem = _decode(data)
    if not problem:
        problem = _shape_problem(value)
    if problem:
        raise _damaged(medium, problem)
    version = _head_of(value).get("format", FORMAT)
    if version != FORMAT:
        raise StoreError(
            f"{medium.name} has format {version!r}; this Flowbook reads format {FORMAT}.",
            f"Update Flowbook: pip install -U {distribution()}.",
        )
    return value  # type: ignore[no-any-return]


def summary(tables: Tables) -> str:
    """What the tables hold, for a person."""
    types, integrations, workflows = (len(tables.get(name, {})) for name in TABLES)
    return f"{types} integration types, {integrations} integrations and {workflows} workflows"


def _decode(data: bytes) -> tuple[Any, str]:
    if not data.strip():
        return None, "it is empty"
    try:
        with lasting():
            return from_json(data, allow_inf_nan=False), ""
    except ValueError:
        pass  # The fast reader refuses lone surrogates too: the standard one has the last word.
    try:
        return parse_json(data, parse_constant=_refuse), ""
    except UnicodeDecodeError as error:
        return None, f"it is not text (byte {error.start})"
    except json.JSONDecodeError as error:
        return None, f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
    except ValueError as error:
        return None, str(error)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is not JSON")


def _shape_problem(value: Any) -> str:
    if not isinstance(value, dict):
        return "it is not a JSON object"
    for name, table in value.items():
        if not isinstance(table, dict):
            return f"its part {name!r} is not a table of documents"
        fields = _FIELDS.get(name, {})
        if _are_whole(table, fields):
            continue
        for id, document in table.items():
            if not isinstance(document, dict):
                return f"its part {name!r} is not a table of documents"
            for field, kind in fields.items():
                if field not in document or not isinstance(document[field], kind):
                    return f"the record {id!r} in its part {name!r} is not complete"
    return ""


def _are_whole(table: dict[str, Any], fields: Mapping[str, type]) -> bool:
    """Whether it shows at a glance that all records are as they should be: there may be many, and all are read."""
    if not {dict}.issuperset(map(type, table.values())):
        return False
    try:
        return all(
            {kind}.issuperset(map(type, map(itemgetter(field), table.values()))) for field, kind in fields.items()
        )
    except (KeyError, TypeError):
        return False


def _damaged(medium: Medium, problem: str) -> StoreDamaged:
    message = f"{medium.name} is damaged: {problem}. Nothing was overwritten."
    if not isinstance(medium, FileMedium):
        return StoreDamaged(message)
    tables = read_backup(medium)
    if tables is None:
        return StoreDamaged(
            message, f"There is no usable last-good copy ({medium.backup.name}); mend the file by hand."
        )
    saved = medium.backup.stat().st_mtime
    when = datetime.fromtimestamp(saved, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    return StoreDamaged(message, f"The last-good copy of {when} holds {summary(tables)}. {recover_hint(medium.path)}")


def read_backup(medium: FileMedium) -> Tables | None:
    """The tables of the last-good copy, None when there is none that can be read."""
    try:
        value, problem = _decode(medium.read_backup())
    except OSError:
        return None
    return None if problem or _shape_problem(value) else value
