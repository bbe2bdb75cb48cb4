"""Date & Time: what it does is an expression of ours."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.dateformats import directives
from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.javascript import Untranslatable
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import Out

_UNITS = frozenset({"years", "months", "weeks", "days", "hours", "minutes", "seconds"})
_PARTS = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})


def convert_date(flow: Flow, step: Step) -> None:
    """One value of each item, and the item's fields if the node keeps them."""
    params = params_of(step)
    made = None
    if step.version >= 2:
        try:
            made = _value(flow, step, params)
        except Untranslatable as why:
            flow.report.note(step.name, step.kind, str(why))
    name = step.params.get("outputFieldName") or _NAMES.get(str(params.get("operation")), "")
    if made is None or not isinstance(name, str) or not name or name.startswith("="):
        placeholder(flow, step)
        return
    values = {name: f"${{{{ {made} }}}}"}
    options = params.get("options")
    keeps = params.get("includeInputFields") or (isinstance(options, dict) and options.get("includeInputFields"))
    task = "lists.with_fields" if keeps else "core.set"
    id = flow.put(step, task, {"fields": values, "item": "${{ item }}"} if keeps else {"values": values})
    flow.give(step, Out(f"nodes.{id}.data"), task)


_NAMES = {
    "getCurrentDate": "currentDate", "addToDate": "newDate", "subtractFromDate": "newDate",
    "formatDate": "formattedDate", "roundDate": "roundedDate", "getTimeBetweenDates": "timeDifference",
    "extractDate": "datePart",
}  # fmt: skip


def _value(flow: Flow, step: Step, params: dict[str, Any]) -> str | None:
    """The expression of the value; None for what there is none of."""
    operation = params.get("operation")
    zone = "" if flow.zone == "null" else flow.zone
    if operation == "getCurrentDate":
        return f"now({zone})" if params.get("includeTime", True) is True else f"start_of(now({zone}), 'day')"
    if operation in ("addToDate", "subtractFromDate"):
        return _moved(flow, step, params, "-" if operation == "subtractFromDate" else "")
    if operation == "getTimeBetweenDates":
        return _between(flow, step, params)
    given = flow.bare(params.get("date"), step.name)
    if operation == "formatDate":
        wanted = params.get("customFormat") if params.get("format") == "custom" else params.get("format", "MM/dd/yyyy")
        return f"format_date({given}, {directives(str(wanted))!r})"
    if operation == "extractDate":
        part = str(params.get("part", "month"))
        return f"date_part({given}, {part!r})" if part in _PARTS else None
    if operation == "roundDate":
        return _rounded(params, given)
    return None


_SECONDS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1, "millisecond": 0.001}


def _between(flow: Flow, step: Step, params: dict[str, Any]) -> str | None:
    """What lies between two dates, in one unit that is always as long."""
    units = params.get("units", ["day"])
    if not isinstance(units, list) or len(units) != 1 or units[0] not in _SECONDS:
        return None
    end, start = (f"timestamp({flow.bare(params.get(name), step.name)})" for name in ("endDate", "startDate"))
    return f"{{'{units[0]}s': number(({end} - {start}) / {_SECONDS[units[0]]})}}"


def _rounded(params: dict[str, Any], given: str) -> str | None:
    up = params.get("mode", "roundDown") != "roundDown"
    unit = str(params.get("to" if up else "toNearest", "month"))
    if unit not in _PARTS:
        return None
    return (
        f"start_of(date({given}, {'days=7' if unit == 'week' else f'{unit}s=1'}), {unit!r})"
        if up
        else f"start_of({given}, {unit!r})"
    )


def _moved(flow: Flow, step: Step, params: dict[str, Any], sign: str) -> str | None:
    unit, amount = str(params.get("timeUnit", "days")), flow.bare(params.get("duration", 0), step.name)
    given = flow.bare(params.get("magnitude"), step.name)
    if unit not in _UNITS:
        return None
    if unit == "weeks":
        return f"date({given}, days={sign}7 * ({amount}))"
    return f"date({given}, {unit}={sign}({amount}))"
