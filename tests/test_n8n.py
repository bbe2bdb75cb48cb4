"""Workflows of n8n become ours: the same items come out, and what differs is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.cli import run as command_line
from flowbook.errors import AlreadyExists, FileFormatError
from flowbook.expressions import compile_expression
from flowbook.formats.n8n import Imported, read_export
from flowbook.formats.n8n.javascript import Untranslatable, blocks
from flowbook.formats.n8n.translating import translated
from flowbook.models import Workflow
from flowbook.triggers.cron import Cron
from flowbook.workspace import FileText
from tests.n8n_files import BEGIN, GENERATE, START, condition, export, fields, node, written


@pytest.fixture
def ws(tmp_path: Path) -> Any:
    with Workspace(tmp_path) as workspace:
        yield workspace


def read(document: Any) -> Imported:
    return read_export(document if isinstance(document, str) else json.dumps(document), "export.json")


def ran(ws: Workspace, document: dict[str, Any]) -> dict[str, Any]:
    """The data of each node that succeeded, once the file is imported, trusted and run."""
    reading = ws.read(written(ws.root, document))
    flow = ws.import_workflow(reading)
    for part in reading.parts:
        ws.save(ws.workflow(part.name))
    ws.save(flow)
    assert not ws.check(flow.name).errors, ws.check(flow.name).errors
    run = ws.run(flow.name)
    return {id: run[id].data for id in run if run[id].status == "succeeded"}


# --- items -------------------------------------------------------------------------------------------------------


def test_items_find_those_they_came_from_through_filters_branches_and_where_branches_meet(ws: Workspace) -> None:
    data = ran(ws, export("lineage", [
        START, GENERATE, fields("renamed", m=("={{ $json.n * 10 }}", "number")),
        node("big", "filter", condition("={{ $json.m }}", "gt", 10), 2),
        fields("back", who="={{ $('gen').item.json.name }}"),
        node("odd", "if", condition("={{ $('gen').item.json.n % 2 }}", "equals", 1), 2),
        fields("is_odd", v="={{ $json.who }} odd {{ $('gen').item.json.n }}"),
        fields("is_even", v="={{ $json.who }} even {{ $('gen').item.json.n }}"),
        fields("both", z="={{ $json.v }} {{ $('back').item.json.who }}"),
    ], [*BEGIN, ("gen", 0, "renamed"), ("renamed", 0, "big"), ("big", 0, "back"), ("back", 0, "odd"),
        ("odd", 0, "is_odd"), ("odd", 1, "is_even"), ("is_odd", 0, "both"), ("is_even", 0, "both")]))  # fmt: skip
    assert [one["v"] for one in data["is_odd"]] == ["n3 odd 3", "n5 odd 5"]
    assert [one["z"] for one in data["both"]] == ["n3 odd 3 n3", "n5 odd 5 n5", "n2 even 2 n2", "n4 even 4 n4"]


def test_lists_are_split_out_limited_and_looked_back_from(ws: Workspace) -> None:
    data = ran(ws, export("split", [
        START, GENERATE, node("split", "splitOut", {"fieldToSplitOut": "tags", "options": {}}),
        fields("look", t="={{ $json.tags }}", of="={{ $('gen').item.json.name }}", all="={{ $('gen').all().length }}"),
        node("lim", "limit", {"maxItems": 3}), fields("again",
        t="={{ $('look').item.json.of }}/{{ $('gen').item.json.n }}"),
    ], [*BEGIN, ("gen", 0, "split"), ("split", 0, "look"), ("look", 0, "lim"), ("lim", 0, "again")]))  # fmt: skip
    assert data["look"][2] == {"t": "a2", "of": "n2", "all": "5"}
    assert [one["t"] for one in data["again"]] == ["n1/1", "n1/1", "n2/2"]


def test_values_are_taken_out_of_pages_and_markdown_becomes_html_and_back(ws: Workspace) -> None:
    values = [
        {"key": "title", "cssSelector": "h1"},
        {"key": "links", "cssSelector": "a", "returnValue": "attribute", "attribute": "href", "returnArray": True},
    ]
    code = "return [{json: {n: 1, page: {body: '<h1>One</h1><a href=\"/x\">x</a>'}, text: '# Hi'}}]"
    data = ran(ws, export("pages", [
        START, node("make", "code", {"jsCode": code}, 2),
        node("take", "html", {
            "operation": "extractHtmlContent", "dataPropertyName": "page.body", "extractionValues": {"values": values},
        }, 1.2),
        fields("seen", t="={{ $json.title }} {{ $('make').item.json.n }}"),
        node("show", "markdown", {"markdown": "={{ $json.text }}", "destinationKey": "made"}),
        node("back", "markdown", {"mode": "htmlToMarkdown", "html": "={{ $json.made }}"}),
        fields("both", all="={{ $json.n }} {{ $json.made }} {{ $json.data }}"),
    ], [("start", 0, "make"), ("make", 0, "take"), ("take", 0, "seen"), ("make", 0, "show"), ("show", 0, "back"),
        ("back", 0, "both")]))  # fmt: skip
    assert data["take"] == [{"title": "One", "links": ["/x"]}]
    assert data["seen"][0]["t"] == "One 1"
    assert data["both"][0]["all"] == "1 <h1>Hi</h1> # Hi"  # n8n ends it without a line break


def test_ways_part_and_lists_merge(ws: Workspace) -> None:
    rules = [
        {"outputKey": name, "conditions": condition("={{ $json.n }}", how, value)["conditions"]}
        for name, how, value in (("one", "equals", 1), ("two", "lt", 4))
    ]
    data = ran(ws, export("merging", [
        START, GENERATE, node("sw", "switch", {"rules": {"values": rules}, "options": {"fallbackOutput": "extra"}}, 3),
        fields("a", k="={{ $json.name }}", side="a"), fields("b", k="={{ $json.name }}", other="b"),
        fields("c", k="={{ $json.name }}"), node("m1", "merge", {}, 3),
        node("m2", "merge", {"mode": "combine", "combineBy": "combineByPosition"}, 3),
        node("m3", "merge", {"mode": "combine", "combineBy": "combineAll"}, 3),
    ], [*BEGIN, ("gen", 0, "sw"), ("sw", 0, "a"), ("sw", 1, "b"), ("sw", 2, "c"), ("a", 0, "m1"), ("b", 0, "m1", 1),
        ("b", 0, "m2"), ("c", 0, "m2", 1), ("b", 0, "m3"), ("c", 0, "m3", 1)]))  # fmt: skip
    assert [one["k"] for one in data["m1"]] == ["n1", "n2", "n3"]
    assert data["m2"] == [{"k": "n4", "other": "b"}, {"k": "n5", "other": "b"}]
    assert [one["k"] for one in data["m3"]] == ["n4", "n5", "n4", "n5"]


def test_a_loop_in_a_loop_becomes_workflows_of_their_own(ws: Workspace) -> None:
    data = ran(ws, export("loops", [
        START, GENERATE, node("outer", "splitInBatches", {}, 3),
        node("tags", "splitOut", {"fieldToSplitOut": "tags"}), node("inner", "splitInBatches", {}, 3),
        fields("leaf", l="={{ $json.tags }} of {{ $('outer').item.json.name }} of {{ $('gen').all().length }}"),
        fields("done", d="={{ $json.l }}"), node("end", "aggregate", {"aggregate": "aggregateAllItemData"}),
    ], [*BEGIN, ("gen", 0, "outer"), ("outer", 1, "tags"), ("tags", 0, "inner"), ("inner", 1, "leaf"),
        ("leaf", 0, "inner"), ("inner", 0, "done"), ("done", 0, "outer"), ("outer", 0, "end")]))  # fmt: skip
    assert [one["d"] for one in data["end"]["data"]][:3] == ["a1 of n1 of 5", "b1 of n1 of 5", "a2 of n2 of 5"]
    assert len(data["end"]["data"]) == 10
    assert {one.name for one in ws.workflows()} == {"loops", "loops-outer", "loops-inner"}


def test_a_circle_goes_on_while_items_lead_back(ws: Workspace) -> None:
    data = ran(ws, export("circle", [
        START, node("one", "code", {"jsCode": "return [{json: {n: 1}}]"}, 2),
        fields("step", n=("={{ $json.n * 2 }}", "number")), node("big", "if", condition("={{ $json.n }}", "gt", 20), 2),
        fields("end", n="={{ $json.n }}"),
    ], [("start", 0, "one"), ("one", 0, "step"), ("step", 0, "big"), ("big", 1, "step"),
    ("big", 0, "end")]))  # fmt: skip
    assert data["end"] == [{"n": "32"}]


def test_what_fails_takes_the_error_output_and_a_disabled_node_hands_on(ws: Workspace) -> None:
    data = ran(ws, export("failing", [
        START, GENERATE, node("off", "set", {}, 3.4, disabled=True),
        node("bad", "stopAndError", {"errorMessage": "no stock"}, onError="continueErrorOutput"),
        fields("told", why="={{ $json.error }}"),
    ], [*BEGIN, ("gen", 0, "off"), ("off", 0, "bad"), ("bad", 1, "told")]))  # fmt: skip
    assert "no stock" in data["told"][0]["why"]


# --- what is told ------------------------------------------------------------------------------------------------


def test_a_report_to_a_dash_is_all_that_standard_output_gets(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file called ``-`` was written, and the lines for people stood where a pipe reads."""
    monkeypatch.chdir(ws.root)
    path = written(ws.root, export("told", [START, node("sheet", "microsoftExcel")], [("start", 0, "sheet")]))
    call = [sys.executable, "-m", "flowbook", "workflows", "import", str(path), "--report", "-"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    (said,) = json.loads(done.stdout)["files"]
    assert said["nodes"] == {"total": 2, "carried": 1, "placeholder": 1}
    assert "Imported told" in done.stderr
    assert not (ws.root / "-").exists()


def test_every_node_and_expression_is_accounted_for(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    document = export("told", [
        START, node("sheet", "microsoftExcel", {"documentId": {"__rl": True, "value": "={{ $json.id }}"}},
                    credentials={"googleApi": {"id": "1", "name": "My Sheets"}}),
        node("agent", "@n8n/n8n-nodes-langchain.agent", {"text": "={{ $json.q }}"}, 1.7),
        node("model", "@n8n/n8n-nodes-langchain.lmChatOpenAi", {"model": "gpt-x"},
        credentials={"openAi": {"name": "My Model"}}),
        fields("odd", x="={{ $json.list.sort((a, b) => f(a, b)) }}", y="={{ $json.ok }}"),
        node("note", "stickyNote", {"content": "Look here"}),
    ], [("start", 0, "sheet"), ("sheet", 0, "agent"), ("agent", 0, "odd"),
    ("model", "ai_languageModel", "agent")])  # fmt: skip
    path = written(ws.root, document)
    assert (
        command_line(["-C", str(ws.root), "workflows", "import", str(path), "--report", str(ws.root / "r.json")]) == 0
    )
    assert "expressions were carried over" in capsys.readouterr().out
    said = json.loads((ws.root / "r.json").read_text())["files"][0]
    assert (said["nodes"], said["expressions"]) == (
        {"total": 6, "carried": 5, "placeholder": 1}, {"total": 4, "carried": 3},
    )  # fmt: skip
    assert {one["node"] for one in said["each"]} == {"start", "sheet", "agent", "model", "odd", "note"}
    flow = ws.workflow("told")
    assert flow.nodes["sheet"].task == "microsoft_excel.run"
    assert flow.nodes["sheet"].integration == "My Sheets"
    assert flow.nodes["sheet"].params["documentId"] == "${{ item.id }}"
    assert flow.nodes["agent"].params == {"model": "gpt-x", "prompt": "${{ item.q }}"}
    assert (flow.nodes["agent"].task, flow.nodes["agent"].integration) == ("llm.chat", "My Model")
    assert flow.nodes["odd"].for_each.startswith("[{'output': ")
    assert [note.text for note in flow.notes.values()] == ["Look here"]
    problems = {(one.node, one.code) for one in ws.check("told").errors}
    assert ("sheet", "unknown-task") in problems
    assert any(node == "odd" for node, _ in problems), "an expression that was not carried over is named by check"
    assert any("by a function" in note["why"] and note["node"] == "odd" for note in said["notes"])


def test_what_is_imported_is_not_trusted_until_someone_consents(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)
    path = written(ws.root, export("new", [START, GENERATE], BEGIN))
    ws.import_workflow(path)
    assert not ws.is_trusted("new")


def test_a_workflow_and_its_loops_are_imported_all_or_none(ws: Workspace) -> None:
    document = export("twice", [START, GENERATE, node("loop", "splitInBatches", {}, 3), fields("x", a="b")],
                      [*BEGIN, ("gen", 0, "loop"), ("loop", 1, "x"), ("x", 0, "loop")])  # fmt: skip
    ws.save(Workflow(name="twice-loop"))
    with pytest.raises(AlreadyExists, match="twice-loop"):
        ws.import_workflow(written(ws.root, document))
    assert [one.name for one in ws.workflows()] == ["twice-loop"]
    ws.import_workflow(written(ws.root, document), replace=True)
    with pytest.raises(AlreadyExists, match="twice"):
        ws.import_workflow(written(ws.root, document))


def test_pasted_text_is_read_as_the_file_is(ws: Workspace) -> None:
    reading = ws.read(FileText(json.dumps(export("pasted", [START], []))))
    assert reading.workflow is not None
    assert reading.conversion is not None
    assert reading.storable


def test_the_studio_imports_it_with_its_loops_and_says_what_became_of_it(ws: Workspace) -> None:
    from flowbook.ui.editor.files_panel import ImportPanel

    taken: list[Workflow] = []
    panel = ImportPanel(ws, lambda: None, taken.append)
    loop = [START, GENERATE, node("loop", "splitInBatches", {}, 3), fields("x", a="={{ $json.n }}")]
    document = export("Shown", loop, [*BEGIN, ("gen", 0, "loop"), ("loop", 1, "x"), ("x", 0, "loop")])
    panel.form.set_values({"text": json.dumps(document)})
    panel.import_text()
    assert [one.name for one in taken] == ["shown"]
    assert [one.name for one in ws.workflows()] == ["shown-loop"]
    assert "4 of 4 nodes and 1 of 1 expression" in str(panel.message.text)


# --- bad files ---------------------------------------------------------------------------------------------------

DEEP = '{"nodes": ' + "[" * 100_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"nodes": [', "export.json:1:12: this is not JSON"),
        (DEEP, "nested too deeply"),
        ('{"nodes": [' + "[" * 70 + "]" * 70 + "]}", "levels deep"),
        ('{"nodes": []' + " " * 6_000_000 + "}", "larger than 5 MiB"),
        ('{"nodes": {}}', "no list of nodes"),
        ('[{"nodes": []}, {"nodes": []}]', "holds 2 workflows"),
        ('{"nodes": [5]}', "nodes[0]: a node is an object"),
        ('{"nodes": [{"name": "a"}]}', "nodes[0]: the node has no type"),
        ('{"nodes": [{"name": "a", "type": "x", "parameters": []}]}', "nodes[0].parameters: this is not an object"),
        (json.dumps({"nodes": [START], "connections": 5}), "connections: this is not an object"),
        (json.dumps({"nodes": [START], "connections": {"start": {"main": [[5]]}}}), "names no node that it leads to"),
        (json.dumps({"nodes": [node(str(n), "noOp") for n in range(1001)]}), "at most 1,000"),
    ],
)
def test_a_file_that_is_broken_is_refused_with_the_place(ws: Workspace, text: str, why: str) -> None:
    with pytest.raises(FileFormatError, match=r"export\.json") as caught:
        ws.read(FileText(text, "export.json"))
    assert why in str(caught.value)
    assert not list(ws.workflows())


def test_a_connection_that_leads_nowhere_is_left_out_and_told() -> None:
    """n8n passes over them, too: some that are shown to others have such."""
    found = read(export("a", [START, fields("x", a=1)], [("start", 0, "x"), ("start", 0, "gone"), ("lost", 0, "x")]))
    assert found.document["edges"] == [{"from": "start", "to": "x"}]
    assert {(note.node, note.what) for note in found.report.notes} >= {
        ("start", "the connection to 'gone'"), ("lost", "the connection to 'x'"),
    }  # fmt: skip


def test_what_was_written_to_take_long_ends(ws: Workspace) -> None:
    chain = [node(f"n{n}", "noOp") for n in range(300)]
    edges = [(f"n{n}", 0, f"n{m}") for n in range(299) for m in (n + 1, min(n + 2, 299)) if m > n]
    assert len(read(export("wide", chain, edges)).document["nodes"]) == 300
    circle = [*edges, ("n299", 0, "n0"), *((f"n{n}", 0, f"n{n // 2}") for n in range(300))]
    made = read(export("circles", chain, circle))
    assert all(len(json.dumps(part)) < 3_000_000 for part in [made.document, *made.parts])
    nested = export("nested", [START, *(node(f"l{n}", "splitInBatches", {}, 3) for n in range(12))], [
        ("start", 0, "l0"), *((f"l{n}", 1, f"l{n + 1}") for n in range(11)), *((f"l{n + 1}", 0,
        f"l{n}") for n in range(11)),
    ])  # fmt: skip
    made = read(nested)
    assert len(made.parts) == 8
    assert any("levels deep" in note.why for note in made.report.notes)
    deep = fields(
        "deep", a="={{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", b="={{" * 2000, c="={{ " + "!" * 9000 + "1 }}"
    )
    assert read(export("deep", [deep], [])).report.expressions >= 2
    doubling = fields("e", a="={{ " + " ?? ".join(["$json.a"] * 55) + " }}")
    assert read(export("doubling", [doubling], [])).report.translated == 0
    with pytest.raises(FileFormatError, match="more than 2,000 expressions"):
        read(export("blocks", [fields("e", a="=" + "{{(}}" * 2_100)], []))
    many = [fields(f"e{n}", **{f"k{m}": "={{ 1 }}" for m in range(100)}) for n in range(201)]
    with pytest.raises(FileFormatError, match="more than 20,000 expressions"):
        read(export("many", many, []))


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"rules": 5, "conditions": [], "assignments": "x", "options": "y", "values": {"string": [5]}}},
        {"parameters": {"fieldsToAggregate": 1, "sortFieldsUi": {"sortField": [1]}, "keys": [], "mergeByFields": 3}},
        {"typeVersion": "x", "position": None, "credentials": [], "onError": 5, "maxTries": "a"},
        {"parameters": {"url": 5, "headerParameters": {"parameters": [1]}, "sendHeaders": True, "options": []}},
    ],
)
@pytest.mark.parametrize(
    "kind",
    [
        "set",
        "if",
        "filter",
        "switch",
        "merge",
        "splitOut",
        "aggregate",
        "sort",
        "summarize",
        "httpRequest",
        "code",
        "wait",
        "slack",
    ],
)
def test_params_of_other_kinds_than_n8n_writes_break_nothing(kind: str, change: dict[str, Any]) -> None:
    made = read(export("odd", [START, node("x", kind, {}, 3) | change], [("start", 0, "x")]))
    Workflow.from_document(made.document)


