"""A dry run: what reads is called; what would change anything outside says so, with the whole call, and does not."""

from __future__ import annotations

import json
import os
import re
import smtplib
from pathlib import Path

import pytest
from click.testing import CliRunner

from flowbook import Workflow, Workspace, task
from flowbook.catalog import Catalog
from flowbook.cli import run as command_line
from flowbook.cli.main import cli
from flowbook.engine.computing import only_computes
from flowbook.results import Cause
from flowbook.testing import fake_service


@pytest.fixture
def ws(tmp_path: Path):
    with Workspace(tmp_path) as ws:
        yield ws


def test_a_request_that_writes_is_shown_whole_and_not_sent(ws):
    with fake_service() as service:
        service.on("GET", "/user", json={"login": "ada"})
        service.on("POST", "/orders", json={"id": 7})
        flow = Workflow(name="ordering")
        flow.set_input("key", type="password", required=True)
        flow.add("who", "http.request", params={"url": f"{service.url}/user"})
        flow.add("order", "http.request", params={
            "method": "POST", "url": f"{service.url}/orders",
            "body": {"by": "${{ nodes.who.data.body.login }}", "key": "${{ inputs.key }}"},
        })  # fmt: skip
        flow.connect("who", "order")
        run = ws.run(flow, key="hunter2-hunter2", dry_run=True)
        assert [request.method for request in service.requests] == ["GET"]
    (intent,) = run["order"].intents
    assert (intent.kind, intent.action) == ("http", "POST /orders")
    assert intent.detail["json"]["by"] == "ada"
    assert "hunter2" not in repr(intent)
    document = run.to_dict()["nodes"]["order"]
    assert (document["cause"], document["would"][0]["action"]) == ("rehearsed", "POST /orders")
    assert "hunter2" not in json.dumps(run.to_dict())


def test_what_uses_data_that_is_not_there_stops_and_says_so(ws):
    with fake_service() as service:
        flow = Workflow(name="chain")
        flow.add("make", "http.request", params={"method": "POST", "url": f"{service.url}/a"})
        flow.add("use", "http.request", params={
            "method": "DELETE", "url": f"{service.url}/a/${{{{ nodes.make.data.body.id }}}}"
        })  # fmt: skip
        flow.add("note", "http.request", params={"method": "PUT", "url": f"{service.url}/note"})
        flow.add("each", "core.set", params={"values": {"x": 1}}, for_each="nodes.make.data.body")
        flow.add("some", "core.noop")
        flow.connect("make", "use")
        flow.connect("use", "note")
        flow.connect("make", "each")
        flow.connect("make", "some", when="nodes.make.data.body.id > 1")
        run = ws.run(flow, dry_run=True)
        assert not service.requests
    assert run.status == "succeeded"
    for id in ("use", "each", "some"):
        assert run[id].message.startswith("a dry run stops here: ")
        assert run[id].cause is Cause.REHEARSED
    assert run["note"].intents[0].action == "PUT /note", "what does not depend on it is shown all the same"


def test_files_and_databases_are_not_touched(ws):
    flow = Workflow(name="files")
    flow.add("csv", "files.write_csv", params={"path": "out/a.csv", "rows": [{"a": 1}]})
    flow.add("sql", "sqlite.execute", params={"database": "shop.db", "sql": "CREATE TABLE t (a)"})
    before = sorted(path for path in ws.root.rglob("*") if ".flowbook" not in path.parts)
    run = ws.run(flow, dry_run=True)
    assert sorted(path for path in ws.root.rglob("*") if ".flowbook" not in path.parts) == before
    assert (run["csv"].intents[0].kind, run["csv"].intents[0].target) == ("file", "out/a.csv")
    assert (run["sql"].intents[0].kind, run["sql"].intents[0].target) == ("sql", "shop.db")


