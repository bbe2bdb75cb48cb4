"""What the editor shows of runs that are over: the last one on opening, one of the history, and what is pinned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.edits import PIN_LIMIT, become, pin
from flowbook.errors import InputError
from flowbook.models import Workflow
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.pin_form import PinForm
from flowbook.ui.runs.data_view import DataView


def daily(who: str = "Ada") -> Workflow:
    flow = Workflow(name="daily")
    flow.add("first", "core.set", params={"values": {"who": who}}, at=(0, 0))
    flow.add("second", "core.set", params={"values": {"text": "Dear ${{ nodes.first.data.who }}"}}, at=(260, 0))
    flow.add("third", "core.noop", at=(520, 0))
    flow.connect("first", "second")
    flow.connect("second", "third")
    return flow


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as made:
        made.save(daily())
        yield made


@pytest.fixture
def editor(ws: Workspace) -> Iterator[Editor]:
    made = Editor(ws, "daily")
    yield made
    made.close()


def seen(view: DataView) -> Any:
    """A small mapping as it is shown."""
    branch = view.widget.shown["value"]
    return {key: inner[1] for key, inner in branch[1]}


def run_part(editor: Editor, part: Any, node: str) -> None:
    editor.run_part(part, node)
    assert editor.run is not None
    editor.run.wait(60)


def output(editor: Editor, node: str) -> Any:
    editor.select_node(node)
    editor.inspector.open_tab("Output")
    return seen(editor.inspector.output.view)


# -- the last run ----------------------------------------------------------------------------------------------------


def test_what_never_ran_shows_no_run(editor: Editor) -> None:
    assert editor.canvas.status == {}
    assert editor.panel.run_id == ""


def test_opening_shows_how_the_last_run_went_with_its_data(ws: Workspace) -> None:
    run = ws.run(daily())
    editor = Editor(ws, "daily")
    assert editor.canvas.status == dict.fromkeys(("first", "second", "third"), "succeeded")
    assert editor.panel.run_id == run.id
    assert output(editor, "second") == {"text": "Dear Ada"}
    assert "succeeded" in editor.toolbar.run.description
    editor.close()


def test_nodes_that_come_back_with_a_draft_show_how_they_ended_before(ws: Workspace) -> None:
    """They were run before they were saved, and the kernel ended before that."""
    ws.save(Workflow(name="fresh"))
    before = Editor(ws, "fresh")
    before.editing.do(become(daily(), "Import"))
    before.start()
    assert before.run is not None
    before.run.wait(60)
    before.close()
    editor = Editor(ws, "fresh")
    assert editor.recovery.said
    assert set(editor.canvas.status.values()) == {"succeeded"}
    assert output(editor, "first") == {"who": "Ada"}
    editor.editing.undo()
    editor.editing.redo()
    assert set(editor.canvas.status.values()) == {"succeeded"}
    editor.close()


def test_running_one_node_leaves_the_others_as_they_were(ws: Workspace) -> None:
    ws.run(daily())
    editor = Editor(ws, "daily")
    run_part(editor, "only", "second")
    assert editor.canvas.status == dict.fromkeys(("first", "second", "third"), "succeeded")
    assert editor.panel.statuses == editor.canvas.status
    shown = editor.panel.widget._whole()["nodes"]
    assert [id for id in shown if shown[id].get("earlier")] == ["first", "third"]
    assert output(editor, "first") == {"who": "Ada"}
    editor.close()


def test_opening_after_a_run_of_a_part_shows_the_others_as_they_ended_before(ws: Workspace) -> None:
    ws.run(daily())
    ws.run(daily(), to="second")
    editor = Editor(ws, "daily")
    assert editor.canvas.status == dict.fromkeys(("first", "second", "third"), "succeeded")
    assert list(editor.panel.widget._whole()["order"]) == ["first", "second", "third"]
    editor.close()


def test_a_whole_run_begins_with_all_nodes_to_come(ws: Workspace) -> None:
    ws.run(daily())
    editor = Editor(ws, "daily")
    editor.editing.do(pin("third", [1]))
    editor.start()
    assert editor.run is not None
    editor.run.wait(60)
    assert not [one for one in editor.panel.widget._whole()["nodes"].values() if one.get("earlier")]
    editor.close()


# -- replay ----------------------------------------------------------------------------------------------------------


def test_a_run_of_the_history_is_shown_with_its_data_in_place_of_the_last_one(ws: Workspace) -> None:
    old = ws.run(daily("Grace"))
    ws.run(daily("Ada"))
    editor = Editor(ws, "daily")
    editor.replay(old.id)
    assert editor.panel.run_id == old.id
    assert output(editor, "second") == {"text": "Dear Grace"}
    editor.inspector.open_tab("Params")
    assert editor.inspector.params.form.widget.notes["values"]["text"] == '✓ {"text": "Dear Grace"}'
    assert not editor.editing.dirty  # nothing is pinned unless that is asked for
    editor.last_run.show_newest()
    assert output(editor, "second") == {"text": "Dear Ada"}
    editor.close()


def test_the_data_of_a_replayed_run_is_pinned_when_that_is_asked_for_and_one_undo_takes_it_back(ws: Workspace) -> None:
    old = ws.run(daily("Grace"))
    editor = Editor(ws, "daily")
    editor.replay(old.id)
    editor.last_run._pin_all()
    assert editor.editing.workflow.nodes["first"].pinned == {"who": "Grace"}
    assert editor.editing.workflow.nodes["third"].pinned is None  # it gave none
    editor.undo()
    assert editor.editing.workflow == daily()
    editor.close()


def test_the_next_run_ends_the_replay(ws: Workspace) -> None:
    old = ws.run(daily("Grace"))
    editor = Editor(ws, "daily")
    editor.replay(old.id)
    editor.start()
    assert editor.run is not None
    editor.run.wait(60)
    assert editor.last_run.replayed == ""
    assert output(editor, "second") == {"text": "Dear Ada"}
    editor.close()


def test_another_run_is_chosen_in_the_run_panel(ws: Workspace) -> None:
    old, new = ws.run(daily("Grace")), ws.run(daily("Ada"))
    editor = Editor(ws, "daily")
    assert [one["id"] for one in editor.panel.widget.offered] == [new.id, old.id]
    editor.panel._hear("offered", {"id": old.id})
    assert editor.last_run.replayed == old.id
    editor.panel._hear("offered", {"id": new.id})
    assert editor.last_run.replayed == ""
    editor.panel._hear("offered", {"id": "none of them"})
    editor.close()


# -- pins ------------------------------------------------------------------------------------------------------------


def test_what_a_node_gave_is_pinned_and_let_go_again(ws: Workspace) -> None:
    ws.run(daily())
    editor = Editor(ws, "daily")
    output(editor, "first")
    editor.inspector.output.pin.click()
    assert editor.editing.workflow.nodes["first"].pinned == {"who": "Ada"}
    assert editor.panel.widget.pinned == ["first"]
    assert editor.canvas.elements["nodes"][0]["pinned"]
    editor.inspector.output.unpin.click()
    assert editor.editing.workflow == daily()
    editor.close()


def test_the_run_panel_pins_as_the_inspector_does(ws: Workspace) -> None:
    ws.run(daily())
    editor = Editor(ws, "daily")
    editor.panel._hear("pin", {"id": "second"})
    assert editor.editing.workflow.nodes["second"].pinned == {"text": "Dear Ada"}
    editor.panel._hear("edit", {"id": "second"})
    assert isinstance(editor.drawer, PinForm)
    assert editor.drawer.form.value("data") == {"text": "Dear Ada"}
    editor.panel._hear("unpin", {"id": "second"})
    editor.panel._hear("pin", {"id": "gone"})
    assert editor.editing.workflow == daily()
    editor.close()


def test_pinned_data_is_written_by_hand_and_refused_at_its_field(editor: Editor) -> None:
    editor.select_node("first")
    editor.inspector.open_tab("Output")
    editor.inspector.output.write.click()
    form = editor.drawer.form
    editor.drawer.pin()
    assert "data to pin" in form.widget.errors["data"]
    form.set_values({"data": {"who": "Mary"}})
    editor.drawer.pin()
    assert editor.drawer is None
    assert editor.editing.workflow.nodes["first"].pinned == {"who": "Mary"}
    assert seen(editor.inspector.output.view) == {"who": "Mary"}


def test_what_is_pinned_counts_in_previews_and_where_one_node_runs_alone(editor: Editor) -> None:
    editor.editing.do(pin("first", {"who": "Mary"}))
    editor.select_node("second")
    assert editor.inspector.params.form.widget.notes["values"]["text"] == '✓ {"text": "Dear Mary"}'
    run_part(editor, "only", "second")
    assert output(editor, "second") == {"text": "Dear Mary"}


@pytest.mark.parametrize("data", [None, float("nan"), {1: object()}, "x" * (PIN_LIMIT + 1)])
def test_data_that_a_workflow_cannot_hold_is_refused(data: Any) -> None:
    with pytest.raises(InputError):
        pin("first", data)


def test_a_table_is_pinned_as_its_rows() -> None:
    pandas = pytest.importorskip("pandas")
    flow = daily()
    pin("first", pandas.DataFrame({"a": [1, 2], "b": ["x", None]})).change(flow)
    assert flow.nodes["first"].pinned == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_the_tree_of_a_table_is_made_when_it_is_asked_for() -> None:
    view = DataView("Data")
    view.show([{"a": {"b": 1}}, {"a": {"b": 2}}])
    assert (view.widget.shown["kind"], view.widget.tree) == ("table", {})
    view._receive(None, {"kind": "look"}, [])
    assert view.widget.tree["kind"] == "tree"
    view.widget.close()
