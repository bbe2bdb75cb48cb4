"""**Dry Run** in the editor: what would be changed is shown by place, and a click shows the node."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.rehearsal_panel import RehearsalPanel
from tests.waiting import until


@pytest.fixture
def editor(tmp_path: Path):
    with Workspace(tmp_path) as ws:
        flow = Workflow(name="saving")
        flow.add("save", "files.write_text", params={"path": "${{ item }}.txt", "text": "x"}, for_each=["a", "b"])
        ws.save(flow)
        made = Editor(ws, "saving")
        yield made
        made.close()


def test_dry_run_shows_what_would_be_changed_and_changes_nothing(editor):
    editor.rehearse()
    until(lambda: isinstance(editor.places.drawer, RehearsalPanel))
    panel = editor.places.drawer
    items = {
        group["label"]: [(item["label"], item["detail"]) for item in group["items"]] for group in panel.picker.groups
    }
    assert items == {"file a.txt": [("write", "1 call (save)")], "file b.txt": [("write", "1 call (save)")]}
    assert not list(editor.workspace.root.glob("*.txt"))
    assert editor.workspace.runs() == []
    panel._picked("0")
    assert editor.inspector.node == "save"


def test_a_run_after_it_runs(editor):
    editor.rehearse()
    until(lambda: isinstance(editor.places.drawer, RehearsalPanel))
    dry = editor.running.run
    until(lambda: dry.status != "running")
    editor.start()
    assert editor.running.run is not dry
    until(lambda: editor.running.run.status == "succeeded")
    assert sorted(path.name for path in editor.workspace.root.glob("*.txt")) == ["a.txt", "b.txt"]