def test_a_for_each_is_rehearsed_item_by_item(ws):
    flow = Workflow(name="each")
    flow.add("save", "files.write_text", params={"path": "${{ item }}.txt", "text": "x"}, for_each=["a", "b", "c"])
    run = ws.run(flow, dry_run=True)
    assert sorted(intent.target for intent in run["save"].intents) == ["a.txt", "b.txt", "c.txt"]
    assert run["save"].message == "3 calls would be made"


def test_a_sub_workflow_is_rehearsed_too(ws):
    inner = Workflow(name="inner")
    inner.add("save", "files.write_text", params={"path": "a.txt", "text": "x"})
    ws.save(inner)
    outer = Workflow(name="outer")
    outer.add("sub", "core.run_workflow", params={"workflow": "inner"})
    run = ws.run(outer, dry_run=True)
    assert [intent.target for intent in run["sub"].intents] == ["a.txt"]
    assert not (ws.root / "a.txt").exists()


def test_nothing_is_recorded(ws):
    flow = Workflow(name="unseen")
    flow.add("a", "core.noop")
    ws.run(flow, dry_run=True)
    assert ws.runs() == []


STRANGER = '''
from flowbook import current, task
import pathlib

def plain(credentials, params):
    """Do something."""
    pathlib.Path("done").write_text("x")
    return {"success": True, "message": "done"}

@task(effects="write", rehearses=True)
def asking(credentials, params):
    """Do something, after asking."""
    current().about_to("task", "the lamp", "switch it on", watts=40)
    pathlib.Path("done").write_text("x")
    return {"success": True, "message": "done"}

@task(effects="write", rehearses=True)
def swallowing(credentials, params):
    """Do something, whatever happens."""
    try:
        current().about_to("task", "the lamp", "switch it on")
    except Exception:
        pass
    return {"success": False, "message": "no lamp"}
'''


def test_a_task_of_others_is_called_only_when_it_says_that_it_asks(ws, monkeypatch):
    monkeypatch.chdir(ws.root)
    folder = ws.root / "integrations" / "lamp"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(STRANGER)
    flow = Workflow(name="lamps")
    for name in ("plain", "asking", "swallowing"):
        flow.add(name, f"lamp.{name}")
    run = ws.run(flow, dry_run=True)
    assert not (ws.root / "done").exists()
    assert run["plain"].message == "would call lamp.plain"
    assert run["asking"].intents[0].detail == {"watts": 40}
    assert run["swallowing"].message == "would switch it on (the lamp)"


WAYS_AROUND = [
    # what modules use themselves
    "import uuid\nuuid.os.mkdir('x')",
    "import uuid\nm = uuid\nm.os.mkdir('x')",
    "from uuid import os as o\no.mkdir('x')",
    "from uuid import *\nos.mkdir('x')",
    "import json\njson.codecs.open('x', 'w')",
    "import json.tool\njson.tool.Path('x').touch()",
    "from json import tool\ntool.sys.modules['os'].mkdir('x')",
    "from collections import abc\nabc.sys.modules['os'].mkdir('x')",
    "import collections.abc\ncollections.abc.sys.modules['os'].mkdir('x')",
    "import collections.abc\nx = collections.abc\nx.sys.modules['os'].mkdir('x')",
    "from html import parser\nparser.re.enum.sys.modules['os'].mkdir('x')",
    "import dataclasses\ndataclasses.sys.modules['os'].mkdir('x')",
    "import json\njson.decoder.scanner.re.enum.sys.modules['os'].mkdir('x')",
    # by a text that names an attribute, or is code
    "import operator\noperator.methodcaller('to_csv', 'x')(nodes.a.data)",
    "import operator, uuid\noperator.attrgetter('__globals__')(uuid.uuid1)['os'].mkdir('x')",
    "import string, uuid\nstring.Formatter().get_field('0.__globals__[os]', (uuid.uuid1,), {})[0].mkdir('x')",
    "import typing\nclass A:\n    x: \"__import__('os').mkdir('x')\"\ntyping.get_type_hints(A)",
    "import typing\ntyping.get_args(typing.List[\"__import__('os').mkdir('x')\"])[0].evaluate()",
    "import functools\n@functools.singledispatch\ndef f(x): pass\n@f.register\ndef g(x: \"open('x', 'w')\"): pass",
    "(x for x in []).gi_frame.f_builtins['open']('x', 'w')",
    "import uuid\nmatch uuid.uuid1:\n    case object(__globals__=g):\n        g['os'].mkdir('x')",
    # by methods of tables and arrays
    "nodes.a.data.values.tofile('x')",
    "nodes.a.data.values.dump('x')",
    "nodes.a.data.apply('to_csv', path_or_buf='x')",
    "name = 'to' + '_csv'\nnodes.a.data.agg(name, path_or_buf='x')",
    "nodes.a.data.agg(nodes.b.data.name, path_or_buf='x')",
    "act = nodes.a.data.apply\nact('to' + '_csv', path_or_buf='x')",
    "nodes.a.data.agg(['sum', 'to_csv'])",
    "nodes.a.data.pivot_table(index='a', aggfunc='to_csv')",
    "nodes.a.data.eval(\"a.to_csv('x')\", engine='python')",
    "nodes.a.data.query(\"a.to_csv('x')\", engine='python')",
    "nodes.a.data.pipe(type(nodes.a.data).to_csv, 'x')",
]


