"""The names of nodes and inputs in a code node's Python, found and renamed."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workspace
from flowbook.catalog import Catalog
from flowbook.expressions.code import code_references, free_names, rename_in_code
from flowbook.expressions.code_order import used_too_early
from flowbook.models import Workflow
from flowbook.validation import validate

CATALOG = Catalog(environ={})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nodes.a.data", "nodes.b.data"),
        ("nodes . a . data", "nodes .b . data"),
        ("nodes['a']['data'] + nodes[\"a\"].data", "nodes['b']['data'] + nodes[\"b\"].data"),
        ("nodes.get('a')", "nodes.get('b')"),
        ("'a' in nodes and 'a' not in nodes", "'b' in nodes and 'b' not in nodes"),
        ("ä = 'ü'; x = nodes.a.data  # nodes.a", "ä = 'ü'; x = nodes.b.data  # nodes.a"),
        ("    x = nodes.a.data\n    x", "    x = nodes.b.data\n    x"),
        ("def f():\n    return nodes.a.data", "def f():\n    return nodes.b.data"),
        ("f'{nodes.a.data} nodes.a {len(nodes[\"a\"])}'", "f'{nodes.b.data} nodes.a {len(nodes[\"b\"])}'"),
        ('f"""\n{nodes.a.data!r:>{nodes.a.width}}\n"""', 'f"""\n{nodes.b.data!r:>{nodes.b.width}}\n"""'),
        ("x = ${{ nodes.c.data }} + nodes.a.data", "x = ${{ nodes.c.data }} + nodes.b.data"),
        ("lambda nodes=nodes.a: nodes.a", "lambda nodes=nodes.b: nodes.a"),
        ("[nodes.a for nodes in nodes.a.data]", "[nodes.a for nodes in nodes.b.data]"),
        ("class T(nodes.a.x):\n    nodes = 1\n    nodes.a", "class T(nodes.b.x):\n    nodes = 1\n    nodes.a"),
        ("my.nodes.a, nodes.a_b, nodes.data.a, a", "my.nodes.a, nodes.a_b, nodes.data.a, a"),
        ("nodes = load()\nnodes.a", "nodes = load()\nnodes.a"),
        ("import nodes\nnodes.a", "import nodes\nnodes.a"),
        ("def f(nodes):\n    return nodes.a", "def f(nodes):\n    return nodes.a"),
        ("def f():\n    global nodes\n    nodes = 1\nnodes.a", "def f():\n    global nodes\n    nodes = 1\nnodes.a"),
        ("(nodes := 1).a, nodes.a", "(nodes := 1).a, nodes.a"),
        ("nodes.a +", "nodes.a +"),
        ("'nodes.a'", "'nodes.a'"),
    ],
)  # fmt: skip
def test_what_surely_refers_to_the_node_follows_and_nothing_else_is_touched(before: str, after: str) -> None:
    assert rename_in_code(before, "nodes", "a", "b") == after


def test_a_name_that_cannot_be_an_attribute_is_written_in_brackets() -> None:
    assert rename_in_code("nodes.a.data", "nodes", "a", "class") == 'nodes["class"].data'
    assert rename_in_code("inputs.a", "inputs", "a", "items") == 'inputs["items"]'
    assert rename_in_code('f"{inputs.a}"', "inputs", "a", "items") == "f\"{inputs['items']}\""
    assert rename_in_code('inputs["items"]', "inputs", "items", "a") == 'inputs["a"]'
    assert rename_in_code("inputs.items, inputs.items()", "inputs", "items", "a") == "inputs.a, inputs.items()"


def test_what_the_code_cannot_do_without_is_told_from_what_it_asks_for() -> None:
    source = "nodes.a.data if 'b' in nodes else nodes.get('c'); nodes['d']; nodes.items(); inputs.e"
    assert code_references(source, "nodes") == {"a", "d"}
    assert code_references(source, "inputs") == {"e"}


@given(
    st.lists(
        st.sampled_from(["nodes.a.data", "nodes['a']", "nodes.b", "'ä'", "f'{nodes.a}{1}'", "inputs.a"]), min_size=1
    )
)
def test_renaming_there_and_back_gives_the_same_code(pieces: list[str]) -> None:
    source = "x = [\n  " + ",\n  ".join(pieces) + "]\nx"
    there = rename_in_code(source, "nodes", "a", "zz")
    assert "a" not in code_references(there, "nodes")
    assert rename_in_code(there, "nodes", "zz", "a") == source
    ast.parse(there)


def flow_with_code() -> Workflow:
    flow = Workflow(name="daily")
    flow.set_input("repo", description="which")
    flow.add("fetch", "core.set", params={"values": "${{ inputs.repo }}"}, at=(1, 2))
    flow.add(
        "sum_up", "core.python", params={"code": "len(nodes.fetch.data), inputs.repo, '${{ nodes.fetch.message }}'"}
    )
    flow.add(
        "say", "core.set", params={"text": "nodes.fetch.data"}, when="nodes.fetch.success", for_each="nodes.fetch.data",
        retry={"until": "nodes.fetch.success"},
    )  # fmt: skip
    flow.connect("fetch", "sum_up", when="nodes.fetch.data")
    flow.connect("sum_up", "say")
    return flow


def test_renaming_a_node_in_a_script_carries_along_all_that_refers_to_it() -> None:
    flow = flow_with_code()
    flow.rename("fetch", "load")
    assert flow.nodes["sum_up"].params["code"] == "len(nodes.load.data), inputs.repo, '${{ nodes.load.message }}'"
    say = flow.nodes["say"]
    assert say.retry is not None
    assert (say.when, say.for_each, say.retry.until) == ("nodes.load.success", "nodes.load.data", "nodes.load.success")
    assert say.params == {"text": "nodes.fetch.data"}, "a plain text is no reference"
    assert [(edge.source, edge.target, edge.when) for edge in flow.edges] == [
        ("load", "sum_up", "nodes.load.data"), ("sum_up", "say", None),
    ]  # fmt: skip
    assert dict(flow.layout) == {"load": (1, 2)}


def test_renaming_an_input_in_a_script_carries_along_all_that_refers_to_it() -> None:
    flow = flow_with_code()
    flow.rename_input("repo", "project")
    assert flow.inputs["project"].description == "which"
    assert flow.inputs["project"].name == "project"
    assert flow.nodes["fetch"].params == {"values": "${{ inputs.project }}"}
    assert flow.nodes["sum_up"].params["code"].startswith("len(nodes.fetch.data), inputs.project,")


def test_the_names_that_code_gives_no_meaning_are_known() -> None:
    code = (
        "import a\nx = 1\ndef f(y):\n    return pd.read(y, x, f)\nclass C:\n    z = w\n[t for t in u if t > ${{ v }}]\n"
    )
    assert free_names(code) == {"pd", "u", "w"}
    assert free_names("    x = 1\n    x + y\n") == {"y"}


@pytest.mark.parametrize("code", ["from os import *\njoin('a')", "x = (", "\x00"])
def test_of_code_of_which_it_cannot_be_told_no_name_is_said_to_be_missing(code: str) -> None:
    assert free_names(code) == set()


def test_a_name_that_only_some_kernel_has_is_a_problem_of_the_node(tmp_path: Path) -> None:
    flow = Workflow("x")
    flow.add("code", "core.python", params={"code": "len([item, index, nodes, inputs]) + rates", "item": 1})
    (problem,) = Workspace(tmp_path, memory=True).check(flow)
    assert (problem.code, problem.severity) == ("unknown-name", "warning")
    assert (problem.node, problem.field) == ("code", "params.code")
    assert "'rates'" in problem.message


@pytest.mark.parametrize(
    ("code", "early"),
    [
        ("print(total)\ntotal = 5", {"total": 1}),
        ("x = 1\n\ncount = count + x", {"count": 3}),
        ("for x in [1, 2]:\n    count += x\ncount", {"count": 2}),
        ("while n < 5:\n    n += 1", {"n": 1}),
        ("with open(path) as file:\n    path = file.name", {"path": 1}),
        ("    y = z\n    z = 1\n", {"z": 1}),
        ("def f(a=later):\n    return a\nlater = 1", {"later": 1}),
        ("rows = [r for r in found]\nfound = []", {"found": 1}),
        ("if nodes:\n    print(t)\nt = 1", {"t": 2}),
        ("total = 0\ndef f(n):\n    total = total + n\n    return total\nf(1)", {"total": 3}),
        ("def f():\n    return later\nlater = 1\nf()", {}),
        ("def f(n):\n    n = n + 1\n    def g():\n        nonlocal k\n        k = 1\n    g()\n    k = k + n", {}),
        ("for x in [1, 2]:\n    if x > 1:\n        print(before)\n    before = x", {}),
        ("for x in [1, 2]:\n    best = x if x == 1 else max(x, best)", {}),
        ("try:\n    known\nexcept NameError:\n    known = 1", {}),
        ("def f():\n    global g\n    g = 1\nf()\ng += 1", {}),
        ("if (m := 1) and m:\n    m", {}),
        ("import os\nwith open('a') as f, f as g:\n    g", {}),
        ("x: int\nx = 1\ndel x", {}),
        ("match nodes:\n    case [a]:\n        a", {}),
        ("class C:\n    y = 1\n    z = y\nC", {}),
        ("[y for y in [1] for z in [y]]\ny = z = 1", {}),
        ("globals()['a'] = 1\nprint(a)\na = 2", {}),
        ("x = (", {}),
        ("for i in [1]:\n    pass\nelse:\n    j = i", {}),
        ("if nodes:\n    a = 1\nelse:\n    a = 2\na", {}),
        ("async def f():\n    await g\ng = 1", {}),
    ],
)
def test_names_that_are_used_above_what_gives_them_a_meaning_are_found(code: str, early: dict[str, int]) -> None:
    assert used_too_early(code) == early


def test_a_name_that_is_used_too_early_is_a_warning_that_names_its_line() -> None:
    flow = Workflow("x")
    flow.add("code", "core.python", params={"code": "x = 1\ntotal = total + x\nlist = list([1])\nitem = item"})
    (problem,) = (one for one in validate(flow, CATALOG) if one.code == "used-too-early")
    assert (problem.severity, problem.node, problem.field) == ("warning", "code", "params.code")
    assert problem.message == "line 2 of the code uses 'total', which gets a meaning only below."


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("x = 1\nreturn x", "without return"),
        ("if nodes:\n    return 1", "call that on the last line"),
        ("    x = 1\n    return x\n", "without return"),
        ("yield 1", "a list"),
        ("for x in [1]:\n    yield from x", "a list"),
        ("import asyncio\nawait asyncio.sleep(0)", "asyncio.run(main())"),
        ("async for x in nodes:\n    pass", "asyncio.run(main())"),
        ("async with nodes as x:\n    pass", "asyncio.run(main())"),
        ("[x async for x in nodes]", "asyncio.run(main())"),
        ("for x in [1]:\n    pass\nbreak", "belongs into a loop"),
        ("if nodes:\n    continue", "belongs into a loop"),
        ("%matplotlib inline\n1", "a notebook's"),
        ("%%time\n1", "a notebook's"),
        ("!pip install x", "beside Flowbook"),
        ("%pip install x", "beside Flowbook"),
        ("!ls", "subprocess.run"),
        ("nodes?", "a notebook's"),
        ("?nodes", "a notebook's"),
        ('print "hello"', "print("),
        ("const x = 1", "javascript.run"),
        ("SELECT a FROM b", "SQL"),
        ("1 if True && False else 2", "and, or"),
    ],
)
def test_what_is_no_code_of_a_node_gets_what_to_write_here(code: str, hint: str) -> None:
    flow = Workflow("x")
    flow.add("code", "core.python", params={"code": code})
    problem = next(one for one in validate(flow, CATALOG) if one.code == "bad-code")
    assert hint in problem.remedy


@pytest.mark.parametrize("code", ["def f():\n    return 1\nx = = 2", "for x in y:\n    break\nx = = 1", "x = ("])
def test_what_is_right_in_bad_code_gets_no_hint(code: str) -> None:
    flow = Workflow("x")
    flow.add("code", "core.python", params={"code": code})
    problem = next(one for one in validate(flow, CATALOG) if one.code == "bad-code")
    assert problem.remedy == "Correct the code."


def test_a_package_that_code_imports_and_that_is_missing_is_said_before_the_run() -> None:
    flow = Workflow("x")
    code = (
        "import os, nowhere_at_all.inner\nfrom cv2_not import x\ntry:\n    import faster\nexcept ImportError:\n    1\n1"
    )
    flow.add("code", "core.python", params={"code": code})
    found = [one for one in validate(flow, CATALOG) if one.code == "missing-library"]
    assert [(one.severity, one.remedy) for one in found] == [
        ("warning", "Run: pip install cv2_not."), ("warning", "Run: pip install nowhere_at_all."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "warned"),
    [
        ("print(5)", True), ("x = 5", True), ("def f():\n    return 5", True), ("for x in []:\n    x", True),
        ("", True), ("    x = 5\n", True), ("5", False), ("x = 5\nx", False), ("f = print\nf(5)", False),
        ("    5\n", False),
    ],
)  # fmt: skip
def test_using_the_data_of_code_that_ends_without_a_value_is_worth_a_word(code: str, warned: bool) -> None:
    flow = Workflow("x")
    flow.add("a", "core.python", params={"code": code})
    flow.add("b", "core.set", params={"values": "${{ nodes.a.data }}"})
    flow.add("c", "core.python", params={"code": "nodes['a'].data"})
    flow.add("d", "core.set", params={"values": "${{ nodes.a.message }}"})
    for later in "bcd":
        flow.connect("a", later)
    found = [one for one in validate(flow, CATALOG) if one.code == "no-value"]
    assert {one.node for one in found} == ({"b", "c"} if warned else set())


@pytest.mark.parametrize(
    ("fields", "params", "said"),
    [
        ({"for_each": [1, 2]}, {}, "Fill in the param item"),
        ({}, {}, "Repeat the node"),
        ({"for_each": [1, 2]}, {"item": "${{ item }}"}, ""),
    ],
)
def test_code_that_uses_an_item_which_it_is_not_given_is_told_how_to_get_it(
    fields: dict[str, Any], params: dict[str, Any], said: str, tmp_path: Path
) -> None:
    ws = Workspace(tmp_path, memory=True)
    flow = Workflow(name="squares")
    flow.add("square", "core.python", params={"code": "item ** 2", **params}, **fields)
    problems = [problem for problem in ws.check(flow) if problem.code == "no-item"]
    assert [problem.remedy.startswith(said) for problem in problems] == ([True] if said else [])
    own = Workflow(name="own")
    own.add("square", "core.python", params={"code": "[item for item in (1, 2)]"})
    assert list(ws.check(own)) == []
