"""From a file of n8n to our documents: which node becomes what, in the order in which they run."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from flowbook.formats.n8n import (
    ai,
    apps,
    branching,
    databases,
    documents,
    drives,
    files,
    listing,
    loops,
    mails,
    moments,
    pages,
    services,
    sheets,
    steps,
    values,
)
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.report import Carried, Report
from flowbook.formats.n8n.source import Export, Step
from flowbook.models import kebab

Convert = Callable[[Flow, Step], None]

_KINDS: dict[str, Convert] = {
    "set": values.convert_set, "code": values.convert_code, "function": values.convert_code,
    "functionItem": values.convert_code, "renameKeys": values.convert_rename, "if": branching.convert_if,
    "filter": branching.convert_filter, "switch": branching.convert_switch, "merge": listing.convert_merge,
    "splitOut": listing.convert_split_out, "aggregate": listing.convert_aggregate, "limit": listing.convert_limit,
    "sort": listing.convert_sort, "removeDuplicates": listing.convert_unique, "summarize": listing.convert_summarize,
    "itemLists": listing.convert_item_lists, "compareDatasets": listing.convert_compare, "noOp": steps.convert_noop,
    "wait": steps.convert_wait, "stopAndError": steps.convert_stop, "executeWorkflow": steps.convert_sub_workflow,
    "respondToWebhook": steps.convert_response, "httpRequest": services.convert_http, "slack": services.convert_slack,
    "emailSend": services.convert_mail, "sendGrid": services.convert_mail,
    "github": services.convert_github, "html": pages.convert_html, "htmlExtract": pages.convert_html,
    "markdown": pages.convert_markdown,
    "splitInBatches": steps.convert_noop, "dateTime": moments.convert_date, "readWriteFile": files.convert_disk,
    "readBinaryFile": files.convert_disk, "readBinaryFiles": files.convert_disk, "writeBinaryFile": files.convert_disk,
    "extractFromFile": files.convert_extract, "convertToFile": files.convert_to_file,
    "spreadsheetFile": files.convert_spreadsheet, "googleSheets": sheets.convert_sheets,
    "googleDrive": drives.convert_drive, "mongoDb": documents.convert_mongodb, "gmail": mails.convert_gmail,
    **dict.fromkeys(databases.KINDS, databases.convert_sql), **dict.fromkeys(apps.KINDS, apps.convert_app),
}  # fmt: skip
_STICKY = "stickyNote"


def converted(export: Export) -> tuple[dict[str, Any], list[dict[str, Any]], Report]:
    """The document of a workflow, those of its loops, and the report."""
    report = Report()
    main = [edge for edge in export.edges if edge.kind == "main"]
    linked = {name for edge in main for name in (edge.source, edge.target)}
    hanging = {edge.source for edge in export.edges if edge.kind != "main"} - linked
    names = [name for name, step in export.steps.items() if step.kind != _STICKY and name not in hanging]
    flow = Flow(export, kebab(export.name)[:80].strip("-"), names, main, report)
    for edge in export.edges:
        if edge.kind != "main":
            flow.sub_nodes.setdefault(edge.target, []).append((edge.kind, export.steps[edge.source]))
    for name in sorted(hanging):
        report.nodes.append(Carried(name, export.steps[name].type, "", "carried"))
        report.note(name, export.steps[name].type, "it is a part of the AI node that it hangs on")
    for new, was in export.renamed:
        report.note(new, f"the name {was!r}", f"two nodes have it: this one is {new!r}, and is not what others name")
    for source, target in export.lost:
        report.note(source, f"the connection to {target!r}", "one of its ends is no node of the workflow: left out")
    convert_nodes(flow)
    _add_notes(flow, [step for step in export.steps.values() if step.kind == _STICKY])
    if not export.zone:
        report.note("", "the time zone", "dates without a zone are those of this machine, as n8n's are of its own")
    return _tidied(flow.document), [_tidied(part) for part in flow.parts], report


def convert_nodes(flow: Flow) -> None:
    """Convert the nodes of a flow, each after those that lead to it."""
    circles = dict(loops.collapse(flow))
    for name in _in_order(flow):
        if name in circles:
            loops.convert_loop(flow, name, circles[name], convert_nodes)
            continue
        step = flow.export.steps.get(name)
        if step is None:
            continue
        flow.lists[name] = flow.list_into(name)
        _convert(flow, step)


def _convert(flow: Flow, step: Step) -> None:
    """Convert a node; one whose params are not of the form that n8n writes is a placeholder, and the report says so."""
    try:
        _converter(step)(flow, step)
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        flow.report.note(step.name, "its params", f"they are not of the form that n8n writes: {error}")
        steps.placeholder(flow, step)


def _converter(step: Step) -> Convert:
    if steps.is_trigger(step.kind):
        return steps.convert_trigger
    if step.about.get("disabled"):
        return steps.convert_disabled
    if step.kind.startswith("lc:"):
        return functools.partial(ai.convert_ai, convert=_convert, known=_KINDS.__contains__)
    return _KINDS.get(step.kind, steps.placeholder)


def _in_order(flow: Flow) -> list[str]:
    missing = {name: len(flow.into(name)) for name in flow.names}
    after: dict[str, list[str]] = {}
    for edge in flow.edges:
        after.setdefault(edge.source, []).append(edge.target)
    found = [name for name in flow.names if not missing[name]]
    for name in found:
        for target in after.get(name, ()):
            missing[target] -= 1
            if not missing[target]:
                found.append(target)
    return found


def _add_notes(flow: Flow, notes: list[Step]) -> None:
    for number, step in enumerate(notes, 1):
        text = str(step.params.get("content", ""))
        if text.strip():
            flow.document.setdefault("notes", {})[f"note_{number}"] = {"text": text[:4000], "at": list(step.position)}
        flow.report.nodes.append(Carried(step.name, step.type, "", "carried"))


def _tidied(document: dict[str, Any]) -> dict[str, Any]:
    """A document without lists of places that nothing asks for, and without what is empty."""
    asked = set(re.findall(r"nodes\.(\w+)\.data\.(\w+)", repr(document)))
    for id, node in document["nodes"].items():
        values = node.get("params", {}).get("values")
        if node["task"] == "core.set" and isinstance(values, dict):
            for key in [key for key in values if key.endswith("index") and (id, key) not in asked]:
                if (key == "index" and "items" in values) or key.removesuffix("_index") in values:
                    del values[key]
    return {key: value for key, value in document.items() if value or key in ("flowbook", "name", "nodes")}
