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
    "discord": {"resource": "message", "operation": "send"},
    "notion": {"resource": "page", "operation": "create"},
    "airtable": {"resource": "record", "operation": "get"},
    "postgres": {"operation": "insert", "schema": "public"},
    "mySql": {"operation": "insert"},
    "github": {"resource": "issue", "operation": "create"},
    "jira": {"resource": "issue", "operation": "create"},
    "emailSend": {"emailFormat": "html"},
    "sendGrid": {"resource": "mail", "operation": "send"},
    "awsS3": {"resource": "file", "operation": "upload"},
    "s3": {"resource": "file", "operation": "upload"},
    "readWriteFile": {"operation": "read"},
    "extractFromFile": {"operation": "csv", "binaryPropertyName": "data"},
    "convertToFile": {"operation": "csv", "binaryPropertyName": "data"},
    "html": {"operation": "generateHtmlTemplate"},
    "markdown": {"mode": "markdownToHtml"},
    "xml": {"mode": "xmlToJson", "dataPropertyName": "data"},
    "crypto": {"action": "hash", "type": "MD5"},
    "dateTime": {"operation": "getCurrentDate", "outputFieldName": "currentDate", "includeTime": True},
    "rssFeedRead": {"url": ""},
}


def params_of(step: Step) -> dict[str, Any]:
    """A step's params together with the defaults that its file leaves out."""
    return {**_DEFAULTS.get(step.kind, {}), **step.params}
