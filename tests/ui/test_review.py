"""A workflow that came from elsewhere, in the editor: restricted until somebody has looked at it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowbook.edits import change_node
from flowbook.errors import Untrusted
from flowbook.models import Workflow
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.review import ReviewPanel
from flowbook.ui.editor.review_saved import ReviewSavedPanel
from flowbook.ui.workflows.workflows_tab import NameForm, WorkflowsTab
from flowbook.workspace import FileText, Workspace
from tests.entering import enter

NODES = {
    "a": {"task": "core.python", "params": {"code": "steal()"}, "pinned": {"n": 1}},
    "b": {"task": "http.request", "params": {"url": "x"}, "integration": "Theirs", "pinned": {"n": 2}},
}


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)
    (tmp_path / "home").mkdir()
    ws = Workspace(tmp_path / "home")
    ws.create_type("http")
    for name in ("Mine", "Theirs"):
        ws.create_integration(name, "http", {"base_url": f"https://{name.lower()}.example.com"})
    path = ws.root / "gift.flow.yaml"
    path.write_text(json.dumps({"flowbook": 1, "name": "gift", "nodes": NODES}))
    ws.import_workflow(path)
    return ws


def test_it_opens_restricted_and_its_review_shows_all(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    assert editor.restriction.said == "Restricted: look, don't run"
    editor.restriction.review()
    panel = editor.restriction.panel
    assert isinstance(panel, ReviewPanel)
    for part in ("steal()", "Theirs (http) → theirs.example.com", "http.request"):
        assert part in panel.text
    editor.close()


def test_it_does_not_run_and_saving_does_not_trust_it(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    editor.running.start()
    assert editor.run is None
    assert "not trusted" in editor.message.text
    editor.editing.do(change_node("a", params={"code": "other()"}))
    editor.save()
    with pytest.raises(Untrusted):
        ws.run("gift")
    editor.close()


def test_trust_and_run_trusts_what_is_shown_and_later_edits_here(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    editor.restriction.review()
    panel = editor.restriction.panel
    assert isinstance(panel, ReviewPanel)
    panel.trust_and_run()
    assert editor.run is not None
    editor.run.wait()
    assert editor.restriction.said == ""
    editor.editing.do(change_node("a", params={"code": "other()"}))
    editor.save()
    assert ws.run("gift").status == "succeeded"
    editor.close()


def call(tab: WorkflowsTab, words: str, **more: str) -> None:
    """Fill in the form that asks for a name, and submit it."""
    assert isinstance(tab.panel, NameForm)
    enter(tab.panel.form, name=words, **more)
    tab.panel.submit()


def test_a_copy_is_trusted_no_more_than_what_it_is_a_copy_of(ws: Workspace) -> None:
    tab = WorkflowsTab(ws)
    for action, words in (("duplicate", "A copy"), ("rename", "The first one")):
        tab._act(action, "gift")
        call(tab, words)
    assert {one.name: ws.is_trusted(one.name) for one in ws.workflows()} == {"a-copy": False, "the-first-one": False}
    editor = Editor(ws, "the-first-one")
    editor.editing.trust()
    editor.close()
    tab._act("rename", "the-first-one")
    call(tab, "Another name")
    assert ws.is_trusted("another-name")


def test_keep_restricted_changes_nothing(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    editor.restriction.review()
    editor.close_panel()
    assert editor.editing.restricted
    editor.close()


def test_a_label_means_what_is_chosen_in_the_review(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    editor.restriction.review()
    panel = editor.restriction.panel
    assert isinstance(panel, ReviewPanel)
    panel.choose("Theirs", "Mine")
    assert editor.editing.workflow.nodes["b"].integration == "Mine"
    assert "mine.example.com" in panel.text
    editor.close()


def test_what_is_imported_into_an_own_workflow_restricts_it(ws: Workspace) -> None:
    ws.save(Workflow(name="own"))
    editor = Editor(ws, "own")
    assert editor.restriction.said == ""
    gift = ws.read(FileText((ws.root / "gift.flow.yaml").read_text(), "gift")).workflow
    assert gift is not None
    editor._take(gift)
    assert editor.restriction.said
    editor.save()
    assert not ws.is_trusted(editor.name)
    editor.close()


def test_previews_see_pinned_data_only(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    editor.inspector.reload_values()
    assert set(editor.inspector.last.records) == {"a", "b"}
    assert editor.inspector.last.run == ""
    editor.close()


def test_an_own_workflow_has_no_banner(ws: Workspace) -> None:
    own = Workflow(name="own")
    own.add("a", "core.python", params={"code": "1"})
    ws.save(own)
    editor = Editor(ws, "own")
    assert editor.restriction.said == ""
    editor.running.start()
    assert editor.run is not None
    assert editor.run.wait()["a"].data == 1
    editor.close()


def test_what_was_saved_before_is_decided_about_together(ws: Workspace) -> None:
    path = ws.root / "other.flow.yaml"
    path.write_text(json.dumps({"flowbook": 1, "name": "other", "nodes": {"c": NODES["a"]}}))
    ws.import_workflow(path)
    editor = Editor(ws, "gift")
    editor.restriction.review_saved()
    panel = editor.restriction.panel
    assert isinstance(panel, ReviewSavedPanel)
    assert panel.text.count("steal()") == 2
    assert ws.review("other").missing
    panel.trust_all()
    assert editor.restriction.said == ""
    assert ws.is_trusted("gift")
    assert ws.is_trusted("other")
    editor.close()


def test_what_was_changed_meanwhile_is_not_trusted_with_what_was_looked_at(ws: Workspace) -> None:
    editor = Editor(ws, "gift")
    editor.restriction.review_saved()
    panel = editor.restriction.panel
    assert isinstance(panel, ReviewSavedPanel)
    path = ws.root / "gift.flow.yaml"
    path.write_text(json.dumps({"flowbook": 1, "name": "gift", "nodes": {"c": NODES["a"]}}))
    ws.import_workflow(path, replace=True)
    panel.trust_all()
    assert "Look at it again" in panel.message.text
    assert not ws.is_trusted("gift")
    editor.close()
