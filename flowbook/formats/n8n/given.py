"""What a node of n8n is given, by where it stands among its params."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step, located


def at(params: Mapping[str, Any], path: str) -> Any:
    """The param at a place as ``options.caption``; None where there is none, and for an empty text."""
    found: Any = params
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    chosen = located(found)
    return None if chosen in ("", None) else found


def taken(flow: Flow, step: Step, params: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Our params by the places of n8n's, of those that are given."""
    found = {ours: at(params, path) for ours, path in names.items()}
    return {ours: flow.value(given, step.name) for ours, given in found.items() if given is not None}


def needed(flow: Flow, step: Step, params: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """As :func:`taken`, of params that a task needs: one that the file does not say is left out, for ``check`` to name.

    Files that are shown to others often leave out what belongs to an account: a document, a channel, a chat.
    """
    found = taken(flow, step, params, names)
    for ours in names:
        if ours not in found:
            flow.report.note(step.name, f"the param {ours}", "the file does not say it: it has to be given")
    return found


def addressed(flow: Flow, step: Step, given: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """As ``given``, without those params that are to be addresses and are a text that is none, for ``check`` to name.

    Files that are shown to others have such as YOUR_EMAIL there.
    """
    wrong = {
        name for name in names if isinstance(text := given.get(name), str) and "${{" not in text and "@" not in text
    }
    for name in sorted(wrong):
        flow.report.note(step.name, f"the param {name}", f"{given[name][:100]!r} is no address: it has to be given")
    return {name: value for name, value in given.items() if name not in wrong}


def note_others(flow: Flow, step: Step, params: Mapping[str, Any], key: str, known: Collection[str]) -> None:
    """Say which options have no counterpart."""
    options = params.get(key)
    for name in options if isinstance(options, Mapping) else ():
        if name not in known:
            flow.report.note(step.name, f"the option {name}", "not carried over: set it by hand if it matters")


def limited(
    flow: Flow, step: Step, params: Mapping[str, Any], default: int, everything: bool = False
) -> dict[str, Any]:
    """How many entries of a list are asked for; ``everything`` where n8n asks for all unless it is told otherwise."""
    wanted = params.get("returnAll", everything)
    return {"all": True} if wanted is True else {"limit": flow.value(params.get("limit", default), step.name)}


def row_values(flow: Flow, step: Step, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The columns that a node defines, by name; None where it takes the item as it is."""
    columns = params.get("columns")
    if isinstance(columns, Mapping):
        value = columns.get("value")
        if columns.get("mappingMode", "defineBelow") == "defineBelow" and isinstance(value, Mapping):
            return {str(key): flow.value(one, step.name) for key, one in value.items() if one is not None}
        return None
    rows = at(params, "fieldsUi.values") or at(params, "fieldsUi.fieldValues") or at(params, "valuesToSend.values")
    if not isinstance(rows, list):
        return None
    made = {}
    for row in rows:
        name = (row.get("column") or row.get("fieldId") or row.get("fieldName")) if isinstance(row, dict) else None
        if isinstance(name, str) and name:
            made[name] = flow.value(row.get("fieldValue", row.get("value", "")), step.name)
    return made or None


def matched_by(params: Mapping[str, Any]) -> str | None:
    """The one column by which a row is known."""
    found = at(params, "columns.matchingColumns") or at(params, "columnToMatchOn") or at(params, "key")
    found = found.get("value") if isinstance(found, Mapping) else found
    found = found[0] if isinstance(found, list) and len(found) == 1 else found
    return found if isinstance(found, str) and not found.startswith("=") else None
