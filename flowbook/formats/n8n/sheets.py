"""Google Sheets: rows that are read, added and changed, and sheets."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.chosen import replaced
from flowbook.formats.n8n.defaults import params_of, rows_in
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import at, matched_by, needed, row_values
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import NOTHING, Out

_BY_ITEM = re.compile(r"\$\{\{.*\b(?:item|index)\b", re.DOTALL)
_ADDS = {"append": False, "appendOrUpdate": True, "upsert": True, "update": True}


def convert_sheets(flow: Flow, step: Step) -> None:
    """A node of Google Sheets; what has no task here is a placeholder."""
    params = params_of(step)
    resource, operation = str(params.get("resource")), str(params.get("operation"))
    if resource == "spreadsheet" and operation == "create":
        titles = [one.get("title") for one in rows_in(params, "sheetsUi", "sheetValues")]
        given = {"title": flow.value(params.get("title", ""), step.name)}
        given |= {"sheets": [flow.value(one, step.name) for one in titles if one]} if any(titles) else {}
        flow.put_with_its_data(step, "google_sheets.create_spreadsheet", given)
        return
    if resource != "sheet":
        placeholder(flow, step)
        return
    where = _where(flow, step, params)
    if operation == "read" and not params.get("rawData"):
        _read(flow, step, params, where)
    elif operation in _ADDS:
        _write(flow, step, params, where, operation)
    elif operation == "clear":
        _clear(flow, step, params, where)
    elif operation == "create":
        title = flow.value(params.get("title") or at(params, "options.title") or "n8n-sheet", step.name)
        where.pop("sheet", None)
        flow.put_with_its_data(step, "google_sheets.add_sheet", where | {"title": title})
    elif operation == "remove" and "sheet" in where:
        flow.put_with_its_data(step, "google_sheets.delete_sheet", where)
    else:
        placeholder(flow, step)


def _where(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """The spreadsheet and the sheet in it."""
    old = "sheetId" in params and "documentId" not in params
    found = needed(flow, step, params, {"spreadsheet": "sheetId" if old else "documentId"})
    if isinstance(params.get("range"), str) and "documentId" not in params:  # before version 3
        title, _, cells = params["range"].rpartition("!")
        found |= {"sheet": flow.value(title.strip("'"), step.name)} if title and not title.startswith("=") else {}
        return found | ({"cells": cells} if _is_cells(cells) else {})
    title = _title(flow, step, params.get("sheetName"))
    return found | ({"sheet": title} if title else {})


def _title(flow: Flow, step: Step, given: Any) -> Any:
    """The title of a sheet; n8n knows one by its number, too, which stays for a person to see."""
    if not isinstance(given, dict):
        return flow.value(given, step.name) if given else None
    shown, value = given.get("cachedResultName"), given.get("value")
    if given.get("mode") in ("name",) or (isinstance(value, str) and value.startswith("=")):
        return flow.value(value, step.name)
    if isinstance(shown, str) and shown:
        return flow.value(shown, step.name)
    if value in ("", None):
        return None
    first = str(value) in ("gid=0", "0")
    why = (
        "its number is that of a first sheet, which is meant here" if first else "put its title in place of its number"
    )
    flow.report.note(step.name, f"the sheet {value}", why)
    return None if first else str(value)


def _is_cells(text: str) -> bool:
    first, _, last = text.partition(":")
    return bool(first) and all(part.isascii() and part.isalnum() for part in (first, last or "A"))


def _read(flow: Flow, step: Step, params: dict[str, Any], where: dict[str, Any]) -> None:
    """Rows, each with its number, as n8n gives them; filters choose among those that were read."""
    cells = at(params, "options.dataLocationOnSheet.values.range")
    if isinstance(cells, str) and _is_cells(cells):
        where = where | {"cells": cells}
    elif params.get("options"):
        flow.report.note(step.name, "options of reading", "not carried over: give cells, or formatted")
    id = flow.put(step, "google_sheets.read_rows", where)
    mine = flow.lists.get(step.name, NOTHING)
    condition = _condition(flow, step, params, mine)
    numbered = "merge(row, {'row_number': place + 2})"
    chosen = f"[{numbered} for place, row in enumerate(rows){f' if {condition}' if condition else ''}]"
    flow.report.note(step.name, "empty cells", "they are null here, and an empty text there")
    lists = f"[{chosen} for at, rows in enumerate(nodes.{id}.data)]"
    flow.give(step, flow.spread(step, lists), "google_sheets.read_rows")


def _condition(flow: Flow, step: Step, params: dict[str, Any], mine: str) -> str:
    """The filters as a condition of ``row``, for the item at ``at``."""
    said = []
    for one in rows_in(params, "filtersUI", "values"):
        column, value = at(one, "lookupColumn"), flow.bare(one.get("lookupValue", ""), step.name)
        if isinstance(column, str) and column and not column.startswith("="):
            value = replaced(replaced(value, "item", f"{mine}[at]"), "index", "at")
            cell = "place + 2" if column == "row_number" else f"row[{column!r}]"
            said.append(f"str(default({cell}, '')) == str({value})")
    return (" and " if params.get("combineFilters", "AND") == "AND" else " or ").join(said)


def _write(flow: Flow, step: Step, params: dict[str, Any], where: dict[str, Any], operation: str) -> None:
    """All items in one call: the values are put together first, and are the node's data, as there."""
    known = matched_by(params)
    values = row_values(flow, step, params)
    if (_ADDS[operation] and known is None) or "cells" in where:
        placeholder(flow, step)
        return
    if values is not None and known is not None and known not in values and "valueToMatchOn" in params:
        values = {known: flow.value(params["valueToMatchOn"], step.name)} | values
    verb = "update_rows" if _ADDS[operation] else "append_rows"
    given = where | ({"match_on": known} if _ADDS[operation] else {})
    given |= {"add_missing": True} if operation in ("appendOrUpdate", "upsert") else {}
    if at(params, "options.cellFormat") != "RAW" and at(params, "options.valueInputMode") != "RAW":
        given["parse"] = True
    if operation == "append" and at(params, "options.handlingExtraData") == "insertInNewColumn":
        given["add_columns"] = True
    task = f"google_sheets.{verb}"
    if any(_BY_ITEM.search(str(one)) for one in given.values()):
        flow.put_with_its_data(step, task, given | {"rows": [values if values is not None else "${{ item }}"]})
        return
    id = flow.put(step, "core.set", {"values": values if values is not None else {"row": "${{ item }}"}})
    rows = f"nodes.{id}.data" if values is not None else f"[one.row for one in nodes.{id}.data]"
    flow.follow(step, "rows", task, given | {"rows": f"${{{{ {rows} }}}}"})
    flow.give(step, Out(rows), task)


def _clear(flow: Flow, step: Step, params: dict[str, Any], where: dict[str, Any]) -> None:
    what = params.get("clear", "wholeSheet")
    cells = {"wholeSheet": "A2:Z" if params.get("keepFirstRow") else "", "specificRange": params.get("range", "A:F")}
    if what not in cells or not (cells[what] == "" or _is_cells(str(cells[what]))):
        placeholder(flow, step)
        return
    flow.put_with_its_data(step, "google_sheets.clear", where | ({"cells": cells[what]} if cells[what] else {}))