@pytest.mark.parametrize(
    ("source", "computes"),
    [
        ("sum(nodes.a.data)", True),
        ("import json, math\njson.dumps(math.pi)", True),
        ("from datetime import datetime\ndatetime.now().isoformat()", True),
        ("nodes.a.data.groupby('x').sum().to_dict()", True),
        ("open('x', 'w')", False),
        ("import os", False),
        ("from pathlib import Path", False),
        ("nodes.a.data.to_csv('x')", False),
        ("().__class__.__bases__", False),
        ("__import__('os')", False),
        ("getattr(nodes, 'a')", False),
        ("import requests", False),
        ("import re\nre.sub('a', 'b', nodes.a.data.code)", True),
        ("import datetime as dt\ndt.datetime.now(dt.timezone.utc)", True),
        ("import collections.abc, html\nisinstance(1, collections.abc.Mapping), html.entities.html5", True),
        ("from collections import abc\nisinstance(1, abc.Sequence)", True),
        ("from collections import Counter, abc\nCounter(nodes.a.data).most_common(3)", True),
        ("import math\nnodes.a.data.x.map(math.sqrt).map(str)", True),
        ("nodes.a.data.apply(lambda row: row.a + 1, axis=1).agg({'a': ['min', 'max']})", True),
        ("import operator, hashlib\nhashlib.sha256(b'').hexdigest(), operator.itemgetter('a')", True),
        *((source, False) for source in WAYS_AROUND),
    ],
)
def test_code_is_run_when_it_can_be_seen_to_compute_only(source, computes):
    assert only_computes(source) is computes


def test_of_a_file_that_is_moved_both_places_are_told(ws):
    (ws.root / "a.txt").write_text("a")
    (ws.root / "b.txt").write_text("b")
    for target, over in (("c.txt", ""), ("b.txt", ", in place of what is there")):
        flow = Workflow(name="moving")
        flow.add("move", "files.move", params={"source": "a.txt", "target": target, "overwrite": True})
        (intent,) = ws.run(flow, dry_run=True)["move"].intents
        assert (intent.target, intent.action) == ("a.txt", f"move to {target}{over}")
    assert sorted(path.name for path in ws.root.glob("*.txt")) == ["a.txt", "b.txt"]


def test_code_that_may_do_more_is_not_run(ws):
    flow = Workflow(name="coding")
    flow.add("sums", "core.python", params={"code": "1 + 1"})
    flow.add("more", "core.python", params={"code": "import pathlib\npathlib.Path('x').touch()"})
    run = ws.run(flow, dry_run=True)
    assert run["sums"].data == 2
    assert (run["more"].cause, run["more"].intents[0].kind) == (Cause.REHEARSED, "code")


