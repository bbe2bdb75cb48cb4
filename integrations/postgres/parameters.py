"""A query's parameters as psycopg2 takes them.

A list becomes JSON where PostgreSQL wants json or jsonb, an array elsewhere, and in ``IN (%s)`` its items one by one.
An object becomes JSON. PostgreSQL itself says what it wants: the query is prepared, not executed, with the lists open.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flowbook import TaskFailed, tables

from . import copytext
from .lexing import refuse_transaction_control, statements
from .values import dumps, plain

_BARE = re.compile(r"%%|%s")
_NAMED = re.compile(r"%%|%\(([^)]*)\)s")
_IN = re.compile(r"\b(NOT\s+)?IN\s*(?:\(\s*%\(([^)]*)\)s\s*\)|%\(([^)]*)\)s)", re.IGNORECASE)
_OPEN = object()
Wanted = tuple[int, str, str]
"""What PostgreSQL wants somewhere: the type's oid, its name and its category ("A" for arrays)."""
_TYPES = """
    WITH RECURSIVE wanted AS (
        SELECT n, oid AS base FROM pg_catalog.pg_prepared_statements,
        unnest(parameter_types::oid[]) WITH ORDINALITY AS given(oid, n) WHERE name = 'flowbook_types'
      UNION ALL
        SELECT n, typbasetype FROM wanted JOIN pg_catalog.pg_type t ON t.oid = base WHERE typtype = 'd'
    )
    SELECT n, t.oid, t.typname, t.typcategory FROM wanted JOIN pg_catalog.pg_type t ON t.oid = base
    WHERE typtype <> 'd' ORDER BY n
"""
_JSON_TYPES, _JSON_ARRAYS = (114, 3802), (199, 3807)


class Parameters:
    """Fills one query, as often as wanted; TaskFailed for one that would end the transaction it runs in."""

    def __init__(self, connection: Any, query: str) -> None:
        if not connection.autocommit:
            refuse_transaction_control(query)
        self._connection = connection
        self._query = tables.well_formed(query)
        self._wanted: dict[tuple[str, tuple[str, ...]], dict[str, Wanted]] = {}

    def fill(self, given: Any) -> tuple[str, Any]:
        """The query and its values for psycopg2, None where there are none."""
        if given is None:
            return self._query, None
        query, values = self._query, _by_name(given)
        if not isinstance(given, Mapping):
            query = _numbered(query)
            whole = len(_names(query)) == len(values)
            if not whole or not any(map(_is_open, values.values())):
                return self._query, tuple(map(to_parameter, values.values()))
        query, values = _expanded(query, values)
        made = {name: to_parameter(value) for name, value in values.items()}
        used = _names(query)
        lists = {name: value for name, value in values.items() if _is_open(value) and name in used}
        if lists:
            wanted = self._asked(query, {**made, **dict.fromkeys(lists, _OPEN)})
            made.update({name: _as_wanted(name, value, wanted.get(name)) for name, value in lists.items()})
        return query, made

    def _asked(self, query: str, values: dict[str, Any]) -> dict[str, Wanted]:
        """What PostgreSQL wants for the values that are open; asked once for a query."""
        names = tuple(name for name, value in values.items() if value is _OPEN)
        if (query, names) not in self._wanted:
            self._wanted[query, names] = self._ask(query, values, names)
        return self._wanted[query, names]

    def _ask(self, query: str, values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Wanted]:
        import psycopg2
        from psycopg2.extensions import AsIs

        opened = {**values, **{name: AsIs(f"${number}") for number, name in enumerate(names, 1)}}
        with self._connection.cursor() as cursor, _undone(cursor, self._connection.autocommit):
            text = cursor.mogrify(query, opened).decode()
            if len(statements(text)) != 1:
                return {}
            try:
                cursor.execute("PREPARE flowbook_types AS " + text)
            except psycopg2.OperationalError:
                raise
            except psycopg2.Error:
                return {}  # not a statement that can be prepared, or one that takes any type there
            cursor.execute(_TYPES)
            found = {names[number - 1]: (oid, name, category) for number, oid, name, category in cursor.fetchall()}
            cursor.execute("DEALLOCATE flowbook_types")
        return found


