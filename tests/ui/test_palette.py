"""What the palette lists and in which order; how it is searched is in tests/js/ranking.test.mjs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbook import Workspace
from flowbook.catalog import Catalog, Folder
from flowbook.documentation import page
from flowbook.models import Workflow
from flowbook.ui.editor import steering
from flowbook.ui.editor.add_node import sources
from flowbook.ui.editor.behaviour_tab import FIELDS
from flowbook.ui.editor.edge_form import EdgeForm
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.palette import CALLED, needs_account, palette_groups
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.picker import Group, Picker
from flowbook.workspace.recent import KEPT, RecentTasks
from tests.entering import enter

BUILT_IN = Catalog(environ={}).folders()

NO_ACCOUNT = {"core", "duckdb", "files", "html", "http", "javascript", "lists", "pdf", "rss", "spreadsheets", "sqlite"}


def labels(groups: list[Group]) -> list[str]:
    return [group["label"] for group in groups]


def ids(group: Group) -> list[str]:
    return [item["id"] for item in group["items"]]


def test_what_is_set_up_or_needs_no_account_comes_before_the_rest_which_is_folded() -> None:
    groups = palette_groups(BUILT_IN, {"slack"})
    others = len([folder for folder in BUILT_IN if needs_account(folder) and folder.name != "slack"])
    assert labels(groups) == ["Ways to steer", "Set up", "Needs no account", f"More integrations ({others})"]
    assert {id.partition(".")[0] for id in ids(groups[1])} == {"slack"}
    assert {id.partition(".")[0] for id in ids(groups[2])} == NO_ACCOUNT
    assert [bool(group.get("shut")) for group in groups] == [False, False, False, True]


@pytest.mark.parametrize("folder", BUILT_IN, ids=lambda folder: folder.name)
def test_a_folder_needs_an_account_when_its_tasks_can_do_nothing_without_one(folder: Folder) -> None:
    assert needs_account(folder) == (folder.name not in NO_ACCOUNT)


def test_the_task_that_tries_credentials_is_not_offered() -> None:
    everything = [id for group in palette_groups(BUILT_IN) for id in ids(group)]
    assert not [id for id in everything if id.endswith(".test_connection")]
    assert len(everything) > 60


def test_the_icon_of_many_tasks_goes_to_the_page_once() -> None:
    picker = Picker("Palette", lambda picked: None)
    picker.show(palette_groups(BUILT_IN))
    sent = picker.widget.get_state(["groups", "badges"])
    badges = [item["badge"] for group in picker.groups for item in group["items"] if item.get("badge")]
    places = [item["badge"] for group in sent["groups"] for item in group["items"] if item.get("badge") is not None]
    assert [sent["badges"][place] for place in places] == badges
    assert len({json.dumps(badge) for badge in badges}) == len(sent["badges"]) < len(badges) / 5
    assert "data:image" not in json.dumps(sent["groups"])


def test_the_recently_used_are_on_top_and_in_their_group_as_well() -> None:
    groups = palette_groups(BUILT_IN, recent=["http.request", "gone.task", "core.python"])
    assert groups[0]["label"] == "Recently used"
    assert ids(groups[0]) == ["http.request", "core.python"]
    assert "http.request" in ids(groups[2])


def test_a_broken_folder_is_listed_with_its_problem(tmp_path: Path) -> None:
    folder = tmp_path / "integrations" / "broken"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from .tasks import *\n")
    (folder / "tasks.py").write_text("def test_connection(credentials:\n")
    with Workspace(tmp_path) as ws:
        last = palette_groups(ws.integration_folders())[-1]
    assert (last["label"], last["items"]) == ("broken", [])
    assert last["problem"]


@pytest.mark.parametrize("name", CALLED)
def test_what_others_have_in_a_name_finds_first_the_task_that_needs_no_account(name: str) -> None:
    """Groups with what fits as well stay in their order, as tests/browser/test_palette.py has it."""
    by_group = [{item["id"]: item for item in group["items"]} for group in palette_groups(BUILT_IN)]
    first = next(at for at, items in enumerate(by_group) if name in items)
    assert by_group[first][name]["words"] == CALLED[name]
    same = [
        at
        for at, items in enumerate(by_group)
        for item in items.values()
        if item["label"].replace("_", " ") in CALLED[name]
    ]
    assert all(at > first for at in same)


CONCEPTS = (
    "if", "switch", "filter", "loop", "for each", "merge", "join", "wait", "sleep", "stop", "code", "python",
    "sub-workflow", "schedule", "webhook", "retry", "error handling",
)  # fmt: skip


@pytest.mark.parametrize("concept", CONCEPTS)
def test_every_concept_of_other_tools_is_the_word_of_a_way_to_steer(concept: str) -> None:
    words = [word for item in steering.items() for word in (item["label"].lower(), *item["words"])]
    assert concept.replace("-", " ") in [word.replace("-", " ") for word in words]


@pytest.mark.parametrize("way", steering.WAYS, ids=lambda way: way.id)
def test_every_way_to_steer_leads_to_something_that_there_is(way: steering.Way) -> None:
    if way.kind == "node":
        assert Catalog(environ={}).task(way.gives).name == way.gives
    elif way.kind == "setting":
        assert way.gives in {field.name for field in FIELDS}
    elif way.kind == "panel":
        assert way.gives == "triggers"
    elif way.kind == "page":
        assert page(way.gives).title
    else:
        assert way.gives == "when"


def test_where_a_node_is_asked_for_all_ways_are_offered_that_lead_to_something_there(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        flow = Workflow(name="daily")
        flow.add("rows", "core.set", params={"values": [1, 0]})
        flow.add("last", "core.noop")
        flow.connect("rows", "last")
        ws.save(flow)
        editor = Editor(ws, "daily")
        line = editor.editing.elements["edges"][0]["id"]
        where = {"left": 10, "top": 10}
        for payload, kinds in (
            ({"source": "rows"}, {"node", "line", "setting"}), ({"source": ""}, {"node"}), ({}, {"node", "line"}),
        ):  # fmt: skip
            if payload:
                editor.adding.ask({**where, **payload})
            else:
                editor.adding.ask_between(where, line)
            ways = [steering.way(id) for group in editor.adding.chooser.picker.groups for id in ids(group)]
            assert {one.kind for one in ways if one is not None} == kinds
        editor.adding.pick("way:filter", after="rows")
        assert editor.editing.workflow.nodes["set"].params == {
            "values": "${{ [one for one in nodes.rows.data if one] }}"
        }
        editor.adding.pick("way:if", after="rows")  # a node to begin at, as there is a line already
        assert editor.editing.workflow.nodes["noop"].label == "If"
        editor.adding.pick("way:if", into=line)
        assert isinstance(editor.inspector.form, EdgeForm)
        editor.adding.pick("way:for_each", after="rows")  # a loop over its rows; "rows" itself has no list to loop over
        assert editor.editing.workflow.nodes["python"].for_each == "${{ nodes.rows.data }}"
        assert editor.inspector.node == "python"
        editor.adding.pick("way:retry", after="rows")
        assert editor.inspector.node == "rows"
        editor.close()


# -- what was used last ----------------------------------------------------------------------------------------------


def test_the_tasks_used_last_are_remembered_by_workspace_the_last_one_first() -> None:
    here = RecentTasks("/somewhere/flowbook.json")
    for task in ("core.wait", "http.request", "core.wait"):
        here.note([task])
    assert RecentTasks("/somewhere/flowbook.json").names() == ["core.wait", "http.request"]
    assert RecentTasks("/elsewhere/flowbook.json").names() == []


def test_no_more_are_remembered_than_a_person_would_look_for() -> None:
    recent = RecentTasks("here")
    recent.note(f"folder.task_{number}" for number in range(100))
    assert recent.names() == [f"folder.task_{number}" for number in range(KEPT)]


def test_a_workspace_in_memory_writes_nothing() -> None:
    recent = RecentTasks("here", memory=True)
    recent.note(["core.wait"])
    assert recent.names() == ["core.wait"]
    assert not list(Path(os.environ["FLOWBOOK_CONFIG_DIR"]).rglob("*.json"))


@pytest.mark.parametrize("content", ["", "{", "7", '{"a": 1}', '["core.wait", 7]', '["\\ud800"]', "x" * 200_000])
def test_what_cannot_be_read_counts_as_nothing(content: str) -> None:
    RecentTasks("here").note(["core.set"])
    path = next(Path(os.environ["FLOWBOOK_CONFIG_DIR"]).rglob("*.json"))
    path.write_text(content)
    assert set(RecentTasks("here").names()) <= {"core.wait", "\ud800"}
    RecentTasks("here").note(["core.set"])
    assert json.loads(path.read_text())[0] == "core.set"


def test_where_nothing_can_be_written_they_are_known_in_this_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / "file"))
    recent = RecentTasks("here")
    recent.note(["core.wait"])
    assert recent.names() == ["core.wait"]


# -- what a pick does ------------------------------------------------------------------------------------------------


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    with Workspace(tmp_path) as ws:
        flow = Workflow(name="daily")
        flow.add("fetch", "core.set", params={"values": {"rows": [1, 2]}}, at=(0, 0))
        flow.add("rank", "core.noop", at=(260, 0))
        flow.add("tell", "core.noop", at=(260, 120))
        flow.connect("fetch", "rank", when="true")
        flow.connect("fetch", "tell")
        ws.save(flow)
        made = Editor(ws, "daily")
        yield made
        made.close()


def pick(editor: Editor, id: str) -> None:
    editor.adding.palette._receive(None, {"kind": "pick", "id": id}, [])


def focus_of(form: Form) -> str:
    return str(form.widget.focus_on["name"])


def test_if_opens_the_condition_of_a_line_from_the_selected_node_one_without_a_condition_first(editor: Editor) -> None:
    editor.select_node("fetch")
    pick(editor, "way:if")
    assert isinstance(editor.inspector.form, EdgeForm)
    assert editor.editing.edge(editor.editing.selected["edges"][0]) == ("fetch", "tell", "success")
    assert focus_of(editor.inspector.form.form) == "when"


def test_if_opens_the_condition_of_the_selected_line(editor: Editor) -> None:
    line = next(edge["id"] for edge in editor.editing.elements["edges"] if edge["target"] == "rank")
    editor.canvas._intend("select", {"nodes": [], "edges": [line], "notes": []})
    pick(editor, "way:switch")
    assert editor.editing.selected["edges"] == [line]
    assert isinstance(editor.inspector.form, EdgeForm)


def test_if_where_no_line_leaves_adds_a_node_to_draw_lines_from(editor: Editor) -> None:
    editor.select_node("rank")
    pick(editor, "way:if")
    flow = editor.editing.workflow
    assert (flow.nodes["noop"].task, flow.nodes["noop"].label) == ("core.noop", "If")
    editor.undo()
    assert "noop" not in editor.editing.workflow.nodes


@pytest.mark.parametrize("way", [way for way in steering.WAYS if way.kind == "setting"], ids=lambda way: way.id)
def test_a_setting_opens_at_the_selected_node(editor: Editor, way: steering.Way) -> None:
    before = editor.editing.workflow
    pick(editor, f"way:{way.id}")
    assert editor.inspector.node == ""
    editor.select_node("rank")
    pick(editor, f"way:{way.id}")
    assert focus_of(editor.inspector.behaviour.form) == way.gives
    assert editor.editing.workflow == before


@pytest.mark.parametrize("way", [way for way in steering.WAYS if way.kind == "panel"], ids=lambda way: way.id)
def test_what_starts_a_workflow_is_chosen_in_its_triggers(editor: Editor, way: steering.Way) -> None:
    pick(editor, f"way:{way.id}")
    assert editor.drawer.title == "Triggers"


@pytest.mark.parametrize("way", [way for way in steering.WAYS if way.kind == "node"], ids=lambda way: way.id)
def test_a_way_that_is_a_node_is_added(editor: Editor, way: steering.Way) -> None:
    pick(editor, f"way:{way.id}")
    assert editor.editing.workflow.nodes[editor.inspector.node].task == way.gives


def test_what_was_added_is_on_top_of_the_palette_of_the_next_editor_as_well(editor: Editor) -> None:
    pick(editor, "core.wait")
    editor.canvas._intend("drop", {"task": "http.request", "x": 0, "y": 300})
    editor.canvas._intend("extend", {"source": "tell", "left": 4, "top": 2})
    editor.adding.chooser.picker._receive(None, {"kind": "pick", "id": "way:stop"}, [])
    again = Editor(editor.workspace, "daily")
    first = again.adding.palette.groups[0]
    again.close()
    assert ids(first) == ["core.fail", "http.request", "core.wait"]
    assert editor.adding.palette.groups[0] == first


def test_add_node_offers_in_the_palettes_order_and_each_task_also_that_which_tries_credentials(editor: Editor) -> None:
    ws = editor.workspace
    ws.create_type("slack")
    ws.create_integration("Team", "slack", {"webhook_url": "http://127.0.0.1:9/hook"})
    editor.add_node()
    form = editor.drawer.form
    assert list(sources(editor.editing)) == ["Team", *sorted(NO_ACCOUNT)]
    enter(form, integration="core")
    offered = next(field for field in form.widget.fields if field["name"] == "task")["choices"]
    assert "noop" in offered
    enter(form, integration="Team")
    offered = next(field for field in form.widget.fields if field["name"] == "task")["choices"]
    assert set(offered) == set(ws.integration_folder("slack").tasks)  # the guide's list begins with test_connection


def test_the_tasks_with_their_badges_are_sent_once_and_what_was_added_as_a_name(editor: Editor) -> None:
    sent: list[object] = []
    widget = editor.adding.palette.widget
    widget.observe(sent.append, "groups")
    for task in ("core.wait", "http.request"):
        pick(editor, task)
    assert sent == []
    assert widget.again == [{"label": "Recently used", "ids": ["http.request", "core.wait"]}]
