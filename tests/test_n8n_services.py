"""Nodes of n8n for files, dates and services: what becomes of them, and that it runs or fits the task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.catalog import Catalog
from flowbook.formats.n8n import read_export
from flowbook.models import Workflow
from flowbook.testing import fake_service
from flowbook.validation import validate_document
from tests.n8n_files import BEGIN, GENERATE, START, export, fields, node, written
from tests.test_n8n import ran, read


def made_of(kind: str, params: dict[str, Any], version: float = 1, **more: Any) -> dict[str, Any]:
    """The node that a node of n8n becomes, after one that gives items."""
    found = read(export("one", [START, GENERATE, node("x", kind, params, version, **more)], [*BEGIN, ("gen", 0, "x")]))
    node_made: dict[str, Any] = found.document["nodes"]["x"]
    return node_made


def test_rows_go_out_to_files_and_come_back(ws: Workspace) -> None:
    data = ran(ws, export("disk", [
        START, GENERATE, node("sheet", "convertToFile", {"operation": "xlsx", "options": {"fileName": "out.xlsx"}}),
        node("table", "spreadsheetFile", {"operation": "toFile", "fileFormat": "csv", "options": {}}),
        node("save", "writeBinaryFile", {"fileName": "saved.csv"}),
        fields("where", p="={{ $json.path }}"),
        node("open", "readWriteFile", {"operation": "read", "fileSelector": "={{ $json.p }}"}),
        node("rows", "extractFromFile", {"operation": "csv"}), fields("seen", t="={{ $json.name }}!"),
        node("open2", "readBinaryFile", {"filePath": "out.xlsx"}), node("rows2", "spreadsheetFile", {}, 2),
    ], [*BEGIN, ("gen", 0, "sheet"), ("gen", 0, "table"), ("table", 0, "save"), ("save", 0, "where"),
        ("where", 0, "open"), ("open", 0, "rows"), ("rows", 0, "seen"), ("sheet", 0, "open2"),
        ("open2", 0, "rows2")]))  # fmt: skip
    assert (ws.root / "saved.csv").exists()
    assert [one["t"] for one in data["seen"]] == [f"n{n}!" for n in range(1, 6)]
    assert [one["n"] for one in data["rows2_items"]["items"]] == [1, 2, 3, 4, 5]


def test_dates_are_moved_written_rounded_and_taken_apart(ws: Workspace) -> None:
    day = "2026-02-28T12:30:00Z"
    steps = {
        "later": {"operation": "addToDate", "magnitude": day, "timeUnit": "weeks", "duration": 1},
        "before": {"operation": "subtractFromDate", "magnitude": day, "timeUnit": "hours", "duration": 1},
        "text": {"operation": "formatDate", "date": day, "format": "custom", "customFormat": "dd.MM.yyyy"},
        "down": {"operation": "roundDate", "date": day, "toNearest": "hour"},
        "up": {"operation": "roundDate", "date": day, "mode": "roundUp", "to": "month"},
        "part": {"operation": "extractDate", "date": day, "part": "day", "options": {"includeInputFields": True}},
        "now": {"operation": "getCurrentDate", "outputFieldName": "at"},
    }
    data = ran(ws, export("dates", [START, *(node(name, "dateTime", one, 2) for name, one in steps.items())],
                          [("start", 0, name) for name in steps]))  # fmt: skip
    found = {name: next(iter(data[name][0].values())) for name in steps}
    assert found["later"].startswith("2026-03-07T12:30:00")
    assert found["before"].startswith("2026-02-28T11:30:00")
    assert found["text"] == "28.02.2026"
    assert found["down"].startswith("2026-02-28T12:00:00")
    assert found["up"].startswith("2026-03-01T00:00:00")
    assert data["part"][0]["datePart"] == 28
    assert "at" in data["now"][0]


CREDENTIALS = {"any": {"id": "1", "name": "My One"}}


@pytest.mark.parametrize(
    ("kind", "version", "params", "task", "given"),
    [
        ("mySql", 2.4, {"operation": "executeQuery", "query": "SELECT 1"}, "mysql.execute_query",
         {"query": "SELECT 1"}),
        ("mySql", 1, {"table": "t", "columns": "n, name"}, "mysql.insert_rows",
         {"table": "t", "rows": [{"n": "${{ item['n'] }}", "name": "${{ item['name'] }}"}]}),
        ("mySql", 2.4, {"operation": "insert", "table": {"__rl": True, "value": "t", "mode": "list"}},
         "mysql.insert_rows", {"table": "t", "rows": ["${{ item }}"]}),
        ("mySql", 2.4, {"operation": "select", "table": "t", "where": {"values": [
            {"column": "n", "condition": ">", "value": 3}]},
            "sort": {"values": [{"column": "n", "direction": "DESC"}]}},
         "mysql.select_rows", {"table": "t", "where": {"n": {">": 3}}, "order": ["n desc"], "limit": 50}),
        ("mySql", 2.4, {"operation": "update", "table": "t", "dataMode": "defineBelow", "columnToMatchOn": "id",
                        "valueToMatchOn": "={{ $json.n }}",
                        "valuesToSend": {"values": [{"column": "a", "value": "b"}]}},
         "mysql.update_rows", {"table": "t", "where": {"id": "${{ item.n }}"}, "values": {"a": "b"}}),
        ("mySql", 2.4, {"operation": "deleteTable", "table": "t", "deleteCommand": "delete", "where": {"values": [
            {"column": "n", "condition": "equal", "value": "={{ $json.n }}"}]}},
         "mysql.delete_rows", {"table": "t", "where": {"n": {"=": "${{ item.n }}"}}}),
        ("postgres", 2.5, {"operation": "upsert", "schema": "s", "table": "t", "columns": {
            "mappingMode": "defineBelow", "value": {"id": "={{ $json.n }}"}, "matchingColumns": ["id"]}},
         "postgres.insert_rows", {"table": "t", "schema": "s", "rows": [{"id": "${{ item.n }}"}],
                                  "on_conflict": "update", "conflict_keys": ["id"]}),
        ("telegram", 1.2, {"chatId": "5", "text": "=Hi {{ $json.name }}"}, "telegram.send_message",
         {"chat": "5", "text": "Hi ${{ item.name }}"}),
        ("jira", 1, {"project": "P", "summary": "S", "issueType": "Bug", "additionalFields": {"description": "D"}},
         "jira.create_issue", {"project": "P", "summary": "S", "issue_type": "Bug", "description": "D"}),
        ("redis", 1, {"operation": "get", "propertyName": "v", "key": "k"}, "redis.get_value", {"key": "k"}),
        ("redis", 1, {"operation": "push", "list": "l", "messageData": "m"}, "redis.push",
         {"key": "l", "values": ["m"], "end": "first"}),
        ("awsS3", 2, {"operation": "delete", "bucketName": "b", "fileKey": "k"}, "s3.delete_objects",
         {"bucket": "b", "keys": ["k"]}),
        ("awsS3", 2, {"operation": "getAll", "bucketName": "b", "returnAll": True}, "s3.list_objects",
         {"bucket": "b", "all": True}),
        ("rssFeedRead", 1, {"url": "https://example.com/feed"}, "rss.read_feed", {"url": "https://example.com/feed"}),
    ],
)  # fmt: skip
def test_a_call_of_a_service_is_the_task_of_its_folder(
    ws: Workspace, kind: str, version: float, params: dict[str, Any], task: str, given: dict[str, Any]
) -> None:
    made = made_of(kind, params, version)
    assert (made["task"], made["params"]) == (task, given)
    document = read(export("o", [START, node("x", kind, params, version)], [("start", 0, "x")])).document
    faults = validate_document(document, ws.catalog)[1].errors
    assert [one.text() for one in faults if one.code not in ("unknown-integration", "missing-integration")] == []


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("mySql", {"operation": "select", "table": "t", "where": {"values": [{"column": "a", "condition": "odd"}]}}),
        ("mySql", {"operation": "deleteTable", "table": "t", "deleteCommand": "drop"}), ("mySql", {"table": ""}),
        ("postgres", {"operation": "update", "table": "t"}),
        ("telegram", {"operation": "sendChatAction", "chatId": "5"}),
        ("jira", {"operation": "changelog"}), ("redis", {}), ("s3", {"operation": "upload"}),
        ("extractFromFile", {"operation": "pdf"}), ("convertToFile", {"operation": "toBinary"}),
        ("writeBinaryFile", {"fileName": "x"}), ("readWriteFile", {}),
        ("dateTime", {"operation": "getTimeBetweenDates", "units": ["month"]}),
        ("dateTime", {"operation": "formatDate", "format": "X"}),
    ],
)  # fmt: skip
def test_what_has_no_task_here_is_a_placeholder_that_the_report_names(kind: str, params: dict[str, Any]) -> None:
    found = read(export("p", [START, GENERATE, node("x", kind, params, 2)], [*BEGIN, ("gen", 0, "x")]))
    assert [one.how for one in found.report.nodes if one.node == "x"] == ["placeholder"]
    assert any("placeholder" in note.why for note in found.report.notes)
    Workflow.from_document(found.document)


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"operation": ["x"], "where": 5, "columns": [1], "table": {"__rl": True}, "options": "y"}},
        {"parameters": {"operation": "select", "table": "t", "where": {"values": [5]}, "sort": {"values": "x"}}},
        {"parameters": {"operation": "insert", "table": {"a": 1}, "columns": {"mappingMode": "defineBelow"}}},
        {"parameters": {"resource": 5, "chatId": [], "text": {}, "magnitude": None, "date": [], "outputFieldName": 5}},
        {"typeVersion": "x", "parameters": {"fileSelector": 5, "fileName": [], "additionalFields": []}},
    ],
)
@pytest.mark.parametrize(
    "kind",
    ["mySql", "postgres", "telegram", "jira", "redis", "awsS3", "rssFeedRead", "dateTime", "readWriteFile",
     "extractFromFile", "convertToFile", "spreadsheetFile", "writeBinaryFile"],
)  # fmt: skip
def test_params_of_other_kinds_than_n8n_writes_break_nothing(kind: str, change: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path, export("odd", [START, node("x", kind, {}, 3) | change], [("start", 0, "x")]))
    Workflow.from_document(read_export(path.read_text(), path.name).document)


def checked(kind: str, params: dict[str, Any], version: float = 1, **more: Any) -> dict[str, Any]:
    """As made_of, of a node whose task takes all that it is given."""
    made = read(export("one", [START, GENERATE, node("x", kind, params, version, **more)], [*BEGIN, ("gen", 0, "x")]))
    assert [one.how for one in made.report.nodes if one.node == "x"] == ["carried"], made.report.notes
    faults = validate_document(made.document, Catalog(environ={}))[1].errors
    assert [one for one in faults if one.code != "missing-integration"] == []
    return made.document["nodes"]


BOOK = {"documentId": {"__rl": True, "mode": "list", "value": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"},
        "sheetName": {"__rl": True, "mode": "list", "value": 17, "cachedResultName": "Orders"}}  # fmt: skip
WHERE = {"spreadsheet": BOOK["documentId"]["value"], "sheet": "Orders"}
COLUMNS = {"mappingMode": "defineBelow", "value": {"Name": "={{ $json.name }}", "n": "={{ $json.n }}"},
           "matchingColumns": ["Name"]}  # fmt: skip


def test_rows_of_google_sheets_are_read_with_their_numbers_and_filtered() -> None:
    filters = {"values": [{"lookupColumn": "Name", "lookupValue": "={{ $json.name }}"}]}
    nodes = checked("googleSheets", {**BOOK, "filtersUI": filters}, 4.5)
    assert (nodes["x"]["task"], nodes["x"]["params"]) == ("google_sheets.read_rows", WHERE)
    assert nodes["x_items"]["params"]["values"] == (
        "${{ [[merge(row, {'row_number': place + 2}) for place, row in enumerate(rows) "
        "if str(default(row['Name'], '')) == str(nodes.gen.data[at].name)] for at, rows in enumerate(nodes.x.data)] }}"
    )


@pytest.mark.parametrize(
    ("operation", "task", "more"),
    [
        ("append", "google_sheets.append_rows", {}),
        ("update", "google_sheets.update_rows", {"match_on": "Name"}),
        ("appendOrUpdate", "google_sheets.update_rows", {"match_on": "Name", "add_missing": True}),
    ],
)
def test_all_items_go_to_google_sheets_in_one_call(operation: str, task: str, more: dict[str, Any]) -> None:
    """The values are the node's data, as in n8n; a call for each item would soon meet Google's limits."""
    nodes = checked("googleSheets", {**BOOK, "operation": operation, "columns": COLUMNS}, 4.5)
    values = {"Name": "${{ item.name }}", "n": "${{ item.n }}"}
    assert nodes["x"] == {"task": "core.set", "params": {"values": values}, "for_each": "nodes.gen.data"}
    given = {**WHERE, **more, "parse": True, "rows": "${{ nodes.x.data }}"}
    assert (nodes["x_rows"]["task"], nodes["x_rows"]["params"]) == (task, given)


def test_a_file_that_names_no_document_becomes_a_node_that_lacks_one() -> None:
    """Those that are shown to others name none; check says what is missing."""
    made = read(export("one", [START, node("x", "googleSheets", {}, 4)], [("start", 0, "x")]))
    assert made.document["nodes"]["x"]["task"] == "google_sheets.read_rows"
    faults = validate_document(made.document, Catalog(environ={}))[1].errors
    assert ("x", "missing-param") in {(one.node, one.code) for one in faults}
    assert any("the file does not say it" in note.why for note in made.report.notes)


RL = {"__rl": True, "mode": "id"}


@pytest.mark.parametrize(
    ("kind", "version", "params", "task", "given"),
    [
        (
            "gmail",
            2.1,
            {
                "sendTo": "=a{{ $json.n }}@b.org",
                "subject": "s",
                "message": "<b>x</b>",
                "options": {"ccList": "c@b.org"},
            },
            "gmail.send_message",
            {"to": "a${{ item.n }}@b.org", "subject": "s", "html": "<b>x</b>", "cc": "c@b.org"},
        ),
        (
            "gmail",
            2.1,
            {"operation": "reply", "messageId": "m", "emailType": "text", "message": "t"},
            "gmail.reply_to_message",
            {"message": "m", "body": "t", "to_all": True},
        ),
        (
            "gmail",
            2,
            {"operation": "getAll", "limit": 5, "filters": {"q": "x", "readStatus": "unread"}},
            "gmail.search_messages",
            {"query": "x", "limit": 5, "unread": True},
        ),
        (
            "gmail",
            2,
            {"operation": "addLabels", "messageId": "m", "labelIds": ["STARRED"]},
            "gmail.change_labels",
            {"messages": ["m"], "add": ["STARRED"]},
        ),
        (
            "googleDrive",
            3,
            {"operation": "move", "fileId": {**RL, "value": "f" * 20}, "folderId": {**RL, "value": "d" * 20}},
            "google_drive.move_file",
            {"file": "f" * 20, "folder": "d" * 20},
        ),
        (
            "googleDrive",
            3,
            {"resource": "fileFolder", "queryString": "x", "filter": {"whatToSearch": "files"}},
            "google_drive.list_files",
            {"name": "x", "limit": 50, "kind": "file"},
        ),
        (
            "airtable",
            2,
            {
                "operation": "search",
                "base": {**RL, "value": "app" + "1" * 14},
                "table": {**RL, "value": "t"},
                "filterByFormula": "{a} = 1",
            },
            "airtable.list_records",
            {"base": "app" + "1" * 14, "table": "t", "formula": "{a} = 1", "all": True},
        ),
        (
            "airtable",
            2,
            {
                "operation": "upsert",
                "base": {**RL, "value": "app" + "1" * 14},
                "table": {**RL, "value": "t"},
                "columns": COLUMNS,
            },
            "airtable.upsert_records",
            {
                "base": "app" + "1" * 14,
                "table": "t",
                "match_on": ["Name"],
                "records": {"Name": "${{ item.name }}", "n": "${{ item.n }}"},
            },
        ),
        (
            "airtable",
            1,
            {
                "operation": "append",
                "application": "app" + "1" * 14,
                "table": "t",
                "addAllFields": False,
                "fields": ["name"],
            },
            "airtable.create_records",
            {"base": "app" + "1" * 14, "table": "t", "records": {"name": "${{ item['name'] }}"}},
        ),
        (
            "notion",
            2,
            {
                "resource": "databasePage",
                "databaseId": {**RL, "value": "a" * 32},
                "title": "t",
                "propertiesUi": {"propertyValues": [{"key": "Due|date", "type": "date", "date": "2026-01-01"}]},
            },
            "notion.create_page",
            {"database": "a" * 32, "title": "t", "properties": {"Due": "2026-01-01"}},
        ),
        (
            "discord",
            2,
            {"channelId": {**RL, "value": "4" * 18}, "content": "={{ $json.name }}"},
            "discord.send_message",
            {"channel": "4" * 18, "content": "${{ item.name }}", "via": "bot"},
        ),
        (
            "discord",
            2,
            {"authentication": "webhook", "content": "x"},
            "discord.send_message",
            {"content": "x", "via": "webhook"},
        ),
        (
            "telegram",
            1.2,
            {
                "operation": "sendPhoto",
                "chatId": "1",
                "file": "https://a.org/b.png",
                "additionalFields": {"caption": "c", "parse_mode": "HTML"},
            },
            "telegram.send_file",
            {"chat": "1", "kind": "photo", "caption": "c", "format": "html", "url": "https://a.org/b.png"},
        ),
        (
            "gitlab",
            1,
            {"owner": "a", "repository": "b", "title": "t", "body": "d", "labels": [{"label": "bug"}]},
            "gitlab.create_issue",
            {"project": "a/b", "title": "t", "description": "d", "labels": ["bug"]},
        ),
        (
            "microsoftTeams",
            2,
            {
                "resource": "channelMessage",
                "teamId": {**RL, "value": "t"},
                "channelId": {**RL, "value": "c"},
                "contentType": "html",
                "message": "<b>x</b>",
            },
            "teams.send_message",
            {"team": "t", "channel": "c", "text": "<b>x</b>", "format": "html"},
        ),
        ("ssh", 1, {"command": "uptime", "cwd": "/srv"}, "ssh.run_command", {"command": "uptime", "folder": "/srv"}),
        (
            "ftp",
            1,
            {"protocol": "sftp", "operation": "rename", "oldPath": "a", "newPath": "b"},
            "ssh.move_file",
            {"remote_path": "a", "to_path": "b"},
        ),
    ],
)
def test_an_operation_of_a_service_is_a_task_with_its_params(
    kind: str, version: float, params: dict[str, Any], task: str, given: dict[str, Any]
) -> None:
    made = checked(kind, params, version)["x"]
    assert (made["task"], made["params"]) == (task, given)


def test_a_file_from_google_drive_is_read_and_goes_back_there() -> None:
    found = read(export("files", [
        START, node("get", "googleDrive", {"operation": "download", "fileId": {**RL, "value": "f" * 20}}, 3),
        node("text", "extractFromFile", {"operation": "pdf"}), node("csv", "convertToFile", {}),
        node("put", "googleDrive", {"name": "a.csv", "folderId": {**RL, "value": "root"}}, 3),
    ], [("start", 0, "get"), ("get", 0, "text"), ("text", 0, "csv"), ("csv", 0, "put")]))  # fmt: skip
    nodes = found.document["nodes"]
    assert nodes["text"]["task"] == "pdf.read_text"
    assert nodes["put"]["params"] == {"file_path": "${{ nodes.csv.data.path }}", "name": "a.csv"}
    faults = validate_document(found.document, Catalog(environ={}))[1].errors
    assert [one for one in faults if one.code != "missing-integration"] == []


def test_params_of_another_form_are_told_and_stop_nothing() -> None:
    """Files that people share hold such; the rest of the workflow comes over."""
    odd = {"url": "https://a.org", "options": {"response": {"response": "text"}}}
    found = read(export("odd", [START, node("x", "httpRequest", odd, 4.2), node("y", "noOp")],
                        [("start", 0, "x"), ("x", 0, "y")]))  # fmt: skip
    assert {one.node: one.how for one in found.report.nodes} == {
        "start": "carried", "x": "placeholder", "y": "carried",
    }  # fmt: skip
    assert any(note.node == "x" and "not of the form" in note.why for note in found.report.notes)


def test_an_agent_has_the_workflows_among_its_tools_and_says_what_it_lacks() -> None:
    package = "@n8n/n8n-nodes-langchain"
    flow = {"__rl": True, "mode": "list", "value": "x1", "cachedResultName": "Find Order"}
    found = read(export("agent", [
        START, node("agent", f"{package}.agent", {"promptType": "define", "text": "={{ $json.q }}"}, 1.7),
        node("model", f"{package}.lmChatOpenAi", {"model": "gpt-x"}),
        node("orders", f"{package}.toolWorkflow", {"workflowId": flow}, 2),
        node("web", f"{package}.toolHttpRequest", {}), node("memory", f"{package}.memoryBufferWindow", {}),
    ], [("start", 0, "agent"), ("model", "ai_languageModel", "agent"), ("orders", "ai_tool", "agent"),
        ("web", "ai_tool", "agent"), ("memory", "ai_memory", "agent")]))  # fmt: skip
    made = found.document["nodes"]["agent"]
    assert made["task"] == "llm.agent"
    assert made["params"] == {"prompt": "${{ item.q }}", "model": "gpt-x", "workflows": ["find-order", "agent-web"]}
    said = {note.node: note.why for note in found.report.notes if note.node in ("orders", "web", "memory")}
    assert "import it too" in said["orders"] or "it is a part" in said["orders"]
    whys = [note.why for note in found.report.notes]
    assert any("remembers nothing" in why for why in whys)


def test_every_param_that_is_given_is_one_that_its_task_has() -> None:
    from flowbook.formats.n8n import apps, mails, services

    tasks = {task.name: task for folder in Catalog(environ={}).folders() for task in folder.tasks.values()}
    given = [(call.task, [*call.names, *call.others, *call.more]) for call in apps._CALLS.values()]
    given += [(task, [*names]) for task, names in mails._READ.values()]
    given += [(task, ["repo", *names]) for task, names in services._GITHUB.values()]
    assert [
        (task, name)
        for task, names in given
        for name in names
        if name not in {one.name for one in tasks[task].parameters}
    ] == []


def test_what_is_no_address_is_left_to_the_person_and_told() -> None:
    found = read(export("one", [START, GENERATE, node("x", "gmail", {"sendTo": "YOUR_EMAIL", "subject": "s"}, 2.1)],
                        [*BEGIN, ("gen", 0, "x")]))  # fmt: skip
    assert "to" not in found.document["nodes"]["x"]["params"]
    assert any("'YOUR_EMAIL' is no address" in note.why for note in found.report.notes)
    assert made_of("emailSend", {"toEmail": "=a@b.org", "fromEmail": "me", "text": "t"})["params"].keys() == {
        "to", "subject", "body",
    }  # fmt: skip


@pytest.mark.parametrize("mark", [{"__rl": True}, {"mode": "list", "cachedResultName": "x"}, {}])
def test_what_was_chosen_of_a_list_is_its_value_whether_it_is_marked_or_not(mark: dict[str, Any]) -> None:
    node = made_of("slack", {"channelId": {**mark, "value": "C1"}, "text": "t"}, 2)
    assert node["params"]["channel"] == "C1"
    assert made_of("set", {"mode": "raw", "jsonOutput": {"value": 1, "other": 2}}, 3.4)["params"]["values"]


def test_names_of_fields_with_commas_between_them_are_a_list() -> None:
    drop = {"include": "except", "includeOtherFields": True, "excludeFields": "a, b"}
    assert made_of("set", drop, 3.4)["params"]["drop"] == ["a", "b"]


def test_the_history_of_a_slack_channel_is_our_task() -> None:
    params = {
        "resource": "channel",
        "operation": "history",
        "channelId": {"value": "C1"},
        "filters": {"oldest": "=1.5"},
    }
    assert made_of("slack", params, 2)["params"] == {"channel": "C1", "limit": 50, "oldest": "1.5"}


def test_variables_of_n8n_are_inputs_that_go_into_loops_too() -> None:
    found = read(export("vars", [START, GENERATE, node("loop", "splitInBatches", {}, 3),
                                 fields("use", a="={{ $vars.KEY }}", b="={{ $env['OTHER'] }}")],
                        [*BEGIN, ("gen", 0, "loop"), ("loop", 1, "use"), ("use", 0, "loop")]))  # fmt: skip
    assert found.document["nodes"]["loop"]["params"]["inputs"].keys() == {"items", "KEY", "OTHER"}
    for one in (found.document, *found.parts):
        assert one["inputs"]["KEY"] == one["inputs"]["OTHER"] == {
            "type": "string", "required": True, "description": "A variable of n8n's",
        }  # fmt: skip


def test_two_nodes_of_one_name_and_a_note_without_one_are_all_there() -> None:
    twins = [START, fields("twin", a="1"), fields("twin", a="2"), node("", "stickyNote", {"content": "hi"})]
    found = read(export("twins", twins, [("start", 0, "twin")]))
    assert {one.get("label", id) for id, one in found.document["nodes"].items()} >= {"twin", "twin1"}
    assert found.document["edges"] == [{"from": "start", "to": "twin"}]
    assert found.document["nodes"]["twin"]["params"]["values"] == {
        "a": "2"
    }  # connections lead to the last, as n8n's do
    assert [one.what for one in found.report.notes if one.node == "twin1"] == ["the name 'twin'"]
    assert len(found.document["notes"]) == 1


def test_results_of_nodes_are_those_that_n8n_gave(ws: Workspace) -> None:
    """A case of each type whose results differed once; all of them are counted by ``python -m interop n8n_nodes``."""
    from interop import n8n_nodes

    answers = json.loads(n8n_nodes.ANSWERS.read_text())
    wanted = {"aggregate-5", "splitOut-1", "splitOut-5", "summarize-6", "removeDuplicates-7", "compareDatasets-0",
              "compareDatasets-3", "dateTime-2", "html-3", "markdown-1", "if-22"}  # fmt: skip
    differ = [
        case["name"]
        for case in n8n_nodes.cases()
        if case["name"] in wanted and not n8n_nodes.same(answers[case["name"]], n8n_nodes.result(ws, case))
    ]
    assert differ == []


AGENT = node("agent", "@n8n/n8n-nodes-langchain.agent", {"text": "hi"}, 2)


def with_tool(kind: str, params: dict[str, Any], **more: Any) -> Any:
    tool = node("Ask It", kind, params, 4.2, **more)
    return read(export("desk", [START, AGENT, tool], [("start", 0, "agent"), ("Ask It", "ai_tool", "agent")]))


def test_why_a_tool_of_an_agent_is_not_carried_over_is_told() -> None:
    kind = "@n8n/n8n-nodes-langchain.toolCalculator"
    found = with_tool(kind, {})
    whys = [note.why for note in found.report.notes if note.node == "Ask It" and note.what == kind]
    assert sum("the model may run workflows alone: make it one" in why for why in whys) == 1


ORDER = "https://shop.example/orders"


@pytest.mark.parametrize(
    ("kind", "params", "url", "inputs"),
    [
        ("n8n-nodes-base.httpRequestTool",
         {"toolDescription": "Find an order", "url": f"={ORDER}/{{{{ $fromAI('Order ID', 'its number', 'number') }}}}"},
         f"{ORDER}/${{{{ inputs.order_id }}}}", {"order_id": {"type": "number", "description": "its number"}}),
        ("@n8n/n8n-nodes-langchain.toolHttpRequest",
         {"toolDescription": "Find an order", "url": f"{ORDER}/{{id}}", "placeholderDefinitions": {"values": [
             {"name": "id", "description": "its number", "type": "number"}]}},
         f"{ORDER}/${{{{ inputs.id }}}}", {"id": {"type": "number", "required": True, "description": "its number"}}),
    ],
)  # fmt: skip
def test_a_request_that_is_a_tool_is_a_workflow_with_an_input_for_what_the_model_chooses(
    kind: str, params: dict[str, Any], url: str, inputs: dict[str, Any]
) -> None:
    found = with_tool(kind, params)
    agent = found.document["nodes"]["agent"]
    assert (agent["task"], agent["params"]["workflows"]) == ("llm.agent", ["desk-ask-it"])
    [tool] = found.parts
    assert (tool["name"], tool["description"], tool["inputs"]) == ("desk-ask-it", "Find an order", inputs)
    request = tool["nodes"]["ask_it"]
    assert (request["task"], request["params"]["url"]) == ("http.request", url)
    assert [one.how for one in found.report.nodes if one.node == "Ask It"] == ["carried"]
    assert any("as a tool" in note.what for note in found.report.notes if note.node == "Ask It")


def test_any_node_may_be_a_tool() -> None:
    found = with_tool("n8n-nodes-base.telegramTool", {"chatId": "5", "text": "={{ $fromAI('text', 'what to say') }}"})
    [tool] = found.parts
    assert tool["nodes"]["ask_it"]["task"] == "telegram.send_message"
    assert tool["inputs"] == {"text": {"type": "json", "description": "what to say"}}


def test_a_request_as_a_tool_runs(ws: Workspace) -> None:
    """By itself, and so as the agent has it run."""
    with fake_service() as service:
        service.on("GET", "/orders/7", json={"state": "sent"})
        url = f"={service.url}/orders/{{{{ $fromAI('id') }}}}"
        tool = node("Ask It", "n8n-nodes-base.httpRequestTool", {"url": url}, 4.2)
        file = written(ws.root, export("desk", [START, AGENT, tool], [
            ("start", 0, "agent"), ("Ask It", "ai_tool", "agent")]))  # fmt: skip
        reading = ws.read(file)
        ws.import_workflow(reading)
        [part] = reading.parts
        ws.save(ws.workflow(part.name))
        run = ws.run(part.name, id="7")
        assert run["ask_it_items"].data["items"] == [{"state": "sent"}]


@pytest.mark.parametrize(
    ("params", "made"),
    [
        ({"endpointUrl": "https://a.example/mcp", "include": "selected", "includeTools": ["find", "sum"]},
         {"desk-ask-it-find": ("mcp.call_tool", "find"), "desk-ask-it-sum": ("mcp.call_tool", "sum")}),
        ({"sseEndpoint": "https://a.example/sse"},
         {"desk-ask-it-tools": ("mcp.list_tools", None), "desk-ask-it-call": ("mcp.call_tool", "${{ inputs.tool }}")}),
    ],
)  # fmt: skip
def test_the_tools_of_a_server_of_mcp_are_workflows(params: dict[str, Any], made: dict[str, Any]) -> None:
    found = with_tool("@n8n/n8n-nodes-langchain.mcpClientTool", params)
    assert found.document["nodes"]["agent"]["params"]["workflows"] == list(made)
    nodes = {part["name"]: part["nodes"]["ask_it"] for part in found.parts}
    assert {name: (one["task"], one.get("params", {}).get("tool")) for name, one in nodes.items()} == made
    assert {one["integration"] for one in nodes.values()} == {"Ask It"}
    assert any("https://a.example/" in note.why for note in found.report.notes)
    assert [one.how for one in found.report.nodes if one.node == "Ask It"] == ["carried"]


@pytest.mark.parametrize(
    ("params", "task", "given"),
    [
        ({"query": '{"city": "{{ $json.name }}"}', "options": {"limit": 5, "sort": '{"n": -1}'}}, "mongodb.find",
         {"filter": {"city": "{{ $json.name }}"}, "as": "plain", "sort": {"n": -1}, "limit": 5}),
        ({"query": '={"city": "{{ $json.name }}"}'}, "mongodb.find",
         {"filter": """${{ parse_json('{"city": "' + str(item.name) + '"}') }}""", "as": "plain"}),
        ({}, "mongodb.find", {"as": "plain"}),
        ({"operation": "aggregate", "query": '[{"$match": {"n": 1}}]'}, "mongodb.aggregate",
         {"pipeline": [{"$match": {"n": 1}}], "as": "plain"}),
        ({"operation": "delete", "query": '{"n": 1}'}, "mongodb.delete_many", {"filter": {"n": 1}}),
        ({"operation": "insert", "fields": "n, name"}, "mongodb.insert_one",
         {"document": {"n": "${{ item['n'] }}", "name": "${{ item['name'] }}"}}),
        ({"operation": "update", "fields": "n, name", "updateKey": "n", "upsert": True}, "mongodb.update_one",
         {"filter": {"n": "${{ item['n'] }}"}, "upsert": True, "update": {"$set": {"name": "${{ item['name'] }}"}}}),
        ({"operation": "findOneAndReplace", "fields": "name", "updateKey": "_id"}, "mongodb.replace_one",
         {"filter": {"_id": {"$oid": "${{ item['_id'] }}"}}, "document": {"name": "${{ item['name'] }}"}}),
    ],
)  # fmt: skip
def test_mongodb_s_node_becomes_its_task(params: dict[str, Any], task: str, given: dict[str, Any]) -> None:
    made = made_of("mongoDb", {"collection": "people", **params}, credentials=CREDENTIALS)
    assert (made["task"], made["integration"]) == (task, "My One")
    assert made["params"] == {"collection": "people", **given}


def test_a_report_says_what_is_chosen_by_an_id_that_only_n8n_knows() -> None:
    """The name of a data table was dropped in silence: what is left of it is an id of that one server."""
    table = {"__rl": True, "mode": "list", "value": "CcsQaNMf", "cachedResultName": "Towns", "cachedResultUrl": "/x"}
    found = read(export("told", [START, node("x", "dataTable", {"dataTableId": table})], [("start", 0, "x")]))
    assert found.document["nodes"]["x"]["params"]["dataTableId"] == "CcsQaNMf"
    assert ("x", "dataTableId", "it is called 'Towns' there; the param holds n8n's own id of it") in {
        (note.node, note.what, note.why) for note in found.report.notes
    }
