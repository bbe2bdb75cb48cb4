"""Looking around: which tables there are, and what they are made of."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, tables, task
from flowbook.counting import counted

from .connection import session
from .models import Credentials, ListTables, Table

_TABLES = """
SELECT n.nspname AS schema, c.relname AS name,
       CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                      WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,
       CASE WHEN c.reltuples < 0 THEN NULL ELSE c.reltuples::bigint END AS estimated_rows,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) END AS size_bytes,
       pg_catalog.obj_description(c.oid, 'pg_class') AS comment
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (%(schema)s::text IS NULL OR n.nspname = %(schema)s)
  AND (%(system)s OR n.nspname = %(schema)s OR (n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'))
ORDER BY 1, 2
"""

_FIND = """
SELECT c.oid, n.nspname, c.relname, pg_catalog.obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = %(table)s
  AND CASE WHEN %(schema)s::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = %(schema)s END
"""

_COLUMNS = """
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS "default",
       CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generated,
       pg_catalog.col_description(a.attrelid, a.attnum) AS comment
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

_CONSTRAINTS = """
SELECT c.conname AS name, c.contype::text AS kind, pg_catalog.pg_get_constraintdef(c.oid) AS definition,
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
             ORDER BY place) AS columns,
       c.confrelid::pg_catalog.regclass::text AS target,
       ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(attnum, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum
             ORDER BY place) AS targets
FROM pg_catalog.pg_constraint c
WHERE c.conrelid = %s AND c.contype IN ('p', 'u', 'f', 'c') ORDER BY c.contype, c.conname
"""

_INDEXES = """
SELECT c.relname AS name, i.indisunique AS "unique", pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s ORDER BY 1
"""

_WRITABLE = """
SELECT a.attname, t.typcategory::text, COALESCE(base.typname, t.typname) FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type base ON base.oid = t.typbasetype AND t.typtype = 'd'
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_tables(credentials: Credentials, params: ListTables) -> Result:
    """List the tables and views.

    Data: a list of {"schema", "name", "kind", "estimated_rows", "size_bytes", "comment"}; the row count is the
    planner's estimate, null when the table was never analysed.
    Facts: https://www.postgresql.org/docs/current/catalog-pg-class.html
    """
    with session(credentials, readonly=True) as connection:
        found = _objects(connection, _TABLES, {"schema": params.schema_ or None, "system": params.system})
    return Result.ok(f"{counted(len(found), 'table')}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def describe_table(credentials: Credentials, params: Table) -> Result:
    """Describe a table: its columns, keys, checks and indexes.

    Data: {"schema", "name", "comment", "columns", "primary_key", "unique", "foreign_keys", "checks", "indexes"}.
    Facts: https://www.postgresql.org/docs/current/catalogs.html
    """
    with session(credentials, readonly=True) as connection:
        oid, schema, name, comment = find_table(connection, params)
        columns = _objects(connection, _COLUMNS, [oid])
        constraints = _objects(connection, _CONSTRAINTS, [oid])
        indexes = _objects(connection, _INDEXES, [oid])
    keys = [entry["columns"] for entry in constraints if entry["kind"] == "p"]
    data = {
        "schema": schema,
        "name": name,
        "comment": comment,
        "columns": columns,
        "primary_key": keys[0] if keys else [],
        "unique": [entry["columns"] for entry in constraints if entry["kind"] == "u"],
        "foreign_keys": [
            {"columns": entry["columns"], "table": entry["target"], "target_columns": entry["targets"]}
            for entry in constraints
            if entry["kind"] == "f"
        ],
        "checks": [entry["definition"] for entry in constraints if entry["kind"] == "c"],
        "indexes": indexes,
    }
    return Result.ok(f"{schema}.{name} has {counted(len(columns), 'column')}.", data)


def find_table(connection: Any, params: Table) -> tuple[int, str, str, str | None]:
    """The table's oid, schema, name and comment; TaskFailed when it is not there."""
    schema, _, table = (params.schema_ or "", "", params.table) if params.schema_ else params.table.rpartition(".")
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"table": table, "schema": schema or None})
        found = cursor.fetchone()
    if found is None:
        message = f"There is no table {params.table!r}" + (f" in schema {params.schema_!r}." if params.schema_ else ".")
        hint = "Names are told apart by upper and lower case; the task list_tables shows them all."
        raise TaskFailed(message, {"kind": "not_found"}, hint, permanent=True)
    return tuple(found)


def writable_columns(connection: Any, oid: int) -> dict[str, str]:
    """The table's columns: name → "json", "array", "integer", "integers" (an array of them) or "plain".

    That decides how a list, or a number, is written into it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRITABLE, [oid])
        rows = cursor.fetchall()
    return {name: _KINDS.get(type_name, "array" if category == "A" else "plain") for name, category, type_name in rows}


_KINDS = {
    **dict.fromkeys(("json", "jsonb"), "json"),
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "integer"),
    **dict.fromkeys(("_int2", "_int4", "_int8", "_oid"), "integers"),
}


def _objects(connection: Any, query: str, parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return tables.objects((column.name for column in cursor.description), cursor.fetchall())
