"""What the inspector shows first, and how a node gets what it needs right there; what is said goes when it is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowbook import Workspace, edits
from flowbook.models import Node, Retry, Workflow
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.inputs_panel import RunInputs
from flowbook.ui.editor.new_integration import NewIntegration, OpenedIntegration
from flowbook.ui.parts.forms import Form
from tests.entering import enter, leave_empty


@pytest.fixture
def editor(ws: Workspace) -> Iterator[Editor]:
    flow = Workflow(name="daily")
    flow.add("first", "core.set", params={"values": {"a": 1}}, at=(0, 0))
    flow.add("nap", "core.wait", params={"seconds": 60}, at=(260, 0))
    ws.save(flow)
    made = Editor(ws, "daily")
    yield made
    made.close()


def offers_to_create(editor: Editor) -> bool:
    return editor.inspector._create.layout.display is None


def test_a_node_that_was_added_shows_its_params_whatever_was_looked_at_before(editor: Editor) -> None:
    editor.select_node("first")
    editor.inspector.open_tab("Output")
    editor.add_task("core.noop")
    assert editor.inspector.node == "noop"
    assert editor.inspector._tabs.selected == "Params"


def test_a_node_without_an_integration_gets_one_from_the_form_that_opens_right_there(editor: Editor) -> None:
    editor.select_node("first")
    assert not offers_to_create(editor)
    editor.add_task("slack.send_message")
    assert offers_to_create(editor)
    editor.inspector._create.click()
    panel = editor.drawer
    assert isinstance(panel, NewIntegration)
    assert panel.form.head.value("type") == "slack"
    panel.form.head.set_values({"name": "Team"})
    panel.form.credentials._receive(
        None, {"kind": "secret", "name": "webhook_url", "value": "http://127.0.0.1:9/hook"}, []
    )
    panel.form.save()
    assert editor.drawer is None
    assert editor.editing.workflow.nodes["send_message"].integration == "Team"
    assert not offers_to_create(editor)
    assert [one.name for one in editor.workspace.integrations()] == ["Team"]


def test_what_is_wrong_with_a_field_is_a_sentence_there(editor: Editor) -> None:
    editor.add_task("gitlab.list_files")
    editor.editing.validate()
    note = editor.inspector._basics.widget.notes["integration"]["text"]
    assert note.startswith("This is missing: gitlab.list_files needs credentials. ")


def test_a_form_of_an_integration_that_is_given_up_changes_no_node(editor: Editor) -> None:
    editor.add_task("slack.send_message")
    editor.inspector._create.click()
    editor.drawer.form.cancel()
    assert editor.drawer is None
    assert editor.editing.workflow.nodes["send_message"].integration is None
    assert offers_to_create(editor)


def test_what_was_refused_because_of_a_run_goes_when_that_is_over(editor: Editor) -> None:
    editor.start()
    editor.start()
    assert "running already" in editor.message.text
    editor.cancel()
    assert editor.run is not None
    editor.run.wait(60)
    assert editor.message.text == ""


def test_the_field_of_a_param_that_no_description_names_stays_while_it_is_emptied(editor: Editor) -> None:
    editor.editing.do(edits.change_node("first", task="core.unknown", params={"more": "x", "other": "y"}))
    editor.select_node("first")
    form = editor.inspector.params.form
    enter(form, more="")
    editor.inspector.refresh()  # as after a run
    assert [one.name for one in form.fields] == ["more", "other"]
    enter(form, more="z")
    assert editor.editing.workflow.nodes["first"].params == {"other": "y", "more": "z"}
    enter(form, more="")
    editor.select_node("nap")
    editor.select_node("first")
    assert [one.name for one in form.fields] == ["other"]


def test_another_param_is_asked_for_only_by_whom_it_is_wanted(editor: Editor) -> None:
    params = editor.inspector.params
    editor.editing.do(edits.change_node("first", task="core.unknown", params={}))
    editor.select_node("first")
    asks = [one.layout.display for one in (params._add, params._another)]
    assert asks == [None, "none"]  # there is no other field
    enter(params.more, name="city", value="Oslo")
    params.add_param()
    assert editor.editing.workflow.nodes["first"].params == {"city": "Oslo"}
    assert [one.layout.display for one in (params._add, params._another)] == ["none", None]
    params.open_more()
    assert [one.layout.display for one in (params._add, params._another)] == [None, "none"]
    editor.select_node("nap")
    editor.select_node("first")
    assert [one.layout.display for one in (params._add, params._another)] == ["none", None]


def test_how_long_a_result_is_reused_is_a_setting_of_behaviour(editor: Editor) -> None:
    editor.select_node("first")
    editor.inspector.open_tab("Behaviour")
    form = editor.inspector.behaviour.form
    for entered, kept in (("12h", "12h"), ("True", True), ("false", None), ("1d", "1d"), ("", None)):
        enter(form, cache=entered)
        assert editor.editing.workflow.nodes["first"].cache == kept
    enter(form, cache="soon")
    assert "is no length of time" in form.widget.notes["cache"]["text"]
    assert editor.editing.workflow.nodes["first"].cache is None
    enter(form, cache="true")
    editor.select_node("nap")
    editor.select_node("first")
    assert form.raw("cache") == "true"


def test_every_field_of_a_node_is_changed_somewhere_in_the_inspector(editor: Editor) -> None:
    inspector = editor.inspector
    editor.select_node("first")
    inspector.open_tab("Behaviour")
    shown = {one.name for form in (inspector._basics, inspector.behaviour.form) for one in form.fields}
    assert set(Node.model_fields) - shown == {
        "params",
        "retry",
    }  # the one has its own tab, the other fields for each part
    assert set(Retry.model_fields) <= shown


def test_code_that_loops_is_given_the_item(editor: Editor) -> None:
    editor.add_task("core.python")
    editor.inspector.open_tab("Behaviour")
    form, nodes = editor.inspector.behaviour.form, editor.editing.workflow.nodes
    enter(form, for_each="[1, 2]")
    assert editor.editing.workflow.nodes["python"].params == {"item": "${{ item }}"}
    enter(form, for_each="[1, 2, 3]")
    enter(form, for_each="")
    assert editor.editing.workflow.nodes["python"].params == {}
    editor.select_node("first")
    enter(form, for_each="[1, 2]")
    assert editor.editing.workflow.nodes["first"].params == nodes["first"].params


def test_the_credentials_of_a_node_are_put_right_from_the_node(editor: Editor) -> None:
    ws = editor.workspace
    ws.create_type("slack")
    ws.create_integration("Team", "slack", {"webhook_url": "http://127.0.0.1:9/wrong"})
    editor.refresh()
    editor.add_task("slack.send_message")
    form = editor.inspector._basics
    assert {one.name: one.action for one in form.fields if one.action} == {"integration": "Edit"}
    form._receive(None, {"kind": "action", "name": "integration"}, [])
    panel = editor.drawer
    assert isinstance(panel, OpenedIntegration)
    enter_secret(panel.form.credentials, "webhook_url", "http://127.0.0.1:9/right")
    panel.form.save()
    assert editor.drawer is None
    assert ws.integration_revision("Team") == 2
    assert "127.0.0.1" not in repr(ws.integration("Team").fields)
    assert editor.editing.workflow.nodes["send_message"].integration == "Team"


def test_an_integration_that_was_deleted_meanwhile_is_said_to_be_gone(editor: Editor) -> None:
    editor.edit_integration("Team")
    assert editor.drawer is None
    assert "Team" in editor.message.text
    assert editor.message.tone == "error"


def test_an_expression_is_taken_without_its_braces_where_one_was_asked_for(editor: Editor) -> None:
    """ƒx was pressed: what is typed then is an expression, as it is in a condition."""
    editor.editing.do(edits.connect("first", "nap"))
    editor.select_node("nap")
    form = editor.inspector.params.form
    form._receive(None, {"kind": "mode", "name": "seconds", "expression": True}, [])
    enter(form, seconds="nodes.first.data.a + 1")
    assert editor.editing.workflow.nodes["nap"].params["seconds"] == "${{ nodes.first.data.a + 1 }}"
    enter(form, seconds="a run of nodes")
    assert editor.editing.workflow.nodes["nap"].params["seconds"] == "a run of nodes"


def test_text_that_reads_as_an_expression_is_said_to_be_text(editor: Editor) -> None:
    editor.add_task("files.write_text")
    form = editor.inspector.params.form
    enter(form, text="nodes.first.data.a")
    note = form.widget.notes["text"]
    assert note == {"text": "This is text as it stands. ƒx makes an expression of it.", "tone": "warning"}
    enter(form, text="the nodes of a run")
    assert "text" not in form.widget.notes


def enter_secret(form: Form, name: str, value: str) -> None:
    form._receive(None, {"kind": "secret", "name": name, "value": value}, [])


def test_the_workflows_that_a_node_can_run_are_offered_with_the_inputs_that_they_ask_for(editor: Editor) -> None:
    other = Workflow(name="tell-team")
    other.set_input("text", required=True)
    other.set_input("times", type="integer", default=2)
    editor.workspace.save(other)
    editor.add_task("core.run_workflow")
    form = editor.inspector.params.form
    fields = {one.name: one for one in form.fields}
    assert fields["workflow"].suggestions == ("tell-team",)
    assert fields["inputs"].placeholder == ""
    enter(form, workflow="tell-team")
    assert {one.name: one.placeholder for one in form.fields}["inputs"] == '{"text": "…", "times": 2}'
    assert "inputs" not in editor.editing.workflow.nodes["run_workflow"].params


@pytest.mark.parametrize(("task", "name"), [
    ("slack.set_topic", "topic"), ("files.write_text", "text"), ("github.update_issue", "body"),
    ("gitlab.update_issue", "description"), ("google_drive.update_file", "description"), ("smtp.send_email", "subject"),
])  # fmt: skip
def test_a_text_that_takes_something_away_by_being_empty_is_given_from_the_form(
    editor: Editor, task: str, name: str
) -> None:
    editor.add_task(task)
    form = editor.inspector.params.form
    node = editor.inspector.node
    enter(form, **{name: "words"})
    enter(form, **{name: ""})
    assert name not in editor.editing.workflow.nodes[node].params
    leave_empty(form, name)
    assert editor.editing.workflow.nodes[node].params[name] == ""
    assert name not in form.problems()
    editor.select_node("first")
    editor.select_node(node)  # it is still so when the node is shown again
    assert form.value(name) == ""
    assert name not in form.problems()


def test_a_text_that_its_task_refuses_empty_is_not_offered_so(editor: Editor) -> None:
    editor.add_task("slack.send_message")
    shown = {one["name"]: one["may_be_empty"] for one in editor.inspector.params.form.widget.fields}
    assert shown["text"]
    spec = editor.inspector.params._spec
    assert spec is not None
    shape = {"type": "string", "minLength": 1}
    refused = spec._replace(params_schema={"properties": {"text": shape, "thread_ts": {"anyOf": [shape]}}})
    fields = {one.name: one.takes_empty for one in editor.inspector.params._fields({}, refused)}
    assert (fields["text"], fields["thread_ts"], fields["channel"]) == (False, False, True)


def test_an_input_of_a_run_may_be_an_empty_text_in_place_of_its_default(ws: Workspace) -> None:
    flow = Workflow(name="greet")
    flow.set_input("greeting", default="Hello")
    flow.set_input("to", required=True)
    ws.save(flow)
    made = Editor(ws, "greet")
    got: list[dict[str, object]] = []
    asked = RunInputs(made.editing, {}, lambda: None, got.append)
    enter(asked.form, greeting="")
    leave_empty(asked.form, "greeting")
    leave_empty(asked.form, "to")
    asked.start()
    made.close()
    assert got == [{"greeting": "", "to": ""}]
