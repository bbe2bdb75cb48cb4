"""**Dry Run** in the editor: what would be changed is shown by place, and a click shows the node."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.results import Cause, NodeResult
from flowbook.tasks.intent import Intent
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
    shown = {
        place["label"]: [(one["action"], one["calls"], one["nodes"]) for one in place["effects"]]
        for place in panel.map.places
    }
    assert shown == {"file a.txt": [("write", "1 call", ["save"])], "file b.txt": [("write", "1 call", ["save"])]}
    assert "In all: 2 calls to 2 files." in panel.widget.children[0].detail
    assert not list(editor.workspace.root.glob("*.txt"))
    assert editor.workspace.runs() == []
    panel._hear(panel.map, {"pick": "unknown"}, [])
    assert editor.inspector.node != "save"
    panel._hear(panel.map, {"pick": "save"}, [])
    assert editor.inspector.node == "save"


def test_a_call_is_shown_whole_and_without_its_secrets(tmp_path: Path):
    secret = "sesame-0pen-98765"
    with Workspace(tmp_path) as ws:
        ws.create_type("http")
        ws.create_integration("api", "http", {"token": secret}, hosts=["127.0.0.1:9"])
        flow = Workflow(name="telling")
        params = {
            "method": "POST",
            "url": "http://127.0.0.1:9/orders",
            "body": {"text": f"it is {secret}", "items": "${{ [1, 2] }}"},
        }
        flow.add("tell", "http.request", integration="api", params=params)
        ws.save(flow)
        editor = Editor(ws, "telling")
        editor.rehearse()
        until(lambda: isinstance(editor.places.drawer, RehearsalPanel))
        panel = editor.places.drawer
        [place] = panel.map.places
        [effect] = place["effects"]
        whole = json.dumps(panel.map.places)
        editor.close()
    assert place["label"] == "service 127.0.0.1:9"
    assert effect["action"] == "POST /orders"
    assert '"items": [1, 2]' in " ".join(effect["sent"])
    assert secret not in whole


def test_a_dry_run_that_is_over_before_the_editor_has_it_is_told_as_any(editor, monkeypatch):
    start = editor.workspace.start

    def slow(*given, **options):
        run = start(*given, **options)
        time.sleep(0.5)  # it takes some milliseconds: its end is told meanwhile
        return run

    monkeypatch.setattr(editor.workspace, "start", slow)
    editor.rehearse()
    until(lambda: isinstance(editor.places.drawer, RehearsalPanel))
    assert editor.toolbar.run.description.startswith("● dry run succeeded")


def test_long_and_many_bodies_are_cut_and_that_is_said():
    intents = tuple(Intent("sql", "shop", "INSERT INTO orders", {"sql": f"{i}{'x' * 30_000}"}) for i in range(60))
    result = NodeResult("succeeded", "", None, cause=Cause.REHEARSED).but(intents=intents)
    panel = RehearsalPanel({"save": result}, lambda: None, lambda node: None)
    [effect] = panel.map.places[0]["effects"]
    assert (len(effect["sent"]), effect["more"], effect["calls"]) == (50, "… and 10 more", "60 calls")
    assert max(map(len, effect["sent"])) == 20_001


def test_a_run_after_it_runs(editor):
    editor.rehearse()
    until(lambda: isinstance(editor.places.drawer, RehearsalPanel))
    dry = editor.running.run
    until(lambda: dry.status != "running")
    editor.start()
    assert editor.running.run is not dry
    until(lambda: editor.running.run.status == "succeeded")
    assert sorted(path.name for path in editor.workspace.root.glob("*.txt")) == ["a.txt", "b.txt"]


def rehearsed(*intents: Intent) -> NodeResult:
    return NodeResult("succeeded", "", None, cause=Cause.REHEARSED).but(intents=intents)


def test_a_call_of_any_folders_kind_is_on_the_map():
    """Folders name what they do in words of their own, and authors of others may take any."""
    run = {
        "cache": rehearsed(Intent("redis", "127.0.0.1:6379", "SET greeting", {})),
        "copy": rehearsed(Intent("sftp", "example.com", "write /srv/a.txt", {"size": 3})),
        "crane": rehearsed(Intent("crane", "dock 4", "lift", {})),
        "code": rehearsed(Intent("code", "", "run code", {"params": {"code": "a = 1\nb = 2", "item": None}})),
    }
    panel = RehearsalPanel(run, lambda: None, lambda node: None, whole=False)
    assert [place["label"] for place in panel.map.places] == [
        "database 127.0.0.1:6379", "server example.com", "crane dock 4", "code",
    ]  # fmt: skip
    assert panel.map.places[3]["effects"][0]["sent"] == ["code:\na = 1\nb = 2"]
    said = panel.widget.children[0].detail
    assert "In all: 4 calls to 1 database, 1 server, 1 crane." in said
    assert "did not succeed" in said


def test_a_dry_run_is_called_so_where_it_is_told_how_it_went(editor):
    editor.rehearse()
    until(lambda: isinstance(editor.places.drawer, RehearsalPanel))
    assert editor.toolbar.run.description.startswith("● dry run succeeded")
