"""The steps that need no service."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.catalog import Catalog
from flowbook.engine import Execution, NodeResult
from flowbook.errors import RunFailed
from flowbook.events import Event, NodeOutput
from flowbook.expressions import compile_expression
from flowbook.plan import make_plan
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract, run_task
from integrations import core

FOLDER = Path(core.__file__).parent


def ran(code: str, **context: Any) -> Any:
    """What a code node gives outside of a run."""
    return run_task(core.python, None, {"code": code}, **context)


def execute(build: Callable[[Workflow], None], **inputs: Any) -> tuple[dict[str, NodeResult], list[Event]]:
    """Run a workflow in the engine; its results and events."""
    flow = Workflow(name="daily-report")
    build(flow)
    events: list[Event] = []
    execution = Execution(
        make_plan(flow, Catalog(environ={})), run_id="r1", inputs=inputs, subscribers=[events.append], max_workers=2
    )
    return execution.run().results, events


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(FOLDER) == []


def test_there_is_nothing_to_connect_to() -> None:
    assert core.test_connection({})["success"]


def test_noop_does_nothing() -> None:
    assert core.noop({}, {}) == {"success": True, "message": "Nothing to do", "data": None}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5))
def test_set_gives_its_values_as_they_are(values: Any) -> None:
    result = core.set({}, {"values": values})
    assert result["success"]
    assert result["data"] == values


def test_fail_fails_with_its_message() -> None:
    assert core.fail({}, {"message": "no orders today"}) == {
        "success": False, "message": "no orders today", "data": None,
    }  # fmt: skip


# --- wait --------------------------------------------------------------------------------------------------------


def test_wait_waits_and_says_how_far_it_is() -> None:
    start = time.monotonic()
    result = run_task(core.wait, None, {"seconds": 0.05})
    assert result.success
    assert time.monotonic() - start >= 0.05
    assert result.progress[-1] == (0.05, 0.05, "seconds")


def test_a_wait_ends_when_it_is_told_to_stop() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    result = run_task(core.wait, None, {"seconds": 3600}, stop=stop)
    assert not result.success
    assert "of 3600 seconds" in result.message


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), "soon"])
def test_a_wait_needs_a_number_of_seconds(seconds: Any) -> None:
    assert "seconds" in core.wait({}, {"seconds": seconds})["message"]


# --- python: its value -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("1 + 1", 2),
        ("x = 20\nx + 2\n", 22),
        ("x = 20", None),
        ("# nothing", None),
        ("for i in range(3):\n    i", None),
        ("def f(n):\n    return n and n + f(n - 1)\n\nf(4)", 10),
        ("[y for y in range(3) if y]", [1, 2]),
        ("import math\nmath.pi > 3", True),
        ("\n    x = 1\n    x\n    ", 1),
        ("'a'\n'b'", "b"),
        ("(1,\n 2)", (1, 2)),
        ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int'\nP(3).x", 3),
    ],
)
def test_the_last_expression_is_the_data(code: str, data: Any) -> None:
    result = ran(code)
    assert result.success, result.message
    assert result.data == data


def test_a_dict_with_success_and_message_is_data_like_any_other() -> None:
    result = ran("{'success': False, 'message': 'from a service'}")
    assert result.success
    assert result.data == {"success": False, "message": "from a service"}


def test_the_code_is_compiled_without_this_project_s_own_settings() -> None:
    assert ran("def f(x: int): pass\nf.__annotations__['x'] is int").data is True


def test_what_code_defines_is_gone_with_it() -> None:
    assert ran("leftover = 1").success
    assert "leftover" in ran("leftover").message


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("None", "Done"),
        ("3", "Gave 3"),
        ("10**5000", "Gave a number of 16,610 bits"),
        ("'short'", "Gave 'short'"),
        ("'x' * 5000", "Gave text of 5,000 characters"),
        ("b'x' * 5000", "Gave 5,000 bytes"),
        ("[1, 2]", "Gave a list of 2"),
        ("{'a': 1}", "Gave an object with 1 field"),
        ("import pandas\npandas.DataFrame({'a': [1, 2]})", "Gave a DataFrame of 2 × 1"),
    ],
)
def test_the_message_says_shortly_what_it_gave(code: str, shown: str) -> None:
    assert ran(code).message == shown


# --- python: what it sees ----------------------------------------------------------------------------------------


def test_inputs_and_nodes_are_in_scope_by_attribute_and_by_item() -> None:
    context = {"inputs": {"repo": "a/b", "items": [1]}, "nodes": {"fetch": NodeResult("succeeded", "ok", [1, 2])}}
    code = (
        "[inputs.repo, inputs['repo'], inputs['items'], nodes.fetch.data, nodes['fetch']['data'], nodes.fetch.message]"
    )
    assert ran(code, **context).data == ["a/b", "a/b", [1], [1, 2], [1, 2], "ok"]


def test_data_are_the_live_objects() -> None:
    live = object()
    assert ran("nodes.a.data", nodes={"a": NodeResult("succeeded", data=live)}).data is live


def test_a_node_that_is_not_there_is_named_with_the_nearest_one() -> None:
    message = ran("nodes.fech.data", nodes={"fetch": NodeResult("succeeded")}).message
    assert "there is no node 'fech' that has ended; did you mean 'fetch'?" in message
    assert "there is no input 'x'" in ran("inputs['x']").message


REACHED = {"body": {"rows": [{"city": "Bergen", "items": [1]}], "items": [2], "get": 3}, "status": 200}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("body.rows[0].city", "Bergen"), ('body["rows"][0]["city"]', "Bergen"), ("body.items", [2]), ("body.get", 3),
        ("body.rows[0].items", [1]), ("status", 200),
    ],
)  # fmt: skip
def test_data_is_reached_as_in_an_expression(path: str, value: Any) -> None:
    results = {"fetch": NodeResult("succeeded", data=REACHED)}
    for data in (f"nodes.fetch.data.{path}", f'nodes["fetch"]["data"].{path}'):
        assert ran(data, nodes=results).data == value
    assert compile_expression(f"nodes.fetch.data.{path}").evaluate({"nodes": results}) == value


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("[row.city for row in inputs.rows]", ["a", "b"]),
        ("def city(row):\n    return row.city\nmax(inputs.rows, key=lambda row: row.n).city", "b"),
        ("inputs.rows[0].items()", [("city", "a"), ("n", 1)]),
        ("row = dict(inputs.rows[0])\nrow['city'] += '!'\nrow.update(n=5)\nrow", {"city": "a!", "n": 5}),
        ("import datetime\ndatetime.timezone.utc.utcoffset(None).days", 0),
        ("class A:\n    kind = 1\n    def __init__(self):\n        self.__n = 2\n        self.n = 3\n"
         "    def sum(self):\n        self.n += 1\n        return self.__n + self.n + self.kind\nA().sum()", 7),
        ("class B(dict):\n    keys = 4\nB(keys=5).keys", 4),
        ("from enum import Enum\nclass C(Enum):\n    RED = 1\n"
         "match C.RED:\n    case C.RED if inputs.rows[0].n:\n        x = inputs.rows[1].city\nx", "b"),
        ("x = inputs.rows[0]\nf'{x.city} {x.n:03d}'", "a 001"),
        ("from collections import Counter\nCounter('aab').most_common(1)[0][0]", "a"),
    ],
)  # fmt: skip
def test_the_rest_of_the_language_is_python_s(code: str, data: Any) -> None:
    rows = [{"city": "a", "n": 1}, {"city": "b", "n": 2}]
    found = ran(code, inputs={"rows": rows}).data
    assert (list(found) if "items()" in code else found) == data


def test_a_key_that_is_not_there_is_named_with_those_there_are() -> None:
    message = ran("row = inputs.row\nrow.citty", inputs={"row": {"city": "a", "n": 1}}).message
    assert "there is no key or attribute 'citty', only: city, n (line 2: row.citty)" in message


@pytest.mark.parametrize("name", ["items", "values", "get", "keys", "_values", "_kind", "data", "pop"])
def test_the_names_of_nodes_and_inputs_win_over_methods(name: str) -> None:
    results = {name: NodeResult("succeeded", data=[1])}
    assert ran(f"nodes.{name}.data, inputs.{name}", nodes=results, inputs={name: 5}).data == ([1], 5)
    assert ran(f"[*inputs], len(nodes), '{name}' in inputs", nodes=results, inputs={name: 5}).data == ([name], 1, True)
    assert ran("list(inputs.values())", inputs={"n": 5}).data == [5]


AWKWARD = {
    name: number
    for number, name in enumerate(
        ["keys", "items", "values", "get", "pop", "copy", "update", "__class__", "__iter__", "__len__", "_kind", "n"]
    )
}


@pytest.mark.parametrize("names", [["keys"], ["items"], ["values", "get"], ["__class__"], list(AWKWARD)])
@pytest.mark.parametrize(
    "code",
    [
        "dict({0})", "{{**{0}}}", "(lambda **all: all)(**{0})", "{{name: {0}[name] for name in {0}}}",
        "dict({0}.items())", "dict(zip({0}.keys(), {0}.values()))", "import copy\ncopy.copy({0})",
        "import copy\ncopy.deepcopy({0})", "import pickle\npickle.loads(pickle.dumps({0}))", "{0}.copy()", "{0} | {{}}",
        "import json\njson.loads(json.dumps({0}))", "import json\njson.loads(json.dumps({0}, indent=1))",
        "import collections\ndict(collections.ChainMap({0}))", "{{name: {0}.get(name) for name in {0}}}",
        "dict({0}) if len({0}) and 'absent' not in {0} and all(name in {0} for name in {0}) else None",
    ],
)  # fmt: skip
def test_all_that_python_asks_of_a_mapping_holds_whatever_names_are_in_it(code: str, names: list[str]) -> None:
    given = {name: AWKWARD[name] for name in names}
    for place in ("inputs", "inputs.inner", "item"):
        result = run_task(core.python, None, {"code": code.format(place), "item": given},
                          inputs=given if place == "inputs" else {"inner": given})  # fmt: skip
        assert (result.data, type(result.data), result.message[:6]) == (given, dict, "Gave a"), (place, result.message)
    if "json" not in code and "pickle" not in code and "deepcopy" not in code:
        ended = {name: NodeResult("succeeded", data=value) for name, value in given.items()}
        found = ran(code.format("nodes"), nodes=ended).data
        assert {name: one.data for name, one in found.items()} == given


@pytest.mark.parametrize("names", [["keys"], ["items"], list(AWKWARD)])
@pytest.mark.parametrize(
    "code",
    ["import yaml\nyaml.safe_dump({0})", "import yaml\nyaml.dump({0})",
     "import yaml\nyaml.dump({0}, Dumper=getattr(yaml, 'CSafeDumper', yaml.SafeDumper))",
     "import yaml\nfrom flowbook import Result\nyaml.safe_dump(Result.ok('', {0}))"],
)  # fmt: skip
def test_yaml_writes_inputs_as_the_mapping_that_they_are(code: str, names: list[str]) -> None:
    given = {name: AWKWARD[name] for name in names}
    found = yaml.safe_load(run_task(core.python, None, {"code": code.format("inputs")}, inputs=given).data)
    assert (found.get("data") if "Result" in code else found) == given


def test_inputs_are_read_and_not_changed() -> None:
    for change in ("inputs['a'] = 1", "inputs.update(a=1)", "inputs.a = 1", "inputs |= {}", "inputs.clear()"):
        assert "inputs are read, not changed: make a dict of them first" in ran(change, inputs={"a": 0}).message


def test_item_and_index_are_in_scope() -> None:
    result = run_task(core.python, None, {"code": "[item, index]", "item": {"id": 7}}, index=3)
    assert result.data == [{"id": 7}, 3]


def test_a_skipped_node_has_no_data_and_says_so() -> None:
    def build(flow: Workflow) -> None:
        flow.add("first", "core.set", params={"values": 1})
        flow.add("left_out", "core.set", params={"values": 2}, when="false")
        flow.add("look", "core.python", params={"code": "nodes.left_out.data"}, join="any")
        flow.connect("first", "left_out")
        flow.connect("first", "look")
        flow.connect("left_out", "look")

    results, _ = execute(build)
    assert "the node 'left_out' has no data: it is skipped" in results["look"].message


def test_a_run_hands_its_inputs_items_and_earlier_nodes_to_the_code() -> None:
    def build(flow: Workflow) -> None:
        flow.add("numbers", "core.set", params={"values": [1, 2, 3]})
        flow.add(
            "scaled", "core.python", for_each="nodes.numbers.data",
            params={"code": "item * inputs.factor + index", "item": "${{ item }}"},
        )  # fmt: skip
        flow.add("total", "core.python", params={"code": "sum(nodes.scaled.data)"})
        flow.connect("numbers", "scaled")
        flow.connect("scaled", "total")

    results, _ = execute(build, factor=10)
    assert results["scaled"].data == [10, 21, 32]
    assert results["total"].data == 63


def test_what_code_prints_is_its_node_s_output() -> None:
    _, events = execute(lambda flow: flow.add("say", "core.python", params={"code": "print('hello')"}))
    assert [(e.node_id, e.text) for e in events if isinstance(e, NodeOutput)] == [("say", "hello\n")]


# --- python: its errors ------------------------------------------------------------------------------------------


def test_an_error_names_its_line_and_the_output_shows_the_code() -> None:
    result = ran("def ratio(a, b):\n    return a / b\n\nratio(1, 0)", workflow="daily-report", node_id="calc")
    assert result.message.startswith("ZeroDivisionError: ")
    assert result.message.endswith(" (line 2: return a / b)")
    assert 'File "<daily-report.calc>", line 4, in <module>\n    ratio(1, 0)' in result.output
    assert "return a / b" in result.output
    assert "integrations" not in result.output


def test_an_error_of_an_expression_that_ends_the_code_is_placed_too() -> None:
    assert ran("x = {}\nx['a']").message == "KeyError: 'a' (line 2: x['a'])"


def test_a_traceback_shows_the_code_that_ran_and_not_an_earlier_one() -> None:
    ran("old_line()", node_id="n")
    output = ran("new_line()", node_id="n").output
    assert "new_line()" in output
    assert "old_line()" not in output


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("x = 1\nx = = 2", "syntax error in line 2"),
        ("def f(:\n  pass", "syntax error in line 1"),
        ("return 5", "syntax error in line 1: "),
        ("if True:\nx = 1", "syntax error in line 2"),
        ("await thing()", "syntax error in line 1"),
    ],
)
def test_a_syntax_error_is_told_with_its_line(code: str, part: str) -> None:
    result = ran(code)
    assert not result.success
    assert part in result.message
    assert result.output == ""


def test_a_package_that_is_missing_is_said_with_its_command_and_not_tried_again() -> None:
    result = ran("import cv2_not")
    assert "No module named 'cv2_not' (line 1: import cv2_not). Run: pip install cv2_not." in result.message
    assert result.permanent
    assert "pip install" not in ran("import os.nothing").message
    assert "pip install" not in ran("from . import x").message


def test_where_a_package_is_missing_shows_once() -> None:
    _, events = execute(lambda flow: flow.add("a", "core.python", params={"code": "import cv2_not"}) and None)
    shown = "".join(event.text for event in events if isinstance(event, NodeOutput))
    assert shown.count("ModuleNotFoundError: No module named 'cv2_not'") == 1


def test_code_that_asks_somebody_is_told_to_declare_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "inputs.<name>" in ran("input('name? ')").message


def test_code_can_fail_with_a_message_of_its_own() -> None:
    result = ran("from flowbook import TaskFailed\nraise TaskFailed('no rows', {'rows': 0})")
    assert (result.message, result.data) == ("no rows", {"rows": 0})
    assert result.output == ""


def test_code_that_exits_ends_its_node_only() -> None:
    def build(flow: Workflow) -> None:
        flow.add("leave", "core.python", params={"code": "import sys\nsys.exit(3)"})
        flow.add("stay", "core.set", params={"values": 1})

    results, _ = execute(build)
    assert "sys.exit(3)" in results["leave"].message
    assert results["stay"].success


def test_a_code_node_needs_consent_and_may_write() -> None:
    spec = Catalog(environ={}).task("core.python")
    assert spec.runs_code
    assert spec.effects == "write"


# --- run_workflow ------------------------------------------------------------------------------------------------


def test_a_sub_workflow_needs_a_run() -> None:
    assert "inside a run" in core.run_workflow({}, {"workflow": "other"})["message"]


def test_a_sub_workflow_gets_its_inputs_and_gives_its_data(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    inner = Workflow(name="inner")
    inner.add("double", "core.python", params={"code": "inputs.n * 2"})
    inner.set_input("n", type="integer")
    ws.save(inner)
    outer = Workflow(name="outer")
    outer.add("sub", "core.run_workflow", params={"workflow": "inner", "inputs": {"n": "${{ 20 + 1 }}"}})
    run = ws.run(outer)
    assert run["sub"].data["nodes"] == {"double": 42}
    assert run["sub"].message == "inner succeeded: 1 of 1 node ran"
    assert ws.run_record(run["sub"].data["run"]).summary.workflow == "inner"
    ws.close()


def test_a_failed_sub_workflow_fails_its_node_and_names_what_failed(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    inner = Workflow(name="inner")
    inner.add("works", "core.set", params={"values": 1})
    inner.add("check", "core.fail", params={"message": "no stock"})
    ws.save(inner)
    outer = Workflow(name="outer")
    outer.add("sub", "core.run_workflow", params={"workflow": "inner"})
    with pytest.raises(RunFailed) as caught:
        ws.run(outer)
    result = caught.value.run["sub"]
    assert result.message == "inner failed: check: no stock"
    assert result.data["failed"] == {"check": "no stock"}
    assert result.data["nodes"]["works"] == 1
    ws.close()


def test_only_unhandled_failures_are_the_reason_of_a_failed_sub_workflow() -> None:
    results = {"a": NodeResult("failed", "handled one", handled=True), "b": NodeResult("failed", "the reason")}

    class Run(dict[str, NodeResult]):
        id = "r2"

    def fail(name: str, inputs: Any, context: Context) -> Any:
        raise RunFailed("inner: it failed", Run(results))

    with running_as(Context(run_workflow=fail)):
        assert core.run_workflow({}, {"workflow": "inner"})["message"] == "inner failed: b: the reason"


# --- repeat ------------------------------------------------------------------------------------------------------


def counting(ws: Workspace, code: str) -> None:
    inner = Workflow(name="inner")
    inner.set_input("n", type="integer", default=0)
    inner.add("step", "core.python", params={"code": code})
    ws.save(inner)


def loop(**params: Any) -> Workflow:
    outer = Workflow(name="outer")
    outer.add("loop", "core.repeat", params={"workflow": "inner", "again": "step.again", **params})
    return outer


def test_a_loop_carries_state_from_round_to_round_and_gathers_what_each_gave(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        counting(ws, "{'n': inputs.n + 1, 'square': inputs.n ** 2, 'again': inputs.n < 3}")
        run = ws.run(loop(carry={"n": "step.n"}, collect=["step.square", "step.nothing"], inputs={"n": 1}))
        data = run["loop"].data
        assert (data["rounds"], data["collected"]) == (3, {"step.square": [1, 4, 9], "step.nothing": [None] * 3})
        assert data["nodes"] == {"step": {"n": 4, "square": 9, "again": False}}
        assert len([one for one in ws.runs() if one.workflow == "inner"]) == 3


def test_a_loop_that_never_ends_fails_after_the_most_rounds_it_may_make(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        counting(ws, "{'again': True}")
        with pytest.raises(RunFailed) as caught:
            ws.run(loop(most=2))
        assert caught.value.run["loop"].message == "inner is to run again after 2 rounds, which are the most it may"
        assert caught.value.run["loop"].data["rounds"] == 2


def test_a_round_that_fails_ends_the_loop_with_its_reason(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        counting(ws, "{'n': inputs.n + 1, 'again': 1 / (1 - inputs.n)}")
        with pytest.raises(RunFailed) as caught:
            ws.run(loop(carry={"n": "step.n"}))
        assert caught.value.run["loop"].message.startswith("inner failed: step: ZeroDivisionError")


def test_the_workflow_of_a_loop_is_checked_and_is_part_of_what_consent_is_asked_for(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        assert [problem.code for problem in ws.check(loop()).errors] == ["unknown-workflow"]
        counting(ws, "1")
        assert not ws.check(loop()).errors
        outer = tmp_path / "outer.flow.yaml"
        outer.write_text(
            "flowbook: 1\nname: outer\nnodes:\n  loop:\n    task: core.repeat\n"
            "    params: {workflow: inner, again: step}\n"
        )
        assert "inner" in dict(ws.review(outer).workflows)
