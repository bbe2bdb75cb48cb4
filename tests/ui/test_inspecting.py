"""What the inspector shows first, and how a node gets what it needs right there; what is said goes when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.models import Workflow
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.new_integration import NewIntegration
from flowbook.ui.parts.forms import Form


def enter(form: Form, **values: Any) -> None:
    """Type into a form."""
    for name, value in values.items():
        form.widget.values = {**form.widget.values, name: value}


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
    editor.run.wait(30)
    assert editor.message.text == ""
