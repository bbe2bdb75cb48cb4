"""What n8n leaves out of a file: the defaults of the params of the node types that are used most.

Written from n8n's public documentation of each node and from what its editor shows; no code of n8n's is used.
"""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.source import Step

_DEFAULTS: dict[str, dict[str, Any]] = {
    "httpRequest": {"method": "GET", "url": ""},
    "set": {"mode": "manual"},
    "code": {"mode": "runOnceForAllItems", "language": "javaScript"},
    "if": {},
    "switch": {"mode": "rules"},
    "filter": {},
    "merge": {"mode": "append"},
    "splitInBatches": {},
    "splitOut": {"include": "noOtherFields"},
    "aggregate": {"aggregate": "aggregateIndividualFields", "destinationFieldName": "data"},
    "summarize": {},
    "sort": {"type": "simple"},
    "limit": {"maxItems": 1, "keep": "firstItems"},
    "removeDuplicates": {"operation": "removeDuplicateInputItems", "compare": "allFields"},
    "itemLists": {"operation": "splitOutItems"},
    "compareDatasets": {},
    "renameKeys": {},
    "wait": {"resume": "timeInterval"},
    "stopAndError": {"errorType": "errorMessage"},
    "executeWorkflow": {"source": "database", "mode": "once"},
    "respondToWebhook": {"respondWith": "firstIncomingItem"},
    "webhook": {"httpMethod": "GET", "path": "", "responseMode": "onReceived"},
    "scheduleTrigger": {},
    "cron": {},
    "formTrigger": {},
    "emailReadImap": {"mailbox": "INBOX"},
    "gmail": {"resource": "message", "operation": "send"},
    "googleSheets": {"resource": "sheet", "operation": "read"},
    "googleDrive": {"resource": "file", "operation": "upload"},
    "slack": {"resource": "message", "operation": "post"},
    "telegram": {"resource": "message", "operation": "sendMessage"},
    "discord": {},
    "notion": {"resource": "page", "operation": "create"},
    "airtable": {},
    "gitlab": {"resource": "issue", "operation": "create"},
    "microsoftTeams": {"resource": "channel", "operation": "create"},
    "ssh": {"resource": "command", "operation": "execute"},
    "ftp": {"protocol": "ftp", "operation": "download"},
    "postgres": {"operation": "insert", "schema": "public"},
    "mySql": {"operation": "insert"},
    "mongoDb": {"operation": "find"},
    "github": {"resource": "issue", "operation": "create"},
    "jira": {"resource": "issue", "operation": "create"},
    "emailSend": {"emailFormat": "html"},
    "sendGrid": {"resource": "mail", "operation": "send"},
    "awsS3": {"resource": "file", "operation": "upload"},
    "s3": {"resource": "file", "operation": "upload"},
    "timescaleDb": {"operation": "insert", "schema": "public"},
    "redis": {"operation": "info", "propertyName": "propertyName"},
    "spreadsheetFile": {"operation": "fromFile"},
    "readWriteFile": {"operation": "read"},
    "extractFromFile": {"operation": "csv", "binaryPropertyName": "data"},
    "convertToFile": {"operation": "csv", "binaryPropertyName": "data"},
    "html": {"operation": "generateHtmlTemplate"},
    "markdown": {"mode": "markdownToHtml"},
    "xml": {"mode": "xmlToJson", "dataPropertyName": "data"},
    "crypto": {"action": "hash", "type": "MD5"},
    "dateTime": {"operation": "getCurrentDate", "includeTime": True},
    "rssFeedRead": {"url": ""},
}


_OPERATIONS: dict[tuple[str, str], str] = {
    ("googleSheets", "spreadsheet"): "create", ("googleDrive", "fileFolder"): "search",
    ("googleDrive", "folder"): "create", ("googleDrive", "drive"): "create", ("gmail", "draft"): "create",
    ("gmail", "label"): "getAll", ("gmail", "thread"): "getAll", ("telegram", "chat"): "get",
    ("telegram", "callback"): "answerQuery", ("telegram", "file"): "get", ("notion", "databasePage"): "create",
    ("notion", "database"): "get", ("notion", "block"): "append", ("notion", "user"): "get",
    ("airtable", "base"): "getMany", ("discord", "channel"): "create", ("discord", "member"): "getAll",
    ("gitlab", "repository"): "getIssues", ("gitlab", "user"): "getRepositories", ("gitlab", "release"): "create",
    ("gitlab", "file"): "create", ("microsoftTeams", "channelMessage"): "create", ("microsoftTeams", "chat"): "create",
    ("microsoftTeams", "chatMessage"): "create", ("microsoftTeams", "task"): "create", ("ssh", "file"): "upload",
    ("github", "file"): "create", ("github", "repository"): "getIssues", ("slack", "channel"): "create",
}  # fmt: skip
"""Which operation is meant where a file names only the resource."""


def rows_in(params: dict[str, Any], name: str, inner: str) -> list[dict[str, Any]]:
    """The objects of a list that stands in a param of several values, as ``{"values": [{…}]}``; others are left out."""
    given = params.get(name)
    rows = given.get(inner) if isinstance(given, dict) else None
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def params_of(step: Step) -> dict[str, Any]:
    """A step's params together with the defaults that its file leaves out; some have others for each resource."""
    found = {**_DEFAULTS.get(step.kind, {}), **_by_version(step), **step.params}
    operation = _OPERATIONS.get((step.kind, str(found.get("resource"))))
    return found if operation is None or "operation" in step.params else {**found, "operation": operation}


def _by_version(step: Step) -> dict[str, Any]:
    """Where a version of a node has other params than the one before."""
    if step.kind == "airtable":
        return {"resource": "record", "operation": "get"} if step.version >= 2 else {"operation": "read"}
    if step.kind == "discord" and step.version >= 2:
        webhook = step.params.get("authentication") == "webhook"
        return {"operation": "sendLegacy"} if webhook else {"resource": "message", "operation": "send"}
    return {}