def test_without_the_parser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowbook.formats.n8n import javascript

    javascript._parser.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    with pytest.raises(FileFormatError, match="JavaScript") as caught:
        read(export("a", [START, fields("x", a="={{ $json.a }}")], [("start", 0, "x")]))
    assert "pip install 'jupyter-flowbook[n8n]'" in str(caught.value)


# --- expressions -------------------------------------------------------------------------------------------------


def meaning(kind: str, name: str | None, *more: str) -> str:
    """What n8n's names are in these tests."""
    base = "nodes.a.data"
    known = {
        "json": "item",
        "index": "index",
        "all": base,
        "first": f"{base}[0]",
        "last": f"{base}[-1]",
        "item": f"{base}[0]",
    }
    return known.get(kind) or f"{base}[{more[0]}]"


ITEM = {
    "n": 7, "half": 2.5, "text": "Ada Lovelace", "list": ["b", "a"], "rows": [{"v": 2, "ok": True}, {"v": 1}],
    "none": None,
    "day": "2026-02-28T12:00:00.000Z", "mail": "ada@example.com", "s": "5", "a b": 1, "from": "x",
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$json.n + 1", 8), ("$json.n / 7", 1), ("$json['a b']", 1), ("$json.from", "x"), ("'a' + $json.n", "a7"),
        ("`${$json.text}: ${$json.n}`", "Ada Lovelace: 7"), ("$json.missing", None),
        ("$json.missing?.deeper ?? 'x'", "x"),
        ("$json.none ?? 5", 5), ("!$json.missing", True), ("$json.n > 5 && $json.text", "Ada Lovelace"),
        ("$json.n > 9 ? 'big' : 'small'", "small"), ("$json.text.split(' ')[0].toLowerCase()", "ada"),
        ("$json.list.sort()", ["a", "b"]), ("$json.rows.map(r => r.v)", [2, 1]),
        ("[...$json.list, 'c']", ["b", "a", "c"]),
        ("$json.rows.filter(r => r.ok).length", 1), ("$json.rows.find(r => r.v === 1).v", 1),
        ("$json.rows.reduce((sum, r) => sum + r.v, 10)", 13), ("$json.rows.some((r) => { return r.v > 1 })", True),
        ("$json.rows.sort((a, b) => a.v - b.v)[0].v", 1), ("$json.list.map((x, i) => i + ': ' + x)", ["0: b", "1: a"]),
        ("({...{a: 1}, b: $json.n})", {"a": 1, "b": 7}), ("Object.keys({x: 1})", ["x"]), ("Math.round($json.half)", 3),
        ("$json.text.replace(/[aeiou]/g, '*')", "Ad* L*v*l*c*"), ("$json.text.replace('a', 'o')", "Ado Lovelace"),
        ("$json.mail.match(/@(.+)$/)[1]", "example.com"), ("/^a/.test($json.mail)", True), ("Number($json.s) * 2", 10),
        ("parseInt('12px')", 12), ("(1.005).toFixed(1)", "1.0"), ("typeof $json.s", "string"), ("+$json.s", 5),
        ("DateTime.fromISO($json.day).plus({months: 1}).toFormat('d LLL yyyy')", "28 Mar 2026"),
        ("new Date($json.day).getTime()", 1772280000000), ("$json.list.includes('a')", True), ("$json.text.length", 12),
        ("$('Other').first().json.x", 1), ("$('Other').all().map(i => i.json.x).join('+')", "1+2"),
        ("$items('Other')[1].json.x", 2),
        ("$node['Other'].json.x", 1), ("$input.all().length", 2), ("$itemIndex", 0), ("$json.text.isEmpty()", False),
        ("$if($json.n > 3, 'y', 'n')", "y"), ("JSON.stringify({a: [1]})", '{"a":[1]}'), ("$json.list.first()", "b"),
        ("$('Other').all().map(({json}) => json.x)", [1, 2]), ("$json.rows.map(({v}) => v)", [2, 1]),
        ("Object.entries({a: 1}).map(([k, v]) => `${k}${v}`)", ["a1"]), ("Math.max(...[1, 3])", 3),
        ("$json.s * 2 - '1'", 9), ("typeof $json.none", "object"), ("typeof $json.nope", "undefined"),
        ("$('Other').all().find(i => i.json.x > 1).json.x", 2),
        ("$('Other').all().filter(i => i.json.x > 1)[0].json.x", 2),
        ("$('Other').all().slice(1).map(i => i.json.x)", [2]),
        ("$json.rows.map(r => r.v).reduce((a, b) => a + b)", 3), ("'ab'.split('')", ["a", "b"]),
        ("DateTime.fromISO('2026-03-10').diff(DateTime.fromISO('2026-03-01'), 'days').days", 9),
        ("new Date($json.day).toISOString()", "2026-02-28T12:00:00.000Z"),
        ("$jmespath($json.rows, '[?v > `1`].v')", [2]), ("$jmespath($json.missing, 'a')", None),
    ],
)  # fmt: skip
def test_an_expression_means_the_same_in_our_language(source: str, expected: Any) -> None:
    scope = {"item": ITEM, "index": 0, "inputs": {}, "run": {}, "nodes": {"a": {"data": [{"x": 1}, {"x": 2}]}}}
    text = translated(source, meaning, "'UTC'")
    assert compile_expression(f"default({text}, null)").evaluate(scope) == expected


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("(() => 1)()", "called in place"), ("$json.a.sort((a, b) => f(a))", "by a function"), ("x", "the name x"),
        ("$('a').item.binary.data", "binary"), ("$json.a.replace(/(?<=a)b/, '')", "look-around"),
        ("a = 1", "JavaScript"),
        ("$json.map(({a = 1}) => a)", "taken apart"),
        ("1 +", "no JavaScript"),
        ("$json.d.toFormat('GGGG')", "date format"), ("parseInt('a', 16)", "base"), ("new Map()", "new Map"),
        ("$('a').item", "whole"), ("await x()", "JavaScript"), ("$json.a.weird()", ".weird()"), ("0xff", "number"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_in_our_language_is_told(source: str, why: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        translated(source, meaning)
    assert why in str(caught.value)


def test_an_expression_ends_where_that_makes_it_javascript() -> None:
    assert blocks("a {{ {a: {b: 1}} }} b {{ $json.x }}!") == [
        (False, "a "), (True, " {a: {b: 1}} "), (False, " b "), (True, " $json.x "), (False, "!"),
    ]  # fmt: skip
    assert blocks("{{ ( }}" + "x}}" * 20) == [(True, " ( "), (False, "x}}" * 20)]
    assert blocks("no {{ end") == [(False, "no {{ end")]


def test_half_a_character_becomes_a_mark_that_it_was_there(ws: Workspace) -> None:
    """JavaScript leaves such where it cuts a text; no file holds one, and a workflow with one was no file any more."""
    start = {**START, "name": "Start \ud83d", "notes": "cut \ud83d"}
    given = {**fields("given", word=("cut \ud83d", "string")), "notes": "cut \udc00"}
    document = export("half \ud83d", [start, given], [("Start \ud83d", 0, "given")])
    flow = ws.import_workflow(ws.read(written(ws.root, document)))
    ws.save(flow)
    assert flow.nodes["given"].notes.startswith("cut \ufffd")
    assert ws.run(flow.name)["given"].data[0]["word"] == "cut \ufffd"


def test_nodes_of_n8n_do_not_stand_on_each_other() -> None:
    """n8n's are half as wide as ours and 200 apart: lines between them were hidden."""
    kinds = {"Start": "manualTrigger", "A": "noOp", "B": "noOp"}
    steps = [
        {
            "name": name,
            "type": f"n8n-nodes-base.{kind}",
            "typeVersion": 1,
            "position": [200 * place, 0],
            "parameters": {},
        }
        for place, (name, kind) in enumerate(kinds.items())
    ]
    links = {a: {"main": [[{"node": b, "type": "main", "index": 0}]]} for a, b in (("Start", "A"), ("A", "B"))}
    layout = read_export(json.dumps({"name": "x", "nodes": steps, "connections": links})).document["layout"]
    assert sorted(layout.values()) == [[0, 0], [300, 0], [600, 0]]


@pytest.mark.parametrize(
    ("kind", "params", "offers"),
    [
        ("scheduleTrigger", {"rule": {"interval": [{"field": "cronExpression", "expression": "0 7 * * 1-5"}]}},
         ["0 7 * * 1-5"]),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "cronExpression", "expression": "0 30 6 * * *"}]}},
         ["30 6 * * *"]),
        ("scheduleTrigger", {}, ["0 0 * * *"]),
        ("scheduleTrigger", {"rule": {"interval": [{"triggerAtHour": 9, "triggerAtMinute": 15}]}}, ["15 9 * * *"]),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "minutes"}, {"field": "hours", "hoursInterval": 6}]}},
         ["*/5 * * * *", "0 */6 * * *"]),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "weeks", "triggerAtDay": [1, 5], "triggerAtHour": 8}]}},
         ["0 8 * * 1,5"]),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "months", "triggerAtDayOfMonth": 3}]}}, ["0 0 3 * *"]),
        ("cron", {"triggerTimes": {"item": [{"mode": "everyWeek", "hour": 6, "weekday": "2"}]}}, ["0 6 * * 2"]),
        ("cron", {}, ["0 14 * * *"]),
        ("interval", {"interval": 10, "unit": "minutes"}, ["*/10 * * * *"]),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "seconds"}]}}, []),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "minutes", "minutesInterval": 7}]}}, []),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "days", "daysInterval": 2}]}}, []),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "cronExpression", "expression": "5 4 * * ';rm"}]}}, []),
        ("scheduleTrigger", {"rule": {"interval": [{"field": "weeks", "triggerAtDay": "x"}]}}, []),
        ("interval", {"interval": True}, []),
    ],
)  # fmt: skip
def test_what_started_it_by_the_clock_is_offered_as_a_schedule(
    kind: str, params: dict[str, Any], offers: list[str]
) -> None:
    """Each line is one that ``flowbook schedule add`` takes; what is none is told of as it was."""
    begin = {"name": "Clock", "type": f"n8n-nodes-base.{kind}", "typeVersion": 1.2, "parameters": params}
    made = {"name": "By Clock", "nodes": [begin], "connections": {}, "settings": {"timezone": "Europe/Berlin"}}
    (note,) = [one for one in read_export(json.dumps(made), "x").report.notes if one.node == "Clock"]
    told = [f"flowbook schedule add by-clock --cron '{line}' --zone Europe/Berlin" for line in offers]
    assert note.why.removeprefix("nothing starts the workflow by itself: ") == (
        "by the clock does " + "; ".join(told) if offers else "run it by a schedule or by what calls it"
    )
    for line in offers:
        Cron(line, "UTC")


@pytest.mark.parametrize(("kind", "more"), [("webhook", ""), ("formTrigger", " --form")])
def test_what_started_it_by_requests_is_offered_as_a_hook(kind: str, more: str) -> None:
    begin = {"name": "Hook", "type": f"n8n-nodes-base.{kind}", "typeVersion": 2, "parameters": {"path": "orders"}}
    made = {"name": "By Hook", "nodes": [begin], "connections": {}}
    notes = read_export(json.dumps(made), "x").report.notes
    assert f"flowbook hooks add by-hook{more} has" in notes[0].why