def test_every_built_in_task_that_writes_is_rehearsed_by_asking():
    """They are all called in dry runs, so each of them must go by a way out that asks."""
    ways = {"core", "files", "sqlite", "http", "slack", "github", "jira", "sendgrid", "postgres", "s3", "smtp"} | {
        "azure_blob",
        "duckdb",
        "gcs",
        "lists",
        "pdf",
        "ssh",
        "imap",
        "redis",
        "javascript",
        "html",
        "mongodb",
        "mysql",
        "spreadsheets",
        "rss",
        "telegram",
        "llm",
        "mcp",
        "discord",
        "notion",
        "airtable",
        "teams",
        "gitlab",
        "google_sheets",
        "google_drive",
        "gmail",
    }
    folders = {folder.name for folder in Catalog().folders() if any(task.rehearses for task in folder.tasks.values())}
    assert folders <= ways, "a new folder: see that it asks (current().about_to), and name it here"


def test_a_mail_is_not_sent(ws, monkeypatch):
    sent = []

    class Server:
        _host = "mail.example.com"

        def __init__(self, *args, **options): ...
        def starttls(self, **options): ...
        def ehlo(self): ...
        def ehlo_or_helo_if_needed(self): ...
        def has_extn(self, name):
            return False

        def login(self, user, password): ...
        def quit(self): ...
        def close(self): ...
        def sendmail(self, *args):
            sent.append(args)

    monkeypatch.setattr(smtplib, "SMTP", Server)
    ws.create_type("smtp")
    ws.create_integration(
        "Mail", "smtp", {"host": "mail.example.com", "from_email": "a@example.com", "security": "none"}
    )
    flow = Workflow(name="mailing")
    flow.add(
        "send", "smtp.send_email", integration="Mail", params={"to": ["b@example.com"], "subject": "Hi", "body": "x"}
    )
    run = ws.run(flow, dry_run=True)
    assert not sent
    assert run["send"].intents[0].action == "send to b@example.com", run["send"].message
    assert run["send"].intents[0].detail["text"].strip() == "x"


def test_the_command_draws_the_map(ws, tmp_path):
    flow = Workflow(name="mapped")
    flow.add("save", "files.write_text", params={"path": "a.txt", "text": "x"}, for_each=[1, 2])
    ws.save(flow)
    ws.close()
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        result = CliRunner().invoke(cli, ["run", "mapped", "--dry-run"])
    finally:
        os.chdir(before)
    assert "Nothing was changed. It would have:" in result.output
    assert "file a.txt\n    write: 2 calls (save)" in result.output


def test_the_command_shows_what_would_be_sent_without_secrets(ws, capsys):
    flow = Workflow(name="sending")
    flow.set_input("key", type="password", required=True)
    url = "http://127.0.0.1:9/orders"
    flow.add(
        "post", "http.request", params={"method": "POST", "url": url, "body": {"n": 1, "key": "${{ inputs.key }}"}}
    )
    flow.add("sql", "sqlite.execute", params={
        "database": "shop.db", "sql": "INSERT INTO t\nVALUES (?, ?)", "parameters": [1, "${{ inputs.key }}"],
    })  # fmt: skip
    flow.add("rows", "sqlite.insert_rows", params={"database": "shop.db", "table": "u", "rows": [{"a": 1}, {"a": 2}]})
    flow.add("many", "sqlite.execute_many", params={
        "database": "shop.db", "sql": "DELETE FROM t WHERE a = ?", "rows": [[1], [2]],
    })  # fmt: skip
    ws.save(flow)
    ws.close()
    assert command_line(["-C", str(ws.root), "run", "sending", "--dry-run", "-i", "key=hunter2-hunter2"]) == 0
    out, _ = capsys.readouterr()
    for line in (
        "service 127.0.0.1:9", "POST /orders: 1 call (post)", 'json: {"n": 1, "key": "***"}', f"url: {url}",
        "INSERT INTO t VALUES (?, ?): 1 call (sql)", "sql: INSERT INTO t", 'parameters: [1, "***"]',
        'INSERT INTO "u" ("a") VALUES (?): 1 call (rows)', "rows: 2", "DELETE FROM t WHERE a = ?: 1 call (many)",
    ):  # fmt: skip
        assert line in out
    assert "hunter2" not in out


