"""The models: frozen parts, and a workflow that changes only through its checked methods."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import flowbook.models
from flowbook.errors import AlreadyExists, InputError, InvalidName, InvalidWorkflow, NotFound
from flowbook.models import (
    Ancestry,
    Edge,
    Integration,
    IntegrationType,
    Links,
    Node,
    Note,
    Parameter,
    Retry,
    Workflow,
    check_node_id,
    check_type_name,
    check_workflow_name,
    find_cycle,
)


def chain(*ids: str) -> Workflow:
    flow = Workflow(name="x")
    for id in ids:
        flow.add(id, "core.noop")
    for source, target in itertools.pairwise(ids):
        flow.connect(source, target)
    return flow


def test_every_public_name_of_the_models_can_be_imported_from_their_package() -> None:
    assert all(hasattr(flowbook.models, name) for name in flowbook.models.__all__)


# -- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (check_type_name, ["slack", "s3", "my_service2"], ["", "Slack", "2x", "my-service", "_x", "x\n", 5]),
        (check_node_id, ["a", "fetch_all2"], ["", "A", "a b", "1a", "a.b", "a\n", None]),
        (check_workflow_name, ["daily-report", "x2", "7-days"], ["", "Daily", "a_b", "-a", "a--b", "a-\n", 5]),
    ],
)
def test_names_follow_the_rule_of_their_kind(check, good: list[str], bad: list[object]) -> None:
    assert [check(name) for name in good] == good
    for name in bad:
        with pytest.raises(InvalidName) as caught:
            check(name)
        assert caught.value.hint


def test_a_bad_workflow_name_comes_with_a_good_one() -> None:
    with pytest.raises(InvalidName, match="'my-daily-report'"):
        check_workflow_name("My daily  Report!")


def test_a_workflow_with_a_name_that_is_none_is_refused_in_words() -> None:
    document = {"flowbook": 1, "name": "My Daily Report"}
    for made in (lambda: Workflow(name="My Daily Report"), lambda: Workflow.from_document(document)):
        with pytest.raises(InvalidName, match="'My Daily Report' cannot name a workflow"):
            made()


# -- parameters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "select"},
        {"type": "select", "choices": ["a"], "default": "b"},
        {"type": "password", "default": "x"},
        {"type": "date"},
        {"required": "yes"},
        {"default": float("nan")},
        {"default": object()},
        {"name": ""},
        {"other": 1},
    ],
)
def test_a_parameter_that_contradicts_itself_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Parameter(**{"name": "x", **fields})


def test_a_parameter_s_document_leaves_out_what_equals_the_default() -> None:
    assert Parameter(name="x").to_document() == {"type": "string"}
    full = Parameter(name="x", type="select", required=True, description="d", default="a", choices=["a", "b"])
    assert full.to_document() == {
        "type": "select", "required": True, "description": "d", "default": "a", "choices": ["a", "b"],
    }  # fmt: skip


def test_an_integration_type_has_each_parameter_once() -> None:
    kind = IntegrationType(name="slack", parameters=[Parameter(name="token", type="password")])
    assert kind.parameter("token") is kind.parameters[0]
    assert kind.parameter("other") is None
    with pytest.raises(ValidationError, match="'x' is there twice"):
        IntegrationType(name="slack", parameters=[Parameter(name="x"), Parameter(name="x")])


def test_an_integration_does_not_show_its_fields() -> None:
    assert "hunter2" not in repr(Integration(id="1", name="My Slack", type="slack", fields={"token": "hunter2"}))


# -- nodes and edges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"task": "noop"},
        {"timeout": 0},
        {"timeout": "5"},
        {"timeout": True},
        {"timeout": float("inf")},
        {"max_parallel": 0},
        {"on_error": "ignore"},
        {"join": "some"},
        {"disabled": "no"},
        {"params": {"x": float("inf")}},
        {"params": {1: 2}},
        {"params": {"x": {1: 2}}},
        {"params": {"x": {1, 2}}},
        {"params": {"x": "\ud800"}},
        {"params": {"x": 1 << 10_000}},
        {"label": 5},
        {"where": "x"},
    ],
)
def test_a_node_with_a_field_that_does_not_fit_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Node(**{"task": "core.noop", **fields})


def test_a_structure_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValidationError, match="more than 40 levels"):
        Node(task="core.noop", params={"x": endless})


def test_what_a_node_was_given_may_change_later_without_changing_the_node() -> None:
    rows = [1]
    flow = Workflow(name="x")
    flow.add("a", "core.set", params={"rows": rows, "pair": (1, 2)})
    rows.append(2)
    assert flow.nodes["a"].params == {"rows": [1], "pair": [1, 2]}


def test_nodes_and_edges_cannot_be_changed_in_place() -> None:
    flow = chain("a", "b")
    with pytest.raises(ValidationError):
        flow.nodes["a"].task = "x.y"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        flow.edges[0].on = "always"  # type: ignore[misc]
    with pytest.raises(TypeError):
        flow.nodes["c"] = Node(task="x.y")  # type: ignore[index]
    with pytest.raises(AttributeError):
        flow.name = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"description": 5}, "description"),
        ({"nodes": {"a": {"task": "core.noop"}}}, "nodes.a"),
        ({"inputs": {"n": "string"}}, "inputs.n"),
        ({"edges": [("a", "b")]}, r"edges\[0\]"),
        ({"notes": {"n": "Look"}}, "notes.n"),
    ],
)
def test_a_workflow_is_made_of_parts_of_the_right_kind(fields: dict[str, object], where: str) -> None:
    with pytest.raises(InputError, match=f"x: {where}: must be a "):
        Workflow(name="x", **fields)  # type: ignore[arg-type]


def test_a_view_of_a_workflow_shows_what_is_in_it_whatever_happens_to_it() -> None:
    flow = chain("a", "b")
    nodes, edges = flow.nodes, flow.edges
    flow.rename("a", "aa")
    flow.change_edge("aa", "b", on="always")
    assert list(nodes) == ["aa", "b"]
    assert [(edge.source, edge.on) for edge in edges] == [("aa", "always")]


ON = st.sampled_from(["success", "failure", "always"])


@given(st.lists(st.tuples(*[st.sampled_from("abcde")] * 2, ON, st.sampled_from("+-x~")), max_size=30))
def test_a_workflow_s_order_and_reach_are_those_of_its_edges_after_any_changes(
    steps: list[tuple[str, str, str, str]],
) -> None:
    flow = chain(*"abc")
    for source, target, on, what in steps:
        with contextlib.suppress(InputError, NotFound, AlreadyExists):
            if what == "+":
                flow.put(source, Node(task="core.noop"))
                flow.connect(source, target, on)  # type: ignore[arg-type]
            elif what == "-":
                flow.disconnect(source, target, on)
            elif what == "x":
                flow.remove(source)
            else:
                flow.rename(source, target)
    anew = Links(flow.nodes, ((edge.source, edge.target) for edge in flow.edges))
    assert flow.order() == anew.order()
    assert sorted(flow.order()) == sorted(flow.nodes)
    before = Ancestry(anew)
    for id in flow.nodes:
        assert flow.upstream(id) == anew.upstream(id) == {other for other in flow.nodes if before.is_before(other, id)}
    assert flow.clone().order() == flow.order()


def test_the_wait_between_attempts_grows_up_to_its_limit() -> None:
    retry = Retry(attempts=5, wait=2, backoff=3, max_wait=10)
    assert [retry.delay(attempt) for attempt in (1, 2, 3)] == [2, 6, 10]
    assert Retry(wait=1, backoff=1e300).delay(9_999) == 86_400


def test_a_node_s_document_leaves_out_what_equals_the_default_and_writes_whole_numbers_without_a_point() -> None:
    node = Node(task="a.b", when=False, timeout=30.0, retry=Retry(attempts=2, wait=0.5, backoff=2.0))
    assert repr(node.to_document()) == repr(
        {"task": "a.b", "when": False, "retry": {"attempts": 2, "wait": 0.5, "backoff": 2}, "timeout": 30}
    )


def test_an_edge_is_made_from_the_file_s_words_or_the_model_s() -> None:
    assert Edge(**{"from": "a", "to": "b"}) == Edge(source="a", target="b")
    assert Edge(source="a", target="b", on="failure", when="x").to_document() == {
        "from": "a", "to": "b", "on": "failure", "when": "x",
    }  # fmt: skip


# -- workflows -------------------------------------------------------------------------------------------------


def test_a_workflow_is_built_step_by_step() -> None:
    flow = chain("a", "b")
    flow.set_input("n", "integer", default=3)
    flow.describe("Counts")
    flow.move("a", 1.0, 2.5)
    flow.set_note("hint", "Look here", (3, 4))
    assert flow.to_document() == {
        "flowbook": 1, "name": "x", "description": "Counts", "inputs": {"n": {"type": "integer", "default": 3}},
        "nodes": {"a": {"task": "core.noop"}, "b": {"task": "core.noop"}}, "edges": [{"from": "a", "to": "b"}],
        "layout": {"a": [1, 2.5]}, "notes": {"hint": {"text": "Look here", "at": [3, 4]}},
    }  # fmt: skip
    assert Workflow.from_document(flow.to_document()) == flow


def test_an_edge_that_would_close_a_cycle_is_refused_and_the_cycle_named() -> None:
    flow = chain("a", "b", "c")
    with pytest.raises(InvalidWorkflow, match="c → a → b → c"):
        flow.connect("c", "a")
    with pytest.raises(InvalidWorkflow, match="a → a"):
        flow.connect("a", "a")
    assert len(flow.edges) == 2


def test_doubles_and_unknown_names_are_refused() -> None:
    flow = chain("fetch", "b")
    with pytest.raises(AlreadyExists):
        flow.add("fetch", "core.noop")
    with pytest.raises(AlreadyExists):
        flow.connect("fetch", "b")
    with pytest.raises(NotFound, match="Did you mean 'fetch'"):
        flow.connect("fetsh", "b")
    with pytest.raises(NotFound):
        flow.disconnect("b", "fetch")
    with pytest.raises(NotFound):
        flow.change_edge("fetch", "b", "failure", when="x")
    for change in (flow.remove, flow.remove_input, flow.remove_note):
        with pytest.raises(NotFound):
            change("none")
    with pytest.raises(InputError, match="node fetch: timeot: there is no such field"):
        flow.change("fetch", timeot=3)


def test_renaming_a_node_carries_its_edges_and_place_along_and_keeps_its_position_in_the_order() -> None:
    flow = chain("a", "b", "c")
    flow.move("b", 1, 2)
    flow.rename("b", "bb")
    assert list(flow.nodes) == ["a", "bb", "c"]
    assert [(edge.source, edge.target) for edge in flow.edges] == [("a", "bb"), ("bb", "c")]
    assert dict(flow.layout) == {"bb": (1, 2)}
    with pytest.raises(AlreadyExists):
        flow.rename("bb", "a")
    with pytest.raises(InvalidWorkflow):
        flow.connect("c", "a")


def test_removing_a_node_removes_its_edges_and_place_so_that_the_way_back_is_free() -> None:
    flow = chain("a", "b", "c")
    flow.move("b", 1, 2)
    flow.remove("b")
    assert list(flow.edges) == []
    assert dict(flow.layout) == {}
    flow.connect("c", "a")


def test_an_edge_is_changed_in_its_place() -> None:
    flow = chain("a", "b", "c")
    flow.change_edge("a", "b", when="x")
    assert [edge.when for edge in flow.edges] == ["x", None]


def test_one_pair_of_nodes_may_have_an_edge_for_each_outcome() -> None:
    flow = chain("a", "b")
    flow.connect("a", "b", on="failure")
    flow.disconnect("a", "b", "success")
    assert [edge.on for edge in flow.edges_from("a")] == ["failure"]
    assert [edge.on for edge in flow.edges_to("b")] == ["failure"]


def test_a_clone_goes_its_own_way() -> None:
    flow = chain("a", "b")
    other = flow.clone()
    other.remove("b")
    assert list(flow.nodes) == ["a", "b"]
    assert flow.copy_as("y").name == "y"


def test_workflows_are_equal_when_their_files_are() -> None:
    first, second = Workflow(name="x"), Workflow(name="x")
    for flow, ids in ((first, "ab"), (second, "ba")):
        for id in ids:
            flow.add(id, "core.noop")
    assert first != second
    assert first == first.clone()
    assert first != "x"
    assert chain("a") != Workflow.from_document({**chain("a").to_document(), "description": "d"})


def test_moving_a_node_changes_the_definition() -> None:
    flow = chain("a")
    before = flow.definition_hash()
    flow.move("a", 1, 2)
    assert flow.definition_hash() != before


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"flowbook": 2}, "reads format 1"),
        ({"nodes": []}, "'nodes' must be a mapping"),
        ({"edges": {}}, "'edges' must be a list"),
        ({"nodes": {"a": 5}}, "node a: must be a mapping"),
        ({"nodes": {"A": {"task": "core.noop"}}}, "'A' cannot be a node's id"),
        ({"nodes": {"a": {"task": "core.noop", "error": 1, "model": 2, "where": 3}}}, "error: there is no such field"),
        ({"nodes": {"a": {"task": "core.noop", 5: 1}}}, "5: there is no such field"),
        ({"inputs": {"n": {"name": "m"}}}, r"inputs\.n: name: there is no such field"),
        ({"inputs": {"N": {}}}, "'N' cannot be"),
        ({"notes": {"N": {}}}, "'N' cannot be"),
        ({"edges": [{"from": "a", "to": "b"}]}, "there is no node 'a'"),
        ({"layout": {"a": ["1", 2]}}, r"layout\.a"),
        ({"name": "No Good"}, "cannot name a workflow"),
        ({"other": 1}, "other: there is no such field"),
    ],
)
def test_a_document_that_is_no_workflow_is_refused_with_its_first_problem(
    fields: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Workflow.from_document({"flowbook": 1, "name": "x", "nodes": {}, **fields})


def test_notes_are_placed_by_two_finite_numbers() -> None:
    assert Note(text="x", at=[1, 2.5]).at == (1, 2.5)
    with pytest.raises(ValidationError):
        Note(at=(float("nan"), 0))


# -- cycles ----------------------------------------------------------------------------------------------------

GRAPHS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdefg")), max_size=14)


@given(GRAPHS)
def test_a_cycle_that_is_found_is_one_and_without_one_the_nodes_can_be_put_in_order(
    edges: list[tuple[str, str]],
) -> None:
    cycle = find_cycle("abcdef", edges)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(step in edges for step in itertools.pairwise(cycle))
        assert len(set(cycle)) == len(cycle) - 1
    else:
        left = set("abcdef")
        while left:
            ready = {node for node in left if not any(target == node and source in left for source, target in edges)}
            assert ready
            left -= ready


def test_a_cycle_begins_with_the_node_that_comes_first() -> None:
    assert find_cycle("abc", [("c", "a"), ("a", "b"), ("b", "c")]) == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda flow: flow.put("send", {"task": "core.set"}), "a: send: must be a Node, and is a dict."),
        (lambda flow: flow.set_note("why", "Since …", "here"), "a: notes.why: at: Input should be a valid tuple."),
        (lambda flow: flow.set_note("not one", "…", (0, 0)), "'not one' cannot be a note"),
        (lambda flow: flow.set_input("not one"), "'not one' cannot be an input"),
    ],
)
def test_what_cannot_be_put_into_a_workflow_is_refused_with_its_place(edit: Any, said: str) -> None:
    flow = Workflow(name="a")
    with pytest.raises(InputError) as refused:
        edit(flow)
    assert str(refused.value).startswith(said)
    assert flow == Workflow(name="a")


HALF = "cut \ud83d"
TEXTS: dict[str, Callable[[Workflow], object]] = {
    "description": lambda flow: Workflow("other", description=HALF),
    "describe": lambda flow: flow.describe(HALF),
    "notes": lambda flow: flow.add("a", "core.noop", notes=HALF),
    "label": lambda flow: flow.add("a", "core.noop", label=HALF),
    "integration": lambda flow: flow.add("a", "core.noop", integration=HALF),
    "when": lambda flow: flow.add("a", "core.noop", when=HALF),
    "a param's name": lambda flow: flow.add("a", "core.set", params={HALF: 1}),
    "an input's description": lambda flow: flow.set_input("i", description=HALF),
    "an input's default": lambda flow: flow.set_input("i", default=HALF),
    "an input's choices": lambda flow: flow.set_input("i", "select", choices=[HALF]),
    "a note": lambda flow: flow.set_note("n", HALF, (0, 0)),
}


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_of_a_workflow_holds_half_a_character(text: str) -> None:
    """No file holds it. It was stored all the same, and every run and export of it ended as a mistake of Flowbook's."""
    flow = Workflow("flow")
    with pytest.raises(InputError, match="holds half a character") as caught:
        TEXTS[text](flow)
    assert "constrained" not in caught.value.message
    assert flow == Workflow("flow")
