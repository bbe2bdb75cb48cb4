"""The nodes of n8n that speak SQL: Postgres and MySQL."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of, rows_in
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import Out

_FOLDERS = {"postgres": "postgres", "mySql": "mysql", "timescaleDb": "postgres"}
KINDS = frozenset(_FOLDERS)
_OPERATORS = {
    "equal": "=", "equals": "=", "=": "=", "!=": "!=", "LIKE": "like", ">": ">", "<": "<", ">=": ">=", "<=": "<=",
}  # fmt: skip


def convert_sql(flow: Flow, step: Step) -> None:
    """A query, or rows that are read, added, changed or deleted."""
    params = params_of(step)
    make = {
        "executeQuery": _query, "insert": _insert, "upsert": _upsert, "select": _select, "update": _update,
        "deleteTable": _delete,
    }.get(str(params.get("operation")))  # fmt: skip
    made = make(flow, step, params) if make is not None else None
    if made is None:
        placeholder(flow, step)
        return
    verb, given = made
    task = f"{_FOLDERS[step.kind]}.{verb}"
    schema = params.get("schema")
    if task.startswith("postgres.") and "table" in given and flow.value(schema, step.name) not in (None, "", "public"):
        given["schema"] = flow.value(schema, step.name)
    id = flow.put(step, task, given)
    if verb in ("execute_query", "select_rows") or task == "postgres.insert_rows":
        flow.give(step, flow.spread(step, f"nodes.{id}.data"), task)
    else:
        flow.report.note(step.name, step.kind, f"its data is what {task} gives: how many rows, not the rows")
        flow.give(step, Out(f"nodes.{id}.data"), task)


Made = tuple[str, dict[str, Any]]


def _query(flow: Flow, step: Step, params: dict[str, Any]) -> Made:
    query = flow.value(params.get("query", ""), step.name)
    if "${{" in str(query):
        said = "they are filled into the query's text: better give them as parameters"
        flow.report.note(step.name, "values in SQL", said)
    options = params.get("options")
    if isinstance(options, dict) and options.get("queryReplacement"):
        flow.report.note(step.name, "query parameters", "not carried over: write %s for $1, and give parameters")
    return "execute_query", {"query": query or "SELECT 1"}


def _table(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any] | None:
    table = flow.value(params.get("table"), step.name)
    return {"table": table} if table else None


def _values(flow: Flow, step: Step, params: dict[str, Any]) -> Any:
    """The values of a row: those that the node defines, the columns that it names, or the whole item."""
    columns = params.get("columns")
    if isinstance(columns, str) and columns.strip() and not columns.startswith("="):
        names = [one.strip() for one in columns.split(",") if one.strip()]
        return {name: f"${{{{ item[{name!r}] }}}}" for name in names}
    if isinstance(columns, dict) and columns.get("mappingMode") == "defineBelow":
        value = columns.get("value")
        return flow.value(value, step.name) if isinstance(value, dict) else {}
    rows = rows_in(params, "valuesToSend", "values")
    if params.get("dataMode") == "defineBelow" and rows:
        return {str(one.get("column")): flow.value(one.get("value", ""), step.name) for one in rows}
    return "${{ item }}"


def _insert(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    table = _table(flow, step, params)
    return None if table is None else ("insert_rows", table | {"rows": [_values(flow, step, params)]})


def _upsert(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    made = _insert(flow, step, params)
    if made is None:
        return None
    keys = _matching(params)
    by_keys = {"conflict_keys": keys} if keys and _FOLDERS[step.kind] == "postgres" else {}
    return made[0], made[1] | {"on_conflict": "update"} | by_keys


def _matching(params: dict[str, Any]) -> list[str]:
    """The columns by which a row is known."""
    columns = params.get("columns")
    found = columns.get("matchingColumns") if isinstance(columns, dict) else None
    single = params.get("columnToMatchOn") or params.get("updateKey")
    single = single.get("value") if isinstance(single, dict) else single
    names = found if isinstance(found, list) else [single]
    return [one for one in names if isinstance(one, str) and one and not one.startswith("=")]


def _update(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    table, keys, values = _table(flow, step, params), _matching(params), _values(flow, step, params)
    if table is None or not keys or not isinstance(values, dict):
        return None
    where = {key: values.get(key, f"${{{{ item[{key!r}] }}}}") for key in keys}
    if "valueToMatchOn" in params:
        where[keys[0]] = flow.value(params["valueToMatchOn"], step.name)
    changed = {name: value for name, value in values.items() if name not in keys}
    return ("update_rows", table | {"where": where, "values": changed}) if changed else None


def _where(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any] | None:
    """The conditions that all have to hold; None for what has none of ours."""
    found: dict[str, Any] = {}
    rows = rows_in(params, "where", "values")
    if params.get("combineConditions") == "OR" and len(rows) > 1:
        return None
    for one in rows:
        column, how = flow.value(one.get("column", ""), step.name), str(one.get("condition", "equal"))
        value = flow.value(one.get("value", ""), step.name)
        null = {"IS NULL": True, "IS NOT NULL": False}.get(how)
        if not isinstance(column, str) or column in found or (null is None and how not in _OPERATORS):
            return None
        found[column] = {"is null": null} if null is not None else {_OPERATORS[how]: value}
    return found


def _select(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    table, where = _table(flow, step, params), _where(flow, step, params)
    if table is None or where is None:
        return None
    given = table | ({"where": where} if where else {})
    sort = rows_in(params, "sort", "values")
    order = [f"{one.get('column')} {str(one.get('direction', 'ASC')).lower()}" for one in sort]
    limit = flow.value(params.get("limit", 50), step.name)
    given |= {"order": order} if order else {}
    return "select_rows", given | ({"all": True} if params.get("returnAll") is True else {"limit": limit})


def _delete(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    table, where = _table(flow, step, params), _where(flow, step, params)
    command = params.get("deleteCommand", "truncate")
    if table is None or where is None or command == "drop":
        return None
    return "delete_rows", table | ({"where": where} if where and command == "delete" else {"all": True})