def test_a_dry_run_that_fails_does_not_point_to_a_history_that_has_it_not(ws, tmp_path, capsys):
    flow = Workflow(name="failing")
    flow.add("a", "core.fail", params={"message": "no"})
    ws.save(flow)
    ws.close()
    assert command_line(["-C", str(tmp_path), "run", "failing", "--dry-run", "--timestamps"]) == 1
    out, err = capsys.readouterr()
    assert "Error: " in err
    assert "runs resume" not in err
    for line in (out + err).strip().splitlines():
        assert line[:4].isdigit(), f"every line begins with the time: {line}"


def test_what_has_no_data_is_said_to_be_so_for_the_dry_run_and_what_helps(ws):
    """To write ``default(…)`` would change the workflow for what is only so in a dry run."""
    with fake_service() as service:
        flow = Workflow(name="chain")
        flow.add("make", "http.request", params={"method": "POST", "url": f"{service.url}/a"})
        flow.add("use", "core.set", params={"values": {"id": "${{ nodes.make.data.body.id }}"}})
        flow.add("code", "core.python", params={"code": "nodes.make.data['body']"})
        flow.connect("make", "use")
        flow.connect("make", "code")
        run = ws.run(flow, dry_run=True)
    assert run.status == "succeeded"
    for id in ("use", "code"):
        assert run[id].message.startswith("a dry run stops here: ")
        assert "in a dry run it is not called" in run[id].message
        assert "Pin what it may give" in run[id].message
        assert "default(" not in run[id].message


def test_what_fails_since_something_before_it_was_not_done_stops_and_says_so(ws):
    flow = Workflow(name="there-and-back")
    flow.add("write", "files.write_text", params={"path": "new.txt", "text": "x"})
    flow.add("between", "core.noop")
    flow.add("read", "files.read_text", params={"path": "new.txt"})
    flow.add("each", "files.read_text", params={"path": "${{ item }}.txt"}, for_each=["new", "newer"])
    flow.add("alone", "files.read_text", params={"path": "never.txt"}, on_error="continue")
    flow.connect("write", "between")
    flow.connect("between", "read")
    flow.connect("between", "each")
    run = ws.run(flow, dry_run=True)
    assert run.status == "succeeded"
    assert run["read"].message.startswith("a dry run stops here: There is no 'new.txt'")
    assert run["read"].message.endswith("What comes before it was not done, which may be why.")
    assert run["each"].message.startswith("a dry run stops here: There is no 'new.txt'")
    assert run["each"].message.endswith("(2 of 2 calls)")
    assert run["alone"].status == "failed", "what follows nothing that was left out fails as ever"


EXAMPLE = '''
from flowbook import task
import pathlib

@task(effects="write", example={"id": 7, "tags": ["a"]})
def make(credentials, params):
    """Make one."""
    pathlib.Path("done").write_text("x")
    return {"success": True, "message": "done", "data": {"id": 1, "tags": []}}
'''


def test_what_follows_gets_the_example_of_a_task(ws, monkeypatch):
    monkeypatch.chdir(ws.root)
    folder = ws.root / "integrations" / "lamp"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(EXAMPLE)
    flow = Workflow(name="lamps")
    flow.add("one", "lamp.make")
    flow.add("many", "lamp.make", for_each=[1, 2])
    flow.add("use", "core.set", params={"values": {"id": "${{ nodes.one.data.id + len(nodes.many.data) }}"}})
    flow.connect("one", "use")
    flow.connect("many", "use")
    run = ws.run(flow, dry_run=True)
    assert not (ws.root / "done").exists()
    assert run["one"].message == "would call lamp.make; what follows gets the example of the task"
    assert run["use"].data == {"id": 9}
    assert ws.run(flow)["use"].data == {"id": 3}, "only a dry run does"


