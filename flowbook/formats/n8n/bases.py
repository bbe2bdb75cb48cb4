"""Airtable and Notion: which of our tasks a row or page of n8n's is, and its values."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.called import Call
from flowbook.formats.n8n.defaults import rows_in
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import at, row_values
from flowbook.formats.n8n.source import Step
from flowbook.json_text import parse_json

_TABLE = {"base": "base", "table": "table"}
_OLD = {"base": "application", "table": "table"}
_PAGE = {"page": "pageId"}
_VIEW = {"view": "options.view", "fields": "options.fields", "formula": "filterByFormula"}
_OLD_VIEW = {
    "view": "additionalOptions.view",
    "fields": "additionalOptions.fields",
    "formula": "additionalOptions.filterByFormula",
}
CALLS: dict[tuple[str, str, str], Call] = {
    ("airtable", "", "search"): Call("airtable.list_records", _TABLE, {}, "list", _VIEW),
    ("airtable", "", "list"): Call("airtable.list_records", _OLD, {}, "list", _OLD_VIEW),
    ("airtable", "", "get"): Call("airtable.get_record", _TABLE | {"record": "id"}),
    ("airtable", "", "read"): Call("airtable.get_record", _OLD | {"record": "id"}),
    ("airtable", "", "create"): Call("airtable.create_records", _TABLE, {}, "list", {"typecast": "options.typecast"}),
    ("airtable", "", "append"): Call("airtable.create_records", _OLD, {}, "list", {"typecast": "options.typecast"}),
    ("airtable", "", "update"): Call("airtable.update_records", _TABLE, {}, "list", {"typecast": "options.typecast"}),
    ("airtable", "", "upsert"): Call("airtable.upsert_records", _TABLE, {}, ".rows", {"typecast": "options.typecast"}),
    ("airtable", "", "deleteRecord"): Call("airtable.delete_records", _TABLE | {"records": "id"}),
    ("airtable", "", "delete"): Call("airtable.delete_records", _OLD | {"records": "id"}),
    ("airtable", "base", "getMany"): Call("airtable.list_bases", {}, {}, "list"),
    ("airtable", "base", "getSchema"): Call("airtable.list_tables", {"base": "base"}, {}, "list"),
    ("notion", "databasePage", "create"): Call(
        "notion.create_page", {"database": "databaseId"}, {}, "one", {"title": "title"}
    ),
    ("notion", "databasePage", "update"): Call("notion.update_page", _PAGE),
    ("notion", "databasePage", "get"): Call("notion.get_page", _PAGE),
    ("notion", "databasePage", "getAll"): Call("notion.query_database", {"database": "databaseId"}, {}, "list"),
    ("notion", "database", "get"): Call("notion.get_database", {"database": "databaseId"}),
    ("notion", "database", "getAll"): Call("notion.search", {}, {"kind": "database"}, "list"),
    ("notion", "database", "search"): Call("notion.search", {}, {"kind": "database"}, "list", {"query": "text"}),
    ("notion", "page", "create"): Call("notion.create_page", {"parent": "pageId"}, {}, "one", {"title": "title"}),
    ("notion", "page", "archive"): Call("notion.trash_page", _PAGE),
    ("notion", "page", "search"): Call("notion.search", {}, {"kind": "page"}, "list", {"query": "text"}),
    ("notion", "block", "append"): Call("notion.append_content", {"page": "blockId"}),
    ("notion", "block", "getAll"): Call("notion.get_content", {"page": "blockId"}, {"as": "blocks"}, "list"),
    ("notion", "user", "getAll"): Call("notion.list_users", {}, {}, "list"),
}
_WRITES = ("airtable.create_records", "airtable.update_records", "airtable.upsert_records")
_VALUES = (
    "title",
    "textContent",
    "richText",
    "text",
    "phoneValue",
    "multiSelectValue",
    "selectValue",
    "statusValue",
    "emailValue",
    "urlValue",
    "peopleValue",
    "relationValue",
    "checkboxValue",
    "numberValue",
    "date",
    "dateStart",
)
_BLOCKS = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "to_do": "- [ ] ",
    "quote": "> ",
}


def more_of(flow: Flow, step: Step, params: dict[str, Any], task: str) -> dict[str, Any]:
    """What such a call gets besides: the values of a row, the content of a page, filters and an order."""
    if task in _WRITES:
        return _records(flow, step, params, task)
    if task == "airtable.list_records":
        return _sorted(flow, params, step)
    if task in ("notion.create_page", "notion.update_page", "notion.append_content"):
        return _page(flow, step, params)
    if task == "notion.query_database":
        return _filter(flow, step, params)
    return {}


def _records(flow: Flow, step: Step, params: dict[str, Any], task: str) -> dict[str, Any]:
    values = row_values(flow, step, params)
    matching = at(params, "columns.matchingColumns")
    names = [one for one in matching if isinstance(one, str)] if isinstance(matching, list) else []
    given: dict[str, Any] = {}
    if task == "airtable.update_records" and at(params, "id") and "application" in params:  # before version 2
        fields = params.get("fields") if params.get("updateAllFields") is False else None
        wanted = {str(one): f"${{{{ item[{str(one)!r}] }}}}" for one in fields} if isinstance(fields, list) else {}
        id = flow.value(params["id"], step.name)
        given["records"] = (
            {"id": id, **wanted}
            if wanted
            else f"${{{{ merge(item, {{'id': {flow.bare(params['id'], step.name)}}}) }}}}"
        )
    elif values is None and isinstance(params.get("fields"), list) and params.get("addAllFields") is False:
        given["records"] = {str(one): f"${{{{ item[{str(one)!r}] }}}}" for one in params["fields"]}
    else:
        given["records"] = values if values is not None else "${{ item }}"
    if task == "airtable.upsert_records":
        given["match_on"] = names or ["id"]
    elif task == "airtable.update_records" and names and names != ["id"]:
        flow.report.note(
            step.name, f"matching by {', '.join(names)}", "records are updated by their id: use upsert_records"
        )
    if isinstance(params.get("options"), dict) and params["options"].get("ignoreFields"):
        flow.report.note(step.name, "the option ignoreFields", "not carried over: leave those fields out of records")
    return given


def _sorted(flow: Flow, params: dict[str, Any], step: Step) -> dict[str, Any]:
    rows = rows_in(params, "sort", "property") or rows_in(params.get("additionalOptions") or {}, "sort", "property")
    fields = [(flow.value(one.get("field", ""), step.name), one.get("direction", "asc")) for one in rows]
    return {"sort": ", ".join(f"{'-' * (how == 'desc')}{name}" for name, how in fields if name)} if fields else {}


def _page(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    values = {}
    for row in rows_in(params, "propertiesUi", "propertyValues"):
        name = str(row.get("key", "")).partition("|")[0]
        value = next((row[key] for key in _VALUES if row.get(key) not in (None, "", [])), None)
        if name and value is not None and not isinstance(value, dict):
            values[name] = flow.value(value, step.name)
    if values:
        made["properties"] = values
    lines = []
    for block in rows_in(params, "blockUi", "blockValues"):
        kind, content = str(block.get("type", "paragraph")), block.get("textContent", block.get("title", ""))
        if content and not isinstance(content, dict):
            lines.append(f"{_BLOCKS.get(kind, '')}{flow.value(content, step.name)}")
        elif block.get("text"):
            flow.report.note(step.name, f"rich text of a block {kind}", "not carried over: write it as Markdown")
    return made | ({"markdown": "\n\n".join(lines)} if lines else {})


def _filter(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """A filter that is written as JSON is one of Notion's; what the form of n8n makes is not told by its file."""
    raw = params.get("filterJson")
    if params.get("filterType") == "json" and isinstance(raw, str) and raw.strip():
        if not raw.startswith("="):
            try:
                return {"filter": parse_json(raw)}
            except ValueError:
                pass
        flow.report.note(step.name, "the filter", "not carried over: give it as JSON")
    elif params.get("filterType") == "manual" or at(params, "options.filter"):
        flow.report.note(step.name, "the filter", "not carried over: give one of Notion's, or filter the rows")
    return {}
