"""The nodes of n8n that read and write files. What n8n keeps as binary data beside an item is here the path of a file.

A node that reads a file gives an item with its ``path``; the node after it that takes the file apart reads it there.
"""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import NOTHING, Out

_READERS = frozenset({"readBinaryFile", "readBinaryFiles"})
_GIVE_PATHS = frozenset({
    "files.glob", "google_drive.download_file", "telegram.download_file", "ssh.download_file",
})  # fmt: skip
_TASKS = {
    "csv": "files.read_csv", "xlsx": "spreadsheets.read_sheet", "json": "files.read_json", "pdf": "pdf.read_text",
}  # fmt: skip
_MAKERS = frozenset({"convertToFile", "spreadsheetFile"})
_FORMATS = {
    "csv": "csv", "xlsx": "xlsx", "fromJson": "json", "toJson": "json", "json": "json", "text": "text",
    "toText": "text", "pdf": "pdf",
}  # fmt: skip


def convert_disk(flow: Flow, step: Step) -> None:
    """Read/Write Files from Disk, Read Binary File(s), Write Binary File."""
    params = params_of(step)
    if step.kind == "writeBinaryFile" or (step.kind == "readWriteFile" and params.get("operation") == "write"):
        _write(flow, step, params)
        return
    pattern = params.get("fileSelector") or params.get("filePath")
    if not pattern:
        placeholder(flow, step)
        return
    if step.kind == "readBinaryFile":
        id = flow.put(step, "core.set", {"values": {"path": flow.value(pattern, step.name)}})
        flow.give(step, Out(f"nodes.{id}.data"), "core.set")
    else:
        id = flow.put(step, "files.glob", {"pattern": flow.value(pattern, step.name)})
        flow.give(step, flow.spread(step, f"nodes.{id}.data"), "files.glob")
    flow.report.note(step.name, "binary data", "its items have the path of each file: the next node reads it there")


def _write(flow: Flow, step: Step, params: dict[str, Any]) -> None:
    """The file that the node before has made is written where it is made: this one says where."""
    source = source_of(flow, step)
    if source is None or source.kind not in _MAKERS:
        placeholder(flow, step)
        return
    made = flow.document["nodes"][flow.ids[source.name]]
    path = flow.value(params.get("fileName", ""), step.name, each=False)
    if "params" not in made or not path:
        placeholder(flow, step)
        return
    made["params"]["path"] = path
    flow.put(step, "core.noop", {}, each=False)
    flow.report.note(step.name, "binary data", f"the file is written by {source.name}, which makes it")
    flow.give(step, Out(f"[nodes.{flow.ids[source.name]}.data]", "one"), "core.noop")


def source_of(flow: Flow, step: Step) -> Step | None:
    """The one node that leads to a step."""
    edges = flow.into(step.name)
    return flow.export.steps.get(edges[0].source) if len(edges) == 1 else None


def has_path(flow: Flow, source: Step) -> bool:
    """Whether the items of a node have the ``path`` of a file in the workspace."""
    made = flow.document["nodes"].get(flow.ids.get(source.name, ""), {})
    return made.get("task") in _GIVE_PATHS or (source.kind in _READERS and "path" in made["params"].get("values", ""))


def made_by(flow: Flow, step: Step, source: Step | None) -> str | None:
    """The path of the file that a step gets from the node before it; None when that gives none."""
    if source is None or source.name not in flow.ids:
        return None
    if source.kind in _MAKERS and "path" in flow.document["nodes"][flow.ids[source.name]].get("params", {}):
        return f"${{{{ nodes.{flow.ids[source.name]}.data.path }}}}"
    return "${{ item.path }}" if has_path(flow, source) else None


def convert_extract(flow: Flow, step: Step) -> None:
    """Extract from File, and Spreadsheet File as a reader: rows, JSON or text of the file that was read before."""
    params = params_of(step)
    source = source_of(flow, step)
    kind = _kind(step, params)
    if not kind or source is None or not has_path(flow, source):
        placeholder(flow, step)
        return
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    task = _TASKS.get(kind, "files.read_text")
    given: dict[str, Any] = {"path": "${{ item.path }}"} | _reading(flow, step, kind, options or {})
    id = flow.put(step, task, given)
    if kind == "text":
        key = str(params.get("destinationKey") or "data")
        flow.give(step, Out(f"[{{{key!r}: one}} for one in nodes.{id}.data]"), task)
    elif kind == "pdf":
        item = "{'text': one.text, 'numpages': one.page_count}"
        flow.give(step, Out(f"[{item} for one in nodes.{id}.data]"), task)
    elif kind == "json":
        flow.give(step, Out(f"[{{'data': one}} for one in nodes.{id}.data]"), task)
    else:
        flow.give(step, flow.spread(step, f"nodes.{id}.data"), task)


def _reading(flow: Flow, step: Step, kind: str, options: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if kind == "xlsx":
        if options.get("sheetName"):
            given["sheet"] = flow.value(options["sheetName"], step.name)
        if options.get("range"):
            given["range"] = flow.value(options["range"], step.name)
        if options.get("headerRow") is False:
            given["header"] = False
            flow.report.note(step.name, "no header row", "its rows are lists here")
    if kind == "csv" and options.get("delimiter"):
        given["delimiter"] = flow.value(options["delimiter"], step.name)
    return given


def _kind(step: Step, params: dict[str, Any]) -> str:
    """csv, xlsx, json or text; "" for what is none of these."""
    if step.kind == "spreadsheetFile":
        kind = str(params.get("fileFormat", "csv" if params.get("operation") == "toFile" else "xlsx"))
        return {"autodetect": "xlsx"}.get(kind) or _FORMATS.get(kind, "")
    return _FORMATS.get(str(params.get("operation")), "")


def convert_to_file(flow: Flow, step: Step) -> None:
    """Convert to File, and Spreadsheet File as a writer: all items as one file."""
    params = params_of(step)
    kind = _kind(step, params)
    if kind not in ("csv", "xlsx", "json"):
        placeholder(flow, step)
        return
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    name = flow.value((options or {}).get("fileName") or f"{flow.ids[step.name]}.{kind}", step.name, each=False)
    items = f"${{{{ {flow.lists.get(step.name, NOTHING)} }}}}"
    task = {"csv": "files.write_csv", "xlsx": "spreadsheets.write_sheet"}.get(kind, "files.write_json")
    given: dict[str, Any] = {"path": name, ("data" if kind == "json" else "rows"): items}
    if kind == "xlsx" and (options or {}).get("sheetName"):
        given["sheet"] = flow.value((options or {})["sheetName"], step.name, each=False)
    id = flow.put(step, task, given, each=False)
    flow.report.note(step.name, "binary data", f"it is a file in the workspace: {name}")
    flow.give(step, Out(f"[nodes.{id}.data]", "one"), task)


def convert_spreadsheet(flow: Flow, step: Step) -> None:
    """Spreadsheet File."""
    writes = params_of(step).get("operation") == "toFile"
    (convert_to_file if writes else convert_extract)(flow, step)
