"""What expressions can use, with the values of the last run, and what they come to."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.errors import ExpressionLimitError
from flowbook.models import Parameter, Workflow
from flowbook.ui.editor.marking import marks_of
from flowbook.ui.editor.scope import AT_ONCE, Outcome, Scope
from flowbook.ui.editor.scope_tree import ITEMS_SHOWN, MOST_ENTRIES, Tree, short
from flowbook.ui.parts.fields import Field
from flowbook.workspace.earlier import LastValues


def flow() -> Workflow:
    made = Workflow(name="daily")
    made.set_input("repo", default="a/b", description="Which repository")
    made.add("fetch", "core.set", params={"values": {"rows": [{"title": "Crash", "n": 1}], "odd key": 2}})
    made.add("rank", "core.noop", for_each="nodes.fetch.data.rows")
    made.add("later", "core.noop")
    made.connect("fetch", "rank")
    made.connect("rank", "later")
    return made


def offered(scope: Scope) -> list[dict[str, Any]]:
    """All that can be put into an expression, in the order in which it stands there."""
    return [entry for top in scope.tree()["entries"] for entry in inside(top)]


def inside(entry: dict[str, Any]) -> list[dict[str, Any]]:
    found = [one for child in entry.get("children", ()) for one in inside(child)]
    only_holds = entry["path"] in ("nodes", "inputs", "run") or (entry["path"].count(".") == 1 and found)
    return found if only_holds and entry["path"].startswith(("nodes", "inputs", "run")) else [entry, *found]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_before_the_first_run_names_are_listed_and_values_are_promised(ws: Workspace) -> None:
    scope = Scope(flow(), "rank", ws.last_values(flow()))
    texts = [entry["path"] for entry in offered(scope)]
    assert {"nodes.fetch.data", "nodes.fetch.message", "inputs.repo"} <= set(texts)
    outcome = scope.value_of("${{ nodes.fetch.data }}")
    assert (outcome.works, outcome.text) == (None, "The value shows once “fetch” has run.")
    assert scope.value_of("${{ inputs.repo }}").text == "“a/b”"


def test_the_data_of_the_node_just_before_comes_first(ws: Workspace) -> None:
    made = flow()
    made.add("beside", "core.noop")
    made.connect("beside", "later")
    entries = Scope(made, "later", ws.last_values(made)).tree()["entries"]
    assert [one["key"] for one in entries[0]["children"]] == ["rank", "beside", "fetch"]


@pytest.mark.parametrize(
    ("text", "wrong"), [("${{ nodes.a.data }}", []), ("{a}", [1]), ("${{ 1 + }}", [3]), ('{"a": "${{ 1 }}"}', [])]
)
def test_an_expression_in_place_of_json_is_underlined_only_where_it_is_wrong(text: str, wrong: list[int]) -> None:
    field = Field(Parameter(name="values", type="json"))
    assert [mark.start for mark in marks_of(field, text)] == wrong


def test_after_a_run_the_names_have_its_values_and_expressions_their_results(ws: Workspace) -> None:
    ws.run(flow(), repo="octo/cat")
    scope = Scope(flow(), "rank", ws.last_values(flow()))
    values = {entry["path"]: entry["value"] for entry in offered(scope)}
    assert values["inputs.repo"] == '"octo/cat"'
    assert values["item.title"] == '"Crash"'
    assert values['nodes.fetch.data["odd key"]'] == "2"
    assert scope.value_of("${{ item.title }} of ${{ inputs.repo }}").text == "“Crash of octo/cat”"
    assert scope.value_of({"n": "${{ len(nodes.fetch.data.rows) }}"}).text == '{"n": 1}'
    assert scope.value_of_expression("nodes.fetch.success and index == 0").text == "true"


def test_every_name_that_is_offered_can_be_evaluated(ws: Workspace) -> None:
    ws.run(flow())
    scope = Scope(flow(), "rank", ws.last_values(flow()))
    for entry in offered(scope):
        assert scope.value_of_expression(entry["path"]).works, entry


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("nodes.later.data", "does not run before this node"),
        ("nodes.ghost.data", "There is no node “ghost”"),
        ("nodes.fetch.data.row", "rows"),
        ("1 +", "expression"),
    ],
)
def test_an_expression_that_cannot_work_says_why(ws: Workspace, expression: str, words: str) -> None:
    ws.run(flow())
    outcome = Scope(flow(), "rank", ws.last_values(flow())).value_of_expression(expression)
    assert outcome.works is False
    assert words in outcome.text


def test_values_are_told_in_a_few_words() -> None:
    assert short([1, 2]) == "list of 2"
    assert short({"a": 1}) == "{a}"
    assert short("x" * 100).endswith('…"')
    assert short(None) == "null"


def test_of_much_data_the_first_part_is_shown_and_the_rest_counted() -> None:
    tree = Tree().entry("nodes.a.data", "data", [{"k": list(range(100))}] * 1000)
    assert (tree["value"], tree["more"], len(tree["children"])) == ("list of 1000", 995, ITEMS_SHOWN)
    assert tree["children"][0]["children"][0]["path"] == "nodes.a.data[0].k"
    wide = Tree().entry(
        "x", "x", {f"a{n}": {f"b{m}": {f"c{k}": k for k in range(90)} for m in range(90)} for n in range(90)}
    )

    def count(entry: dict[str, Any]) -> int:
        return 1 + sum(map(count, entry.get("children", ())))

    assert count(wide) < MOST_ENTRIES + 200


def test_data_of_a_node_that_did_not_run_last_time_is_promised_and_no_mistake(ws: Workspace) -> None:
    made = Workflow(name="report")
    made.add("first", "core.set", params={"values": 1})
    made.add("second", "core.set", params={"values": 2})
    made.add("third", "core.noop")
    made.connect("first", "second", when="nodes.first.data > 1")
    made.connect("second", "third")
    ws.run(made)
    scope = Scope(made, "third", ws.last_values(made))
    outcome = scope.value_of("${{ nodes.second.data + 1 }}")
    assert outcome.works is None
    assert outcome.text == "The value shows once “second” has run: last time it was skipped."


def test_many_previews_together_do_not_hold_the_kernel_up() -> None:
    """Each is within its budget: it is their sum that nobody waits for. Each turn of the kernel's loop begins anew."""
    one = "${{ len([x for x in range(50000)]) }}"
    flow = Workflow(name="many")
    flow.add("a", "core.set", params={"values": {f"v{number}": one for number in range(40)}})
    scope = Scope(flow, "a", LastValues({}, {}))

    async def shown() -> None:
        began = time.thread_time()
        with pytest.raises(ExpressionLimitError, match=r"values\.v\d+: .*with all that is evaluated here before it"):
            scope.evaluated(flow.nodes["a"].params)
        outcomes = [scope.value_of(one) for _ in range(40)]
        assert outcomes[-1] == Outcome("There is too much to evaluate here to show this: a run evaluates it.", None)
        assert time.thread_time() - began < 3 * AT_ONCE
        await asyncio.sleep(0)
        assert scope.value_of("${{ 1 + 1 }}") == Outcome("2", True)

    asyncio.run(shown())
