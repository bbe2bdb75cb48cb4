"""Google Drive: files and folders. What n8n keeps as binary data is a file in the workspace here, named by ``path``."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of, rows_in
from flowbook.formats.n8n.files import made_by, source_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import at, limited, needed, note_others, taken
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import NOTHING, Out

_FILE = {"file": "fileId"}
_ONE: dict[tuple[str, str], tuple[str, dict[str, str]]] = {
    ("file", "copy"): ("google_drive.copy_file", {**_FILE, "name": "name"}),
    ("file", "move"): ("google_drive.move_file", {**_FILE, "folder": "folderId"}),
    ("file", "deleteFile"): ("google_drive.trash_file", _FILE),
    ("file", "delete"): ("google_drive.trash_file", _FILE),
    ("file", "update"): ("google_drive.update_file", {**_FILE, "name": "newUpdatedFileName"}),
    ("file", "createFromText"): ("google_drive.upload_file", {"content": "content", "name": "name"}),
    ("file", "share"): ("google_drive.share_file", _FILE),
    ("folder", "create"): ("google_drive.create_folder", {"name": "name"}),
    ("folder", "deleteFolder"): ("google_drive.trash_file", {"file": "folderNoRootId"}),
    ("folder", "share"): ("google_drive.share_file", {"file": "folderNoRootId"}),
}
_KNOWN = ("deletePermanently", "fileName", "binaryPropertyName", "convertToGoogleDocument", "simplifyOutput", "fields")


def convert_drive(flow: Flow, step: Step) -> None:
    """A node of Google Drive; what has no task here is a placeholder."""
    params = params_of(step)
    what = (str(params.get("resource")), str(params.get("operation")))
    if what == ("file", "download"):
        _download(flow, step, params)
    elif what == ("file", "upload"):
        _upload(flow, step, params)
    elif what[0] == "fileFolder":
        _search(flow, step, params)
    elif what in _ONE:
        _changed(flow, step, params, what)
    else:
        placeholder(flow, step)


def _folder(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """The folder that something goes to; "root" says nothing."""
    found = taken(flow, step, params, {"folder": "folderId"})
    return {} if found.get("folder") == "root" else found


def _changed(flow: Flow, step: Step, params: dict[str, Any], what: tuple[str, str]) -> None:
    task, names = _ONE[what]
    given = needed(flow, step, params, names)
    if what[1] in ("copy", "createFromText", "create") and params.get("sameFolder") is not True:
        given |= _folder(flow, step, params)
    if at(params, "options.deletePermanently") is True or what == ("file", "delete"):
        task = "google_drive.delete_file"
    if at(params, "options.convertToGoogleDocument") is True:
        given["convert_to"] = "document"
    if what[1] == "update" and params.get("changeFileContent"):
        flow.report.note(step.name, "the new content", "not carried over: use google_drive.replace_content")
    if what[1] == "share":
        permission = next(iter(rows_in(params, "permissionsUi", "permissionsValues")), {})
        permissions = {"role": "role", "kind": "type", "email": "emailAddress", "domain": "domain"}
        given |= taken(flow, step, permission, permissions)
        given |= {"notify": True} if at(params, "options.sendNotificationEmail") is True else {}
    note_others(flow, step, params, "options", (*_KNOWN, "sendNotificationEmail"))
    flow.put_with_its_data(step, task, given, renamed=True)


def _download(flow: Flow, step: Step, params: dict[str, Any]) -> None:
    name = at(params, "options.fileName")
    path = flow.value(name, step.name) if name else "downloads/"
    given = needed(flow, step, params, _FILE) | {"file_path": path, "overwrite": True}
    id = flow.put(step, "google_drive.download_file", given)
    flow.report.note(step.name, "binary data", "it is a file in the workspace; the next node reads it by its path")
    flow.report.note(step.name, "documents of Google's", "they have no content of their own: use export_file for them")
    mine = flow.lists.get(step.name, NOTHING)
    item = f"merge({mine}[place], {{'path': one.file_path, 'fileName': one.name, 'mimeType': one.mime_type}})"
    flow.give(step, Out(f"[{item} for place, one in enumerate(nodes.{id}.data)]"), "google_drive.download_file")


def _upload(flow: Flow, step: Step, params: dict[str, Any]) -> None:
    """A file that a node before has made or got; another kind of binary data has no path here."""
    source = source_of(flow, step)
    path = made_by(flow, step, source)
    if path is None:
        flow.report.note(step.name, "binary data", "not carried over: give file_path, or content and name")
    each = path is None or "item" in path
    given: dict[str, Any] = ({"file_path": path} if path else {}) | _folder(flow, step, params)
    if at(params, "name"):
        given["name"] = flow.value(params["name"], step.name, each)
    note_others(flow, step, params, "options", _KNOWN)
    id = flow.put(step, "google_drive.upload_file", given, each=each)
    data = f"nodes.{id}.data" if each else f"[nodes.{id}.data]"
    flow.give(step, Out(data, "same" if each else "one"), "google_drive.upload_file")


def _search(flow: Flow, step: Step, params: dict[str, Any]) -> None:
    by_query = params.get("searchMethod", "name") == "query"
    given = taken(flow, step, params, {"query" if by_query else "name": "queryString", "folder": "filter.folderId"})
    kind = {"files": "file", "folders": "folder"}.get(str(at(params, "filter.whatToSearch")))
    given |= limited(flow, step, params, 50) | ({"kind": kind} if kind else {})
    note_others(flow, step, params, "filter", ("folderId", "whatToSearch", "driveId"))
    id = flow.put(step, "google_drive.list_files", given)
    flow.give(step, flow.spread(step, f"nodes.{id}.data"), "google_drive.list_files")
