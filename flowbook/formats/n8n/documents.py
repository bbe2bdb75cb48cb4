"""n8n's node for MongoDB."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.services import json_given
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import Out

_ONE = "nodes.{id}.data"
_DELETED = "[{{'deletedCount': one.deleted}} for one in nodes.{id}.data]"


def convert_mongodb(flow: Flow, step: Step) -> None:
    """Documents that are found, gathered, inserted, changed or deleted."""
    params = params_of(step)
    operation = str(params.get("operation"))
    collection = flow.value(params.get("collection"), step.name)
    make = {
        "find": _find, "aggregate": _aggregate, "delete": _delete, "insert": _insert, "update": _update,
        "findOneAndUpdate": _update, "findOneAndReplace": _replace,
    }.get(operation)  # fmt: skip
    made = make(flow, step, params) if make is not None and collection else None
    if made is None:
        placeholder(flow, step)
        return
    task, given = made
    id = flow.put(step, task, {"collection": collection, **given})
    if task in ("mongodb.find", "mongodb.aggregate"):
        flow.report.note(step.name, "ids and dates", "they come as text (as: plain), as n8n gives them")
        flow.give(step, flow.spread(step, f"nodes.{id}.data"), task)
    elif task == "mongodb.delete_many":
        flow.give(step, Out(_DELETED.format(id=id)), task)
    else:
        flow.report.note(step.name, step.kind, f"its data is what {task} gives, not the item that was written")
        flow.give(step, Out(_ONE.format(id=id)), task)


Made = tuple[str, dict[str, Any]]


def _asked(flow: Flow, step: Step, given: Any, empty: Any) -> Any:
    """A query as data: n8n has it as JSON."""
    return json_given(flow, step, given) if isinstance(given, str) and given.strip() else given or empty


def _find(flow: Flow, step: Step, params: dict[str, Any]) -> Made:
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    given = {"filter": _asked(flow, step, params.get("query"), {}), "as": "plain"}
    for name in ("sort", "projection"):
        if (options or {}).get(name):
            given[name] = _asked(flow, step, (options or {})[name], {})
    for name in ("limit", "skip"):
        if (options or {}).get(name):
            given[name] = flow.value((options or {})[name], step.name)
    return "mongodb.find", {name: value for name, value in given.items() if value != {}}


def _aggregate(flow: Flow, step: Step, params: dict[str, Any]) -> Made:
    return "mongodb.aggregate", {"pipeline": _asked(flow, step, params.get("query"), []), "as": "plain"}


def _delete(flow: Flow, step: Step, params: dict[str, Any]) -> Made:
    wanted = _asked(flow, step, params.get("query"), {})
    return "mongodb.delete_many", {"filter": wanted} | ({} if wanted else {"all": True})


def _fields(params: dict[str, Any]) -> dict[str, str] | None:
    """The fields that the node names, of the item; None where an expression names them."""
    names = params.get("fields")
    if not isinstance(names, str) or names.startswith("="):
        return None
    return {name: f"${{{{ item[{name!r}] }}}}" for name in (one.strip() for one in names.split(",")) if name}


def _insert(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    fields = _fields(params)
    return ("mongodb.insert_one", {"document": fields}) if fields else None


def _known_by(flow: Flow, step: Step, params: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Which document is meant, by its key, and the fields that it gets."""
    fields, key = _fields(params), params.get("updateKey", "id")
    if not fields or not isinstance(key, str) or key.startswith("="):
        return None
    value: Any = f"${{{{ item[{key!r}] }}}}"
    upsert = {"upsert": True} if params.get("upsert") else {}
    wanted = {key: {"$oid": value} if key == "_id" else value}
    return {"filter": wanted, **upsert}, {name: one for name, one in fields.items() if name != key}


def _update(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    known = _known_by(flow, step, params)
    if known is None or not known[1]:
        return None
    return "mongodb.update_one", {**known[0], "update": {"$set": known[1]}}


def _replace(flow: Flow, step: Step, params: dict[str, Any]) -> Made | None:
    known = _known_by(flow, step, params)
    return None if known is None else ("mongodb.replace_one", {**known[0], "document": known[1]})
