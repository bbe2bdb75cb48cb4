"""What a person does on the canvas of an editor, as its intents arrive, and what becomes of the workflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace, edits
from flowbook.models import Workflow
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.note_form import NoteForm
from flowbook.view.graph.showing import edge_id
from tests.entering import enter

NOWHERE: dict[str, Any] = {"nodes": [], "edges": [], "notes": [], "x": 0, "y": 0, "left": 0, "top": 0}


def flow() -> Workflow:
    made = Workflow(name="daily")
    made.add("fetch", "core.set", params={"values": {"rows": [1, 2]}}, at=(0, 0))
    made.add("rank", "core.set", params={"values": {"n": "${{ len(nodes.fetch.data.rows) }}"}}, at=(280, 0))
    made.add("tell", "core.noop", at=(560, 0))
    made.connect("fetch", "rank", when="len(nodes.fetch.data.rows) > 0")
    made.connect("rank", "tell")
    return made


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    ws = Workspace(tmp_path)
    ws.save(flow())
    made = Editor(ws, "daily")
    yield made
    made.close()


def command(editor: Editor, name: str, **more: Any) -> None:
    editor.canvas._intend("command", {**NOWHERE, "name": name, **more})


def lines(editor: Editor) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in editor.editing.workflow.edges]


FIRST = edge_id(("fetch", "rank", "success"))


def pick(editor: Editor, task: str) -> None:
    assert editor.adding.chooser.open
    editor.adding.chooser.picker._receive(None, {"kind": "pick", "id": task}, [])


def test_a_plus_on_a_line_asks_for_a_task_and_puts_it_between_as_one_step(editor: Editor) -> None:
    editor.canvas._intend("insert", {"edge": FIRST, "x": 140, "y": 0, "left": 10, "top": 10})
    pick(editor, "core.wait")
    assert set(lines(editor)) == {("fetch", "wait"), ("wait", "rank"), ("rank", "tell")}
    flow_now = editor.editing.workflow
    assert flow_now.layout["fetch"][0] < flow_now.layout["wait"][0] < flow_now.layout["rank"][0]
    assert flow_now.layout["rank"][0] - flow_now.layout["wait"][0] >= 260, "what comes after has moved out of the way"
    assert editor.inspector.node == "wait"
    editor.undo()
    assert editor.editing.workflow == flow()


def test_a_task_dropped_on_a_line_goes_into_it(editor: Editor) -> None:
    editor.canvas._intend("drop", {"task": "core.wait", "x": 140, "y": 10, "edge": FIRST})
    assert {("fetch", "wait"), ("wait", "rank")} <= set(lines(editor))
    assert editor.editing.workflow.layout["wait"] == (140, 10)


def test_an_end_of_a_line_can_be_led_to_another_node_and_a_refusal_is_said(editor: Editor) -> None:
    editor.canvas._intend("reconnect", {"edge": FIRST, "target": "tell"})
    assert lines(editor) == [("fetch", "tell"), ("rank", "tell")]
    assert editor.editing.workflow.edges[0].when == "len(nodes.fetch.data.rows) > 0"
    said: list[str] = []
    editor.canvas.tell = lambda text, kind="error": said.append(text)  # type: ignore[method-assign,misc]
    editor.canvas._intend("reconnect", {"edge": edge_id(("rank", "tell", "success")), "source": "tell"})
    assert "cycle" in said[0]


def test_a_node_is_deleted_and_its_line_kept(editor: Editor) -> None:
    command(editor, "delete-keep", nodes=["rank"])
    assert lines(editor) == [("fetch", "tell")]
    editor.undo()
    assert editor.editing.workflow == flow()


def test_a_name_that_can_be_an_id_becomes_it_and_all_else_is_the_label(editor: Editor) -> None:
    command(editor, "rename", nodes=["fetch"], text="load")
    command(editor, "rename", nodes=["tell"], text="Tell the team")
    now = editor.editing.workflow
    assert list(now.nodes) == ["load", "rank", "tell"]
    assert now.nodes["rank"].params == {"values": {"n": "${{ len(nodes.load.data.rows) }}"}}
    assert (now.nodes["tell"].label, now.nodes["load"].label) == ("Tell the team", "")
    editor.undo()
    editor.undo()
    assert editor.editing.workflow == flow()


def test_a_task_is_replaced_and_what_fits_is_kept(editor: Editor) -> None:
    command(editor, "replace", nodes=["rank"])
    pick(editor, "core.python")
    now = editor.editing.workflow.nodes["rank"]
    assert (now.task, now.params) == ("core.python", {})
    assert lines(editor) == [("fetch", "rank"), ("rank", "tell")]
    editor.undo()
    assert editor.editing.workflow == flow()


def test_nodes_are_disabled_and_enabled_again(editor: Editor) -> None:
    command(editor, "disable", nodes=["fetch", "rank"], disabled=True)
    assert [node.disabled for node in editor.editing.workflow.nodes.values()] == [True, True, False]
    command(editor, "disable", nodes=["fetch", "rank"], disabled=False)
    assert editor.editing.workflow == flow()


def test_a_frame_stands_around_what_is_selected_has_a_colour_and_another_size(editor: Editor) -> None:
    command(editor, "frame", nodes=["fetch", "rank"])
    form = editor.inspector.form
    assert isinstance(form, NoteForm)
    enter(form.form, text="Getting **it**")
    (id,) = editor.editing.workflow.notes
    note = editor.editing.workflow.notes[id]
    assert note.size is not None
    for x in (0 - 100, 280 + 100):
        assert abs(x - note.at[0]) < note.size[0] / 2
    command(editor, "colour", notes=[id], colour="green")
    command(editor, "size", notes=[id], width=900, height=300)
    now = editor.editing.workflow.notes[id]
    assert (now.words, now.color, now.size) == ("Getting **it**", "green", (900, 300))
    assert now.at[0] - 450 == note.at[0] - note.size[0] / 2, "the upper left corner stays"
    shown = next(one for one in editor.canvas.elements["notes"] if one["id"] == id)
    assert (shown["text"], shown["color"], shown["frame"]) == ("Getting **it**", "green", [900, 300])


def test_frames_stay_around_their_nodes_with_the_notes_in_them_when_the_graph_is_arranged(editor: Editor) -> None:
    command(editor, "frame", nodes=["fetch"])
    command(editor, "frame", nodes=["fetch", "rank"])
    flow = editor.editing.workflow
    inner, outer = flow.notes
    for id, words, at in (("said", "why", flow.notes[outer].at), ("apart", "else", (-900, -900))):
        editor.editing.do(edits.set_note(id, words, at))
    old = dict(editor.editing.workflow.notes)
    before = {id: note.at for id, note in old.items()}
    x, y = before[inner]
    (x1, y1), (x2, y2) = flow.layout["fetch"], flow.layout["rank"]
    positions = {"fetch": [x1 + 1000, y1 + 40], "rank": [x2 + 1500, y2 + 40]}
    editor.canvas._intend("move", {"positions": positions, "notes": {}, "arranged": True})
    now = editor.editing.workflow.notes
    assert now[inner].at == (x + 1000, y + 40)
    assert now[inner].size == old[inner].size
    assert now[outer].at == (before[outer][0] + 1250, before[outer][1] + 40)
    (wide, high), (wider, higher) = old[outer].size or (0, 0), now[outer].size or (0, 0)
    assert (wider - wide, higher - high) == (500, 0)
    assert now["said"].at == (before["said"][0] + 1000, before["said"][1] + 40)
    assert now["apart"].at == before["apart"]
    editor.undo()
    assert {id: note.at for id, note in editor.editing.workflow.notes.items()} == before


def test_what_is_copied_is_a_piece_of_a_flow_file_that_another_workspace_takes(editor: Editor, tmp_path: Path) -> None:
    given: list[str] = []
    editor.canvas.give_clip = given.append  # type: ignore[method-assign]
    editor.canvas._intend("select", {"nodes": ["fetch", "rank"], "edges": [], "notes": []})
    editor.canvas._intend("key", {"name": "copy"})
    assert given[0].startswith("flowbook: 1\n")
    (tmp_path / "other").mkdir()
    other = Editor(Workspace(tmp_path / "other"), "empty", workflow=Workflow(name="empty"))
    other.canvas._intend("key", {"name": "paste", "text": given[0], "x": 0, "y": 0})
    assert list(other.editing.workflow.nodes) == ["fetch", "rank"]
    assert lines(other) == [("fetch", "rank")]
    other.close()


def test_a_text_that_begins_as_a_flow_file_and_is_none_is_refused_with_its_line(editor: Editor) -> None:
    said: list[str] = []
    editor.canvas.tell = lambda text, kind="error": said.append(text)  # type: ignore[method-assign,misc]
    editor.canvas._intend("key", {"name": "paste", "text": "flowbook: 1\nname: [", "x": 0, "y": 0})
    assert said[0].startswith("The clipboard:3:1: ")
    assert editor.editing.workflow == flow()


def test_the_marks_of_the_other_nodes_stay_when_one_runs_alone_and_the_lines_show_what_was_taken(
    editor: Editor,
) -> None:
    editor.start()
    assert editor.run is not None
    editor.run.wait(60)
    assert editor.canvas.status == {"fetch": "succeeded", "rank": "succeeded", "tell": "succeeded"}
    assert editor.canvas.lines == {
        FIRST: {"taken": True, "items": 2},
        edge_id(("rank", "tell", "success")): {"taken": True, "items": None},
    }
    command(editor, "run-node", nodes=["rank"])
    editor.run.wait(60)
    assert editor.canvas.status == {"fetch": "succeeded", "rank": "succeeded", "tell": "succeeded"}
    assert set(editor.canvas.lines) == {FIRST, edge_id(("rank", "tell", "success"))}


def test_an_editor_that_is_opened_shows_how_the_nodes_ended_last(editor: Editor) -> None:
    editor.start()
    assert editor.run is not None
    editor.run.wait(60)
    again = Editor(editor.workspace, "daily")
    assert again.canvas.status == {"fetch": "succeeded", "rank": "succeeded", "tell": "succeeded"}
    again.close()


def test_a_list_of_calls_shows_on_its_card_how_many_are_done_and_failed(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    many = Workflow(name="many")
    many.add("each", "core.python", params={"code": "1 / (index - 1)"}, for_each="[1, 2, 3]", on_error="continue")
    ws.save(many)
    editor = Editor(ws, "many")
    editor.start()
    assert editor.run is not None
    editor.run.wait(60)
    assert editor.canvas.progress == {"each": {"done": 3, "total": 3, "failed": 1}}
    editor.close()
