"""Executing one statement on an open connection and taking its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flowbook import TaskFailed, current, tables

from .parameters import Parameters

FETCH = 10_000
_COMMENTS = re.compile(r"(\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_READING = re.compile(r"(select|with|values|table)\b", re.IGNORECASE)


@dataclass
class Answer:
    """What a statement gave: ``columns`` (psycopg2's descriptions) and ``rows``; without rows ``columns`` is None."""

    columns: Any
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    cut: bool = False
    row_count: int = 0
    status: str = ""

    def objects(self) -> list[dict[str, Any]]:
        """The rows as objects."""
        return tables.objects((column.name for column in self.columns), self.rows)

    def counts(self) -> dict[str, Any]:
        """For a statement without rows: how many it touched, and the server's word for what it did."""
        return {"row_count": self.row_count, "status": self.status}


def run(connection: Any, query: str, parameters: Any, limit: int | None, *, stream: bool = False) -> Answer:
    """Execute ``query`` and take at most ``limit`` rows.

    With ``stream`` a single reading statement goes through a cursor in the server, so that only the rows that are
    taken travel; what PostgreSQL does not allow there (WITH … INSERT, SELECT INTO) is executed plainly.
    Raises TaskFailed when the parameters do not fit the query, psycopg2.Error for all else.
    """
    with filling_in():
        query, values = Parameters(connection, query).fill(parameters)
    if stream and _may_stream(query):
        streamed = _declare(connection, query, values)
        if streamed is not None:
            return _take(streamed, limit)
    cursor = connection.cursor()
    with filling_in():
        cursor.execute(query, values)
    if cursor.description is None:
        return Answer(None, row_count=max(cursor.rowcount, 0), status=cursor.statusmessage or "")
    return _take(cursor, limit)


def _may_stream(query: str) -> bool:
    start = _COMMENTS.match(query)
    text = query[start.end() if start else 0 :]
    return bool(_READING.match(text)) and ";" not in text.rstrip().rstrip(";")


def _declare(connection: Any, query: str, values: Any) -> Any:
    """A server-side cursor for ``query``; None, with nothing done, when PostgreSQL does not take it as one."""
    import psycopg2

    with connection.cursor() as control:
        control.execute("SAVEPOINT flowbook")
        cursor = connection.cursor("flowbook")
        try:
            with filling_in():
                cursor.execute(query.rstrip().rstrip(";"), values)
        except (psycopg2.ProgrammingError, psycopg2.NotSupportedError):
            # executed plainly it either works, or fails with the line numbers of the query itself
            control.execute("ROLLBACK TO SAVEPOINT flowbook")
            return None
    return cursor


def _take(cursor: Any, limit: int | None) -> Answer:
    rows: list[tuple[Any, ...]] = []
    context = current()
    while limit is None or len(rows) <= limit:
        wanted = FETCH if limit is None else min(FETCH, limit + 1 - len(rows))
        part = cursor.fetchmany(wanted)
        rows += part
        if len(part) < wanted:
            break
        if context.cancelled:
            raise TaskFailed("Cancelled while fetching rows.")
        context.progress(len(rows), None, "rows")
    cut = limit is not None and len(rows) > limit
    return Answer(cursor.description, rows[:limit], cut)


@contextmanager
def filling_in() -> Iterator[None]:
    """Say in words when the parameters do not fit the placeholders."""
    try:
        yield
    except KeyError as error:
        raise TaskFailed(
            f"The query names %({error.args[0]})s, but no such parameter is given.", permanent=True
        ) from None
    except (IndexError, TypeError, ValueError) as error:
        raise TaskFailed(
            f"The parameters do not fit the query's placeholders: {error}.",
            hint="Use one %s for each value of a list, or %(name)s with an object; a literal % is written %%.",
            permanent=True,
        ) from None
