"""The Runs tab without a browser: what it lists, what it runs again, and what it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from flowbook.errors import InputError, NotFound
from flowbook.events import NodeFinished, NodeStarted, RunStarted
from flowbook.models import Workflow
from flowbook.redaction import Redactor
from flowbook.results import Cause, NodeResult
from flowbook.ui.runs.held_nodes import HeldNodes
from flowbook.ui.runs.run_view import RunView, run_again
from flowbook.ui.runs.runs_tab import PAGE, RunsTab, _wanted
from flowbook.ui.studio import Studio
from flowbook.workspace import Workspace
from tests.waiting import until


def greeting(name: str = "hello", text: str = "${{ inputs.who }}") -> Workflow:
    flow = Workflow(name=name)
    flow.set_input("who", default="world")
    flow.add("one", "demo.greet", params={"name": text})
    return flow


@pytest.fixture
def tab(ws: Workspace) -> Iterator[RunsTab]:
    made = RunsTab(ws)
    yield made
    made.back()


def tell(tab: RunsTab, kind: str, id: str = "") -> None:
    tab._receive(tab.list, {"kind": kind, "id": id}, None)


def test_an_empty_history_says_what_to_do(tab: RunsTab) -> None:
    assert tab.list.rows == []
    assert "▶ Run" in tab.list.empty


def test_runs_are_listed_the_newest_first_page_by_page(ws: Workspace, tab: RunsTab) -> None:
    ids = [ws.run(greeting()).id for _ in range(PAGE + 2)]
    tab.refresh()
    assert [row["id"] for row in tab.list.rows] == ids[::-1][:PAGE]
    assert tab.list.more
    tell(tab, "more")
    assert [row["id"] for row in tab.list.rows] == ids[::-1]
    assert not tab.list.more


def test_runs_are_told_by_what_people_call_their_workflows(ws: Workspace, tab: RunsTab) -> None:
    for name, said in (
        ("daily-arzte", "Daily Ärzte: at seven"),
        ("daily-arzte-2", "Daily Ärzte"),
        ("plain", "Words"),
    ):
        flow = greeting(name)
        flow.describe(said)
        ws.save(flow)
    ws.save(called := greeting("only-one"))
    called.describe("Only one")
    ws.save(called)
    ws.run("only-one")
    tab.refresh()
    assert tab.list.titles == {
        "daily-arzte": "Daily Ärzte (daily-arzte)", "daily-arzte-2": "Daily Ärzte (daily-arzte-2)",
        "only-one": "Only one",
    }  # fmt: skip
    heading: Any = tab.open("last").widget.children[0].children[0].children[1]
    assert heading.text == "Only one"
    assert heading.detail.startswith("only-one · Run ")


def test_filters_choose_by_workflow_status_and_time(ws: Workspace, tab: RunsTab) -> None:
    ws.run(greeting())
    bad = greeting("bad")
    bad.add("two", "demo.boom")
    ws.start(bad).wait()
    tab.refresh()
    assert tab.list.workflows == ["bad", "hello"]
    for filters, expected in (
        ({"workflow": "hello", "status": "", "time": ""}, ["hello"]),
        ({"workflow": "", "status": "failed", "time": "week"}, ["bad"]),
        ({"workflow": "hello", "status": "failed", "time": ""}, []),
    ):
        tab.list.filters = filters
        assert [row["workflow"] for row in tab.list.rows] == expected
    assert "other filters" in tab.list.empty


def test_days_begin_at_midnight_here() -> None:
    now = time.time()
    today = _wanted({"time": "today"})["since"]
    assert time.localtime(today)[3:6] == (0, 0, 0)
    assert now - 25 * 3600 - 60 < today <= now
    assert _wanted({"time": "week"})["since"] < today
    assert _wanted({"time": ""}) == {}


def test_an_opened_run_shows_its_canvas_statuses_and_output(ws: Workspace, tab: RunsTab) -> None:
    run = ws.run(greeting())
    view = tab.open("last")
    assert view.id == run.id == view.panel.run_id
    assert view.canvas.read_only
    assert [node["id"] for node in view.canvas.elements["nodes"]] == ["one"]
    assert view.panel.statuses == {"one": "succeeded"}
    tab.back()
    assert tab.view is None


def test_a_run_is_run_again_with_its_inputs_and_says_of_what(ws: Workspace) -> None:
    ws.save(greeting())
    record = ws.run_record(ws.run("hello", who="Ada").id)
    run, said = run_again(ws, record)
    assert run.wait()["one"].data == {"text": "Hello Ada"}
    assert said == "Running again with the same inputs."

    ws.save(greeting(text="dear ${{ inputs.who }}"))
    run, said = run_again(ws, record)
    assert run.wait()["one"].data == {"text": "Hello dear Ada"}
    assert "changed since" in said

    ws.store.delete_workflow("hello")
    run, said = run_again(ws, record)
    assert run.wait()["one"].data == {"text": "Hello Ada"}
    assert "not stored any more" in said


def test_a_run_with_a_secret_input_is_not_run_again_with_asterisks(ws: Workspace) -> None:
    flow = greeting()
    flow.set_input("token", type="password", required=True)
    record = ws.run_record(ws.run(flow, token="sesame-0pen-9876").id)
    with pytest.raises(InputError, match="'token' is secret"):
        run_again(ws, record)


def test_running_again_from_the_list_opens_the_new_run(ws: Workspace, tab: RunsTab) -> None:
    first = ws.run(greeting())
    tab.refresh()
    tell(tab, "again", first.id)
    assert tab.view is not None
    assert tab.view.id != first.id
    assert "not stored any more" in tab.view.message.text


def test_a_run_that_ends_while_its_view_is_made_is_shown_as_it_ended(ws: Workspace, tab: RunsTab, folder: Any) -> None:
    gate = folder / "gate"
    flow = Workflow(name="short")
    flow.add(
        "wait",
        "core.python",
        params={"code": f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)"},
    )
    run = ws.start(flow).wait_until_begun()
    until(lambda: run["wait"].status == "running")
    stale = ws.run_record(run.id)
    assert stale.summary.status == "running"
    gate.touch()
    run.wait()
    for view in (RunView.following(ws, run, tab), RunView(ws, stale, tab)):
        assert view.panel.statuses == {"wait": "succeeded"}
        assert view.message.text == ""
        view.close()


def test_a_run_that_is_opened_while_it_goes_on_shows_its_lines_and_items_at_once(
    ws: Workspace, tab: RunsTab, folder: Any
) -> None:
    gate = folder / "gate"
    waits = f"import pathlib, time\nwhile item > 2 and not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)\nitem"
    flow = Workflow(name="long")
    flow.add("many", "core.set", params={"values": [1, 2, 3, 4, 5]})
    flow.add("each", "core.python", params={"code": waits, "item": "${{ item }}"}, for_each="nodes.many.data")
    flow.add("never", "core.noop")
    flow.connect("many", "each")
    flow.connect("many", "never", when="len(nodes.many.data) > 9")
    run = ws.start(flow).wait_until_begun()
    until(lambda: (far := run.progress("each")) is not None and far.done == 2)
    view = tab.open(run.id)
    assert run.status == "running"
    assert view.canvas.status == {"many": "succeeded", "each": "running", "never": "skipped"}
    assert list(view.canvas.lines.values()) == [{"taken": True, "items": 5}, {"taken": False, "items": None}]
    assert view.canvas.progress == {"each": {"done": 2, "total": 5, "failed": 0}}
    gate.touch()
    until(lambda: view.canvas.progress == {"each": {"done": 5, "total": 5, "failed": 0}})
    run.wait()
    until(lambda: view.canvas.status["each"] == "succeeded")


def test_deleting_takes_the_run_out_of_the_list(ws: Workspace, tab: RunsTab) -> None:
    run = ws.run(greeting())
    tab.refresh()
    tell(tab, "delete", run.id)
    assert tab.list.rows == []
    with pytest.raises(NotFound):
        ws.run_record(run.id)


def test_a_run_that_goes_on_is_followed_and_not_deleted(ws: Workspace, tab: RunsTab, folder: Any) -> None:
    flow = Workflow(name="slow")
    flow.add("wait", "core.wait", params={"seconds": 20})
    run = ws.start(flow).wait_until_begun()
    tab.refresh()
    tell(tab, "delete", run.id)
    assert "still going" in tab.message.text
    view = tab.open(run.id)
    assert view.panel._run is run
    run.cancel()
    assert run.wait(60).status == "cancelled"


def test_an_interrupted_run_says_so(ws: Workspace, tab: RunsTab) -> None:
    flow = greeting()
    recorder = ws.journal.recorder(flow, Redactor())
    recorder(RunStarted("20260101-000000-dead", time.time(), "hello", ("one",), {}))
    ws.journal.ended("20260101-000000-dead")
    tab.refresh()
    assert tab.list.rows[0]["status"] == "interrupted"
    assert "interrupted" in tab.open("last").message.text


def test_messages_about_runs_that_are_not_listed_do_nothing(ws: Workspace, tab: RunsTab) -> None:
    run = ws.run(greeting())
    tell(tab, "delete", run.id)  # not refreshed: the list does not show it yet
    tell(tab, "open", "no-such-run")
    assert tab.view is None
    assert ws.run_record(run.id).summary.status == "succeeded"


def unfinished(ws: Workspace) -> str:
    """The id of a run whose process died while a node that writes was running."""
    flow = greeting()
    flow.add("two", "demo.echo", params={"text": "${{ nodes.one.data.text }}"})
    flow.connect("one", "two")
    recorder = ws.journal.recorder(flow, Redactor())
    run, data = "20260101-000000-dead", {"text": "Hello"}
    recorder(RunStarted(run, 1.0, "hello", ("one", "two"), {"who": "world"}))
    recorder(NodeFinished(run, "one", 2.0, NodeResult("succeeded", "Greeted", data, 1, 1.0, 1.0, cause=Cause.RETURNED)))
    recorder(NodeStarted(run, "two", 2.0, "demo.echo", "write"))
    ws.journal.ended(run)
    return run


def test_only_runs_that_left_something_to_do_offer_to_be_resumed(ws: Workspace, tab: RunsTab) -> None:
    ws.run(greeting())
    bad = greeting("bad")
    bad.add("two", "demo.boom")
    ws.start(bad).wait()
    tab.refresh()
    assert [(row["workflow"], row["resumable"]) for row in tab.list.rows] == [("bad", True), ("hello", False)]


def test_a_failed_run_is_resumed_from_the_list_and_followed(ws: Workspace, tab: RunsTab, folder: Any) -> None:
    flow = greeting()
    flow.add("two", "demo.boom")
    run = ws.start(flow).wait()
    tasks = folder / "integrations" / "demo" / "tasks.py"
    tasks.write_text(
        tasks.read_text().replace('raise RuntimeError("no luck")', 'return {"success": True, "message": ""}')
    )
    tab.refresh()
    tell(tab, "resume", run.id)
    assert tab.view is not None
    assert tab.view.id == run.id
    assert tab.view._run is not None
    tab.view._run.wait(60)
    until(lambda: tab.view is not None and tab.view.message.text == "")  # that it goes on is said until it succeeded
    until(lambda: ws.run_record(run.id).summary.status == "succeeded")
    assert ws.run_record(run.id).summary.attempt == 2


def test_a_resumed_run_is_seen_on_its_lines_and_in_the_editor_that_is_open(ws: Workspace, folder: Any) -> None:
    flow = greeting()
    flow.add("two", "demo.boom")
    flow.connect("one", "two")
    flow.add("three", "demo.greet", params={"name": "x"})
    flow.connect("two", "three")
    ws.save(flow)
    studio = Studio(ws, "Workflows")
    workflows: Any = studio.open("Workflows")
    workflows.open("hello")
    editor = workflows.editor
    run = ws.start(flow).wait()
    runs: Any = studio.open("Runs")
    studio.open("Workflows")
    until(lambda: editor.toolbar.run.description.startswith("● failed"))
    tasks = folder / "integrations" / "demo" / "tasks.py"
    mended = tasks.read_text().replace('raise RuntimeError("no luck")', 'return {"success": True, "message": ""}')
    tasks.write_text(mended)
    studio.open("Runs")
    tell(runs, "resume", run.id)
    assert runs.view is not None
    until(lambda: ws.run_record(run.id).summary.status == "succeeded")
    until(lambda: [line["taken"] for line in runs.view.canvas.lines.values()] == [True, True])
    studio.open("Workflows")
    assert editor.toolbar.run.description.startswith("● succeeded")
    assert editor.canvas.status == {"one": "succeeded", "two": "succeeded", "three": "succeeded"}
    studio.close()


@pytest.mark.parametrize(("label", "data"), [("Count as done", None), ("Run it again", {"text": "Hello"})])
def test_held_nodes_are_asked_for_with_buttons(ws: Workspace, tab: RunsTab, label: str, data: Any) -> None:
    run = unfinished(ws)
    tab.refresh()
    tell(tab, "resume", run)
    assert tab.view is not None
    assert "Only the service knows" in tab.view.message.text
    [asked] = tab.view._held.widget.children
    heading, choices = asked.children
    assert (heading.text, heading.detail) == ("two", "It was running when the process ended; it may have taken effect")
    [chosen] = [button for button in choices.children if button.description == label]
    chosen.click()
    until(lambda: ws.run_record(run).summary.status == "succeeded")
    assert ws.run_record(run).nodes["two"].data == data
    assert ws.run_record(run).nodes["one"].data == {"text": "Hello"}


def press(box: Any, label: str) -> None:
    [found] = [one for one in box.children if getattr(one, "description", "") == label]
    found.click()


def test_a_held_node_is_given_its_data_in_place_of_a_word(ws: Workspace, tab: RunsTab) -> None:
    run = unfinished(ws)
    tab.refresh()
    tell(tab, "resume", run)
    assert tab.view is not None
    press(tab.view._held.widget.children[0].children[1], "Give its data")
    given = tab.view._given
    assert given.form is not None
    assert given.form.values() == {"place": "two"}
    given.form.set_values({"data": "{nonsense"})
    given.go_on()
    assert "This is not JSON" in given.form.widget.errors["data"]
    given.form.set_values({"data": '{"text": "by mail"}'})
    given.go_on()
    until(lambda: ws.run_record(run).summary.status == "succeeded")
    assert ws.run_record(run).nodes["two"].data == {"text": "by mail"}
    assert ws.run_record(run).nodes["two"].cause is Cause.GIVEN


def test_items_and_nodes_inside_are_given_what_the_command_line_takes(ws: Workspace, tab: RunsTab) -> None:
    inner = Workflow(name="inner")
    inner.add("first", "core.python", params={"code": "1 / 0"})
    inner.add("last", "core.python", params={"code": "nodes.first.data + 1"})
    inner.connect("first", "last")
    ws.save(inner)
    flow = Workflow(name="outer")
    flow.add("each", "core.python", params={"code": "1 / ${{ item }}"}, for_each=[1, 0, 2, 0])
    flow.add("sub", "core.run_workflow", params={"workflow": "inner"})
    run = ws.start(flow).wait()
    view = tab.open(run.id)
    view.give()
    given = view._given
    assert given.form is not None
    places = given.form.fields[0].parameter.choices
    assert places == ("each", "each[1]", "each[3]", "sub", "sub/first", "sub/last")
    for name, data in (("each[1]", "10"), ("each[3]", "30"), ("sub/first", "41"), ("sub/last", "0")):
        given.form.set_values({"place": name, "data": data})
        assert given.take()
    press(given._listed.children[3], "Take back")
    assert given.results == {"each[1]": 10, "each[3]": 30, "sub/first": 41}
    given.go_on()
    until(lambda: ws.run_record(run.id).summary.status == "succeeded")
    record = ws.run_record(run.id)
    assert record.nodes["each"].data == [1.0, 10, 0.5, 30]
    assert ws.run_record(record.nodes["sub"].data["run"]).nodes["last"].data == 42


def test_many_that_are_held_take_one_word(ws: Workspace) -> None:
    said: list[tuple[list[str], list[str]]] = []
    held = HeldNodes(lambda accept, rerun: said.append((accept, rerun)))
    held.ask({f"each[{i}]": "it was running" for i in range(5)})
    press(held.widget.children[3].children[1], "Run it again")
    assert not said
    press(held.widget.children[0].children[1], "Count all as done")
    assert said == [(["each[0]", "each[1]", "each[3]", "each[4]"], ["each[2]"])]


def test_what_keeps_a_run_from_being_resumed_is_said_in_its_view(ws: Workspace, tab: RunsTab) -> None:
    flow = greeting()
    flow.set_input("token", type="password", required=True)
    flow.add("two", "demo.boom")
    run = ws.start(flow, token="sesame-0pen-9876").wait()
    tab.refresh()
    tell(tab, "resume", run.id)
    assert tab.view is not None
    assert "'token'" in tab.view.message.text


def test_a_run_is_shown_in_the_editor_of_its_workflow(ws: Workspace) -> None:
    ws.save(greeting())
    old = ws.run(greeting(), {"who": "Grace"})
    ws.run(greeting())
    studio = Studio(ws, "Runs")
    tab: Any = studio.open("Runs")
    tab.open(old.id)
    tab.view._replay.click()
    assert studio.selected == "Workflows"
    editor = cast("Any", studio.open("Workflows")).editor
    assert (editor.name, editor.last_run.replayed) == ("hello", old.id)
    assert editor.inspector.last.inputs == {"who": "Grace"}
    assert not editor.editing.dirty
    studio.open("Runs")
    tab.view._replay.click()  # where it is open already
    assert editor.last_run.replayed == old.id
    editor.editing.add_note()
    other = ws.run(greeting("other"))
    tab.open(other.id)
    tab.view._replay.click()
    assert "not stored" in tab.view.message.text or "not saved" in tab.view.message.text
    assert editor.editing.dirty
    cast("Any", studio.open("Workflows")).leave()
