"""If, Switch and Filter: a ``core.set`` of the lists that part, and edges taken where one holds something."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.chosen import chosen
from flowbook.formats.n8n.conditions import OLD_NAMES, compared, condition_of
from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import Out
from flowbook.models import kebab

MAX_ROUTES = 50
_NO_RULE = -1


def convert_if(flow: Flow, step: Step) -> None:
    """If: two lists."""
    params = params_of(step)
    condition = condition_of(flow, step, params.get("conditions"), params.get("combineOperation") == "any")
    _routes(flow, step, [("true", condition), ("false", f"not ({condition})")])


def convert_filter(flow: Flow, step: Step) -> None:
    """Filter: one list."""
    condition = condition_of(
        flow, step, params_of(step).get("conditions"), params_of(step).get("combineConditions") == "OR"
    )
    items, places = chosen(flow.lists[step.name], condition)
    id = flow.put(step, "core.set", {"values": {"items": items, "index": places}}, each=False)
    flow.give(step, Out(f"nodes.{id}.data.items", "index", f"nodes.{id}.data.index", True), "core.set")


def convert_switch(flow: Flow, step: Step) -> None:
    """Switch: a list for each output."""
    params = params_of(step)
    if params.get("mode") == "expression" or "output" in params:
        value = flow.bare(params.get("output", 0), step.name)
        last = max((edge.output for edge in flow.edges if edge.source == step.name), default=3)
        named = [(f"case_{place}", f"({value}) == {place}") for place in range(last + 1)]
    elif step.version >= 3:
        named = _rules(flow, step, params)
    else:
        named = _old_rules(flow, step, params)
    if not 1 <= len(named) <= MAX_ROUTES:
        placeholder(flow, step)
        return
    _routes(flow, step, named)


def _rules(flow: Flow, step: Step, params: dict[str, Any]) -> list[tuple[str, str]]:
    given = params.get("rules") if isinstance(params.get("rules"), dict) else {}
    rows = [one for one in (given or {}).get("values") or [] if isinstance(one, dict)]
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    assert isinstance(options, dict)
    conditions = [condition_of(flow, step, row.get("conditions")) for row in rows[: MAX_ROUTES + 1]]
    named = []
    for place, (row, condition) in enumerate(zip(rows, conditions, strict=False)):
        before = conditions[:place]
        if before and not options.get("allMatchingOutputs"):
            condition = f"({condition}) and not ({' or '.join(f'({one})' for one in before)})"
        named.append((str(row.get("outputKey") or f"case {place}"), condition))
    if options.get("fallbackOutput") == "extra":
        every = " or ".join(f"({one})" for one in conditions)
        named.append(("other", f"not ({every})" if every else "true"))
    return named


def _old_rules(flow: Flow, step: Step, params: dict[str, Any]) -> list[tuple[str, str]]:
    kind, value = str(params.get("dataType", "number")), params.get("value1", "")
    rules = params.get("rules") if isinstance(params.get("rules"), dict) else {}
    found: dict[int, list[str]] = {}
    every: list[str] = []
    for row in [one for one in (rules or {}).get("rules") or [] if isinstance(one, dict)][:MAX_ROUTES]:
        operation = str(row.get("operation", "smaller" if kind == "number" else "equal"))
        condition = compared(flow, step, kind, OLD_NAMES.get(operation, operation), value, row.get("value2", ""))
        if every:  # the first rule that holds decides
            found.setdefault(_output(row), []).append(
                f"({condition}) and not ({' or '.join(f'({one})' for one in every)})"
            )
        else:
            found.setdefault(_output(row), []).append(condition)
        every.append(condition)
    fallback = params.get("fallbackOutput", _NO_RULE)
    if isinstance(fallback, int) and fallback >= 0:
        rest = " or ".join(f"({one})" for one in every)
        found.setdefault(fallback, []).append(f"not ({rest})" if rest else "true")
    last = max([*found, *(edge.output for edge in flow.edges if edge.source == step.name)], default=0)
    return [
        (f"case {place}", " or ".join(f"({one})" for one in found.get(place, ())) or "false")
        for place in range(min(last, MAX_ROUTES + 1) + 1)
    ]


def _output(row: dict[str, Any]) -> int:
    given = row.get("output", row.get("outputKey", 0))
    return int(given) if isinstance(given, (int, float)) or str(given).isdecimal() else 0


def _routes(flow: Flow, step: Step, named: list[tuple[str, str]]) -> None:
    values: dict[str, str] = {}
    outs: list[Out] = []
    id = flow.ids[step.name]
    for name, condition in named:
        key = kebab(name).replace("-", "_")[:40]
        key = key if key[0].isalpha() else f"case_{key}"
        while key in values:
            key += "_2"
        values[key], values[f"{key}_index"] = chosen(flow.lists[step.name], condition)
        outs.append(Out(f"nodes.{id}.data.{key}", "index", f"nodes.{id}.data.{key}_index", True))
    flow.put(step, "core.set", {"values": values}, each=False)
    for place, out in enumerate(outs[1:], 1):
        flow.outs[step.name, place] = out
    flow.give(step, outs[0], "core.set")
    if len(outs) == 1:
        flow.outs[step.name, 1] = outs[0]
