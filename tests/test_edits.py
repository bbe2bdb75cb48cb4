"""Edits of a workflow, undone and done again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook import edits
from flowbook.edits import Action, History
from flowbook.errors import AlreadyExists, FlowbookError, InputError, InvalidWorkflow, NotFound
from flowbook.models import Node, Parameter, Workflow
from flowbook.tasks import TaskSpec

IDS = ["a", "b", "c", "d", "e"]
KINDS = ["success", "failure", "always"]
places = st.tuples(st.integers(-500, 500), st.integers(-500, 500))
ids = st.sampled_from(IDS)


OTHER = TaskSpec("core.other", lambda: None, "()", parameters=(Parameter(name="text"),), open_params=False)


def a_node(text: str) -> Node:
    return Node(task="core.set", params={"text": text}, when=f"default(nodes.{text}.success, false)")


any_edit: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("add"), ids, ids, places),
    st.tuples(st.just("remove"), st.lists(ids, max_size=3, unique=True)),
    st.tuples(st.just("cut"), ids, ids, st.sampled_from(KINDS)),
    st.tuples(st.just("connect"), ids, ids, st.sampled_from(KINDS)),
    st.tuples(st.just("edge"), ids, ids, st.sampled_from(KINDS), st.sampled_from(KINDS)),
    st.tuples(st.just("move"), st.dictionaries(ids, places, max_size=3)),
    st.tuples(st.just("change"), ids, st.sampled_from(["x ${{ nodes.a.data }}", "${{ inputs.who }}", "plain"])),
    st.tuples(st.just("rename"), ids, ids),
    st.tuples(st.just("note"), ids, st.text(max_size=5), places),
    st.tuples(st.just("inputs"), st.lists(ids, max_size=3, unique=True)),
    st.tuples(st.just("describe"), st.text(max_size=5)),
    st.tuples(st.just("disable"), st.lists(ids, min_size=1, max_size=3, unique=True), st.booleans()),
    st.tuples(st.just("splice"), ids, ids, st.sampled_from(KINDS), ids),
    st.tuples(st.just("into"), ids, ids, st.sampled_from(KINDS), ids),
    st.tuples(st.just("reconnect"), ids, ids, st.sampled_from(KINDS), st.none() | ids, st.none() | ids),
    st.tuples(st.just("leave"), st.lists(ids, min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("replace"), ids),
    st.tuples(st.just("paste"), st.lists(ids, max_size=3, unique=True), places),
)


def action_of(edit: tuple[Any, ...], flow: Workflow) -> Action:
    kind, *more = edit
    if kind == "add":
        return edits.add_node(more[0], a_node(more[1]), more[2])
    if kind == "remove":
        return edits.remove([id for id in more[0] if id in flow.nodes])
    if kind == "cut":
        return edits.remove(edges=[tuple(more)])  # type: ignore[list-item]
    if kind == "connect":
        return edits.connect(more[0], more[1], more[2], f"nodes.{more[0]}.success")
    if kind == "edge":
        return edits.change_edge((more[0], more[1], more[2]), on=more[3])
    if kind == "move":
        return edits.move({id: at for id, at in more[0].items() if id in flow.nodes})
    if kind == "change":
        return edits.change_node(more[0], params={"text": more[1]}, timeout=len(more[1]))
    if kind == "rename":
        return edits.rename_node(more[0], more[1])
    if kind == "note":
        return edits.set_note(more[0], more[1], more[2])
    if kind == "inputs":
        return edits.set_inputs([Parameter(name=name, description=name) for name in more[0]])
    if kind == "describe":
        return edits.describe(more[0])
    if kind == "disable":
        return edits.disable([id for id in more[0] if id in flow.nodes], more[1])
    if kind == "splice":
        return edits.splice((more[0], more[1], more[2]), more[3], a_node("a"))
    if kind == "into":
        return edits.into((more[0], more[1], more[2]), more[3])
    if kind == "reconnect":
        return edits.reconnect((more[0], more[1], more[2]), source=more[3], target=more[4])
    if kind == "leave":
        return edits.remove_keeping_lines([id for id in more[0] if id in flow.nodes])
    if kind == "replace":
        return edits.replace_task(more[0], OTHER)
    return edits.paste(edits.copied(flow, more[0]), flow, more[1])[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(any_edit, max_size=25))
def test_a_sequence_of_edits_undone_gives_the_equal_document_and_done_again_the_edited_one(
    sequence: list[tuple[Any, ...]],
) -> None:
    history = History(Workflow(name="x"))
    documents = [history.workflow.to_document()]
    for edit in sequence:
        try:
            step = history.do(action_of(edit, history.workflow))
        except FlowbookError:
            assert history.workflow.to_document() == documents[-1], "a refused edit changes nothing"
            continue
        if step is not None:
            documents.append(history.workflow.to_document())
    for document in reversed(documents[:-1]):
        history.undo()
        assert repr(history.workflow.to_document()) == repr(document)
    assert history.undo() is None
    assert not history.dirty
    for document in documents[1:]:
        history.redo()
        assert repr(history.workflow.to_document()) == repr(document)
    assert history.redo() is None
    assert Workflow.from_document(history.workflow.to_document()) == history.workflow


def chain() -> Workflow:
    flow = Workflow(name="daily")
    flow.set_input("repo")
    flow.add("fetch", "core.set", params={"repo": "${{ inputs.repo }}"}, at=(0, 0))
    flow.add("rank", "core.set", params={"rows": "${{ nodes.fetch.data }}"}, for_each="nodes.fetch.data", at=(100, 0))
    flow.add(
        "notify", "core.set", at=(200, 50),
        params={"text": "${{ nodes.rank.message }} of ${{ inputs.repo }}", "plain": "nodes.rank"},
        when="nodes.rank.success and inputs.repo != ''", retry={"attempts": 2, "until": "nodes.rank.success"},
    )  # fmt: skip
    flow.connect("fetch", "rank")
    flow.connect("rank", "notify", when="nodes.rank.success")
    return flow


def test_renaming_a_node_carries_every_reference_along() -> None:
    history = History(chain())
    history.do(edits.rename_node("rank", "sort"))
    flow = history.workflow
    notify = flow.nodes["notify"]
    assert list(flow.nodes) == ["fetch", "sort", "notify"]
    assert notify.params == {"text": "${{ nodes.sort.message }} of ${{ inputs.repo }}", "plain": "nodes.rank"}
    assert notify.when == "nodes.sort.success and inputs.repo != ''"
    assert notify.retry is not None
    assert notify.retry.until == "nodes.sort.success"
    assert [(e.source, e.target, e.when) for e in flow.edges][1] == ("sort", "notify", "nodes.sort.success")
    assert flow.layout["sort"] == (100, 0)


def test_renaming_the_inputs_carries_references_along_also_when_two_swap_their_names() -> None:
    flow = Workflow(name="x")
    flow.add("n", "core.set", params={"text": "${{ inputs.a }} ${{ inputs.b }}"})
    flow.set_input("a")
    flow.set_input("b")
    history = History(flow)
    history.do(edits.set_inputs([Parameter(name="b"), Parameter(name="a")], {"b": "a", "a": "b"}))
    assert history.workflow.nodes["n"].params == {"text": "${{ inputs.b }} ${{ inputs.a }}"}
    assert list(history.workflow.inputs) == ["b", "a"]


def test_an_undone_removal_puts_the_node_back_in_its_place_with_its_edges() -> None:
    history = History(chain())
    before = history.workflow.to_document()
    history.do(edits.remove(["rank"]))
    assert list(history.workflow.edges) == []
    history.undo()
    assert history.workflow.to_document() == before
    assert list(history.workflow.nodes) == ["fetch", "rank", "notify"]


def test_several_edits_made_together_are_one_step() -> None:
    history = History(chain())
    history.do(edits.remove(["rank"]), edits.describe("less"), label="Tidy")
    assert history.undo_label == "Tidy"
    history.undo()
    assert history.undo_label == ""
    assert history.workflow == chain()


def test_if_one_of_several_edits_is_refused_none_is_made() -> None:
    history = History(chain())
    with pytest.raises(InvalidWorkflow, match="cycle"):
        history.do(edits.describe("new"), edits.connect("notify", "fetch"))
    assert history.workflow == chain()
    assert not history.dirty


def test_typing_in_one_field_is_one_step_and_another_field_is_the_next() -> None:
    history = History(chain())
    for text in ("h", "he", "hel"):
        history.do(edits.change_node("fetch", label=text), merge="fetch.label")
    history.do(edits.change_node("fetch", notes="why"), merge="fetch.notes")
    history.undo()
    assert history.workflow.nodes["fetch"].label == "hel"
    history.undo()
    assert history.workflow == chain()
    assert history.redo_label == "Change fetch"


def test_dirty_says_whether_the_workflow_differs_from_the_saved_one() -> None:
    history = History(chain())
    assert not history.dirty
    history.do(edits.describe("new"))
    assert history.dirty
    history.mark_saved()
    assert not history.dirty
    history.undo()
    assert history.dirty
    history.do(edits.describe("new"))
    assert not history.dirty, "it is equal again, however it came to be so"
    assert History(chain(), saved=False).dirty


def test_what_is_pasted_gets_free_ids_and_refers_to_itself() -> None:
    history = History(chain())
    clip = edits.copied(history.workflow, ["rank", "notify"])
    action, new, _ = edits.paste(clip, history.workflow)
    history.do(action)
    flow = history.workflow
    assert new == ["rank_2", "notify_2"]
    assert flow.nodes["rank_2"].params == {"rows": "${{ nodes.fetch.data }}"}, "what was not copied is still meant"
    assert flow.nodes["notify_2"].params["text"] == "${{ nodes.rank_2.message }} of ${{ inputs.repo }}"
    assert [(e.source, e.target, e.when) for e in flow.edges][2:] == [("rank_2", "notify_2", "nodes.rank_2.success")]
    assert flow.layout["rank_2"] == (100 + edits.PASTE_SHIFT, edits.PASTE_SHIFT)


def test_what_is_pasted_at_a_place_stands_around_it_and_keeps_ids_that_are_free() -> None:
    clip = edits.copied(chain(), ["fetch", "rank"])
    other = History(Workflow(name="other"))
    action, new, _ = edits.paste(clip, other.workflow, (1000, 1000))
    other.do(action)
    assert new == ["fetch", "rank"]
    assert other.workflow.layout == {"fetch": (950, 1000), "rank": (1050, 1000)}


def test_a_taken_name_is_refused_and_says_so() -> None:
    history = History(chain())
    with pytest.raises(AlreadyExists, match="already"):
        history.do(edits.rename_node("rank", "fetch"))


@pytest.mark.parametrize(
    ("wanted", "taken", "given_id"),
    [
        ("send_message", [], "send_message"),
        ("send_message", ["send_message"], "send_message_2"),
        ("send_message_2", ["send_message", "send_message_2"], "send_message_3"),
        ("Größe!", [], "gr__e"),
        ("7up", [], "node_7up"),
        ("", ["node"], "node_2"),
    ],
)
def test_a_free_id_is_made_of_what_is_wanted(wanted: str, taken: list[str], given_id: str) -> None:
    assert edits.free_id(wanted, taken) == given_id


def test_an_import_takes_over_everything_but_the_name_and_can_be_undone() -> None:
    history = History(Workflow(name="mine"))
    history.do(edits.become(chain(), "Import"))
    assert history.workflow == chain().copy_as("mine")
    history.undo()
    assert history.workflow == Workflow(name="mine")


def lines(flow: Workflow) -> list[tuple[str, str, str, Any]]:
    return [(edge.source, edge.target, edge.on, edge.when) for edge in flow.edges]


def test_a_node_put_into_a_line_takes_its_condition_and_leads_on() -> None:
    history = History(chain())
    history.do(edits.splice(("rank", "notify", "success"), "check", Node(task="core.noop"), (150, 20)))
    assert lines(history.workflow) == [
        ("fetch", "rank", "success", None),
        ("rank", "check", "success", "nodes.rank.success"),
        ("check", "notify", "success", None),
    ]
    assert history.workflow.layout["check"] == (150, 20)
    history.undo()
    assert history.workflow == chain()


def test_a_line_for_failures_leads_to_what_is_put_into_it() -> None:
    flow = chain()
    flow.add("alert", "core.noop")
    flow.connect("fetch", "alert", "failure")
    history = History(flow)
    history.do(edits.splice(("fetch", "alert", "failure"), "log", Node(task="core.noop")))
    assert lines(history.workflow)[2:] == [("fetch", "log", "failure", None), ("log", "alert", "success", None)]


def test_a_node_that_is_there_is_put_into_a_line_unless_that_closes_a_circle() -> None:
    flow = chain()
    flow.add("free", "core.noop")
    history = History(flow)
    history.do(edits.into(("fetch", "rank", "success"), "free"))
    assert lines(history.workflow)[1:] == [("fetch", "free", "success", None), ("free", "rank", "success", None)]
    with pytest.raises(InvalidWorkflow, match="cycle"):
        history.do(edits.into(("fetch", "free", "success"), "notify"))
    with pytest.raises(InputError, match="at an end of this line"):
        history.do(edits.into(("fetch", "free", "success"), "free"))


def test_an_end_of_a_line_led_elsewhere_keeps_its_condition_and_its_place() -> None:
    flow = chain()
    flow.add("other", "core.noop")
    flow.connect("fetch", "other")
    history = History(flow)
    history.do(edits.reconnect(("rank", "notify", "success"), target="other"))
    assert lines(history.workflow)[1:] == [
        ("rank", "other", "success", "nodes.rank.success"),
        ("fetch", "other", "success", None),
    ]
    history.do(edits.reconnect(("fetch", "other", "success"), source="notify"))
    assert lines(history.workflow)[2] == ("notify", "other", "success", None)
    with pytest.raises(InvalidWorkflow, match="cycle"):
        history.do(edits.reconnect(("fetch", "rank", "success"), source="other"))
    with pytest.raises(AlreadyExists):
        history.do(edits.reconnect(("rank", "other", "success"), source="notify"))
    with pytest.raises(NotFound):
        history.do(edits.reconnect(("fetch", "notify", "success"), source="rank"))


@pytest.mark.parametrize(
    ("first", "last", "joined"),
    [
        (None, None, None),
        ("inputs.a", None, "inputs.a"),
        (None, "inputs.b", "inputs.b"),
        ("inputs.a or inputs.c", "${{ inputs.b }}", "(inputs.a or inputs.c) and (inputs.b)"),
        ("inputs.a", "nodes.middle.success", "inputs.a"),
        (True, "inputs.b", "inputs.b"),
        ("inputs.a", False, False),
    ],
)
def test_a_node_that_goes_leaves_its_line_with_both_conditions(first: Any, last: Any, joined: Any) -> None:
    flow = Workflow(name="x")
    for id in ("before", "middle", "after"):
        flow.add(id, "core.noop")
    flow.connect("before", "middle", "always", first)
    flow.connect("middle", "after", "success", last)
    history = History(flow)
    history.do(edits.remove_keeping_lines(["middle"]))
    assert lines(history.workflow) == [("before", "after", "always", joined)]
    history.undo()
    assert history.workflow == flow


def test_several_nodes_in_a_row_leave_one_line() -> None:
    flow = Workflow(name="x")
    for id in "abcd":
        flow.add(id, "core.noop")
    for source, target in pairwise("abcd"):
        flow.connect(source, target)
    history = History(flow)
    history.do(edits.remove_keeping_lines(["b", "c"]))
    assert lines(history.workflow) == [("a", "d", "success", None)]
    assert history.undo_label == "Delete 2 things"


def test_a_fork_is_joined_to_what_came_before_it_and_a_crossing_is_no_line() -> None:
    flow = Workflow(name="x")
    for id in "abcde":
        flow.add(id, "core.noop")
    for source, target in ("ac", "cd", "ce"):
        flow.connect(source, target)
    flow.connect("a", "d")
    fork = History(flow)
    fork.do(edits.remove_keeping_lines(["c"]))
    assert lines(fork.workflow) == [("a", "d", "success", None), ("a", "e", "success", None)], "no line is drawn twice"
    flow.connect("b", "c")
    with pytest.raises(InputError, match="No one line goes through “c”"):
        History(flow).do(edits.remove_keeping_lines(["c"]))


def test_a_replaced_task_keeps_the_params_that_the_new_one_has() -> None:
    text, kind = Parameter(name="text"), Parameter(name="kind", type="select", choices=("a", "b"))
    spec = TaskSpec("core.other", lambda: None, "()", parameters=(text, kind), open_params=True)
    flow = Workflow(name="x")
    flow.add("n", "core.set", "Mine", {"text": "t", "kind": "z", "more": 1}, label="Name", timeout=3, pinned={"a": 1})
    history = History(flow)
    history.do(edits.replace_task("n", spec, "Other"))
    assert history.workflow.nodes["n"] == Node(
        task="core.other", integration="Other", params={"text": "t"}, label="Name", timeout=3
    )
    history.do(edits.replace_task("n", TaskSpec("core.any", lambda: None, "()")))
    assert history.workflow.nodes["n"].params == {"text": "t"}, "a task that takes anything takes these too"


def test_several_nodes_are_disabled_by_one_step() -> None:
    history = History(chain())
    history.do(edits.disable(["fetch", "rank"], True))
    assert [node.disabled for node in history.workflow.nodes.values()] == [True, True, False]
    assert history.undo_label == "Disable 2 nodes"
    history.undo()
    assert history.workflow == chain()