def documented_fields(doc: str) -> tuple[set[str], bool]:
    """The fields of a task's data that its docstring names, and whether these are all of them."""
    if told := re.search(r"Data: (?:a list of )?\{((?:[^{}]|\{[^{}]*\})*)\}", doc):
        return set(re.findall(r'"(\w+)"', re.sub(r"\{[^{}]*\}", "", told[1]))), True
    if told := re.search(r"Data: [^.(]*\(([\w, ]+)\)", doc):
        return {name.strip() for name in told[1].split(",") if re.fullmatch(r"\w+", name.strip())}, False
    return set(), False


def test_examples_of_our_own_tasks_have_the_fields_that_their_docstrings_name():
    catalog = Catalog()
    told = named = 0
    for folder in catalog.names():
        tasks = catalog.folder(folder).tasks
        for spec in tasks.values():
            if spec.example is None:
                continue
            doc, given = spec.doc, spec.example
            if as_other := re.search(r"[Dd]ata: .*as (\w+) gives (?:it|them)", doc):
                doc = tasks[as_other[1]].doc
                doc = doc.split(', "metadata"')[0] + "}" if "without metadata" in spec.doc else doc
            fields, all_of_them = documented_fields(doc)
            given = given[0] if isinstance(given, list) else given
            if not isinstance(given, dict) or not fields:
                continue
            assert fields <= set(given), spec.name
            assert not all_of_them or set(given) == fields, spec.name
            told, named = told + all_of_them, named + 1
    assert told >= 60
    assert named >= 75


def test_what_writes_and_gives_something_to_use_has_an_example():
    """What others make is named by number, address or place: a flow goes on with that. What only ends something, asks
    back, or gives what a param asks for, has none."""
    catalog = Catalog()
    without = [
        spec.name
        for folder in catalog.names()
        for spec in catalog.folder(folder).tasks.values()
        if spec.effects != "read" and spec.example is None and MAKES.match(spec.function_name)
    ]
    assert without == [
        "airtable.upload_attachment",  # the whole record, whose fields are the base's own
        "azure_blob.create_container",
        "gcs.create_bucket",
        "github.create_review",
        "imap.create_folder",
        "mongodb.create_index",
        "s3.create_bucket",
        "s3.upload_folder",
        "slack.send_notification",
        "teams.send_card",
    ]


MAKES = re.compile("create|send|post|upload|insert|append|copy|write|put")


@pytest.mark.parametrize("example", [object(), {1, 2}, float("nan")])
def test_an_example_is_data_that_json_holds(example):
    with pytest.raises(ValueError, match="example must be data that JSON holds"):
        task(example=example)


def test_the_catalog_shows_the_example(ws, monkeypatch):
    monkeypatch.chdir(ws.root)
    shown = CliRunner().invoke(cli, ["catalog", "files"], standalone_mode=False).output
    assert 'gives, for example: {"path": "notes.txt", "bytes": 120}' in shown


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"])
def test_a_request_that_means_another_method_by_a_header_is_not_sent(ws, name):
    with fake_service() as service:
        service.on("GET", "/orders/7", json={"id": 7})
        flow = Workflow(name="disguised")
        flow.add("a", "http.request", params={"url": f"{service.url}/orders/7", "headers": {name: "delete"}})
        run = ws.run(flow, dry_run=True)
        assert not service.requests
        assert run["a"].intents[0].action == "DELETE /orders/7"
        flow.change("a", params={"url": f"{service.url}/orders/7", "headers": {name: "GET"}})
        ws.run(flow, dry_run=True)
        assert [request.method for request in service.requests] == ["GET"]
        flow.change("a", params={"method": "POST", "url": f"{service.url}/orders/7", "headers": {name: "GET"}})
        ws.run(flow, dry_run=True)
        assert len(service.requests) == 1, "a server need not know the header"
