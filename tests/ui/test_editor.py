"""The editor and the tab Workflows without a browser: forms are filled in as a browser would, by their state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace, edits
from flowbook.formats.flowfile import dumps
from flowbook.models import Workflow
from flowbook.ui.editor.add_node import AddNode
from flowbook.ui.editor.edge_form import EdgeForm
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.files_panel import ExportPanel, ImportPanel
from flowbook.ui.editor.inputs_panel import Inputs, RunInputs
from flowbook.ui.editor.note_form import NoteForm
from flowbook.ui.editor.problems_panel import Problems
from flowbook.ui.editor.versions_panel import Versions
from flowbook.ui.parts.holding import dispose
from flowbook.ui.workflows.workflows_tab import NameForm, WorkflowsTab
from tests.entering import enter


def button_of(box: Any, label: str) -> Any:
    """The button of that label somewhere in a box."""
    if getattr(box, "description", "") == label:
        return box
    return next((found for child in getattr(box, "children", ()) if (found := button_of(child, label))), None)


def flow() -> Workflow:
    made = Workflow(name="daily")
    made.add("fetch", "core.set", params={"values": {"rows": [1, 2]}}, at=(0, 0))
    made.add("rank", "core.set", params={"values": {"n": "${{ len(nodes.fetch.data.rows) }}"}}, at=(260, 0))
    made.connect("fetch", "rank")
    return made


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def editor(ws: Workspace) -> Iterator[Editor]:
    ws.save(flow())
    made = Editor(ws, "daily")
    yield made
    made.close()


def run_to_end(editor: Editor) -> None:
    assert editor.run is not None
    editor.run.wait(60)


def test_where_nothing_runs_the_editor_is_a_drawing_and_an_outline(editor: Editor) -> None:
    bundle = editor._repr_mimebundle_()
    assert "fetch core.set -> rank" in bundle["text/plain"]
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_add_node_shows_what_is_wrong_at_its_field_and_adds_the_node(editor: Editor) -> None:
    editor.add_node()
    panel = editor.drawer
    assert isinstance(panel, AddNode)
    panel.add()
    assert set(panel.form.widget.errors) == {"integration", "task"}
    enter(panel.form, integration="core", task="set", params="[1]")
    panel.add()
    assert "mapping" in panel.form.widget.errors["params"]
    enter(panel.form, params='{"values": {"a": 1}}')
    panel.add()
    assert editor.editing.workflow.nodes["set"].params == {"values": {"a": 1}}
    assert editor.inspector.node == "set"
    assert editor.drawer is None


def test_a_task_chosen_where_a_line_ended_follows_its_node_and_one_undo_takes_both_back(editor: Editor) -> None:
    editor.canvas._intend("extend", {"source": "fetch", "left": 400, "top": 200, "x": 300, "y": 150})
    assert editor.adding.chooser.open
    editor.adding.chooser.picker._receive(None, {"kind": "pick", "id": "core.noop"}, [])
    flow_now = editor.editing.workflow
    assert [(edge.source, edge.target) for edge in flow_now.edges] == [("fetch", "rank"), ("fetch", "noop")]
    assert flow_now.layout["noop"] == (400, 150)  # its left edge is where the line ended
    assert editor.inspector.node == "noop"
    assert not editor.adding.chooser.open
    editor.undo()
    assert editor.editing.workflow == flow()


def test_a_click_on_a_handle_puts_the_task_beside_the_node(editor: Editor) -> None:
    editor.select_node("rank")
    editor.canvas._intend("extend", {"source": "fetch", "left": 400, "top": 200})
    editor.adding.chooser.picker._receive(None, {"kind": "pick", "id": "core.noop"}, [])
    assert editor.editing.workflow.layout["noop"] == (260, 92)  # rank stands right of fetch already


def test_nothing_is_added_once_a_person_has_turned_away_from_the_list_of_tasks(editor: Editor) -> None:
    editor.canvas._intend("extend", {"source": "fetch", "left": 400, "top": 200, "x": 300, "y": 150})
    editor.adding.chooser.picker._receive(None, {"kind": "leave"}, [])
    assert not editor.adding.chooser.open
    editor.adding.chooser.picker._receive(None, {"kind": "pick", "id": "core.noop"}, [])
    assert editor.editing.workflow == flow()


def test_the_toolbar_says_what_can_be_undone_and_whether_there_is_something_to_save(editor: Editor) -> None:
    assert editor.toolbar.buttons["undo"].disabled
    editor.editing.connect("fetch", editor.editing.add_task("core.noop"))
    assert editor.toolbar.buttons["undo"].tooltip == "Undo: Connect fetch → noop"
    assert editor.toolbar.dirty
    assert editor.save()
    assert not editor.toolbar.dirty


def test_a_run_marks_the_nodes_and_its_values_show_in_the_inspector(editor: Editor) -> None:
    editor.select_node("rank")
    notes = editor.inspector.params.form.widget.notes
    assert notes["values"] == {"text": "The value shows once “fetch” has run.", "tone": "info"}
    editor.start()
    run_to_end(editor)
    assert editor.canvas.status == {"fetch": "succeeded", "rank": "succeeded"}
    assert editor.toolbar.run.description.startswith("● succeeded ")
    assert editor.inspector.params.form.widget.notes["values"]["text"] == '✓ {"n": 2}'


def test_a_node_can_be_run_alone_after_what_it_needs_has_run(editor: Editor) -> None:
    editor.run_part("only", "rank")
    assert "which has not run yet" in editor.message.text
    editor.run_part("to", "fetch")
    run_to_end(editor)
    editor.run_part("only", "rank")
    run_to_end(editor)
    assert editor.run is not None
    assert editor.run["rank"].data == {"n": 2}


def test_what_a_new_node_lacks_is_said_once_someone_has_left_it_or_tried_to_run_it(editor: Editor) -> None:
    form = editor.inspector.params.form.widget
    first = editor.adding.add_task("core.python")
    assert (form.patient, form.notes["code"]["tone"]) == (True, "error")
    editor.run_part("only", first)
    assert not form.patient
    editor.adding.add_task("core.python")
    assert form.patient
    editor.select_node(first)
    assert not form.patient


def test_with_problems_run_shows_them_and_a_click_selects_the_node(editor: Editor) -> None:
    editor.editing.add_task("core.set")
    editor.start()
    assert editor.run is None
    assert isinstance(editor.drawer, Problems)
    assert editor.toolbar.problems.description == "1 problem"
    editor.drawer.picker._receive(None, {"kind": "pick", "id": "0"}, [])
    assert editor.inspector.node == "set"
    assert not editor.places.drawn  # the list gives way to the field that is to be mended, and waits behind it
    editor.places.come_back()
    assert editor.places.drawn
    assert "cannot run" in editor.message.text
    editor.undo()
    editor.editing.validate()
    assert editor.message.text == ""


def test_the_inputs_of_a_run_are_asked_for_and_the_last_ones_are_offered(editor: Editor) -> None:
    editor.open(Inputs(editor.editing, editor.close_panel))
    editor.drawer.rows.add()
    enter(editor.drawer.rows._rows[0].form, name="repo", type="string", required=True)
    editor.drawer.apply()
    assert editor.editing.workflow.inputs["repo"].required
    editor.start()
    assert isinstance(editor.drawer, RunInputs)
    editor.drawer.start()
    assert "required" in editor.drawer.form.widget.errors["repo"]
    enter(editor.drawer.form, repo="a/b")
    editor.drawer.start()
    run_to_end(editor)
    assert editor.run is not None
    assert editor.run.inputs == {"repo": "a/b"}
    editor.start()
    assert editor.drawer.form.value("repo") == "a/b"


def test_a_param_that_is_typed_is_in_the_workflow_and_typing_is_one_step(editor: Editor) -> None:
    editor.select_node("rank")
    form = editor.inspector.params.form
    for text in ('{"n": 1}', '{"n": 12}', "${{ nodes.fetch.data }}"):
        enter(form, values=text)
    assert editor.editing.workflow.nodes["rank"].params == {"values": "${{ nodes.fetch.data }}"}
    editor.undo()
    assert editor.editing.workflow == flow()
    assert "len(nodes.fetch" in form.widget.values["values"]


def test_params_can_be_written_as_json_and_errors_name_the_line(editor: Editor) -> None:
    editor.select_node("rank")
    tab = editor.inspector.params
    tab.toggle()
    enter(tab.raw, params='{\n"values": }')
    assert "line 2" in tab.raw.widget.notes["params"]["text"]
    enter(tab.raw, params='{"values": {"x": 1}}')
    assert editor.editing.workflow.nodes["rank"].params == {"values": {"x": 1}}
    tab.toggle()
    assert tab.form.value("values") == {"x": 1}


def test_behaviour_is_changed_at_its_fields_and_refused_there(editor: Editor) -> None:
    editor.select_node("rank")
    editor.inspector.open_tab("Behaviour")
    form = editor.inspector.behaviour.form
    enter(form, when="nodes.fetch.success", attempts="3", backoff="2", timeout="0", on_error="continue", join="all")
    node = editor.editing.workflow.nodes["rank"]
    assert node.retry is not None
    assert (node.when, node.retry.attempts, node.retry.backoff) == ("nodes.fetch.success", 3, 2)
    assert (node.on_error, node.join, node.timeout) == ("continue", "all", None)
    assert form.widget.notes["timeout"]["tone"] == "error"
    assert form.widget.notes["timeout"]["text"].endswith("0.")
    enter(form, attempts="", backoff="", when="")
    node = editor.editing.workflow.nodes["rank"]
    assert (node.retry, node.when) == (None, None)


def test_a_node_gets_a_process_of_its_own_by_a_tick(editor: Editor) -> None:
    editor.select_node("rank")
    editor.inspector.open_tab("Behaviour")
    for ticked in (True, False):
        enter(editor.inspector.behaviour.form, isolate=ticked)
        assert editor.editing.workflow.nodes["rank"].isolate is ticked


def test_the_last_output_can_be_pinned(editor: Editor) -> None:
    editor.start()
    run_to_end(editor)
    editor.select_node("fetch")
    editor.inspector.open_tab("Behaviour")
    editor.inspector.behaviour.pin_last()
    assert editor.editing.workflow.nodes["fetch"].pinned == {"rows": [1, 2]}
    assert editor.canvas.elements["nodes"][0]["pinned"]


def test_a_node_that_gets_another_id_stays_selected_in_the_same_form_also_when_that_is_undone(editor: Editor) -> None:
    editor.select_node("rank")
    form = editor.inspector._basics
    made = [field["form"] for field in form.widget.fields]
    for act, id in ((lambda: enter(form, id="last"), "last"), (editor.undo, "rank"), (editor.redo, "last")):
        act()
        assert editor.inspector.node == form.value("id") == id
        assert editor.editing.selected["nodes"] == editor.canvas.selected["nodes"] == [id]
        assert editor.places.inspecting
    assert [field["form"] for field in form.widget.fields] == made
    enter(form, label="Third", id="no id")
    assert "cannot be a node's id" in form.widget.errors["id"]
    assert editor.inspector.node == "last"


def test_an_edge_can_be_changed_and_deleted(editor: Editor) -> None:
    editor.selecting.edge("fetch--rank--success")
    panel = editor.inspector.form
    assert isinstance(panel, EdgeForm)
    enter(panel.form, on="failure", when="true")
    assert [(edge.on, edge.when) for edge in editor.editing.workflow.edges] == [("failure", "true")]
    assert editor.inspector.form is panel
    panel.delete()
    assert list(editor.editing.workflow.edges) == []
    editor.undo()
    assert len(list(editor.editing.workflow.edges)) == 1


def test_the_form_of_an_edge_or_note_closes_when_that_is_gone(editor: Editor) -> None:
    editor.selecting.edge("fetch--rank--success")
    editor.editing.delete(["rank"])
    assert editor.inspector.form is None
    editor.add_note()
    enter(editor.inspector.form.form, text="each day")
    assert editor.canvas.elements["notes"][0]["text"] == "each day"
    editor.undo()
    editor.undo()
    assert editor.inspector.form is None


def test_the_form_of_an_edge_or_note_closes_when_something_else_is_chosen(editor: Editor) -> None:
    nothing: dict[str, list[str]] = {"nodes": [], "edges": [], "notes": []}
    editor.selecting.edge("fetch--rank--success")
    editor.selecting.take({**nothing, "edges": ["fetch--rank--success"]})
    enter(editor.inspector.form.form, on="always")  # it has another id from now on, and no view has that selected
    editor.selecting.take(nothing)
    assert isinstance(editor.inspector.form, EdgeForm)
    editor.selecting.edge("fetch--rank--always")
    editor.selecting.take(nothing)
    assert editor.inspector.form is None
    editor.add_note()
    note = editor.canvas.elements["notes"][0]["id"]
    editor.selecting.take({**nothing, "notes": [note]})
    assert isinstance(editor.inspector.form, NoteForm)
    editor.selecting.take({**nothing, "nodes": ["fetch"]})
    assert editor.inspector.form is None
    editor.add_node()
    editor.selecting.take({**nothing, "nodes": ["rank"]})
    assert isinstance(editor.drawer, AddNode)


def test_an_older_version_can_be_restored(editor: Editor) -> None:
    editor.editing.delete(["rank"])
    editor.save()
    panel = Versions(editor.editing, editor.close_panel)
    rows = panel.table.widget.rows
    assert ["restore" in [one["id"] for one in row["actions"]] for row in rows] == [False, True]
    panel._act("restore", rows[1]["id"])
    assert editor.editing.workflow == flow()
    assert editor.editing.dirty
    editor.undo()
    assert "rank" not in editor.editing.workflow.nodes


def test_versions_say_what_changed_and_one_is_shown_with_what_is_different_now(editor: Editor) -> None:
    editor.editing.delete(["rank"])
    editor.save()
    editor.editing.do(edits.change_node("fetch", timeout=5), edits.move({"fetch": (7, 7)}))
    editor.save()
    editor.editing.move({"fetch": (9, 9)}, {})
    editor.save()
    panel = Versions(editor.editing, editor.close_panel)
    assert [row["cells"]["what"]["text"] for row in panel.table.widget.rows] == [
        "only places on the canvas", "1 field changed", "1 node removed, 1 connection removed", "the first",
    ]  # fmt: skip
    panel._act("open", "3")
    assert panel.shown is not None
    assert "- node rank" in panel.shown.text
    assert "timeout: – → 5" in panel.shown.text
    panel.widget.close()


def test_a_version_gets_a_name_and_keeps_it(editor: Editor) -> None:
    panel = Versions(editor.editing, editor.close_panel)
    panel._act("name", "0")
    assert panel.naming is not None
    enter(panel.naming, name="x" * 101)
    button_of(panel.widget, "Give It This Name").click()
    assert "at most 100 characters" in panel.naming.widget.errors["name"]
    enter(panel.naming, name="As it was sent")
    button_of(panel.widget, "Give It This Name").click()
    assert panel.table.widget.rows[0]["cells"]["at"]["text"] == "As it was sent"
    assert editor.workspace.versions("daily")[0].name == "As it was sent"
    panel.widget.close()


def test_an_import_lists_all_that_is_wrong_at_once(editor: Editor) -> None:
    taken: list[Workflow] = []
    panel = ImportPanel(editor.workspace, editor.close_panel, taken.append)
    panel.import_text()
    assert "Choose a file" in panel.form.widget.errors["text"]
    enter(panel.form, text="flowbook: 1\nname: x\nnodes:\n  a: {task: core.nothing}\n  b: {task: core.set}\n")
    panel.import_text()
    assert len(panel.problems.groups[0]["items"]) == 2
    assert taken == []
    enter(panel.form, text=dumps(flow()))
    panel.import_text()
    assert taken == [flow()]


def choose(panel: ImportPanel, content: bytes, name: str = "x.flow.yaml") -> None:
    """Choose a file, as its widget tells of it."""
    panel.upload._handle_custom_msg({"kind": "file", "name": name}, [memoryview(content)])


def test_choosing_a_file_shows_what_is_in_it_and_only_import_takes_it(editor: Editor) -> None:
    taken: list[Workflow] = []
    panel = ImportPanel(editor.workspace, editor.close_panel, taken.append)
    choose(panel, dumps(flow()).encode(), "daily.flow.yaml")
    assert panel.message.text == "daily.flow.yaml: the workflow “daily”, 2 nodes, 1 connection. No problems."
    assert taken == []
    panel.import_text()
    assert taken == [flow()]


def test_what_is_changed_in_the_text_of_a_chosen_file_is_what_is_imported(editor: Editor) -> None:
    taken: list[Workflow] = []
    panel = ImportPanel(editor.workspace, editor.close_panel, taken.append)
    choose(panel, dumps(flow()).encode())
    enter(panel.form, text="flowbook: 1\nname: other\n")
    assert panel.message.text == ""
    panel.import_text()
    assert [one.name for one in taken] == ["other"]
    choose(panel, b"\xff\xfe")
    enter(panel.form, text="flowbook: 1\nname: third\n")
    panel.import_text()
    assert taken[-1].name == "third"


def test_an_import_counts_credentials_of_the_environment(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS__ELSEWHERE", '{"token": "not-a-real-token"}')
    taken: list[Workflow] = []
    panel = ImportPanel(editor.workspace, editor.close_panel, taken.append)
    node = "{task: github.get_repo, integration: Elsewhere, params: {repo: a/b}}"
    enter(panel.form, text=f"flowbook: 1\nname: x\nnodes:\n  a: {node}\n")
    panel.import_text()
    assert [one.name for one in taken] == ["x"]


def test_an_import_lists_a_key_that_is_there_twice_and_takes_neither(editor: Editor) -> None:
    panel = ImportPanel(editor.workspace, editor.close_panel, lambda _: None)
    content = b"flowbook: 1\nname: x\nnodes:\n  a: {task: core.noop, label: A, label: B}\n  b: {task: core.nothing}\n"
    choose(panel, content)
    assert [item["id"] for item in panel.problems.groups[0]["items"]] == ["0", "1"]
    assert "anyway" not in str(panel.message.text)
    assert panel._anyway.layout.display == "none"


def test_an_import_of_a_file_that_is_no_text_says_where(editor: Editor) -> None:
    panel = ImportPanel(editor.workspace, editor.close_panel, lambda _: None)
    choose(panel, b"flowbook: 1\nname: \xff\n")
    assert "flow.yaml:2:7: this is not UTF-8 text" in panel.message.text


def test_an_export_says_where_it_saves_and_replaces_a_file_only_when_asked_twice(editor: Editor) -> None:
    path = editor.workspace.root / "daily.flow.yaml"
    path.write_text("mine")
    panel = ExportPanel(editor.workspace, editor.editing.workflow, editor.close_panel)
    assert str(editor.workspace.root) in panel.form.widget.fields[0]["hint"]
    panel.save()
    assert path.read_text() == "mine"
    panel.save()
    assert path.read_text() == dumps(editor.editing.workflow)
    assert panel.message.text == f"Saved as {path}."


def test_an_export_goes_to_the_path_that_is_given(editor: Editor, tmp_path: Path) -> None:
    panel = ExportPanel(editor.workspace, editor.editing.workflow, editor.close_panel)
    (editor.workspace.root / "daily.flow.yaml").write_text("mine")
    panel.save()
    enter(panel.form, path="missing/daily.flow.yaml")
    panel.save()  # what was asked was about another file
    assert "There is no folder" in panel.form.widget.errors["path"]
    enter(panel.form, path=str(tmp_path))
    panel.save()
    assert "is a folder" in panel.form.widget.errors["path"]
    (tmp_path / "out").mkdir()
    enter(panel.form, path="out/mine.flow.yaml")
    panel.save()
    assert (tmp_path / "out" / "mine.flow.yaml").read_text() == dumps(editor.editing.workflow)
    assert (editor.workspace.root / "daily.flow.yaml").read_text() == "mine"


def test_a_workflow_is_created_renamed_duplicated_and_deleted_in_its_tab(ws: Workspace) -> None:
    tab = WorkflowsTab(ws)
    tab.create()
    assert isinstance(tab.panel, NameForm)
    enter(tab.panel.form, name="Daily", description="each day")
    assert tab.panel.form.widget.notes["name"]["text"] == "Id: daily"
    tab.panel.submit()
    assert tab.editor is not None
    assert tab.editor.name == "daily"
    tab.back()
    assert tab.editor is None
    tab.create()
    enter(tab.panel.form, name="Daily")
    assert tab.panel.form.widget.notes["name"]["text"] == "Id: daily-2 (there is a workflow “daily” already)"
    tab._act("rename", "daily")
    enter(tab.panel.form, name="nightly")
    tab.panel.submit()
    tab._act("duplicate", "nightly")
    tab.panel.submit()
    assert [row["id"] for row in tab.table.widget.rows] == ["nightly", "nightly-copy"]
    tab._act("delete", "nightly")
    assert len(ws.workflows()) == 2, "it asks first"
    tab._act("really", "nightly")
    assert [one.name for one in ws.workflows()] == ["nightly-copy"]


def call(tab: WorkflowsTab, words: str, **more: str) -> None:
    """Fill in the form that asks for a name, and submit it."""
    assert isinstance(tab.panel, NameForm)
    enter(tab.panel.form, name=words, **more)
    tab.panel.submit()


def test_the_words_that_a_workflow_was_called_by_stay_its_title(ws: Workspace) -> None:
    tab = WorkflowsTab(ws)

    def names() -> list[tuple[str, str]]:
        return [(row["cells"]["name"]["text"], row["cells"]["name"]["detail"]) for row in tab.table.widget.rows]

    tab.create()
    call(tab, "Daily weather")
    assert tab.editor is not None
    assert (tab.editor.name, tab.editor.toolbar._name.value) == ("daily-weather", "Daily weather")
    tab.back()
    tab.create()
    call(tab, "Daily weather", description="mailed at seven")
    tab.back()
    tab.create()
    call(tab, "plain", description="Weather: as it is")
    tab.back()
    assert names() == [
        ("Daily weather", "daily-weather"), ("Daily weather", "daily-weather-2 · mailed at seven"),
        ("plain", "Weather: as it is"),
    ]  # fmt: skip
    tab._act("rename", "daily-weather-2")
    assert isinstance(tab.panel, NameForm)
    assert tab.panel.form.value("name") == "Daily weather"
    call(tab, "Météo")
    tab._act("duplicate", "meteo")
    call(tab, "Wind")
    assert names()[1:] == [
        ("Météo", "meteo · mailed at seven"), ("plain", "Weather: as it is"), ("Wind", "wind · mailed at seven"),
    ]  # fmt: skip
    assert ws.workflow("wind").description == "Wind: mailed at seven"


def test_leaving_with_unsaved_changes_asks(ws: Workspace) -> None:
    ws.save(flow())
    tab = WorkflowsTab(ws)
    tab.open("daily")
    assert tab.editor is not None
    tab.editor.editing.delete(["rank"])
    tab.back()
    assert tab.editor is not None
    tab._save_and_leave()
    assert tab.editor is None
    assert list(ws.workflow("daily").nodes) == ["fetch"]


def test_a_run_can_be_cancelled_and_a_second_one_waits_for_its_end(ws: Workspace) -> None:
    slow = Workflow(name="slow")
    slow.add("nap", "core.wait", params={"seconds": 60})
    ws.save(slow)
    editor = Editor(ws, "slow")
    editor.start()
    first = editor.run
    assert editor.toolbar.buttons["run"].disabled
    editor.start()
    assert editor.run is first
    assert "running already" in editor.message.text
    editor.cancel()
    run_to_end(editor)
    assert editor.canvas.status == {"nap": "cancelled"}
    assert not editor.toolbar.buttons["run"].disabled
    assert editor.toolbar.run.description.startswith("● cancelled ")
    editor.close()


def test_nothing_that_a_person_types_into_a_secret_input_is_state_of_a_widget(ws: Workspace) -> None:
    flow_ = flow()
    flow_.set_input("pin", "password", required=True)
    ws.save(flow_)
    editor = Editor(ws, "daily")
    editor.start()
    form = editor.drawer.form
    form._receive(None, {"kind": "secret", "name": "pin", "value": "s3cret-0000"}, [])
    assert "s3cret-0000" not in repr(form.widget.get_state())
    editor.drawer.start()
    run_to_end(editor)
    assert editor.run is not None
    assert editor.run.inputs == {"pin": "s3cret-0000"}
    editor.start()
    assert editor.drawer.form.values() == {}
    assert "s3cret-0000" not in repr(editor._repr_mimebundle_())
    editor.close()


def test_what_became_of_a_conflict_is_said_once(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Workflow(name="daily")
    flow.add("first", "core.noop")
    ws.save(flow)
    editor = Editor(ws, "daily")
    told: list[str] = []
    monkeypatch.setattr(editor.canvas, "tell", lambda text, kind: told.append(text))
    flow.describe("theirs")
    ws.save(flow)
    editor.editing.do(edits.describe("mine"))
    assert not editor.save()
    panel: Any = editor.places.drawer
    panel.reload()
    assert (editor.message.text, told) == ("Reloaded.", [])
    editor.close()


def test_the_studio_calls_a_workflow_and_its_copies_by_its_title(ws: Workspace) -> None:
    flow = Workflow(name="morgens-um-7", description="Morgens um 7: für alle")
    flow.add("first", "core.noop")
    ws.save(flow)
    tab = WorkflowsTab(ws)
    tab._act("delete", flow.name)
    assert str(tab.table._notices[flow.name]["text"]).startswith("Delete “Morgens um 7”?")
    tab._act("duplicate", flow.name)
    assert tab.panel is not None
    assert tab.panel.widget.children[0].text == "Duplicate Morgens um 7"
    tab.panel.submit()
    assert tab.message.text == "Created “Morgens um 7 (copy)”."
    tab.open(flow.name)
    assert tab._opening.text == "Opening “Morgens um 7” …"
    editor: Any = tab.editor
    flow.describe("Morgens um 7: für einige")
    ws.save(flow)
    editor.editing.do(edits.describe("Morgens um 7: für mich"))
    assert not editor.save()
    panel: Any = editor.places.drawer
    assert panel.message.text.startswith("“Morgens um 7” was saved by someone else")
    panel.copy()
    assert editor.message.text == "Saved as “Morgens um 7 (copy)”."
    copies = {one.name: one.description for one in ws.workflows() if one.name != flow.name}
    assert copies == {
        "morgens-um-7-copy": "Morgens um 7 (copy): für alle",
        "morgens-um-7-copy-2": "Morgens um 7 (copy): für mich",
    }
    dispose(tab.widget)
    tab.close()


def test_a_task_without_params_offers_no_other_way_to_write_them(ws: Workspace) -> None:
    flow = Workflow(name="daily")
    flow.add("first", "core.noop")
    flow.add("second", "core.python", params={"code": "1"})
    ws.save(flow)
    editor = Editor(ws, "daily")
    for node, offered in (("first", False), ("second", True), ("first", False)):
        editor.select_node(node)
        assert (editor.inspector.params._toggle.layout.display != "none") is offered
    editor.close()


def test_a_workflow_that_others_run_says_so_when_it_is_deleted_or_renamed(ws: Workspace) -> None:
    inner = Workflow(name="inner")
    inner.add("first", "core.noop")
    ws.save(inner)
    for name in ("outer", "again"):
        flow = Workflow(name=name)
        task, more = ("core.repeat", {"until": "True"}) if name == "again" else ("core.run_workflow", {})
        flow.add("sub", task, params={"workflow": "inner", **more})
        ws.save(flow)
    agent = Workflow(name="asking")  # an agent may run any of several
    agent.add("sub", "llm.agent", "Model", params={"task": "look", "workflows": ["other", "inner"]})
    ws.save(agent)
    tab = WorkflowsTab(ws)
    tab._act("delete", "outer")
    tab._act("delete", "inner")
    asked = {name: str(one["text"]) for name, one in tab.table._notices.items()}
    assert asked["outer"] == "Delete “outer”? Its runs stay in the history."
    assert asked["inner"].startswith("Delete “inner”? Without it “again”, “asking” and “outer” will fail. ")
    tab._rename("inner", "core-part", "Core part")
    said = (
        "Renamed to “Core part”. Change “inner” to “core-part” in “again”, “asking” and “outer” too: it is run there."
    )
    assert (tab.message.text, tab.message.tone) == (said, "warning")
    tab._rename("outer", "outside", "Outside")
    assert (tab.message.text, tab.message.tone) == ("Renamed to “Outside”.", "success")
