"""A curl command that is pasted onto the canvas, or into the form of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from ipywidgets.widgets.widget import _instances

from flowbook import Workspace
from flowbook.models import Workflow
from flowbook.ui.editor.curl_paste import is_curl
from flowbook.ui.editor.editor import Editor

COMMAND = """curl 'https://api.example.com/items?page=2' \\
  -H 'Authorization: Bearer t0k-hush' -H "X-Trace: $TRACE" --json '{"a": 1}'"""


@pytest.fixture
def editor(ws: Workspace) -> Iterator[Editor]:
    ws.save(Workflow(name="daily"))
    made = Editor(ws, "daily")
    yield made
    made.close()


def test_a_command_on_the_canvas_becomes_a_node_whose_secrets_are_in_an_integration(editor: Editor) -> None:
    editor.canvas._intend("key", {"name": "paste", "x": 40, "y": 60, "text": COMMAND})
    flow = editor.editing.workflow
    (id,) = flow.nodes
    node = flow.nodes[id]
    assert (node.task, node.integration, flow.layout[id]) == ("http.request", "api.example.com", (40, 60))
    assert node.params["body"] == {"a": 1}
    assert len(flow.inputs) == 1  # what only the shell knew
    assert editor.inspector.node == id
    assert editor.workspace.integration("api.example.com").type == "http"
    states = json.dumps([one.get_state() for one in _instances.values()], default=str)
    assert "t0k-hush" not in states + json.dumps(flow.to_document())
    editor.undo()
    assert (editor.editing.workflow.nodes, editor.editing.workflow.inputs) == ({}, {})


def test_a_command_in_the_form_of_a_request_fills_it_and_in_that_of_code_is_text(editor: Editor) -> None:
    id = editor.adding.add_task("http.request")
    form = editor.inspector.params.form
    assert re.match(form.widget.takes, "curl x.org")
    form._receive(None, {"kind": "pasted", "text": "curl https://example.com/x -X DELETE"}, [])
    assert editor.editing.workflow.nodes[id].params == {"url": "https://example.com/x", "method": "DELETE"}
    assert (form.value("url"), form.value("method")) == ("https://example.com/x", "DELETE")
    editor.adding.add_task("core.python")
    assert form.widget.takes == ""


@pytest.mark.parametrize(
    "before",
    ["", "  \n", "$ ", "C:\\Users\\ada> ", "PS C:\\> ", "sudo ", "/usr/bin/", "ID=5; ", "ID=5\nexport KIND='a b'\n",
     "ID=5 ", "set ID=5\r\n", '@echo off\r\nset "ID=5"\r\n', '$env:ID = "5"; ', "echo '{}' | "],
)  # fmt: skip
def test_a_command_is_known_whatever_a_shell_has_before_it(editor: Editor, before: str) -> None:
    """Only one that began with curl was; the command line took them all."""
    editor.canvas._intend("key", {"name": "paste", "x": 0, "y": 0, "text": f"{before}curl https://example.com/a"})
    (node,) = editor.editing.workflow.nodes.values()
    assert node.params["url"] == "https://example.com/a"


def test_what_only_names_curl_is_none(editor: Editor) -> None:
    for text in (
        "flowbook: 1\nnodes:\n  a:\n    params: {code: |\n      curl x\n",
        "curling",
        "https://curl.se/a",
        "a" * 10**5,
    ):
        assert not is_curl(text)
    assert not is_curl("echo a;" * 10**5)


def test_what_is_no_command_after_all_changes_nothing_and_is_said(editor: Editor) -> None:
    id = editor.adding.add_task("http.request")
    editor.inspector.params.form._receive(None, {"kind": "pasted", "text": "curl 'https://example.com"}, [])
    editor.canvas._intend("key", {"name": "paste", "x": 0, "y": 0, "text": "curl 'https://example.com"})
    assert list(editor.editing.workflow.nodes) == [id]
    assert editor.editing.workflow.nodes[id].params == {}
