"""The store's tables as bytes: what a save does not change is not written down anew.

Each record is a line of its own, so that the next process takes it over as it stands. The head of the file holds a
checksum of all lines: after an edit by hand they are written down anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection
from typing import Any

from pydantic_core import to_json

from flowbook.errors import StoreError
from flowbook.records import NamedTuple

Record = dict[str, Any]
Tables = dict[str, dict[str, Record]]

Bytes = bytes | memoryview

HEAD_ID = "1"
_COMMA = ord(",")
_SUM = "sum"


class _Piece(NamedTuple):
    name: str
    revision: int
    saved_at: str
    document: object
    member: Bytes

    def is_of(self, record: Record) -> bool:
        """Whether the record is still the one that was written down: a document is replaced, never changed."""
        return (
            self.document is record["document"]
            and self.revision == record["revision"]
            and self.saved_at == record["saved_at"]
            and self.name == record["name"]
        )


class Writer:
    """Writes tables down; the records of the tables ``revisioned`` are kept as bytes until they change."""

    def __init__(self, revisioned: Collection[str]) -> None:
        self._pieces: dict[str, dict[str, _Piece]] = {name: {} for name in revisioned}

    def dump(self, name: str, head: Record, tables: Tables) -> tuple[bytes, Record]:
        """The tables as JSON, behind one called ``name`` that holds ``head``; and the head as it was written.

        Raises StoreError for what JSON cannot hold.
        """
        pieces: list[Bytes] = []
        for each, table in tables.items():
            pieces += [b",\n"] * bool(pieces) + [json_of(each), b":", *self._table(each, table)]
        body = b"".join(pieces)
        head = {**head, _SUM: zlib.crc32(body)}
        first = b"{" + _member(name, json_of({HEAD_ID: head}))
        return b"".join([first, b",\n" if body else b"", body, b"}"]), head

    def take(self, data: bytes, head: Record, tables: Tables) -> None:
        """Know what ``data``, which holds the tables, has written down already; nothing where others changed it."""
        all, at = memoryview(data), data.find(b",\n") + 2
        if head.get(_SUM) != zlib.crc32(all[at:-1]):
            return
        for name in self._pieces:
            table = tables.get(name)
            first = data.find(b"\n" + json_of(name) + b":{\n", at - 1)
            if table and first >= 0:
                self._pieces[name] = _taken(all, data.index(b"{\n", first) + 2, table)

    def _table(self, name: str, table: dict[str, Record]) -> list[Bytes]:
        if name not in self._pieces or not table:
            return [json_of(table)]
        before = self._pieces[name]
        now = self._pieces[name] = {id: _piece(before.get(id), id, record) for id, record in table.items()}
        written: list[Bytes] = [b"{\n"]
        for piece in now.values():
            written += (piece.member, b",\n")
        return [*written[:-1], b"\n}"]


def _taken(data: memoryview, at: int, table: dict[str, Record]) -> dict[str, _Piece]:
    """The records as they are written in ``data``, a line each from ``at`` on, with commas between."""
    whole: Any = data.obj
    pieces = {}
    for id, record in table.items():
        end = whole.index(b"\n", at)
        member = data[at : end - 1] if whole[end - 1] == _COMMA else data[at:end]
        pieces[id] = _Piece(record["name"], record["revision"], record["saved_at"], record["document"], member)
        at = end + 1
    return pieces


def _piece(known: _Piece | None, id: str, record: Record) -> _Piece:
    if known is not None and known.is_of(record):
        return known
    member = _member(id, json_of(record))
    return _Piece(record["name"], record["revision"], record["saved_at"], record["document"], member)


def _member(key: str, value: bytes) -> bytes:
    return json_of(key) + b":" + value


def json_of(value: Any) -> bytes:
    """``value`` as compact JSON. Raises StoreError for what JSON cannot hold."""
    try:
        data = to_json(value)
        # The fast writer lets infinities through (a 1e400 put in by hand is one), which no reader would take again.
        if b"Infinity" not in data and b"NaN" not in data:
            return data
    except ValueError:
        pass  # Lone surrogates, which only the escapes of the slower writer can hold.
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise StoreError(f"the store holds what JSON cannot: {error}.", "Correct the value and save again.") from None
