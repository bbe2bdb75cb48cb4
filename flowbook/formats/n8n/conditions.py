"""The conditions of If, Filter and Switch as expressions."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step

OLD_NAMES = {
    "equal": "equals", "notEqual": "notEquals", "isEmpty": "empty", "isNotEmpty": "notEmpty", "larger": "gt",
    "smaller": "lt", "largerEqual": "gte", "smallerEqual": "lte", "greater": "gt",
}  # fmt: skip
_OLD_DEFAULT = {"string": "equal", "number": "smaller", "boolean": "equal", "dateTime": "after"}
_COMPARED = {"gt": ">", "lt": "<", "gte": ">=", "lte": "<="}
_MOMENTS = {"after": ">", "before": "<", "afterOrEquals": ">=", "beforeOrEquals": "<="}
_LENGTHS = {
    "lengthEquals": "==", "lengthNotEquals": "!=", "lengthGt": ">", "lengthLt": "<", "lengthGte": ">=",
    "lengthLte": "<=",
}  # fmt: skip


def condition_of(flow: Flow, step: Step, given: Any, either: bool | None = None) -> str:
    """A group of conditions, of the newer form or the older."""
    given = given if isinstance(given, dict) else {}
    if isinstance(given.get("conditions"), list) or "combinator" in given:
        options = given.get("options")
        blind = isinstance(options, dict) and options.get("caseSensitive") is False
        rows = [one for one in given.get("conditions") or [] if isinstance(one, dict)]
        return _joined([_of(flow, step, row, blind) for row in rows], given.get("combinator") == "or")
    found = []
    for kind, rows in given.items():
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                operation = str(row.get("operation", _OLD_DEFAULT.get(kind, "equal")))
                empty = {"number": 0, "boolean": False}.get(kind, "")
                row = {
                    "leftValue": row.get("value1", empty), "rightValue": row.get("value2", empty),
                    "operator": {"type": kind, "operation": OLD_NAMES.get(operation, operation)},
                }  # fmt: skip
                found.append(_of(flow, step, row, False))
    return _joined(found, bool(either))


def _joined(found: list[str], either: bool) -> str:
    if len(found) <= 1:
        return found[0] if found else "true"
    return (" or " if either else " and ").join(f"({one})" for one in found)


def _of(flow: Flow, step: Step, row: dict[str, Any], blind: bool) -> str:
    operator = row.get("operator") if isinstance(row.get("operator"), dict) else {}
    assert isinstance(operator, dict)
    return compared(
        flow, step, str(operator.get("type", "string")), str(operator.get("operation", "equals")),
        row.get("leftValue", ""), row.get("rightValue", ""), blind,
    )  # fmt: skip


def compared(flow: Flow, step: Step, kind: str, operation: str, left: Any, right: Any, blind: bool = False) -> str:
    """One comparison of n8n's."""
    one, other = flow.bare(left, step.name), flow.bare(right, step.name)
    soft = f"default({one}, null)" if re.match(r"(?:item|nodes|inputs)\b", one) else f"({one})"
    if kind == "number" and re.fullmatch(r"'-?\d+(?:\.\d+)?'", other):
        other = other[1:-1]
    other = other if re.fullmatch(r"[\w.]+|'[^']*'", other) else f"({other})"
    if blind and kind == "string" and operation not in ("exists", "notExists"):
        soft, other = f"lower(str({soft}))", f"lower({other})"
    found = _plain(operation, kind, soft, other)
    if found is None:
        flow.report.note(step.name, f"the condition {kind} {operation}", "not carried over: it is not known here")
        return f"not_carried_over({f'{kind} {operation}'!r})"
    return found


def _plain(operation: str, kind: str, one: str, other: str) -> str | None:
    """A comparison; None for one that is not known. ``one`` may be null, ``other`` is there."""
    negated, plain = operation.startswith("not") and operation != "not", operation
    if negated and operation not in ("notEquals", "notEmpty"):
        plain = operation[3].lower() + operation[4:]
    text = f"str({one})"
    amount = f"number({one})" if kind == "number" else one
    simple = {
        "equals": f"{one} == {other}", "notEquals": f"{one} != {other}", "exists": f"{one} != null",
        "empty": f"empty({one})", "notEmpty": f"not empty({one})", "true": f"{one} == true", "false": f"{one} == false",
        "contains": f"{other} in {text}" if kind == "string" else f"{other} in ({one} or [])",
        "startsWith": f"startswith({text}, {other})", "endsWith": f"endswith({text}, {other})",
        "regex": f"matches({text}, {other})",
    }  # fmt: skip
    found = simple.get(plain)
    if plain in _COMPARED:
        found = f"{amount} {_COMPARED[plain]} {other}"
    elif plain in _MOMENTS:
        moments = [f"timestamp(parse_date({one}), zone='UTC')" for one in (one, other)]
        found = f"{moments[0]} {_MOMENTS[plain]} {moments[1]}"
    elif plain in _LENGTHS:
        found = f"len({one} or []) {_LENGTHS[plain]} {other}"
    if found is None or not negated or operation in ("notEquals", "notEmpty"):
        return found
    return f"not ({found})"
