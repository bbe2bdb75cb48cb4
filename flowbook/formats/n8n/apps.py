"""The nodes of n8n for services with a folder of their own here, as a table: a task for each operation."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n import bases, chats
from flowbook.formats.n8n.called import Call
from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import limited, needed, taken
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import Out

_CALLS: dict[tuple[str, str, str], Call] = {
    ("jira", "issue", "create"): Call(
        "jira.create_issue", {"project": "project", "summary": "summary", "issue_type": "issueType"}),
    ("jira", "issue", "get"): Call("jira.get_issue", {"issue_key": "issueKey"}),
    ("jira", "issue", "delete"): Call("jira.delete_issue", {"issue_key": "issueKey"}),
    ("jira", "issue", "update"): Call("jira.update_issue", {"issue_key": "issueKey"}),
    ("jira", "issueComment", "add"): Call("jira.add_comment", {"issue_key": "issueKey", "body": "comment"}),
    ("redis", "", "get"): Call("redis.get_value", {"key": "key"}, {}, "{NAME: one}"),
    ("redis", "", "set"): Call("redis.set_value", {"key": "key", "value": "value"}, {}, "one", {"ttl": "ttl"}),
    ("redis", "", "delete"): Call("redis.delete_keys", {"keys": "key"}),
    ("redis", "", "incr"): Call("redis.increment", {"key": "key"}, {}, "one", {"ttl": "ttl"}),
    ("redis", "", "push"): Call("redis.push", {"key": "list", "values": "messageData"}),
    ("redis", "", "pop"): Call("redis.pop", {"key": "list"}, {}, "{NAME: one}"),
    ("redis", "", "publish"): Call("redis.publish", {"channel": "channel", "message": "messageData"}),
    ("s3", "file", "getAll"): Call("s3.list_objects", {"bucket": "bucketName"}, {}, "list"),
    ("s3", "file", "delete"): Call("s3.delete_objects", {"bucket": "bucketName", "keys": "fileKey"}),
    ("s3", "bucket", "create"): Call("s3.create_bucket", {"bucket": "name"}),
    ("s3", "bucket", "getAll"): Call("s3.list_buckets", {}, {}, "list"),
    ("rssFeedRead", "", ""): Call("rss.read_feed", {"url": "url"}, {}, ".entries"),
    ("gitlab", "issue", "create"): Call("gitlab.create_issue", {"title": "title"}, {}, "one", {
        "description": "body", "due_date": "due_date"}),
    ("gitlab", "issue", "get"): Call("gitlab.get_issue", {"issue": "issueNumber"}),
    ("gitlab", "issue", "createComment"): Call("gitlab.add_comment", {"issue": "issueNumber", "body": "body"}),
    ("gitlab", "issue", "edit"): Call("gitlab.update_issue", {"issue": "issueNumber"}, {}, "one", {
        "title": "editFields.title", "description": "editFields.description", "due_date": "editFields.due_date"}),
    ("gitlab", "repository", "get"): Call("gitlab.get_project", {}),
    ("gitlab", "repository", "getIssues"): Call("gitlab.list_issues", {}, {}, "list", {
        "search": "getRepositoryIssuesFilters.search", "labels": "getRepositoryIssuesFilters.labels",
        "assignee": "getRepositoryIssuesFilters.assignee_username"}),
    ("gitlab", "release", "create"): Call("gitlab.create_release", {"tag": "releaseTag"}, {}, "one", {
        "name": "additionalFields.name", "description": "additionalFields.description", "ref": "additionalFields.ref"}),
    ("gitlab", "file", "get"): Call("gitlab.get_file", {"path": "filePath"}, {}, "one", {
        "ref": "additionalParameters.reference"}),
    ("gitlab", "file", "list"): Call("gitlab.list_files", {}, {}, "list", {"path": "filePath"}),
    **dict.fromkeys((("gitlab", "file", "create"), ("gitlab", "file", "edit")), Call(
        "gitlab.put_file", {"path": "filePath", "content": "fileContent"}, {}, "one", {
            "message": "commitMessage", "branch": "branch"})),
    ("microsoftTeams", "channelMessage", "create"): Call(
        "teams.send_message", {"team": "teamId", "channel": "channelId", "text": "message"}, {}, "one", {
            "reply_to": "options.makeReply"}),
    ("microsoftTeams", "channelMessage", "reply"): Call("teams.send_message", {
        "team": "teamId", "channel": "channelId", "reply_to": "messageId", "text": "message"}),
    ("microsoftTeams", "channelMessage", "get"): Call("teams.get_message", {
        "team": "teamId", "channel": "channelId", "message_id": "messageId"}),
    ("microsoftTeams", "channelMessage", "getAll"): Call(
        "teams.list_messages", {"team": "teamId", "channel": "channelId"}, {}, "list"),
    ("microsoftTeams", "chatMessage", "create"): Call("teams.send_chat_message", {
        "chat": "chatId", "text": "message"}),
    ("microsoftTeams", "chatMessage", "getAll"): Call("teams.list_chat_messages", {"chat": "chatId"}, {}, "list"),
    ("microsoftTeams", "channel", "create"): Call("teams.create_channel", {"team": "teamId", "name": "name"}, {},
        "one", {"description": "options.description"}),
    ("microsoftTeams", "channel", "getAll"): Call("teams.list_channels", {"team": "teamId"}, {}, "list"),
    ("ssh", "command", "execute"): Call(
        "ssh.run_command", {"command": "command"}, {},
        "{'code': one.exit_code, 'stdout': one.stdout, 'stderr': one.stderr}", {"folder": "cwd"}),
    ("ssh", "file", "download"): Call(
        "ssh.download_file", {"remote_path": "path"}, {"file_path": "downloads/${{ index }}"},
        "{'path': one.file_path}"),
    ("ftp", "", "list"): Call("ssh.list_files", {"remote_path": "path"}, {}, "list", {"recursive": "recursive"}),
    ("ftp", "", "delete"): Call("ssh.delete_file", {"remote_path": "path"}),
    ("ftp", "", "rename"): Call("ssh.move_file", {"remote_path": "oldPath", "to_path": "newPath"}),
    ("ftp", "", "download"): Call("ssh.download_file", {"remote_path": "path"}, {"file_path": "downloads/${{ index }}"},
        "{'path': one.file_path}"),
    **bases.CALLS, **chats.CALLS,
}  # fmt: skip
_WHOLE = frozenset({
    "s3.list_buckets", "airtable.create_records", "airtable.update_records", "airtable.list_bases",
    "airtable.list_tables", "telegram.list_administrators", "discord.list_channels", "teams.list_channels",
    "notion.get_content", "ssh.list_files",
})  # fmt: skip
"""Tasks that give all of a list."""
_SAME = {"awsS3": "s3"}
_LISTS = frozenset({"keys", "values"})
_JIRA_FIELDS = {
    "description": "description", "labels": "labels", "priority": "priority", "assignee": "assignee",
    "parentIssueKey": "parent", "summary": "summary",
}  # fmt: skip
KINDS = frozenset(kind for kind, _, _ in _CALLS) | frozenset(_SAME)


def convert_app(flow: Flow, step: Step) -> None:
    """A call of a service; what has no task here is a placeholder."""
    params = params_of(step)
    kind = _SAME.get(step.kind, step.kind)
    names = [str(params.get(name) or "") for name in ("resource", "operation")]
    call = _CALLS.get((kind, names[0], names[1])) or _CALLS.get((kind, "", names[1])) or _CALLS.get((kind, "", ""))
    if call is None or (kind == "ftp" and params.get("protocol") != "sftp"):
        placeholder(flow, step)
        return
    given = needed(flow, step, params, call.names) | taken(flow, step, params, call.others)
    given = {name: [value] if name in _LISTS else value for name, value in given.items()} | dict(call.more)
    given |= _jira(flow, step, params) if kind == "jira" else {}
    given |= _particular(flow, step, params, call.task)
    if call.shape == "list" and call.task not in _WHOLE:
        given |= limited(flow, step, params, 100, everything=kind == "airtable")
    id = flow.put(step, call.task, given)
    _note(flow, step, params, kind)
    if call.shape == "list" or call.shape.startswith("."):
        part = call.shape.removeprefix("list")
        flow.give(step, flow.spread(step, f"[one{part} for one in nodes.{id}.data]"), call.task)
    elif call.shape == "one":
        flow.give(step, Out(f"nodes.{id}.data"), call.task)
    else:
        name = repr(flow.value(params.get("propertyName") or "propertyName", step.name))
        flow.give(step, Out(f"[{call.shape.replace('NAME', name)} for one in nodes.{id}.data]"), call.task)


def _jira(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """The further fields of an issue that have a param of their own."""
    found: dict[str, Any] = {}
    for key in ("additionalFields", "updateFields"):
        given = params.get(key)
        for theirs, value in given.items() if isinstance(given, dict) else ():
            if theirs in _JIRA_FIELDS:
                found[_JIRA_FIELDS[theirs]] = flow.value(value, step.name)
            else:
                flow.report.note(step.name, f"the field {theirs}", "not carried over: put it into fields")
    return found


def _particular(flow: Flow, step: Step, params: dict[str, Any], task: str) -> dict[str, Any]:
    """What belongs to a service alone."""
    folder = task.partition(".")[0]
    if folder in ("airtable", "notion"):
        return bases.more_of(flow, step, params, task)
    if folder in ("telegram", "discord"):
        return chats.more_of(flow, step, params, task)
    if folder == "gitlab":
        names = [str(flow.value(params.get(key, ""), step.name)) for key in ("owner", "repository")]
        labels = [one.get("label") for one in params.get("labels") or [] if isinstance(one, dict) and one.get("label")]
        return {"project": "/".join(names)} | ({"labels": flow.value(labels, step.name)} if labels else {})
    if task in ("teams.send_message", "teams.send_chat_message") and params.get("contentType") == "html":
        return {"format": "html"}
    if task == "redis.push" or task == "redis.pop":
        return {"end": "last" if params.get("tail") else "first"}
    return {}


def _note(flow: Flow, step: Step, params: dict[str, Any], kind: str) -> None:
    if kind == "jira":
        flow.report.note(step.name, "ids of projects and types", "they are taken as they are: keys and names work too")
    if kind == "ssh":
        flow.report.note(step.name, "exit codes", "one that is not accepted is a failure here: set accept")
    if kind in ("gitlab", "microsoftTeams", "notion", "airtable", "discord"):
        flow.report.note(step.name, "its data", "it is what the task gives: some fields have other names")
