"""What starts a workflow of n8n, as the command by which it is started here: by the clock, by requests, by a form."""

from __future__ import annotations

import re
import shlex
from typing import Any

from flowbook.formats.n8n.source import Step

_UNKNOWN = "nothing starts the workflow by itself: run it by a schedule or by what calls it"


def offered(step: Step, workflow: str, zone: str) -> str:
    """How a trigger's workflow is started here; ``zone`` is that of n8n's workflow, or ""."""
    name = shlex.quote(workflow)
    if step.kind == "webhook":
        return f"nothing starts the workflow by itself: flowbook hooks add {name} has requests start it"
    if step.kind == "formTrigger":
        return f"nothing starts the workflow by itself: flowbook hooks add {name} --form has people start it"
    lines = crons(step)
    if not lines:
        return _UNKNOWN
    where = f" --zone {shlex.quote(zone)}" if re.fullmatch(r"[\w+/-]+", zone) else ""
    commands = "; ".join(f"flowbook schedule add {name} --cron '{line}'{where}" for line in lines)
    told = f"nothing starts the workflow by itself: by the clock does {commands}"
    return told if len(told) <= 300 else _UNKNOWN  # a note has no more, and half a command is none


def crons(step: Step) -> list[str]:
    """The times of a trigger as lines of cron; none where one of them is none, such as each 30 seconds or two days.

    What a file leaves out is as n8n has it then (docs.n8n.io, Schedule Trigger; the older Cron and Interval nodes).
    """
    if step.kind == "scheduleTrigger":
        found = [_rule(one) for one in _each(step.params.get("rule"), "interval")]
    elif step.kind == "cron":
        found = [_older(one) for one in _each(step.params.get("triggerTimes"), "item")]
    elif step.kind == "interval":
        found = [_every(step.params.get("interval", 1), str(step.params.get("unit", "seconds")))]
    else:
        found = []
    return [one for one in found if one] if all(found) else []


def _each(given: Any, name: str) -> list[dict[str, Any]]:
    listed = given.get(name) if isinstance(given, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else [{}]


def _rule(one: dict[str, Any]) -> str:
    field = one.get("field", "days")
    at = f"{one.get('triggerAtMinute', 0)} {one.get('triggerAtHour', 0)}"
    if field == "cronExpression":
        return _line(one.get("expression"))
    if field == "minutes":
        return _every(one.get("minutesInterval", 5), "minutes")
    if field == "hours":
        return _line(_step(one.get("triggerAtMinute", 0), one.get("hoursInterval", 1), "{0} {1} * * *", 24))
    if field == "days" and one.get("daysInterval", 1) == 1:
        return _line(f"{at} * * *")
    if field == "weeks" and one.get("weeksInterval", 1) == 1:
        days = one.get("triggerAtDay", [0])
        return _line(f"{at} * * {','.join(map(str, days))}") if isinstance(days, list) and days else ""
    if field == "months" and one.get("monthsInterval", 1) == 1:
        return _line(f"{at} {one.get('triggerAtDayOfMonth', 1)} * *")
    return ""


def _older(one: dict[str, Any]) -> str:
    mode, minute = one.get("mode", "everyDay"), one.get("minute", 0)
    at = f"{minute} {one.get('hour', 14)}"
    if mode == "everyX":
        return _every(one.get("value", 2), str(one.get("unit", "hours")))
    return _line({
        "everyMinute": "* * * * *",
        "everyHour": f"{minute} * * * *",
        "everyDay": f"{at} * * *",
        "everyWeek": f"{at} * * {one.get('weekday', 1)}",
        "everyMonth": f"{at} {one.get('dayOfMonth', 1)} * *",
        "custom": one.get("cronExpression"),
    }.get(str(mode)))  # fmt: skip


def _every(number: Any, unit: str) -> str:
    if unit == "hours":
        return _line(_step(0, number, "{0} {1} * * *", 24))
    return _line(_step("", number, "{1} * * * *", 60)) if unit == "minutes" else ""


def _step(minute: Any, number: Any, form: str, most: int) -> str:
    """Only what is the same number of times in each hour or day: cron begins anew with each."""
    if type(number) is not int or number < 1 or most % number:
        return ""
    return form.format(minute, "*" if number == 1 else f"*/{number}")


def _line(text: Any) -> str:
    """A line of cron that has five fields; of six, the first are seconds, which have to be 0."""
    fields = text.split() if isinstance(text, str) else []
    if len(fields) == 6 and fields[0] == "0":
        fields = fields[1:]
    plain = all(re.fullmatch(r"[\w*,/-]{1,40}", one) for one in fields)
    return " ".join(fields) if len(fields) == 5 and plain else ""
