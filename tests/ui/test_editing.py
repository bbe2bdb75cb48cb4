"""The editor's model: what edits do to the workflow, and what the canvas is told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook import Workspace, edits
from flowbook.errors import AlreadyExists, Conflict, InputError, InvalidWorkflow, NotFound
from flowbook.models import Workflow
from flowbook.ui.editor.editing import CLIPBOARD, Editing
from flowbook.view.graph.elements import changed, keyed
from flowbook.view.graph.showing import changes_between, edge_id


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def chain(name: str = "daily") -> Workflow:
    flow = Workflow(name=name)
    flow.add("fetch", "core.set", params={"values": {"n": 1}}, at=(0, 0))
    flow.add("rank", "core.noop", at=(280, 0))
    flow.add("notify", "core.noop", at=(560, 0))
    flow.connect("fetch", "rank")
    flow.connect("rank", "notify", "failure", "nodes.rank.success")
    flow.set_note("why", "each day", (0, -100))
    return flow


class Opened:
    """An editing of a stored workflow, and a canvas that does as it is told."""

    def __init__(self, ws: Workspace, flow: Workflow) -> None:
        self.editing = Editing(ws, flow, ws.save(flow))
        self.messages: list[list[Any]] = []
        self.canvas = keyed(self.editing.elements)
        self.editing.on_canvas(self.take)

    def take(self, changes: list[Any], renames: Any) -> None:
        self.messages.append(changes)
        self.canvas = changed(self.canvas, changes)


@pytest.fixture
def opened(ws: Workspace) -> Opened:
    made = Opened(ws, chain())
    yield made  # type: ignore[misc]
    made.editing.close()


def test_the_canvas_is_told_no_more_than_what_an_edit_changes(opened: Opened) -> None:
    opened.editing.connect("fetch", "notify")
    assert opened.messages == [
        [{"op": "add", "kind": "edge", "value": {
            "id": "fetch--notify--success", "source": "fetch", "target": "notify", "on": "success", "label": ""}}]
    ]  # fmt: skip


def test_a_move_is_one_message_and_one_step(opened: Opened) -> None:
    opened.editing.move({"fetch": [5, 6], "rank": [7, 8]}, {"why": [1, 2]})
    assert opened.messages == [
        [{"op": "move", "positions": {"fetch": [5.0, 6.0], "rank": [7.0, 8.0]}, "notes": {"why": [1.0, 2.0]}}]
    ]
    opened.editing.undo()
    assert opened.editing.workflow == chain()


def test_deleting_several_things_is_one_step_and_an_undo_brings_all_back(opened: Opened) -> None:
    opened.editing.delete(["fetch", "rank"], ["rank--notify--failure"], ["why"])
    assert list(opened.editing.workflow.nodes) == ["notify"]
    assert {change["op"] for change in opened.messages[0]} == {"remove"}
    opened.editing.undo()
    assert opened.editing.workflow == chain()
    assert opened.canvas == keyed(opened.editing.elements)


def test_a_connection_that_closes_a_cycle_is_refused_with_the_reason(opened: Opened) -> None:
    with pytest.raises(InvalidWorkflow, match="would close a cycle"):
        opened.editing.connect("notify", "fetch")
    with pytest.raises(AlreadyExists, match="connected to"):
        opened.editing.connect("fetch", "rank")
    assert opened.messages == []


def test_a_workflow_without_places_is_arranged_when_it_is_opened_and_is_not_dirty(ws: Workspace) -> None:
    flow = Workflow(name="plain")
    flow.add("a", "core.noop")
    flow.add("b", "core.noop")
    flow.connect("a", "b")
    editing = Editing(ws, flow, ws.save(flow))
    assert not editing.dirty
    assert editing.workflow.layout["a"][0] < editing.workflow.layout["b"][0]


def test_a_dropped_task_becomes_a_node_with_a_free_id(opened: Opened) -> None:
    assert opened.editing.add_task("core.noop", (10, 20)) == "noop"
    assert opened.editing.add_task("core.noop") == "noop_2"
    assert opened.editing.workflow.layout["noop"] == (10, 20)
    with pytest.raises(NotFound):
        opened.editing.add_task("core.nothing")


def test_a_node_that_is_added_without_a_place_covers_no_other(opened: Opened) -> None:
    for _ in range(4):
        opened.editing.add_task("core.noop")
    places = list(opened.editing.workflow.layout.values())
    assert all(abs(a[0] - b[0]) > 190 or abs(a[1] - b[1]) > 60 for i, a in enumerate(places) for b in places[i + 1 :])


def test_the_only_integration_that_fits_is_taken(ws: Workspace) -> None:
    ws.init_key()
    ws.create_type("slack")
    ws.create_integration("Team", "slack", {"webhook_url": "https://example.com/hook"})
    editing = Editing(ws, Workflow(name="x"))
    editing.add_task("slack.send_message")
    assert editing.workflow.nodes["send_message"].integration == "Team"
    ws.create_integration("Other", "slack", {"webhook_url": "https://example.com/hook"})
    editing.add_task("slack.send_message")
    assert editing.workflow.nodes["send_message_2"].integration is None


def test_problems_stand_at_their_nodes(opened: Opened) -> None:
    opened.editing.do(edits.change_node("rank", task="core.nothing"))
    opened.editing.validate()
    assert [problem.field for problem in opened.editing.problems_of("rank")] == ["task"]
    assert "nothing" in opened.canvas["nodes"]["rank"]["problem"]
    opened.editing.undo()
    opened.editing.validate()
    assert opened.editing.problems_of("rank") == ()
    assert opened.canvas["nodes"]["rank"]["problem"] is None


def test_problems_that_were_found_late_do_not_take_the_place_of_newer_ones(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing, check = opened.editing, opened.editing.workspace.check
    held, go_on = threading.Event(), threading.Event()

    def slowly(workflow: Workflow) -> Any:
        found = check(workflow)
        held.set()
        assert go_on.wait(60)
        return found

    editing.do(edits.change_node("rank", when="nodes.fe"))
    monkeypatch.setattr(editing.workspace, "check", slowly)
    first = threading.Thread(target=editing.validate)
    first.start()
    assert held.wait(60)
    monkeypatch.setattr(editing.workspace, "check", check)
    editing.do(edits.change_node("rank", when="nodes.fetch.success"))
    editing.validate()
    go_on.set()
    first.join()
    assert [one for one in editing.problems_of("rank") if one.field == "when"] == []


def test_what_is_copied_can_be_pasted_into_another_workflow(ws: Workspace, opened: Opened) -> None:
    opened.editing.selected = {"nodes": ["fetch", "rank"], "edges": [], "notes": ["why"]}
    assert opened.editing.copy() == 3
    other = Editing(ws, Workflow(name="other"))
    assert other.paste((100, 100)) == ["fetch", "rank"]
    assert [(edge.source, edge.target) for edge in other.workflow.edges] == [("fetch", "rank")]
    assert other.workflow.notes["why"].text == "each day"
    other.undo()
    assert len(other.workflow.nodes) == 0


def test_cutting_and_pasting_moves_and_duplicating_selects_the_copies(opened: Opened) -> None:
    opened.editing.selected["nodes"] = ["rank"]
    opened.editing.cut()
    assert list(opened.editing.workflow.nodes) == ["fetch", "notify"]
    assert opened.editing.paste((0, 300)) == ["rank"]
    assert opened.editing.duplicate() == ["rank_2"]
    assert opened.editing.selected["nodes"] == ["rank_2"]


def test_pasting_nothing_says_how_to_copy(ws: Workspace) -> None:
    CLIPBOARD.clip = None
    with pytest.raises(InputError, match="Ctrl-C"):
        Editing(ws, Workflow(name="x")).paste()


def test_saving_over_a_newer_revision_is_refused_until_a_choice_is_made(ws: Workspace, opened: Opened) -> None:
    newer = chain()
    newer.describe("theirs")
    ws.save(newer)
    opened.editing.do(edits.describe("mine"))
    with pytest.raises(Conflict):
        opened.editing.save()
    assert opened.editing.dirty
    opened.editing.save_copy("daily-copy", "daily-copy")
    assert (opened.editing.workflow.name, opened.editing.dirty) == ("daily-copy", False)
    assert ws.workflow("daily").description == "theirs"
    assert ws.workflow("daily-copy").description == "mine"
    with pytest.raises(InputError, match="already"):
        opened.editing.save_copy("daily", "daily")


def test_after_a_conflict_mine_can_overwrite_or_theirs_be_loaded(ws: Workspace, opened: Opened) -> None:
    newer = chain()
    newer.describe("theirs")
    ws.save(newer)
    opened.editing.do(edits.describe("mine"))
    opened.editing.reload()
    assert (opened.editing.workflow.description, opened.editing.dirty) == ("theirs", False)
    ws.save(chain())
    opened.editing.do(edits.describe("mine"))
    opened.editing.save(overwrite=True)
    assert ws.workflow("daily").description == "mine"
    opened.editing.do(edits.describe("again"))
    opened.editing.save()
    assert ws.workflow("daily").description == "again"


names = st.sampled_from(["a", "b", "c", "d"])


@st.composite
def flows(draw: Any) -> Workflow:
    flow = Workflow(name="x")
    for id in draw(st.lists(names, unique=True)):
        x, y = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        flow.add(
            id, draw(st.sampled_from(["core.noop", "core.set"])), at=(x, y), label=draw(st.sampled_from(["", "L"]))
        )
    ids = sorted(flow.nodes)
    for source, target in draw(st.lists(st.tuples(names, names), unique=True)):
        if source in ids and target in ids and source < target:
            flow.connect(source, target, draw(st.sampled_from(["success", "failure"])))
    for id in draw(st.lists(names, unique=True, max_size=2)):
        flow.set_note(id, draw(st.sampled_from(["one", "two"])), (draw(st.integers(0, 3)), 0))
    return flow


@settings(max_examples=60, deadline=None)
@given(flows(), flows())
def test_the_changes_between_two_workflows_lead_a_canvas_from_one_to_the_other(a: Workflow, b: Workflow) -> None:
    from flowbook.view.graph.badges import badge
    from flowbook.view.graph.showing import elements_of

    before, after = (elements_of(flow, badge, {}) for flow in (a, b))
    assert changed(before, changes_between(before, after)) == after
    assert changes_between(after, after) == []


def test_the_edges_of_a_canvas_have_ids_that_no_node_has() -> None:
    assert edge_id(("a", "b", "always")) == "a--b--always"
