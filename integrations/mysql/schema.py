"""Looking around: which tables there are, and what they are made of.

Facts: https://dev.mysql.com/doc/refman/8.4/en/information-schema.html
"""

from __future__ import annotations

import re
from typing import Any

from flowbook import Result, TaskFailed, task
from flowbook.counting import counted

from .connection import GRANT, session
from .models import Credentials, ListTables, Table
from .statements import quoted, run

_OWN = ("information_schema", "mysql", "performance_schema", "sys")
_TABLES = """
SELECT table_schema AS `database`, table_name AS name,
       CASE table_type WHEN 'BASE TABLE' THEN 'table' WHEN 'SYSTEM VIEW' THEN 'view' ELSE LOWER(table_type) END AS kind,
       table_rows AS estimated_rows, data_length + index_length AS size_bytes, NULLIF(table_comment, '') AS comment
FROM information_schema.tables WHERE table_schema = COALESCE(%(database)s, table_schema) ORDER BY 1, 2
"""
_COLUMNS = """
SELECT column_name AS name, column_type AS type, is_nullable = 'YES' AS nullable, column_default AS `default`,
       NULLIF(extra, '') AS extra, NULLIF(column_comment, '') AS comment
FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
_INDEXES = """
SELECT index_name AS name, non_unique = 0 AS `unique`, column_name AS `column`
FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index
"""
_FOREIGN = """
SELECT constraint_name AS name, column_name AS `column`, referenced_table_schema AS `database`,
       referenced_table_name AS `table`, referenced_column_name AS target
FROM information_schema.key_column_usage
WHERE table_schema = %s AND table_name = %s AND referenced_table_name IS NOT NULL
ORDER BY constraint_name, ordinal_position
"""
_WHOLE = re.compile(r"(?:tiny|small|medium|big)?int\b", re.IGNORECASE)
_FIND = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
_HERE = "SELECT DATABASE()"


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_tables(credentials: Credentials, params: ListTables) -> Result:
    """List the tables and views.

    Data: a list of {"database", "name", "kind", "estimated_rows", "size_bytes", "comment"}.
    """
    database = params.database or credentials.database
    with session(credentials, readonly=True) as connection:
        tables = run(connection, _TABLES, {"database": database}, None).objects()
    shown = [one for one in tables if database or params.system or one["database"] not in _OWN]
    return Result.ok(f"{counted(len(shown), 'table')}.", shown)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def describe_table(credentials: Credentials, params: Table) -> Result:
    """Describe a table: its columns, keys and indexes.

    Data: {"database", "name", "columns", "primary_key", "unique", "foreign_keys", "indexes"}.
    """
    with session(credentials, readonly=True) as connection:
        place = find_table(connection, params)
        columns = _seen(run(connection, _COLUMNS, place, None).objects(), place)
        parts = run(connection, _INDEXES, place, None).objects()
        foreign = run(connection, _FOREIGN, place, None).objects()
    indexes: dict[str, dict[str, Any]] = {}
    for part in parts:
        one = indexes.setdefault(part["name"], {"name": part["name"], "unique": bool(part["unique"]), "columns": []})
        one["columns"].append(part["column"])
    data = {
        "database": place[0],
        "name": place[1],
        "columns": [{**column, "nullable": bool(column["nullable"])} for column in columns],
        "primary_key": indexes.get("PRIMARY", {}).get("columns", []),
        "unique": [one["columns"] for one in indexes.values() if one["unique"] and one["name"] != "PRIMARY"],
        "foreign_keys": _joined(foreign),
        "indexes": [one for one in indexes.values() if one["name"] != "PRIMARY"],
    }
    return Result.ok(f"{place[1]} has {counted(len(columns), 'column')}.", data)


def _joined(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        new = {"columns": [], "table": f"{part['database']}.{part['table']}", "target_columns": []}
        one = found.setdefault(part["name"], new)
        one["columns"].append(part["column"])
        one["target_columns"].append(part["target"])
    return list(found.values())


def find_table(connection: Any, params: Table) -> tuple[str, str]:
    """The table's database and name; TaskFailed when it is not there."""
    here = run(connection, _HERE, None, None).rows[0][0]
    first, dot, rest = params.table.partition(".")
    tries = [(params.database or here, params.table)]
    tries += [(first, rest)] if dot and not params.database else []
    for database, table in tries:
        found = run(connection, _FIND, [database, table], None).rows if database else []
        if found:
            return str(found[0][0]), str(found[0][1])
    where = f" in database {tries[0][0]!r}" if tries[0][0] else ""
    hint = "The task list_tables shows all that this user may see." if here else "Name it as database.table."
    raise TaskFailed(f"There is no table {params.table!r}{where}.", {"kind": "not_found"}, hint, permanent=True)


def columns_of(connection: Any, place: tuple[str, str]) -> dict[str, str]:
    """A table's columns: name → type."""
    return {row[0]: row[1] for row in _seen(run(connection, _COLUMNS, place, None).rows, place)}


def _seen(columns: list[Any], place: tuple[str, str]) -> list[Any]:
    """A table's columns; TaskFailed where there are none: a user sees those that the user has a privilege for.

    https://dev.mysql.com/doc/refman/8.4/en/information-schema-introduction.html#information-schema-privileges
    """
    if not columns:
        raise TaskFailed(
            f"The server shows this user no column of {'.'.join(place)}.", {"kind": "forbidden"}, GRANT, permanent=True
        )
    return columns


def whole_columns(columns: dict[str, str]) -> set[str]:
    """Those of ``columns`` that take whole numbers: the server would round others without a word."""
    return {name for name, kind in columns.items() if _WHOLE.match(kind)}


def identifier(place: tuple[str, str]) -> str:
    """A table's name as SQL has it."""
    return f"{quoted(place[0])}.{quoted(place[1])}"
