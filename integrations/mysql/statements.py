"""Executing one statement on an open connection and taking its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flowbook import Result, TaskFailed, current, tables
from flowbook.counting import counted, cut_at

from .values import to_frame, value_in

FETCH = 5_000
_LINE = 60
_FIRST = re.compile(r"(?:\s+|--[^\n]*|\#[^\n]*|/\*.*?\*/|\()*(\w*)", re.DOTALL)
_READS = frozenset(["SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES", "TABLE", "WITH", "SET", "USE"])
_PARTS = re.compile(
    r"""'(?:[^'\\]|''|\\.)*' | "(?:[^"\\]|""|\\.)*" | `[^`]*` | --\s[^\n]* | \#[^\n]* | /\*.*?(?:\*/|\Z)
    | (?P<before>\bIN\b\s*(?P<open>\(\s*)?)?%(?:%|s|\((?P<name>[^)]*)\)s)(?P<after>(?(open)\s*\)))?""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)

_NO_ITEMS = "SELECT NULL FROM DUAL WHERE FALSE"  # (NULL) would make unknown of NOT IN


@dataclass
class Answer:
    """What a statement gave: ``columns`` (descriptions) and ``rows``; without rows ``columns`` is None."""

    columns: Any
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    cut: bool = False
    row_count: int = 0
    last_id: int | None = None

    def objects(self) -> list[dict[str, Any]]:
        """The rows as objects."""
        return tables.objects((column[0] for column in self.columns), self.rows)

    def counts(self) -> dict[str, Any]:
        """For a statement without rows: how many it touched, and the number the server gave to a new row."""
        return {"row_count": self.row_count, "last_id": self.last_id}


def run(connection: Any, query: str, parameters: Any, limit: int | None) -> Answer:
    """Execute ``query`` and take at most ``limit`` rows, streamed. Raises TaskFailed when parameters do not fit."""
    from pymysql.cursors import SSCursor

    sql = filled(connection, query, parameters)
    about_to(connection, sql)
    with connection.cursor(SSCursor) as cursor:
        if limit is not None:  # the server makes no more rows; a LIMIT of the statement's own goes before it
            cursor.execute("SET SESSION sql_select_limit = %s", [limit + 1])
        cursor.execute(sql)
        if cursor.description is None:
            return Answer(None, row_count=max(cursor.rowcount, 0), last_id=cursor.lastrowid or None)
        rows = [row for part in parts(cursor, limit) for row in part]
        columns = cursor.description
    cut = limit is not None and len(rows) > limit
    return Answer(columns, rows[:limit] if cut else rows, cut)


def parts(cursor: Any, limit: int | None) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows that a cursor has, some at once; one more than ``limit`` at most."""
    context = current()
    done = 0
    while limit is None or done <= limit:
        part = cursor.fetchmany(FETCH if limit is None else min(FETCH, limit + 1 - done))
        if not part:
            return
        done += len(part)
        yield part
        if context.cancelled:
            raise TaskFailed("Cancelled while fetching rows.", {"kind": "cancelled"})
        context.progress(done, None, "rows")


def about_to(connection: Any, sql: str) -> None:
    """In a dry run show what would be executed, unless it only reads: that is executed, and can do no more."""
    if word(sql) in _READS:
        return
    line = " ".join(sql.split())
    line = line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"
    current().about_to("sql", f"{connection.host}:{connection.port}", line, sql=sql)


def word(query: str) -> str:
    """The word that a statement begins with, in capitals."""
    found = _FIRST.match(query)
    return found.group(1).upper() if found else ""


def filled(connection: Any, query: str, parameters: Any) -> str:
    """``query`` with its parameters in it, each escaped by the client library; a list alone in IN is its items."""
    query = tables.well_formed(query)
    if parameters is None:
        return query
    named = isinstance(parameters, Mapping)
    rest = iter(() if named else parameters)
    used: list[str] = []

    def put(found: re.Match[str]) -> str:
        text = found.group()
        if "%" not in text or text[0] in "'\"`#/-":
            return text
        before, after = found["before"] or "", found["after"] or ""
        if text[len(before) :].startswith("%%"):
            return f"{before}%{after}"
        value = _next(found["name"], named, parameters, rest)
        used.append(text)
        if before and isinstance(value, (list, tuple)) and (after or not found["open"]):
            items = ", ".join(escaped(connection, one) for one in value) or _NO_ITEMS
            return f"{before}{items}{after}" if found["open"] else f"{before}({items})"
        return f"{before}{escaped(connection, value)}{after}"

    sql = _PARTS.sub(put, query)
    if not named and len(used) < len(parameters):
        raise _unfit(f"there are {len(used)} and {counted(len(parameters), 'parameter')}")
    return sql


def _next(name: str | None, named: bool, parameters: Any, rest: Iterator[Any]) -> Any:
    if named != (name is not None):
        raise _unfit("%s wants a list of parameters, %(name)s an object")
    if name is None:
        try:
            return next(rest)
        except StopIteration:
            raise _unfit(f"there are more than {counted(len(parameters), 'parameter')}") from None
    if name not in parameters:
        raise _unfit(f"there is no parameter {name!r}")
    return parameters[name]


def _unfit(what: str) -> TaskFailed:
    hint = "Use one %s for each value of a list, or %(name)s with an object."
    return TaskFailed(f"The parameters do not fit the query's placeholders: {what}.", None, hint, permanent=True)


def escaped(connection: Any, value: Any) -> str:
    """A value as SQL text."""
    return str(connection.escape(value_in(value), connection.encoders))


def fetched(answer: Answer, as_: str, limit: int | None) -> Result:
    """What came of a statement that has rows: as objects, or as a DataFrame."""
    more = cut_at(limit, answer.cut)
    message = f"{counted(len(answer.rows), 'row')}{more}."
    return Result.ok(message, answer.objects() if as_ == "rows" else to_frame(answer.columns, answer.rows))


def quoted(name: str) -> str:
    """A name as an identifier."""
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def named(position: int) -> Iterator[None]:
    """Say in an error which of several statements it was."""
    import pymysql

    try:
        yield
    except pymysql.err.Error as error:
        error.flowbook_where = f"statement {position}: "  # read where it is put into words
        raise
    except TaskFailed as error:
        message = f"statement {position}: {error.message}"
        raise TaskFailed(message, error.data, error.hint, permanent=error.permanent) from None
