"""A connection that does SQL as the rest of Flowbook writes it: ``?`` for values, rows whose columns have names."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from flowbook.postgres import texts

IDLE_MS = 300_000
"""After how long the server ends a transaction whose owner is silent. One whose machine lost its power or network would
hold its locks until the server notices that by itself, after two hours."""
PAGE = 500
"""Rows that are sent with one statement."""


class Connection:
    """A connection to the schema ``schema``; transactions are begun and ended by whoever has it.

    The schema is set anew with each transaction, so that it stands behind a pool that gives every transaction another
    connection.
    """

    def __init__(self, raw: Any, schema: str) -> None:
        self.raw = raw
        self._here = f'SET LOCAL search_path TO "{schema}"; '
        self._alive = f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_MS}; "
        self._open = False

    def begin(self, then: str = "") -> None:
        """Begin a transaction, and do ``then`` in it at once."""
        self._open = True
        self._do(f"BEGIN; {self._here}{self._alive}{then}")

    def commit(self) -> None:
        """Make what was done in it last."""
        self._do("COMMIT")
        self._open = False

    def rollback(self) -> None:
        """Take back what was done in it."""
        self._open = False
        if not self.raw.closed:
            self._do("ROLLBACK")

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Any:
        """Do one statement; in a transaction of its own when none was begun."""
        from psycopg2.extras import DictCursor

        cursor = self.raw.cursor(cursor_factory=DictCursor)
        text = _translated(sql) if self._open else self._here + _translated(sql)
        cursor.execute(text, tuple(map(texts.written, values)) or None)
        return cursor

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Do a statement with each of the rows, many at a time."""
        from psycopg2.extras import execute_batch

        given = [tuple(map(texts.written, row)) for row in rows]
        with self.raw.cursor() as cursor:
            execute_batch(cursor, _translated(sql), given, page_size=PAGE)

    def insert(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Do an INSERT with all rows together."""
        from psycopg2.extras import execute_values

        head, row, tail = _parts(sql)
        given = [tuple(map(texts.written, one)) for one in rows]
        with self.raw.cursor() as cursor:
            execute_values(cursor, f"{head} VALUES %s{tail}", given, template=row, page_size=PAGE)

    def close(self) -> None:
        """Let go of it."""
        self.raw.close()

    def _do(self, sql: str) -> None:
        with self.raw.cursor() as cursor:
            cursor.execute(sql)


@functools.lru_cache(512)
def _translated(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s") if "?" in sql else sql


@functools.lru_cache(64)
def _parts(sql: str) -> tuple[str, str, str]:
    """An INSERT as what comes before its VALUES, the template of a row, and what comes after."""
    head, _, rest = _translated(sql).partition(" VALUES ")
    row, _, tail = rest.partition(")")
    return head, row + ")", tail