@contextmanager
def _undone(cursor: Any, autocommit: bool) -> Iterator[None]:
    """A part of the transaction of which nothing stays, whatever fails in it."""
    cursor.execute("BEGIN" if autocommit else "SAVEPOINT flowbook_types")
    try:
        yield
    finally:
        if not cursor.connection.closed:
            cursor.execute("ROLLBACK" if autocommit else "ROLLBACK TO SAVEPOINT flowbook_types")


def _by_name(given: Any) -> dict[str, Any]:
    """The values by their names; those of a list are called "0", "1", …"""
    items = given.items() if isinstance(given, Mapping) else enumerate(given)
    return {str(name): _listed(value) for name, value in items}


def _listed(value: Any) -> Any:
    """What is a list in another form (a tuple, an array of numpy, a column of a DataFrame) as a list."""
    if isinstance(value, tuple):
        return list(value)
    if tables.is_foreign(value) and getattr(value, "shape", None):
        return value.tolist()
    return value


def _is_open(value: Any) -> bool:
    """Whether what becomes of a value is for PostgreSQL to say: of a list; and {} would be an empty array, too."""
    return isinstance(value, list) or (isinstance(value, Mapping) and not value)


def _numbered(query: str) -> str:
    """The query with a name for each %s: its number."""
    numbers = itertools.count()
    return _BARE.sub(lambda found: "%%" if found.group() == "%%" else f"%({next(numbers)})s", query)


def _names(query: str) -> list[str]:
    return [found.group(1) for found in _NAMED.finditer(query) if found.group(1) is not None]


def _expanded(query: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The query with the items of each list that stands in ``IN (…)``, and the values with these items."""
    items: dict[str, Any] = {}

    def replace(found: re.Match[str]) -> str:
        name = found.group(2) or found.group(3)
        value = values.get(name)
        if not isinstance(value, list):
            return found.group()
        if not value:
            return "<> ALL ('{}')" if found.group(1) else "= ANY ('{}')"
        new = {f"{name} {number}": item for number, item in enumerate(value)}
        items.update(new)
        return f"{found.group(1) or ''}IN ({', '.join(f'%({one})s' for one in new)})"

    text = _IN.sub(replace, query)
    return text, {**values, **items}


def _as_wanted(name: str, value: list[Any] | dict[str, Any], wanted: Wanted | None) -> Any:
    from psycopg2.extras import Json

    if isinstance(value, Mapping):
        if wanted and wanted[2] == "A":
            which = f"Parameter {int(name) + 1 if name.isdigit() else repr(name)} is an object"
            raise TaskFailed(f"{which}, but PostgreSQL wants an array there.", hint="Give a list.", permanent=True)
        return to_parameter(value)
    if wanted and wanted[0] in _JSON_TYPES:
        return Json(value, dumps=dumps)
    if wanted and wanted[0] in _JSON_ARRAYS:
        return copytext.array([None if item is None else tables.well_formed(dumps(item)) for item in value])
    if not value and (wanted is None or wanted[2] != "A"):
        which = f"Parameter {int(name) + 1 if name.isdigit() else repr(name)} is an empty list"
        why = f"but PostgreSQL wants {wanted[1]} there" if wanted else "and PostgreSQL does not say of what"
        raise TaskFailed(
            f"{which}, {why}.", hint="Cast its placeholder, such as %s::int[] or %s::jsonb.", permanent=True
        )
    return to_parameter(value)


def to_parameter(value: Any) -> Any:
    """One value as psycopg2 takes it: an object, or a list that holds one, becomes json; other lists arrays."""
    from psycopg2.extras import Json

    if isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and _holds_object(value)):
        return Json(value, dumps=dumps)
    if isinstance(value, (list, tuple)):
        return [to_parameter(item) for item in value]
    return plain(value)


def _holds_object(values: Sequence[Any]) -> bool:
    return any(
        isinstance(item, Mapping) or (isinstance(item, (list, tuple)) and _holds_object(item)) for item in values
    )
